"""The tally of findings against a plain dictionary, and its surprise against its formula."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.memory import Findings, MemoryLimitError, Tally, TallyError, surprisal

ENTITIES, RELATIONS = 4, 3

entities = st.integers(0, ENTITIES - 1)
fact = st.tuples(entities, st.integers(0, RELATIONS - 1), entities, st.floats(0, 1, width=32))


def memory(said: list[tuple[int, int, int, float]]) -> Findings:
    findings = Findings(ENTITIES, RELATIONS)
    heads, relations, tails, confidences = zip(*said, strict=True) if said else ([],) * 4
    findings.append(
        heads, relations, tails, author=0, tick=0, engine=0, confidence=confidences, evidence=0
    )
    return findings


@settings(deadline=None)
@given(said=st.lists(fact, max_size=60), cuts=st.lists(st.integers(0, 60), max_size=5))
def test_a_tally_equals_a_dictionary_however_it_was_batched(
    said: list[tuple[int, int, int, float]], cuts: list[int]
) -> None:
    findings = memory(said)
    count: defaultdict[tuple[int, int, int], int] = defaultdict(int)
    weight: defaultdict[tuple[int, int, int], np.float32] = defaultdict(np.float32)
    for head, relation, tail, confidence in said:
        for cell in ((relation, head, tail), (relation + RELATIONS, tail, head)):
            count[cell] += 1
            weight[cell] += np.float32(confidence)

    rebuilt, grown = Tally(ENTITIES, RELATIONS), Tally(ENTITIES, RELATIONS)
    rebuilt.absorb(findings, 0, len(said))
    for stop in sorted([min(cut, len(said)) for cut in cuts] + [len(said)]):
        grown.absorb(findings, grown.absorbed, stop)

    assert rebuilt.count.tobytes() == grown.count.tobytes()
    assert rebuilt.weight.tobytes() == grown.weight.tobytes()
    for cell in np.ndindex(rebuilt.count.shape):
        assert rebuilt.count[cell] == count[cell]
        assert rebuilt.weight[cell] == weight[cell]


def test_rows_answer_a_block_of_queries_in_both_directions() -> None:
    tally = Tally(ENTITIES, RELATIONS)
    tally.absorb(memory([(0, 1, 2, 0.5), (0, 1, 2, 0.25), (3, 1, 2, 1.0), (0, 1, 1, 1.0)]), 0, 4)
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


def test_a_tally_too_large_for_memory_is_refused_with_the_numbers() -> None:
    assert 2 * 46 * 1_475**2 > 200_000_000 > 2 * 46 * 1_474**2
    with pytest.raises(MemoryLimitError, match=r"46 relations × 1475² entities = 200,157,500"):
        Tally(1_475, 46)
    assert Tally(1_474, 46).count.shape == (92, 1_474, 1_474)


def test_errors_say_what_is_allowed() -> None:
    findings, tally = memory([(0, 1, 2, 0.5)] * 3), Tally(ENTITIES, RELATIONS)
    tally.absorb(findings, 0, 2)
    for start, stop in ((0, 2), (3, 3), (2, 1), (2, 4)):
        with pytest.raises(TallyError, match="start at 2 and stop at no more than 3"):
            tally.absorb(findings, start, stop)
    with pytest.raises(TallyError, match="5 entities"):
        Tally(5, RELATIONS).absorb(findings, 0, 3)
    with pytest.raises(TallyError, match=r"source must lie in 0\.\.3"):
        tally.rows([-1], [0])
    with pytest.raises(TallyError, match=r"relation must lie in 0\.\.5"):
        tally.rows([0], [6])
    with pytest.raises(TallyError, match="1 or more"):
        Tally(0, 1)
    with pytest.raises(TallyError, match="2 of 5"):
        surprisal([3, 1], 2, 4)
    with pytest.raises(TallyError, match="2 or more possible answers"):
        surprisal(0, 0, 1)
