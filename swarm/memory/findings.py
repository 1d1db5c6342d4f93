"""The shared memory: what agents found, with its provenance, in append-only columns.

A finding is a fact (head, relation, tail) with its author, tick, engine, confidence and the query
it answers, and how far its author was believed then. Its id is its row. Findings are never changed
nor removed.

Lookups walk linked lists kept in columns, as in an adjacency multilist: `first[key]` is the newest
finding of a key and `older[id]` the one before it. An append is O(1), a lookup O(its answer).

A finding is private to its author, and to whoever heard the rumour, for an embargo of some ticks
and public thereafter. Ticks never decrease along the column, so the public findings are always a
prefix, and one number (`Findings.public_count`) says all.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.memory.provenance import discoveries

if TYPE_CHECKING:
    import pandas as pd

NONE = -1

_COLUMNS: dict[str, type[np.generic]] = {
    "head": np.int32,
    "relation": np.int32,
    "tail": np.int32,
    "author": np.int64,
    "tick": np.int32,
    "engine": np.int8,
    "confidence": np.float32,
    "credence": np.float32,
    "evidence": np.int64,
}
_ROOM_AT_FIRST = 1024
# Authors index a column of their newest findings: 2^27 ids fill one GiB.
_AUTHOR_MAX = 2**27 - 1


class FindingError(ValueError):
    """A finding, lookup or saved state that this memory cannot hold or answer."""


class Findings:
    """Append-only facts about `entities` things and `relations` kinds of link between them.

    >>> findings = Findings(entities=135, relations=46)
    >>> findings.append([3, 5], 7, [9, 9], author=12, tick=0, engine=1, confidence=0.8, evidence=4)
    array([0, 1])
    >>> findings.lookup_inverse(9, 7)  # newest first
    array([1, 0])

    Memory: 65 bytes a finding, and 16 a pair of entity and relation.
    """

    def __init__(self, entities: int, relations: int) -> None:
        if not (1 <= entities < 2**31 and 1 <= relations < 2**31):
            raise FindingError(
                "a memory needs 1 or more entities and relations, fewer than 2^31, such as "
                f"Findings(entities=135, relations=46); got {entities} and {relations}."
            )
        self.entities = entities
        self.relations = relations
        self._size = 0
        self._columns = {name: np.empty(0, dtype) for name, dtype in _COLUMNS.items()}
        # Three lists run through every finding: its (head, relation), (tail, relation), author.
        self._older = np.empty((0, 3), np.int64)
        self._first_of_head = np.full((entities, relations), NONE, np.int64)
        self._first_of_tail = np.full((entities, relations), NONE, np.int64)
        self._first_of_author = np.empty(0, np.int64)

    def __len__(self) -> int:
        return self._size

    def append(
        self,
        head: ArrayLike,
        relation: ArrayLike,
        tail: ArrayLike,
        *,
        author: ArrayLike,
        tick: ArrayLike,
        engine: ArrayLike,
        confidence: ArrayLike,
        evidence: ArrayLike,
        credence: ArrayLike = 1.0,
    ) -> NDArray[np.int64]:
        """Write a batch of m findings; scalars hold for the whole batch.

        Args:
            head: 0..entities−1, stored as int32.
            relation: 0..relations−1, in its canonical direction, stored as int32.
            tail: 0..entities−1, stored as int32.
            author: id of the agent, 0..2²⁷−1, stored as int64.
            tick: when it was found, 0..2³¹−1, never less than the one before; stored as int32.
            engine: which engine proposed it, 0..127, stored as int8.
            confidence: in [0, 1], stored as float32.
            evidence: id of the query or task it answers, int64.
            credence: weight that others give its author's word, in [0, 1], stored as float32.

        Returns:
            int64[m], the ids of the new findings, ascending.

        Raises:
            FindingError: for values out of range, time running backwards, or lengths that do not
                match; nothing is written then.
        """
        batch = {
            "head": _whole("head", head, 0, self.entities - 1),
            "relation": _whole("relation", relation, 0, self.relations - 1),
            "tail": _whole("tail", tail, 0, self.entities - 1),
            "author": _whole("author", author, 0, _AUTHOR_MAX),
            "tick": _whole("tick", tick, 0, 2**31 - 1),
            "engine": _whole("engine", engine, 0, 127),
            "confidence": _share("confidence", confidence),
            "credence": _share("credence", credence),
            "evidence": _whole("evidence", evidence, -(2**63), 2**63 - 1),
        }
        try:
            (size,) = np.broadcast_shapes((1,), *(values.shape for values in batch.values()))
        except ValueError:
            lengths = {name: values.size for name, values in batch.items()}
            raise FindingError(
                f"the columns of a batch must have one length, or be scalars; got {lengths}."
            ) from None
        self._check_time(batch["tick"])

        start, stop = self._size, self._size + size
        self._make_room(stop, int(batch["author"].max(initial=NONE)) + 1)
        for name, values in batch.items():
            self._columns[name][start:stop] = values
        _link(
            self._columns["head"],
            self._columns["relation"],
            self._columns["tail"],
            self._columns["author"],
            start,
            stop,
            self._older,
            self._first_of_head,
            self._first_of_tail,
            self._first_of_author,
        )
        self._size = stop
        return np.arange(start, stop)

    def columns(self) -> dict[str, NDArray]:
        """Return every column by name: read-only views of the findings so far, no copies."""
        views = {name: column[: self._size] for name, column in self._columns.items()}
        for view in views.values():
            view.flags.writeable = False
        return views

    def lookup(self, head: int, relation: int) -> NDArray[np.int64]:
        """Return the ids of the findings (head, relation, ·), newest first."""
        self._check_key("head", head, relation)
        return self._walk(self._first_of_head[head, relation], 0)

    def lookup_inverse(self, tail: int, relation: int) -> NDArray[np.int64]:
        """Return the ids of the findings (·, relation, tail), newest first."""
        self._check_key("tail", tail, relation)
        return self._walk(self._first_of_tail[tail, relation], 1)

    def by_author(self, author: int) -> NDArray[np.int64]:
        """Return the ids of an agent's findings, newest first; none for an unknown agent."""
        known = 0 <= author < self._first_of_author.size
        return self._walk(self._first_of_author[author] if known else NONE, 2)

    def discoveries(
        self,
        head: ArrayLike,
        relation: ArrayLike,
        tail: ArrayLike,
        before: int | None = None,
        most: int = 1,
    ) -> NDArray[np.int64]:
        """Return who said facts first, as ids int64[m, most], earliest first, -1 for no more.

        Args:
            head, relation, tail: int[m], facts, in their canonical direction.
            before: look at ids 0..before−1 alone, such as the public ones; all if left out.
            most: how many of each fact, 1 or more, no two by one author.

        Raises:
            FindingError: for facts out of range, or of lengths that differ.
        """
        facts = (
            np.atleast_1d(_whole("head", head, 0, self.entities - 1)),
            np.atleast_1d(_whole("relation", relation, 0, self.relations - 1)),
            np.atleast_1d(_whole("tail", tail, 0, self.entities - 1)),
        )
        if len({column.size for column in facts}) > 1 or most < 1:
            raise FindingError(
                "facts are three columns of one length, and most is 1 or more; got lengths "
                f"{[column.size for column in facts]} and {most}."
            )
        ids: NDArray[np.int64] = discoveries(
            *(np.require(column, np.int64, ("C", "W")) for column in facts),
            len(self) if before is None else before,
            most,
            self._first_of_head,
            self._older,
            self._columns["tail"],
            self._columns["author"],
        )
        return ids

    def public_count(self, tick: int, embargo: int) -> int:
        """Count the findings that everybody may read at `tick`: they are ids 0..count−1.

        A finding of tick t is public from tick t + embargo on; with embargo 0, at once.

        Raises:
            FindingError: for a negative embargo.
        """
        if embargo < 0:
            raise FindingError(f"embargo must be 0 or more ticks; got {embargo}.")
        # In the column's own type: a wider one would make numpy copy the whole column.
        newest = np.int32(min(max(tick - embargo, -1), 2**31 - 1))
        return int(np.searchsorted(self._columns["tick"][: self._size], newest, side="right"))

    def state(self) -> dict[str, NDArray]:
        """Return all that must be saved: the columns, trimmed and copied."""
        return {name: view.copy() for name, view in self.columns().items()}

    def restore(self, state: Mapping[str, NDArray]) -> None:
        """Become what `state` was taken from; the lists are linked again.

        Raises:
            FindingError: for a state that lacks columns or does not fit this memory; nothing
                changes then.
        """
        if set(state) != set(_COLUMNS):
            raise FindingError(
                f"a saved memory has the columns {sorted(_COLUMNS)}; got {sorted(state)}."
            )
        saved = Findings(self.entities, self.relations)
        saved.append(**state)
        vars(self).update(vars(saved))

    def to_frame(self) -> "pd.DataFrame":
        """Return the findings as a pandas frame, its index named `id`."""
        import pandas as pd

        return pd.DataFrame(self.state(), index=pd.RangeIndex(self._size, name="id"))

    def _walk(self, first: int, which: int) -> NDArray[np.int64]:
        ids: NDArray[np.int64] = _walk(first, self._older, which)
        return ids

    def _make_room(self, findings: int, authors: int) -> None:
        """Grow by doubling, so that appends stay O(1) on average."""
        room = self._older.shape[0]
        if findings > room:
            room = max(findings, 2 * room, _ROOM_AT_FIRST)
            for name, column in self._columns.items():
                self._columns[name] = _grown(column, room)
            self._older = _grown(self._older, room)
        known = self._first_of_author.size
        if authors > known:
            self._first_of_author = _grown(self._first_of_author, max(authors, 2 * known))
            self._first_of_author[known:] = NONE

    def _check_time(self, ticks: NDArray) -> None:
        last = int(self._columns["tick"][self._size - 1]) if self._size else 0
        series = np.concatenate(([last], ticks.ravel()))
        if (np.diff(series) < 0).any():
            at = int(np.argmax(np.diff(series) < 0))
            raise FindingError(
                f"time runs forward: a finding of tick {series[at + 1]} cannot follow one of "
                f"tick {series[at]}. Append findings in the order in which they were made."
            )

    def _check_key(self, name: str, entity: int, relation: int) -> None:
        if not (0 <= entity < self.entities and 0 <= relation < self.relations):
            raise FindingError(
                f"{name} must lie in 0..{self.entities - 1} and relation in "
                f"0..{self.relations - 1}; got {entity} and {relation}. Inverse relations are "
                "asked for with lookup_inverse(tail, relation)."
            )


@njit(cache=True, nogil=True)
def _link(
    head: NDArray[np.int32],
    relation: NDArray[np.int32],
    tail: NDArray[np.int32],
    author: NDArray[np.int64],
    start: int,
    stop: int,
    older: NDArray[np.int64],
    first_of_head: NDArray[np.int64],
    first_of_tail: NDArray[np.int64],
    first_of_author: NDArray[np.int64],
) -> None:
    """Put the findings start..stop−1 at the front of their three lists."""
    for i in range(start, stop):
        older[i, 0] = first_of_head[head[i], relation[i]]
        first_of_head[head[i], relation[i]] = i
        older[i, 1] = first_of_tail[tail[i], relation[i]]
        first_of_tail[tail[i], relation[i]] = i
        older[i, 2] = first_of_author[author[i]]
        first_of_author[author[i]] = i


@njit(cache=True, nogil=True)
def _walk(first: int, older: NDArray[np.int64], which: int) -> NDArray[np.int64]:
    """Follow one list from its newest finding: once to count, once to write."""
    length = 0
    i = first
    while i >= 0:
        length += 1
        i = older[i, which]
    ids = np.empty(length, np.int64)
    i = first
    for place in range(length):
        ids[place] = i
        i = older[i, which]
    return ids


def _grown(column: NDArray, room: int) -> NDArray:
    """Copy a column into a longer one; what is beyond it is yet to be written."""
    longer = np.empty((room, *column.shape[1:]), column.dtype)
    longer[: column.shape[0]] = column
    return longer


def _whole(name: str, values: ArrayLike, low: int, high: int) -> NDArray:
    """Return values as a column of whole numbers, or say why they are none."""
    column = _column(name, values)
    if column.size and column.dtype.kind not in "iu":
        raise FindingError(f"{name} must be whole numbers, such as [3, 5]; got {column.dtype}.")
    if column.size and not (low <= column.min() and column.max() <= high):
        raise FindingError(f"{name} must lie in {low}..{high}; got {column.min()}..{column.max()}.")
    return column


def _share(name: str, values: ArrayLike) -> NDArray:
    """Return values as a column of numbers in [0, 1], or say why they are none."""
    column = _column(name, values)
    if column.dtype.kind not in "iuf" or not ((column >= 0) & (column <= 1)).all():
        raise FindingError(
            f"{name} must be numbers in [0, 1], such as 0.8; got {column.dtype} "
            f"beginning {column.ravel()[:5].tolist()}."
        )
    return column


def _column(name: str, values: ArrayLike) -> NDArray:
    column = np.asarray(values)
    if column.ndim > 1:
        raise FindingError(f"{name} must be a scalar or one column; got shape {column.shape}.")
    return column
