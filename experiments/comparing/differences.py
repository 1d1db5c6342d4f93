"""Differences of two groups of replicates, tests of them, and how they are corrected.

Pairs by Student's t, two groups as Welch (1947) does; or, by resampling, with BCa intervals and
permutation tests, exact where there are few permutations.

The probability of superiority is that one of the group is higher than one of the baseline, ties
counted half: of all couples (Vargha and Delaney 2000), or of the pairs (Grissom and Kim 2012).
Cliff's delta (1993) is twice that, less one.

One replicate has no interval: nan. Where two groups do not vary at all their difference is exact,
and no test is needed: p is nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from experiments.comparing.effects import g_av, hedges_g
from experiments.comparing.intervals import (
    CONFIDENCE,
    RESAMPLES,
    Interval,
    bootstrapped,
    chance_or,
    quiet,
    same,
)

WELCH, PAIRED = "welch", "paired"


@dataclass(frozen=True)
class Difference:
    """A group against a baseline.

    Attributes:
        kind: "paired" or "welch".
        replicates: pairs, or replicates of the smaller group.
        mean: of the group less that of the baseline.
        effect: Hedges' g, or g_av for pairs.
        superiority: probability that the group is higher than the baseline, ties counted half.
        p: of no difference, two-sided, not corrected.
    """

    kind: str
    replicates: int
    mean: Interval
    effect: Interval
    superiority: float
    p: float

    @property
    def cliffs_delta(self) -> float:
        """From -1, always lower, to 1, always higher."""
        return 2 * self.superiority - 1


def difference(
    baseline: np.ndarray,
    group: np.ndarray,
    paired: bool,
    method: str = "t",
    rng: np.random.Generator | None = None,
) -> Difference:
    """What a group has more than its baseline.

    Args:
        baseline, group: float[n], float[m], n, m ≥ 1, finite; n = m and in the same order if
            paired.
        paired: whether those at the same place belong together, as those of the same seed do.
        method: "t" or "resampling".
        rng: chance for resampling; one of a fixed seed if left out.

    Raises:
        ValueError: paired groups differ in length.
    """
    if paired and len(baseline) != len(group):
        raise ValueError(f"pairs: got {len(baseline)} and {len(group)} replicates, need as many")
    measured = _paired if paired else _independent
    return measured(np.asarray(baseline, float), np.asarray(group, float), method, rng)


def _independent(
    a: np.ndarray, b: np.ndarray, method: str, rng: np.random.Generator | None
) -> Difference:
    value = float(b.mean() - a.mean())
    smaller = min(len(a), len(b))
    above = stats.mannwhitneyu(b, a, method="asymptotic").statistic / (len(a) * len(b))

    def found(mean: Interval, effect: Interval, p: float) -> Difference:
        return Difference(WELCH, smaller, mean, effect, float(above), p)

    if smaller < 2:
        return found(Interval(value), Interval(math.nan), math.nan)
    if same(a) and same(b):
        exact = Interval(value, value, value)
        return found(exact, Interval(math.nan if value else 0.0), math.nan)
    if method == "resampling":
        mean = Interval(value, *bootstrapped((b, a), _gap, rng))
        return found(mean, hedges_g(a, b), _permuted((b, a), _gap, "independent", rng))
    with quiet():
        test = stats.ttest_ind(b, a, equal_var=False)
        bounds = test.confidence_interval(CONFIDENCE)
    return found(
        Interval(value, float(bounds.low), float(bounds.high)),
        hedges_g(a, b),
        float(test.pvalue),
    )


def _paired(
    a: np.ndarray, b: np.ndarray, method: str, rng: np.random.Generator | None
) -> Difference:
    gaps = b - a
    value = float(gaps.mean())
    above = float(np.mean((gaps > 0) + 0.5 * (gaps == 0)))

    def found(mean: Interval, effect: Interval, p: float) -> Difference:
        return Difference(PAIRED, len(gaps), mean, effect, above, p)

    if len(gaps) < 2:
        return found(Interval(value), Interval(math.nan), math.nan)
    if same(gaps):
        exact = Interval(value, value, value)
        return found(exact, g_av(a, b) if value else Interval(0.0), math.nan)
    if method == "resampling":
        mean = Interval(value, *bootstrapped((gaps,), np.mean, rng))
        return found(mean, g_av(a, b), _permuted((b, a), _gap, "samples", rng))
    test = stats.ttest_rel(b, a)
    bounds = test.confidence_interval(CONFIDENCE)
    return found(
        Interval(value, float(bounds.low), float(bounds.high)), g_av(a, b), float(test.pvalue)
    )


def _permuted(
    samples: tuple[np.ndarray, ...],
    statistic: Callable[..., Any],
    kind: str,
    rng: np.random.Generator | None,
) -> float:
    """P of a permutation test; exact where there are no more than `RESAMPLES` permutations."""
    test = stats.permutation_test(
        samples,
        statistic,
        permutation_type=kind,
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=chance_or(rng),
    )
    return float(test.pvalue)


def _gap(b: np.ndarray, a: np.ndarray, axis: int = -1) -> Any:
    return np.mean(b, axis=axis) - np.mean(a, axis=axis)
