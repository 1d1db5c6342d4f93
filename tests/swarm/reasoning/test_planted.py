"""Structures planted in graphs: each engine finds what it is there to find."""

from itertools import product

import numpy as np
import pytest

from swarm.reasoning import Engine
from swarm.reasoning.engines import (
    Abductive,
    Analogical,
    Causal,
    Counterfactual,
    Deductive,
    Inductive,
    Probabilistic,
)
from swarm.reasoning.engines.causal import kinds_of
from tests.swarm.reasoning.reference import Graph
from tests.swarm.reasoning.reference_engines import likeness


def settings(kind):
    """The variants that are settings of the engine itself, not stand-ins for it."""
    return [variant for variant in kind.variants() if isinstance(variant, kind)]


P, Q, R, S, T = range(5)


def chains(last: int) -> list[tuple[int, int, int]]:
    """a P b, b Q c and, but for the last chain, a R c; entities 3i, 3i + 1, 3i + 2."""
    facts = [(3 * i, P, 3 * i + 1) for i in range(last + 1)]
    facts += [(3 * i + 1, Q, 3 * i + 2) for i in range(last + 1)]
    return facts + [(3 * i, R, 3 * i + 2) for i in range(last)]


@pytest.mark.parametrize(
    "engine",
    [
        *settings(Inductive),
        *[law for law in settings(Deductive) if law.threshold <= 0.4],
        Deductive(threshold=0.7),
    ],
    ids=str,
)
def test_planted_rule_is_found(engine: Engine) -> None:
    last = 6
    evidence = Graph.of(chains(last)).evidence
    answers = engine.compile(evidence)[R, 3 * last]
    held, size = last, last + 1
    assert evidence.bodies.support[evidence.bodies.number[P, Q], R] == held
    assert evidence.bodies.size[evidence.bodies.number[P, Q]] == size
    assert answers.argmax() == 3 * last + 2
    assert np.sort(answers)[-2] < answers.max()


def test_deduction_chains_what_it_has_derived() -> None:
    """S follows from R and T; the last R is itself only derived."""
    last = 6
    first_free = 3 * (last + 1)
    facts = chains(last)
    facts += [(3 * i + 2, T, first_free + i) for i in range(last + 1)]
    facts += [(3 * i, S, first_free + i) for i in range(last)]
    evidence = Graph.of(facts).evidence
    source, answer = 3 * last, first_free + last

    once = Deductive(rounds=1).compile(evidence)[S]
    twice = Deductive(rounds=2, decay=0.3).compile(evidence)[S]
    assert once[source, answer] == 0
    law = -np.log(1 - last / (last + 1))  # S <- R, T: six of six pairs, one pseudo-count
    assert twice[source, answer] == pytest.approx(0.3 * law, rel=1e-5)
    assert twice[source].argmax() == answer


def test_deduction_keeps_both_directions_in_step() -> None:
    """Of two laws as good, R takes one and its inverse the other; S follows from R."""
    one, two, three, four, r, s = range(6)
    facts, n = [], 0
    for i in range(14):
        a, b, c, d = range(n, n + 4)
        n += 4
        facts += [(a, one, b), (b, four, c)] * (i != 13)
        facts += [(a, two, d), (d, three, c)] * (i != 12)
        facts += [(a, r, c)] * (i < 12) + [(a, s, c)] * (i < 4)
    evidence = Graph.of(facts).evidence
    genes = Deductive(threshold=0.1, top=1, rounds=2)
    answers = genes.compile(evidence)
    only_forward, only_backward = (48, 50), (52, 54)
    assert answers[r][only_forward] > 0
    assert answers[r][only_backward] == 0
    assert answers[r + 6].T[only_backward] > 0
    assert answers[s][only_forward] > 0
    assert answers[s][only_backward] > 0


def test_causation_sees_through_confounding_by_kind() -> None:
    """Hubs have Q and R in half of their pairs, independently; elsewhere P brings about R."""
    facts = []
    for i, j in product(range(8), repeat=2):
        if (i + j) % 2:
            facts.append((i, Q, j))
        if (i // 2 + j // 2) % 2:
            facts.append((i, R, j))
    pairs = [(n, n + 1) for n in range(8, 40, 2)]
    facts += [(x, P, y) for x, y in pairs[:10]]
    facts += [(x, R, y) for x, y in pairs[:5]]
    facts += [(x, Q, y) for x, y in pairs[10:]]
    source, confounded, caused = 40, 41, 42
    evidence = Graph.of([*facts, (source, Q, confounded), (source, P, caused)]).evidence

    naive = Causal(kinds=1).compile(evidence)[R, source]
    adjusted = Causal(kinds=2).compile(evidence)[R, source]
    assert naive[confounded] > naive[caused]
    assert adjusted[caused] > 10 * adjusted[confounded]
    assert adjusted.argmax() == caused


def test_kinds_are_told_apart_by_what_entities_take_part_in() -> None:
    """Sources of P, sources of Q, and targets of either."""
    facts = [(i, P, 10 + (i + k) % 5) for i in range(5) for k in range(3)]
    facts += [(i, Q, 10 + (i + k) % 5) for i in range(5, 10) for k in range(3)]
    kind = kinds_of(Graph.of(facts).evidence, 3)
    groups = [set(kind[group].tolist()) for group in (slice(5), slice(5, 10), slice(10, 15))]
    assert [len(group) for group in groups] == [1, 1, 1]
    assert len(set.union(*groups)) == 3


@pytest.mark.filterwarnings("error")
def test_kinds_of_a_ring_are_found_in_silence() -> None:
    """In a ring everybody is alike: one kind, and nothing to warn of."""
    ring = Graph.of([(i, P, (i + 1) % 5) for i in range(5)]).evidence
    assert set(kinds_of(ring, 4).tolist()) == {0}


def test_abduction_prefers_what_predicts_what_is_observed() -> None:
    """Supposing R(s, y), P(y, z) predicts Q(s, z): seen for one suspect, missed for the other."""
    facts = []
    for n in range(0, 18, 3):
        facts += [(n, R, n + 1), (n + 1, P, n + 2), (n, Q, n + 2)]
    source, suspect, other, seen, missing = range(18, 23)
    facts += [(suspect, P, seen), (other, P, missing), (source, Q, seen)]
    facts += [(n, R, y) for n, y in ((1, suspect), (4, other))]
    evidence = Graph.of(facts).evidence
    for engine in settings(Abductive):
        scores = engine.compile(evidence)[R, source]
        assert scores[suspect] > scores[other], engine
    forgiving, strict = (Abductive(miss=miss).compile(evidence)[R, source] for miss in (0.1, 1))
    assert strict[other] < forgiving[other]


def test_counterfactual_prefers_two_lines_of_evidence_to_one_that_is_stronger() -> None:
    """S foretells R six times in ten; P and Q three times each, independently."""
    facts, n = [], 0
    for body, held in ((S, 6), (P, 3), (Q, 3)):
        for i in range(10):
            facts.append((n, body, n + 1))
            facts += [(n, R, n + 1)] * (i < held)
            n += 2
    source, one_line, two_lines = n, n + 1, n + 2
    facts += [(source, S, one_line), (source, P, two_lines), (source, Q, two_lines)]
    evidence = Graph.of(facts).evidence

    factual = Inductive(aggregation="noisy-or").compile(evidence)[R, source]
    assert factual[one_line] > factual[two_lines] > 0
    survives = Counterfactual(penalty=1).compile(evidence)[R, source]
    assert survives[two_lines] > 0
    assert survives[one_line] == pytest.approx(0, abs=1e-6)
    lenient = Counterfactual(penalty=0).compile(evidence)[R, source]
    np.testing.assert_allclose(lenient, factual, rtol=1e-5)


def test_probability_lets_features_overrule_the_prior() -> None:
    """Who has feature P gets the rare answer, who has Q the common one."""
    rare, common, trait_of_rare, trait_of_common = range(4)
    facts = []
    for n in range(4, 8):
        facts += [(n, R, rare), (n, P, trait_of_rare)]
    for n in range(8, 20):
        facts += [(n, R, common), (n, Q, trait_of_common)]
    facts += [(20, P, trait_of_rare), (21, S, 22)]
    evidence = Graph.of(facts).evidence
    scores = Probabilistic(temperature=0.5, both_sides=False).compile(evidence)[R]
    assert scores[20].argmax() == rare
    assert scores[21].argmax() == common  # nothing known of it but the prior


# Surface likeness does not look at which facts are shared, and pragmatic likeness finds that
# here P and Q foretell nothing about R.
@pytest.mark.parametrize(
    "engine", [each for each in settings(Analogical) if each.level == "structural"], ids=str
)
def test_analogy_answers_for_one_twin_what_holds_for_the_other(engine: Analogical) -> None:
    twin, other, answer = 0, 1, 2
    facts = [(n, q, 10 + q) for n in (twin, other) for q in (P, Q)]
    facts += [(n, q, 12 + (n * 7 + q) % 5) for n in range(3, 10) for q in (P, Q)]
    facts += [(other, R, answer)]
    facts += [(n, R, 17 + n % 3) for n in range(3, 10)]
    evidence = Graph.of(facts).evidence
    answers = engine.compile(evidence)[R, twin]
    assert answers.argmax() == answer
    assert likeness(Graph.of(facts))[twin].argmax() == other
