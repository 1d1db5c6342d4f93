"""Lotka–Volterra: prey and predators as amounts that never run out.

Lotka 1925, "Elements of Physical Biology"; Volterra 1926, "Fluctuations in the abundance of a
species considered mathematically", Nature 118. With prey x and predators y,

    x' = α·x − β·x·y,    y' = δ·x·y − γ·y,    V = δ·x − γ·ln x + β·y − α·ln y,

where V never changes. In ln x and ln y the equations are Hamilton's with V for the energy, so that
a symplectic method keeps V to a small error that does not grow (Hairer, Lubich & Wanner 2006,
"Geometric Numerical Integration", section I.1.4). Ours is Störmer–Verlet composed to order 4
(Suzuki 1990, "Fractal decomposition of exponential operators", Physics Letters A 146).

Guarantees: the symplectic method keeps both amounts above 0, and V within 1e-9 on the reference
orbits at the step it has unless told otherwise; nobody dies out here, since neither amount reaches
0 in finite time. What looks like extinction is a fault of the numbers or of the model, and
`Trajectory.faults` lists it as such. For extinction that is an event, see `individuals`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.predation.errors import PredationError

Floats = npt.NDArray[np.float64]
Method = Literal["symplectic", "runge-kutta", "euler"]

_P = 1.0 / (4.0 - 4.0 ** (1.0 / 3.0))
_SUZUKI = np.array([_P, _P, 1.0 - 4.0 * _P, _P, _P])
ANGLES_MAX = 1 << 20
STEPS_MAX = 1e8


class Fault(StrEnum):
    """Why an amount in a solution is not to be believed."""

    BELOW_ONE = "below one individual"
    NOT_POSITIVE = "not positive"
    NOT_FINITE = "not finite"
    DRIFT = "the invariant drifted"


class NumericalEvent(NamedTuple):
    """When a fault first shows, where ("prey", "predators" or "invariant"), and the value there."""

    time: float
    where: str
    value: float
    fault: Fault


@dataclass(frozen=True)
class Trajectory:
    """A solution at evenly spaced times.

    Attributes:
        time: float64[T].
        prey, predators: float64[T], amounts; 1 is what a system of N individuals calls N.
        invariant: float64[T], V at each time; NaN where an amount is not positive.
    """

    time: Floats
    prey: Floats
    predators: Floats
    invariant: Floats

    @property
    def drift(self) -> float:
        """The most that V strayed from where it began; NaN once it cannot be told."""
        return float(np.abs(self.invariant - self.invariant[0]).max())

    def faults(self, individuals: int, tolerance: float = 1e-6) -> list[NumericalEvent]:
        """What cannot be believed of this solution, as the first time of each fault, in order.

        None of it is extinction: an amount below 1/N says that the model of amounts no longer
        describes N individuals, one that is not positive or not finite that the method failed.

        Args:
            individuals: N ≥ 1, how many individuals the amount 1 stands for.
            tolerance: of V, relative to its size, beyond which it counts as drifted.
        """
        if individuals < 1:
            raise PredationError(
                f"individuals is {individuals}; at least 1 makes up an amount of 1"
            )
        found = []
        for where, amount in (("prey", self.prey), ("predators", self.predators)):
            finite = np.isfinite(amount)
            found += self._first(where, amount, ~finite, Fault.NOT_FINITE)
            found += self._first(where, amount, finite & (amount <= 0.0), Fault.NOT_POSITIVE)
            few = finite & (amount > 0.0) & (amount < 1.0 / individuals)
            found += self._first(where, amount, few, Fault.BELOW_ONE)
        start = self.invariant[0]
        strayed = np.abs(self.invariant - start) > tolerance * max(abs(start), 1.0)
        found += self._first("invariant", self.invariant, strayed, Fault.DRIFT)
        return sorted(found, key=lambda event: event.time)

    def _first(
        self, where: str, values: Floats, marked: npt.NDArray[np.bool_], fault: Fault
    ) -> list[NumericalEvent]:
        if not marked.any():
            return []
        row = int(marked.argmax())
        return [NumericalEvent(float(self.time[row]), where, float(values[row]), fault)]


@dataclass(frozen=True)
class LotkaVolterra:
    """The four rates, all above 0 and per unit of time.

    Attributes:
        alpha: births of prey.
        beta: prey eaten, for each amount of predators.
        gamma: deaths of predators.
        delta: births of predators, for each amount of prey.
    """

    alpha: float = 2 / 3
    beta: float = 4 / 3
    gamma: float = 1.0
    delta: float = 1.0

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "gamma", "delta"):
            rate = getattr(self, name)
            if not 0.0 < rate < math.inf:
                raise PredationError(f"{name} is {rate}; a rate is above 0 and finite, such as 1.0")

    @property
    def equilibrium(self) -> tuple[float, float]:
        """Prey and predators that stay as they are."""
        return self.gamma / self.delta, self.alpha / self.beta

    def invariant(self, prey: npt.ArrayLike, predators: npt.ArrayLike) -> Floats:
        """V for amounts of any one shape; NaN where one is not positive."""
        x, y = np.asarray(prey, np.float64), np.asarray(predators, np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            logs = self.gamma * np.log(x) + self.alpha * np.log(y)
            value = self.delta * x + self.beta * y - logs
        return np.where((x > 0.0) & (y > 0.0), value, np.nan)

    def trace(
        self,
        start: tuple[float, float],
        duration: float,
        step: float = 0.01,
        method: Method = "symplectic",
    ) -> Trajectory:
        """Solve from ``start``, prey and predators > 0, in steps of at most ``step``.

        "symplectic" is the method to use. "runge-kutta" (the classical one of order 4) and
        "euler" work on the amounts themselves: V drifts under them, and with steps that are too
        long an amount falls below 0. They are here so that such failures can be shown and told.

        Raises:
            PredationError: for a start, duration or step that is not positive and finite.
        """
        x, y = _checked_start(start)
        if not (0.0 < duration < math.inf and 0.0 < step < math.inf):
            raise PredationError(
                f"duration is {duration} and step is {step}; both are above 0 and finite, such as "
                "20.0 and 0.01"
            )
        if method not in get_args(Method):
            raise PredationError(f"method is {method!r}; allowed: {', '.join(get_args(Method))}")
        if duration / step > STEPS_MAX:
            raise PredationError(
                f"{duration} in steps of {step} are {duration / step:.0e} of them; up to "
                f"{STEPS_MAX:.0e} are kept: take a longer step, or trace in parts"
            )
        steps = math.ceil(duration / step)
        amounts = np.empty((steps + 1, 2))
        amounts[0] = x, y
        rates = (self.alpha, self.beta, self.gamma, self.delta)
        if method == "symplectic":
            _symplectic(amounts, duration / steps, rates, _SUZUKI)
        else:
            _direct(amounts, duration / steps, rates, method == "euler")
        prey, predators = amounts[:, 0].copy(), amounts[:, 1].copy()
        time = np.linspace(0.0, duration, steps + 1)
        return Trajectory(time, prey, predators, self.invariant(prey, predators))

    def period(self, start: tuple[float, float]) -> float:
        """The time of one turn of the orbit through ``start``, without solving the equations.

        In ln x and ln y an orbit surrounds the equilibrium and is convex, so that each angle has
        one radius, found by Newton's method; the time is an integral of a smooth periodic
        function over the angle, for which the trapezoidal rule converges faster than any power
        (Trefethen & Weideman 2014, SIAM Review 56). Relative error below 1e-12.

        Raises:
            PredationError: for a start that is not positive, or an orbit too wide for this.
        """
        x, y = _checked_start(start)
        rest = self.equilibrium
        energy = float(self.invariant(x, y) - self.invariant(*rest))
        if energy < 1e-14 * (
            self.alpha + self.gamma
        ):  # so close to the equilibrium that the turn is that of a pendulum
            return 2.0 * math.pi / math.sqrt(self.alpha * self.gamma)
        former, angles = math.inf, 64
        while angles <= ANGLES_MAX:
            period = self._turn(energy, angles)
            if abs(period - former) <= 1e-13 * period:
                return period
            former, angles = period, 2 * angles
        raise PredationError(
            f"the orbit through {start} is too wide for its period to be told: V is {energy:g} "
            "above its least; start closer to the equilibrium"
        )

    def _turn(self, energy: float, angles: int) -> float:
        """The period of the orbit that has this much V above the least, from so many angles."""
        angle = 2.0 * np.pi * np.arange(angles) / angles
        across, up = np.cos(angle), np.sin(angle)
        # With u = ln(x / x*) and v = ln(y / y*), V less its least is γ(eᵘ − 1 − u) + α(eᵛ − 1 − v).
        radius = np.full(angles, 1.0)
        low, high = np.zeros(angles), np.full(angles, np.inf)
        for _ in range(200):
            with np.errstate(over="ignore"):
                above = self.gamma * (np.expm1(radius * across) - radius * across)
                above += self.alpha * (np.expm1(radius * up) - radius * up)
                slope = self.gamma * across * np.expm1(radius * across)
                slope += self.alpha * up * np.expm1(radius * up)
            high = np.where(above > energy, np.minimum(high, radius), high)
            low = np.where(above <= energy, np.maximum(low, radius), low)
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                newton = radius - (above - energy) / slope
            inside = (newton > low) & (newton < high)
            halved = np.where(np.isinf(high), 2.0 * radius, (low + high) / 2.0)
            nearer = np.where(inside, newton, halved)
            settled = np.abs(nearer - radius) <= 4e-16 * radius
            radius = nearer
            if settled.all():
                break
        # The angle turns at (u·v' − v·u') / r², with u' = −α(eᵛ − 1) and v' = γ(eᵘ − 1).
        pace = self.gamma * across * np.expm1(radius * across)
        pace += self.alpha * up * np.expm1(radius * up)
        return float(2.0 * np.pi * (radius / pace).mean())


def turns(model: LotkaVolterra, time: Floats, prey: Floats, predators: Floats) -> Floats:
    """When whole turns around the equilibrium were complete, float64[k], from amounts over time.

    A turn is a full angle around the equilibrium in ln x and ln y, counted from the start, so
    that the jitter of a random process is never taken for a turn. Amounts are positive, and are
    known often enough that less than half a turn lies between two times.
    """
    x, y = model.equilibrium
    angle = np.unwrap(np.arctan2(np.log(predators / y), np.log(prey / x)))
    turned = np.maximum.accumulate(angle - angle[0])
    whole = 2.0 * np.pi * np.arange(1, int(turned[-1] // (2.0 * np.pi)) + 1)
    after = np.searchsorted(turned, whole)
    share = (whole - turned[after - 1]) / (turned[after] - turned[after - 1])
    return np.asarray(time[after - 1] + share * (time[after] - time[after - 1]))


def _checked_start(start: tuple[float, float]) -> tuple[float, float]:
    x, y = (float(amount) for amount in start)
    if not (0.0 < x < math.inf and 0.0 < y < math.inf):
        raise PredationError(
            f"start is {start}: amounts of prey and predators, above 0 and finite, such as (1, 1)"
        )
    return x, y


@njit(cache=True, nogil=True)
def _symplectic(
    amounts: Floats, step: float, rates: tuple[float, float, float, float], weights: Floats
) -> None:
    """Fill all rows from the first, in ln x and ln y."""
    alpha, beta, gamma, delta = rates
    u, v = math.log(amounts[0, 0]), math.log(amounts[0, 1])
    for row in range(1, len(amounts)):
        for weight in weights:
            h = weight * step
            u += h / 2.0 * (alpha - beta * math.exp(v))
            v += h * (delta * math.exp(u) - gamma)
            u += h / 2.0 * (alpha - beta * math.exp(v))
        amounts[row, 0], amounts[row, 1] = math.exp(u), math.exp(v)


@njit(cache=True, nogil=True)
def _direct(
    amounts: Floats, step: float, rates: tuple[float, float, float, float], euler: bool
) -> None:
    """Fill all rows from the first by Euler's method or the classical one of Runge and Kutta."""
    alpha, beta, gamma, delta = rates
    shares = np.array([0.0]) if euler else np.array([0.0, 0.5, 0.5, 1.0])
    weights = np.array([1.0]) if euler else np.array([1.0, 2.0, 2.0, 1.0]) / 6.0
    for row in range(1, len(amounts)):
        x, y = amounts[row - 1, 0], amounts[row - 1, 1]
        dx, dy, sum_x, sum_y = 0.0, 0.0, 0.0, 0.0
        for stage in range(len(weights)):
            px, py = x + shares[stage] * step * dx, y + shares[stage] * step * dy
            dx, dy = alpha * px - beta * px * py, delta * px * py - gamma * py
            sum_x += weights[stage] * dx
            sum_y += weights[stage] * dy
        amounts[row, 0], amounts[row, 1] = x + step * sum_x, y + step * sum_y
