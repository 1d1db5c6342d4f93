"""Held-out judges: tests of made against real by data and judges that neither side has met.

`classifier_test` is the classifier two-sample test (Lopez-Paz & Oquab 2017, "Revisiting classifier
two-sample tests", ICLR): a fresh logistic judge over random features learns on one half to tell
made from real, and its accuracy on the other half is near ½ where it cannot. `discrepancy_test` is
the kernel two-sample test (Gretton et al. 2012, "A kernel two-sample test", Journal of Machine
Learning Research 13: the unbiased MMD², lemma 6) with a p-value by permutation.

Guarantees: where both samples come from one distribution, both p-values are at most α with a
probability of at most α (but for rounding of the normal approximation of the first); both depend
on their arguments and the generator alone.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from arenas.coevolution.interval import Interval
from arenas.imitation.errors import ImitationError
from arenas.imitation.targets import Floats

_RIDGE = 1.0
_NEWTON_STEPS = 12


class Judged(NamedTuple):
    """A verdict of `classifier_test`: accuracy on rows never seen, Wilson's interval, p-value."""

    accuracy: Interval
    p: float


class Discrepancy(NamedTuple):
    """A verdict of `discrepancy_test`: the unbiased MMD², about 0 for equals, and its p-value."""

    squared: float
    p: float


def classifier_test(
    real: npt.ArrayLike, made: npt.ArrayLike, rng: np.random.Generator, *, features: int = 128
) -> Judged:
    """Let a fresh judge learn on half of the rows, and test it on the others.

    Args:
        real: float[n, d], n ≥ 8.
        made: float[n, d], as many.
        rng: draws the halves and the judge's random features.
        features: of the judge, random cosines at three scales besides the numbers themselves.

    Returns:
        accuracy 0 to 1 with its interval of 95% (Wilson 1927), and the chance of an accuracy this
        good or better where both are of one distribution.
    """
    x, y = _samples(real, made)
    if len(x) != len(y):
        raise ImitationError(f"{len(x)} real and {len(y)} made rows; a fair judge gets as many")
    halves = [rng.permutation(len(rows)) < len(rows) // 2 for rows in (x, y)]
    learn = np.concatenate([x[halves[0]], y[halves[1]]])
    test = np.concatenate([x[~halves[0]], y[~halves[1]]])
    is_real = [
        np.repeat([1.0, 0.0], [mine.sum(), theirs.sum()])
        for mine, theirs in (halves, [~half for half in halves])
    ]
    centre, spread = learn.mean(axis=0), learn.std(axis=0)
    spread[spread == 0.0] = 1.0
    scale = np.resize([0.25, 1.0, 3.0], features) / math.sqrt(x.shape[1])
    wave = rng.standard_normal((x.shape[1], features)) / scale
    phase = rng.uniform(0.0, 2.0 * np.pi, features)

    def seen(rows: Floats) -> Floats:
        known = (rows - centre) / spread
        waves = np.cos((known / math.sqrt(known.shape[1])) @ wave + phase)
        return np.column_stack([known, waves, np.ones(len(rows))])

    weights = _logistic(seen(learn), is_real[0])
    taken = seen(test) @ weights > 0.0
    right, n = int((taken == (is_real[1] > 0.5)).sum()), len(test)
    z = (right / n - 0.5) / math.sqrt(0.25 / n)
    return Judged(proportion_interval(right, n), 0.5 * math.erfc(z / math.sqrt(2.0)))


def discrepancy_test(
    real: npt.ArrayLike,
    made: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    permutations: int = 499,
    length: float | None = None,
) -> Discrepancy:
    """Compare two samples by the maximum mean discrepancy of a Gaussian kernel.

    Args:
        real: float[n, d], n ≥ 8.
        made: float[m, d], m ≥ 8.
        rng: draws the permutations.
        permutations: P of them; the p-value is a multiple of 1/(P + 1).
        length: of the kernel; the median distance of all rows unless given, which is too long
            for what differs between modes close to each other: give about their distance then.

    Costs O(P·(n + m)²), as one matrix product.
    """
    x, y = _samples(real, made)
    rows, n, m = np.concatenate([x, y]), len(x), len(y)
    square = (rows**2).sum(axis=1)
    squared = np.maximum(square[:, None] + square - 2.0 * rows @ rows.T, 0.0)
    if length is None:
        length = math.sqrt(float(np.median(squared[np.triu_indices(n + m, 1)]))) or 1.0
    kernel = np.exp(-squared / (2.0 * length**2))
    np.fill_diagonal(kernel, 0.0)
    first = np.zeros((permutations + 1, n + m))
    first[0, :n] = 1.0
    for row in first[1:]:
        row[rng.permutation(n + m)[:n]] = 1.0
    inner = first @ kernel
    within = (inner * first).sum(axis=1)
    across = inner.sum(axis=1) - within
    rest = kernel.sum() - within - 2.0 * across
    found = within / (n * (n - 1)) + rest / (m * (m - 1)) - 2.0 * across / (n * m)
    # Sums in another order differ in the last digits: a tie counts against the difference.
    as_large = int((found[1:] >= found[0] - 1e-12).sum())
    return Discrepancy(float(found[0]), (1 + as_large) / (permutations + 1))


def proportion_interval(right: int, n: int) -> Interval:
    """The share of ``right`` among n, with its interval of 95% (Wilson 1927, JASA 22)."""
    if n < 1 or not 0 <= right <= n:
        raise ImitationError(f"{right} of {n}; a share of at least one, such as 3 of 4")
    z = 1.959963984540054
    share, weight = right / n, 1.0 / (1.0 + z**2 / n)
    middle = (share + z**2 / (2 * n)) * weight
    reach = z * weight * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Interval(share, max(middle - reach, 0.0), min(middle + reach, 1.0))


def _samples(real: npt.ArrayLike, made: npt.ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(real, np.float64), np.asarray(made, np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1:] != y.shape[1:] or min(len(x), len(y)) < 8:
        raise ImitationError(
            f"real is {list(x.shape)} and made {list(y.shape)}; expected [n, d] and [m, d], at "
            "least 8 rows each"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ImitationError("samples hold numbers that are not finite; leave those rows out")
    return x, y


def _logistic(seen: Floats, is_real: Floats) -> Floats:
    """Weights of a logistic regression with a ridge, by Newton's method."""
    weights = np.zeros(seen.shape[1])
    ridge = _RIDGE * np.eye(seen.shape[1])
    ridge[-1, -1] = 1e-6  # the bias is free
    for _ in range(_NEWTON_STEPS):
        chance = 0.5 + 0.5 * np.tanh(0.5 * (seen @ weights))
        slope = seen.T @ (chance - is_real) + ridge @ weights
        bend = (seen * (chance * (1.0 - chance))[:, None]).T @ seen + ridge
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    return weights
