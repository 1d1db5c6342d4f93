"""Neighbours and neighbours of neighbours of many entities at once.

The facts are edges of a directed multigraph, from subject to object. Answers are ragged: those of
query q are `answers[offsets[q]:offsets[q + 1]]`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.facts.columns import Columns, FactError
from swarm.memory.facts.index import Index, ascending, longer
from swarm.memory.facts.question import Question, listed, sift

Direction = Literal["out", "in", "both"]
BITS = {"out": 1, "in": 2, "both": 3}
_TOGETHER = 256  # queries whose loads from memory overlap


class Ragged(NamedTuple):
    """Lists of different lengths: list q is `values[offsets[q]:offsets[q + 1]]`, all int64."""

    offsets: NDArray[np.int64]
    values: NDArray[np.int64]


class Neighbourhoods(NamedTuple):
    """Neighbours, and the facts that make them so, in the order of ids; ragged, all int64."""

    offsets: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    ids: NDArray[np.int64]


def bits_of(direction: str) -> int:
    """Which ends of a fact to start from: 1 for its subject, 2 for its object, 3 for both.

    Raises:
        FactError: for another direction.
    """
    if direction not in BITS:
        raise FactError(f'direction is "out", "in" or "both"; got {direction!r}.')
    return BITS[direction]


@njit(cache=True, nogil=True)
def met(
    keys: NDArray[np.int64],
    count: int,
    relation: NDArray[np.int64],
    bits: int,
    indexes: tuple[Index, Index],
    columns: Columns,
    question: Question,
    found: NDArray[np.int64],
    offsets: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Facts of the first `count` keys that fit, by the ends asked for; a fact of both comes once.

    Fills offsets and returns `found`, moved if it had to grow; see `listed`.
    """
    relations = columns.relation
    if bits != 2:
        found = listed(keys, count, relation, indexes[0], relations, found, offsets)
    if bits == 2:
        found = listed(keys, count, relation, indexes[1], relations, found, offsets)
    if bits == 3:
        stops = np.zeros(count + 1, np.int64)
        entering = np.empty(found.size, np.int64)
        entering = listed(keys, count, relation, indexes[1], relations, entering, stops)
        found = joined(keys, count, found, offsets, entering, stops, columns.subject)
    if not question.all:
        sift(found, offsets, count, columns, question)
    return found


@njit(cache=True, nogil=True)
def joined(
    keys: NDArray[np.int64],
    count: int,
    leaving: NDArray[np.int64],
    offsets: NDArray[np.int64],
    entering: NDArray[np.int64],
    stops: NDArray[np.int64],
    subject: NDArray[np.int32],
) -> NDArray[np.int64]:
    """Each key's facts that leave it, then those that enter it from elsewhere; fills offsets."""
    both = np.empty(max(16, 2 * (offsets[count] + stops[count])), np.int64)
    start = size = 0
    for q in range(count):
        for place in range(start, offsets[q + 1]):
            both[size] = leaving[place]
            size += 1
        start = offsets[q + 1]
        for place in range(stops[q], stops[q + 1]):
            both[size] = entering[place]
            size += subject[entering[place]] != keys[q]
        offsets[q + 1] = size
    return both


@njit(cache=True, nogil=True)
def cross(
    keys: NDArray[np.int64],
    count: int,
    bits: int,
    subject: NDArray[np.int32],
    object_: NDArray[np.int32],
    found: NDArray[np.int64],
    offsets: NDArray[np.int64],
) -> None:
    """Replace ids of facts of keys by the entities at their other ends."""
    if bits != 3:
        other = object_ if bits == 1 else subject
        for place in range(offsets[count]):
            found[place] = other[found[place]]
        return
    for q in range(count):
        for place in range(offsets[q], offsets[q + 1]):
            here, there = subject[found[place]], object_[found[place]]
            found[place] = there if here == keys[q] else here


@njit(cache=True, nogil=True)
def neighbours(
    entities: NDArray[np.int64],
    relation: NDArray[np.int64],
    bits: int,
    indexes: tuple[Index, Index],
    columns: Columns,
    question: Question,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Offsets, neighbours and ids of facts; see `Neighbourhoods`."""
    count = entities.size
    found = np.empty(max(16, 4 * count), np.int64)
    offsets = np.zeros(count + 1, np.int64)
    found = met(entities, count, relation, bits, indexes, columns, question, found, offsets)
    for q in range(count):
        ascending(found, offsets[q], offsets[q + 1])
    ids = found[: offsets[count]].copy()
    cross(entities, count, bits, columns.subject, columns.object, found, offsets)
    return offsets, found[: offsets[count]].copy(), ids


@njit(cache=True, nogil=True)
def two_hops(
    entities: NDArray[np.int64],
    relation: NDArray[np.int64],
    bits: int,
    nearer: bool,
    indexes: tuple[Index, Index],
    columns: Columns,
    question: Question,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct other entities over two facts (or one, if `nearer`), ascending; and offsets."""
    subject, object_ = columns.subject, columns.object
    answers = np.empty(max(16, 8 * entities.size), np.int64)
    offsets = np.zeros(entities.size + 1, np.int64)
    first, second = np.empty(16, np.int64), np.empty(16, np.int64)
    stops, ends = np.zeros(_TOGETHER + 1, np.int64), np.zeros(16, np.int64)
    size = 0
    for begin in range(0, entities.size, _TOGETHER):
        keys = entities[begin : begin + _TOGETHER]
        first = met(keys, keys.size, relation, bits, indexes, columns, question, first, stops)
        cross(keys, keys.size, bits, subject, object_, first, stops)
        met_first = stops[keys.size]
        if met_first >= ends.size:
            ends = np.zeros(2 * met_first, np.int64)
        second = met(first, met_first, relation, bits, indexes, columns, question, second, ends)
        cross(first, met_first, bits, subject, object_, second, ends)
        reached = ends[met_first] + met_first
        if size + reached > answers.size:
            answers = longer(answers, size + reached)
        for q in range(keys.size):
            start = size
            for place in range(ends[stops[q]], ends[stops[q + 1]]):
                answers[size] = second[place]
                size += 1
            if nearer:
                for place in range(stops[q], stops[q + 1]):
                    answers[size] = first[place]
                    size += 1
            ascending(answers, start, size)
            size = distinct(answers, start, size, keys[q])
            offsets[begin + q + 1] = size
    return offsets, answers[:size].copy()


@njit(cache=True, nogil=True)
def distinct(values: NDArray[np.int64], start: int, stop: int, but: int) -> int:
    """Leave of ascending values start..stop−1 each once, and `but` never; where they stop."""
    size, latest = start, but
    for place in range(start, stop):
        value = values[place]
        if value != latest and value != but:
            values[size] = latest = value
            size += 1
    return size
