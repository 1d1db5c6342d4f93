"""What holds facts in the benchmark: ours, networkx, rustworkx, SQLite and DuckDB, asked alike."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from swarm.memory.facts import FOREVER, Facts

RELATIONS = 50
Column = NDArray[np.int64]
Answers = list[list[int]]


class Batch(NamedTuple):
    """Facts as columns; their ticks are all the same."""

    subject: Column
    relation: Column
    object: Column
    author: Column
    confidence: NDArray[np.float64]
    tick: int

    def rows(self, first: int) -> list[tuple[Any, ...]]:
        """As tuples of plain numbers: id, subject, relation, object, author, tick, end, sure."""
        columns = (column.tolist() for column in self[:5])
        return [
            (first + i, s, r, o, a, self.tick, FOREVER, c)
            for i, (s, r, o, a, c) in enumerate(zip(*columns, strict=True))
        ]


class Store(Protocol):
    """What is asked of each of them; ids are counted from 0 in the order of writing."""

    def __init__(self, entities: int) -> None: ...
    def write(self, batch: Batch) -> None:
        """Write a batch."""

    def add(self, subject: int, relation: int, object_: int, author: int, tick: int) -> None:
        """Write one fact, of full confidence."""

    def end(self, ids: Column) -> None:
        """End facts in the tick after the last."""

    def two_hops(self, entities: Column) -> Answers:
        """What two standing facts lead to, of each entity, ascending."""

    def match(self, subjects: Column, relations: Column, as_of: int | None) -> Answers:
        """The ids of facts of each subject and relation, now or as of a tick."""


class Ours:
    """Ours; answers stay columns when timed."""

    def __init__(self, entities: int, room: int = 0) -> None:
        self.facts, self.last = Facts(entities, RELATIONS, room), 0

    def write(self, batch: Batch) -> None:
        """See `Store`."""
        said: dict[str, Any] = {"author": batch.author, "tick": batch.tick}
        said["confidence"] = batch.confidence
        self.facts.append(batch.subject, batch.relation, batch.object, **said)
        self.last = batch.tick

    def add(self, subject: int, relation: int, object_: int, author: int, tick: int) -> None:
        """See `Store`."""
        self.facts.add(subject, relation, object_, author=author, tick=tick)

    def end(self, ids: Column) -> None:
        """See `Store`."""
        self.facts.end(ids, self.last + 1)

    def two_hops(self, entities: Column) -> Answers:
        """See `Store`."""
        return lists(*self.facts.two_hops(entities))

    def match(self, subjects: Column, relations: Column, as_of: int | None) -> Answers:
        """See `Store`."""
        return lists(*self.facts.match_many(subjects, relations, as_of=as_of))


class NetworkX:
    """networkx.MultiDiGraph, provenance in the attributes of its edges."""

    def __init__(self, entities: int) -> None:
        import networkx as nx

        self.graph = nx.MultiDiGraph()
        self.graph.add_nodes_from(range(entities))
        self.places: list[tuple[int, int, int]] = []
        self.tick = 0

    def write(self, batch: Batch) -> None:
        """See `Store`."""
        rows = batch.rows(len(self.places))
        keys = self.graph.add_edges_from(
            (s, o, {"id": i, "relation": r, "author": a, "tick": t, "ended": e, "sure": c})
            for i, s, r, o, a, t, e, c in rows
        )
        self.places += [(row[1], row[3], key) for row, key in zip(rows, keys, strict=True)]
        self.tick = batch.tick

    def add(self, subject: int, relation: int, object_: int, author: int, tick: int) -> None:
        """See `Store`."""
        said = {"author": author, "tick": tick, "ended": FOREVER, "sure": 1.0}
        key = self.graph.add_edge(subject, object_, id=len(self.places), relation=relation, **said)
        self.places.append((subject, object_, key))

    def end(self, ids: Column) -> None:
        """See `Store`."""
        for i in ids.tolist():
            self.graph.edges[self.places[i]]["ended"] = self.tick + 1

    def _next(self, entity: int) -> set[int]:
        adjacent = self.graph.adj[entity]
        return {o for o in adjacent if any(d["ended"] == FOREVER for d in adjacent[o].values())}

    def two_hops(self, entities: Column) -> Answers:
        """See `Store`."""
        return [
            sorted({far for near in self._next(q) for far in self._next(near)} - {q})
            for q in entities.tolist()
        ]

    def match(self, subjects: Column, relations: Column, as_of: int | None) -> Answers:
        """See `Store`."""
        now, after = (self.tick, FOREVER - 1) if as_of is None else (as_of, as_of)
        found = []
        for s, r in zip(subjects.tolist(), relations.tolist(), strict=True):
            data = (d for links in self.graph.adj[s].values() for d in links.values())
            fit = (d for d in data if d["relation"] == r and d["tick"] <= now)
            found.append(sorted(d["id"] for d in fit if d["ended"] > after))
        return found


class RustworkX:
    """rustworkx.PyDiGraph, a list of provenance on each edge."""

    def __init__(self, entities: int) -> None:
        import rustworkx as rx

        self.graph = rx.PyDiGraph(multigraph=True)
        self.graph.add_nodes_from(range(entities))
        self.data: list[list[Any]] = []
        self.tick = 0

    def write(self, batch: Batch) -> None:
        """See `Store`."""
        rows = batch.rows(len(self.data))
        data = [[i, r, a, t, e, c] for i, _, r, _, a, t, e, c in rows]
        self.graph.add_edges_from(
            [(row[1], row[3], said) for row, said in zip(rows, data, strict=True)]
        )
        self.data += data
        self.tick = batch.tick

    def add(self, subject: int, relation: int, object_: int, author: int, tick: int) -> None:
        """See `Store`."""
        said = [len(self.data), relation, author, tick, FOREVER, 1.0]
        self.graph.add_edge(subject, object_, said)
        self.data.append(said)

    def end(self, ids: Column) -> None:
        """See `Store`."""
        for i in ids.tolist():
            self.data[i][4] = self.tick + 1

    def _next(self, entity: int) -> set[int]:
        return {o for _, o, said in self.graph.out_edges(entity) if said[4] == FOREVER}

    def two_hops(self, entities: Column) -> Answers:
        """See `Store`."""
        return [
            sorted({far for near in self._next(q) for far in self._next(near)} - {q})
            for q in entities.tolist()
        ]

    def match(self, subjects: Column, relations: Column, as_of: int | None) -> Answers:
        """See `Store`."""
        now, after = (self.tick, FOREVER - 1) if as_of is None else (as_of, as_of)
        return [
            sorted(
                d[0]
                for _, _, d in self.graph.out_edges(s)
                if d[1] == r and d[3] <= now and d[4] > after
            )
            for s, r in zip(subjects.tolist(), relations.tolist(), strict=True)
        ]


TABLE = (
    "CREATE TABLE facts (id INTEGER PRIMARY KEY, subject INTEGER, relation INTEGER, "
    "object INTEGER, author INTEGER, tick INTEGER, ended INTEGER, confidence REAL)"
)
INDEXES = (
    "CREATE INDEX of_subject ON facts (subject, relation)",
    "CREATE INDEX of_object ON facts (object, relation)",
)


class SQLite:
    """SQLite in memory, one long transaction."""

    def __init__(self, entities: int) -> None:
        self.base = sqlite3.connect(":memory:", isolation_level=None)
        for command in (TABLE, *INDEXES, "BEGIN"):
            self.base.execute(command)
        self.size = self.tick = 0

    def write(self, batch: Batch) -> None:
        """See `Store`."""
        new = batch.rows(self.size)
        self.base.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", new)
        self.size, self.tick = self.size + len(new), batch.tick

    def add(self, subject: int, relation: int, object_: int, author: int, tick: int) -> None:
        """See `Store`."""
        row = (self.size, subject, relation, object_, author, tick, FOREVER, 1.0)
        self.base.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.size += 1

    def end(self, ids: Column) -> None:
        """See `Store`."""
        command = "UPDATE facts SET ended = ? WHERE id = ?"
        self.base.executemany(command, [(self.tick + 1, i) for i in ids.tolist()])

    def two_hops(self, entities: Column) -> Answers:
        """See `Store`."""
        asked = (
            "SELECT DISTINCT b.object FROM facts a JOIN facts b ON b.subject = a.object "
            f"WHERE a.subject = ?1 AND b.object <> ?1 AND a.ended = {FOREVER} "
            f"AND b.ended = {FOREVER}"
        )
        return [
            sorted(o for (o,) in self.base.execute(asked, (q,)).fetchall())
            for q in entities.tolist()
        ]

    def match(self, subjects: Column, relations: Column, as_of: int | None) -> Answers:
        """See `Store`."""
        now, after = (self.tick, FOREVER - 1) if as_of is None else (as_of, as_of)
        asked = (
            "SELECT id FROM facts WHERE subject = ? AND relation = ? AND tick <= ? AND ended > ?"
        )
        return [
            sorted(i for (i,) in self.base.execute(asked, (s, r, now, after)).fetchall())
            for s, r in zip(subjects.tolist(), relations.tolist(), strict=True)
        ]


class DuckDB:
    """DuckDB in memory on one thread: columns in, and all questions of a batch in one join."""

    def __init__(self, entities: int) -> None:
        import duckdb

        self.base = duckdb.connect(":memory:", config={"threads": 1})
        for command in (TABLE, *INDEXES, "BEGIN"):
            self.base.execute(command)
        self.size = self.tick = 0

    def write(self, batch: Batch) -> None:
        """See `Store`."""
        n = len(batch.subject)
        ids, tick, ended = np.arange(self.size, self.size + n), np.full(n, batch.tick), FOREVER
        new: dict[str, Any] = {"id": ids, **dict(zip("srao", batch[:4], strict=True))}
        new |= {"tick": tick, "ended": np.full(n, ended), "sure": batch.confidence}
        self.base.register("new", _frame(new))
        self.base.execute("INSERT INTO facts SELECT * FROM new")
        self.size, self.tick = self.size + n, batch.tick

    def add(self, subject: int, relation: int, object_: int, author: int, tick: int) -> None:
        """See `Store`."""
        row = (self.size, subject, relation, object_, author, tick, FOREVER, 1.0)
        self.base.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.size += 1

    def end(self, ids: Column) -> None:
        """See `Store`."""
        self.base.register("gone", _frame({"id": ids}))
        self.base.execute(
            "UPDATE facts SET ended = ? WHERE id IN (SELECT id FROM gone)", (self.tick + 1,)
        )

    def _asked(self, select: str, **columns: Column) -> Answers:
        n = len(columns["s"])
        self.base.register("asked", _frame({"q": np.arange(n), **columns}))
        found = self.base.execute(select).fetchnumpy()
        q, value = (np.asarray(found[name]) for name in ("q", "value"))
        return lists(np.searchsorted(q, np.arange(n + 1)), value)

    def two_hops(self, entities: Column) -> Answers:
        """See `Store`."""
        return self._asked(
            "SELECT DISTINCT q, b.object AS value FROM asked JOIN facts a ON a.subject = s "
            "JOIN facts b ON b.subject = a.object WHERE b.object <> s "
            f"AND a.ended = {FOREVER} AND b.ended = {FOREVER} ORDER BY q, value",
            s=entities,
        )

    def match(self, subjects: Column, relations: Column, as_of: int | None) -> Answers:
        """See `Store`."""
        now, after = (self.tick, FOREVER - 1) if as_of is None else (as_of, as_of)
        return self._asked(
            "SELECT q, id AS value FROM asked JOIN facts ON subject = s AND relation = r "
            f"WHERE tick <= {now} AND ended > {after} ORDER BY q, value",
            s=subjects,
            r=relations,
        )


def _frame(columns: dict[str, Any]) -> Any:
    import pandas as pd

    return pd.DataFrame(columns)


def lists(offsets: Column, values: Column) -> Answers:
    """Ragged columns as lists, for comparison."""
    return [part.tolist() for part in np.split(values, offsets[1:-1])]
