"""Who said a fact first, beside a plain look through all findings."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory import FactError, Facts

facts = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 2))


def memory(said: list[tuple[tuple[int, int, int], int]]) -> Facts:
    findings = Facts(3, 2)
    for tick, ((head, relation, tail), author) in enumerate(said):
        findings.append(head, relation, tail, author=author, tick=tick, engine=0, confidence=0.5)
    return findings


def plain(
    said: list[tuple[tuple[int, int, int], int]], fact: tuple[int, int, int], before: int, most: int
) -> list[int]:
    first: dict[int, int] = {}
    for number, (each, author) in enumerate(said[:before]):
        if each == fact:
            first.setdefault(author, number)
    found = sorted(first.values())[:most]
    return found + [-1] * (most - len(found))


@settings(deadline=None, max_examples=25)
@given(
    said=st.lists(st.tuples(facts, st.integers(0, 3)), max_size=40),
    asked=st.lists(facts, min_size=1, max_size=5),
    share=st.floats(0, 1),
    most=st.integers(1, 5),
)
def test_discoveries_are_those_a_plain_look_finds(
    said: list[tuple[tuple[int, int, int], int]],
    asked: list[tuple[int, int, int]],
    share: float,
    most: int,
) -> None:
    before = round(share * len(said))
    found = memory(said).discoveries(*zip(*asked, strict=True), before=before, most=most)
    assert found.tolist() == [plain(said, fact, before, most) for fact in asked]


def test_facts_out_of_range_and_no_authors_are_refused() -> None:
    findings = memory([((0, 1, 2), 5)])
    with pytest.raises(FactError, match="relation must lie"):
        findings.discoveries([0], [2], [2])
    with pytest.raises(FactError, match="one length"):
        findings.discoveries([0, 1], [1], [2])
    with pytest.raises(FactError, match="most is 1 or more"):
        findings.discoveries([0], [1], [2], most=0)
    assert findings.discoveries(0, 1, 2).tolist() == [[0]]
    assert np.array_equal(findings.discoveries([], [], []), np.empty((0, 1)))
