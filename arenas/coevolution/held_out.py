"""Scores on opponents that were never trained against: the only ones that say what was learned.

Chong, Tiňo & Yao 2008, "Measuring generalization performance in coevolutionary learning", IEEE
Transactions on Evolutionary Computation 12: the mean score against opponents drawn independently
of the training, with an interval over those opponents. What scores well only against those that
it met has memorised them.

Guarantees: the interval speaks of opponents like those of the test, and is as wide as their number
leaves it; `Coevolution.held_out` refuses opponents that were met in training.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from arenas.coevolution.contest import Contest, Floats, outcomes
from arenas.coevolution.errors import CoevolutionError
from arenas.coevolution.interval import Interval, mean_interval
from evolution import Genomes, Representation


@dataclass(frozen=True)
class Generalisation:
    """How n genomes score against k opponents of a test.

    Attributes:
        outcomes: float64[n, k], in [0, 1], for the genomes.
        scores: an `Interval` for each genome, over opponents.
        score: the `Interval` of the mean over all genomes, over opponents.
    """

    outcomes: Floats
    scores: tuple[Interval, ...]
    score: Interval


def held_out(
    contest: Contest,
    genomes: Genomes,
    opponents: Genomes,
    specs: tuple[Representation, Representation],
    seed: int,
    *,
    side: int = 0,
    level: float = 0.95,
) -> Generalisation:
    """Score genomes of a side (0 is the first, 1 the second) against a test set of opponents.

    Args:
        contest: see `arenas.coevolution.contest`.
        genomes: whom to test, n ≥ 1 rows.
        opponents: k ≥ 2 rows drawn independently of all training, such as
            ``spec.sample(200, rng)``; that they are so is the caller's word here.
        specs: of the contest's first and second side.
        seed: of the contest.
        side: which side of the contest the genomes take.
        level: of the intervals.
    """
    if side not in (0, 1):
        raise CoevolutionError(f"side is {side}; 0 is the first side of the contest, 1 the second")
    number = specs[1 - side].count(opponents)
    if number < 2:
        raise CoevolutionError(f"{number} opponents; an interval over them takes 2, better 200")
    if side == 0:
        known = outcomes(contest, genomes, opponents, specs, seed)
    else:
        known = 1.0 - outcomes(contest, opponents, genomes, specs, seed).T
    scores = tuple(mean_interval(row, level) for row in known)
    return Generalisation(known, scores, mean_interval(known.mean(axis=0), level))


def fingerprints(spec: Representation, genomes: Genomes) -> npt.NDArray[np.uint64]:
    """A number for each genome, uint64[n]: equal for equal genomes, for others hardly ever."""
    found = np.empty(spec.count(genomes), np.uint64)
    for row in range(len(found)):
        digest = blake2b(digest_size=8)
        for name, column in sorted(spec.take(genomes, slice(row, row + 1)).items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(column).tobytes())
        found[row] = int.from_bytes(digest.digest(), "little")
    return found
