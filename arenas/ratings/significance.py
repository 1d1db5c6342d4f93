"""Whether two players differ at all, with many pairs looked at at once.

Tests of one pair: the exact sign test of won against lost matches (draws say nothing; W. J.
Conover, "Practical Nonparametric Statistics", 1999, section 3.4), the sign-flip permutation test
of paired differences (R. A. Fisher, "The Design of Experiments", 1935, section 21), and the Wald
test of a gap of ratings. Adjustments for many pairs: S. Holm, "A simple sequentially rejective
multiple test procedure", Scandinavian Journal of Statistics 6, 1979 (the chance of any false
finding); Y. Benjamini & Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal
Statistical Society B 57, 1995 (the share of findings that are false).

Guarantees: adjusted values are never below the raw ones and keep their order; the sign test is
exact, and so is the permutation test up to EXACT_MAX differences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from arenas.ratings.bradley_terry import Floats, RatingError, Ratings

EXACT_MAX = 13
"""Up to so many differences all signs are tried; of more, random ones."""


def holm(p: npt.ArrayLike) -> Floats:
    """Adjusted p-values, float64[m]: reject those <= alpha, and any false finding has chance
    <= alpha, however the tests depend on each other.

    Args:
        p: float[m] in 0 ... 1; NaN is no test, stays NaN and is not counted.

    >>> holm([0.01, 0.04, 0.03, 0.005]).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    raw, order = _ordered(p)
    scaled = raw[order] * np.arange(len(order), 0, -1)
    return _placed(np.maximum.accumulate(scaled), order, len(raw))


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Adjusted p-values, float64[m]: of those <= q a share <= q is expected to be false, where
    the tests are independent or positively dependent.

    Args:
        p: float[m] in 0 ... 1; NaN is no test, stays NaN and is not counted.

    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.005]).round(3).tolist()
    [0.02, 0.04, 0.04, 0.02]
    """
    raw, order = _ordered(p)
    scaled = raw[order] * len(order) / np.arange(1, len(order) + 1)
    return _placed(np.minimum.accumulate(scaled[::-1])[::-1], order, len(raw))


def sign_test(won: npt.ArrayLike, lost: npt.ArrayLike) -> Floats:
    """Two-sided exact p-values that wins and losses are equally likely, in any one shape.

    Args:
        won, lost: whole numbers >= 0; 0 of both is p = 1.

    >>> sign_test([5, 8], [0, 2]).round(4).tolist()
    [0.0625, 0.1094]
    """
    from scipy.special import bdtr

    more, less = np.maximum(won, lost), np.minimum(won, lost)
    if (np.asarray(less) < 0).any() or (more != np.rint(more)).any():
        raise RatingError("wins and losses are whole numbers, 0 or more; leave draws out")
    games = (more + less).astype(np.int64)
    p: Floats = np.minimum(2 * bdtr(less.astype(np.float64), games, 0.5), 1.0)
    return p


def sign_flip_test(
    differences: npt.ArrayLike, rng: np.random.Generator, permutations: int = 9_999
) -> Floats:
    """Two-sided p-values that paired differences are as likely to be turned round.

    Args:
        differences: float[m] or float[m, T] for T tests, such as what two players made of the
            same seeds or rounds, one less the other. A difference of 0 says nothing.
        rng: draws the signs, the same for all tests, where m is above EXACT_MAX.
        permutations: how many are drawn then; p is at least 1 / (permutations + 1).

    Returns:
        float64 or float64[T], in (0, 1], the signs as they are counted in.

    Raises:
        RatingError: for differences of another shape, or that are not finite.

    >>> float(sign_flip_test([1.0, 2.0, 3.0], np.random.default_rng(0)))
    0.25
    """
    seen = np.asarray(differences, np.float64)
    if seen.ndim not in (1, 2) or not len(seen) or not np.isfinite(seen).all():
        raise RatingError(
            f"differences are {list(seen.shape)}; expected finite numbers, [m] or [m, T], m >= 1"
        )
    m, columns = len(seen), seen.reshape(len(seen), -1)
    least = np.abs(columns.sum(axis=0)) - 1e-9 * np.abs(columns).sum(axis=0)
    exact = m <= EXACT_MAX
    if exact:  # turning all signs changes nothing, so the first stays
        signs = 1.0 - 2.0 * (np.arange(2 ** (m - 1))[:, None] >> np.arange(m) & 1)
    else:
        signs = 1.0 - 2.0 * rng.integers(0, 2, size=(permutations, m), dtype=np.int8)
    reached = np.zeros(columns.shape[1], np.int64)
    for begin in range(0, len(signs), 1_024):
        sums = np.abs(signs[begin : begin + 1_024] @ columns)
        reached += np.count_nonzero(sums >= least, axis=0)
    p = reached / len(signs) if exact else (reached + 1) / (permutations + 1)
    return np.asarray(p.reshape(seen.shape[1:]), np.float64)


def gap_test(ratings: Ratings) -> Floats:
    """Two-sided p-values that two Bradley-Terry ratings are equal, float64[n, n]; 1 on the
    diagonal. By their gap and its standard error, taken to be normal (Wald's test).
    """
    from scipy.special import ndtr

    own = np.diag(ratings.covariance)
    variance = own[:, None] + own - 2 * ratings.covariance
    gap = np.abs(ratings.elo[:, None] - ratings.elo)
    error = np.sqrt(np.maximum(variance, 0))
    p: Floats = 2 * ndtr(-np.divide(gap, error, out=np.zeros_like(gap), where=error > 0))
    return p


def adjusted(p: npt.ArrayLike, how: str = "holm") -> Floats:
    """A symmetric table of p-values, float64[n, n], adjusted for its n (n - 1) / 2 pairs.

    Args:
        p: float[n, n], symmetric; NaN for pairs that were not tested.
        how: "holm" or "benjamini-hochberg".
    """
    adjustments = {"holm": holm, "benjamini-hochberg": benjamini_hochberg}
    table = np.asarray(p, np.float64)
    if how not in adjustments:
        raise RatingError(f"adjustments are {', '.join(adjustments)}; got {how!r}")
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise RatingError(f"p is {list(table.shape)}; expected [n, n]")
    upper = np.triu_indices(len(table), 1)
    fair = np.ones_like(table)
    fair[upper] = adjustments[how](table[upper])
    fair.T[upper] = fair[upper]
    return fair


def groups(p: npt.ArrayLike, order: Sequence[int], alpha: float = 0.05) -> list[list[int]]:
    """Players that cannot be told apart: the longest runs of neighbouring places without a pair
    that differs.

    Args:
        p: float[n, n], adjusted; a pair differs where it is <= alpha, and not where it is NaN.
        order: the players by place, best first.
        alpha: the level of the adjusted values.

    Returns:
        Groups of players, best first. Everybody is in at least one; a player in two is what
        lies between them. A run within another is left out.
    """
    differ = np.asarray(p)[np.ix_(order, order)] <= alpha
    found: list[list[int]] = []
    reached = 0
    for begin in range(len(order)):
        end = begin + 1
        while end < len(order) and not differ[begin:end, end].any():
            end += 1
        if end > reached:
            found.append([int(player) for player in order[begin:end]])
            reached = end
    return found


def _ordered(p: npt.ArrayLike) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The values, and the rows of those that were tested, by size."""
    raw = np.asarray(p, np.float64)
    if raw.ndim != 1 or (raw < 0).any() or (raw > 1).any():
        raise RatingError(f"p is {list(raw.shape)}; expected p-values [m] in 0 ... 1")
    tested = np.flatnonzero(~np.isnan(raw))
    return raw, tested[np.argsort(raw[tested], kind="stable")]


def _placed(scaled: Floats, order: npt.NDArray[np.int64], size: int) -> Floats:
    fair = np.full(size, np.nan)
    fair[order] = np.minimum(scaled, 1.0)
    return fair
