"""Factors: what a sweep varies, by a few levels or over a range.

A factor maps a share of [0, 1) onto its values, so that one sample of the unit cube serves every
mixture of them: a level of n covers a share of 1/n, as does a whole number of a range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RANGE_KEYS = ("low", "high", "log")
EXAMPLE = "[0, 1, 2], or a range such as { low = 0.01, high = 0.3, log = true }"

Value = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True)
class Levels:
    """A factor with a few values: numbers, truth values, text, or lists of text.

    Attributes:
        key: of the study, dotted.
        values: at least one, all different.
    """

    key: str
    values: tuple[Value, ...]

    def at(self, share: float) -> Value:
        """The level at a share of [0, 1)."""
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def spread(self, count: int) -> tuple[Value, ...]:
        """All levels, for a grid."""
        return self.values

    @property
    def ends(self) -> tuple[Value, ...]:
        """Values that have to be allowed for all to be."""
        return self.values

    @property
    def dtype(self) -> type:
        """bool, int, float or str: of its column in a table."""
        kinds = {type(value) for value in self.values}
        if len(kinds) == 1:
            kind = kinds.pop()
            return kind if kind in (bool, int, float) else str
        return float if kinds == {int, float} else str

    def to_toml(self) -> list[Any]:
        """As a sweep file says it."""
        return [list(value) if isinstance(value, tuple) else value for value in self.values]

    def __str__(self) -> str:
        return ", ".join(str(self.label(value)) for value in self.values)

    def label(self, value: Value) -> bool | int | float | str:
        """A value as a table holds it; a list of text is joined by `+`, an empty one is `none`."""
        if isinstance(value, tuple):
            return "+".join(value) or "none"
        return self.dtype(value)


@dataclass(frozen=True)
class Range:
    """A factor with all values between two numbers.

    Attributes:
        key: of the study, dotted.
        low, high: the ends, `low < high`; whole numbers if both are, then `high` is one of them.
        log: whether equal shares are equal ratios; `low` is above 0 then.
    """

    key: str
    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def at(self, share: float) -> Value:
        """The value at a share of [0, 1)."""
        high = self.high + 1 if self.whole else self.high
        value = (
            self.low * (high / self.low) ** share
            if self.log
            else self.low + share * (high - self.low)
        )
        value = math.floor(value) if self.whole else value
        return min(max(value, self.low), self.high)

    def spread(self, count: int) -> tuple[Value, ...]:
        """So many values from end to end, for a grid; fewer if there are not so many."""
        shares = [k / (count - 1) for k in range(count)]
        if self.log:
            values = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            values = [self.low + share * (self.high - self.low) for share in shares]
        values[-1] = self.high
        return tuple(dict.fromkeys(round(v) if self.whole else float(v) for v in values))

    @property
    def ends(self) -> tuple[Value, ...]:
        """Values that have to be allowed for all to be."""
        return (self.low, self.high)

    @property
    def dtype(self) -> type:
        """int or float: of its column in a table."""
        return int if self.whole else float

    def to_toml(self) -> dict[str, Any]:
        """As a sweep file says it."""
        return {"low": self.low, "high": self.high, "log": self.log}

    def __str__(self) -> str:
        return f"{self.low} to {self.high}{', by ratios' if self.log else ''}"

    def label(self, value: Value) -> bool | int | float | str:
        """A value as a table holds it."""
        return self.dtype(value)


Factor = Levels | Range


class FactorError(ValueError):
    """What is given is no factor; the message says why, and what would be."""


def factor_of(key: str, given: Any) -> Factor:
    """A factor as a sweep file, or a mapping in Python, says it; raises FactorError."""
    if isinstance(given, Mapping):
        return _range(key, given)
    if isinstance(given, Sequence) and not isinstance(given, str):
        return _levels(key, given)
    raise FactorError(f"got {given!r:.60}, allowed is a list of levels such as {EXAMPLE}")


def _levels(key: str, given: Sequence[Any]) -> Levels:
    if not given:
        raise FactorError(f"got no level, allowed is a list of levels such as {EXAMPLE}")
    values: list[Value] = []
    for value in given:
        if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
            value = tuple(value)
        elif not isinstance(value, bool | int | float | str):
            raise FactorError(
                f"got the level {value!r:.60}, allowed are numbers, truth values, text and lists "
                "of text"
            )
        elif isinstance(value, float) and not math.isfinite(value):
            raise FactorError(f"got the level {value!r}, allowed are finite numbers")
        if any(value == o and isinstance(value, bool) is isinstance(o, bool) for o in values):
            raise FactorError(
                f"got the level {value!r:.60} twice; a level stands once, and replicates repeat it"
            )
        values.append(value)
    return Levels(key, tuple(values))


def _range(key: str, given: Mapping[str, Any]) -> Range:
    for name in given:
        if name not in RANGE_KEYS:
            raise FactorError(f"unknown {name!r}, a range has {', '.join(RANGE_KEYS)}")
    for name in ("low", "high"):
        value = given.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            what = f"{name} = {value!r:.60}" if name in given else f"no {name}"
            raise FactorError(f"got a range with {what}, allowed is a number")
        if not math.isfinite(value):
            raise FactorError(f"got {name} = {value}, allowed are finite numbers")
    low, high, log = given["low"], given["high"], given.get("log", False)
    if not isinstance(log, bool):
        raise FactorError(f"got log = {log!r:.60}, allowed is true or false")
    if low >= high:
        raise FactorError(f"got low = {low} and high = {high}; low has to be less than high")
    if log and low <= 0:
        raise FactorError(f"got low = {low} with log = true; ratios need low to be more than 0")
    if not (isinstance(low, int) and isinstance(high, int)):
        low, high = float(low), float(high)
    return Range(key, low, high, log)
