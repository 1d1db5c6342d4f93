"""Belief in a statement against its rule, written plainly."""

from dataclasses import dataclass
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory.facts import FOREVER, FactError, Facts
from swarm.memory.facts.combining import belief, contested

ENTITIES, RELATIONS, AUTHORS = 3, 2, 4
STATEMENTS = [(s, r, o) for s in range(ENTITIES) for r in range(RELATIONS) for o in range(ENTITIES)]
EVERY = tuple(np.array(STATEMENTS).T)


@dataclass(frozen=True)
class Claim:
    subject: int
    relation: int
    object: int
    author: int
    confidence: float
    credence: float
    evidence: tuple[int, ...]


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    """Facts about few things, most of the first, derived from few or none before."""
    count = draw(st.integers(0, 14))
    weights = st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.0])
    return [
        Claim(
            *draw(st.sampled_from([(0, 0, 1), (0, 0, 1), (0, 0, 2), *STATEMENTS])),
            author=draw(st.integers(0, AUTHORS - 1)),
            confidence=draw(weights),
            credence=draw(weights),
            evidence=tuple(draw(st.lists(st.integers(0, i - 1), max_size=2))) if i else (),
        )
        for i in range(count)
    ]


def memory(every: list[Claim]) -> Facts:
    facts = Facts(ENTITIES, RELATIONS)
    for tick, claim in enumerate(every):
        facts.append(
            claim.subject,
            claim.relation,
            claim.object,
            author=claim.author,
            tick=tick,
            confidence=claim.confidence,
            credence=claim.credence,
            evidence=(np.array(claim.evidence, int), [len(claim.evidence)]),
        )
    return facts


def expected(
    every: list[Claim],
    standing: list[int],
    statement: tuple[int, int, int],
    credence: list[float] | None = None,
    depth: int = 2,
) -> float:
    """The rule word for word: sets of claims that depend on one another, one after another."""

    def weight(i: int) -> float:
        believed = every[i].credence if credence is None else credence[every[i].author]
        return float(np.float32(every[i].confidence)) * float(np.float32(believed))

    def grounds(i: int, links: int) -> set[int]:
        return {i}.union(*(grounds(g, links - 1) for g in every[i].evidence if links))

    voices: list[set[int]] = []
    for i in standing:
        claim = every[i]
        if (claim.subject, claim.relation, claim.object) != statement or not weight(i):
            continue
        tied = [
            voice
            for voice in voices
            if any(
                every[j].author == claim.author or grounds(i, depth) & grounds(j, depth)
                for j in voice
            )
        ]
        voices = [voice for voice in voices if voice not in tied] + [{i}.union(*tied)]
    return 1 - prod(1 - max(map(weight, voice)) for voice in voices)


@settings(deadline=None, max_examples=35)
@given(
    every=claims(),
    depth=st.integers(0, 3),
    credence=st.none() | st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=4, max_size=4),
    ended=st.sets(st.integers(0, 13)),
    before=st.none() | st.integers(0, 14),
    as_of=st.none() | st.integers(0, 20),
    unasked=st.sets(st.integers(2, 17), max_size=8),
)
def test_belief_is_noisy_or_of_what_is_independent(
    every: list[Claim],
    depth: int,
    credence: list[float] | None,
    ended: set[int],
    before: int | None,
    as_of: int | None,
    unasked: set[int],
) -> None:
    facts = memory(every)
    gone = [i for i in ended if i < len(every)]
    facts.end(gone, 15)
    standing = [
        i
        for i in range(len(every))
        if (before is None or i < before)
        and (as_of is None or i <= as_of)
        and (i not in gone or (as_of is not None and as_of < 15))
    ]
    asked = [statement for i, statement in enumerate(STATEMENTS) if i not in unasked]
    wanted = [expected(every, standing, statement, credence, depth) for statement in asked]

    def ask(subject: object, relation: object, object_: object) -> list[float]:
        return belief(
            facts, subject, relation, object_, credence=credence, depth=depth,
            before=before, as_of=as_of,
        ).tolist()  # fmt: skip

    assert ask(*zip(*asked, strict=True)) == pytest.approx(wanted, abs=1e-12)
    # Few statements are looked up one by one: the answers are the same, in the order asked for.
    few = ask([0, 0, 0], [0, 0, 0], [1, 0, 1])
    assert few == pytest.approx([wanted[1], wanted[0], wanted[1]], abs=1e-12)


@settings(deadline=None, max_examples=15)
@given(every=claims(), which=st.integers(0, 13), louder=st.floats(0, 1))
def test_belief_does_not_fall_when_a_claim_grows_surer(
    every: list[Claim], which: int, louder: float
) -> None:
    if which >= len(every) or not every[which].confidence:
        return
    surer = every.copy()
    raised = max(louder, every[which].confidence)
    surer[which] = Claim(*(vars(every[which]) | {"confidence": raised}).values())
    assert (belief(memory(surer), *EVERY) >= belief(memory(every), *EVERY)).all()


@settings(deadline=None, max_examples=15)
@given(every=claims(), shuffle=st.randoms())
def test_belief_does_not_depend_on_the_order_of_the_claims(every: list[Claim], shuffle) -> None:  # type: ignore[no-untyped-def]
    order: list[int] = []
    while len(order) < len(every):
        waiting = [i for i in range(len(every)) if i not in order]
        order.append(shuffle.choice([i for i in waiting if {*every[i].evidence} <= {*order}]))
    moved = [
        Claim(*(vars(every[i]) | {"evidence": tuple(map(order.index, every[i].evidence))}).values())
        for i in order
    ]
    np.testing.assert_allclose(
        belief(memory(moved), *EVERY), belief(memory(every), *EVERY), rtol=0, atol=1e-12
    )


@settings(deadline=None, max_examples=15)
@given(every=claims(), which=st.integers(0, 13), cites=st.booleans())
def test_repeating_gains_nothing(every: list[Claim], which: int, cites: bool) -> None:
    """Neither an author who says it again nor somebody else who cites what it repeats."""
    if which >= len(every):
        return
    said = vars(every[which])
    again = said | ({"author": 9, "evidence": (which,)} if cites else {"evidence": ()})
    before = belief(memory(every), *EVERY)
    after = belief(memory([*every, Claim(*again.values())]), *EVERY)
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-12)


def test_independent_claims_are_combined_by_noisy_or() -> None:
    facts = Facts(9, 1)
    facts.append(1, 0, 2, author=[0, 1, 2], tick=0, confidence=[0.5, 0.25, 0.75], credence=0.5)
    assert belief(facts, 1, 0, 2).tolist() == [1 - 0.75 * 0.875 * 0.625]
    assert belief(facts, 1, 0, [3, 2], credence=[1, 0, 1]).tolist() == [0, 1 - 0.5 * 0.25]


def test_many_statements_at_once_are_not_taken_for_others() -> None:
    facts = Facts(9, 3)
    facts.append(1, [0, 1, 2], 2, author=0, tick=0)
    assert belief(facts, 1, 1, np.arange(9)).tolist() == [0, 0, 1] + [0] * 6
    facts.end(1, 3)
    assert belief(facts, 1, 1, np.arange(9)).tolist() == [0] * 9


def test_copies_are_found_as_many_links_back_as_asked_for() -> None:
    facts = Facts(9, 1)
    facts.append(1, 0, 2, author=0, tick=0, confidence=0.5)
    facts.append(5, 0, 6, author=1, tick=0, evidence=([0], [1]))
    facts.append(1, 0, 2, author=2, tick=0, confidence=0.5, evidence=([1], [1]))
    asked = [belief(facts, 1, 0, 2, depth=depth).item() for depth in (0, 1, 2, 3)]
    assert asked == [0.75, 0.75, 0.5, 0.5]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_long_chain_of_copies_is_one_voice(backwards: bool) -> None:
    facts, count = Facts(9, 1), 40
    facts.append(5, 0, 6, author=0, tick=0, confidence=[1.0] * count)
    # Each shares a ground with the one before, so that all depend on the first.
    place = np.arange(count - 1)[:: -1 if backwards else 1]
    shared = np.column_stack((place, place + 1)).ravel()
    author, voices = 1 + np.arange(count - 1), [2] * (count - 1)
    facts.append(1, 0, 2, author=author, tick=0, confidence=0.5, evidence=(shared, voices))
    assert belief(facts, 1, 0, 2).tolist() == [0.5]


def test_a_claim_from_the_grounds_of_two_voices_makes_them_one_unless_it_is_not_heard() -> None:
    facts = Facts(9, 1)
    facts.append([3, 4], 0, 5, author=7, tick=0)
    facts.append(1, 0, 2, author=[0, 1], tick=0, confidence=0.5, evidence=([0, 1], [1, 1]))
    assert belief(facts, 1, 0, 2).tolist() == [0.75]
    facts.append(1, 0, 2, author=2, tick=0, confidence=0.5, evidence=([0, 1], [2]))
    assert belief(facts, 1, 0, 2).tolist() == [0.5]
    assert belief(facts, 1, 0, 2, credence=[1, 1, 0]).tolist() == [0.75]


def test_contested_objects_stand_by_belief() -> None:
    facts = Facts(9, 3)
    facts.append(1, 0, [2, 3, 3, 4], author=[0, 1, 2, 3], tick=0, confidence=[0.6, 0.5, 0.5, 0.6])
    facts.append([1, 5, 5, 6], [2, 0, 0, 0], [2, 7, 7, 8], author=4, tick=0)  # nobody objects
    facts.append(7, 0, [1, 2], author=5, tick=0, valid_from=[0, 3], valid_to=[3, FOREVER])
    found = contested(facts, None, 0)
    assert [column.tolist() for column in found[:3]] == [
        [1, 1, 1, 7, 7], [0] * 5, [3, 2, 4, 1, 2]
    ]  # fmt: skip
    np.testing.assert_allclose(found.belief, [0.75, 0.6, 0.6, 1, 1], atol=1e-7)
    assert contested(facts, [7, 1], 0).object.tolist() == [3, 2, 4, 1, 2]
    assert contested(facts, [7, 1], 0, valid_at=2).object.tolist() == [3, 2, 4]
    assert contested(facts, 1, 0, credence=[1, 0, 0, 1, 1, 1]).object.tolist() == [2, 4, 3]
    assert contested(facts, [1, 5, 6], [2, 0, 0]).object.size == 0
    facts.end([1, 2, 3], 4)
    assert contested(facts, 1, 0).object.size == 0
    assert contested(facts, 1, 0, as_of=3).object.tolist() == [3, 2, 4]


def test_only_what_holds_supports() -> None:
    facts = Facts(9, 1)
    facts.append(1, 0, 2, author=[0, 1], tick=0, confidence=0.5, valid_to=[4, 9])
    facts.append(1, 0, 3, author=2, tick=0, confidence=0.5)
    assert [belief(facts, 1, 0, 2, valid_at=tick).item() for tick in (3, 4, 9)] == [0.75, 0.5, 0]
    assert contested(facts, 1, 0, valid_at=3).belief.tolist() == [0.75, 0.5]
    assert contested(facts, 1, 0, valid_at=4).belief.tolist() == [0.5, 0.5]
    assert contested(facts, 1, 0, before=2).belief.tolist() == []
    facts.append(1, 0, 3, author=3, tick=1, confidence=0.5)
    assert contested(facts, 1, 0).belief.tolist() == [0.75, 0.75]
    assert contested(facts, 1, 0, before=3).belief.tolist() == [0.75, 0.5]
    assert contested(facts, 1, 0, as_of=0).belief.tolist() == [0.75, 0.5]


def test_nothing_is_believed_of_an_empty_memory() -> None:
    facts = Facts(9, 3)
    assert belief(facts, np.arange(9), 0, 1).tolist() == [0] * 9
    assert belief(facts, [], [], []).tolist() == []
    assert contested(facts, None, [0, 1]).belief.tolist() == []


def test_what_cannot_be_asked_is_explained() -> None:
    facts = Facts(9, 3)
    facts.append(1, 0, 2, author=4, tick=0)
    with pytest.raises(FactError, match="one length"):
        belief(facts, [1, 2], 0, [1, 2, 3])
    with pytest.raises(FactError, match="author 4 made a claim; got 4"):
        belief(facts, 1, 0, 2, credence=[1, 1, 1, 1])
    with pytest.raises(FactError, match="depth"):
        belief(facts, 1, 0, 2, depth=-1)
    with pytest.raises(FactError, match=r"subject must lie in 0\.\.8"):
        belief(facts, 9, 0, 2)
