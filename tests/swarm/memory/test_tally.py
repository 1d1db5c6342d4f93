"""The tally of findings against a plain dictionary, and its surprise against its formula."""

import math
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory import Facts, MemoryLimitError, Tally, TallyError, surprisal

ENTITIES, RELATIONS = 4, 3

entities = st.integers(0, ENTITIES - 1)
share = st.floats(0, 1, width=32)
fact = st.tuples(entities, st.integers(0, RELATIONS - 1), entities, share, share)


def memory(said: list[tuple[int, int, int, float, float]]) -> Facts:
    findings = Facts(ENTITIES, RELATIONS)
    heads, relations, tails, sure, believed = zip(*said, strict=True) if said else ([],) * 5
    findings.append(
        heads,
        relations,
        tails,
        author=0,
        tick=0,
        engine=0,
        confidence=sure,
        credence=believed,
    )
    return findings


@settings(deadline=None, max_examples=50)
@given(said=st.lists(fact, max_size=60), data=st.data())
def test_a_tally_equals_a_dictionary_in_whatever_order_facts_come_and_go(
    said: list[tuple[int, int, int, float, float]], data: st.DataObject
) -> None:
    findings = memory(said)
    order = data.draw(st.permutations(range(len(said))))
    cut = data.draw(st.integers(0, len(said)))
    stays, goes = sorted(order[:cut]), order[cut:]
    count: defaultdict[tuple[int, int, int], int] = defaultdict(int)
    weight: defaultdict[tuple[int, int, int], Fraction] = defaultdict(Fraction)
    for head, relation, tail, confidence, credence in (said[i] for i in stays):
        for cell in ((relation, head, tail), (relation + RELATIONS, tail, head)):
            count[cell] += 1
            weight[cell] += Fraction(round(confidence * credence * 2**30), 2**30)

    rebuilt, changed = Tally(ENTITIES, RELATIONS), Tally(ENTITIES, RELATIONS)
    rebuilt.absorb(findings, stays)
    for i in order:
        changed.absorb(findings, i)
    changed.forget(findings, goes)

    assert rebuilt.absorbed == changed.absorbed == len(stays)
    assert rebuilt.count.tobytes() == changed.count.tobytes()
    assert rebuilt.weight.tobytes() == changed.weight.tobytes()
    for cell in np.ndindex(rebuilt.count.shape):
        assert rebuilt.count[cell] == count[cell]
        assert rebuilt.weight[cell] == np.float32(float(weight[cell]))


def test_rows_answer_a_block_of_queries_in_both_directions() -> None:
    tally = Tally(ENTITIES, RELATIONS)
    said = [(0, 1, 2, 0.5, 1.0), (0, 1, 2, 0.5, 0.5), (3, 1, 2, 1.0, 1.0), (0, 1, 1, 1.0, 1.0)]
    tally.absorb(memory(said), range(4))
    count, weight = tally.rows([0, 2, 1], [1, 1 + RELATIONS, 0])
    assert count.tolist() == [[0, 1, 2, 0], [2, 0, 0, 1], [0, 0, 0, 0]]
    assert weight.tolist() == [[0, 1, 0.75, 0], [0.75, 0, 0, 1], [0, 0, 0, 0]]
    assert count.dtype == np.int32
    assert weight.dtype == np.float32
    count[:] = 9
    assert tally.count.sum() == 8
    with pytest.raises(ValueError, match="read-only"):
        tally.count[0, 0, 0] = 1


@given(
    counts=st.lists(st.integers(0, 50), min_size=2, max_size=12),
    others=st.integers(0, 100),
)
def test_surprisal_is_its_formula(counts: list[int], others: int) -> None:
    size, total = len(counts), sum(counts) + others
    new = surprisal(counts, total, size)
    for value, count in zip(new.tolist(), counts, strict=True):
        chance = (count + 1) / (total + size)
        assert value == pytest.approx(-math.log(chance) / math.log(total + size), abs=1e-12)
        assert 0 <= value <= 1


def test_surprisal_falls_from_one_as_an_answer_becomes_common() -> None:
    assert surprisal(0, 0, 135) == 1.0
    assert surprisal(0, 1_000, 135) == 1.0
    falling = surprisal(np.arange(1_001), 1_000, 135)
    assert (np.diff(falling) < 0).all()
    assert falling[-1] < 0.02
    block = surprisal(np.array([[3, 0], [1, 1]]), np.array([[3], [2]]), 2)
    assert block.shape == (2, 2)
    assert block[0, 1] == 1.0


def test_a_cube_too_large_for_memory_is_refused_with_the_numbers() -> None:
    assert 2 * 46 * 1_475**2 > 200_000_000 > 2 * 46 * 1_474**2
    large = Tally(1_475, 46)
    for name in ("count", "weight"):
        with pytest.raises(MemoryLimitError, match=r"46 relations × 1475² entities = 200,157,500"):
            getattr(large, name)


def test_a_tally_of_a_large_graph_holds_what_was_said_and_no_more() -> None:
    """15,000 entities and 240 relations would be 10^11 cells."""
    rng = np.random.default_rng(0)
    E, R, n = 15_000, 240, 3_000
    heads, tails = rng.integers(0, E, n), rng.integers(0, E, n)
    relations = rng.integers(0, R, n)
    heads[1::3], relations[1::3], tails[1::3] = heads[::3], relations[::3], tails[::3]
    heads[2::3], relations[2::3] = heads[::3], relations[::3]
    findings = Facts(E, R)
    findings.append(heads, relations, tails, author=0, tick=0, engine=0, confidence=0.5)
    tally = Tally(E, R)
    for start in range(0, n, 500):
        tally.absorb(findings, np.arange(start, min(start + 500, n)))

    source, relation = heads[::3], relations[::3]
    nobody = np.setdiff1d(np.arange(E), np.concatenate([tails[::3], tails[2::3]]))[0]
    listed = np.stack([tails[::3], tails[2::3], np.full(n // 3, nobody)], axis=1)
    order = np.argsort(listed, axis=1)
    ascending = np.take_along_axis(listed, order, axis=1)
    count, weight = tally.rows(source, relation, ascending)
    wanted = np.take_along_axis(np.array([[2, 1, 0]]).repeat(n // 3, axis=0), order, axis=1)
    # A few queries were drawn twice, and may have more.
    assert (count >= wanted).all()
    assert (count == wanted).mean() > 0.99
    np.testing.assert_allclose(weight, count * 0.5)
    assert (tally.totals(source, relation) >= 3).all()
    sums, _ = tally.rows(source[:5], relation[:5])
    assert sums.shape == (5, E)
    assert sums.sum(axis=1).tolist() == tally.totals(source[:5], relation[:5]).tolist()


answers = st.lists(entities, unique=True, max_size=ENTITIES).map(sorted)


@settings(deadline=None, max_examples=50)
@given(said=st.lists(fact, max_size=60), asked=st.lists(answers, min_size=24, max_size=24))
def test_listed_answers_are_places_of_the_whole_row(
    said: list[tuple[int, int, int, float, float]], asked: list[list[int]]
) -> None:
    tally = Tally(ENTITIES, RELATIONS)
    tally.absorb(memory(said), range(len(said)))
    relation, source = np.divmod(np.arange(24), ENTITIES)
    listed = np.array([row + [-1] * (ENTITIES + 1 - len(row)) for row in asked])
    every, heavy = tally.rows(source, relation)
    count, weight = tally.rows(source, relation, listed)
    rows = np.arange(24)[:, None]
    np.testing.assert_array_equal(count, np.where(listed >= 0, every[rows, listed], 0))
    np.testing.assert_array_equal(weight, np.where(listed >= 0, heavy[rows, listed], 0))
    np.testing.assert_array_equal(tally.totals(source, relation), every.sum(axis=1))


def test_errors_say_what_is_allowed() -> None:
    findings, tally = memory([(0, 1, 2, 0.5, 1.0)] * 3), Tally(ENTITIES, RELATIONS)
    for ids in ([0, 3], -1):
        with pytest.raises(TallyError, match=r"ids of facts are 0\.\.2"):
            tally.absorb(findings, ids)
        with pytest.raises(TallyError, match=r"ids of facts are 0\.\.2"):
            tally.forget(findings, ids)
    with pytest.raises(TallyError, match="5 entities"):
        Tally(5, RELATIONS).absorb(findings, 0)
    with pytest.raises(TallyError, match=r"source must lie in 0\.\.3"):
        tally.rows([-1], [0])
    with pytest.raises(TallyError, match=r"relation must lie in 0\.\.5"):
        tally.rows([0], [6])
    for rows in ([[1, 0]], [[-1, 0]], [[2, 2]]):
        with pytest.raises(TallyError, match=r"such as \[3, 8, -1\]"):
            tally.rows([0], [0], rows)
    with pytest.raises(TallyError, match=r"answer must lie in 0\.\.3"):
        tally.rows([0], [0], [[4]])
    with pytest.raises(TallyError, match=r"a row for each query: shape \(1, 'C'\)"):
        tally.rows([0], [0], [[1], [2]])
    with pytest.raises(TallyError, match="1 or more"):
        Tally(0, 1)
    with pytest.raises(TallyError, match="2 of 5"):
        surprisal([3, 1], 2, 4)
    with pytest.raises(TallyError, match="2 or more possible answers"):
        surprisal(0, 0, 1)
