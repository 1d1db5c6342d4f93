"""Queries, filtered ranks and the credit for them, against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning import Quality, Referee, ask, judge
from swarm.reasoning.referee import expected_reciprocal_rank
from tests.swarm.reasoning import reference
from tests.swarm.reasoning.reference import Fact, Graph, small_graphs

examples = settings(max_examples=60, deadline=None)


def split(graph: Graph) -> tuple[np.ndarray, Graph]:
    """A third of the facts to ask about, and the graph of the others."""
    facts = sorted(graph.facts)
    asked, shown = facts[::3], [fact for i, fact in enumerate(facts) if i % 3]
    rest = Graph(graph.entities, graph.relations, frozenset(shown))
    return np.array(asked, np.int32), rest


def both_queries(asked: np.ndarray, relations: int) -> list[Fact]:
    """(source, r', answer), tails first, then heads."""
    rows: list[Fact] = asked.tolist()
    tails = [(h, r, t) for h, r, t in rows]
    return tails + [(t, r + relations, h) for h, r, t in rows]


@examples
@given(small_graphs())
def test_every_fact_is_asked_about_both_ways(graph: Graph) -> None:
    asked, shown = split(graph)
    block = ask(asked, shown.evidence)
    queries = both_queries(asked, graph.relations)
    assert len(block) == len(queries)
    for q, (source, r, answer) in enumerate(queries):
        assert (block.source[q], block.relation[q]) == (source, r)
        for c in range(graph.entities):
            assert block.open[q, c] == ((r, source, c) not in shown.known)
        assert block.open[q, answer]


@examples
@given(small_graphs(), st.floats(0, 0.9))
def test_the_referee_counts_all_but_other_known_answers(graph: Graph, share: float) -> None:
    asked, shown = split(graph)
    rows = np.array(sorted(graph.facts), np.int32)
    referee = judge(asked, rows, shown.evidence, share)
    queries = both_queries(asked, graph.relations)
    assert len(referee) == len(queries)
    for q, (source, r, answer) in enumerate(queries):
        others = {c for k, s, c in graph.known if (k, s) == (r, source) and c != answer}
        assert referee.truth[q] == answer
        assert set(np.flatnonzero(~referee.counted[q])) == others
        # n known answers are a share (1 - share) of all, so that these are missing:
        assert abs(referee.hidden[q] - len(others) * share / (1 - share)) <= 0.5 + 1e-9


@examples
@given(st.data())
def test_ranks_average_ties_over_the_counted(data: st.DataObject) -> None:
    queries, candidates = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 9))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    scores = rng.integers(-2, 3, (queries, candidates)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.1] = -np.inf
    truth = rng.integers(0, candidates, queries).astype(np.int32)
    counted = rng.random((queries, candidates)) < 0.7
    counted[np.arange(queries), truth] = True
    referee = Referee(truth, counted, np.zeros(queries, np.int32))

    wanted = [
        reference.rank(scores[q].tolist(), truth[q], np.flatnonzero(counted[q]).tolist())
        for q in range(queries)
    ]
    np.testing.assert_array_equal(referee.ranks(scores), wanted)
    rows = rng.integers(0, queries, 5)
    np.testing.assert_array_equal(referee.ranks(scores[rows], rows), [wanted[row] for row in rows])


def one_query(candidates: int) -> Referee:
    """Candidate 0 is the truth, and all are counted."""
    return Referee(np.zeros(1, np.int32), np.ones((1, candidates), bool), np.zeros(1, np.int32))


@pytest.mark.parametrize(
    ("scores", "rank"),
    [
        ([3, 1, 2], 1),
        ([2, 3, 1], 2),
        ([1, 1, 1], 2),
        ([2, 2, 1], 1.5),
        ([-np.inf, 0, 0], 3),
        ([2, np.nan, 1], 2),  # who is scored NaN counts as above: nobody gains by it
    ],
)
def test_ranks_by_hand(scores: list[float], rank: float) -> None:
    assert one_query(3).ranks(np.array([scores], np.float32)) == [rank]


@pytest.mark.parametrize("scores", [[np.nan, 1, 2], [np.nan, np.nan, np.nan]])
def test_a_truth_scored_nan_ranks_last(scores: list[float]) -> None:
    assert one_query(3).ranks(np.array([scores], np.float32)) == [3]


@examples
@given(
    st.lists(st.tuples(st.integers(2, 80), st.integers(0, 50)), min_size=1, max_size=8),
)
def test_credit_is_the_expected_reciprocal_rank(tasks: list[tuple[int, int]]) -> None:
    ranks = np.array([twice / 2 for twice, _ in tasks])
    hidden = np.array([h for _, h in tasks], np.int32)
    wanted = [
        reference.expected_reciprocal_rank(rank, h)
        for rank, h in zip(ranks, hidden.tolist(), strict=True)
    ]
    credit = expected_reciprocal_rank(ranks, hidden)
    np.testing.assert_allclose(credit, wanted, rtol=1e-9)
    assert ((credit > 0) & (credit <= 1)).all()

    n = len(tasks)
    referee = Referee(np.zeros(n, np.int32), np.ones((n, 2), bool), hidden)
    np.testing.assert_array_equal(referee.credit(ranks), credit)
    np.testing.assert_array_equal(referee.credit(ranks[::-1], np.arange(n)[::-1]), credit[::-1])


def test_credit_by_hand() -> None:
    """Rank 3 with one hidden answer: it stands at 3 or, once that one is filtered, at 2."""
    credit = expected_reciprocal_rank(np.array([1, 3, 3, 2.5]), np.array([9, 0, 1, 0]))
    np.testing.assert_allclose(credit, [1, 1 / 3, (1 / 3 + 1 / 2) / 2, (1 / 2 + 1 / 3) / 2])


def test_quality_by_hand() -> None:
    quality = Quality.of(np.array([1, 2, 10, 10.5]))
    assert quality.mrr == pytest.approx((1 + 1 / 2 + 1 / 10 + 1 / 10.5) / 4)
    assert quality.hits10 == 3 / 4


def test_no_queries_are_no_error() -> None:
    evidence = Graph.of([(0, 0, 1)]).evidence
    nothing = np.empty((0, 3), np.int32)
    referee = judge(nothing, evidence.facts, evidence)
    ranks = referee.ranks(np.empty((0, 2), np.float32))
    assert len(ask(nothing, evidence)) == len(referee) == len(ranks) == 0
    assert len(referee.credit(ranks)) == 0
