"""Counting cases: the one thing that scores, independence tests and estimates ask of data.

A data set is int[n, V], one row for each case, one column for each variable, entries
0..cards[v]−1. Joint configurations of several variables are numbered in mixed radix and, as soon
as there are more numbers than cases, renumbered to those that occur: memory stays O(n · card)
however many variables are joined.

Guarantees: numbers ascend in the order of the configurations; they do not depend on the order of
the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.reasoning.networks.validity import NetworkError

STATES_MAX = 2**15 - 1


class DataError(NetworkError):
    """Cases, cards or columns that nothing can be counted from."""


def columns_of(data: ArrayLike, cards: ArrayLike) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """Check a data set and lay it out by variable, as the kernels read it.

    Args:
        data: int[n, V], n ≥ 1, entries 0..cards[v]−1.
        cards: int[V], how many states each variable has, 1..32767.

    Returns:
        int16[V, n] columns and int64[V] cards.

    Raises:
        DataError: for another shape, a card out of range, or an entry that is no state.
    """
    table = np.asarray(data)
    sizes = np.asarray(cards, dtype=np.int64)
    if table.ndim != 2 or len(table) == 0 or not np.issubdtype(table.dtype, np.integer):
        raise DataError(
            "data must be whole numbers, one row for each case and one column for each variable, "
            f"such as [[0, 1], [1, 2]]; got {table.dtype} of shape {table.shape}."
        )
    if sizes.shape != table.shape[1:] or (sizes < 1).any() or (sizes > STATES_MAX).any():
        raise DataError(
            f"cards must say how many states each of the {table.shape[1]} columns has, each "
            f"1..{STATES_MAX}, such as [2, 3]; got {sizes.tolist()}."
        )
    wrong = ((table < 0) | (table >= sizes)).any(axis=0)
    if wrong.any():
        column = int(np.argmax(wrong))
        raise DataError(
            f"column {column} has {sizes[column]} states, so its entries must lie in "
            f"0..{sizes[column] - 1}; got {table[:, column].min()}..{table[:, column].max()}. "
            "Give missing entries a state of their own."
        )
    return np.ascontiguousarray(table.T, dtype=np.int16), sizes


def variables_of(named: int | Sequence[int] | NDArray, variables: int) -> NDArray[np.int64]:
    """Check a set of variables: int64[k], ascending, each once.

    Raises:
        DataError: for a number outside 0..variables−1 or one given twice.
    """
    numbers = np.sort(np.atleast_1d(np.asarray(named, dtype=np.int64)))
    if numbers.ndim != 1 or (numbers.size and not 0 <= numbers[0] <= numbers[-1] < variables):
        raise DataError(
            f"variables are given by their columns 0..{variables - 1}, such as (0, 2); "
            f"got {named!r}."
        )
    if (np.diff(numbers) == 0).any():
        raise DataError(f"each variable may be named once, such as (0, 2); got {named!r}.")
    return numbers


@njit(cache=True, nogil=True)
def number_configurations(
    columns: NDArray[np.int16],
    cards: NDArray[np.int64],
    nodes: NDArray[np.int64],
    index: NDArray[np.int64],
) -> int:
    """Write the number of every case's configuration of `nodes` into `index`, int64[n].

    Returns how many numbers there are, at most max(n, 1); O(n) for each node.
    """
    cases = len(index)
    index[:] = 0
    number = 1
    for node in nodes:
        card = cards[node]
        column = columns[node]
        for i in range(cases):
            index[i] = index[i] * card + column[i]
        number *= card
        if number > cases:
            number = _renumber(index, number)
    return number


@njit(cache=True, nogil=True)
def _renumber(index: NDArray[np.int64], number: int) -> int:
    """Keep only the numbers that occur, in the same order; return how many."""
    place = np.zeros(number, np.int32)
    for i in range(len(index)):
        place[index[i]] = 1
    occurring = 0
    for old in range(number):
        if place[old]:
            place[old] = occurring
            occurring += 1
    for i in range(len(index)):
        index[i] = place[index[i]]
    return occurring


@njit(cache=True, nogil=True)
def count_pairs(
    index: NDArray[np.int64],
    number: int,
    first: NDArray[np.int16],
    first_card: int,
    second: NDArray[np.int16],
    second_card: int,
) -> NDArray[np.int32]:
    """Cases of each (configuration, first, second), int32[number, first_card, second_card]."""
    counts = np.zeros((number, first_card, second_card), np.int32)
    for i in range(len(index)):
        counts[index[i], first[i], second[i]] += 1
    return counts
