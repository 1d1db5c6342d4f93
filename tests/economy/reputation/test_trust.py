"""Graph trust beside networkx and plain linear algebra, and under attack."""

import networkx as nx
import numpy as np
import pytest

from economy.reputation import (
    ReputationError,
    TrustGraph,
    eigentrust,
    flow_trust,
    hitting_trust,
    resting_trust,
    sampled_hitting_trust,
)

HONEST, RING = 25, 6
N = HONEST + RING
SEEDS = [0, 1]
ATTACKER = HONEST  # the name of the ring whom some honest names trust


def ratings(seed, n=HONEST, degree=4):
    """Honest names that trust one another: rows (truster, trusted, value)."""
    rng = np.random.default_rng(seed)
    return [
        (i, int(j), int(rng.integers(1, 10)))
        for i in range(n)
        for j in rng.choice(n, degree, replace=False)
        if i % 9 and rng.random() < 0.9  # some trust nobody
    ]


def graph_of(rows, n=N):
    return TrustGraph.of_ratings(n, *zip(*rows, strict=True))


def dense(graph):
    matrix = np.zeros((len(graph), len(graph)))
    for i in range(len(graph)):
        row = slice(graph.start[i], graph.start[i + 1])
        matrix[i, graph.trusted[row]] = graph.value[row]
    return matrix


@pytest.mark.parametrize("seed", range(4))
def test_eigentrust_is_the_personalised_pagerank_of_networkx(seed):
    graph = graph_of(ratings(seed), HONEST)
    named = nx.from_numpy_array(dense(graph), create_using=nx.DiGraph)
    expected = nx.pagerank(named, alpha=0.8, personalization={0: 1, 1: 1}, tol=1e-14, max_iter=1000)
    found = eigentrust(graph, SEEDS, restart=0.2)
    np.testing.assert_allclose(found, [expected[i] for i in range(HONEST)], atol=1e-11)
    np.testing.assert_allclose(found.sum(), 1)


def test_eigentrust_of_the_paper_is_the_left_eigenvector():
    """Without restarts, t = C^T t (Kamvar et al., eq. 3): here nearly so."""
    rng = np.random.default_rng(2)
    values = rng.random((6, 6))
    np.fill_diagonal(values, 0)
    i, j = np.nonzero(values)
    found = eigentrust(TrustGraph.of_ratings(6, i, j, values[i, j]), [0], restart=1e-4)
    C = values / values.sum(axis=1, keepdims=True)
    eigenvalues, vectors = np.linalg.eig(C.T)
    principal = np.real(vectors[:, np.argmax(eigenvalues.real)])
    np.testing.assert_allclose(found, principal / principal.sum(), atol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_resting_and_hitting_trust_equal_the_linear_systems(seed):
    graph = graph_of(ratings(seed), HONEST)
    matrix = dense(graph)
    total = matrix.sum(axis=1, keepdims=True)
    C = np.divide(matrix, total, out=np.zeros_like(matrix), where=total > 0)
    start = np.bincount(SEEDS, minlength=HONEST) / 2
    visits = np.linalg.solve(np.eye(HONEST) - 0.75 * C.T, start)
    expected = np.where(graph.idle, visits, 0.25 * visits)
    np.testing.assert_allclose(resting_trust(graph, SEEDS, 0.25), expected, atol=1e-11)
    hits = hitting_trust(graph, SEEDS, 0.25)
    for v in range(HONEST):  # the chance to come by v, from everywhere, v itself reached
        to_v = C[:, v].copy()
        onwards = np.delete(np.delete(C, v, 0), v, 1)
        chance = np.linalg.solve(np.eye(HONEST - 1) - 0.75 * onwards, 0.75 * np.delete(to_v, v))
        assert hits[v] == pytest.approx(start[v] + np.delete(start, v) @ chance, abs=1e-11)


def test_sampled_hitting_trust_agrees_within_its_error():
    graph = graph_of(ratings(3), HONEST)
    exact = hitting_trust(graph, SEEDS)
    sampled = sampled_hitting_trust(graph, SEEDS, np.random.default_rng(4), walks=20_000)
    z = (sampled.trust - exact)[sampled.error > 0] / sampled.error[sampled.error > 0]
    assert np.abs(z).max() < 4
    assert np.abs(z).mean() > 0.3  # an error far too large would also pass the line above
    assert (sampled.trust[exact == 0] == 0).all()


@pytest.mark.parametrize("seed", range(2))
def test_flow_trust_is_the_minimum_cut(seed):
    graph = graph_of(ratings(seed, n=12), 12)
    named = nx.from_numpy_array(dense(graph), create_using=nx.DiGraph)
    found = flow_trust(graph, 0, np.arange(12))
    expected = [0, *(nx.minimum_cut_value(named, 0, v, capacity="weight") for v in range(1, 12))]
    assert found.tolist() == expected


# Attacks: what a ring gains over what its attacker had by trusting honest names.

RULES = {
    "eigentrust": lambda graph: eigentrust(graph, SEEDS),
    "resting": lambda graph: resting_trust(graph, SEEDS),
    "hitting": lambda graph: hitting_trust(graph, SEEDS),
    "flow": lambda graph: flow_trust(graph, 0, np.arange(N)),
}
BETRAYED = [(3, ATTACKER, 5), (4, ATTACKER, 2), (0, ATTACKER, 1)]
HONESTLY = [(ATTACKER, 5, 3), (ATTACKER, 6, 1)]
COPIES = range(ATTACKER + 1, N)


def rings(seed):
    """Ways in which the attacker and its copies may rate one another."""
    rng = np.random.default_rng(seed)
    yield [(ATTACKER, c, 9) for c in COPIES] + [(c, ATTACKER, 9) for c in COPIES]
    yield [(c, (c + 1 - HONEST) % RING + HONEST, 9) for c in range(HONEST, N)]
    everyone = [(i, j, 9) for i in range(HONEST, N) for j in range(HONEST, N) if i != j]
    yield everyone
    for _ in range(3):
        chosen = rng.random(len(everyone)) < 0.4
        yield (
            [row for row, keep in zip(everyone, chosen, strict=True) if keep]
            + [(int(c), int(rng.integers(HONEST)), 1) for c in rng.choice(COPIES, 2)]
            + [(ATTACKER, int(COPIES[0]), 1)]
        )


@pytest.mark.parametrize("rule", RULES)
def test_a_name_nobody_trusts_has_nothing_so_a_new_one_gains_nothing(rule):
    for ring in rings(0):
        trust = RULES[rule](graph_of(ratings(1) + ring))
        assert (trust[HONEST:] == 0).all()
        assert (trust >= 0).all()


@pytest.mark.parametrize("rule", ["hitting", "flow"])
def test_no_name_of_a_ring_has_more_than_the_attacker_alone(rule):
    for seed in range(2):
        honest = ratings(seed) + BETRAYED
        for own in ([], HONESTLY):
            alone = RULES[rule](graph_of(honest + own))[ATTACKER]
            assert alone > 0
            for ring in rings(seed):
                gain = RULES[rule](graph_of(honest + ring))[HONEST:].max() - alone
                assert gain <= 1e-12


def test_a_ring_rests_no_more_walks_than_one_name_that_trusts_nobody():
    for seed in range(2):
        betrayed = [*ratings(seed), *BETRAYED, (7, ATTACKER + 2, 4)]
        merged = [(i, min(j, ATTACKER), value) for i, j, value in betrayed]
        alone = resting_trust(graph_of(merged), SEEDS)[ATTACKER]
        for ring in rings(seed):
            total = resting_trust(graph_of(betrayed + ring), SEEDS)[HONEST:].sum()
            assert total - alone <= 1e-12


def test_eigentrust_bounds_a_ring_and_promises_no_more():
    honest = ratings(0) + BETRAYED
    passing = eigentrust(graph_of(honest + HONESTLY), SEEDS)[HONEST:].sum()
    gains = [eigentrust(graph_of(honest + ring), SEEDS)[HONEST:].sum() for ring in rings(0)]
    assert max(gains) <= passing / 0.15 + 1e-12
    assert max(gains) > passing  # which is why the other rules exist


@pytest.mark.parametrize("rule", RULES)
def test_slander_and_self_praise_do_nothing(rule):
    honest = ratings(2) + BETRAYED + HONESTLY
    before = RULES[rule](graph_of(honest))
    abuse = [(ATTACKER, v, -1000) for v in (10, 11)] + [(ATTACKER, ATTACKER, 1000)]
    after = RULES[rule](graph_of(honest + abuse))
    assert (before == after).all()


def test_the_average_of_ratings_falls_for_all_of_it():
    """The naive rule, on the same attacks: so these tests can fail."""

    def average(rows):
        said = [[value for _, rated, value in rows if rated == v] for v in range(N)]
        return np.array([np.mean(values) if values else 5.0 for values in said])

    honest = ratings(2) + BETRAYED
    before = average(honest)
    ring = next(rings(0))
    assert average(honest + ring)[HONEST:].max() > before[ATTACKER]  # promotion
    assert before[N - 1] > before[ATTACKER]  # whitewashing
    assert average([*honest, (ATTACKER, 10, -1000)])[10] < before[10]  # slander


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g: TrustGraph.of_ratings(2, [0], [2], [1]), "trusted must be 0 to 1"),
        (lambda g: TrustGraph.of_ratings(2, [0], [1], [np.nan]), "must be finite"),
        (lambda g: TrustGraph.of_ratings(2, [0], [1, 1], [1]), "1 trusters, 2 trusted"),
        (lambda g: eigentrust(g, []), "one or more names"),
        (lambda g: eigentrust(g, [0], restart=0), "restart is a probability"),
        (lambda g: eigentrust(g, [0.5]), "weights of seeds"),
        (lambda g: flow_trust(g, 0, [9]), "names run from 0 to 1"),
        (lambda g: sampled_hitting_trust(g, [0], np.random.default_rng(), walks=0), "at least 1"),
        (
            lambda g: flow_trust(TrustGraph.of_ratings(2, [0], [1], [0.5]), 0, [1]),
            "only whole trust",
        ),
        (
            lambda g: hitting_trust(TrustGraph.of_ratings(3001, [0], [1], [1]), [0]),
            "use sampled_hitting_trust",
        ),
    ],
)
def test_what_no_trust_can_be_made_of_is_explained(call, message):
    with pytest.raises(ReputationError, match=message):
        call(TrustGraph.of_ratings(2, [0], [1], [1]))
