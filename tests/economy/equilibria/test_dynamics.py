"""Replicator dynamics and alpha-rank: what they keep, where they lead, and plain references."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.equilibria import (
    EquilibriumError,
    alpha_rank,
    alpha_rank_profiles,
    replicator,
    replicator_map,
    replicator_map_pair,
    replicator_pair,
)

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
seeds = st.integers(0, 2**32)


def runge_kutta(slope, x: np.ndarray, step: float, steps: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """The classical method, in shares."""
    for _ in range(steps):
        a = slope(x)
        b = slope(x + step / 2 * a)
        c = slope(x + step / 2 * b)
        x = x + step / 6 * (a + 2 * b + 2 * c + slope(x + step * c))
    return x


def test_replicator_keeps_what_rock_paper_scissors_keeps() -> None:
    shares = replicator(RPS, [0.6, 0.3, 0.1], step=0.1, steps=20_000)
    product_kept = shares.prod(axis=1)
    np.testing.assert_allclose(product_kept, 0.018, rtol=1e-10)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-14)
    # The orbit is a cycle around thirds: its mean is the equilibrium.
    np.testing.assert_allclose(shares.mean(axis=0), 1 / 3, atol=2e-3)


def test_two_populations_keep_what_zero_sum_games_keep() -> None:
    x, y = replicator_pair(RPS, -RPS, [0.6, 0.3, 0.1], [0.2, 0.2, 0.6], step=0.1, steps=5_000)
    kept = np.log(x).sum(axis=1) + np.log(y).sum(axis=1)
    np.testing.assert_allclose(kept, kept[0], atol=1e-9)


@settings(deadline=None, max_examples=20)
@given(n=st.integers(1, 4), m=st.integers(1, 4), seed=seeds)
def test_replicator_equals_runge_kutta_in_shares(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, start = rng.normal(size=(n, n)), rng.dirichlet(np.ones(n))
    end = runge_kutta(lambda x: x * (A @ x - x @ A @ x), start, 0.01, 100)
    np.testing.assert_allclose(replicator(A, start, 0.1, 10)[-1], end, atol=1e-6)

    P, Q = rng.normal(size=(2, n, m))
    other = rng.dirichlet(np.ones(m))

    def pair(z: np.ndarray) -> np.ndarray:
        x, y = z[:n], z[n:]
        return np.append(x * (P @ y - x @ P @ y), y * (x @ Q - x @ Q @ y))

    end = runge_kutta(pair, np.append(start, other), 0.01, 100)
    x, y = replicator_pair(P, Q, start, other, 0.5, 2)
    np.testing.assert_allclose(np.append(x[-1], y[-1]), end, atol=1e-6)


def test_hawks_and_doves_end_half_and_half() -> None:
    hawk_dove = [[-1, 2], [0, 1]]  # V = 2, C = 4
    np.testing.assert_allclose(replicator(hawk_dove, [0.99, 0.01], 0.5, 200)[-1], 0.5)
    np.testing.assert_allclose(replicator_map(hawk_dove, [0.99, 0.01], 500, 3.0)[-1], 0.5)


def test_absent_strategies_stay_absent() -> None:
    shares = replicator(RPS, [0.9, 0.1, 0], step=0.1, steps=500)
    assert (shares[:, 2] == 0).all()
    assert shares[-1, 1] > 1 - 1e-9  # paper beats rock
    assert shares[0].tolist() == [0.9, 0.1, 0.0]
    assert (replicator_map(RPS, [0.9, 0.1, 0], 50, 2.0)[:, 2] == 0).all()


def test_discrete_generations_spiral_outwards() -> None:
    shares = replicator_map(RPS, [0.4, 0.3, 0.3], steps=200, background=10.0)
    kept = shares.prod(axis=1)
    assert (np.diff(kept) < 0).all()
    x = shares[0]
    np.testing.assert_allclose(shares[1], x * (10 + RPS @ x) / (10 + x @ RPS @ x))
    # Two populations that start alike in a symmetric game stay alike.
    first, second = replicator_map_pair(RPS, RPS.T, x, x, steps=200, background=10.0)
    np.testing.assert_allclose(first, shares, atol=1e-12)
    np.testing.assert_allclose(second, shares, atol=1e-12)
    P, y = np.arange(1.0, 7).reshape(2, 3), np.array([0.2, 0.3, 0.5])
    x = np.array([0.6, 0.4])
    first, second = replicator_map_pair(P, 7 - P, x, y, steps=1)
    np.testing.assert_allclose(first[1], x * (P @ y) / (x @ P @ y))
    np.testing.assert_allclose(second[1], y * (x @ (7 - P)) / (x @ (7 - P) @ y))


def reference_alpha_rank(tensor: np.ndarray, alpha: float, population: int) -> np.ndarray:
    """The chain of eq. 7 profile by profile, and its null vector."""
    profiles = list(product(*(range(size) for size in tensor.shape[1:])))
    chain = np.zeros((len(profiles), len(profiles)))
    moves = sum(tensor.shape[1:]) - len(tensor)
    for s, old in enumerate(profiles):
        for r, new in enumerate(profiles):
            changed = [k for k in range(len(tensor)) if old[k] != new[k]]
            if len(changed) == 1:
                better = alpha * (tensor[changed[0]][new] - tensor[changed[0]][old])
                chain[s, r] = (1 - np.exp(-better)) / (1 - np.exp(-population * better)) / moves
        chain[s, s] = 1 - chain[s].sum()
    system = np.vstack([chain.T - np.eye(len(chain)), np.ones(len(chain))])
    found = np.linalg.lstsq(system, np.append(np.zeros(len(chain)), 1.0), rcond=None)[0]
    return found.reshape(tensor.shape[1:])


@settings(deadline=None, max_examples=25)
@given(sizes=st.lists(st.integers(2, 3), min_size=1, max_size=3), seed=seeds)
def test_alpha_rank_equals_the_plain_chain(sizes: list[int], seed: int) -> None:
    tensor = np.random.default_rng(seed).normal(size=(len(sizes), *sizes))
    found = alpha_rank_profiles(tensor, alpha=0.3, population=5)
    np.testing.assert_allclose(found, reference_alpha_rank(tensor, 0.3, 5), atol=1e-9)


def test_alpha_rank_of_known_games() -> None:
    for alpha in (0.0, 0.1, 100.0, math.inf):
        np.testing.assert_allclose(alpha_rank(RPS, alpha=alpha), 1 / 3)
    # Two strategies: rates r(s) = (1 - e^-s) / (1 - e^-ms) there and back, so odds of e^((m-1)s).
    found = alpha_rank([[0, 0.2], [-0.3, 0]], alpha=0.5, population=10)
    assert math.log(found[0] / found[1]) == pytest.approx(9 * 0.5 * 0.5)
    np.testing.assert_allclose(alpha_rank([[1, 1], [1, 5]]), 0.5)  # as mutants nobody is ahead
    # The one cycle of a dominated fourth strategy: thirds, and nothing.
    four = np.full((4, 4), -1.0)
    four[:3, :3], four[:3, 3] = RPS, 1.0
    np.testing.assert_allclose(alpha_rank(four, alpha=1e6), [1 / 3, 1 / 3, 1 / 3, 0], atol=1e-12)
    found = alpha_rank(four, alpha=math.inf, noise=1e-6)
    np.testing.assert_allclose(found, [1 / 3, 1 / 3, 1 / 3, 0], atol=1e-5)
    # Matching pennies: the four profiles are one cycle. The prisoners' dilemma: all defect.
    pennies = np.array([[1.0, -1], [-1, 1]])
    np.testing.assert_allclose(alpha_rank_profiles([pennies, -pennies]), 0.25)
    dilemma = np.array([[3.0, 0], [5, 1]])
    found = alpha_rank_profiles([dilemma, dilemma.T])
    np.testing.assert_allclose(found, [[0, 0], [0, 1]], atol=1e-12)


def test_misuse_is_explained() -> None:
    with pytest.raises(EquilibriumError, match="square"):
        replicator(np.ones((2, 3)), [0.5, 0.5], 0.1, 1)
    with pytest.raises(EquilibriumError, match="time > 0"):
        replicator(RPS, [0.5, 0.5, 0], 0, 1)
    with pytest.raises(EquilibriumError, match="background"):
        replicator_map(RPS, [0.5, 0.5, 0], 1)
    with pytest.raises(EquilibriumError, match="sum to 1"):
        replicator(RPS, [0.5, 0.5, 0.5], 0.1, 1)
    with pytest.raises(EquilibriumError, match="noise"):
        alpha_rank(RPS, noise=0.7)
    with pytest.raises(EquilibriumError, match="profiles"):
        alpha_rank_profiles(np.zeros((2, 100, 100)))


def test_alpha_rank_lets_a_tied_mutant_take_over_by_luck_alone() -> None:
    # 0 and 1 are tied: 1 / m both ways. 2 leads nobody, and both others lead it by the same.
    payoffs = np.array([[0.0, 0, 1], [0, 0, 2], [0, 0, 0]])
    m, s = 4, np.array([0.5, 1.0])
    up, down = (np.expm1(-s) / np.expm1(-m * s), np.expm1(s) / np.expm1(m * s))
    chain = np.array([[0, 1 / m, down[0]], [1 / m, 0, down[1]], [up[0], up[1], 0]])
    found = alpha_rank(payoffs, alpha=0.5, population=m)
    np.testing.assert_allclose(found @ chain, found * chain.sum(axis=1))


def test_large_payoffs_take_shorter_steps_inside() -> None:
    whole = replicator(RPS * 40, [0.6, 0.3, 0.1], step=0.5, steps=4)
    fine = replicator(RPS, [0.6, 0.3, 0.1], step=0.1, steps=800)[::200]
    np.testing.assert_allclose(whole, fine, atol=1e-5)


def test_what_cannot_be_counted_with_is_explained() -> None:
    start = [0.5, 0.5, 0.0]
    for call in (
        lambda: replicator(RPS, start, 0.1, 2.5),  # type: ignore[arg-type]
        lambda: replicator(RPS * 1e50, start, 0.1, 1),
        lambda: replicator_map(RPS, start, 1, math.inf),
        lambda: replicator_map(RPS, start, 1.5, 3.0),  # type: ignore[arg-type]
        lambda: alpha_rank(RPS, alpha=1e308),
        lambda: alpha_rank(RPS * 1e200),
        lambda: alpha_rank_profiles([[[1, 2]], [[1]]]),
    ):
        with pytest.raises(EquilibriumError):
            call()
