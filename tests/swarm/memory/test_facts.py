"""The shared memory against a plain list of facts."""

from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory import FactError, Facts
from swarm.memory.facts.columns import COLUMNS

ENTITIES, RELATIONS, AUTHORS = 5, 3, 6
DTYPES: dict[str, Any] = dict(COLUMNS)
GIVEN = ["subject", "relation", "object", "author", "tick", "engine", "confidence", "credence"]


@dataclass(frozen=True)
class Fact:
    subject: int
    relation: int
    object: int
    author: int
    tick: int
    engine: int
    confidence: float
    credence: float


entities = st.integers(0, ENTITIES - 1)
facts = st.builds(
    Fact,
    subject=entities,
    relation=st.integers(0, RELATIONS - 1),
    object=entities,
    author=st.integers(0, AUTHORS - 1),
    tick=st.integers(0, 12),
    engine=st.integers(0, 127),
    confidence=st.floats(0, 1, width=32),
    credence=st.floats(0, 1, width=32),
)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Fact]]:
    """Batches of facts whose ticks never decrease."""
    sizes = draw(st.lists(st.integers(0, 12), max_size=6))
    every = draw(st.lists(facts, min_size=sum(sizes), max_size=sum(sizes)))
    every.sort(key=lambda fact: fact.tick)
    stops = np.cumsum(sizes, dtype=int).tolist()
    return [every[stop - size : stop] for size, stop in zip(sizes, stops, strict=True)]


def write(findings: Facts, batch: list[Fact]) -> list[int]:
    columns: dict[str, Any] = {name: [getattr(fact, name) for fact in batch] for name in GIVEN}
    return [int(i) for i in findings.append(**columns)]


def assert_remembers(findings: Facts, model: list[Fact]) -> None:
    assert len(findings) == len(model)
    columns = findings.columns()
    assert {name: column.dtype for name, column in columns.items()} == DTYPES
    assert list(zip(*(columns[name].tolist() for name in GIVEN), strict=True)) == [
        astuple(fact) for fact in model
    ]
    known = list(enumerate(model))
    for relation in range(RELATIONS):
        for entity in range(ENTITIES):
            assert findings.match(subject=entity, relation=relation).tolist() == [
                i for i, fact in known if (fact.subject, fact.relation) == (entity, relation)
            ]
            assert findings.match(object=entity, relation=relation).tolist() == [
                i for i, fact in known if (fact.object, fact.relation) == (entity, relation)
            ]
    for author in range(-1, AUTHORS + 2):
        assert findings.match(author=author).tolist() == [
            i for i, fact in known if fact.author == author
        ]


@settings(deadline=None, max_examples=15)
@given(history=histories())
def test_memory_equals_a_list_of_facts(history: list[list[Fact]]) -> None:
    findings = Facts(ENTITIES, RELATIONS)
    model: list[Fact] = []
    for batch in history:
        ids = write(findings, batch)
        assert ids == list(range(len(model), len(model) + len(batch)))
        model += batch
        assert_remembers(findings, model)


@settings(deadline=None, max_examples=15)
@given(history=histories(), cut=st.integers(0, 6))
def test_a_restored_memory_goes_on_as_if_never_stopped(history: list[list[Fact]], cut: int) -> None:
    whole, first, resumed = (Facts(ENTITIES, RELATIONS) for _ in range(3))
    for batch in history[:cut]:
        write(whole, batch)
        write(first, batch)
    saved = first.state()
    write(resumed, [Fact(0, 0, 0, 9, 99, 0, 1.0, 1.0)])  # what was there must go
    resumed.restore(saved)
    for batch in history[cut:]:
        write(whole, batch)
        write(resumed, batch)
    assert_remembers(resumed, [fact for batch in history for fact in batch])
    before, after = whole.state(), resumed.state()
    assert {name: column.tobytes() for name, column in before.items()} == {
        name: column.tobytes() for name, column in after.items()
    }


@settings(deadline=None, max_examples=25)
@given(
    ticks=st.lists(st.integers(0, 20), max_size=30).map(sorted),
    now=st.integers(0, 30),
    embargo=st.integers(0, 10),
)
def test_findings_are_private_for_the_embargo_and_public_thereafter(
    ticks: list[int], now: int, embargo: int
) -> None:
    findings = Facts(2, 1)
    findings.append(0, 0, 1, author=1, tick=ticks, engine=0, confidence=1)
    public = [i for i, tick in enumerate(ticks) if now - tick >= embargo]
    assert list(range(findings.public_count(now, embargo))) == public


def test_scalars_hold_for_the_whole_batch() -> None:
    findings = Facts(9, 2)
    ids = findings.append([1, 2, 3], 1, 4, author=[7, 8, 7], tick=5, engine=3, confidence=0.5)
    assert ids.tolist() == [0, 1, 2]
    assert findings.match(object=4, relation=1).tolist() == [0, 1, 2]
    assert findings.match(author=7).tolist() == [0, 2]
    alone = findings.append(0, 0, 0, author=0, tick=5, engine=0, confidence=0)
    assert alone.tolist() == [3]
    assert alone.dtype == np.int64


def test_views_are_read_only_and_outlive_growth_and_restore() -> None:
    findings = Facts(9, 2)
    findings.append(3, 1, 4, author=7, tick=5, engine=3, confidence=0.5)
    view = findings.columns()["subject"]
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    saved = findings.state()
    findings.append(np.zeros(5_000, int), 1, 4, author=7, tick=5, engine=3, confidence=0.5)
    findings.restore(saved)
    findings.append(8, 1, 4, author=7, tick=5, engine=3, confidence=0.5)
    assert view.tolist() == [3]
    assert saved["subject"].tolist() == [3]
    assert findings.columns()["subject"].tolist() == [3, 8]


def test_a_frame_has_the_columns_and_ids() -> None:
    findings = Facts(9, 2)
    findings.append([3, 5], 1, 4, author=7, tick=5, engine=3, confidence=0.5)
    frame = findings.to_frame()
    assert list(frame.columns) == list(DTYPES)
    assert frame.index.name == "id"
    assert frame["subject"].tolist() == [3, 5]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"subject": 9}, r"subject must lie in 0\.\.8"),
        ({"object": [-1]}, r"object must lie in 0\.\.8"),
        ({"relation": 2}, r"relation must lie in 0\.\.1"),
        ({"author": -1}, "author must lie in"),
        ({"author": 2**27}, "author must lie in"),
        ({"engine": 128}, r"engine must lie in 0\.\.127"),
        ({"tick": 2**31 - 1}, "tick must lie in"),
        ({"tick": 4}, "time runs forward.*tick 4 cannot follow one of tick 5"),
        ({"tick": [6, 8, 7]}, "time runs forward.*tick 7 cannot follow one of tick 8"),
        ({"subject": 1.5}, "whole numbers"),
        ({"confidence": 1.01}, r"\[0, 1\]"),
        ({"confidence": float("nan")}, r"\[0, 1\]"),
        ({"confidence": "sure"}, r"\[0, 1\]"),
        ({"credence": 1.01}, r"\[0, 1\]"),
        ({"subject": [1, 2], "object": [1, 2, 3]}, "one length"),
        ({"subject": [[1, 2]]}, "one column"),
    ],
)
def test_a_wrong_batch_is_refused_whole(wrong: dict[str, Any], message: str) -> None:
    findings = Facts(9, 2)
    right: dict[str, Any] = dict.fromkeys(GIVEN, 1) | {"tick": 5}
    findings.append(**right)
    before = findings.state()
    with pytest.raises(FactError, match=message):
        findings.append(**(right | wrong))
    after = findings.state()
    assert all((before[name] == after[name]).all() for name in DTYPES)
    assert findings.match(author=1).tolist() == [0]


def test_other_errors_say_what_is_allowed() -> None:
    findings = Facts(9, 2)
    with pytest.raises(FactError, match=r"relation must lie in 0\.\.1"):
        findings.match(0, 2)
    with pytest.raises(FactError, match=r"object must lie in 0\.\.8"):
        findings.match(object=-1)
    with pytest.raises(FactError, match="0 or more ticks"):
        findings.public_count(3, -1)
    with pytest.raises(FactError, match="such as Facts"):
        Facts(0, 2)
    with pytest.raises(FactError, match="has the columns"):
        findings.restore({"subject": np.zeros(1, np.int32)})
    larger = Facts(20, 2)
    larger.append(19, 1, 4, author=7, tick=5, engine=3, confidence=0.5)
    findings.append(3, 1, 4, author=7, tick=5, engine=3, confidence=0.5)
    with pytest.raises(FactError, match=r"subject must lie in 0\.\.8"):
        findings.restore(larger.state())
    assert findings.match(3, 1).tolist() == [0]
