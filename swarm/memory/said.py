"""What was said: the answers to each query, in a hash table with lists; the inside of a tally.

Memory is O(different answers). Guarantee: weights are whole numbers of 2⁻³⁰, so that sums do not
depend on the order in which facts come, and what is taken away again leaves nothing behind.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

ONE = 1 << 30
"""A weight of 1; two thousand million of them fit a sum."""

FREE = -1
"""A place of the table that holds no query; the end of a list of answers."""

_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)


class Said(NamedTuple):
    """Queries by key, each with a list of its answers, the latest first.

    Attributes:
        key: int64[T], T a power of two; queries at or behind their hash, FREE elsewhere.
        latest: int64[T], row of the latest new answer of the query, FREE if none.
        answer, number, weight: int32, int32, int64 [n], an answer, how many facts give it, and
            the sum of their weights, confidence times credence, in units of 1 / ONE.
        older: int64[n], row of the answer of the same query before it, FREE for the first.
    """

    key: NDArray[np.int64]
    latest: NDArray[np.int64]
    answer: NDArray[np.int32]
    number: NDArray[np.int32]
    weight: NDArray[np.int64]
    older: NDArray[np.int64]

    @classmethod
    def empty(cls) -> Said:
        """Nothing said."""
        key, latest = np.full((2, 16), FREE, np.int64)
        none = np.empty(0, np.int32)
        return cls(key, latest, none, none, *np.empty((2, 0), np.int64))

    def with_room(self, queries: int, answers: int) -> Said:
        """The same with room for as many queries and answers; the table at most half full."""
        said = self
        if answers > len(self.answer):
            more = max(answers, 2 * len(self.answer)) - len(self.answer)
            said = said._replace(
                answer=_longer(self.answer, more),
                number=_longer(self.number, more),
                weight=_longer(self.weight, more),
                older=_longer(self.older, more),
            )
        if 2 * queries > len(self.key):
            key, latest = np.full((2, 1 << (2 * queries - 1).bit_length()), FREE, np.int64)
            _rehash(self.key, self.latest, key, latest)
            said = said._replace(key=key, latest=latest)
        return said


def _longer(row: NDArray[Scalar], more: int) -> NDArray[Scalar]:
    return np.concatenate([row, np.zeros(more, row.dtype)])


@njit(cache=True, nogil=True)
def _slot(key: NDArray[np.int64], wanted: int) -> np.int64:
    """Where a key stands in the table, or the free place where it would (linear probing)."""
    mask = len(key) - 1
    slot = np.int64((np.uint64(wanted) * _MIX) >> _SHIFT) & mask
    while key[slot] != FREE and key[slot] != wanted:
        slot = (slot + 1) & mask
    return slot


@njit(cache=True, nogil=True)
def _rehash(
    key: NDArray[np.int64],
    latest: NDArray[np.int64],
    new_key: NDArray[np.int64],
    new_latest: NDArray[np.int64],
) -> None:
    for i in range(len(key)):
        if key[i] != FREE:
            slot = _slot(new_key, key[i])
            new_key[slot] = key[i]
            new_latest[slot] = latest[i]


@njit(cache=True, nogil=True)
def tally_up(
    subject: NDArray[np.int32],
    relation: NDArray[np.int32],
    object_: NDArray[np.int32],
    confidence: NDArray[np.float32],
    credence: NDArray[np.float32],
    ids: NDArray[np.int64],
    times: int,
    entities: int,
    relations: int,
    said: Said,
    queries: int,
    answers: int,
) -> tuple[int, int]:
    """Add facts, or take them away with `times` -1, in both directions.

    Returns how many queries and answers are in. There has to be room for two more of each with
    every fact.
    """
    for i in ids:
        weight = np.int64(np.rint(np.float64(confidence[i]) * np.float64(credence[i]) * ONE))
        for direction in range(2):
            source, answer = subject[i], object_[i]
            if direction == 1:
                source, answer = answer, source
            wanted = (np.int64(relation[i]) + direction * relations) * entities + source
            slot = _slot(said.key, wanted)
            if said.key[slot] == FREE:
                said.key[slot] = wanted
                queries += 1
            k = said.latest[slot]
            while k != FREE and said.answer[k] != answer:
                k = said.older[k]
            if k == FREE:
                k = answers
                answers += 1
                said.answer[k] = answer
                said.number[k] = 0
                said.weight[k] = 0
                said.older[k] = said.latest[slot]
                said.latest[slot] = k
            said.number[k] += times
            said.weight[k] += times * weight
    return queries, answers


@njit(cache=True, nogil=True)
def look_up(
    keys: NDArray[np.int64],
    every: bool,
    listed: NDArray,
    said: Said,
    count: NDArray[np.int32],
    weight: NDArray[np.float32],
) -> None:
    """Write what was said to queries int64[Q] into [Q, C], which holds zeros before.

    Column c is entity c if `every`, else `listed[q, c]`, ascending with -1 at the end.
    """
    for q in range(len(keys)):
        k = said.latest[_slot(said.key, keys[q])]
        while k != FREE:
            place = np.int64(said.answer[k])
            if not every:
                place = _place(listed[q], place)
            if place >= 0:
                count[q, place] = said.number[k]
                weight[q, place] = said.weight[k] / ONE
            k = said.older[k]


@njit(cache=True, nogil=True)
def _place(listed: NDArray, wanted: int) -> int:
    place, stop = 0, len(listed)
    while place < stop:
        middle = (place + stop) >> 1
        if listed[middle] < 0 or listed[middle] >= wanted:
            stop = middle
        else:
            place = middle + 1
    return place if place < len(listed) and listed[place] == wanted else -1


@njit(cache=True, nogil=True)
def total(keys: NDArray[np.int64], said: Said) -> NDArray[np.int64]:
    """int64[Q]: how many facts there are about each query."""
    number = np.zeros(len(keys), np.int64)
    for q in range(len(keys)):
        k = said.latest[_slot(said.key, keys[q])]
        while k != FREE:
            number[q] += said.number[k]
            k = said.older[k]
    return number
