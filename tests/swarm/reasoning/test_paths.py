"""Evidence and the rule bodies mined from it, against sets of pairs."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning import Evidence, GraphError
from swarm.reasoning.evidence import CELLS_MAX, cube_of
from tests.swarm.reasoning import reference
from tests.swarm.reasoning.reference import Body, Graph, Pair, small_graphs

examples = settings(max_examples=40, deadline=None)


def mined(graph: Graph) -> dict[Body, set[Pair]]:
    """Bodies and groundings as the package found them, in its order."""
    bodies, E = graph.evidence.bodies, graph.entities
    found: dict[Body, set[Pair]] = {}
    for b in range(len(bodies)):
        pairs = bodies.pairs[bodies.start[b] : bodies.start[b + 1]]
        assert (np.diff(pairs) > 0).all(), "ascending, each once"
        steps = int(bodies.first[b]), int(bodies.second[b])
        body = steps if steps[1] >= 0 else steps[:1]
        found[body] = {(int(pair) // E, int(pair) % E) for pair in pairs}
    assert len(found) == len(bodies), "each body once"
    return found


@examples
@given(small_graphs())
def test_groundings_are_those_of_the_definition(graph: Graph) -> None:
    found = mined(graph)
    assert found == graph.bodies
    assert list(found) == list(graph.bodies)
    bodies = graph.evidence.bodies
    np.testing.assert_array_equal(bodies.size, [len(pairs) for pairs in found.values()])
    assert len(bodies.pairs) == bodies.start[-1]


@examples
@given(small_graphs())
def test_support_counts_pairs_that_bear_the_rule_out(graph: Graph) -> None:
    support = graph.evidence.bodies.support
    for b, body in enumerate(graph.bodies):
        for head in graph.directions:
            assert support[b, head] == reference.support(graph, body, head)


@examples
@given(small_graphs())
def test_number_finds_the_body_of_two_relations(graph: Graph) -> None:
    order = list(graph.bodies)
    for (first, second), b in np.ndenumerate(graph.evidence.bodies.number):
        body = (first, second)
        assert b == (order.index(body) if body in graph.bodies else -1)


@examples
@given(
    small_graphs(),
    st.sampled_from([1.0, 5.0]),
    st.sampled_from([1.0, 2.0, 3.0]),
    st.integers(1, 20),
)
def test_rules_come_best_first(
    graph: Graph, pseudo_count: float, support_min: float, top: int
) -> None:
    bodies = graph.evidence.bodies
    confidence = bodies.confidence(pseudo_count)
    order = list(graph.bodies)
    for head, chosen in enumerate(bodies.rules(confidence, support_min, top)):
        wanted = reference.rules(graph, head, pseudo_count, support_min, top)
        assert [order[b] for b in chosen] == [body for body, _ in wanted]
        np.testing.assert_allclose(confidence[chosen, head], [c for _, c in wanted], rtol=1e-6)


def test_a_path_visits_three_entities_or_comes_back_to_the_first() -> None:
    """0 - 0 and 1 - 1 are no steps of a path; 0 - 1 - 0 is a path from 0 to itself."""
    graph = Graph.of([(0, 0, 0), (0, 0, 1), (1, 0, 1), (1, 1, 0)])
    assert mined(graph)[0, 1] == {(0, 0)}
    assert (0, 0) not in mined(graph)


def test_evidence_is_laid_out_in_both_directions() -> None:
    evidence = Graph.of([(0, 0, 1), (0, 0, 2), (3, 1, 0)]).evidence
    assert evidence.directions == 4
    assert np.argwhere(evidence.cube).tolist() == [
        [0, 0, 1],
        [0, 0, 2],
        [1, 3, 0],
        [2, 1, 0],
        [2, 2, 0],
        [3, 0, 3],
    ]
    np.testing.assert_array_equal(evidence.fan_out, [2, 1, 1, 1])
    np.testing.assert_array_equal(evidence.degree, [3, 1, 1, 1])


@examples
@given(small_graphs())
def test_fan_out_and_degree_are_counts(graph: Graph) -> None:
    evidence = graph.evidence
    assert {tuple(row) for row in np.argwhere(evidence.cube).tolist()} == graph.known
    for r in graph.directions:
        answers = [
            sum((r, x, y) in graph.known for y in range(graph.entities))
            for x in range(graph.entities)
        ]
        having = [n for n in answers if n]
        mean = sum(having) / len(having) if having else 0
        assert evidence.fan_out[r] == pytest.approx(mean, rel=1e-6)
    for x in range(graph.entities):
        assert evidence.degree[x] == sum(s == x for _, s, _ in graph.known)


def test_evidence_cannot_be_written_to() -> None:
    evidence = Graph.of([(0, 0, 1)]).evidence
    with pytest.raises(ValueError, match="read-only"):
        evidence.cube[0, 0, 0] = True


def test_version_tells_facts_apart() -> None:
    one, same, other = (Graph.of([(0, 0, n)]).evidence.version for n in (1, 1, 2))
    assert one == same != other


def test_evidence_too_large_for_dense_scores_is_refused_before_it_is_built() -> None:
    entities = int(np.sqrt(CELLS_MAX / 2)) + 1
    with pytest.raises(GraphError, match=f"{entities} entities and 1 relations .* at most"):
        Evidence(np.zeros((1, 3), np.int32), entities, 1)


def test_repeated_facts_count_once() -> None:
    facts = np.array([(0, 0, 1), (0, 0, 1)], np.int32)
    assert cube_of(facts, 2, 1).sum() == 2
