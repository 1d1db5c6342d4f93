"""A forest of extremely randomised trees: for landscapes with steps, and genes without order.

Geurts, Ernst & Wehenkel 2006, "Extremely randomized trees", Machine Learning 63(1): at each node
every gene is tried at one threshold, drawn between its extremes; the split that leaves the least
variance stays.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.search import Floats, Integers
from evolution.surrogates.ensemble import Surrogate, SurrogateError

LEAF = -1


class ForestEnsemble(Surrogate):
    """The committee of trees. Outside of what it has seen, a forest says what holds at the edge.

    Args:
        members: how many trees, a multiple of 5.
        least: the fewest examples of a leaf.
    """

    def __init__(self, *, members: int = 50, least: int = 2) -> None:
        super().__init__(members)
        if least < 1:
            raise SurrogateError(f"least is {least}; a leaf has 1 example or more, e.g. 2")
        self.least = least

    def _fit(self, X: Floats, y: Floats, weights: Floats, rng: np.random.Generator) -> None:
        nodes = 2 * len(y)
        self._genes = np.full((self.members, nodes), LEAF, dtype=np.int64)
        self._values = np.zeros((self.members, nodes))
        self._below = np.zeros((self.members, nodes), dtype=np.int64)
        for tree in range(self.members):
            seen = np.flatnonzero(weights[tree] > 0.0)
            _grow(
                np.ascontiguousarray(X[seen]),
                y[seen],
                weights[tree, seen],
                self.least,
                rng,
                self._genes[tree],
                self._values[tree],
                self._below[tree],
            )

    def _predict(self, X: Floats) -> Floats:
        return _ask_trees(np.ascontiguousarray(X), self._genes, self._values, self._below)


@njit(cache=True, nogil=True)
def _grow(
    X: Floats,
    y: Floats,
    weights: Floats,
    least: int,
    rng: np.random.Generator,
    genes: Integers,
    values: Floats,
    below: Integers,
) -> None:
    """Grow one tree into its arrays.

    ``values`` of a node are its threshold, of a leaf its prediction; the children of a node are
    ``below`` and the one after.
    """
    n = len(X)
    order = np.arange(n)
    # Each entry: node, first and last example (behind it) in ``order``.
    stack = np.empty((2 * n, 3), dtype=np.int64)
    stack[0] = (0, 0, n)
    height, used = 1, 1
    while height:
        height -= 1
        node, start, stop = stack[height]
        gene, threshold = LEAF, 0.0
        if stop - start >= 2 * least:
            gene, threshold = _best_split(X, y, weights, order[start:stop], least, rng)
        if gene == LEAF:
            mass = weights[order[start:stop]]
            values[node] = (mass * y[order[start:stop]]).sum() / mass.sum()
            continue
        middle = _partition(X, order, start, stop, gene, threshold)
        genes[node], values[node], below[node] = gene, threshold, used
        stack[height] = (used, start, middle)
        stack[height + 1] = (used + 1, middle, stop)
        used += 2
        height += 2


@njit(cache=True, nogil=True)
def _best_split(
    X: Floats,
    y: Floats,
    weights: Floats,
    rows: Integers,
    least: int,
    rng: np.random.Generator,
) -> tuple[int, float]:
    """Gene and threshold of the best of the splits tried; LEAF where none is allowed."""
    best, best_gene, best_threshold = -1.0, LEAF, 0.0
    for gene in range(X.shape[1]):
        low, high = np.inf, -np.inf
        for row in rows:
            low, high = min(low, X[row, gene]), max(high, X[row, gene])
        if low == high:
            continue
        threshold = low + rng.random() * (high - low)
        count, mass, total, other_mass, other = 0, 0.0, 0.0, 0.0, 0.0
        for row in rows:
            if X[row, gene] <= threshold:
                count += 1
                mass += weights[row]
                total += weights[row] * y[row]
            else:
                other_mass += weights[row]
                other += weights[row] * y[row]
        if count >= least and len(rows) - count >= least:
            # Between two groups the variance is what their sums explain.
            gap = total / mass - other / other_mass
            explained = mass * other_mass / (mass + other_mass) * gap * gap
            if explained > best:
                best, best_gene, best_threshold = explained, gene, threshold
    return best_gene, best_threshold


@njit(cache=True, nogil=True)
def _partition(
    X: Floats, order: Integers, start: int, stop: int, gene: int, threshold: float
) -> int:
    """Bring the examples at most at the threshold to the front; where the others begin."""
    middle = start
    for i in range(start, stop):
        if X[order[i], gene] <= threshold:
            order[i], order[middle] = order[middle], order[i]
            middle += 1
    return middle


@njit(cache=True, nogil=True)
def _ask_trees(X: Floats, genes: Integers, values: Floats, below: Integers) -> npt.NDArray:
    """What each tree says ``[trees, k]``."""
    trees, k = len(genes), len(X)
    predicted = np.empty((trees, k))
    for tree in range(trees):
        for i in range(k):
            node = 0
            while genes[tree, node] != LEAF:
                right = X[i, genes[tree, node]] > values[tree, node]
                node = below[tree, node] + (1 if right else 0)
            predicted[tree, i] = values[tree, node]
    return predicted
