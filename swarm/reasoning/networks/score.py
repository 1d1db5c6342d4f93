"""How well a family (a variable and its parents) fits the data, against what it costs.

Two scores, both sums over families and both equal for Markov equivalent graphs:

- BIC: ln likelihood − ½ ln n · free parameters (Schwarz 1978, "Estimating the dimension of a
  model", Annals of Statistics 6).
- BDeu: ln marginal likelihood under a uniform Dirichlet prior worth `equivalent_sample` cases
  (Heckerman, Geiger & Chickering 1995, "Learning Bayesian networks", Machine Learning 20, eq. 28).

Natural logarithms; larger is better. A search looks at every family that differs from the present
one by one parent, so those are counted in one sweep and cached together.

Guarantees: a cached score equals a fresh one to the bit; parents come in any order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, get_args

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.reasoning.networks.counting import (
    DataError,
    columns_of,
    count_pairs,
    number_configurations,
    variables_of,
)
from swarm.reasoning.networks.separation import check_adjacency

Kind = Literal["bic", "bdeu"]


class FamilyScores:
    """The scores of families on one data set, cached.

    Args:
        data: int[n, V], one row for each case, entries 0..cards[v]−1.
        cards: int[V], the number of states of each variable.
        kind: "bic" or "bdeu".
        equivalent_sample: how many cases BDeu's prior is worth, > 0; BIC ignores it.

    Raises:
        DataError: for data that do not fit the cards, another kind, or a prior worth nothing.

    >>> scores = FamilyScores([[0, 0], [1, 1], [0, 0], [1, 1]], [2, 2])
    >>> scores.family(1, [0]) > scores.family(1, [])
    True
    """

    def __init__(
        self,
        data: ArrayLike,
        cards: ArrayLike,
        kind: Kind = "bic",
        equivalent_sample: float = 1.0,
    ) -> None:
        if kind not in get_args(Kind):
            raise DataError(f'a score is of kind "bic" or "bdeu"; got {kind!r}.')
        if not equivalent_sample > 0:
            raise DataError(
                "equivalent_sample, the cases BDeu's prior is worth, must be above 0, such as "
                f"1.0; got {equivalent_sample}."
            )
        self.kind = kind
        self._columns, self.cards = columns_of(data, cards)
        self.variables, self.cases = self._columns.shape
        self._sample = equivalent_sample if kind == "bdeu" else 0.0
        counts = np.arange(1, self.cases + 1)
        self._n_log_n = np.concatenate(([0.0], counts * np.log(counts)))
        self._families: dict[tuple[int, tuple[int, ...]], float] = {}
        self._toggled: dict[tuple[int, tuple[int, ...]], NDArray[np.float64]] = {}

    def family(self, child: int, parents: Iterable[int]) -> float:
        """Score one family; O(n · parents) when it is new.

        Raises:
            DataError: for columns that do not exist, or a child that is its own parent.
        """
        key = self._key(child, parents)
        if key not in self._families:
            self._families[key] = _family_score(
                self._columns, self.cards, child, np.array(key[1], np.int64),
                self._n_log_n, self._sample,
            )  # fmt: skip
        return self._families[key]

    def toggled(self, child: int, parents: Iterable[int]) -> NDArray[np.float64]:
        """Score every family one parent away.

        Returns:
            float64[V], read-only: entry p for the family with p added, or taken away where p is
            a parent; entry `child` for the family as it stands. O(V · n) when it is new.

        Raises:
            DataError: as `family`.
        """
        key = self._key(child, parents)
        if key not in self._toggled:
            row = _toggled_scores(
                self._columns, self.cards, child, np.array(key[1], np.int64),
                self._n_log_n, self._sample,
            )  # fmt: skip
            row.flags.writeable = False
            self._toggled[key] = row
        return self._toggled[key]

    def network(self, adjacency: ArrayLike) -> float:
        """Score a whole graph, bool[V, V] with [i, j] for i → j: the sum over its families.

        Raises:
            StructureError: for a graph of another size, or one with a cycle.
        """
        graph = check_adjacency(adjacency, self.variables)
        return math.fsum(
            self.family(child, np.flatnonzero(graph[:, child]).tolist())
            for child in range(self.variables)
        )

    @property
    def cached(self) -> int:
        """How many families are held: single ones, and V for each neighbourhood swept."""
        return len(self._families) + self.variables * len(self._toggled)

    def _key(self, child: int, parents: Iterable[int]) -> tuple[int, tuple[int, ...]]:
        ascending = tuple(sorted(parents))
        if (child, ascending) not in self._toggled:  # what is cached has been checked
            variables_of((child, *ascending), self.variables)
        return child, ascending


@njit(cache=True, nogil=True)
def _family_score(
    columns: NDArray[np.int16],
    cards: NDArray[np.int64],
    child: int,
    parents: NDArray[np.int64],
    n_log_n: NDArray[np.float64],
    sample: float,
) -> float:
    index = np.empty(columns.shape[1], np.int64)
    number = number_configurations(columns, cards, parents, index)
    configurations = 1.0
    for parent in parents:
        configurations *= cards[parent]
    nothing = np.zeros(columns.shape[1], np.int16)
    counts = count_pairs(index, number, nothing, 1, columns[child], cards[child])
    return _score(counts.reshape(number, cards[child]), configurations, n_log_n, sample)


@njit(cache=True, nogil=True)
def _toggled_scores(
    columns: NDArray[np.int16],
    cards: NDArray[np.int64],
    child: int,
    parents: NDArray[np.int64],
    n_log_n: NDArray[np.float64],
    sample: float,
) -> NDArray[np.float64]:
    variables, cases = columns.shape
    scores = np.empty(variables)
    scores[child] = _family_score(columns, cards, child, parents, n_log_n, sample)
    configurations = 1.0
    parent = np.zeros(variables, np.bool_)
    for p in parents:
        configurations *= cards[p]
        parent[p] = True
        scores[p] = _family_score(columns, cards, child, parents[parents != p], n_log_n, sample)
    index = np.empty(cases, np.int64)
    number = number_configurations(columns, cards, parents, index)
    for p in range(variables):
        if parent[p] or p == child:
            continue
        counts = count_pairs(index, number, columns[p], cards[p], columns[child], cards[child])
        scores[p] = _score(
            counts.reshape(number * cards[p], cards[child]),
            configurations * cards[p],
            n_log_n,
            sample,
        )
    return scores


@njit(cache=True, nogil=True)
def _score(
    counts: NDArray[np.int32],
    configurations: float,
    n_log_n: NDArray[np.float64],
    sample: float,
) -> float:
    """Score int32[configurations that occur, card]; BIC where the prior is worth no cases."""
    occurring, card = counts.shape
    total = 0.0
    if sample <= 0.0:
        for j in range(occurring):
            cases = 0
            for k in range(card):
                cases += counts[j, k]
                total += n_log_n[counts[j, k]]
            total -= n_log_n[cases]
        return total - 0.5 * math.log(len(n_log_n) - 1) * configurations * (card - 1)
    row = sample / configurations
    cell = row / card
    for j in range(occurring):
        cases = 0
        for k in range(card):
            if counts[j, k] > 0:
                cases += counts[j, k]
                total += math.lgamma(cell + counts[j, k]) - math.lgamma(cell)
        if cases > 0:  # the others' terms cancel
            total += math.lgamma(row) - math.lgamma(row + cases)
    return total
