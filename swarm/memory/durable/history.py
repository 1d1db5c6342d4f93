"""The past of a memory: any tick rebuilt, marks read back, and what an author lived through.

A past tick is rebuilt from the nearest snapshot at or before it and the log after it. Where the log
that far back was compacted away, a later snapshot is cut back instead: the same bytes, since
facts are never removed and their ends have ticks (transaction time as in R. Snodgrass, "The TSQL2
temporal query language", 1995).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from swarm.memory.durable.loading import Settings, load
from swarm.memory.durable.operations import Operation
from swarm.memory.durable.reader import START, LogReader, Position, segments
from swarm.memory.durable.records import columns_of
from swarm.memory.durable.store import FactStore
from swarm.memory.facts import FactError, Facts
from swarm.memory.facts.columns import AUTHOR_MAX

if TYPE_CHECKING:
    import pandas as pd


class Mark(NamedTuple):
    """A JSON value that was logged: the number of its record, its tick, and the value."""

    sequence: int
    tick: int
    values: Any


def at(memory: FactStore | str | Path, tick: int) -> Facts:
    """Return memory as it was at the end of a tick: its `state()` is byte for byte what it was.

    Args:
        memory: a store, or its folder.
        tick: 0 or more; one that has not come yet gives memory as it is.

    Returns:
        Facts of their own: writing to them changes nothing on disk.

    Raises:
        FactError: for a negative tick.
        DurableError: for damage; the message names the file.
    """
    if tick < 0:
        raise FactError(f"a tick is 0 or more; got {tick}.")
    folder = _flushed(memory)
    facts, _ = load(folder, Settings.read(folder), Facts, until=tick)
    return facts


def marks(memory: FactStore | str | Path) -> list[Mark]:
    """Return all marks that the log still holds, in order."""
    folder = _flushed(memory)
    first = next(iter(segments(folder)), START.segment)
    reader = LogReader(folder, Settings.read(folder).identity, Position(first, 0, first))
    return [
        Mark(
            record.sequence,
            record.tick,
            json.loads(columns_of(record, schema)["json"].tobytes()),
        )
        for record, schema in reader
        if record.kind == Operation.MARK
    ]


def episodes(facts: Facts, author: int) -> pd.DataFrame:
    """Return what an author wrote, in order, with what became of it.

    Returns:
        A row a fact, its index named `id`: tick, subject, relation, object, confidence, credence,
        engine, valid_from, valid_to, ended (all as in `Facts`), and as tuples `grounds`, the ids
        it was derived from, `built_on_by`, the ids of the facts that were derived from it directly,
        and `builders`, who wrote those, each once, ascending.

    Raises:
        FactError: for an author that there cannot be.
    """
    import pandas as pd

    if not 0 <= author <= AUTHOR_MAX:
        raise FactError(f"author must lie in 0..{AUTHOR_MAX}; got {author}.")
    columns = facts.columns()
    own = np.flatnonzero(columns["author"] == author)
    grounds, counts = facts.evidence(np.arange(len(facts)))
    citing = np.repeat(np.arange(len(facts)), counts)
    order = np.argsort(grounds, kind="stable")
    cited = grounds[order]
    starts, stops = np.searchsorted(cited, own), np.searchsorted(cited, own, side="right")
    builds = [np.unique(citing[order[a:b]]) for a, b in zip(starts, stops, strict=True)]
    begins = np.cumsum(counts) - counts
    shown = (
        *("tick", "subject", "relation", "object", "confidence", "credence"),
        *("engine", "valid_from", "valid_to", "ended"),
    )
    table: dict[str, Any] = {name: columns[name][own] for name in shown}
    table["grounds"] = [tuple(grounds[begins[i] : begins[i] + counts[i]].tolist()) for i in own]
    table["built_on_by"] = [tuple(ids.tolist()) for ids in builds]
    table["builders"] = [tuple(np.unique(columns["author"][ids]).tolist()) for ids in builds]
    return pd.DataFrame(table, index=pd.Index(own, name="id"))


def _flushed(memory: FactStore | str | Path) -> Path:
    if not isinstance(memory, FactStore):
        return Path(memory)
    memory.flush_if_writing()
    return memory.folder
