"""What a fact has to be like to be an answer, and the kernels that look for such facts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.facts.index import LONG, Index, ascending, longer
from swarm.memory.facts.lists import NONE

ANY = -1
STANDING, ENDED_TOO = -1, -2


class Question(NamedTuple):
    """Conditions on a fact besides its subject, relation and object.

    Attributes:
        before: ids 0..before−1 may be seen,
        also: and these, int64, ascending.
        author: who wrote it, or ANY.
        end: ticks after which it has to stand; STANDING for now, ENDED_TOO for no matter.
        valid_at: a tick in which it holds, or ANY.
        least: of confidence times credence.
        all: every fact fits.
        standing: every fact fits that stands now.
        gone: bits of the facts that were ended.
        author_of, ended, valid_from, valid_to, confidence, credence: columns to judge by; kernels
            compile the sooner the fewer they are handed.
    """

    before: int
    also: NDArray[np.int64]
    author: int
    end: int
    valid_at: int
    least: np.float32
    all: bool
    standing: bool
    gone: NDArray[np.uint8]
    author_of: NDArray[np.int32]
    ended: NDArray[np.int32]
    valid_from: NDArray[np.int32]
    valid_to: NDArray[np.int32]
    confidence: NDArray[np.float32]
    credence: NDArray[np.float32]


@njit(cache=True, nogil=True)
def fits(i: int, question: Question) -> bool:
    """Whether fact i may be seen and meets the conditions."""
    if i >= question.before:
        low, high = 0, question.also.size
        while low < high:
            middle = (low + high) // 2
            if question.also[middle] < i:
                low = middle + 1
            else:
                high = middle
        if low == question.also.size or question.also[low] != i:
            return False
    if question.end == STANDING:
        if question.gone[i >> 3] >> (i & 7) & 1:
            return False
    elif question.end >= 0 and question.ended[i] <= question.end:
        return False
    if question.author >= 0 and question.author_of[i] != question.author:
        return False
    if question.least > 0 and question.confidence[i] * question.credence[i] < question.least:
        return False
    at = question.valid_at
    return at < 0 or (question.valid_from[i] <= at and at < question.valid_to[i])


@njit(cache=True, nogil=True)
def listed(
    keys: NDArray[np.int64],
    count: int,
    relations: NDArray[np.int64],
    index: Index,
    relation: NDArray[np.int32],
    found: NDArray[np.int64],
    offsets: NDArray[np.int64],
) -> NDArray[np.int64]:
    """List the facts of the first `count` keys, each of its relation or ANY; fills offsets.

    Returns `found`, moved if it had to grow. A list is in the order of ids, but if it is long and
    of more relations than one.
    """
    starts, ids, newest, some = index.starts, index.ids, index.newest, index.listed > 0
    low = np.empty(count, np.int64)
    for q in range(count):  # apart from what depends on it, so that loads from memory overlap
        low[q] = starts[keys[q]]
        offsets[q + 1] = starts[keys[q] + 1]
    size = 0
    for q in range(count):
        begin, high = low[q], offsets[q + 1]
        asked = relations[q] if relations.size > 1 else relations[0]
        if asked >= 0 and high - begin > LONG:
            begin, high = bisected(ids, begin, high, asked, relation)
        if size + high - begin > found.size:
            found = longer(found, size + high - begin)
        for place in range(begin, high):
            found[size] = ids[place]
            size += asked < 0 or relation[ids[place]] == asked
        if some:
            start, i = size, newest[keys[q]]
            while i >= 0:
                if asked < 0 or relation[i] == asked:
                    if size == found.size:
                        found = longer(found, size + 1)
                    found[size] = i
                    size += 1
                i = ids[i]
            for place in range((size - start) // 2):
                newer = found[start + place]
                found[start + place] = found[size - 1 - place]
                found[size - 1 - place] = newer
        offsets[q + 1] = size
    return found


@njit(cache=True, nogil=True)
def bisected(
    ids: NDArray[np.int32], low: int, high: int, asked: int, relation: NDArray[np.int32]
) -> tuple[int, int]:
    """Where in a row, low..high−1, that is ordered by relation the facts of one begin and stop."""
    begin, stop = low, high
    while begin < stop:
        middle = (begin + stop) // 2
        if relation[ids[middle]] < asked:
            begin = middle + 1
        else:
            stop = middle
    stop = begin
    while high > stop:
        middle = (stop + high) // 2
        if relation[ids[middle]] <= asked:
            stop = middle + 1
        else:
            high = middle
    return begin, stop


@njit(cache=True, nogil=True)
def find(
    keys: NDArray[np.int64],
    relations: NDArray[np.int64],
    others: NDArray[np.int64],
    other: NDArray[np.int32],
    index: Index,
    relation: NDArray[np.int32],
    question: Question,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets and ids, ascending, of the facts of each (key, relation, other), ANY for any.

    Relations and others are one for each key, or one for all.
    """
    offsets = np.zeros(keys.size + 1, np.int64)
    found = np.empty(max(16, 2 * keys.size), np.int64)
    found = listed(keys, keys.size, relations, index, relation, found, offsets)
    every, standing, gone = question.all, question.standing, question.gone
    start = size = 0
    for q in range(keys.size):
        stop, begin = offsets[q + 1], size
        asked = others[q] if others.size > 1 else others[0]
        for place in range(start, stop):
            i = found[place]
            found[size] = i
            if asked >= 0 and other[i] != asked:
                continue
            if standing:  # most ask for no more
                size += gone[i >> 3] >> (i & 7) & 1 == 0
            else:
                size += every or fits(i, question)
        ascending(found, begin, size)
        start = stop
        offsets[q + 1] = size
    return offsets, found[:size]


def scan(
    asked: int, stop: int, relation: NDArray[np.int32], question: Question
) -> NDArray[np.int64]:
    """Ids of the facts of a relation, or ANY, ascending: a look at every one of 0..stop−1."""
    if asked == ANY:
        every = np.arange(stop, dtype=np.int32)
    else:
        every = np.flatnonzero(relation[:stop] == asked).astype(np.int32)
    # As one row that holds them all.
    row = Index(np.array([0, every.size], np.int32), every, np.full(1, NONE, np.int32), 0)
    any_one = np.array([ANY])
    one = np.zeros(1, np.int64)
    found: NDArray[np.int64] = find(one, any_one, any_one, relation, row, relation, question)[1]
    return found
