"""Studies: what is read is what was written, and mistakes are answered with their place."""

import inspect

import pytest
from hypothesis import given, strategies as st

import swarm.systems
from experiments.reasoning.assembly import assemble
from experiments.reasoning.study import ReasoningStudy
from experiments.reasoning.subject import split_graph
from experiments.study.reading import load_study, to_toml
from experiments.study.section import Section
from experiments.study.shipped import shipped_studies
from experiments.study.toml import StudyError, line_of, toml_value
from swarm.reasoning import SHIPPED, GraphError
from swarm.reasoning.networks import NETWORKS

SECTIONS = ReasoningStudy.sections()
MINIMAL = '[problem]\ngraph = "nations"\n'


def refused(path, text, *overrides):
    """The lines of the error that a study text is answered with."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path, overrides)
    return str(caught.value).splitlines()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.toml"


class TestShipped:
    def test_names(self):
        graphs = {"umls-30", "kinships-30", "umls", "kinships", "nations"}
        assert set(shipped_studies()) == {*graphs, "asia", "sachs", "alarm"}

    @pytest.mark.parametrize("name", sorted(shipped_studies()))
    def test_each_is_read_by_name(self, name):
        study = load_study(name)
        assert study.name == name
        assert study.problem.graph in SHIPPED or study.problem.network in NETWORKS
        assert study.description

    @pytest.mark.parametrize("name", ["umls-30", "kinships-30"])
    def test_sparse_splits(self, name):
        graph = split_graph(load_study(name))
        shares = [len(part) / len(graph.facts) for part in (graph.train, graph.valid, graph.test)]
        assert shares == pytest.approx([0.3, 0.2, 0.5], abs=0.001)

    def test_standard_splits(self):
        graph = split_graph(load_study("umls"))
        assert [len(graph.train), len(graph.valid), len(graph.test)] == [5216, 652, 661]


class TestFields:
    def test_every_field_explains_itself(self):
        for kind in (ReasoningStudy, *SECTIONS.values()):
            for name, field in kind.model_fields.items():
                assert name in SECTIONS or field.description, f"{kind.__name__}.{name}"

    def test_every_number_has_bounds(self):
        for kind in (ReasoningStudy, *SECTIONS.values()):
            for name, field in kind.model_fields.items():
                if field.annotation in (int, float, int | None):
                    kinds = {type(bound).__name__ for bound in field.metadata}
                    assert kinds & {"Ge", "Gt"}, f"{kind.__name__}.{name}"
                    assert kinds & {"Le", "Lt"}, f"{kind.__name__}.{name}"

    def test_defaults_are_those_of_the_systems(self, path):
        path.write_text(MINIMAL, encoding="utf-8")
        study = load_study(path)
        said = 0
        for name in swarm.systems.__all__:
            system = getattr(swarm.systems, name)
            for argument, value in study.arguments(system).items():
                assert value == inspect.signature(system).parameters[argument].default
                said += 1
        settings = (field for kind in SECTIONS.values() for field in kind.model_fields.values())
        assert said == sum(field.json_schema_extra is not None for field in settings)

    def test_a_study_does_not_change(self):
        with pytest.raises(ValueError, match="frozen"):
            load_study("nations").seed = 4

    def test_resolved_has_no_gaps(self):
        values = load_study("nations").resolved().model_dump()
        assert all(
            v is not None or name == "network"
            for keys in values.values()
            if isinstance(keys, dict)
            for name, v in keys.items()
        )


class TestReading:
    def test_name_is_that_of_the_file_if_none_is_given(self, path):
        path.write_text(MINIMAL, encoding="utf-8")
        assert load_study(path).name == "mine"

    def test_folders_are_found_beside_the_file(self, study_file, monkeypatch, tmp_path_factory):
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
        assert load_study(study_file).problem.graph == str(study_file.parent / "ring")

    def test_overrides_win(self, study_file):
        overrides = ["world.agents=5", "seed = 9", "problem.split=[0.4, 0.3, 0.3]", "name=yours"]
        study = load_study(study_file, overrides)
        assert (study.world.agents, study.seed, study.name) == (5, 9, "yours")
        assert study.problem.split == (0.4, 0.3, 0.3)

    def test_folders_in_overrides_are_found_from_here(self, study_file, monkeypatch):
        monkeypatch.chdir(study_file.parent)
        assert load_study("umls", ["problem.graph=ring"]).problem.graph == str(
            study_file.parent / "ring"
        )

    def test_overrides_fill_a_section_that_is_not_there(self, study_file):
        assert load_study(study_file, ["gossip.loss=0.25"]).gossip.loss == 0.25

    def test_whole_numbers_are_numbers(self, path):
        path.write_text(MINIMAL + "[economy]\nsupply = 50\n", encoding="utf-8")
        assert load_study(path).economy.supply == 50.0


class TestWriting:
    def test_the_toml_of_a_study_is_the_study(self, study_file, tmp_path):
        study = load_study(study_file).resolved()
        copy = tmp_path / "copy.toml"
        copy.write_text(to_toml(study), encoding="utf-8")
        assert load_study(copy) == study

    @given(
        st.text(st.characters(codec="utf-8")),
        st.lists(
            st.booleans()
            | st.integers(-(2**60), 2**60)
            | st.floats(allow_nan=False, allow_infinity=False)
        ),
    )
    def test_values_survive(self, text, numbers):
        import tomllib

        written = f"text = {toml_value(text)}\nnumbers = {toml_value(numbers)}\n"
        assert tomllib.loads(written) == {"text": text, "numbers": numbers}

    def test_every_value_is_written(self):
        text = to_toml(load_study("umls"))
        for kind in SECTIONS.values():
            for key in kind.model_fields.keys() - {"network"}:  # it has a graph
                assert f"\n{key} = " in text


class TestMistakes:
    def test_unknown_key(self, path):
        (line,) = refused(path, MINIMAL + "\n[world]\nagnets = 5\n")
        assert line.startswith(f"{path}:5: world.agnets: unknown, [world] has agents, generations")
        assert line.endswith("did you mean 'agents'?")

    def test_unknown_section(self, path):
        (line,) = refused(path, MINIMAL + "[gosip]\nloss = 0.5\n")
        assert line.startswith(f"{path}:3: gosip: unknown, a study has name")
        assert line.endswith("did you mean 'gossip'?")

    def test_key_in_the_wrong_section(self, path):
        (line,) = refused(path, MINIMAL + "[world]\nbounty = 5\n")
        assert line.endswith("it belongs in [economy]")

    @pytest.mark.parametrize(
        ("section", "key", "value", "allowed"),
        [
            ("world", "agents", "3", "a whole number at least 4 and at most 1,000,000"),
            ("world", "agents", "10.5", "a whole number"),
            ("world", "agents", '"many"', "a whole number"),
            ("world", "agents", "true", "a whole number"),
            ("world", "generations", "0", "at least 1"),
            ("world", "tasks_per_agent", "0", "at least 1"),
            ("economy", "bounty", "-1", "at least 0"),
            ("economy", "supply", "-0.5", "a number at least 0"),
            ("economy", "supply", "inf", "a number at least 0"),
            ("economy", "rent", "nan", "a number at least 0"),
            ("economy", "endowment", "-100", "at least 0"),
            ("economy", "reserve", "0", "at least 1"),
            ("economy", "sealed", "0.0", "more than 0 and at most 1"),
            ("gossip", "loss", "1.5", "at most 1"),
            ("gossip", "peers", "0", "at least 1"),
            ("memory", "embargo", "-1", "at least 0"),
            ("selection", "turnover", "1.0", "less than 1"),
            ("selection", "every", "1979-05-27", "a whole number"),
            ("problem", "split", '"usual"', "shares of train, valid and test that sum to 1"),
            ("problem", "split", "[0.3, 0.3, 0.3]", "that sum to 1"),
            ("problem", "split", "[0.5, 0.5]", "that sum to 1"),
            ("problem", "split", "[0.5, 0.5, 0]", "positive shares"),
            ("problem", "split", '[0.5, "0.3", 0.2]', "positive shares"),
            ("output", "checkpoint_every", "0", "at least 1"),
        ],
    )
    def test_value_that_is_not_allowed(self, path, section, key, value, allowed):
        text = f'problem.graph = "nations"\n\n{section}.{key} = {value}\n'
        (line,) = refused(path, text)
        assert line.startswith(f"{path}:3: {section}.{key}: got ")
        assert f"allowed is {allowed}" in line or allowed in line

    @pytest.mark.parametrize("name", ["", "a/b", "../up", ".hidden", "x" * 65, "two words"])
    def test_name_that_is_no_folder(self, path, name):
        (line,) = refused(path, f"name = '{name}'\n{MINIMAL}")
        assert line.startswith(f"{path}:1: name: got '{name[:50]}")

    def test_all_problems_at_once_in_the_order_of_the_file(self, path):
        lines = refused(path, 'seed = -1\n[world]\nx = 1\nagents = 1\n[problem]\ngraph = "umls"\n')
        assert [line.split(": ")[0] for line in lines] == [f"{path}:{n}" for n in (1, 3, 4)]

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("seed 4\n", 1),
            ("seed = 1\n[world\n", 2),
            ("seed = 1\nseed = 2\n", 2),
            ("# x\n\nname = 'open\n", 3),
            ("a = [1,\n2,\n", 2),
        ],
    )
    def test_not_toml(self, path, text, line):
        (only,) = refused(path, text)
        assert only.startswith(f"{path}:{line}: ")
        assert "`key = value`" in only

    def test_not_text(self, path):
        path.write_bytes(b"seed = 1\n# caf\xe9\n")
        with pytest.raises(StudyError, match=r"mine\.toml:2: not UTF-8"):
            load_study(path)

    def test_no_graph(self, path):
        (line,) = refused(path, "seed = 1\n")
        assert line.startswith(f"{path}: problem.graph: missing; a graph that ships (")

    def test_graph_that_is_nowhere(self, path):
        (line,) = refused(path, 'seed = 1\n[problem]\ngraph = "umsl"\n')
        assert line.startswith(f"{path}:3: problem.graph: got 'umsl'")
        assert line.endswith("did you mean 'umls'?")

    def test_a_section_that_is_none(self, path):
        (line,) = refused(path, f"world = 5\n{MINIMAL}")
        assert line.startswith(f"{path}:1: world: got 5, but it is a section")

    def test_override_is_named(self, path):
        (line,) = refused(path, MINIMAL + "[world]\nagents = 9\n", "world.agents=2")
        assert line.startswith("--set world.agents=2: world.agents: got 2, allowed is a whole")

    @pytest.mark.parametrize("override", ["world.agents", "=3", "a.b.c=1", "world.=4"])
    def test_override_without_form(self, path, override):
        (line,) = refused(path, MINIMAL, override)
        assert line == f"--set {override}: has to be section.key=value, such as world.agents=500"

    def test_no_such_file(self):
        with pytest.raises(StudyError, match=r"neither a study that ships .* mean 'umls-30'\?$"):
            load_study("umls30")

    def test_a_folder(self, tmp_path):
        with pytest.raises(StudyError, match="a folder, not a study"):
            load_study(tmp_path)


class TestAssembly:
    def test_arguments_reach_the_systems(self, study_file):
        changes = ["economy.supply=33", "gossip.peers=5", "memory.embargo=2", "world.tasks=7"]
        world, _ = assemble(load_study(study_file, changes))
        found = {system.name: system for system in world.systems}
        assert found["ComputeMarket"].supply == 33
        assert found["Gossip"].most == 5
        assert found["Remembering"].embargo == 2
        assert found["Tasks"].per_tick == 7
        assert found["Selection"].every == 2
        assert len(world.agents) == 8
        assert world.seed == 3

    def test_facts_without_parts_have_no_standard_split(self, study_file):
        with pytest.raises(GraphError, match=r"ring: has no train, valid and test files"):
            assemble(load_study(study_file, ["problem.split=standard"]))

    def test_an_economy_needs_tokens(self, study_file):
        with pytest.raises(StudyError, match="both 0"):
            assemble(load_study(study_file, ["economy.bounty=0", "economy.endowment=0"]))

    def test_accuracy_needs_a_sealed_task(self, study_file):
        with pytest.raises(StudyError, match=r"economy\.sealed: 0\.01 of 16 tasks"):
            assemble(load_study(study_file, ["economy.sealed=0.01"]))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\n[world]\nagents = 3", 3),
        ("world.agents = 3", 1),
        ('\n["world"] # here\n"agents" = 3', 3),
        ("world = { agents = 3 }", 1),
        ("[[world]]\nagents=3", 2),
        ("# agents = 1\n[gossip]\nagents = 2\n[world]\n# agents = 3\n  agents = 4", 6),
        ("[world]\n[gossip]\nagents = 4", 1),
        ("agents = 4", None),
    ],
)
def test_line_of_a_key(text, line):
    assert line_of(text, ("world", "agents")) == line


def test_sections_share_their_manners():
    for kind in (ReasoningStudy, *SECTIONS.values()):
        assert issubclass(kind, Section)
        assert kind.model_config["extra"] == "forbid"
        assert kind.model_config["frozen"]
