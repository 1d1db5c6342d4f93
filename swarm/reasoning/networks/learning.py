"""Learning a graph from cases: tests give the region, a score gives the summit.

A climb from nothing directs its first arcs by guess and is then caught; the pattern that PC finds
has the directions that the data do settle, but misses arcs where the tests lack power. So climb
twice, from no arcs and from an extension of PC's pattern (as in the max-min hill-climb of
Tsamardinos, Brown & Aliferis 2006, restriction and search take turns), and keep what scores
better.

Guarantees: acyclic; never scores below the plain climb with the same settings; equal data give
equal graphs.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from swarm.reasoning.networks.equivalence import extension
from swarm.reasoning.networks.hill_climb import Climb, hill_climb
from swarm.reasoning.networks.pc import discover
from swarm.reasoning.networks.score import FamilyScores, Kind


def learn_graph(
    data: ArrayLike,
    cards: ArrayLike,
    *,
    kind: Kind = "bic",
    alpha: float = 0.01,
    given_max: int = 3,
    parents_max: int = 4,
    tabu: int = 10,
    patience: int = 50,
) -> Climb:
    """Learn an acyclic graph; its directions mean causes only as far as its pattern has them.

    Args:
        data: int[n, V], entries 0..cards[v]−1.
        cards: int[V].
        kind: the score, "bic" or "bdeu".
        alpha, given_max: of the tests, see `discover`.
        parents_max, tabu, patience: of the climbs, see `hill_climb`. Where PC joins a node to
            more than `parents_max` parents, as many are allowed.

    Raises:
        DataError: for data that do not fit the cards, or settings out of range.
    """
    scores = FamilyScores(data, cards, kind)
    found = extension(discover(data, cards, alpha=alpha, given_max=given_max).pattern, force=True)
    crowd = max(parents_max, int(found.sum(axis=0).max(initial=0)))
    plain = hill_climb(scores, parents_max=parents_max, tabu=tabu, patience=patience)
    guided = hill_climb(scores, parents_max=crowd, tabu=tabu, patience=patience, start=found)
    return max(guided, plain, key=lambda climb: climb.score)
