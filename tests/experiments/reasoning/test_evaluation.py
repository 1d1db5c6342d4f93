"""The final examination of a small world on a small real graph."""

import json
from dataclasses import replace

import numpy as np
import pytest

from experiments.reasoning.baselines import Exam, examine_strategies
from experiments.reasoning.evaluation import (
    COLLECTIVE,
    COMPLEX,
    EVOLVED,
    RANDOM_SEARCH,
    assembly,
    collective,
    examine,
    format_table,
    in_words,
)
from experiments.reasoning.subject import graph_subject
from swarm import World
from swarm.genes import decode
from swarm.reasoning import Quality, ask, judge, reason
from swarm.systems import (
    ComputeMarket,
    Gossip,
    Observation,
    Reasoning,
    Remembering,
    Selection,
    Settlement,
    Tasks,
)
from swarm.world import WorldError
from tests.experiments.nations import nations, nations_subject

SYSTEMS = (Gossip, ComputeMarket, Reasoning, Settlement, Remembering, Selection, Observation)
ON_TEST = {"mrr", "hits10"}


def lived(subject, ticks=9, agents=12, seed=4):
    """A world that has lived with a problem, and the problem."""
    tasks = Tasks(subject.problem, 64)
    world = World(agents, [tasks, *(system() for system in SYSTEMS)], seed=seed)
    for _ in range(ticks):
        world.step()
    return world, subject.problem


@pytest.fixture(scope="module")
def graph():
    return nations()


@pytest.fixture(scope="module")
def held_out():
    return nations_subject().held_out


@pytest.fixture(scope="module")
def world_and_problem():
    return lived(nations_subject())


@pytest.fixture(scope="module")
def results(world_and_problem, held_out):
    return examine(*world_and_problem, held_out)


def row(results, name):
    return next(row for row in results["rows"] if row["name"] == name)


class TestTable:
    def test_order_of_the_rows(self, results):
        assert [row["name"] for row in results["rows"]] == [
            "deductive",
            "inductive",
            "abductive",
            "causal",
            "counterfactual",
            "probabilistic",
            "analogical",
            "best single engine",
            "equal vote of seven",
            "tuned weights",
            "tuned weights, protocols",
            "one engine per relation",
            "random search",
            "best evolved agent",
            "collective of the best",
            "oracle, per query",
        ]

    def test_json_brings_everything_back(self, results):
        assert json.loads(json.dumps(results, allow_nan=False)) == results

    def test_text(self, results):
        text = format_table({"subject": "nations", **results})
        lines = {line[2:28].strip(): line for line in text.splitlines()}
        for each in results["rows"]:
            assert f"{each['mrr']:.3f}" in lines[each["name"]]
        assert [line[2:20] for line in text.splitlines() if line.startswith(">")] == [EVOLVED]
        assert "make bench-main" in text

    def test_peers_stand_before_random_search(self, world_and_problem, held_out):
        """A peer that knows nothing: it is given the problem, and then tables of queries."""
        seen = []

        def learn(problem):
            seen.append(problem)
            return lambda table: np.zeros(table.block.open.shape, np.float32)

        results = examine(*world_and_problem, held_out, peers={COMPLEX: learn})
        names = [row["name"] for row in results["rows"]]
        assert names.index(COMPLEX) == names.index(RANDOM_SEARCH) - 1
        assert seen == [world_and_problem[1]]
        assert row(results, COMPLEX)["cost"] is None
        assert row(results, COMPLEX)["mrr"] < row(results, EVOLVED)["mrr"]
        assert not any("make bench-main" in note for note in results["notes"])
        assert "-" in format_table({"subject": "nations", **results})


class TestFigures:
    def test_best_agent(self, results, world_and_problem, graph):
        """Examined one by one, by hand."""
        world, problem = world_and_problem
        living = decode(world.genes)
        queries = np.arange(len(problem.table))
        credit = []
        for agent in range(len(living)):
            answers = reason(
                living, problem.table, problem.faculties.costs, queries * 0 + agent, queries
            )
            credit.append(problem.referee.marks(answers.scores).mean())
        best = int(np.argmax(credit))
        assert results["best"]["id"] == world.population["id"][best]
        assert row(results, EVOLVED)["valid"] == pytest.approx(max(credit))

        table = problem.faculties.table(ask(graph.test, problem.evidence))
        queries = np.arange(len(table))
        answers = reason(living, table, problem.faculties.costs, queries * 0 + best, queries)
        referee = judge(graph.test, graph.facts, problem.evidence)
        quality = Quality.of(referee.ranks(answers.scores))
        assert row(results, EVOLVED)["mrr"] == pytest.approx(quality.mrr)
        assert row(results, EVOLVED)["hits10"] == pytest.approx(quality.hits10)

    def test_random_search_has_as_many_evaluations(self, results, world_and_problem):
        world, problem = world_and_problem
        counted = results["evaluations"]
        assert counted["evolution"] == world.system(Reasoning).evaluations > 0
        assert counted["choice of the best agent"] == 12 * len(problem.table)
        had = counted["evolution"] + counted["choice of the best agent"]
        assert had - len(problem.table) < counted["random search"] <= had
        assert counted["random search"] == results["random_genomes"] * len(problem.table)

    def test_genome_can_be_read_back(self, results, world_and_problem):
        world, problem = world_and_problem
        genome = world.genome.from_json(json.dumps(results["best"]["genome"]))
        credit, cost = examine_strategies(
            decode(genome.__getitem__), Exam(problem.table, problem.referee), problem.faculties
        )
        assert credit[0] == row(results, EVOLVED)["valid"]
        assert cost[0] == row(results, EVOLVED)["cost"]

    def test_same_world_same_table(self, results, held_out):
        assert examine(*lived(nations_subject()), held_out) == results

    def test_nobody_left(self, world_and_problem, held_out):
        _, problem = world_and_problem
        empty = World(0, [Tasks(problem, 64), *(system() for system in SYSTEMS)], seed=1)
        with pytest.raises(WorldError, match="nobody is left"):
            examine(empty, problem, held_out)


class TestHonesty:
    def test_the_world_is_not_changed(self, world_and_problem, held_out, tmp_path):
        world, problem = world_and_problem
        world.save(tmp_path / "before")
        examine(world, problem, held_out)
        world.save(tmp_path / "after")
        assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()

    def test_other_test_facts_change_nothing_but_the_test_figures(self, results, graph):
        """Lived and examined anew with test facts that are made up, as many as before."""
        rng = np.random.default_rng(0)
        known = {tuple(fact) for fact in graph.facts.tolist()}
        made_up = set()
        while len(made_up) < len(graph.test):
            fact = (rng.integers(14), rng.integers(len(graph.relations)), rng.integers(14))
            made_up |= {tuple(map(int, fact))} - known
        other = graph_subject(replace(graph, test=np.array(sorted(made_up), np.int32)))
        found = examine(*lived(other), other.held_out)

        def chosen(results):
            rows = [{k: v for k, v in row.items() if k not in ON_TEST} for row in results["rows"]]
            return {**results, "rows": rows}

        assert chosen(found) == chosen(results)
        for each, before in zip(found["rows"], results["rows"], strict=True):
            assert each["mrr"] != before["mrr"]


class TestCollective:
    def test_one_agent_alone_is_its_own_opinion(self, world_and_problem):
        """Order within those that were left, and the pruned at or below the last of them."""
        world, problem = world_and_problem
        exam = Exam(problem.table, problem.referee)
        one = decode(world.genes).take(np.array([3]))
        queries = np.arange(len(exam))
        said = reason(one, exam.table, problem.faculties.costs, queries * 0, queries).scores
        opinion = collective(one, exam, problem.faculties)
        for scores, mine, open_ in zip(said, opinion, exam.table.block.open, strict=True):
            left = open_ & (scores > -500)
            assert (np.diff(mine[left][np.argsort(scores[left])]) >= 0).all()
            assert mine[open_ & ~left].max(initial=-np.inf) <= mine[left].min()
        assert np.isfinite(opinion).all()

    def test_everybody_has_one_voice(self, world_and_problem):
        world, problem = world_and_problem
        exam = Exam(problem.table, problem.referee)
        living = decode(world.genes)
        each = [
            collective(living.take(np.array([row])), exam, problem.faculties)
            for row in range(len(living))
        ]
        together = collective(living, exam, problem.faculties)
        np.testing.assert_allclose(together, np.mean(each, axis=0), atol=1e-3)

    def test_its_row(self, results, world_and_problem):
        world, problem = world_and_problem
        exam = Exam(problem.table, problem.referee)
        living = decode(world.genes)
        credit, cost = examine_strategies(living, exam, problem.faculties)
        speaking = assembly(living, credit, exam, problem.faculties)
        scores = collective(living.take(speaking), exam, problem.faculties)
        assert row(results, COLLECTIVE)["valid"] == exam.credit(scores)
        assert row(results, COLLECTIVE)["cost"] == pytest.approx(cost[speaking].sum())
        assert credit[speaking].min() >= np.delete(credit, speaking).max(initial=0)


def test_a_strategy_in_words(world_and_problem):
    world, problem = world_and_problem
    living = decode(world.genes)
    for agent in range(len(living)):
        one = living.take(np.array([agent]))
        lines = in_words(one, problem.faculties).splitlines()
        asked = int(one.length[0])
        assert lines[0] == f"asks up to {asked} of 7 engines, in this order:"
        for place, engine in enumerate(one.order[0, :asked]):
            assert lines[1 + place].startswith(f"{place + 1}. {problem.faculties.names[engine]} (")
        assert lines[1 + asked].startswith("protocols: consensus ")
        assert ("novelty" in lines[1 + asked]) == bool(one.novelty[0] > 0)
