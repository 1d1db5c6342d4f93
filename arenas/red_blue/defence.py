"""How blue defends: which findings count, how far their authors are believed, whose price is asked.

Provenance: one voice for an author, a limit on what it writes.
Reputation: what an author has at stake, what it was right with, who endorses it. Council: answers
that are objected to are not acted on. Market: how the oracle that the treasury asks comes by its
price. Every defence costs something where nobody attacks.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from arenas.red_blue.errors import RedBlueError
from evolution import Categorical, Genomes, GenomeSpec, Integer, Real

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WINDOW_MOST = 12
"""The longest memory of the oracle, in ticks."""
LIMITS: dict[str, tuple[float, float]] = {
    "voices": (0, 1),
    "limit": (1, 8),
    "stake": (0, 1000),
    "floor": (0.0, 1.0),
    "half": (0.1, 4.0),
    "welcome": (0.0, 1.0),
    "endorsement": (0, 2),
    "objection": (0.0, 2.0),
    "volume": (0, 1),
    "window": (1, WINDOW_MOST),
}
"""The lowest and the highest of each setting, both allowed."""
REALS = ("floor", "half", "welcome", "objection")


class Endorsement(IntEnum):
    """What the endorsements of names by names count for."""

    NONE = 0  # nothing
    COUNT = 1  # how many endorse a name
    WALKS = 2  # how often walks from the pre-trusted come by (Sheldon & Hopcroft 2007)


@dataclass(frozen=True, eq=False)
class Defences:
    """Settings of n defences, a column each; scalars make one of them.

    >>> Defences(voices=1, window=8).rows
    1

    Attributes:
        voices: 1 where only the first finding of an author about a query counts.
        limit: findings that a name may write in a tick.
        stake: credits staked on each finding; 0 for none, and nobody earns standing then.
        floor: credence of whoever has no standing.
        half: weight, in stakes, at which earned standing is half way from 0 to 1.
        welcome: standing of a name that has not yet been wrong.
        endorsement: an `Endorsement`.
        objection: c of the council, pro − c · con: below 0 readers judge for themselves.
        volume: 1 where the oracle weighs prices by the volume traded, 0 where by time.
        window: ticks over which it does; 1 by time is the last price.
    """

    voices: Any = 0
    limit: Any = 8
    stake: Any = 0
    floor: Any = 1.0
    half: Any = 1.0
    welcome: Any = 0.0
    endorsement: Any = 0
    objection: Any = 0.0
    volume: Any = 0
    window: Any = 1

    def __post_init__(self) -> None:
        given = {field.name: np.atleast_1d(getattr(self, field.name)) for field in fields(self)}
        try:
            rows = np.broadcast_shapes(*(column.shape for column in given.values()))
        except ValueError:
            rows = (0, 0)
        if len(rows) != 1:
            shapes = {name: column.shape for name, column in given.items()}
            raise RedBlueError(f"settings are scalars or columns of one length; got {shapes}")
        for name, column in given.items():
            low, high = LIMITS[name]
            whole = name not in REALS
            if not ((column >= low) & (column <= high)).all() or (
                whole and (column != np.floor(column)).any()
            ):
                kind = "whole numbers" if whole else "numbers"
                raise RedBlueError(
                    f"{name} holds {column.tolist()[:5]}; allowed: {kind} from {low} to {high}"
                )
            dtype = np.int64 if whole else np.float64
            object.__setattr__(self, name, np.broadcast_to(column, rows).astype(dtype))

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.voices)

    def take(self, rows: npt.ArrayLike) -> Defences:
        """Some of them, by row."""
        chosen = np.asarray(rows)
        return Defences(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    def matrix(self) -> Floats:
        """float64[n, 10], the settings in the order of `LIMITS`."""
        return np.stack([getattr(self, name).astype(np.float64) for name in LIMITS], axis=1)

    def scaled(self) -> Floats:
        """float64[n, 10], the settings from 0, the lowest allowed, to 1, the highest."""
        low, high = np.array(list(LIMITS.values())).T
        scaled: Floats = (self.matrix() - low) / (high - low)
        return scaled

    @classmethod
    def of_matrix(cls, matrix: npt.ArrayLike) -> Defences:
        """What `matrix` gave; a row alone is one defence."""
        rows = np.atleast_2d(np.asarray(matrix, np.float64))
        if rows.ndim != 2 or rows.shape[1] != len(LIMITS):
            raise RedBlueError(
                f"settings are {list(rows.shape)}; expected [n, {len(LIMITS)}]: {', '.join(LIMITS)}"
            )
        return cls(**{name: rows[:, k] for k, name in enumerate(LIMITS)})


OPEN = Defences()
"""No defence at all: every finding of everybody counts, and the last price is the price."""


def guarded() -> Defences:
    """A defence by hand that stops the attacks of `arenas.red_blue.attacks`."""
    return Defences(
        voices=1,
        limit=2,
        stake=50,
        floor=0.05,
        half=1.0,
        welcome=0.0,
        endorsement=Endorsement.WALKS,
        objection=0.2,
        volume=0,
        window=WINDOW_MOST,
    )


def defence_spec() -> GenomeSpec:
    """The genomes of defences; `defences` decodes them."""
    loci: dict[str, Any] = {}
    for name, (low, high) in LIMITS.items():
        if name in REALS:
            loci[name] = Real(1, float(low), float(high))
        elif name in ("voices", "volume", "endorsement"):
            loci[name] = Categorical(1, int(high) + 1)
        else:
            loci[name] = Integer(1, int(low), int(high))
    return GenomeSpec(loci)


def defence_genomes(known: Defences) -> Genomes:
    """Defences as genomes of `defence_spec`, to found a search with."""
    like = defence_spec().sample(1, np.random.default_rng(0))
    return {name: getattr(known, name)[:, np.newaxis].astype(like[name].dtype) for name in LIMITS}


def defences(genomes: Genomes) -> Defences:
    """What the genomes of `defence_spec` say."""
    return Defences(**{name: genomes[name][:, 0] for name in LIMITS})
