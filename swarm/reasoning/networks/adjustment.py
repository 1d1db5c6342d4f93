"""Which formula turns what is observed into what would follow from doing.

Pearl 2009, "Causality", second edition: the back-door criterion (definition 3.3.1, theorem
3.3.2) and the front-door criterion (definition 3.3.3, theorem 3.3.4), on a graph some of whose
nodes may be hidden. Sets are found as in van der Zander, Liśkiewicz & Textor 2014, "Constructing
separators and adjustment sets in ancestral graphs" (if any set will do, the ancestors of x and y
will), and Jeong, Tian & Bareinboim 2022, "Finding and listing front-door adjustment sets" (the
largest candidate set is shrunk to what qualifies).

Guarantees: a set is found whenever one exists; no proper subset of a found set meets the
criterion. "not identified" says that neither criterion holds, not that no formula exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.reasoning.networks.separation import (
    Nodes,
    StructureError,
    ancestors,
    check_adjacency,
    descendants,
    mask_of,
    walk,
)

Formula = Literal["no effect", "conditioning", "back-door", "front-door", "not identified"]
Prefer = Literal["minimal", "parents"]


@dataclass(frozen=True)
class Identification:
    """Which formula gives P(y | do(x)), and over which nodes.

    Attributes:
        formula: "no effect" for P(y); "conditioning" for P(y | x); "back-door" for
            Σ_z P(y | x, z) P(z); "front-door" for Σ_m P(m | x) Σ_x' P(y | m, x') P(x');
            "not identified" by any of these.
        nodes: z or m, ascending; empty for the others.
    """

    formula: Formula
    nodes: tuple[int, ...] = ()


def identify(
    adjacency: ArrayLike,
    x: int,
    y: int,
    observed: Nodes | None = None,
    *,
    prefer: Prefer = "minimal",
    cost: ArrayLike | None = None,
) -> Identification:
    """Choose the formula for P(y | do(x)): the first of `Formula` that applies.

    Args:
        adjacency: bool[V, V], acyclic, hidden nodes included.
        x, y: cause and effect, observed.
        observed: nodes that may be adjusted for; all when None.
        prefer: "minimal" for a smallest back-door set (no part of it suffices), or "parents" for
            the parents of x wherever they are observed, even where less would do.
        cost: float[V], such as the logarithms of the cards; dear nodes are spared first.

    Raises:
        StructureError: for a cycle, unknown nodes, x equal to y, or another preference.
    """
    graph = _check_question(adjacency, x, y)
    if prefer not in get_args(Prefer):
        raise StructureError(f'prefer is "minimal" or "parents"; got {prefer!r}.')
    if not descendants(graph, x)[y]:
        return Identification("no effect")
    parents = tuple(np.flatnonzero(graph[:, x]).tolist())
    seen = _observed(graph, observed, x, y)
    if prefer == "parents" and parents and seen[list(parents)].all():
        return Identification("back-door", parents)
    adjust = back_door_set(graph, x, y, observed, cost=cost)
    if adjust is not None:
        return Identification("back-door", adjust) if adjust else Identification("conditioning")
    mediators = front_door_set(graph, x, y, observed, cost=cost)
    if mediators is not None:
        return Identification("front-door", mediators)
    return Identification("not identified")


def is_back_door(adjacency: ArrayLike, x: int, y: int, adjust: Nodes) -> bool:
    """Whether `adjust` meets the back-door criterion for the effect of x on y.

    No member descends from x, and together they block every path between x and y that has an
    arrow into x.

    Raises:
        StructureError: for a cycle, unknown nodes, or x = y.
    """
    graph = _check_question(adjacency, x, y)
    chosen = mask_of(adjust, len(graph))
    if chosen[y] or (chosen & descendants(graph, x)).any():
        return False
    return _separates(_without_arcs_from(graph, mask_of(x, len(graph))), x, y, chosen)


def back_door_set(
    adjacency: ArrayLike,
    x: int,
    y: int,
    observed: Nodes | None = None,
    *,
    cost: ArrayLike | None = None,
) -> tuple[int, ...] | None:
    """Find a minimal back-door set among the observed nodes.

    Among the ancestors of x and y separation is that of an undirected graph, where a set that
    contains a separator is one: so taking nodes away one by one ends in a minimal set.

    Args:
        adjacency, x, y, observed, cost: as for `identify`. Without a cost nodes are spared that
            lie nearer to x: adjusting near y varies less (Henckel, Perković & Maathuis 2022).

    Returns:
        The nodes, ascending; () when nothing needs adjusting; None when there is no such set.

    Raises:
        StructureError: as `identify`. Costs O(V³).
    """
    graph = _check_question(adjacency, x, y)
    cut = _without_arcs_from(graph, mask_of(x, len(graph)))
    chosen = ancestors(cut, [x, y]) & _observed(graph, observed, x, y) & ~descendants(graph, x)
    if not _separates(cut, x, y, chosen):
        return None
    for node in _dearest_first(graph, x, chosen, cost):
        chosen[node] = False
        chosen[node] = not _separates(cut, x, y, chosen)
    return tuple(np.flatnonzero(chosen).tolist())


def is_front_door(adjacency: ArrayLike, x: int, y: int, mediators: Nodes) -> bool:
    """Whether `mediators` meet the front-door criterion for the effect of x on y.

    They intercept every directed path from x to y; no unblocked back-door path leads from x to
    them; x blocks every back-door path from them to y.

    Raises:
        StructureError: for a cycle, unknown nodes, or x = y.
    """
    graph = _check_question(adjacency, x, y)
    chosen = mask_of(mediators, len(graph))
    if chosen[x] or chosen[y] or (chosen & _back_door_reach(graph, x)).any():
        return False
    return _intercepts(graph, x, y, chosen) and not _leaks(graph, x, y, chosen).any()


def front_door_set(
    adjacency: ArrayLike,
    x: int,
    y: int,
    observed: Nodes | None = None,
    *,
    cost: ArrayLike | None = None,
) -> tuple[int, ...] | None:
    """Find a minimal front-door set among the observed nodes.

    Args:
        adjacency, x, y, observed, cost: as for `identify`.

    Returns:
        The nodes, ascending; () when no directed path leads from x to y; None when there is no
        such set.

    Raises:
        StructureError: as `identify`. Costs O(V⁴) at worst.
    """
    graph = _check_question(adjacency, x, y)
    candidates = _observed(graph, observed, x, y) & ~_back_door_reach(graph, x)
    chosen = _largest_front_door(graph, x, y, candidates)
    if chosen is None:
        return None
    for node in _dearest_first(graph, x, chosen, cost):
        if chosen[node]:
            fewer = chosen.copy()
            fewer[node] = False
            smaller = _largest_front_door(graph, x, y, fewer)
            chosen = chosen if smaller is None else smaller
    return tuple(np.flatnonzero(chosen).tolist())


def _largest_front_door(
    graph: NDArray[np.bool_], x: int, y: int, candidates: NDArray[np.bool_]
) -> NDArray[np.bool_] | None:
    """The largest front-door set within candidates; None when there is none.

    A candidate that leaks to y although all the others are held leaks from every smaller set as
    well, so it can go for good.
    """
    chosen = candidates.copy()
    while (leaks := _leaks(graph, x, y, chosen)).any():
        chosen &= ~leaks
    return chosen if _intercepts(graph, x, y, chosen) else None


def _back_door_reach(graph: NDArray[np.bool_], x: int) -> NDArray[np.bool_]:
    """The nodes to which an unblocked back-door path leads from x, nothing being given."""
    source = mask_of(x, len(graph))
    return walk(_without_arcs_from(graph, source), source, np.zeros_like(source)) & ~source


def _leaks(
    graph: NDArray[np.bool_], x: int, y: int, chosen: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Those chosen to which a back-door path from y is open when x is known."""
    cut = _without_arcs_from(graph, chosen)
    return chosen & walk(cut, mask_of(y, len(graph)), mask_of(x, len(graph)))


def _intercepts(graph: NDArray[np.bool_], x: int, y: int, chosen: NDArray[np.bool_]) -> bool:
    """Whether every directed path from x to y meets a chosen node."""
    return not descendants(_without_arcs_from(graph, chosen), x)[y]


def _separates(cut: NDArray[np.bool_], x: int, y: int, chosen: NDArray[np.bool_]) -> bool:
    return not walk(cut, mask_of(x, len(cut)), chosen)[y]


def _without_arcs_from(graph: NDArray[np.bool_], nodes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return graph & ~nodes[:, None]


def _dearest_first(
    graph: NDArray[np.bool_], x: int, chosen: NDArray[np.bool_], cost: ArrayLike | None
) -> list[int]:
    """The order in which to try to do without nodes."""
    nodes = np.flatnonzero(chosen)
    if cost is None:
        price = 2.0 * graph[:, x] + ancestors(graph, x)
    else:
        price = np.asarray(cost, dtype=np.float64)
        if price.shape != (len(graph),):
            raise StructureError(
                f"cost must be one number for each of the {len(graph)} nodes, such as the "
                f"logarithms of their cards; got shape {price.shape}."
            )
    return nodes[np.argsort(-price[nodes], kind="stable")].tolist()


def _observed(
    graph: NDArray[np.bool_], observed: Nodes | None, x: int, y: int
) -> NDArray[np.bool_]:
    """The nodes that may be adjusted for: those observed, without x and y."""
    seen = mask_of(range(len(graph)) if observed is None else observed, len(graph))
    seen[[x, y]] = False
    return seen


def _check_question(adjacency: ArrayLike, x: int, y: int) -> NDArray[np.bool_]:
    graph = check_adjacency(adjacency)
    if x == y or not (0 <= x < len(graph) and 0 <= y < len(graph)):
        raise StructureError(
            f"cause and effect must be two nodes among 0..{len(graph) - 1}, such as x=0, y=2; "
            f"got x={x}, y={y}."
        )
    return graph
