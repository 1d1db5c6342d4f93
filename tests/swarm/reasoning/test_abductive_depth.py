"""Abduction in depth: object identity, parsimonious covers, plausible wild hypotheses."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.engines import Abductive
from swarm.reasoning.engines.explanations import Rules, adjacency, cover, find_links
from tests.swarm.reasoning import reference_depth_cases as reference
from tests.swarm.reasoning.reference import Graph, small_graphs

P, Q, R, S = range(4)


def gains(graph: Graph, rules: list[tuple[int, int, float]], cost: float, worth: float = 1.0):  # type: ignore[no-untyped-def]
    """Gain of hypotheses about R, by rules (p, q, confidence) worth the same."""
    partner, consequence, confidence = zip(*rules, strict=True)
    columns = Rules(
        np.array(partner, np.int32),
        np.array(consequence, np.int32),
        np.array(confidence, np.float32),
        np.full(len(rules), worth, np.float32),
        np.zeros(len(rules), np.float32),
    )
    evidence = graph.evidence
    costs = np.full(graph.entities, cost, np.float32)
    return cover(evidence.cube[R], adjacency(evidence.cube), columns, costs)


@settings(max_examples=60, deadline=None)
@given(
    small_graphs(),
    st.sampled_from([1, 3, 600]),
    st.sampled_from([0.02, 0.2]),
    st.sampled_from([1.0, 5.0]),
    st.integers(0, 7),
)
def test_gains_are_those_of_the_definition(
    graph: Graph, top: int, confidence_min: float, pseudo_count: float, r: int
) -> None:
    genes = Abductive(
        prior=0, confidence_min=confidence_min, top=top, pseudo_count=pseudo_count, parsimony=1
    )
    r %= len(graph.directions)
    added = genes.compile(graph.evidence) - replace(genes, parsimony=0).compile(graph.evidence)
    wanted = reference.cover(graph, genes, r, 12)
    np.testing.assert_allclose(added[r], wanted, rtol=1e-3, atol=1e-3)


def medical(known: bool = False) -> tuple[Graph, int, list[int]]:
    """A patient with four symptoms; two diseases cover them, a third some of both's.

    R: has disease; P: disease causes symptom; Q: shows symptom.
    """
    patient, left, right, middle, idle = range(5)
    symptoms = [5, 6, 7, 8]
    facts = [(patient, Q, m) for m in symptoms]
    facts += [(left, P, 5), (left, P, 6), (right, P, 7), (right, P, 8)]
    facts += [(middle, P, 6), (middle, P, 7), (idle, P, 5), (9, R, 9)]
    facts += [(patient, R, left)] * known
    return Graph.of(facts), patient, [left, right, middle, idle]


def test_members_of_the_minimal_cover_are_told_from_idle_hypotheses() -> None:
    graph, patient, (left, right, middle, idle) = medical()
    found = gains(graph, [(P, Q, 0.9)], cost=0.5)[patient]
    assert found[left] == pytest.approx(2 - 0.5)
    assert found[right] == pytest.approx(2 - 0.5)
    assert found[middle] == pytest.approx(0.2 - 0.5)  # each symptom is a tenth uncovered
    assert found[idle] == pytest.approx(0.1 - 0.5)


def test_what_known_answers_explain_is_explained_away() -> None:
    graph, patient, (_, right, middle, idle) = medical(known=True)
    found = gains(graph, [(P, Q, 0.9)], cost=0.5)[patient]
    assert found[right] == pytest.approx(2 - 0.5)
    assert found[right] > found[middle] > found[idle]


def test_a_member_that_later_ones_make_idle_is_dropped() -> None:
    """The broadest is taken first; then two that between them leave it nothing to explain."""
    patient, broad, one, other = range(4)
    facts = [(patient, Q, m) for m in range(4, 10)]
    facts += [(broad, P, m) for m in (5, 6, 7, 8)]
    facts += [(one, P, m) for m in (4, 5, 6)] + [(other, P, m) for m in (7, 8, 9)]
    facts.append((10, R, 10))
    found = gains(Graph.of(facts), [(P, Q, 0.9)], cost=0.5)[patient]
    assert found[broad] == pytest.approx(0.4 - 0.5, abs=1e-5)
    assert found[one] == pytest.approx(3 - 0.5, abs=1e-5)
    assert found[other] == pytest.approx(3 - 0.5, abs=1e-5)


def test_a_link_goes_by_the_surest_rule_and_never_through_its_own_ends() -> None:
    graph = Graph.of([(0, Q, 2), (1, P, 2), (1, S, 2), (0, Q, 1), (1, P, 1), (0, R, 3)])
    rules = Rules(
        np.array([S, P], np.int32),
        np.array([Q, Q], np.int32),
        np.array([0.6, 0.4], np.float32),
        np.array([2, 1], np.float32),
        np.zeros(2, np.float32),
    )
    pair, manifestation, confidence, worth = find_links(adjacency(graph.evidence.cube), rules)
    assert pair.tolist() == [0 * graph.entities + 1]
    assert manifestation.tolist() == [Q * graph.entities + 2]
    assert confidence.tolist() == pytest.approx([0.6])
    assert worth.tolist() == [2]


def test_no_consequence_goes_through_the_hypothesis_itself() -> None:
    """R(s, y) and P(y, y) predict nothing: rules were found with three different entities."""
    facts = []
    for n in range(0, 18, 3):
        facts += [(n, R, n + 1), (n + 1, P, n + 2), (n, Q, n + 2)]
    source, plain, reflexive = 18, 19, 20
    facts += [(18, Q, 19), (18, Q, 20), (1, R, plain), (1, R, reflexive)]
    with_loop = Graph.of([*facts, (reflexive, P, reflexive)])
    scores = Abductive(pseudo_count=1).compile(with_loop.evidence)[R, source]
    assert scores[plain] == pytest.approx(scores[reflexive])


def test_wild_hypotheses_are_re_ranked_by_plausibility() -> None:
    """Both suspects explain as much; one is already known to be S of the source, never R too."""
    facts = []
    for n in range(0, 18, 3):
        facts += [(n, R, n + 1), (n + 1, P, n + 2), (n, Q, n + 2), (n, S, n + 4)]
    source, free, bound, seen = 30, 31, 32, 33
    facts += [(free, P, seen), (bound, P, seen), (source, Q, seen), (source, S, bound)]
    facts += [(1, R, free), (4, R, bound)]
    evidence = Graph.of(facts).evidence
    wild, plausible = (
        Abductive(confidence_min=0.02, miss=0.02, plausibility=weight).compile(evidence)
        for weight in (0.0, 4.0)
    )
    assert wild[R, source, free] == pytest.approx(wild[R, source, bound])
    assert plausible[R, source, free] > plausible[R, source, bound] + 1
