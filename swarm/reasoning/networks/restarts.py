"""Learning graphs by climbing again and again from where a summit was shaken.

Iterated local search (Lourenço, Martin & Stützle 2003): delete a random quarter of the arcs of the
best graph so far, climb again, keep what scores better. Directions that an early arc settled badly
are decided anew, which a tabu list does not reach.

Data often leave several summits about as likely as the best. `iterated_climb` gives those within
Occam's window (Madigan & Raftery 1994, "Model selection and accounting for model uncertainty in
graphical models using Occam's window", JASA 89), so that what follows can be averaged over them.

Guarantees: acyclic; the best never scores below a climb from any of the starts; no two graphs
given are equivalent; equal data, starts and generators give equal graphs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.equivalence import pattern_of
from swarm.reasoning.networks.hill_climb import Climb, hill_climb
from swarm.reasoning.networks.score import FamilyScores

SHAKEN = 4
"""One arc in so many is deleted before a new climb; two at least."""

WINDOW = float(np.log(20))
"""Graphs so much less likely than the best are in the window still, in nats."""


def iterated_climb(
    scores: FamilyScores,
    rng: np.random.Generator,
    starts: Sequence[NDArray[np.bool_]] = (),
    *,
    climbs: int = 60,
    parents_max: int = 4,
    tabu: int = 10,
) -> list[Climb]:
    """Climb from nothing and from `starts`, then `climbs` times from the best, shaken.

    Args:
        scores: the scores of the data; their cache makes later climbs cheap.
        rng: draws the arcs to delete.
        starts: bool[V, V] each, acyclic.
        climbs: ≥ 0.
        parents_max, tabu: of each climb, see `hill_climb`; a start may have more parents.

    Returns:
        The summits in the window, best first.

    Raises:
        DataError: for settings out of range.
    """

    def climb(start: NDArray[np.bool_] | None) -> Climb:
        crowd = 0 if start is None else int(start.sum(axis=0).max())
        found = hill_climb(scores, parents_max=max(parents_max, crowd), tabu=tabu, start=start)
        met.setdefault(pattern_of(found.adjacency).tobytes(), found)
        return found

    met: dict[bytes, Climb] = {}
    best = max(map(climb, (None, *starts)), key=lambda found: found.score)
    for _ in range(climbs):
        arcs = np.argwhere(best.adjacency)
        number = min(len(arcs), max(2, len(arcs) // SHAKEN))
        start = best.adjacency.copy()
        start[tuple(arcs[rng.choice(len(arcs), number, replace=False)].T)] = False
        best = max(best, climb(start), key=lambda found: found.score)
    near = (found for found in met.values() if found.score >= best.score - WINDOW)
    return sorted(near, key=lambda found: -found.score)
