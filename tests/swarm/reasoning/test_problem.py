"""What a world is given holds nothing of the test part."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from swarm.reasoning import SHIPPED, Evidence, KnowledgeGraph, Problem, ask, load_graph


class SealedEnvelope:
    """Test facts of which only the number may be asked."""

    def __init__(self, facts: int):
        self.facts = facts

    def __len__(self) -> int:
        return self.facts

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the test facts were looked at: {name}")


def small() -> KnowledgeGraph:
    """Three hundred facts of Nations, in the split of the study."""
    graph = load_graph("nations")
    keep = graph.train[np.isin(graph.train[:, 1], np.unique(graph.train[:, 1])[:12])]
    nothing = np.empty((0, 3), np.int32)
    return KnowledgeGraph(
        "small", graph.entities, graph.relations[:12], keep, nothing, nothing
    ).resplit((0.3, 0.2, 0.5), seed=0)


def columns(problem: Problem) -> dict[str, np.ndarray]:
    """Every array that a world can read of its problem."""
    found = {}
    for part in (problem.evidence, problem.table, problem.table.block, problem.referee):
        for name, value in vars(part).items():
            if isinstance(value, np.ndarray):
                found[f"{type(part).__name__}.{name}"] = value
    return found


def test_a_problem_is_bit_identical_whatever_the_test_facts_are() -> None:
    graph = small()
    rng = np.random.default_rng(3)
    limits = [len(graph.entities), len(graph.relations), len(graph.entities)]
    others = rng.integers(0, limits, graph.test.shape).astype(np.int32)
    assert not np.array_equal(others, graph.test)
    real = columns(Problem.pose(graph))
    made_up = columns(Problem.pose(replace(graph, test=others)))
    assert real.keys() == made_up.keys()
    for name in ("ScoreTable.scores", "Block.open", "Referee.counted", "Referee.hidden"):
        assert name in real
    for name, column in real.items():
        assert column.tobytes() == made_up[name].tobytes(), name


def test_only_the_number_of_test_facts_is_asked() -> None:
    graph = small()
    sealed = cast(np.ndarray, SealedEnvelope(len(graph.test)))
    problem = Problem.pose(replace(graph, test=sealed))
    assert len(problem.table) == len(problem.referee) == 2 * len(graph.valid)
    assert problem.evidence.facts.shape == graph.train.shape


def test_the_number_of_test_facts_sets_how_many_answers_are_hidden() -> None:
    graph = small()
    none = replace(graph, test=graph.test[:0])
    assert Problem.pose(none).referee.hidden.max() == 0
    assert Problem.pose(graph).referee.hidden.max() > 0


def test_no_mask_closes_a_test_answer() -> None:
    """Neither the masks of the tasks nor those of the report hide a fact yet to be found."""
    graph = small()
    problem = Problem.pose(graph)
    block, referee = problem.table.block, problem.referee
    answer_of = {(r, h): [] for r in range(24) for h in range(14)}  # type: ignore[var-annotated]
    for h, r, t in graph.test.tolist():
        answer_of[r, h].append(t)
        answer_of[r + 12, t].append(h)
    checked = 0
    for q in range(len(block)):
        answers = answer_of[int(block.relation[q]), int(block.source[q])]
        assert block.open[q, answers].all()
        assert referee.counted[q, answers].all()
        checked += len(answers)
    assert checked > 100


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("seed", [None, 0, 1])
def test_every_test_answer_is_open(name: str, seed: int | None) -> None:
    graph = load_graph(name)
    if seed is not None:
        graph = graph.resplit((0.3, 0.2, 0.5), seed)
    evidence = Evidence(graph.train, len(graph.entities), len(graph.relations))
    block = ask(graph.test, evidence)
    truth = np.concatenate([graph.test[:, 2], graph.test[:, 0]])
    assert block.open[np.arange(len(truth)), truth].all()


def test_a_problem_asks_what_is_valid_and_shows_what_is_train() -> None:
    graph = small()
    problem = Problem.pose(graph)
    np.testing.assert_array_equal(problem.evidence.facts, graph.train)
    truth = np.concatenate([graph.valid[:, 2], graph.valid[:, 0]])
    np.testing.assert_array_equal(problem.referee.truth, truth)
    known = problem.table.block.open[np.arange(len(truth)), truth]
    assert known.all()
    assert not (problem.referee.counted & ~problem.table.block.open).any(), (
        "what the evidence states is never counted against an answer"
    )
