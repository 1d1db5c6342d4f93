"""Whom the archive of novelty search remembers.

An admission is settings; what it has learnt is a dict that JSON can hold, which the search keeps
for it. Errors: `DiversityError` (a ValueError).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evolution.diversity.cells import DiversityError
from evolution.search import Floats, Integers


class Admission(ABC):
    """Chooses from a generation those that the archive keeps for ever."""

    @abstractmethod
    def choose(self, novelty: Floats, learnt: dict[str, Any], rng: np.random.Generator) -> Integers:
        """Rows of ``novelty[n]``, none of them failed, to admit; may write to ``learnt``."""

    @property
    def settings(self) -> dict[str, Any]:
        """Its name and fields, in the types that JSON knows."""
        return {"admission": type(self).__name__, **asdict(self)}  # type: ignore[call-overload]

    def _require(self, holds: bool) -> None:
        if not holds:
            raise DiversityError(
                f"{self}; expected e.g. MostNovel(6), AtRandom(0.02) or AboveThreshold()"
            )


@dataclass(frozen=True)
class MostNovel(Admission):
    """The ``count`` most novel of each generation, of equals the earlier."""

    count: int = 6

    def __post_init__(self) -> None:
        self._require(self.count >= 0)

    def choose(self, novelty: Floats, learnt: dict[str, Any], rng: np.random.Generator) -> Integers:
        """Ascending rows."""
        return np.sort(np.argsort(-novelty, kind="stable")[: self.count])


@dataclass(frozen=True)
class AtRandom(Admission):
    """Each with the same ``chance``: the archive samples what the search does.

    Lehman & Stanley 2010, "Efficiently evolving programs through the search for novelty", GECCO.
    """

    chance: float = 0.02

    def __post_init__(self) -> None:
        self._require(0.0 <= self.chance <= 1.0)

    def choose(self, novelty: Floats, learnt: dict[str, Any], rng: np.random.Generator) -> Integers:
        """Ascending rows."""
        return np.flatnonzero(rng.random(len(novelty)) < self.chance)


@dataclass(frozen=True)
class AboveThreshold(Admission):
    """Those more novel than a threshold, which follows how many there are.

    More than ``many`` in a generation raise it by a fifth; ``patience`` generations without any
    lower it by a twentieth. It starts at ``start``, or at the median of the first generation, of
    those that have any novelty.
    Lehman & Stanley 2011, "Abandoning objectives: evolution through the search for novelty
    alone", Evolutionary Computation 19(2), section 3.
    """

    start: float | None = None
    many: int = 4
    patience: int = 10

    def __post_init__(self) -> None:
        self._require(self.many >= 0 and self.patience >= 1 and (self.start or 0.0) >= 0.0)

    def choose(self, novelty: Floats, learnt: dict[str, Any], rng: np.random.Generator) -> Integers:
        """Ascending rows."""
        if "threshold" not in learnt:
            # A threshold of 0, as of equals, could never rise by a share of itself.
            some = novelty[np.isfinite(novelty) & (novelty > 0.0)]
            if self.start is None and not len(some):
                return np.empty(0, dtype=np.int64)
            first = np.median(some) if self.start is None else self.start
            learnt |= {"threshold": float(first), "idle": 0}
        rows = np.flatnonzero(novelty > learnt["threshold"])
        learnt["idle"] = 0 if len(rows) else learnt["idle"] + 1
        if len(rows) > self.many:
            learnt["threshold"] *= 1.2
        elif learnt["idle"] >= self.patience:
            learnt["threshold"] *= 0.95
            learnt["idle"] = 0
        return rows
