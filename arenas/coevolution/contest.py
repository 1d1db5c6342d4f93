"""The contest of a coevolution: everybody of one side against everybody of the other.

A contest is a callable ``contest(one, other, seed)`` of two populations of genomes and a seed,
0..2⁶³−1. It returns float64[n_one, n_other], in [0, 1]: what row i of the first side gets against
row j of the second; the second gets the rest, 1 minus that. All its chance comes from the seed.
Where a side plays against its own kind, the game is the same from both sides.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from arenas.coevolution.errors import CoevolutionError
from evolution import Genomes, Representation

Floats = npt.NDArray[np.float64]


class Contest(Protocol):
    """``contest(one, other, seed)``: see the module."""

    def __call__(self, one: Genomes, other: Genomes, seed: int, /) -> npt.ArrayLike:
        """Outcomes float64[n_one, n_other] for the first side, in [0, 1]."""


def outcomes(
    contest: Contest,
    one: Genomes,
    other: Genomes,
    specs: tuple[Representation, Representation],
    seed: int,
) -> Floats:
    """Hold a contest and check what it gave.

    Raises:
        CoevolutionError: for outcomes of another shape, or outside [0, 1].
    """
    known = np.array(contest(one, other, seed), np.float64)
    expected = specs[0].count(one), specs[1].count(other)
    if known.shape != expected:
        raise CoevolutionError(
            f"contest(one, other, seed) gave {list(known.shape)}; expected {list(expected)}: a row "
            "for each genome of the first side, a column for each of the second"
        )
    if not ((known >= 0.0) & (known <= 1.0)).all():
        row, column = (int(i) for i in np.argwhere(~((known >= 0.0) & (known <= 1.0)))[0])
        raise CoevolutionError(
            f"contest(one, other, seed) gave {known[row, column]} for row {row} against column "
            f"{column}; allowed: 0 (lost) to 1 (won), such as 0.5 for a draw"
        )
    return known


def mean_score(known: Floats) -> Floats:
    """Fitness float64[n] of rows that met the same opponents: the mean of what they got."""
    return np.asarray(known.mean(axis=1))


def shared_score(known: Floats) -> Floats:
    """Fitness float64[n] by competitive sharing: an opponent that few can beat is worth more.

    Rosin & Belew 1997, "New methods for competitive coevolution", Evolutionary Computation 5,
    section 3.1: each opponent is a prize of 1, shared among those who beat it, here in proportion
    to what they got. The sum over all rows is the number of opponents that anybody got anything
    from.
    """
    total = known.sum(axis=0)
    return np.asarray((known / np.where(total > 0.0, total, 1.0)).sum(axis=1))
