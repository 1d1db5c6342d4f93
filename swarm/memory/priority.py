"""Who of an edition said each fact first, kept up to date as news come.

Priority is what science pays by (R. Merton, "Priorities in scientific discovery", American
Sociological Review 22, 1957). To look it up costs O(most), however often a fact was repeated.

Guarantee: the earliest ids of a fact, no two of one author, are the same in whatever order they
came. Memory: 24 to 48 bytes a different fact, and 8 to 16 an id that is kept, up to `most` of each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts import Facts

Ids = NDArray[np.int64]
Column = NDArray[np.int32]
Stated = tuple[Ids, Ids, Ids]

FREE = np.int32(-1)
"""A place of the table that holds no fact; the end of a list."""

CHUNK = 4096
"""Ids that are taken in at a time."""

_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)
_UNUSED, _FACTS, _NODES = 0, 1, 2


class Lists(NamedTuple):
    """Different facts in a hash table, each with a list of ids that ascend.

    Attributes:
        table: int32[T], T a power of two; rows of facts at or behind their hash, FREE elsewhere.
        sample: int32[n], an id that states the fact.
        head, number, last: int32[n], node of the earliest id, how many, and the latest of them.
        id, next: int32[k], an id and the node after it; of unused nodes, the next unused one.
        used: int32[3], the first node that was given back, and how many rows and nodes are in use.
    """

    table: Column
    sample: Column
    head: Column
    number: Column
    last: Column
    id: Column
    next: Column
    used: Column

    @classmethod
    def empty(cls) -> Lists:
        """No facts."""
        table, none = np.full(16, FREE, np.int32), np.empty(0, np.int32)
        return cls(table, none, none, none, none, none, none, np.array([FREE, 0, 0], np.int32))

    def with_room(self, more: int, said: tuple[Column, Column, Column]) -> Lists:
        """The same with room for more ids, each of a new fact; the table at most half full."""
        facts, nodes = int(self.used[_FACTS]) + more, int(self.used[_NODES]) + more
        lists = self
        if facts > len(self.sample):
            names = ("sample", "head", "number", "last")
            lists = lists._replace(**{name: _longer(getattr(self, name), facts) for name in names})
        if nodes > len(self.id):
            lists = lists._replace(id=_longer(self.id, nodes), next=_longer(self.next, nodes))
        if 2 * facts > len(self.table):
            lists = lists._replace(table=np.full(1 << (2 * facts - 1).bit_length(), FREE, np.int32))
            _rehash(*said, lists)
        return lists


class Priority:
    """The earliest ids of each fact that some ids state, no two of one author.

    Args:
        most: how many ids of each fact, 1 or more.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._lists = Lists.empty()

    @property
    def nbytes(self) -> int:
        """Bytes of its room."""
        return sum(column.nbytes for column in self._lists)

    def add(self, facts: Facts, ids: Ids) -> None:
        """Take in ids that are not in yet, int64[m]."""
        columns = facts.columns()
        said = columns["subject"], columns["relation"], columns["object"]
        for start in range(0, len(ids), CHUNK):  # most state no new fact: room for few at a time
            some = np.asarray(ids[start : start + CHUNK], np.int64)
            self._lists = self._lists.with_room(len(some), said)
            _insert(*said, columns["author"], some, self.most, self._lists)

    def drop(self, facts: Facts, ids: Ids) -> Ids:
        """Forget all ids of the facts that list any of some ids; return one of each such fact.

        Other facts would list the same without those ids.
        """
        columns = facts.columns()
        said = columns["subject"], columns["relation"], columns["object"]
        return ids[_drop(*said, ids, self._lists)]

    def first(self, facts: Facts, stated: Stated, most: int) -> Ids:
        """Return the first ids of some facts: int64[m, most], earliest first, −1 for no more.

        Args:
            facts: the memory.
            stated: subjects, relations and objects int64[m].
            most: up to `self.most`.
        """
        columns = facts.columns()
        said = columns["subject"], columns["relation"], columns["object"]
        found = np.full((len(stated[0]), most), -1, np.int64)
        _look_up(*said, *stated, self._lists, found)
        return found


def keep_same(facts: Facts, stated: tuple[ArrayLike, ArrayLike, ArrayLike], told: Ids) -> None:
    """Put −1 in place of each id of told[m, H] that does not state what its row states.

    Args:
        facts: the memory.
        stated: subjects, relations and objects int[m].
        told: int64[m, H], ids, or −1 for none.
    """
    columns = facts.columns()
    said = columns["subject"], columns["relation"], columns["object"]
    _keep_same(*said, *(np.ascontiguousarray(column, np.int64) for column in stated), told)


def _longer(column: Column, least: int) -> Column:
    longer = np.zeros(max(least, 2 * len(column)), np.int32)
    longer[: len(column)] = column
    return longer


@njit(cache=True, nogil=True)
def _slot(
    subjects: Column,
    relations: Column,
    objects: Column,
    subject: int,
    relation: int,
    object_: int,
    lists: Lists,
) -> np.int64:
    """Where a fact stands in the table, or the free place where it would (linear probing)."""
    mask = len(lists.table) - 1
    mixed = (np.uint64(subject) * _MIX) ^ np.uint64(relation)
    mixed = ((mixed ^ (mixed >> _SHIFT)) * _MIX) ^ np.uint64(object_)
    mixed = (mixed ^ (mixed >> _SHIFT)) * _MIX
    slot = np.int64(mixed >> _SHIFT) & mask
    while lists.table[slot] != FREE:
        i = lists.sample[lists.table[slot]]
        if objects[i] == object_ and subjects[i] == subject and relations[i] == relation:
            break
        slot = (slot + 1) & mask
    return slot


@njit(cache=True, nogil=True)
def _rehash(subject: Column, relation: Column, object_: Column, lists: Lists) -> None:
    for row in range(lists.used[_FACTS]):
        i = lists.sample[row]
        said = np.int64(subject[i]), np.int64(relation[i]), np.int64(object_[i])
        lists.table[_slot(subject, relation, object_, *said, lists)] = row


@njit(cache=True, nogil=True)
def _insert(
    subject: Column,
    relation: Column,
    object_: Column,
    author: Column,
    ids: Ids,
    most: int,
    lists: Lists,
) -> None:
    """Take ids into the lists of their facts; there has to be room for a fact of each."""
    for i in ids:
        said = np.int64(subject[i]), np.int64(relation[i]), np.int64(object_[i])
        slot = _slot(subject, relation, object_, *said, lists)
        row = lists.table[slot]
        if row == FREE:
            row = lists.used[_FACTS]
            lists.used[_FACTS] += 1
            lists.table[slot] = row
            lists.sample[row] = i
            lists.head[row] = FREE
            lists.number[row] = 0
        if lists.number[row] < most or i < lists.last[row]:
            _insert_one(author, np.int32(i), row, most, lists)


@njit(cache=True, nogil=True)
def _insert_one(author: Column, i: int, row: int, most: int, lists: Lists) -> None:
    """Put an id in its place; a later one of its author goes, or else the last of too many."""
    before, node = FREE, lists.head[row]
    while node != FREE and lists.id[node] < i:
        if author[lists.id[node]] == author[i]:
            return
        before, node = node, lists.next[node]
    new = lists.used[_UNUSED]
    if new == FREE:
        new = lists.used[_NODES]
        lists.used[_NODES] += 1
    else:
        lists.used[_UNUSED] = lists.next[new]
    lists.id[new] = i
    lists.next[new] = node
    if before == FREE:
        lists.head[row] = new
    else:
        lists.next[before] = new
    lists.number[row] += 1
    before = new
    while node != FREE:
        is_last = lists.next[node] == FREE
        if author[lists.id[node]] == author[i] or (is_last and lists.number[row] > most):
            lists.next[before] = lists.next[node]
            lists.next[node] = lists.used[_UNUSED]
            lists.used[_UNUSED] = node
            lists.number[row] -= 1
            node = lists.next[before]
        else:
            before, node = node, lists.next[node]
    lists.last[row] = lists.id[before]


@njit(cache=True, nogil=True)
def _drop(
    subject: Column, relation: Column, object_: Column, ids: Ids, lists: Lists
) -> NDArray[np.bool_]:
    """Empty the lists that hold any of the ids; True for the first of each."""
    dropped = np.zeros(len(ids), np.bool_)
    for place in range(len(ids)):
        i = ids[place]
        said = np.int64(subject[i]), np.int64(relation[i]), np.int64(object_[i])
        row = lists.table[_slot(subject, relation, object_, *said, lists)]
        last, node = FREE, FREE if row == FREE else lists.head[row]
        while node != FREE:
            dropped[place] |= lists.id[node] == i
            last, node = node, lists.next[node]
        if dropped[place]:
            lists.next[last] = lists.used[_UNUSED]
            lists.used[_UNUSED] = lists.head[row]
            lists.head[row] = FREE
            lists.number[row] = 0
    return dropped


@njit(cache=True, nogil=True)
def _look_up(
    subject: Column,
    relation: Column,
    object_: Column,
    subjects: Ids,
    relations: Ids,
    objects: Ids,
    lists: Lists,
    found: Ids,
) -> None:
    for q in range(len(found)):
        said = subjects[q], relations[q], objects[q]
        row = lists.table[_slot(subject, relation, object_, *said, lists)]
        place, node = 0, FREE if row == FREE else lists.head[row]
        while node != FREE and place < found.shape[1]:
            found[q, place] = lists.id[node]
            place, node = place + 1, lists.next[node]


@njit(cache=True, nogil=True)
def _keep_same(
    subject: Column,
    relation: Column,
    object_: Column,
    subjects: Ids,
    relations: Ids,
    objects: Ids,
    told: Ids,
) -> None:
    for q in range(len(told)):
        for place in range(told.shape[1]):
            i = told[q, place]
            if i >= 0 and (
                object_[i] != objects[q] or subject[i] != subjects[q] or relation[i] != relations[q]
            ):
                told[q, place] = -1
