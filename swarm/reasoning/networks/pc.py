"""Learning a pattern by asking what is independent of what: PC-stable.

Begin with every pair joined; part a pair as soon as some set of neighbours makes it independent;
then direct i → k ← j where k lies in no set that parts i from j, and close under Meek's rules
(Spirtes, Glymour & Scheines 2000, "Causation, prediction, and search", section 5.4.2). Neighbours
are frozen while sets of one size are tried (Colombo & Maathuis 2014, "Order-independent
constraint-based causal structure learning", JMLR 15).

Independence is the G² test: 2 Σ N_xyz ln(N_xyz N_z / (N_xz N_yz)) against χ², with one degree of
freedom for each cell beyond the margins that occur, stratum by stratum: strata without cases, and
states that a stratum never shows, say nothing.

Guarantees: the set that parts a pair is the one of highest p (Ramsey 2016), and v-structures are
directed surest first, so without exact ties the result does not depend on the order of columns
or rows. With faithful data and n → ∞ it is the pattern of the true graph; with few data the
pattern may have no acyclic extension (`extension(pattern, force=True)` gives a near one).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

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
from swarm.reasoning.networks.equivalence import close_under_meek

Pair = tuple[int, int]


@dataclass(frozen=True)
class Discovery:
    """What the tests found.

    Attributes:
        pattern: bool[V, V], [i, j] for i → j, both directions for an undirected edge.
        separators: for each parted pair (a < b) the set that parts it.
        p_values: for each parted pair the p of its independence given that set.
        tests: how many tests were made.
    """

    pattern: NDArray[np.bool_]
    separators: dict[Pair, tuple[int, ...]] = field(default_factory=dict)
    p_values: dict[Pair, float] = field(default_factory=dict)
    tests: int = 0


def discover(
    data: ArrayLike, cards: ArrayLike, *, alpha: float = 0.01, given_max: int = 3
) -> Discovery:
    """Learn a pattern from cases.

    Args:
        data: int[n, V], entries 0..cards[v]−1.
        cards: int[V].
        alpha: in (0, 1); a pair is parted when the p of its independence is above it.
        given_max: the size of the largest set tried, ≥ 0.

    Raises:
        DataError: for data that do not fit the cards, alpha or given_max out of range.

    Each test costs O(n · size of the set); there are O(V² · degree^given_max) of them.
    """
    columns, sizes = columns_of(data, cards)
    if not 0 < alpha < 1 or given_max < 0:
        raise DataError(
            "alpha must lie between 0 and 1 and given_max be at least 0, such as alpha=0.01, "
            f"given_max=3; got {alpha} and {given_max}."
        )
    joined = ~np.eye(len(sizes), dtype=np.bool_)
    separators: dict[Pair, tuple[int, ...]] = {}
    p_values: dict[Pair, float] = {}
    tests = 0
    for size in range(given_max + 1):
        near = [np.flatnonzero(row) for row in joined]  # frozen for this size
        if all(len(neighbours) <= size for neighbours in near):
            break
        for a, b in np.argwhere(np.triu(joined)).tolist():
            sets = _candidates(near[a], near[b], a, b, size)
            tests += len(sets)
            chances = _independence(columns, sizes, a, b, sets)
            if len(sets) and chances.max() > alpha:
                surest = int(np.argmax(chances))
                separators[a, b] = tuple(sets[surest].tolist())
                p_values[a, b] = float(chances[surest])
                joined[a, b] = joined[b, a] = False
    pattern = close_under_meek(_with_colliders(joined, separators, p_values))
    return Discovery(pattern, separators, p_values, tests)


def independence(
    data: ArrayLike, cards: ArrayLike, x: int, y: int, given: tuple[int, ...] = ()
) -> tuple[float, int, float]:
    """Test whether two variables are independent given others.

    Returns:
        G² (nats, twice), its degrees of freedom, and the p-value; p is 1 without any freedom.

    Raises:
        DataError: for data that do not fit the cards, or columns that do not exist or repeat.
    """
    columns, sizes = columns_of(data, cards)
    variables_of((x, y, *given), len(sizes))
    sets = np.array([sorted(given)], dtype=np.int64).reshape(1, len(given))
    statistics, freedoms = _tests(columns, sizes, x, y, sets)
    chance = _p_values(statistics, freedoms)
    return float(statistics[0]), int(freedoms[0]), float(chance[0])


def _candidates(
    near_a: NDArray[np.int64], near_b: NDArray[np.int64], a: int, b: int, size: int
) -> NDArray[np.int64]:
    """The sets of `size` neighbours of a, or of b, int64[sets, size], each once."""
    others_a, others_b = near_a[near_a != b].tolist(), near_b[near_b != a].tolist()
    sets = dict.fromkeys(combinations(others_a, size))
    sets.update(dict.fromkeys(combinations(others_b, size)))
    return np.array(list(sets), dtype=np.int64).reshape(len(sets), size)


def _independence(
    columns: NDArray[np.int16],
    cards: NDArray[np.int64],
    a: int,
    b: int,
    sets: NDArray[np.int64],
) -> NDArray[np.float64]:
    return _p_values(*_tests(columns, cards, a, b, sets))


def _p_values(statistics: NDArray[np.float64], freedoms: NDArray[np.int64]) -> NDArray[np.float64]:
    from scipy.special import chdtrc

    chances = chdtrc(np.maximum(freedoms, 1), statistics)
    return np.where(freedoms > 0, chances, 1.0)


def _with_colliders(
    joined: NDArray[np.bool_],
    separators: dict[Pair, tuple[int, ...]],
    p_values: dict[Pair, float],
) -> NDArray[np.bool_]:
    """Direct i → k ← j for parted i, j whose set lacks k; the surest first, none turned back."""
    pattern = joined.copy()
    for a, b in sorted(separators, key=lambda pair: (-p_values[pair], pair)):
        for k in np.flatnonzero(joined[a] & joined[b]).tolist():
            if k not in separators[a, b] and pattern[a, k] and pattern[b, k]:
                pattern[k, a] = pattern[k, b] = False
    return pattern


@njit(cache=True, nogil=True)
def _tests(
    columns: NDArray[np.int16],
    cards: NDArray[np.int64],
    a: int,
    b: int,
    sets: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """G² and degrees of freedom of a, b given each set, float64[sets] and int64[sets]."""
    statistics = np.empty(len(sets))
    freedoms = np.empty(len(sets), np.int64)
    index = np.empty(columns.shape[1], np.int64)
    for s in range(len(sets)):
        number = number_configurations(columns, cards, sets[s], index)
        counts = count_pairs(index, number, columns[a], cards[a], columns[b], cards[b])
        total, freedom = 0.0, 0
        for z in range(number):
            statistic, free = _stratum(counts[z])
            total += statistic
            freedom += free
        statistics[s] = max(total, 0.0)
        freedoms[s] = freedom
    return statistics, freedoms


@njit(cache=True, nogil=True)
def _stratum(counts: NDArray[np.int32]) -> tuple[float, int]:
    """G² and degrees of freedom of one table; 2 Σ N ln N is summed margin by margin."""
    rows, columns = counts.shape
    total, cases, freedom_rows, freedom_columns = 0.0, 0, -1, -1
    for x in range(rows):
        margin = 0
        for y in range(columns):
            margin += counts[x, y]
            total += _n_log_n(counts[x, y])
        total -= _n_log_n(margin)
        cases += margin
        freedom_rows += margin > 0
    for y in range(columns):
        margin = 0
        for x in range(rows):
            margin += counts[x, y]
        total -= _n_log_n(margin)
        freedom_columns += margin > 0
    if cases == 0:
        return 0.0, 0
    return 2.0 * (total + _n_log_n(cases)), freedom_rows * freedom_columns


@njit(cache=True, nogil=True)
def _n_log_n(count: int) -> float:
    return count * np.log(count) if count > 1 else 0.0
