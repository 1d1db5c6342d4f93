"""Shortlists: what is on them, places and entities, and ranks when the truth is not listed."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning import Block, Referee, ask, judge
from swarm.reasoning.sparse import SparseEvidence
from tests.swarm.reasoning.reference import Graph, small_graphs

examples = settings(max_examples=40, deadline=None)


def random_graph(seed: int, entities: int = 40, relations: int = 3, facts: int = 200) -> Graph:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, (entities, relations, entities), (facts, 3))
    return Graph(entities, relations, frozenset(map(tuple, rows.tolist())))


def listed(graph: Graph, candidates: int) -> SparseEvidence:
    return SparseEvidence(
        graph.evidence.facts, graph.entities, graph.relations, candidates=candidates
    )


def every_query(graph: Graph) -> tuple[np.ndarray, np.ndarray]:
    relation, source = np.divmod(np.arange(2 * graph.relations * graph.entities), graph.entities)
    return source.astype(np.int32), relation.astype(np.int32)


@pytest.mark.parametrize("seed", range(3))
def test_a_shortlist_ascends_and_holds_nothing_that_is_known(seed: int) -> None:
    graph = random_graph(seed)
    source, relation = every_query(graph)
    candidate = listed(graph, 8).shortlist(source, relation)
    assert candidate.dtype == np.int32
    assert candidate.shape == (len(source), 8)
    for x, r, row in zip(source.tolist(), relation.tolist(), candidate.tolist(), strict=True):
        entities = [y for y in row if y >= 0]
        assert entities == sorted(set(entities))
        assert row[len(entities) :] == [-1] * (8 - len(entities))
        assert not any((r, x, y) in graph.known for y in entities)
    assert (candidate >= 0).mean() > 0.9


def test_a_shortlist_is_a_function_of_the_query_alone() -> None:
    graph = random_graph(5)
    source, relation = every_query(graph)
    whole = listed(graph, 8).shortlist(source, relation)
    rows = np.random.default_rng(0).permutation(len(source))[:50]
    other = listed(graph, 8)
    np.testing.assert_array_equal(other.shortlist(source[rows], relation[rows]), whole[rows])
    np.testing.assert_array_equal(other.shortlist(source, relation), whole)
    assert len(other.shortlist(source[:0], relation[:0])) == 0


def test_what_engines_score_best_is_listed() -> None:
    """A relation that repeats another: its rule proposes what chance would miss."""
    rng = np.random.default_rng(0)
    pairs = np.unique(rng.integers(0, 300, (400, 2)), axis=0)
    base = [(int(x), 0, int(y)) for x, y in pairs]
    copies = [(int(x), 1, int(y)) for x, y in pairs[::2]]
    graph = Graph(300, 2, frozenset(base + copies))
    asked = np.array([(int(x), 1, int(y)) for x, y in pairs[1::2]], np.int32)
    evidence = listed(graph, 5)
    block = ask(asked, evidence)
    referee = judge(asked, np.concatenate([graph.evidence.facts, asked]), evidence)
    assert block.open.shape == (2 * len(asked), 5)
    assert (referee.truth >= 0).all()


@examples
@given(small_graphs(), st.integers(0, 999))
def test_if_all_are_listed_places_are_entities_and_nothing_changes(graph: Graph, seed: int) -> None:
    facts = np.array(sorted(graph.facts), np.int32)
    shown = Graph(graph.entities, graph.relations, frozenset(map(tuple, facts[1::2].tolist())))
    asked, E = facts[::2], graph.entities
    evidence = listed(shown, E + 2)
    block, dense = ask(asked, evidence), ask(asked, shown.evidence)
    np.testing.assert_array_equal(block.source, dense.source)
    np.testing.assert_array_equal(block.relation, dense.relation)
    np.testing.assert_array_equal(block.open[:, :E], dense.open)
    assert not block.open[:, E:].any()
    mine, theirs = (judge(asked, facts, each, 0.3) for each in (evidence, shown.evidence))
    np.testing.assert_array_equal(mine.truth, theirs.truth)
    np.testing.assert_array_equal(mine.counted[:, :E], theirs.counted)
    np.testing.assert_array_equal(mine.hidden, theirs.hidden)
    assert mine.outside is not None
    assert not mine.outside.any()
    rng = np.random.default_rng(seed)
    scores = rng.integers(-2, 3, (len(block), E + 2)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.1] = -np.inf
    dense_ranks = theirs.ranks(np.ascontiguousarray(scores[:, :E]))
    np.testing.assert_array_equal(mine.ranks(scores), dense_ranks)


@examples
@given(small_graphs(), st.integers(1, 4), st.integers(0, 999))
def test_ranks_are_those_of_all_entities_with_the_unlisted_tied_below(
    graph: Graph, candidates: int, seed: int
) -> None:
    facts = np.array(sorted(graph.facts), np.int32)
    shown = Graph(graph.entities, graph.relations, frozenset(map(tuple, facts[1::2].tolist())))
    asked, E = facts[::2], graph.entities
    evidence = listed(shown, candidates)
    block = ask(asked, evidence)
    assert block.candidate is not None
    rng = np.random.default_rng(seed)
    scores = rng.integers(-2, 3, block.open.shape).astype(np.float32)
    every = np.full((len(block), E), -9, np.float32)
    for q, c in np.argwhere(block.candidate >= 0).tolist():
        every[q, block.candidate[q, c]] = scores[q, c]
    mine = judge(asked, facts, evidence, 0.3)
    theirs = judge(asked, facts, shown.evidence, 0.3)
    np.testing.assert_array_equal(mine.ranks(scores), theirs.ranks(every))
    np.testing.assert_array_equal(mine.hidden, theirs.hidden)
    rows = rng.integers(0, len(block), 5) if len(block) else np.empty(0, int)
    np.testing.assert_array_equal(mine.ranks(scores[rows], rows), mine.ranks(scores)[rows])


def referee(truth: int) -> Referee:
    """Three are listed, of whom the last does not count; ten count that are not."""
    counted = np.array([[True, True, False]])
    one = np.ones(1, np.int32)
    return Referee(truth * one, counted, 0 * one, 10 * one)


@pytest.mark.parametrize(
    ("truth", "scores", "rank"),
    [
        (0, [3, 1, 9], 1),
        (0, [1, 3, 9], 2),
        (-1, [1, 3, 9], 2 + 5.5),  # the middle of ten, below two
        (-1, [-np.inf, np.nan, 0], 2 + 5.5),
        (0, [-np.inf, 3, 9], 2 + 5),  # ties with the ten
        (0, [np.nan, 3, 9], 12),
    ],
)
def test_ranks_by_hand(truth: int, scores: list[float], rank: float) -> None:
    assert referee(truth).ranks(np.array([scores], np.float32)) == [rank]


@examples
@given(st.data())
def test_places_and_entities_are_each_others_inverse(data: st.DataObject) -> None:
    E, D = 9, 4
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    cells = rng.permutation(D * E)[: data.draw(st.integers(0, 12))]
    relation, source = (each.astype(np.int32) for each in np.divmod(cells, E))
    lists = [np.sort(rng.permutation(E)[: rng.integers(0, 5)]) for _ in cells]
    candidate = np.array([[*row, *[-1] * (5 - len(row))] for row in lists], np.int32).reshape(-1, 5)
    block = Block(source, relation, candidate >= 0, candidate)
    query, entity = np.indices((len(cells), E))
    place = block.place(query, entity)
    for q, y in np.ndindex(place.shape):
        wanted = candidate[q].tolist().index(y) if y in candidate[q] else -1
        assert place[q, y] == wanted
    there = place >= 0
    np.testing.assert_array_equal(block.entity(query[there], place[there]), entity[there])

    # Findings about any query: only those that are asked, with listed answers, are of use.
    r, x, y = np.indices((D, E, E))
    key, heard = block.heard(x, r, y)
    asked = {(int(a), int(b)): q for q, (a, b) in enumerate(zip(relation, source, strict=True))}
    for cell in np.ndindex(key.shape):
        q = asked.get(cell[:2])
        wanted = -1 if q is None else int(place[q, cell[2]])
        assert (key[cell] >= 0) == (wanted >= 0)
        if wanted >= 0:
            assert key[cell] == block.key[q]
            assert heard[cell] == wanted
    assert len(set(block.key.tolist())) == len(cells)


def test_without_a_shortlist_places_are_entities() -> None:
    block = Block(np.array([2, 1]), np.array([0, 3]), np.ones((2, 4), bool))
    assert block.entity(np.array([0, 1]), np.array([3, 2])).tolist() == [3, 2]
    assert block.place(np.array([0, 1]), np.array([3, 2])).tolist() == [3, 2]
    assert block.key.tolist() == [2, (3 << 31) + 1]
    key, place = block.heard(np.array([0]), np.array([1]), np.array([3]))
    assert (key.tolist(), place.tolist()) == ([1 << 31], [3])
