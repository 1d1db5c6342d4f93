"""Mutations that learn how far to go: step sizes that evolve, and the one-fifth rule.

Beyer & Schwefel 2002, "Evolution strategies: a comprehensive introduction", Natural Computing 1,
section 4 (self-adaptation, after Schwefel 1977, "Numerische Optimierung von Computer-Modellen");
Rechenberg 1973, "Evolutionsstrategie" (the one-fifth rule). Step sizes are standard deviations, as
shares of a gene's range, like the ``deviation`` of `gaussian_mutation`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evolution.variation.columns import (
    Column,
    Floats,
    VariationError,
    bounds_of,
    hits,
    reflect,
)


def self_adaptive_mutation(
    rows: Column,
    steps: Floats,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    rng: np.random.Generator,
    rate: float = 1.0,
    learning: float = 1.0,
    least: float = 1e-12,
) -> tuple[Column, Floats]:
    """Mutate the step sizes of real rows ``[n, size]`` first, and then the genes by the new ones.

    ``steps`` are ``[n, 1]``, one for all genes of a genome, or ``[n, size]``, one for each gene.
    A genome's steps are multiplied by one log-normal factor, and steps of single genes by one of
    their own besides; the deviations of the logarithms are ``learning`` times those of Schwefel,
    1/√size for one step and 1/√(2·size), 1/√(2·√size) for many. Then a gene moves by a normal
    step, reflected at the bounds. Steps keep to ``least`` … 1. At a ``rate`` below 1 only genes
    that are hit move, and only their steps.

    Returns the children and their steps. ``low`` and ``high`` broadcast.
    """
    n, size = rows.shape
    if steps.shape not in ((n, 1), (n, size)):
        raise VariationError(
            f"steps are {list(steps.shape)}; expected [{n}, 1], one a genome, or [{n}, {size}], "
            f"one a gene: e.g. np.full(({n}, 1), 0.1)"
        )
    if not (steps > 0.0).all():
        raise VariationError("steps must be above 0: a step of 0 could never grow again")
    if not (0.0 <= learning < np.inf and 0.0 < least <= 1.0):
        raise VariationError(
            f"learning is {learning} and least {least}; allowed: learning 0 or more (customarily "
            "1), least above 0, at most 1"
        )
    hit = np.zeros(rows.shape, np.bool_)
    hit.reshape(-1)[hits(rows.shape, rate, rng)] = True
    new_steps = _mutated_steps(steps, hit, size, rng, learning, least)

    floor, ceiling = bounds_of(low, high, rows.shape)
    row, gene = np.nonzero(hit & (ceiling > floor))
    origin, span = floor[row, gene], (ceiling - floor)[row, gene]
    step = np.broadcast_to(new_steps, rows.shape)[row, gene] * rng.standard_normal(len(row))
    moved = reflect((rows[row, gene] - origin) / span + step, 1.0)
    children = rows.copy()
    children[row, gene] = np.clip(origin + moved * span, origin, ceiling[row, gene])
    return children, new_steps


def _mutated_steps(
    steps: Floats,
    hit: npt.NDArray[np.bool_],
    size: int,
    rng: np.random.Generator,
    learning: float,
    least: float,
) -> Floats:
    n, count = steps.shape
    if count == 1:
        logarithm = learning / np.sqrt(size) * rng.standard_normal((n, 1))
        moves = hit.any(axis=1, keepdims=True)
    else:
        logarithm = learning / np.sqrt(2.0 * size) * rng.standard_normal((n, 1))
        logarithm = logarithm + learning / np.sqrt(2.0 * np.sqrt(size)) * rng.standard_normal(
            (n, size)
        )
        moves = hit
    return np.where(moves, np.clip(steps * np.exp(logarithm), least, 1.0), steps)


@dataclass(frozen=True)
class OneFifthRule:
    """The step size of a search whose mutations should succeed one time in five.

    After every ``window`` trials, ``deviation`` is divided by ``factor`` where more than a
    ``target`` share of them improved on their parents, and multiplied by it where less did. It
    keeps to ``least`` … ``most``. Schwefel has 10 trials a gene in a window, factor 0.85.

    The rule is a value: `told` gives the rule that follows, and its fields are its whole state.

    >>> rule = OneFifthRule(deviation=0.1, window=50)
    >>> children = gaussian_mutation(parents, 0, 1, rng, 1.0, rule.deviation)
    >>> rule = rule.told(fitness_of(children) < fitness_of(parents))
    """

    deviation: float = 0.1
    window: int = 50
    target: float = 0.2
    factor: float = 0.85
    least: float = 1e-12
    most: float = 1.0
    trials: int = 0
    successes: int = 0

    def __post_init__(self) -> None:
        self._require(0.0 < self.least <= self.most < np.inf, "least above 0, at most most")
        self._require(self.least <= self.deviation <= self.most, "deviation from least to most")
        self._require(self.window >= 1, "a window of at least 1 trial")
        self._require(0.0 < self.target < 1.0, "target between 0 and 1, customarily 0.2")
        self._require(0.0 < self.factor < 1.0, "factor between 0 and 1, customarily 0.85")
        self._require(
            0 <= self.successes <= self.trials < self.window, "successes ≤ trials < window"
        )

    def told(self, improved: npt.ArrayLike) -> OneFifthRule:
        """The rule after these trials, ``bool[k]`` in their order: which ones were successes."""
        outcomes = np.atleast_1d(np.asarray(improved, np.bool_))
        rule = self
        while len(outcomes) >= rule.window - rule.trials:
            now, outcomes = np.split(outcomes, [rule.window - rule.trials])
            rule = rule._turned(rule.successes + int(now.sum()))
        return replace(
            rule,
            trials=rule.trials + len(outcomes),
            successes=rule.successes + int(outcomes.sum()),
        )

    def _turned(self, successes: int) -> OneFifthRule:
        """The rule at the end of a window."""
        share = successes / self.window
        factor = 1.0
        if share != self.target:
            factor = 1.0 / self.factor if share > self.target else self.factor
        deviation = min(max(self.deviation * factor, self.least), self.most)
        return replace(self, deviation=deviation, trials=0, successes=0)

    def _require(self, holds: bool, allowed: str) -> None:
        if not holds:
            raise VariationError(f"{self}; allowed: {allowed}")
