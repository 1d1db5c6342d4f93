"""Alpha-rank: what populations play in the long run, when new strategies fixate or die out.

S. Omidshafiei, C. Papadimitriou, G. Piliouras, K. Tuyls, M. Rowland, J.-B. Lespiau et al.,
"α-Rank: multi-agent evaluation by evolution", Scientific Reports 9, 2019. Each population plays
one strategy. Now and then a mutant appears in one, and by imitation takes over with a probability
that grows with how much better it does (their eq. 7). That is a Markov chain over strategy
profiles; the time it spends in each is the ranking. Cycles are ranked as such: no equilibrium has
to be chosen, and there is exactly one answer.

As α grows the mutant takes over if it does better and not otherwise: the limit is the chain with
a little noise (M. Rowland et al., "Multiagent evaluation under incomplete information", NeurIPS
2019, eq. 1), here taken with ``alpha=math.inf``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from economy.equilibria.checks import EquilibriumError, Floats, bounded, numbers, square

PROFILES_MAX = 1_500
TIED = 1e-14
STRENGTH_MAX = 1e300


def alpha_rank(
    payoffs: ArrayLike, *, alpha: float = 100.0, population: int = 50, noise: float = 0.01
) -> Floats:
    """How much of the time a population that plays itself spends at each strategy, float64[n].

    Args:
        payoffs: [n, n], what a row strategy gets from meeting a column one.
        alpha: the intensity of selection, in units of one over a payoff, >= 0; may be infinite.
        population: how many play, at least 2; of no concern if ``alpha`` is infinite.
        noise: the chance in (0, 1/2) that a step of the infinite limit goes to the worse.

    Raises ``EquilibriumError``. O(n³).

    >>> alpha_rank([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]).round(12).tolist()
    [0.333333333333, 0.333333333333, 0.333333333333]
    """
    A = square("payoffs", payoffs)
    # A mutant r among residents s earns A[r, s], the residents A[s, r] from it.
    taken = _takeover(A.T - A, alpha, population, noise)
    return _stationary(taken)  # which mutant comes is chance, alike for all: no matter here


def alpha_rank_profiles(
    payoffs: Sequence[ArrayLike] | ArrayLike,
    *,
    alpha: float = 100.0,
    population: int = 50,
    noise: float = 0.01,
) -> Floats:
    """How much of the time n populations spend at each profile, float64[A_1, ..., A_n].

    ``payoffs`` is [n, A_1, ..., A_n]; a bimatrix game is ``[A, B]``. Populations meet each other,
    never themselves. The rest as of ``alpha_rank``; at most 1,500 profiles, O(profiles³).
    """
    tensor = bounded("payoffs", numbers("payoffs", payoffs))
    if tensor.ndim < 2 or len(tensor) != tensor.ndim - 1:
        raise EquilibriumError(
            "payoffs of n populations have the shape [n, strategies of the first, ..., of the "
            f"n-th], such as [2, 3, 3]; got {list(tensor.shape)}"
        )
    sizes = tensor.shape[1:]
    profiles = math.prod(sizes)
    if not 0 < profiles <= PROFILES_MAX:
        raise EquilibriumError(f"1 to {PROFILES_MAX:,} profiles can be ranked; got {profiles:,}")
    number = np.arange(profiles).reshape(sizes)
    chain = np.full((profiles, profiles), -np.inf)
    for mutant, size in enumerate(sizes):
        lines = np.moveaxis(number, mutant, -1).reshape(-1, size)  # profiles differing in one
        paid = tensor[mutant].ravel()[lines]
        taken = _takeover(paid[:, None, :] - paid[:, :, None], alpha, population, noise)
        chain[lines[:, :, None], lines[:, None, :]] = taken  # the diagonal is never looked at
    return _stationary(chain).reshape(sizes)


def _takeover(ahead: Floats, alpha: float, population: int, noise: float) -> Floats:
    """The logarithm of the probability that a mutant who does better by ``ahead`` takes over."""
    if not alpha >= 0 or population < 2 or not 0 < noise < 0.5:
        raise EquilibriumError(
            "alpha is 0 or more, such as 100 or math.inf, population at least 2, noise between 0 "
            f"and 0.5; got {alpha=}, {population=}, {noise=}"
        )
    if math.isinf(alpha):
        taken = np.where(ahead > 0, 1 - noise, noise)
        return np.log(np.where(np.abs(ahead) <= TIED, 0.5, taken))
    # log of (1 - exp(-s)) / (1 - exp(-m s)), turned so that no power overflows.
    if not alpha * population * np.abs(ahead).max() < STRENGTH_MAX:
        raise EquilibriumError(
            f"alpha = {alpha} times payoffs of up to {np.abs(ahead).max()} is too large to count "
            "with; take alpha=math.inf, the limit"
        )
    strength = alpha * np.abs(ahead)
    tied = strength <= TIED
    strength = np.where(tied, 1.0, strength)
    better = np.log(-np.expm1(-strength)) - np.log(-np.expm1(-population * strength))
    worse = better - (population - 1) * strength
    return np.where(tied, -math.log(population), np.where(ahead > 0, better, worse))


def _stationary(chain: Floats) -> Floats:
    """The time a Markov chain spends in each state, from the logarithms of its steps.

    Its diagonal is not looked at. Grassmann, Taksar & Heyman, "Regenerative analysis and steady
    state distributions for Markov chains", Operations Research 33, 1985: elimination without a
    subtraction. So it can be done in logarithms, where no way back is ever too unlikely: with
    alpha = 100 steps of e^-10000 are common, and decide between states that hold on to you.
    """
    left = chain.copy()
    for k in range(len(left) - 1, 0, -1):
        left[:k, k] -= np.logaddexp.reduce(left[k, :k])
        np.logaddexp(left[:k, :k], left[:k, k, None] + left[k, :k], out=left[:k, :k])
    spent = np.zeros(len(left))
    for k in range(1, len(left)):
        spent[k] = np.logaddexp.reduce(spent[:k] + left[:k, k])
    shares = np.exp(spent - spent.max())
    return shares / shares.sum()
