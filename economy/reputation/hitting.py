"""Hitting trust: the part of the walks from the seeds that come by a name at all.

D. Sheldon & J. Hopcroft, "Manipulation-resistant reputations using hitting time", WAW 2007. A walk
counts once for a name however often it comes by, and what follows the first visit does not matter,
so whom a name trusts has no effect on its own trust. Exact for small graphs; sampled, with standard
errors, for large ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.reputation.errors import ReputationError
from economy.reputation.trust import Floats, TrustGraph, starts

LARGEST_EXACT = 3000
"""The most names for which a matrix is inverted."""


@dataclass(frozen=True, slots=True, eq=False)
class SampledTrust:
    """An estimate of hitting trust.

    Attributes:
        trust: float64[n], the part of the sampled walks that came by each name.
        error: float64[n], standard errors: sqrt(trust * (1 - trust) / walks).
    """

    trust: Floats
    error: Floats


def hitting_trust(graph: TrustGraph, seeds: ArrayLike, restart: float = 0.15) -> Floats:
    """Return the probability that a walk comes by each name, float64[n]; a lone seed has 1.

    Arguments as for ``eigentrust``. O(n**3), for n up to 3000; see ``sampled_hitting_trust``.

    >>> graph = TrustGraph.of_ratings(3, [0, 1], [1, 2], [1, 1])
    >>> hitting_trust(graph, [0], restart=0.25).round(4).tolist()
    [1.0, 0.75, 0.5625]
    """
    start = starts(graph, seeds, restart)
    n = len(graph)
    if n > LARGEST_EXACT:
        raise ReputationError(
            f"{n} names are more than {LARGEST_EXACT}; use sampled_hitting_trust for them"
        )
    # visits[i, j]: how often a walk that stands at i comes by j, now included. A walk comes by j
    # as often as it gets there at all times how often it does so once there.
    visits = np.linalg.inv(np.eye(n) - (1 - restart) * graph.chances().toarray())
    hits: Floats = start @ visits / np.diag(visits)
    return hits


def sampled_hitting_trust(
    graph: TrustGraph,
    seeds: ArrayLike,
    rng: np.random.Generator,
    restart: float = 0.15,
    walks: int = 100_000,
) -> SampledTrust:
    """Estimate hitting trust from sampled walks; other arguments as for ``eigentrust``.

    O(walks * log E / restart), whatever the number of names.
    """
    start = starts(graph, seeds, restart)
    if walks < 1:
        raise ReputationError(f"walks is at least 1, such as 100_000; got {walks}")
    reach = np.append(0.0, np.cumsum(graph.value))
    walk = np.arange(walks)
    place = rng.choice(len(graph), size=walks, p=start)
    visited = [walk * len(graph) + place]
    while walk.size:
        going = (rng.random(walk.size) >= restart) & ~graph.idle[place]
        walk, place = walk[going], place[going]
        place = _next(graph, reach, place, rng)
        visited.append(walk * len(graph) + place)
    once = np.unique(np.concatenate(visited))
    trust = np.bincount(once % len(graph), minlength=len(graph)) / walks
    return SampledTrust(trust, np.sqrt(trust * (1 - trust) / walks))


def _next(
    graph: TrustGraph, reach: Floats, place: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw whom each walk goes on to; ``reach`` holds the running sums of the graph's values."""
    begin, end = graph.start[place], graph.start[place + 1]
    aim = reach[begin] + rng.random(place.size) * (reach[end] - reach[begin])
    edge = np.searchsorted(reach, aim, side="right") - 1
    return graph.trusted[np.clip(edge, begin, end - 1)]
