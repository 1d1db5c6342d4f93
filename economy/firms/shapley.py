"""The Shapley value: what each member of a firm adds to it, averaged over all orders of joining.

L. S. Shapley, "A value for n-person games", 1953. Exact from the worths of all 2**n coalitions, up
to 12 members; beyond, sampled by permutations taken together with their reverses (antithetic pairs:
R. Mitchell, J. Cooper et al., "Sampling permutations for Shapley value estimation", JMLR 23, 2022,
section 3), with standard errors.

Guarantees, held by the tests: whole worths are summed in whole numbers, so that exact values are
rounded once, at the end; values, exact or sampled, sum to the worth of all members; a split in
tokens sums to it exactly.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.firms.errors import FirmError
from economy.split import split_exactly

Floats = NDArray[np.float64]

MEMBERS_EXACT = 12
"""The most members whose 2**n coalitions are all looked at."""
LARGEST_WORTH = 2**33
"""The largest whole worth: times 12! it fits int64."""


@dataclass(frozen=True, slots=True, eq=False)
class SampledShapley:
    """An estimate of the Shapley value.

    Attributes:
        value: float64[n], the members' values; they sum to the worth of all members.
        error: float64[n], their standard errors.
        evaluations: how many coalitions were looked at.
    """

    value: Floats
    error: Floats
    evaluations: int


def shapley(worth: ArrayLike) -> Floats:
    """Return the exact Shapley values of one game, or of many.

    ``worth`` is [..., 2**n], n of 1 to 12: the worth of each coalition, where bit i of its place
    says whether member i belongs; the empty one's must be 0. Returns float64[..., n].
    O(n * 2**n) a game. Raises ``FirmError``.

    >>> worth = [0, 0, 0, 1, 0, 1, 0, 1]  # a left glove (member 0) and two right ones
    >>> shapley(worth).round(4).tolist()
    [0.6667, 0.1667, 0.1667]
    """
    games = _checked(worth)
    sums = _sums(games)
    return sums / math.factorial(sums.shape[-1])


def shapley_split(worth: ArrayLike) -> NDArray[np.int64]:
    """Split what all members earn together among them, by Shapley value, to the last token.

    ``worth`` is int64[2**n] as for ``shapley``, in tokens; the worth of all is what is split.
    Shares are rounded by the largest remainders. A member whose value is negative gets nothing,
    and the others bear that in proportion. Returns int64[n].

    >>> shapley_split([0, 0, 0, 100, 0, 100, 0, 100]).tolist()
    [67, 17, 16]
    """
    games = _checked(worth)
    if games.ndim != 1 or games.dtype != np.int64 or games[-1] < 0:
        raise FirmError(
            "a split needs the worths of one game in whole tokens, int64[2**n], "
            f"0 or more for all members; got {games.dtype}{list(games.shape)}, last {games[-1]}"
        )
    return split_exactly(games[-1], np.maximum(_sums(games), 0))


def sampled_shapley(
    worth: Callable[[NDArray[np.bool_]], ArrayLike],
    n: int,
    rng: np.random.Generator,
    pairs: int = 500,
) -> SampledShapley:
    """Estimate the Shapley values of a game from random permutations and their reverses.

    ``worth`` is called with coalitions, bool[k, n], and returns their worths, [k]; it is asked in
    one call for the n + 1 coalitions of each of 2 * ``pairs`` permutations, ``pairs`` at least 2.
    The error bar is the standard error of the mean over pairs, which are independent.

    >>> airport = lambda coalition: (coalition * [1.0, 2.0, 3.0]).max(axis=1)
    >>> sampled = sampled_shapley(airport, 3, np.random.default_rng(1))
    >>> (abs(sampled.value - [1 / 3, 5 / 6, 11 / 6]) <= 4 * sampled.error).all()
    np.True_
    """
    if n < 1 or pairs < 2:
        raise FirmError(f"sampling needs n >= 1 members and pairs >= 2; got {n} and {pairs}")
    forward = np.argsort(rng.random((pairs, n)), axis=1)
    orders = np.stack([forward, forward[:, ::-1]], axis=1)  # [pairs, 2, n]: who joins when
    joined = np.argsort(orders, axis=2)  # when each member joins
    coalitions = joined[:, :, None, :] < np.arange(n + 1)[:, None]
    worths = np.asarray(worth(coalitions.reshape(-1, n)), np.float64)
    if worths.shape != (2 * pairs * (n + 1),) or not np.isfinite(worths).all():
        raise FirmError(
            f"worth must return one finite number for each of the {2 * pairs * (n + 1)} "
            f"coalitions it is given; got shape {worths.shape}"
        )
    along = np.diff(worths.reshape(pairs, 2, n + 1), axis=2)
    added = np.take_along_axis(along, joined, axis=2).mean(axis=1)  # [pairs, n]
    error = added.std(axis=0, ddof=1) / math.sqrt(pairs)
    return SampledShapley(added.mean(axis=0), error, worths.size)


def _checked(worth: ArrayLike) -> NDArray:
    games = np.asarray(worth)
    n = games.shape[-1].bit_length() - 1 if games.ndim else 0
    if not 1 <= n <= MEMBERS_EXACT or games.shape[-1] != 1 << n:
        raise FirmError(
            f"worth needs a number for each of the 2**n coalitions, n of 1 to {MEMBERS_EXACT}; "
            f"got shape {games.shape}. For more members use sampled_shapley."
        )
    games = games.astype(np.int64 if games.dtype.kind in "bi" else np.float64)
    if not np.isfinite(games).all() or games[..., 0].any():
        raise FirmError("worths must be finite, and that of the empty coalition (place 0) is 0")
    if games.dtype == np.int64 and np.abs(games).max() > LARGEST_WORTH:
        raise FirmError("whole worths are at most 2**33; pass float64 for larger ones")
    return games


def _sums(games: NDArray) -> NDArray:
    """Return each member's marginal worths summed over all n! orders, [..., n]."""
    n = games.shape[-1].bit_length() - 1
    flat = np.ascontiguousarray(games.reshape(-1, games.shape[-1]))
    sums = np.zeros((flat.shape[0], n), flat.dtype)
    weights = [math.factorial(k) * math.factorial(n - 1 - k) for k in range(n)]
    _add_marginals(flat, np.array(weights, flat.dtype), sums)
    return sums.reshape(*games.shape[:-1], n)


@njit(cache=True, nogil=True)
def _add_marginals(games: NDArray, weights: NDArray, sums: NDArray) -> None:
    """Add up each member's marginal worths times the orders in which they occur, in place."""
    for g in range(games.shape[0]):
        for coalition in range(games.shape[1]):
            size, rest = 0, coalition
            while rest:
                size += 1
                rest &= rest - 1
            for i in range(sums.shape[1]):
                if not coalition >> i & 1:
                    more = games[g, coalition | 1 << i] - games[g, coalition]
                    sums[g, i] += weights[size] * more
