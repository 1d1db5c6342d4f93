"""Learning a graph by climbing: the best single change again and again.

Changes are to add, delete or reverse an arc; only the families they touch are scored anew
(Heckerman, Geiger & Chickering 1995, section 6). With a tabu list the climb goes on over its
summit, the best change that undoes none of the last ones first, and gives the best graph it met
(Glover 1986; Bouckaert 1995, "Bayesian belief networks: from construction to inference").

Guarantees: the graph is acyclic, no node has more than `parents_max` parents, no forbidden arc
appears; no single allowed change betters the score; equal data give equal graphs. Changes of
equal score (both directions of a first arc, say) go by the numbers of the nodes, so another order
of the columns may lead to another summit; `learn_graph` depends on it far less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.reasoning.networks.counting import DataError
from swarm.reasoning.networks.score import FamilyScores
from swarm.reasoning.networks.separation import check_adjacency, check_square, strict_paths

GAIN_MIN = 1e-9  # what rounding may feign for graphs of equal score
ADD, DELETE, REVERSE, NOTHING = 0, 1, 2, 3


@dataclass(frozen=True)
class Climb:
    """What a climb found.

    Attributes:
        adjacency: bool[V, V], [i, j] for i → j.
        score: of the whole graph.
        moves: how many changes were made, those after the best graph included.
    """

    adjacency: NDArray[np.bool_]
    score: float
    moves: int


def hill_climb(
    scores: FamilyScores,
    *,
    parents_max: int = 4,
    tabu: int = 0,
    patience: int = 50,
    start: ArrayLike | None = None,
    forbidden: ArrayLike | None = None,
) -> Climb:
    """Climb to a graph whose score no single change betters.

    Args:
        scores: the scores of the data; its cache is shared by climbs.
        parents_max: ≥ 0, parents a node may have.
        tabu: 0 stops on the first summit. Otherwise a pair of nodes is left alone for that many
            moves after it was changed (unless that makes a new best graph), and worse graphs are
            passed through.
        patience: with a tabu list, how many moves to go on without a new best graph.
        start: bool[V, V], the graph to begin from; no arcs when None.
        forbidden: bool[V, V], arcs that may not be added, such as effects of what comes later.

    Raises:
        StructureError: for a start with a cycle or matrices of another size.
        DataError: for parents_max, tabu or patience below 0, or a start with too many parents.

    Costs O(V²·n) for the first sweep, O(V·n) for each family a move changes.
    """
    size = scores.variables
    graph = check_adjacency(np.zeros((size, size)) if start is None else start, size).copy()
    barred = check_square(np.zeros((size, size)) if forbidden is None else forbidden, size)
    if min(parents_max, tabu, patience) < 0 or graph.sum(axis=0).max(initial=0) > parents_max:
        raise DataError(
            "parents_max, tabu and patience must be at least 0, and the start within parents_max; "
            f"got {parents_max}, {tabu}, {patience} and a start with up to "
            f"{graph.sum(axis=0).max(initial=0)} parents, such as parents_max=4, tabu=10."
        )
    gains = np.empty((size, size))  # [p, c]: what adding or deleting p → c gains
    for child in range(size):
        _refresh(gains, scores, graph, child)
    changed = np.full((size, size), -math.inf)  # the move that last changed a pair
    best, best_total, total, moves, since = graph.copy(), 0.0, 0.0, 0, 0
    while tabu == 0 or since <= patience:
        locked = changed > moves - tabu
        record = best_total - total  # a move that sets a new one is never locked
        move, parent, child, gain = _best_move(
            graph, gains, barred, locked, parents_max, record + GAIN_MIN
        )
        if move == NOTHING or (tabu == 0 and gain <= GAIN_MIN):
            break
        _make(graph, move, parent, child)
        _refresh(gains, scores, graph, child)
        if move == REVERSE:
            _refresh(gains, scores, graph, parent)
        total += gain
        moves += 1
        changed[parent, child] = changed[child, parent] = moves
        since += 1
        if total > best_total + GAIN_MIN:
            best, best_total, since = graph.copy(), total, 0
    return Climb(best, scores.network(best), moves)


def _refresh(
    gains: NDArray[np.float64], scores: FamilyScores, graph: NDArray[np.bool_], child: int
) -> None:
    row = scores.toggled(child, np.flatnonzero(graph[:, child]).tolist())
    gains[:, child] = row - row[child]


def _make(graph: NDArray[np.bool_], move: int, parent: int, child: int) -> None:
    graph[parent, child] = move == ADD
    if move == REVERSE:
        graph[child, parent] = True


@njit(cache=True, nogil=True)
def _best_move(
    graph: NDArray[np.bool_],
    gains: NDArray[np.float64],
    barred: NDArray[np.bool_],
    locked: NDArray[np.bool_],
    parents_max: int,
    record: float,
) -> tuple[int, int, int, float]:
    """The allowed move that gains most, (move, parent, child, gain); the first among equals.

    A locked pair may only be changed for a gain above `record`.
    """
    nodes = len(graph)
    paths = strict_paths(graph)
    parents = graph.sum(axis=0)
    best = (NOTHING, -1, -1, -np.inf)
    for a in range(nodes):
        for b in range(nodes):
            if a == b:
                continue
            floor = record if locked[a, b] else -np.inf
            if not graph[a, b]:
                free = not graph[b, a] and not barred[a, b] and not paths[b, a]
                beats = gains[a, b] > max(floor, best[3] + GAIN_MIN)
                if free and beats and parents[b] < parents_max:
                    best = (ADD, a, b, gains[a, b])
                continue
            if gains[a, b] > max(floor, best[3] + GAIN_MIN):
                best = (DELETE, a, b, gains[a, b])
            gain = gains[a, b] + gains[b, a]
            beats = gain > max(floor, best[3] + GAIN_MIN)
            if barred[b, a] or parents[a] >= parents_max or not beats:
                continue
            if not _leads_round(graph, paths, a, b):
                best = (REVERSE, a, b, gain)
    return best


@njit(cache=True, nogil=True)
def _leads_round(graph: NDArray[np.bool_], paths: NDArray[np.bool_], a: int, b: int) -> bool:
    """Whether a path of two arcs or more leads from a to b."""
    found = False
    for c in range(len(graph)):
        found |= c != b and graph[a, c] and paths[c, b]
    return found
