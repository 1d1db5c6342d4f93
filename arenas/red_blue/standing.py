"""How far a name is believed: for what it was right with, who endorses it, or not having lied yet.

Earned standing is the weight of `economy.StakedReputation`; endorsements are a trust graph, either
counted, which a ring of friends can fake, or walked from the pre-trusted (`hitting_trust`: Sheldon
& Hopcroft 2007, "Manipulation-resistant reputations using hitting time"), which it cannot.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from arenas.red_blue.defence import Defences, Endorsement
from economy.reputation import TrustGraph, hitting_trust

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STEPS = (1, 2, 5)
"""Each honest name endorses those so many places after it, in a circle."""
PRETRUSTED = (0, 1, 2)
"""Where walks of trust begin."""


def circle(honest: int, actors: int) -> Flags:
    """bool[A, A], whom each honest name endorses; red ones begin with nobody."""
    endorses = np.zeros((actors, actors), bool)
    for step in STEPS:
        endorses[np.arange(honest), (np.arange(honest) + step) % honest] = True
    np.fill_diagonal(endorses, False)
    return endorses


def endorsed(endorses: Flags, honest: int, how: Integers) -> Floats:
    """float64[L, A] in [0, 1], the standing that endorsements bool[L, A, A] give.

    By `Endorsement`: counted, as many as an honest name has are full standing; walked, as much as
    the honest name that walks least often come by.
    """
    standing = np.zeros(endorses.shape[:2])
    counted = how == Endorsement.COUNT
    standing[counted] = np.minimum(endorses[counted].sum(axis=1) / len(STEPS), 1.0)
    for lane in np.flatnonzero(how == Endorsement.WALKS).tolist():
        standing[lane] = _walked(endorses[lane].tobytes(), endorses.shape[1], honest)
    return standing


@lru_cache(maxsize=4096)
def _walked(edges: bytes, actors: int, honest: int) -> Floats:
    truster, trusted = np.nonzero(np.frombuffer(edges, bool).reshape(actors, actors))
    graph = TrustGraph.of_ratings(actors, truster, trusted, np.ones(len(truster)))
    trust = hitting_trust(graph, list(PRETRUSTED))
    standing: Floats = np.minimum(trust / trust[:honest].min(), 1.0)
    standing.flags.writeable = False
    return standing


def credence(
    defences: Defences, lane: Integers, weight: Integers, endorsement: Floats, struck: Flags
) -> npt.NDArray[np.float32]:
    """float32[m], how far the authors of m findings are believed, floor to 1.

    floor + (1 − floor) · the best of w / (w + half), with w the weight in stakes, what
    endorsements give, and the welcome of a name that was never found wrong.

    Args:
        defences: of the L commons.
        lane: int64[m], which of them.
        weight: int64[m], credits of earned weight.
        endorsement: float64[m], from `endorsed`.
        struck: bool[m], whether the author was found wrong before.
    """
    worth = weight / np.maximum(defences.stake[lane], 1)
    earned = np.where(defences.stake[lane] > 0, worth / (worth + defences.half[lane]), 0.0)
    welcome = np.where(struck, 0.0, defences.welcome[lane])
    floor = defences.floor[lane]
    best = np.maximum(np.maximum(earned, endorsement), welcome)
    return (floor + (1.0 - floor) * best).astype(np.float32)
