"""Hodge decomposition: orthogonal parts, published shapes, and cycles named."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.ratings import RatingError, hodge, strongest_cycle
from arenas.ratings.hodge import cyclic_energy

RPS = np.array([[0.0, 1, -1], [-1, 0, 1], [1, -1, 0]])


def ring(n: int) -> np.ndarray:
    """Everybody beats the next by 1, and met nobody else."""
    margins = np.zeros((n, n))
    for i in range(n):
        margins[i, (i + 1) % n] = 1
        margins[(i + 1) % n, i] = -1
    return margins


def random_margins(n: int, seed: int, met: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.integers(1, 9, (n, n)) * (rng.random((n, n)) < met), 1).astype(float)
    margins = np.triu(rng.normal(size=(n, n)), 1) * (weights > 0)
    return margins - margins.T, weights + weights.T


def plain_shares(margins: np.ndarray, weights: np.ndarray) -> list[float]:
    """Gradient, curl and harmonic by projection with dense matrices, edge by edge."""
    n = len(margins)
    edges = [e for e in itertools.combinations(range(n), 2) if weights[e] > 0]
    root = np.sqrt([weights[e] for e in edges])
    flow = root * [margins[e] for e in edges]
    scores = np.zeros((len(edges), n))
    for row, (i, j) in enumerate(edges):
        scores[row, [i, j]] = root[row], -root[row]
    spins = [np.zeros(len(edges))]
    for i, j, k in itertools.combinations(range(n), 3):
        if all(pair in edges for pair in ((i, j), (j, k), (i, k))):
            spin = np.zeros(len(edges))
            for pair, sign in (((i, j), 1), ((j, k), 1), ((i, k), -1)):
                spin[edges.index(pair)] = sign / root[edges.index(pair)]
            spins.append(spin)
    whole = flow @ flow
    parts = []
    for basis in (scores, np.array(spins).T):
        parts.append(float(np.square(basis @ np.linalg.pinv(basis) @ flow).sum() / whole))
    return [*parts, 1 - sum(parts)]


@settings(deadline=None, max_examples=30)
@given(n=st.integers(3, 7), seed=st.integers(0, 999), met=st.sampled_from([0.4, 0.7, 1.0]))
def test_parts_are_the_projections_and_sum_to_one(n: int, seed: int, met: float) -> None:
    margins, weights = random_margins(n, seed, met)
    found = hodge(margins, weights)
    if not weights.any():
        assert (found.gradient, found.curl, found.harmonic) == (0, 0, 0)
        return
    shares = [found.gradient, found.curl, found.harmonic]
    assert shares == pytest.approx(plain_shares(margins, weights), abs=1e-7)
    assert sum(shares) == pytest.approx(1)
    # What is left pulls nobody, and the scores are those that say so.
    assert (weights * found.residual).sum(axis=1) == pytest.approx(np.zeros(n), abs=1e-9)
    cyclic = cyclic_energy(margins[None], weights)[0]
    assert cyclic == pytest.approx(found.cyclic * found.energy, abs=1e-9)


def test_rock_paper_scissors_is_all_curl_and_a_ring_of_four_all_harmonic() -> None:
    assert hodge(RPS).cyclic == 1
    assert hodge(RPS).curl == pytest.approx(1)
    found = hodge(ring(4), np.abs(ring(4)))
    assert (found.gradient, found.curl, found.harmonic) == pytest.approx((0, 0, 1))


def test_differences_of_scores_have_no_cycles_and_give_the_scores_back() -> None:
    scores = np.array([3.0, 0.5, -1.0, -2.5])
    _, weights = random_margins(4, 1)
    found = hodge(scores[:, None] - scores, weights)
    assert found.cyclic == 0
    assert found.gradient == 1
    assert found.scores == pytest.approx(scores - scores.mean())


def test_always_winning_in_order_is_a_ninth_cyclic_as_nobody_wins_more_than_always() -> None:
    order = np.triu(np.ones((3, 3)), 1)
    assert hodge(order - order.T).cyclic == pytest.approx(1 / 9)


def test_the_strongest_cycle_is_the_one_with_the_strongest_weakest_link() -> None:
    assert strongest_cycle(RPS) == ((0, 1, 2), 1)
    assert strongest_cycle(ring(5)) == ((0, 1, 2, 3, 4), 1)
    weak = 0.2 * RPS
    both = np.zeros((6, 6))
    both[:3, :3], both[3:, 3:] = weak, 0.7 * RPS.T
    assert strongest_cycle(both) == ((3, 5, 4), pytest.approx(0.7))
    order = np.triu(np.ones((5, 5)), 1)
    assert strongest_cycle(order - order.T) == ((), 0.0)


@settings(deadline=None, max_examples=30)
@given(n=st.integers(3, 6), seed=st.integers(0, 999))
def test_no_triangle_is_stronger(n: int, seed: int) -> None:
    margins, _ = random_margins(n, seed)
    cycle, weakest = strongest_cycle(margins)
    least = [
        min(margins[i, j], margins[j, k], margins[k, i])
        for i, j, k in itertools.permutations(range(n), 3)
    ]
    assert weakest == max(*least, 0.0)
    if cycle:
        links = [margins[i, j] for i, j in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
        assert min(links) == weakest


def test_margins_and_weights_that_cannot_be_are_refused() -> None:
    for margins, weights in (
        (np.ones((2, 2)), None),
        (np.zeros((2, 3)), None),
        (RPS * np.nan, None),
        (RPS, -np.ones((3, 3))),
        (RPS, np.triu(np.ones((3, 3)))),
        (RPS, np.ones((2, 2))),
    ):
        with pytest.raises(RatingError):
            hodge(margins, weights)
