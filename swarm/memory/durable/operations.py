"""What can happen to facts, as records of a log, and memory built again from them.

    FACTS   a batch: the columns that its writers gave (one value for all, or one each), the ids of
            its evidence, one fact's after another's, how many each fact has, and which facts
            it supersedes, ids and ticks: all of it or nothing
    ENDS    the ids of facts that were superseded or withdrawn in the record's tick
    MARK    JSON that somebody wanted remembered at this place

Ticks never decrease along the log, so that all that was written up to the end of a tick is a
prefix of it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm.memory.durable.records import Record, Schema, columns_of
from swarm.memory.facts import Facts
from swarm.memory.facts.columns import COLUMNS

GIVEN = tuple(name for name in COLUMNS if name not in ("sequence", "ended"))
"""The columns that a writer gives; the others follow from them."""
BESIDE = ("evidence", "evidence_count", "ends", "ends_tick")
"""Columns of FACTS that are not one value a fact."""
_GATHERED = 1 << 18
"""Rows that are gathered before they are written to memory in one batch."""


class Operation(IntEnum):
    """The kinds of records."""

    FACTS = 1
    ENDS = 2
    MARK = 3


def _schema() -> Schema:
    types = {name: np.dtype(COLUMNS[name]).newbyteorder("<") for name in GIVEN}
    types |= {name: np.dtype("<i4") for name in BESIDE}
    # Widest first: each column then begins at a multiple of its width.
    ordered = sorted(types.items(), key=lambda item: -item[1].itemsize)
    return {
        str(int(Operation.FACTS)): tuple((name, dtype.str) for name, dtype in ordered),
        str(int(Operation.ENDS)): (("ids", "<i4"),),
        str(int(Operation.MARK)): (("json", "|u1"),),
    }


SCHEMA: Schema = _schema()


class Replay:
    """Facts as records are done to them again, in order.

    Args:
        facts: what they are done to.
        until: facts and ends after this tick are left out; all are done if left out.
    """

    def __init__(self, facts: Facts, until: int | None = None) -> None:
        self.facts = facts
        self.until = until
        self.tick = 0
        self._gathered: list[dict[str, NDArray]] = []
        self._rows = 0

    def do(self, record: Record, schema: Schema) -> None:
        """Do one record; `finish` when there are no more."""
        self.tick = max(self.tick, record.tick)
        if record.kind == Operation.FACTS:
            self._gather(columns_of(record, schema), record.tick)
        elif record.kind == Operation.ENDS and (self.until is None or record.tick <= self.until):
            self.finish()
            self.facts.end(columns_of(record, schema)["ids"], record.tick)

    def finish(self) -> None:
        """Write what was gathered."""
        if not self._gathered:
            return
        columns: dict[str, Any] = {
            name: np.concatenate([batch[name] for batch in self._gathered])
            for name in self._gathered[0]
        }
        self._gathered, self._rows = [], 0
        grounds, counts = columns.pop("evidence"), columns.pop("evidence_count")
        self.facts.append(**columns, evidence=(grounds, counts) if grounds.size else None)

    def _gather(self, batch: dict[str, NDArray], tick: int) -> None:
        size = max(batch[name].size for name in GIVEN)
        grounds, counts, ends, ends_tick = (batch.pop(name) for name in BESIDE)
        counts = counts if counts.size else np.zeros(size, np.int32)
        columns = {name: np.broadcast_to(column, size) for name, column in batch.items()}
        if self.until is not None and tick > self.until:
            size = int(np.searchsorted(columns["tick"], self.until, side="right"))
            columns = {name: column[:size] for name, column in columns.items()}
            counts = counts[:size]
            grounds = grounds[: counts.sum()]
            ends, ends_tick = ends[ends_tick <= self.until], ends_tick[ends_tick <= self.until]
        if size:
            self._gathered.append(columns | {"evidence": grounds, "evidence_count": counts})
            self._rows += size
        if self._rows >= _GATHERED or ends.size:
            self.finish()
        for end in np.unique(ends_tick).tolist():
            self.facts.end(ends[ends_tick == end], end)


def cut_back(state: dict[str, NDArray], tick: int) -> dict[str, NDArray]:
    """Return what a state of Facts was at the end of an earlier tick.

    Exact, because facts only ever gain an end, and both have their ticks.
    """
    size = int(np.searchsorted(state["tick"], tick, side="right"))
    earlier = {name: column[:size].copy() for name, column in state.items() if name != "evidence"}
    earlier["ended"][earlier["ended"] > tick] = np.iinfo(np.int32).max
    used = int(earlier["evidence_count"].sum())
    return earlier | {"evidence": state["evidence"][:used].copy()}
