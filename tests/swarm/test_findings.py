"""The shared memory against a plain list of facts."""

from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.memory import FindingError, Findings

ENTITIES, RELATIONS, AUTHORS = 5, 3, 6
DTYPES = {
    "head": np.int32,
    "relation": np.int32,
    "tail": np.int32,
    "author": np.int64,
    "tick": np.int32,
    "engine": np.int8,
    "confidence": np.float32,
    "credence": np.float32,
    "evidence": np.int64,
}


@dataclass(frozen=True)
class Fact:
    head: int
    relation: int
    tail: int
    author: int
    tick: int
    engine: int
    confidence: float
    credence: float
    evidence: int


entities = st.integers(0, ENTITIES - 1)
facts = st.builds(
    Fact,
    head=entities,
    relation=st.integers(0, RELATIONS - 1),
    tail=entities,
    author=st.integers(0, AUTHORS - 1),
    tick=st.integers(0, 12),
    engine=st.integers(0, 127),
    confidence=st.floats(0, 1, width=32),
    credence=st.floats(0, 1, width=32),
    evidence=st.integers(-1, 2**63 - 1),
)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Fact]]:
    """Batches of facts whose ticks never decrease."""
    sizes = draw(st.lists(st.integers(0, 12), max_size=6))
    every = draw(st.lists(facts, min_size=sum(sizes), max_size=sum(sizes)))
    every.sort(key=lambda fact: fact.tick)
    stops = np.cumsum(sizes, dtype=int).tolist()
    return [every[stop - size : stop] for size, stop in zip(sizes, stops, strict=True)]


def write(findings: Findings, batch: list[Fact]) -> list[int]:
    columns: dict[str, Any] = {name: [getattr(fact, name) for fact in batch] for name in DTYPES}
    return [int(i) for i in findings.append(**columns)]


def assert_remembers(findings: Findings, model: list[Fact]) -> None:
    assert len(findings) == len(model)
    columns = findings.columns()
    assert {name: column.dtype for name, column in columns.items()} == DTYPES
    assert list(zip(*(column.tolist() for column in columns.values()), strict=True)) == [
        astuple(fact) for fact in model
    ]
    newest = list(enumerate(model))[::-1]
    for relation in range(RELATIONS):
        for entity in range(ENTITIES):
            assert findings.lookup(entity, relation).tolist() == [
                i for i, fact in newest if (fact.head, fact.relation) == (entity, relation)
            ]
            assert findings.lookup_inverse(entity, relation).tolist() == [
                i for i, fact in newest if (fact.tail, fact.relation) == (entity, relation)
            ]
    for author in range(-1, AUTHORS + 2):
        assert findings.by_author(author).tolist() == [
            i for i, fact in newest if fact.author == author
        ]


@settings(deadline=None, max_examples=50)
@given(history=histories())
def test_memory_equals_a_list_of_facts(history: list[list[Fact]]) -> None:
    findings = Findings(ENTITIES, RELATIONS)
    model: list[Fact] = []
    for batch in history:
        ids = write(findings, batch)
        assert ids == list(range(len(model), len(model) + len(batch)))
        model += batch
        assert_remembers(findings, model)


@settings(deadline=None, max_examples=50)
@given(history=histories(), cut=st.integers(0, 6))
def test_a_restored_memory_goes_on_as_if_never_stopped(history: list[list[Fact]], cut: int) -> None:
    whole, first, resumed = (Findings(ENTITIES, RELATIONS) for _ in range(3))
    for batch in history[:cut]:
        write(whole, batch)
        write(first, batch)
    saved = first.state()
    write(resumed, [Fact(0, 0, 0, 9, 99, 0, 1.0, 1.0, 0)])  # what was there must go
    resumed.restore(saved)
    for batch in history[cut:]:
        write(whole, batch)
        write(resumed, batch)
    assert_remembers(resumed, [fact for batch in history for fact in batch])
    before, after = whole.state(), resumed.state()
    assert {name: column.tobytes() for name, column in before.items()} == {
        name: column.tobytes() for name, column in after.items()
    }


@given(
    ticks=st.lists(st.integers(0, 20), max_size=30).map(sorted),
    now=st.integers(0, 30),
    embargo=st.integers(0, 10),
)
def test_findings_are_private_for_the_embargo_and_public_thereafter(
    ticks: list[int], now: int, embargo: int
) -> None:
    findings = Findings(2, 1)
    findings.append(0, 0, 1, author=1, tick=ticks, engine=0, confidence=1, evidence=0)
    public = [i for i, tick in enumerate(ticks) if now - tick >= embargo]
    assert list(range(findings.public_count(now, embargo))) == public


def test_scalars_hold_for_the_whole_batch() -> None:
    findings = Findings(9, 2)
    ids = findings.append(
        [1, 2, 3], 1, 4, author=[7, 8, 7], tick=5, engine=3, confidence=0.5, evidence=6
    )
    assert ids.tolist() == [0, 1, 2]
    assert findings.lookup_inverse(4, 1).tolist() == [2, 1, 0]
    assert findings.by_author(7).tolist() == [2, 0]
    alone = findings.append(0, 0, 0, author=0, tick=5, engine=0, confidence=0, evidence=0)
    assert alone.tolist() == [3]
    assert alone.dtype == np.int64


def test_views_are_read_only_and_outlive_growth_and_restore() -> None:
    findings = Findings(9, 2)
    findings.append(3, 1, 4, author=7, tick=5, engine=3, confidence=0.5, evidence=6)
    view = findings.columns()["head"]
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    saved = findings.state()
    findings.append(
        np.zeros(5_000, int), 1, 4, author=7, tick=5, engine=3, confidence=0.5, evidence=6
    )
    findings.restore(saved)
    findings.append(8, 1, 4, author=7, tick=5, engine=3, confidence=0.5, evidence=6)
    assert view.tolist() == [3]
    assert saved["head"].tolist() == [3]
    assert findings.columns()["head"].tolist() == [3, 8]


def test_a_frame_has_the_columns_and_ids() -> None:
    findings = Findings(9, 2)
    findings.append([3, 5], 1, 4, author=7, tick=5, engine=3, confidence=0.5, evidence=6)
    frame = findings.to_frame()
    assert list(frame.columns) == list(DTYPES)
    assert frame.index.name == "id"
    assert frame["head"].tolist() == [3, 5]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"head": 9}, r"head must lie in 0\.\.8"),
        ({"tail": [-1]}, r"tail must lie in 0\.\.8"),
        ({"relation": 2}, r"relation must lie in 0\.\.1"),
        ({"author": -1}, "author must lie in"),
        ({"author": 2**27}, "author must lie in"),
        ({"engine": 128}, r"engine must lie in 0\.\.127"),
        ({"tick": 2**31}, "tick must lie in"),
        ({"tick": 4}, "time runs forward.*tick 4 cannot follow one of tick 5"),
        ({"tick": [6, 8, 7]}, "time runs forward.*tick 7 cannot follow one of tick 8"),
        ({"head": 1.5}, "whole numbers"),
        ({"evidence": 2**63}, "evidence must lie in"),
        ({"confidence": 1.01}, r"\[0, 1\]"),
        ({"confidence": float("nan")}, r"\[0, 1\]"),
        ({"confidence": "sure"}, r"\[0, 1\]"),
        ({"credence": 1.01}, r"\[0, 1\]"),
        ({"head": [1, 2], "tail": [1, 2, 3]}, "one length"),
        ({"head": [[1, 2]]}, "one column"),
    ],
)
def test_a_wrong_batch_is_refused_whole(wrong: dict[str, Any], message: str) -> None:
    findings = Findings(9, 2)
    right = dict.fromkeys(DTYPES, 1) | {"tick": 5}
    findings.append(**right)
    before = findings.state()
    with pytest.raises(FindingError, match=message):
        findings.append(**(right | wrong))
    after = findings.state()
    assert all((before[name] == after[name]).all() for name in DTYPES)
    assert findings.by_author(1).tolist() == [0]


def test_other_errors_say_what_is_allowed() -> None:
    findings = Findings(9, 2)
    with pytest.raises(FindingError, match="lookup_inverse"):
        findings.lookup(0, 2)
    with pytest.raises(FindingError, match=r"tail must lie in 0\.\.8"):
        findings.lookup_inverse(-1, 0)
    with pytest.raises(FindingError, match="0 or more ticks"):
        findings.public_count(3, -1)
    with pytest.raises(FindingError, match="such as Findings"):
        Findings(0, 2)
    with pytest.raises(FindingError, match="has the columns"):
        findings.restore({"head": np.zeros(1, np.int32)})
    larger = Findings(20, 2)
    larger.append(19, 1, 4, author=7, tick=5, engine=3, confidence=0.5, evidence=6)
    findings.append(3, 1, 4, author=7, tick=5, engine=3, confidence=0.5, evidence=6)
    with pytest.raises(FindingError, match=r"head must lie in 0\.\.8"):
        findings.restore(larger.state())
    assert findings.lookup(3, 1).tolist() == [0]
