"""Models as studies: named, changed, refused, and one of a user's own."""

import re
import tomllib
from typing import Annotated, ClassVar

import numpy as np
import pytest
from annotated_types import Ge, Lt
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.modelling.experiment import figure
from experiments.modelling.study import CHECKPOINTS, WHOLE_MAX, descriptions, what_it_is
from experiments.models import MODELS
from experiments.running.run import run
from experiments.study.reading import load_study, study_names, to_toml
from experiments.study.toml import StudyError
from swarm import Agent, World, column
from tests.experiments.small_models import SMALL, pictures, small


def refused(source, *overrides):
    """The line that a study is refused with."""
    with pytest.raises(StudyError) as caught:
        load_study(source, overrides).prepare()
    (line,) = str(caught.value).splitlines()
    return line


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.toml"


class Goat(Agent):
    """Somebody to be drawn."""

    heading: np.ndarray = column(np.float64, (2,), 1.0)
    herd: int = 0
    weight: float = 2.5


class Meadow(World):
    """Goats on a meadow.

    They stand there.

    Args:
        goats: how many,
            in all.
        tall: height of the grass: in metres.
        crowded: probability that a goat minds.
        fenced: whether there is a fence.
        seed: of all chance.

    Raises:
        Nothing: ever.
    """

    shown: ClassVar = "herd"

    def __init__(
        self,
        goats: Annotated[int, Ge(2), Lt(9)] = 4,
        tall: float = 0.5,
        crowded: float = 0.1,
        fenced: bool = True,
        seed: int | None = None,
    ):
        super().__init__({Goat: goats}, seed=seed)
        self.odds = crowded

    def measures(self):
        """One that is a number only at the end."""
        return {"odds": self.odds, "late": 1.0 if self.steps > 2 else float("nan")}


@pytest.fixture
def meadow(monkeypatch):
    """A model of one's own, by name."""
    monkeypatch.setitem(MODELS, "meadow", lambda: Meadow)
    return "meadow"


class TestShipped:
    def test_names(self):
        assert set(SMALL) == set(MODELS) < set(study_names())

    @pytest.mark.parametrize("name", SMALL)
    def test_the_study_is_the_model(self, name):
        study, model = load_study(name), MODELS[name]()
        assert (study.name, study.model, study.seed) == (name, name, 0)
        assert study.ticks == model.ticks
        assert study.description == what_it_is(model)[0]
        ours = study.prepare().world
        theirs = model(seed=0)
        assert type(ours) is model
        for each in theirs.population.names:
            assert np.array_equal(ours.population[each], theirs.population[each], equal_nan=True)

    @pytest.mark.parametrize("name", SMALL)
    def test_every_parameter_is_described(self, name):
        study = load_study(name)
        said = descriptions(MODELS[name]())
        assert set(type(study.parameters).model_fields) == set(said) - {"seed"}
        for key, field in type(study.parameters).model_fields.items():
            assert field.description == said[key]

    @pytest.mark.parametrize("name", SMALL)
    def test_the_toml_of_a_study_is_the_study(self, name, path):
        study = small(name, "output.checkpoint_every=5").resolved()
        path.write_text(to_toml(study), encoding="utf-8")
        assert load_study(path) == study

    @pytest.mark.parametrize("name", SMALL)
    def test_few_checkpoints(self, name):
        study = load_study(name, ["ticks=41"])
        assert study.checkpoint_ticks == study.resolved().output.checkpoint_every == 11
        assert -(-study.ticks // study.checkpoint_ticks) == CHECKPOINTS

    def test_show(self, path):
        shown = CliRunner().invoke(main, ["show", "flocking", "--set", "birds=7"])
        assert re.search(r"^birds = 7 +# how many$", shown.output, re.MULTILINE)
        values = tomllib.loads(shown.output)
        assert values["parameters"]["birds"] == 7
        assert values["output"]["checkpoint_every"] == 150


class TestReading:
    def test_parameters_with_and_without_their_section(self):
        assert load_study("flocking", ["birds=40"]) == load_study(
            "flocking", ["parameters.birds=40"]
        )

    def test_what_is_said_last_holds(self):
        study = load_study("flocking", ["birds=40", "parameters.birds=50"])
        assert study.parameters.birds == 50

    def test_a_file(self, path):
        path.write_text('model = "flocking"\nticks = 7\n[parameters]\nbirds = 40\nwidth = 30\n')
        study = load_study(path, ["speed=2"])
        assert (study.name, study.ticks, study.checkpoint_ticks) == ("mine", 7, 2)
        parameters = study.parameters
        assert (parameters.birds, parameters.width, parameters.speed) == (40, 30.0, 2.0)

    def test_the_model_of_a_file_can_be_changed(self, path):
        path.write_text("seed = 3\n")
        study = load_study(path, ["model=schelling", "residents=50"])
        assert (study.model, study.seed, study.parameters.residents) == ("schelling", 3, 50)


class TestMistakes:
    def test_unknown_parameter_in_a_file(self, path):
        path.write_text('model = "flocking"\n[parameters]\nbrids = 40\n')
        line = refused(path)
        assert line.startswith(f"{path}:3: parameters.brids: unknown, flocking has birds, width, ")
        assert line.endswith("; did you mean 'birds'?")

    def test_parameter_outside_its_section(self, path):
        path.write_text('model = "flocking"\nbirds = 40\n')
        line = refused(path)
        assert line.startswith(f"{path}:2: birds: unknown, a study of flocking has name, ")
        assert line.endswith("[parameters], [output]; it belongs in [parameters]")

    @pytest.mark.parametrize(
        ("override", "said"),
        [
            ("brids=4", "parameters.brids: unknown, flocking has birds, "),
            ("birds=-1", "parameters.birds: got -1, allowed is a whole number at least 0"),
            (
                "birds=1000000000",
                "parameters.birds: got 1000000000, allowed is a whole number "
                "at least 0 and at most 10,000,000 (how many)",
            ),
            ("birds=2.5", "parameters.birds: got 2.5, allowed is a whole number"),
            ("parameters.birds=many", "parameters.birds: got 'many', allowed is a whole number"),
            ("birds=true", "parameters.birds: got True, allowed is a whole number"),
            ("width=nan", "parameters.width: got nan, allowed is a number (of the plane"),
            ("width=wide", "parameters.width: got 'wide', allowed is a number"),
            ("ticks=0", "ticks: got 0, allowed is a whole number at least 1"),
            ("output.checkpoint_every=0", "output.checkpoint_every: got 0, allowed is a whole"),
            ("seed=-1", "seed: got -1, allowed is a whole number at least 0"),
            ("parameters=3", "parameters: got 3, but it is a section: a line [parameters]"),
            ("world.agents=3", "world: unknown, a study of flocking has name, "),
            ("problem.graph=umls", "problem: stands beside model = 'flocking'; a study has a mod"),
            ("model=flokcing", "model: got 'flokcing', allowed is a model that ships (boltzmann"),
            ("model=4", "model: got 4, allowed is a model that ships (boltzmann"),
        ],
    )
    def test_override(self, override, said):
        assert refused("flocking", override).startswith(f"--set {override}: {said}")

    def test_a_whole_number_with_a_lower_bound_alone(self):
        line = refused("boltzmann", f"wealth={WHOLE_MAX + 1}")
        assert "allowed is a whole number at least 1 and at most 10,000,000 (" in line

    def test_probabilities_are_probabilities(self):
        line = refused("wolf-sheep", "sheep_breed=1.5")
        assert "got 1.5, allowed is a number at least 0 and at most 1 (probability that" in line

    def test_a_model_beside_a_problem(self, path):
        path.write_text('model = "flocking"\n[problem]\ngraph = "umls"\n')
        assert refused(path).startswith(f"{path}:2: problem: stands beside model = 'flocking'")

    def test_parameters_without_a_model(self, path):
        path.write_text('[problem]\ngraph = "umls"\n[parameters]\nbirds = 3\n')
        assert refused(path).startswith(f"{path}:3: parameters: unknown, a study has name, ")

    def test_name_that_is_nearly_one(self):
        assert refused("floking").endswith("nor a TOML file; did you mean 'flocking'?")

    @pytest.mark.parametrize(
        ("name", "changes", "said"),
        [
            ("flocking", ["birds=0"], "cannot begin with birds=0: nobody would be there"),
            ("flocking", ["width=0"], "cannot begin with width=0.0: a plane is more than 0 wide"),
            ("schelling", ["residents=101", "width=10"], "residents=101, width=10: 101 agents nee"),
            ("schelling", ["width=0"], "cannot begin with width=0: a grid has at least 1 column"),
            ("wolf-sheep", ["sheep=0", "wolves=0"], "sheep=0, wolves=0: nobody would be there"),
            ("forest-fire", ["density=0"], "cannot begin with density=0.0: nobody would be there"),
        ],
    )
    def test_a_world_that_cannot_be(self, name, changes, said, tmp_path, monkeypatch):
        assert said in refused(name, *changes)
        monkeypatch.chdir(tmp_path)
        overrides = [word for change in changes for word in ("--set", change)]
        done = CliRunner().invoke(main, ["run", name, *overrides])
        assert done.exit_code == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{name}: ")
        assert not (tmp_path / "runs").exists()


class TestOwn:
    def test_descriptions(self):
        assert descriptions(Meadow) == {
            "goats": "how many, in all",
            "tall": "height of the grass: in metres",
            "crowded": "probability that a goat minds",
            "fenced": "whether there is a fence",
            "seed": "of all chance",
        }

    def test_bounds_of_the_signature_hold(self, meadow):
        assert load_study(meadow, ["goats=8"]).parameters.goats == 8
        for goats in (1, 9):
            said = f"got {goats}, allowed is a whole number at least 2 and less than 9 (how many"
            assert said in refused(meadow, f"goats={goats}")
        assert "at least 0 and at most 1 (probability" in refused(meadow, "crowded=2")
        assert load_study(meadow, ["tall=-3", "fenced=false"]).parameters.fenced is False

    def test_a_measure_that_is_no_number_at_first(self, meadow, tmp_path):
        folder = run(load_study(meadow, ["ticks=4"]), tmp_path)
        rows = {row["name"]: row for row in folder.results["rows"]}
        assert rows["late"] == {
            "name": "late", "first": None, "last": 1.0, "mean": None, "late_mean": 1.0
        }  # fmt: skip
        assert "NaN" not in (folder.path / "results.json").read_text(encoding="utf-8")
        assert re.search(r"^late +– +1 +– +1$", load_study(meadow).format_results(folder.results), re.M)  # fmt: skip # noqa: E501
        assert len(pictures(folder.path / "report.html")) == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3.0, "3"),
        (12345678.0, "12,345,678"),
        (0.123456, "0.1235"),
        (23456.7, "23,457"),
        (None, "–"),
    ],
)
def test_figures(value, words):
    assert figure(value) == words
