"""Edges, rules and reach of large graphs against the dense forms on small ones."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.sparse import Edges, Reach, Rules, SparseEvidence
from tests.swarm.reasoning.reference import Graph, small_graphs

examples = settings(max_examples=40, deadline=None)


def sparse(graph: Graph) -> SparseEvidence:
    return SparseEvidence(graph.evidence.facts, graph.entities, graph.relations)


@examples
@given(small_graphs(), st.integers(0, 999))
def test_edges_are_the_facts_in_both_directions(graph: Graph, seed: int) -> None:
    evidence, dense = sparse(graph), graph.evidence
    out, source, relation, target = evidence.edges
    rows = list(zip(source.tolist(), relation.tolist(), target.tolist(), strict=True))
    assert rows == sorted((x, r, y) for r, x, y in graph.known)
    assert np.diff(out).tolist() == np.bincount(source, minlength=graph.entities).tolist()
    np.testing.assert_array_equal(evidence.degree, dense.degree)
    np.testing.assert_allclose(evidence.fan_out, dense.fan_out)
    shuffled = np.random.default_rng(seed).permutation(np.repeat(dense.facts, 2, axis=0))
    again = Edges.of(shuffled, graph.entities, graph.relations)
    assert all((a == b).all() for a, b in zip(again, evidence.edges, strict=True))


@examples
@given(small_graphs())
def test_features_are_shared_by_those_who_have_the_fact(graph: Graph) -> None:
    evidence = sparse(graph)
    _, _, relation, target = evidence.edges
    for i, (first, number) in enumerate(zip(evidence.feature, evidence.shared, strict=True)):
        wanted = sorted(x for r, x, y in graph.known if (r, y) == (relation[i], target[i]))
        assert target[first : first + number].tolist() == wanted


@examples
@given(small_graphs())
def test_rules_are_the_supported_bodies(graph: Graph) -> None:
    rules, bodies = sparse(graph).rules, graph.evidence.bodies
    assert rules.share == 1.0
    found = {
        (int(first), int(second), int(head)): (float(support), float(size))
        for first, second, head, support, size in zip(
            rules.first, rules.second, rules.head, rules.support, rules.size, strict=True
        )
    }
    assert found == {
        (int(bodies.first[b]), int(bodies.second[b]), r): (
            float(bodies.support[b, r]),
            float(bodies.size[b]),
        )
        for b, r in np.argwhere(bodies.support > 0).tolist()
    }


@examples
@given(small_graphs(), st.sampled_from([1.0, 2.0]), st.sampled_from([1, 2, 5]))
def test_the_best_rules_of_a_head_are_those_of_the_dense_form(
    graph: Graph, support_min: float, top: int
) -> None:
    rules, bodies = sparse(graph).rules, graph.evidence.bodies
    kept = rules.chosen(rules.confidence(5.0), support_min, top)
    wanted = bodies.rules(bodies.confidence(5.0), support_min, top)
    for head, chosen in enumerate(wanted):
        mine = kept & (rules.head == head)
        pairs = set(zip(rules.first[mine].tolist(), rules.second[mine].tolist(), strict=True))
        steps = bodies.first[chosen].tolist(), bodies.second[chosen].tolist()
        assert pairs == set(zip(*steps, strict=True))


@examples
@given(small_graphs(), st.integers(1, 3), st.integers(0, 999))
def test_strata_divide_sizes_and_supports(graph: Graph, kinds: int, seed: int) -> None:
    evidence = sparse(graph)
    rules, bodies, E = evidence.rules, graph.evidence.bodies, graph.entities
    kind = np.random.default_rng(seed).integers(0, kinds, E)
    treated, responded = rules.strata(evidence.edges, kind, kinds, np.arange(len(rules)))
    for i in range(len(rules)):
        steps = (bodies.first == rules.first[i]) & (bodies.second == rules.second[i])
        (b,) = np.flatnonzero(steps)
        pairs = bodies.pairs[bodies.start[b] : bodies.start[b + 1]]
        x, y = pairs // E, pairs % E
        stratum = kind[x] * kinds + kind[y]
        holds = graph.evidence.cube[rules.head[i], x, y]
        np.testing.assert_array_equal(treated[i], np.bincount(stratum, minlength=kinds**2))
        np.testing.assert_array_equal(responded[i], np.bincount(stratum, holds, minlength=kinds**2))


@examples
@given(small_graphs())
def test_a_reach_is_what_bodies_ground(graph: Graph) -> None:
    evidence, E = sparse(graph), graph.entities
    rules = evidence.rules
    relation, source = np.divmod(np.arange(2 * graph.relations * E, dtype=np.int32), E)
    everybody = np.tile(np.arange(E, dtype=np.int32), (len(source), 1))
    reach = evidence.reach(source, relation, everybody)
    for q in range(len(source)):
        rows = slice(reach.begin[q], reach.end[q])
        found = list(zip(reach.place[rows].tolist(), reach.rule[rows].tolist(), strict=True))
        wanted = []
        for i in np.flatnonzero(rules.head == relation[q]).tolist():
            body = (int(rules.first[i]), int(rules.second[i]))
            pairs = graph.bodies[body if body[1] >= 0 else body[:1]]
            wanted += [(y, i) for x, y in pairs if x == source[q]]
        assert found == sorted(wanted)
    none = reach.without(reach)
    assert len(none.place) == 0
    assert (none.begin == none.end).all()


def crowd(seed: int = 0) -> tuple[np.ndarray, int]:
    """Every r_2 is an r_0 and then an r_1, among 2,000 entities with much else between them."""
    rng = np.random.default_rng(seed)
    E = 2_000
    middle, last = rng.integers(0, E, E), rng.integers(0, E, E)
    x = np.arange(E)
    rows = [
        np.stack([x, np.full(E, 0), middle], axis=1),
        np.stack([x, np.full(E, 1), last], axis=1),
        np.stack([x, np.full(E, 2), last[middle]], axis=1)[rng.random(E) < 0.8],
        rng.integers((0, 3, 0), (E, 5, E), (8_000, 3)),
    ]
    return np.unique(np.concatenate(rows), axis=0).astype(np.int32), E


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_keeps_its_budget_and_is_right_on_average(seed: int) -> None:
    facts, E = crowd()
    exact = SparseEvidence(facts, E, 5)
    whole = exact.rules
    budget = int(exact.paths.sum() / 3)
    rules = Rules.mine(exact.edges, 5, budget, seed)
    assert exact.paths[rules.walked].sum() <= budget
    assert 0.2 < rules.share < 0.45
    known = {(c, h): i for i, (c, h) in enumerate(zip(whole.code, whole.head, strict=True))}
    rows = [known[pair] for pair in zip(rules.code, rules.head, strict=True)]
    direct = rules.code < 10
    np.testing.assert_array_equal(rules.size[direct], whole.size[rows][direct])
    # Sizes of longer bodies are sums over sources, of which a share was drawn without return.
    large = ~direct & (whole.size[rows] > 1_000)
    assert large.sum() > 10
    ratio = rules.size[large] / whole.size[rows][large]
    assert abs(ratio.mean() - 1) < 0.05
    assert np.abs(ratio - 1).max() < 0.25
    (planted,) = np.flatnonzero((rules.head == 2) & (rules.first == 0) & (rules.second == 1))
    n = rules.size[planted] * rules.share
    held = rules.support[planted] / rules.size[planted]
    truth = whole.support[rows][planted] / whole.size[rows][planted]
    assert abs(held - truth) < 4 * np.sqrt(truth * (1 - truth) / n)


def test_hubs_are_left_out_of_a_sample_and_the_same_seed_draws_the_same() -> None:
    facts, E = crowd()
    star = np.array([(0, 3, y) for y in range(1, 1_500)], np.int32)
    evidence = SparseEvidence(np.concatenate([facts, star]), E, 5)
    budget = int(evidence.paths.sum() / 4)
    one, same = (Rules.mine(evidence.edges, 5, budget, seed=1) for _ in range(2))
    other = Rules.mine(evidence.edges, 5, budget, seed=2)
    assert 0 not in one.walked
    assert one.walked.tolist() == same.walked.tolist() != other.walked.tolist()
    np.testing.assert_array_equal(one.support, same.support)


def test_a_reach_from_kept_rules_alone() -> None:
    facts, E = crowd()
    evidence = SparseEvidence(facts, E, 5)
    rules = evidence.rules
    kept = (rules.head == 2) & (rules.first == 0) & (rules.second == 1)
    source, relation = np.arange(50, dtype=np.int32), np.full(50, 2, np.int32)
    everybody = np.tile(np.arange(E, dtype=np.int32), (50, 1))
    reach = Reach.walk(evidence.edges, rules, source, relation, everybody, 5, kept)
    assert set(reach.rule.tolist()) == set(np.flatnonzero(kept).tolist())
    assert (reach.end - reach.begin).max() == 1
