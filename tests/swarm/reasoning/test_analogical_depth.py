"""Structure mapping: levels, flooding, hops, systematic pairs, regression and rivals."""

import numpy as np
import pytest

from swarm.reasoning.engines import Analogical
from swarm.reasoning.engines.structure_mapping import (
    mapped_pairs,
    nearest,
    pragmatic_likeness,
    profile_likeness,
    propagated,
    smoothed,
    surface_likeness,
)
from tests.swarm.reasoning.reference import Graph

P, Q, R, S, T = range(5)


def test_levels_look_at_different_things() -> None:
    """0 and 1 share facts, 0 and 2 only how many; 0 and 3 share what R goes by."""
    facts = [(0, P, 10), (0, P, 11), (1, P, 10), (1, P, 11), (1, Q, 12), (1, Q, 13)]
    facts += [(2, P, 14), (2, P, 15)]
    graph = Graph.of(facts)
    surface, structure = surface_likeness(graph.evidence), profile_likeness(graph.evidence)
    assert surface[0].argmax() == 2
    assert surface[0, 2] == pytest.approx(1)
    assert structure[0].argmax() == 1
    assert structure[0, 2] == 0


def test_pragmatic_likeness_depends_on_what_is_asked() -> None:
    """R goes by P, S by Q; 0 shares its P with 1 and its Q with 2."""
    facts = []
    for n in range(20, 44):
        p, q = n % 4, n // 4 % 2 + 2 * (n // 16 % 2)
        facts += [(n, P, 60 + p), (n, R, 70 + p), (n, Q, 80 + q), (n, S, 90 + q)]
    facts += [(0, P, 60), (0, Q, 80), (1, P, 60), (1, Q, 83), (2, P, 63), (2, Q, 80)]
    likeness = pragmatic_likeness(Graph.of(facts).evidence)
    assert likeness[R][0, 1] > 2 * likeness[R][0, 2]
    assert likeness[S][0, 2] > 2 * likeness[S][0, 1]


def test_likeness_is_passed_on_between_related_entities() -> None:
    """0 and 1 know nobody in common, but 2 and 3, whom they know, share 4."""
    graph = Graph.of([(0, P, 2), (1, P, 3), (2, Q, 4), (3, Q, 4), (5, P, 6), (5, Q, 7)])
    once, twice = (profile_likeness(graph.evidence, rounds) for rounds in (1, 2))
    assert once[0, 1] == 0
    assert twice[0, 1] > 0
    assert twice[0, 5] == 0


def test_chains_of_likeness_reach_further_and_weaker() -> None:
    """A like B, B like C, C like D: each hop counts half."""
    shares = np.zeros((4, 4), np.float32)
    shares[[0, 1, 2], [1, 2, 3]] = 1
    assert propagated(shares, 1)[0].tolist() == [0, 1, 0, 0]
    assert propagated(shares, 3)[0].tolist() == [0, 1, 0.5, 0.25]


def planted_analogy() -> tuple[Graph, int, int, int]:
    """Couples (s, y) with R beside couples (s, decoy) without; who is like whom says nothing.

    All sources have the same profile towards the outside, so have all answers. A couple with R
    is connected over a third entity, s P z and z Q y; one without is not.
    """
    facts, n = [], 20
    couples = []
    for _ in range(6):
        s, z, y, decoy, other = range(n, n + 5)
        n += 5
        couples.append((s, y, decoy))
        facts += [(s, P, z), (z, Q, y), (other, Q, decoy), (s, S, 0), (y, T, 1), (decoy, T, 1)]
    # Decoys have as many sources of R as answers have, but over no path.
    for i, (s, y, _) in enumerate(couples[1:]):
        facts.append((s, R, y))
        facts.append((s, R, couples[1 + (i + 1) % 5][2]))
    source, answer, decoy = couples[0]
    return Graph.of(facts), source, answer, decoy


def test_only_systematic_mapping_finds_the_planted_analogy() -> None:
    graph, source, answer, decoy = planted_analogy()
    ends = Analogical(sharpness=1).compile(graph.evidence)[R, source]
    isolated, systematic = (
        Analogical(sharpness=1, mapping="pairs", systematicity=value).compile(graph.evidence)
        for value in (0, 16)
    )
    assert ends[answer] == pytest.approx(ends[decoy], rel=0.05)
    assert isolated[R, source, answer] == pytest.approx(isolated[R, source, decoy], rel=0.05)
    assert systematic[R, source, answer] > 2 * systematic[R, source, decoy]


def test_a_pair_is_not_its_own_base() -> None:
    graph = Graph.of([(0, P, 1), (2, Q, 3)])
    shares = nearest(profile_likeness(graph.evidence), 1, 20)
    assert not mapped_pairs(graph.evidence, shares, 4.0).any()


def test_regression_counts_those_who_repeat_each_other_once() -> None:
    """0 is like 1, 2 and 3; the last two are the same person twice and say something else."""
    kernel = np.eye(5, dtype=np.float32)
    for a, b, value in ((0, 1, 0.5), (0, 2, 0.4), (0, 3, 0.4), (2, 3, 0.99)):
        kernel[a, b] = kernel[b, a] = value
    facts = np.zeros((2, 5, 5), np.float32)
    facts[0, 1, 1] = facts[0, [2, 3], [4, 4]] = 1
    facts[1] = facts[0].T
    summed = kernel @ facts[0]
    assert summed[0, 4] > summed[0, 1]
    answers = smoothed(facts, kernel, 0.1)
    assert answers[0, 0, 1] > answers[0, 0, 4]
    np.testing.assert_allclose(answers[1], answers[0].T, atol=1e-5)


def test_relations_of_a_pair_compete() -> None:
    """Half of the likes of 0 call 9 P, half call 8 P; but 9 is known to be a Q of 0."""
    facts = [(0, S, 5), (0, Q, 9), (0, T, 6)]
    for n, answer in ((1, 8), (2, 8), (3, 9), (4, 9)):
        facts += [(n, S, 5), (n, T, 6), (n, P, answer)]
    evidence = Graph.of(facts).evidence
    plain, rivals = (
        Analogical(mapping="smooth", sharpness=2, ridge=1, rivalry=rivalry).compile(evidence)
        for rivalry in (0, 1)
    )
    assert rivals[P, 0, 9] / rivals[P, 0, 8] < 0.7 * plain[P, 0, 9] / plain[P, 0, 8]


def test_pragmatic_pairs_are_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="use mapping='ends'"):
        Analogical(level="pragmatic", mapping="pairs")
