"""In which order to sum variables out of a product of factors: greedy, by two rules.

Min-fill (fewest new neighbours to marry) and min-weight (smallest table made) are Kjærulff 1990,
"Triangulation of graphs: algorithms giving small total state space"; neither is always better, so
both are tried and the cheaper order is kept.

Guarantees: equal questions give equal orders; every variable asked for comes exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod

# Scores a variable by who its neighbours are and how many states there are; least goes first.
Rule = Callable[[int, dict[int, int], Sequence[int]], tuple[int, int]]


def elimination_order(
    scopes: Sequence[Iterable[int]], cards: Sequence[int], stages: Sequence[Iterable[int]]
) -> tuple[list[int], float]:
    """Order the variables of each stage, all of one stage before the next.

    Args:
        scopes: the variables of each factor.
        cards: states of every variable.
        stages: variables to eliminate, each in some factor, such as those summed out and then
            those maximised over.

    Returns:
        The order, and its cost: the cells of all the tables made on the way.
    """
    neighbours = _neighbours(scopes)
    tried = (_greedy(dict(neighbours), cards, stages, rule) for rule in (_fill, _weight))
    return min(tried, key=lambda found: found[1])


def members(mask: int) -> list[int]:
    """The numbers of the bits that are set."""
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found


def _neighbours(scopes: Sequence[Iterable[int]]) -> dict[int, int]:
    """Who shares a factor with whom, as masks of bits, oneself included."""
    neighbours: dict[int, int] = {}
    for scope in scopes:
        variables = list(scope)
        mask = sum(1 << v for v in variables)
        for v in variables:
            neighbours[v] = neighbours.get(v, 0) | mask
    return neighbours


def _greedy(
    neighbours: dict[int, int], cards: Sequence[int], stages: Sequence[Iterable[int]], rule: Rule
) -> tuple[list[int], float]:
    order: list[int] = []
    cost = 0.0
    for stage in stages:
        scores = {v: rule(v, neighbours, cards) for v in stage}
        while scores:
            v = min(scores, key=lambda u: (scores[u], u))
            del scores[v]
            order.append(v)
            clique = neighbours.pop(v)
            cost += prod(cards[u] for u in members(clique))
            clique &= ~(1 << v)
            touched = clique
            for u in members(clique):
                neighbours[u] = (neighbours[u] | clique) & ~(1 << v)
                touched |= neighbours[u]
            for u in members(touched):
                if u in scores:
                    scores[u] = rule(u, neighbours, cards)
    return order, cost


def _weight(v: int, neighbours: dict[int, int], cards: Sequence[int]) -> tuple[int, int]:
    return prod(cards[u] for u in members(neighbours[v])), 0


def _fill(v: int, neighbours: dict[int, int], cards: Sequence[int]) -> tuple[int, int]:
    around = neighbours[v]
    inside = members(around)
    missing = sum((around & ~neighbours[u]).bit_count() for u in inside)
    return missing, prod(cards[u] for u in inside)
