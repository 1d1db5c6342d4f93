"""Means of replicates, and how sure one can be of them.

Two ways, each for the whole of a comparison. "t": Student's t; sound from three replicates or so if
these are near to normal. "resampling": BCa bootstrap (Efron 1987), which asks for no distribution
but for more replicates than a t interval: of normal ones it holds the truth 83 times of 100 with
five, 90 with ten, 92 with twenty (of 1,500 simulated groups each), where t holds it 95 to 96 times.

What has no answer is nan, never a guess, as the interval of one replicate; where nothing varies the
bounds are the mean itself.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 9_999
METHODS = ("t", "resampling")


class Interval(NamedTuple):
    """A figure and the bounds of its 95% interval, nan where there are none."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def bounded(self) -> bool:
        """Whether there is an interval."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def mean_interval(
    values: np.ndarray, method: str = "t", rng: np.random.Generator | None = None
) -> Interval:
    """The mean of replicates with its 95% interval.

    Args:
        values: float[n], n ≥ 1, finite.
        method: "t" or "resampling".
        rng: chance for resampling; one of a fixed seed if left out.
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean)
    if same(values):
        return Interval(mean, mean, mean)
    if method == "resampling":
        return Interval(mean, *bootstrapped((values,), np.mean, rng))
    spread = stats.sem(values)
    low, high = stats.t.interval(CONFIDENCE, len(values) - 1, loc=mean, scale=spread)
    return Interval(mean, float(low), float(high))


def bootstrapped(
    samples: tuple[np.ndarray, ...], statistic: Callable[..., Any], rng: np.random.Generator | None
) -> tuple[float, float]:
    """The bounds of a BCa interval; nan if scipy finds none."""
    with quiet():
        found = stats.bootstrap(
            samples,
            statistic,
            n_resamples=RESAMPLES,
            confidence_level=CONFIDENCE,
            method="BCa",
            vectorized=True,
            rng=chance_or(rng),
        ).confidence_interval
    return float(found.low), float(found.high)


def chance_or(rng: np.random.Generator | None) -> np.random.Generator:
    """What is given, or a generator of a fixed seed."""
    return np.random.default_rng(0) if rng is None else rng


def same(values: np.ndarray) -> bool:
    """Whether nothing varies, but for the last digits of a sum."""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


@contextmanager
def quiet() -> Iterator[None]:
    """Near the ends of what can be computed scipy warns and answers nan, shown as such."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
