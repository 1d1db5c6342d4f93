"""Random graphs, random chances and cases drawn from them, by the definitions."""

from itertools import combinations, product

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Graph = NDArray[np.bool_]
Tables = list[NDArray[np.float64]]


@st.composite
def graphs(draw: st.DrawFn, nodes_max: int = 6, nodes_min: int = 2) -> Graph:
    """Acyclic graphs, bool[V, V], their nodes in no order."""
    nodes = draw(st.integers(nodes_min, nodes_max))
    bits = draw(st.lists(st.booleans(), min_size=nodes**2, max_size=nodes**2))
    order = draw(st.permutations(range(nodes)))
    upper = np.triu(np.array(bits).reshape(nodes, nodes), 1)
    return np.ascontiguousarray(upper[np.ix_(order, order)])


def arcs(nodes: int, *pairs: tuple[int, int]) -> Graph:
    graph = np.zeros((nodes, nodes), np.bool_)
    for i, j in pairs:
        graph[i, j] = True
    return graph


def acyclic(graph: Graph) -> bool:
    power = np.linalg.matrix_power(np.eye(len(graph)) + graph / len(graph), len(graph))
    return bool(((power * power.T) * ~np.eye(len(graph), dtype=bool) == 0).all())


def subsets(nodes: list[int]) -> list[tuple[int, ...]]:
    return [chosen for size in range(len(nodes) + 1) for chosen in combinations(nodes, size)]


def random_tables(
    graph: Graph, cards: list[int], rng: np.random.Generator, strength: float = 1.0
) -> Tables:
    """P(node | parents), float[parents' cards..., card]; low strength makes sharp chances."""
    tables = []
    for node, card in enumerate(cards):
        shape = [cards[p] for p in np.flatnonzero(graph[:, node])]
        tables.append(rng.dirichlet(np.full(card, strength), size=shape))
    return tables


def order_of(graph: Graph) -> list[int]:
    left, order = set(range(len(graph))), []
    while left:
        node = min(v for v in left if not any(graph[u, v] for u in left))
        left.remove(node)
        order.append(node)
    return order


def draw_cases(
    graph: Graph, tables: Tables, cases: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    data = np.zeros((cases, len(graph)), np.int64)
    for node in order_of(graph):
        chances = tables[node][tuple(data[:, p] for p in np.flatnonzero(graph[:, node]))]
        cumulative = np.broadcast_to(chances, (cases, chances.shape[-1])).cumsum(axis=1)
        above = rng.random(cases)[:, None] > cumulative
        data[:, node] = np.minimum(above.sum(axis=1), chances.shape[-1] - 1)
    data.flags.writeable = False  # as that of a problem: kernels are not compiled for both
    return data


def exact_effect(graph: Graph, tables: Tables, x: int, y: int) -> NDArray[np.float64]:
    """P(y | do(x)) by the truncated product over all configurations (Pearl 2009, eq. 3.10)."""
    cards = [table.shape[-1] for table in tables]
    answer = np.zeros((cards[x], cards[y]))
    for states in product(*(range(card) for card in cards)):
        chance = 1.0
        for node, table in enumerate(tables):
            if node != x:
                parents = tuple(states[p] for p in np.flatnonzero(graph[:, node]))
                chance *= table[(*parents, states[node])]
        answer[states[x], states[y]] += chance
    return answer
