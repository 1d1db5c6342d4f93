"""A study of a hidden network: agents live on cases, and are examined on what they never saw."""

import numpy as np
import pytest

from experiments.reasoning.assembly import assemble
from experiments.reasoning.evaluation import examine, format_table
from experiments.reasoning.subject import network_subject
from experiments.running.run import run
from experiments.study.reading import load_study, to_toml
from experiments.study.toml import StudyError
from swarm.reasoning.networks import NetworkError
from swarm.systems import Tasks

SMALL = [
    "world.agents=16",
    "world.generations=3",
    "problem.cases=400",
    "problem.queries=60",
    "world.tasks=30",
]


@pytest.fixture(scope="module")
def subject():
    return network_subject("asia", 400, 60, 1)


@pytest.fixture(scope="module")
def results(subject):
    world, _ = assemble(load_study("asia", SMALL), subject)
    for _ in range(12):
        world.step()
    return examine(world, subject.problem, subject.held_out)


def test_the_table_is_of_errors_by_kind(results):
    assert results["figures"] == ["error", "seeing", "doing", "imagining"]
    rows = {row["name"]: row for row in results["rows"]}
    assert rows["one engine per kind"]["error"] <= rows["best single engine"]["error"] + 0.02
    assert rows["oracle, per query"]["valid"] >= max(row["valid"] for row in rows.values()) - 1e-9
    assert "tuned weights, protocols" not in rows  # there are no objections to estimates
    for row in rows.values():
        assert 0 <= row["error"] <= 1


def test_what_the_gate_asks_is_told_by_kind(results):
    assert list(results["asked"]) == ["seeing", "doing", "imagining"]
    for shares in results["asked"].values():
        assert len(shares) == 7
        assert max(shares.values()) > 0
        assert all(0 <= share <= 1 for share in shares.values())
    text = format_table({"subject": "asia", **results})
    assert "doing: asks " in text
    assert "MAE" in text
    assert "ComplEx" not in text


def test_an_agent_that_asks_one_engine_states_its_estimate(subject):
    """A strategy of one engine and a vote for it alone are the same distribution."""
    from experiments.reasoning.baselines import vote

    problem = subject.problem
    one = np.ascontiguousarray(problem.table.scores[:, 0])
    both = [one, np.ascontiguousarray(problem.table.scores[:, 1])]
    np.testing.assert_allclose(vote(both, np.array([3.0, 0.0])), one, atol=1e-6)
    mean = problem.faculties.opinion(vote(both, np.array([1.0, 1.0])), problem.table.block.open)
    apart = [problem.faculties.opinion(each, problem.table.block.open) for each in both]
    np.testing.assert_allclose(mean, np.mean(apart, axis=0), atol=1e-5)


def test_a_world_goes_on_where_it_was_saved(subject, tmp_path):
    study = load_study("asia", SMALL)
    whole, _ = assemble(study, subject)
    broken, _ = assemble(study, subject)
    for world in (whole, broken):
        for _ in range(5):
            world.step()
    broken.save(tmp_path / "half")
    again, _ = assemble(study, subject)
    again.load(tmp_path / "half")
    for world in (whole, again):
        for _ in range(4):
            world.step()
        world.save(tmp_path / f"end-{world is whole}")
    assert (tmp_path / "end-True").read_bytes() == (tmp_path / "end-False").read_bytes()


def test_a_whole_run(tmp_path):
    folder = run(load_study("asia", SMALL), tmp_path)
    assert folder.results["network"] == "asia"
    page = (folder.path / "report.html").read_text(encoding="utf-8")
    assert "a mean absolute error of" in page
    assert 'network = "asia"' in (folder.path / "study.toml").read_text(encoding="utf-8")


class TestSettings:
    @pytest.mark.parametrize("without", ["gates", "memory", "council", "novelty", "market"])
    def test_a_world_can_do_without_its_parts(self, without, subject):
        world, _ = assemble(
            load_study("asia", [*SMALL, f'ablation.without=["{without}"]']), subject
        )
        world.step()
        assert len(world.system(Tasks).board)

    def test_graph_or_network(self, tmp_path):
        for text in ("[problem]\n", '[problem]\ngraph = "umls"\nnetwork = "asia"\n'):
            path = tmp_path / "study.toml"
            path.write_text(text)
            with pytest.raises(StudyError, match="give one of graph and network"):
                load_study(path)

    def test_unknown_network(self):
        with pytest.raises(StudyError, match=r"problem\.network: got 'asja'.* 'asia'"):
            load_study("asia", ["problem.network=asja"])

    def test_unknown_part(self):
        with pytest.raises(StudyError, match=r"ablation\.without: got 'gate', allowed is any of"):
            load_study("asia", ['ablation.without=["gate"]'])

    def test_too_few_questions(self):
        with pytest.raises((StudyError, NetworkError), match="queries"):
            assemble(load_study("asia", ["problem.queries=0"]))

    def test_written_and_read_again(self, tmp_path):
        text = to_toml(load_study("asia"))
        assert "graph =" not in text
        (tmp_path / "asia.toml").write_text(text)
        assert to_toml(load_study(tmp_path / "asia.toml")) == text
