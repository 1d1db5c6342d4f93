"""Every query of a memory, and of readers of a part of it, beside a plain list of facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory.facts import FOREVER, FactError, Facts, Reader, hops, index

ENTITIES, RELATIONS, AUTHORS = 4, 3, 4
DIRECTIONS = ("out", "in", "both")


@dataclass
class Fact:
    """One row of the plain memory."""

    subject: int
    relation: int
    object: int
    author: int
    tick: int
    confidence: float
    credence: float
    valid_from: int
    valid_to: int
    evidence: list[int]
    ended: int = FOREVER


class Plain:
    """The same memory as a list, looked through from one end to the other."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def supersede(self, fact: Fact, everyone: bool) -> None:
        for old in self.facts:
            same = (old.subject, old.relation) == (fact.subject, fact.relation)
            if same and old.ended == FOREVER and (everyone or old.author == fact.author):
                old.ended = fact.tick
        self.facts.append(fact)

    def that_fit(self, seen: set[int] | None = None, **asked: Any) -> list[int]:
        """Ids of the facts that fit, of those that are seen."""
        as_of, valid_at = asked.get("as_of"), asked.get("valid_at")
        found = []
        for i, fact in enumerate(self.facts):
            fits = seen is None or i in seen
            for name in ("subject", "relation", "object", "author"):
                fits &= asked.get(name) in (None, getattr(fact, name))
            weight = np.float32(fact.confidence) * np.float32(fact.credence)
            fits &= bool(weight >= np.float32(asked.get("min_confidence", 0.0)))
            fits &= as_of is None or fact.tick <= as_of
            fits &= bool(asked.get("ended")) or fact.ended > (
                FOREVER - 1 if as_of is None else as_of
            )
            fits &= valid_at is None or fact.valid_from <= valid_at < fact.valid_to
            if fits and (asked.get("before") is None or i < asked["before"]):
                found.append(i)
        return found

    def links(self, entity: int, direction: str, **asked: Any) -> list[tuple[int, int]]:
        """What an entity is linked with, and the ids of the facts, in their order."""
        found = []
        for i in self.that_fit(**asked):
            fact = self.facts[i]
            if direction != "in" and fact.subject == entity:
                found.append((fact.object, i))
            elif direction != "out" and fact.object == entity:
                found.append((fact.subject, i))
        return found

    def two_hops(self, entity: int, direction: str, nearer: bool, **asked: Any) -> list[int]:
        near = {other for other, _ in self.links(entity, direction, **asked)}
        far = {other for each in near for other, _ in self.links(each, direction, **asked)}
        return sorted((far | near if nearer else far) - {entity})

    def discoveries(self, fact: tuple[int, int, int], most: int, **asked: Any) -> list[int]:
        first: dict[int, int] = {}
        named: dict[str, Any] = dict(zip(("subject", "relation", "object"), fact, strict=True))
        for i in self.that_fit(**named, **asked):
            first.setdefault(self.facts[i].author, i)
        found = sorted(first.values())[:most]
        return found + [-1] * (most - len(found))


def draw(rng: np.random.Generator, tick: int, known: int) -> Fact:
    # One entity in two is entity 0, so that its row is long.
    subject, object_ = (int(rng.integers(ENTITIES)) * int(rng.integers(2)) for _ in range(2))
    begin = int(rng.integers(5))
    return Fact(
        subject,
        int(rng.integers(RELATIONS)),
        object_,
        int(rng.integers(AUTHORS)),
        tick,
        float(np.float32(rng.random())),
        float(rng.choice([1.0, 0.5])),
        begin,
        begin + int(rng.integers(1, 5)),
        rng.integers(0, known, int(rng.integers(3))).tolist() if known else [],
    )


def said(facts: list[Fact], *names: str) -> dict[str, Any]:
    columns = {name: [getattr(fact, name) for fact in facts] for name in names}
    grounds = [fact.evidence for fact in facts]
    return {
        **columns,
        "evidence": (
            np.array([i for each in grounds for i in each], int),
            [len(g) for g in grounds],
        ),
    }


NAMES = tuple(name for name in Fact.__annotations__ if name not in ("evidence", "ended"))


def live(rng: np.random.Generator, memory: Facts, plain: Plain, steps: int) -> Iterator[int]:
    """Do the same to both, step by step; yields ticks."""
    tick = plain.facts[-1].tick if plain.facts else 0
    for _ in range(steps):
        tick += int(rng.integers(2))
        known, what = len(plain.facts), int(rng.integers(6))
        if what == 0:
            new = [draw(rng, tick, known) for _ in range(rng.integers(20))]
            ids = memory.append(**said(new, *NAMES))
            assert ids.tolist() == list(range(known, known + len(new)))
            plain.facts += new
        elif what in (1, 2):
            for _ in range(rng.integers(10)):
                one = draw(rng, tick, known)
                values = {name: getattr(one, name) for name in NAMES}
                given: dict[str, Any] = values | {"evidence": one.evidence}
                assert memory.add(**given) == len(plain.facts)
                plain.facts.append(one)
        elif what == 3:
            new = [draw(rng, tick, known) for _ in range(rng.integers(1, 6))]
            everyone = bool(rng.integers(2))
            memory.supersede(**said(new, *NAMES), everyone=everyone)
            for one in new:
                plain.supersede(one, everyone)
        elif what == 4 and known:
            ended = rng.integers(0, known, 2)
            stood = memory.end(ended, tick).tolist()
            assert stood == [i for i in sorted(set(ended)) if plain.facts[i].ended == FOREVER]
            for i in stood:
                plain.facts[i].ended = tick
        elif what == 5:
            memory.compact()
        yield tick


def conditions(rng: np.random.Generator, tick: int, known: int) -> dict[str, Any]:
    """Some of the conditions there are, at random."""
    every: dict[str, Any] = {
        "author": int(rng.integers(-1, AUTHORS + 1)),
        "min_confidence": float(rng.random()),
        "as_of": int(rng.integers(-1, tick + 2)),
        "valid_at": int(rng.integers(-1, 9)),
        "ended": True,
        "before": int(rng.integers(-1, known + 2)),
    }
    return {name: value for name, value in every.items() if rng.random() < 0.25}


def lists(offsets: np.ndarray, values: np.ndarray) -> list[list[int]]:
    assert offsets[0] == 0
    assert offsets[-1] == len(values)
    return [part.tolist() for part in np.split(values, offsets[1:-1])]


def assert_answers(
    rng: np.random.Generator,
    memory: Facts | Reader,
    plain: Plain,
    tick: int,
    seen: set[int] | None = None,
) -> None:
    """One query of each kind, of random conditions."""
    asked = conditions(rng, tick, len(plain.facts))
    model = asked | {"seen": seen}
    one: dict[str, Any] = dict(
        zip(("subject", "relation", "object"), rng.integers(-3, 3, 3).tolist(), strict=True)
    )
    one = {name: value for name, value in one.items() if value >= 0}
    assert memory.match(**one, **asked).tolist() == plain.that_fit(**one, **model)

    relations = rng.integers(0, RELATIONS, ENTITIES)
    for end in ("subject", "object"):
        given: dict[str, Any] = {end: np.arange(ENTITIES)}
        found = lists(*memory.match_many(**given, relation=relations, **asked))
        for entity, relation in enumerate(relations.tolist()):
            pair: dict[str, Any] = {end: entity, "relation": relation}
            fit = plain.that_fit(**pair, **model)
            assert found[entity] == fit

    direction: Any = DIRECTIONS[rng.integers(3)]
    relation = int(rng.integers(-RELATIONS, RELATIONS))
    some: dict[str, Any] = {} if relation < 0 else {"relation": relation}
    nearer = bool(rng.integers(2))
    start = np.arange(ENTITIES)
    offsets, others, ids = memory.neighbours(start, direction=direction, **some, **asked)
    links = [plain.links(entity, direction, **some, **model) for entity in range(ENTITIES)]
    assert lists(offsets, others) == [[other for other, _ in each] for each in links]
    assert lists(offsets, ids) == [[i for _, i in each] for each in links]
    hops = memory.two_hops(start, direction=direction, nearer=nearer, **some, **asked)
    assert lists(*hops) == [
        plain.two_hops(entity, direction, nearer, **some, **model) for entity in range(ENTITIES)
    ]

    fact, most = (0, int(rng.integers(RELATIONS)), 0), int(rng.integers(1, 4))
    before = {name: value for name, value in asked.items() if name == "before"}
    assert memory.discoveries(*fact, most=most, **before).tolist() == [
        plain.discoveries(fact, most, seen=seen, **before)
    ]


def assert_same_state(memory: Facts, other: Facts) -> None:
    left, right = memory.state(), other.state()
    assert {name: (column.dtype, column.tobytes()) for name, column in left.items()} == {
        name: (column.dtype, column.tobytes()) for name, column in right.items()
    }


def check(seed: int, least: int, steps: int) -> None:
    """A life in which lists are merged whenever they hold more than `least` facts and a share."""
    rng = np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "LEAST", least)
        patch.setattr(index, "SHARE", 0.25)
        patch.setattr(hops, "_TOGETHER", 3)
        memory, plain = Facts(ENTITIES, RELATIONS), Plain()
        for tick in live(rng, memory, plain, steps):
            assert len(memory) == len(plain.facts)
            known = len(plain.facts)
            if rng.random() < 0.5:  # else what was added waits
                before = int(rng.integers(0, known + 1))
                also = rng.integers(0, known, 5) if known else np.empty(0, int)
                reader = memory.reader(before, also)
                assert_answers(rng, memory, plain, tick)
                assert_answers(rng, reader, plain, tick, {*range(before), *also.tolist()})
            if rng.random() < 0.2:
                memory.restore(resumed(memory).state())
        columns = memory.columns()
        for name in (*NAMES, "ended"):
            assert columns[name].tolist() == [getattr(fact, name) for fact in plain.facts]
        grounds, counts = memory.evidence(np.arange(len(plain.facts)))
        offsets = np.append(0, np.cumsum(counts))
        if plain.facts:
            assert lists(offsets, grounds) == [fact.evidence for fact in plain.facts]


def resumed(memory: Facts) -> Facts:
    """What comes back from a saved state, which taking it did not change."""
    other = Facts(ENTITIES, RELATIONS)
    other.append(0, 0, 0, author=9, tick=99, evidence=([], [0]))  # what was there must go
    other.restore(memory.state())
    assert_same_state(memory, other)
    return other


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), least=st.sampled_from([1, 5, 40, 4096]))
def test_queries_equal_those_of_a_list(seed: int, least: int) -> None:
    check(seed, least, 12)


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 2**32 - 1), least=st.sampled_from([1, 5, 40, 4096]))
def test_queries_equal_those_of_a_list_over_long_lives(seed: int, least: int) -> None:
    check(seed, least, 40)


def test_a_long_row_takes_newer_facts_at_its_ends_and_between() -> None:
    memory, relation = Facts(2, 5), [2, 3] * 12
    for newer in ([], [0, 4, 1, 3, 0], [2, 0, 4]):
        relation += newer
        memory.append(0, relation[len(memory) :], 1, author=0, tick=0)
        memory.compact()
        for asked in range(5):
            said = [i for i, each in enumerate(relation) if each == asked]
            assert memory.match(subject=0, relation=asked).tolist() == said


def test_the_index_of_authors_grows_as_they_come() -> None:
    memory, rng = Facts(2, 1), np.random.default_rng(1)
    author = np.empty(0, int)
    for known in (10, 40, 25, 160):
        author = np.append(author, rng.integers(0, known, 50))
        memory.append(0, 0, 1, author=author[len(memory) :], tick=0)
        for asked in (0, 3, 9, 12, 39, known - 1):
            assert memory.match(author=asked).tolist() == np.flatnonzero(author == asked).tolist()
        memory.compact()


def test_errors_of_queries_say_what_is_allowed() -> None:
    memory = Facts(4, 2)
    memory.append(0, 1, 2, author=3, tick=5)
    with pytest.raises(FactError, match='"out", "in" or "both"'):
        memory.neighbours([0], direction="up")  # type: ignore[arg-type]
    with pytest.raises(FactError, match=r"entities must lie in 0\.\.3"):
        memory.two_hops([4])
    with pytest.raises(FactError, match="subjects or objects"):
        memory.match_many(relation=[1])
    with pytest.raises(FactError, match="one length"):
        memory.match_many([0, 1], [0, 1, 1])
    with pytest.raises(FactError, match=r"relation must lie in 0\.\.1"):
        memory.match_many([0], 2)
    assert lists(*memory.match_many([0, 1], 1)) == [[0], []]


def test_bytes_are_counted_and_bounded() -> None:
    memory = Facts(100, 2)
    memory.append(np.arange(10_000) % 100, 0, 5, author=np.arange(10_000) % 7, tick=1)
    assert memory.match(author=3).size == 1429
    parts = memory.nbytes
    assert parts["columns"] == 470_000
    assert parts["evidence"] <= 8
    indexes = sum(count for name, count in parts.items() if name.startswith("index of"))
    assert indexes <= 3 * 4 * 10_000 + 8 * (100 + 100 + 16) + 12
