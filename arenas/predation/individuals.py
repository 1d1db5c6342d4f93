"""Prey and predators one by one: the rates of `lotka_volterra` as chances of single events.

With X prey and Y predators in a system of size N, a prey is born at rate α·X, a predator dies at
rate γ·Y, and a predator eats a prey at rate β·X·Y/N; a meal brings δ/β young on average (the whole
part of it, and one more with the chance that is left). Each history is drawn exactly (Gillespie
1977, "Exact stochastic simulation of coupled chemical reactions", Journal of Physical Chemistry
81: the direct method). As N grows, X/N and Y/N approach the solution of the differential equations
with an error of the order of N^(−1/2) (Kurtz 1970, Journal of Applied Probability 7).

Guarantees: counts are whole and never negative; the extinction of a species is an event with a
time of its own, which no step length or rounding brings about, and from which nothing leads back;
every history depends on its own seed alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.coevolution.interval import Interval, mean_interval
from arenas.predation.errors import PredationError
from arenas.predation.lotka_volterra import LotkaVolterra, turns
from swarm.chance import seeded, uniform

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Extinct(IntEnum):
    """Which species died out first."""

    NEITHER = 0
    PREY = 1
    PREDATORS = 2


@dataclass(frozen=True)
class Histories:
    """What S independent systems of the same size went through.

    Attributes:
        model: the rates.
        individuals: N, the number of individuals that the amount 1 stands for.
        time: float64[T], when they were counted.
        counts: int64[S, T, 2], prey and predators; as at the extinction from then on.
        extinct: int8[S], an `Extinct` each.
        extinction_time: float64[S], the time of that event, infinite where there was none.
        events: int64[S], births, meals and deaths.
    """

    model: LotkaVolterra
    individuals: int
    time: Floats
    counts: Integers
    extinct: npt.NDArray[np.int8]
    extinction_time: Floats
    events: Integers

    @property
    def amounts(self) -> Floats:
        """float64[S, T, 2], counts over N: what the differential equations speak of."""
        return self.counts / self.individuals

    def periods(self) -> Floats:
        """float64[S], mean time of a whole turn; NaN without one, and where a species died out."""
        found = np.full(len(self.counts), np.nan)
        for row in np.flatnonzero(self.extinct == Extinct.NEITHER):
            x, y = self.amounts[row].T
            complete = turns(self.model, self.time, x, y)
            if len(complete):
                found[row] = (complete[-1] - self.time[0]) / len(complete)
        return found


@dataclass(frozen=True)
class Extinctions:
    """How long systems of one size lasted.

    Attributes:
        individuals: N.
        runs: systems looked at.
        prey, predators: in how many of them these were the first to die out.
        horizon: how long each was looked at.
        survival_time: mean of the time to the first extinction or to the horizon, whichever came
            first, with its interval: the mean extinction time itself where none was cut short.
    """

    individuals: int
    runs: int
    prey: int
    predators: int
    horizon: float
    survival_time: Interval

    @property
    def cut_short(self) -> int:
        """In how many systems both species were still alive at the horizon."""
        return self.runs - self.prey - self.predators


def simulate(
    model: LotkaVolterra,
    individuals: int,
    start: tuple[float, float],
    time: npt.ArrayLike,
    seeds: npt.ArrayLike,
) -> Histories:
    """Draw one history for each seed, from the amounts ``start`` at time 0.

    Args:
        model: the rates.
        individuals: N ≥ 1.
        start: amounts of prey and predators; N times each, rounded, is at least 1.
        time: float64[T], when to count, ≥ 0, in order; the last is the horizon.
        seeds: uint64[S].

    Raises:
        PredationError: for a start without individuals, times out of order, or other seeds.

    Costs O(events), about (α·x + β·x·y + γ·y)·N a unit of time.
    """
    counted = _checked_time(time)
    first = _checked_founders(individuals, start)
    streams = _checked_seeds(seeds)
    systems = len(streams)
    counts = np.empty((systems, len(counted), 2), np.int64)
    extinct = np.zeros(systems, np.int8)
    ends = np.full(systems, np.inf)
    events = np.zeros(systems, np.int64)
    litter = model.delta / model.beta
    rates = (model.alpha, model.beta / individuals, model.gamma, litter)
    for row in range(systems):
        events[row] = _live(counts[row], counted, first, rates, streams[row], ends[row : row + 1])
        if np.isfinite(ends[row]):
            extinct[row] = Extinct.PREY if counts[row, -1, 0] == 0 else Extinct.PREDATORS
    return Histories(model, individuals, counted, counts, extinct, ends, events)


def extinctions(
    model: LotkaVolterra,
    individuals: int,
    start: tuple[float, float],
    horizon: float,
    seeds: npt.ArrayLike,
) -> Extinctions:
    """How long systems of N individuals last, over as many seeds; see `simulate`."""
    lived = simulate(model, individuals, start, [horizon], seeds)
    return Extinctions(
        individuals,
        len(lived.extinct),
        int((lived.extinct == Extinct.PREY).sum()),
        int((lived.extinct == Extinct.PREDATORS).sum()),
        float(horizon),
        mean_interval(np.minimum(lived.extinction_time, horizon)),
    )


def _checked_time(time: npt.ArrayLike) -> Floats:
    try:
        counted = np.array(time, np.float64)
    except (TypeError, ValueError):
        counted = np.empty(0)
    fits = counted.ndim == 1 and len(counted) and np.isfinite(counted).all()
    if not fits or counted[0] < 0 or (np.diff(counted) < 0).any():
        raise PredationError(
            "time is when to count: at least one finite time, none below 0, in order, such as "
            "np.linspace(0, 20, 401)"
        )
    return counted


def _checked_founders(individuals: int, start: tuple[float, float]) -> tuple[int, int]:
    if individuals < 1 or individuals != int(individuals):
        raise PredationError(f"individuals is {individuals}; a whole number, 1 or more")
    x, y = start
    if not (math.isfinite(x) and math.isfinite(y) and min(x, y) * individuals >= 0.5):
        raise PredationError(
            f"start is {start} in a system of {individuals}: amounts that each stand for at least "
            "one individual, such as (1, 1)"
        )
    return max(round(x * individuals), 1), max(round(y * individuals), 1)


def _checked_seeds(seeds: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    given = np.asarray(seeds)
    if given.ndim != 1 or not len(given) or given.dtype.kind not in "ui" or (given < 0).any():
        raise PredationError(
            f"seeds are {given.dtype}{list(given.shape)}; expected one whole number ≥ 0 for each "
            "history, such as rng.integers(2**63, size=100)"
        )
    return given.astype(np.uint64)


@njit(cache=True, nogil=True)
def _live(
    counts: Integers,
    time: Floats,
    first: tuple[int, int],
    rates: tuple[float, float, float, float],
    seed: np.uint64,
    end: Floats,
) -> int:
    """One history, counted at each time; `end` is given the time of the first extinction."""
    birth, meal, death, litter = rates
    stream = seeded(seed)
    whole = math.floor(litter)
    x, y, now, sample, events = first[0], first[1], 0.0, 0, 0
    while True:
        born, eaten, dead = birth * x, meal * x * y, death * y
        now -= math.log(1.0 - uniform(stream)) / (born + eaten + dead)
        while sample < len(time) and time[sample] < now:
            counts[sample, 0], counts[sample, 1] = x, y
            sample += 1
        if sample == len(time):
            return events
        lot = uniform(stream) * (born + eaten + dead)
        if lot < born:
            x += 1
        elif lot < born + eaten:
            x -= 1
            y += whole + (uniform(stream) < litter - whole)
        else:
            y -= 1
        events += 1
        if x == 0 or y == 0:
            end[0] = now
            counts[sample:, 0], counts[sample:, 1] = x, y
            return events
