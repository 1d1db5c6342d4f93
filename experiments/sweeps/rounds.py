"""Rounds: which points are asked next, given what is known of those asked before.

A sweep is played in rounds. All points of a grid, a random design or a Latin hypercube are one
round. Successive halving (Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and
hyperparameter optimization", AISTATS) has a round a rung: all points live a little, the best of
them begin again and live `factor` times as long. Optuna is asked for a batch of points a round.

What is asked depends on the sweep and on the values of finished rounds alone: not on the order in
which trials end, on how many workers there are, or on how often the sweep was stopped.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from experiments.sweeps import designs
from experiments.sweeps.designs import Point
from experiments.sweeps.plan import Sweep
from experiments.sweeps.seeds import design_chance


@dataclass(frozen=True)
class Asked:
    """A point to be lived with every seed.

    Attributes:
        number: of the point, from 0.
        point: a value for each factor.
        rung: of successive halving, 0 without it.
    """

    number: int
    point: Point
    rung: int = 0


Rounds = Generator[list[Asked], Sequence[float], None]
"""Yields a round; is sent the value of each of its points, nan for one of which nothing is known.

The value of a point is the mean of the objective over its finished replicates."""


def rounds_of(sweep: Sweep) -> Rounds:
    """The rounds of a sweep."""
    if sweep.file.design.kind == "optuna":
        from experiments.sweeps.asking import optuna_rounds

        return optuna_rounds(sweep)
    first = [Asked(number, point) for number, point in enumerate(points_of(sweep))]
    return _halving(sweep, first) if sweep.file.halving is not None else _once(first)


def points_of(sweep: Sweep) -> list[Point]:
    """The points of a design that are known before the first trial."""
    design, factors = sweep.file.design, sweep.factors
    if design.kind == "grid":
        return designs.grid(factors, design.levels)
    draw = designs.random if design.kind == "random" else designs.latin_hypercube
    assert design.trials is not None, "checked when the sweep was read"
    return draw(factors, design.trials, design_chance(sweep.file.seed))


def _once(asked: list[Asked]) -> Rounds:
    yield asked


def _halving(sweep: Sweep, asked: list[Asked]) -> Rounds:
    halving, lowest = sweep.file.halving, sweep.file.design.direction == "min"
    assert halving is not None
    for rung in range(halving.rungs):
        values = yield [Asked(each.number, each.point, rung) for each in asked]
        ranked = best_first(values, lowest)
        asked = [asked[k] for k in sorted(ranked[: max(len(asked) // halving.factor, 1)])]


def best_first(values: Sequence[float], lowest: bool) -> list[int]:
    """Places of values, the best first; equal ones in their order, unknown ones last."""
    sign = 1 if lowest else -1
    return sorted(
        range(len(values)),
        key=lambda k: (math.isnan(values[k]), 0 if math.isnan(values[k]) else sign * values[k]),
    )


def total_of(plan: Sweep, points: int) -> int:
    """Trials of a sweep whose first round has so many points, as far as one knows."""
    replicates, halving = plan.file.replicates, plan.file.halving
    if plan.file.design.kind == "optuna":
        return (plan.file.design.trials or 0) * replicates
    if halving is None:
        return points * replicates
    counts = [points]
    for _ in range(halving.rungs - 1):
        counts.append(max(counts[-1] // halving.factor, 1))
    return sum(counts) * replicates
