"""What is beneath `Facts`: columns, indexes, and what waits to be written.

Bytes, of n facts, N entities and A authors (ids up to the highest): 47 n for the columns and n / 8
for which of them ended, 8 n + 16 N for the indexes of subjects and objects, 4 A for how much each
author has written; 4 a fact and 4 a ground of evidence, up to the last fact that has any; and once
somebody asked for an author alone, 4 n + 8 A for that index. While a memory outgrows its room, 4 n
more for a moment, or 4 a ground. Arrays double as they grow: what is beyond is address space, and
takes no memory until it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.batch import CHUNK, Block, explain
from swarm.memory.facts.columns import (
    COLUMNS,
    Columns,
    FactError,
    whole,
    with_room,
    with_zeros,
)
from swarm.memory.facts.evidence import Grounds
from swarm.memory.facts.index import Rows
from swarm.memory.facts.lists import number_by_author
from swarm.memory.facts.queries import Queries
from swarm.memory.facts.staging import Staging

Ids = NDArray[np.int64]
_NO_IDS = np.empty(0, np.int64)


class Store(Queries):
    """Columns that grow, their indexes, and the reading of them; `Facts` writes."""

    def __init__(self, entities: int, relations: int, room: int = 0) -> None:
        if room < 0:
            raise FactError(f"room is for 0 or more facts; got {room}.")
        if not (1 <= entities < 2**31 and 1 <= relations < 2**31):
            raise FactError(
                "a memory needs 1 or more entities and relations, fewer than 2^31, such as "
                f"Facts(entities=135, relations=46); got {entities} and {relations}."
            )
        self.entities = entities
        self.relations = relations
        self._size = self._last = self._ends = self._staged = 0  # last: no tick before it
        self._table = Columns.empty()
        self._gone = np.zeros(0, np.uint8)  # bits of the facts that ended: 8 a byte stay in cache
        self._written = np.zeros(0, np.int32)
        self._grounds = Grounds()
        self._rows = {"subject": Rows(entities), "object": Rows(entities)}
        self._block = Block(entities, relations)
        self._staging = Staging()
        self._make_room(room)

    def __len__(self) -> int:
        return self._size + self._staged

    # -- reading ----------------------------------------------------------------------------

    def columns(self) -> dict[str, NDArray]:
        """Return every column by name: read-only views of the facts so far, no copies."""
        self._flush()
        table = self._table._asdict()
        views = {name: column[: self._size] for name, column in table.items()}
        for view in views.values():
            view.flags.writeable = False
        return views

    def values(self, ids: ArrayLike, column: str) -> NDArray:
        """Return what some facts say in a column, int or float [m]: a copy.

        Raises:
            FactError: for unknown ids or another column.
        """
        if column not in COLUMNS:
            raise FactError(f"columns are {', '.join(COLUMNS)}; got {column!r}.")
        chosen = self._known(ids)
        values: NDArray = getattr(self._table, column)[chosen]
        return values

    def evidence(self, ids: ArrayLike) -> tuple[Ids, Ids]:
        """Return what facts were derived from: ids, one fact's after another's, and counts[m]."""
        return self._grounds.of(self._known(ids))

    def evidence_view(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the evidence of all facts, read-only and not copied: ids, and offsets into them.

        Fact i has ids[offsets[i]:offsets[i + 1]]. Facts after the last one that has any evidence
        have no offsets.
        """
        self._flush()
        return self._grounds.view()

    def public_count(self, tick: int, embargo: int) -> int:
        """Count the facts that everybody may read at `tick`: they are ids 0..count−1.

        A fact of tick t is public from tick t + embargo on; with embargo 0, at once.

        Raises:
            FactError: for a negative embargo.
        """
        if embargo < 0:
            raise FactError(f"embargo must be 0 or more ticks; got {embargo}.")
        self._flush()
        # In the column's own type: a wider one would make numpy copy the whole column.
        newest = np.int32(min(max(tick - embargo, -1), 2**31 - 1))
        return int(np.searchsorted(self._table.tick[: self._size], newest, side="right"))

    @property
    def nbytes(self) -> dict[str, int]:
        """Bytes in use by part; see the module for the bound on them."""
        self._flush()
        return {
            "columns": sum(column.itemsize for column in self._table) * self._size,
            "ended": (self._size + 7) // 8,
            "evidence": self._grounds.nbytes,
            "authors": self._written.nbytes,
            "block": self._block.nbytes + len(self._staging.room),
        } | {f"index of {name}": rows.nbytes for name, rows in self._rows.items()}

    def compact(self) -> None:
        """Merge what is newer into the rows of the indexes now: queries walk no lists then."""
        self._flush()
        for name, rows in self._rows.items():
            rows.merge(getattr(self._table, name), self._table.relation)

    # -- within -----------------------------------------------------------------------------

    def _write(self, given: Mapping[str, Any], batch: Mapping[str, Any], size: int) -> None:
        """Write a batch behind the facts that there are; it does not count until it is entered."""
        self._make_room(self._size + size)
        table = self._table
        last = self._last
        for start in range(0, size, CHUNK):
            stop = min(start + CHUNK, size)
            try:
                self._block.take(batch, start, stop)
            except OverflowError:
                explain(given, self._last, self.entities, self.relations)
            at = self._size + start
            if not self._block.write(stop - start, at, last, table):
                explain(given, self._last, self.entities, self.relations)
            last = int(table.tick[at + stop - start - 1])

    def _enter(self, size: int) -> None:
        """Count and index the facts that were written behind those that there are."""
        if not size:
            return
        start, stop, table = self._size, self._size + size, self._table
        self._written = with_zeros(self._written, int(table.author[start:stop].max()) + 1, 16)
        number_by_author(table.author, start, stop, self._written, table.sequence)
        self._gone = with_zeros(self._gone, (stop + 7) // 8)
        if "author" in self._rows:
            self._rows["author"].with_keys(self._written.size)
        self._size, self._last = stop, int(table.tick[stop - 1])
        for name, rows in self._rows.items():
            rows.extend(getattr(table, name), table.relation, stop)

    def _flush(self) -> None:
        """Put what was added one by one into the columns."""
        count = self._staged
        if not count:
            return
        self._make_room(self._size + count)
        self._staging.lay(self._block, count)
        fits = self._block.write(count, self._size, 0, self._table)
        assert fits, "what waits was checked"
        self._grounds.append(self._size, *self._staging.take_evidence(count))
        self._staged = 0
        self._enter(count)

    def _make_room(self, facts: int) -> None:
        """Grow the columns, one after the other, so that few bytes are double at any time."""
        if facts <= self._table[-1].size:
            return
        columns: list[Any] = list(self._table)
        self._table = Columns.empty()
        try:
            for place in range(len(columns)):
                columns[place] = with_room(columns[place], facts)
        finally:  # what has no memory to grow stays as it was
            self._table = Columns(*columns)
        for rows in self._rows.values():
            rows.with_room(self._table[-1].size)

    def _end(self, ids: Ids, ticks: ArrayLike) -> None:
        """Give an end to facts that stand, each once."""
        self._table.ended[ids] = ticks
        bits = np.left_shift(1, ids & 7).astype(np.uint8)
        np.bitwise_or.at(self._gone, ids >> 3, bits)
        self._ends += len(ids)

    def _known(self, ids: ArrayLike) -> Ids:
        self._flush()
        column = np.atleast_1d(whole("ids", ids, 0, self._size - 1))
        return column.astype(np.int64)

    def _sight(self) -> tuple[Store, int, Ids]:
        self._flush()
        return self, self._size, _NO_IDS

    def _index(self, name: str) -> Rows:
        """The index by a column; that of authors is made when it is asked for first."""
        if name not in self._rows:
            rows = Rows(0)
            rows.with_keys(self._written.size)
            rows.with_room(self._table[-1].size)
            rows.extend(getattr(self._table, name), self._table.relation, self._size)
            self._rows[name] = rows
        return self._rows[name]

    def _is_shorter(self, subject: int, object: int) -> bool:
        """Whether a subject has no more facts than an object, as far as they are merged."""
        return self._rows["subject"].length(subject) <= self._rows["object"].length(object)
