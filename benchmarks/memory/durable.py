"""Facts written durably, reopened and saved whole, beside SQLite and DuckDB on the same facts.

Facts come as columns, in batches of 10,000. Ours keeps them in memory, indexed by subject and by
object, and in its log. The peers are given tables without any index. SQLite takes rows
(`executemany`, write-ahead log, synchronous=NORMAL: it does not wait for the disk, so that it is
set beside our `sync="never"`); DuckDB takes columns (`INSERT … SELECT` from a frame, each batch
committed and synced, beside our `sync="batch"` with a flush after each), on one thread.

All three must give the same columns back before they are timed, ours from a store that was closed
and opened again. Times are processor seconds, the best of several; elapsed ones, which depend on
the disk, stand in the notes.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import Row
from swarm.memory import Facts
from swarm.memory.durable import FactStore, Names, at
from swarm.memory.durable.log import Sync

BATCH = 10_000
ENTITIES, RELATIONS, AUTHORS = 1_000_000, 46, 10_000
NAMES = (
    *("subject", "relation", "object", "author", "tick", "valid_from", "valid_to"),
    *("engine", "encoder", "confidence", "credence"),
)
Columns = dict[str, Any]


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows: writes, single writes, reopening, snapshots, the past, and names."""
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        _fill(Path(folder), random_facts(BATCH), "batch").close()
    compile_s = round(time.process_time() - start, 2)
    columns = random_facts(200_000 if quick else 2_000_000)
    times = 3
    yield from writes(columns, times, compile_s)
    yield singles(20_000 if quick else 100_000, times)
    yield from reopening(columns, times)
    yield naming(50_000 if quick else 500_000)


def random_facts(n: int) -> Columns:
    """Draw n facts; 10,000 a tick."""
    rng = np.random.default_rng(7)
    tick = np.arange(n) // BATCH
    return {
        "subject": rng.integers(0, ENTITIES, n).astype(np.int32),
        "relation": rng.integers(0, RELATIONS, n).astype(np.int32),
        "object": rng.integers(0, ENTITIES, n).astype(np.int32),
        "author": rng.integers(0, AUTHORS, n).astype(np.int32),
        "tick": tick.astype(np.int32),
        "valid_from": tick.astype(np.int32),
        "valid_to": np.full(n, 2**31 - 1, np.int32),
        "engine": rng.integers(0, 7, n).astype(np.int8),
        "encoder": np.zeros(n, np.int16),
        "confidence": rng.random(n, np.float32),
        "credence": np.ones(n, np.float32),
    }


# Writes


def writes(columns: Columns, times: int, compile_s: float) -> Iterator[Row]:
    """Batches of 10,000, each flushed, at both settings."""
    n = columns["subject"].size
    tenth = {name: column[: n // 10] for name, column in columns.items()}
    pairs = (("ours, batch", "duckdb"), ("ours, never", "sqlite"))
    checked = {
        ours: {
            "reopened, all is there": _agrees(_ways(tenth)[ours], _read_store, tenth),
            f"{peer} has the same": _agrees(_ways(tenth)[peer], READERS[peer], tenth),
        }
        for ours, peer in pairs
    }
    taken = _timed(_ways(columns), times)
    for ours, peer in pairs:
        rates = {name: n / seconds[0] / 1e6 for name, seconds in taken.items()}
        yield Row(
            f'durable writes, batches of 10,000, sync="{ours.split()[1]}", M facts/s ({peer})',
            rates[ours],
            rates[peer],
            rates[ours] / rates[peer],
            checks=checked[ours],
            notes={
                "facts": n,
                "in memory alone, M/s": round(rates["memory"], 2),
                "elapsed, M/s": round(n / taken[ours][1] / 1e6, 2),
                f"{peer} elapsed, M/s": round(n / taken[peer][1] / 1e6, 3),
                "compile and first batch, s": compile_s,
            },
        )


def _ways(columns: Columns) -> dict[str, Callable[[Path], Any]]:
    return {
        "ours, never": lambda folder: _fill(folder, columns, "never"),
        "ours, batch": lambda folder: _fill(folder, columns, "batch"),
        "sqlite": lambda folder: _fill_sqlite(folder, columns),
        "duckdb": lambda folder: _fill_duckdb(folder, columns),
        "memory": lambda folder: _fill_memory(columns),
    }


def _fill(folder: Path, columns: Columns, sync: Sync) -> FactStore:
    store = FactStore.open(folder / "store", entities=ENTITIES, relations=RELATIONS, sync=sync)
    for batch in _batches(columns):
        store.append(**batch)
        store.flush()
    return store


def _fill_memory(columns: Columns) -> Facts:
    facts = Facts(ENTITIES, RELATIONS)
    for batch in _batches(columns):
        facts.append(**batch)
    return facts


def _fill_sqlite(folder: Path, columns: Columns) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "facts.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"CREATE TABLE facts ({', '.join(NAMES)})")
    insert = f"INSERT INTO facts VALUES ({', '.join('?' * len(NAMES))})"
    for batch in _batches(columns):
        connection.execute("BEGIN")
        rows = zip(*(batch[name].tolist() for name in NAMES), strict=True)
        connection.executemany(insert, rows)
        connection.execute("COMMIT")
    return connection


def _fill_duckdb(folder: Path, columns: Columns) -> Any:
    import duckdb
    import pandas as pd

    connection = duckdb.connect(str(folder / "facts.duckdb"), config={"threads": 1})
    types = {"int32": "INTEGER", "int16": "SMALLINT", "int8": "TINYINT", "float32": "FLOAT"}
    table = ", ".join(f'"{name}" {types[str(columns[name].dtype)]}' for name in NAMES)
    connection.execute(f"CREATE TABLE facts ({table})")
    for batch in _batches(columns):
        connection.register("batch", pd.DataFrame({name: batch[name] for name in NAMES}))
        connection.execute("INSERT INTO facts SELECT * FROM batch")
    return connection


def _batches(columns: Columns) -> Iterator[Columns]:
    for start in range(0, columns["subject"].size, BATCH):
        yield {name: column[start : start + BATCH] for name, column in columns.items()}


def _read_store(folder: Path) -> Columns:
    with FactStore.open(folder / "store") as store:
        return store.facts.columns()


def _read_sqlite(folder: Path) -> Columns:
    connection = sqlite3.connect(folder / "facts.sqlite")
    found = connection.execute("SELECT * FROM facts ORDER BY rowid").fetchall()
    connection.close()
    return {name: np.array(c) for name, c in zip(NAMES, zip(*found, strict=True), strict=True)}


def _read_duckdb(folder: Path) -> Columns:
    import duckdb

    with duckdb.connect(str(folder / "facts.duckdb")) as connection:
        connection.execute("SET enable_progress_bar = false")
        found: Columns = connection.execute("SELECT * FROM facts ORDER BY rowid").fetchnumpy()
    return found


READERS = {"sqlite": _read_sqlite, "duckdb": _read_duckdb}


def _agrees(fill: Callable[[Path], Any], read: Callable[[Path], Columns], columns: Columns) -> bool:
    """Whether facts come back from disk as they were written."""
    with tempfile.TemporaryDirectory() as name:
        fill(Path(name)).close()
        found = read(Path(name))
        return all(np.array_equal(np.asarray(found[n]), columns[n]) for n in NAMES)


# Single writes


def singles(n: int, times: int) -> Row:
    """Facts one by one, flushed after 1,000; SQLite by `execute`, committed after 1,000."""
    columns = random_facts(n)
    given = [dict(zip(NAMES, row, strict=True)) for row in _plain_rows(columns)]
    insert = f"INSERT INTO facts VALUES ({', '.join('?' * len(NAMES))})"

    def ours(folder: Path) -> FactStore:
        store = FactStore.open(folder, entities=ENTITIES, relations=RELATIONS, sync="never")
        for i, fact in enumerate(given):
            store.add(**fact)
            if i % 1000 == 999:
                store.flush()
        return store

    def sqlite(folder: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(folder / "facts.sqlite", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"CREATE TABLE facts ({', '.join(NAMES)})")
        for i, row in enumerate(_plain_rows(columns)):
            if i % 1000 == 0:
                connection.execute("BEGIN")
            connection.execute(insert, row)
            if i % 1000 == 999:
                connection.execute("COMMIT")
        return connection

    with tempfile.TemporaryDirectory() as name:
        ours(Path(name)).close()
        with FactStore.open(name) as store:
            found = store.facts.columns()
            same = all(np.array_equal(found[n], columns[n]) for n in NAMES)
    taken = _timed({"ours": ours, "sqlite": sqlite}, times)
    ours_s, sqlite_s = taken["ours"][0], taken["sqlite"][0]
    return Row(
        "durable writes one by one, flushed after 1,000, k facts/s (sqlite)",
        n / ours_s / 1e3,
        n / sqlite_s / 1e3,
        sqlite_s / ours_s,
        checks={"reopened, all is there": same},
        notes={"facts": n},
    )


def _plain_rows(columns: Columns) -> Iterator[tuple]:
    return zip(*(columns[name].tolist() for name in NAMES), strict=True)


# Reopening


def reopening(columns: Columns, times: int) -> Iterator[Row]:
    """From the log alone, from a snapshot, saving one, and a past tick from either."""
    n = columns["subject"].size
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        store = _fill(Path(name), columns, "never")
        state, last = store.facts.state(), store.tick
        store.close()
        from_log, log_s = _best(lambda: _reopened(folder), times)
        plain = Facts(ENTITIES, RELATIONS)
        restore_s = _best(lambda: plain.restore(state), times)[1]
        yield _row(f"reopening {n:,} facts from the log, s", log_s, None, from_log, state)
        past, past_s = _best(lambda: at(folder, last // 2).state(), times)
        with FactStore.open(folder) as store:
            wall = time.perf_counter()
            (path, save_s) = _best(store.snapshot, 1)
            wall = time.perf_counter() - wall
            size = path.stat().st_size
            again = at(store, last // 2).state()
        from_snapshot, snapshot_s = _best(lambda: _reopened(folder), times)
        yield _row(
            f"reopening {n:,} facts from a snapshot, s (Facts.restore alone)",
            snapshot_s,
            restore_s,
            from_snapshot,
            state,
        )
        yield Row(
            f"snapshot of {n:,} facts, s",
            save_s,
            notes={"MB": round(size / 1e6, 1), "bytes a fact": size / n, "elapsed, s": wall},
        )
        yield _row(
            f"the tick in the middle of {n:,} facts, from the log, s", past_s, None, past, again
        )


def _reopened(folder: Path) -> Columns:
    with FactStore.open(folder, read_only=True) as store:
        return store.facts.state()


def _row(name: str, ours: float, peer: float | None, found: Columns, wanted: Columns) -> Row:
    same = all(found[column].tobytes() == wanted[column].tobytes() for column in wanted)
    ratio = None if peer is None else peer / ours
    return Row(name, ours, peer, ratio, checks={"the same bytes": same})


# Names


def naming(n: int) -> Row:
    """Names added in bulk, and looked up both ways."""
    words = [f"entity number {i}" for i in range(n)]
    with tempfile.TemporaryDirectory() as folder:
        names = Names(Path(folder) / "names.sqlite")
        ids, add_s = _best(lambda: names.entities.add(words), 1)
        found, ids_s = _best(lambda: names.entities.ids(words), 1)
        back, names_s = _best(lambda: names.entities.names(ids), 1)
        names.close()
    return Row(
        f"{n:,} names added, k/s",
        n / add_s / 1e3,
        checks={"found both ways": bool((found == ids).all()) and back == words},
        notes={"name to id, k/s": n / ids_s / 1e3, "id to name, k/s": n / names_s / 1e3},
    )


# Time


def _timed(ways: dict[str, Callable[[Path], Any]], times: int) -> dict[str, tuple[float, float]]:
    """Processor and elapsed seconds of ways to write, in turn, the best of several each."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for name in [*ways] * times:
        with tempfile.TemporaryDirectory() as folder:
            wall, start = time.perf_counter(), time.process_time()
            written = ways[name](Path(folder))
            taken[name].append((time.process_time() - start, time.perf_counter() - wall))
            if hasattr(written, "close"):
                written.close()
    return {
        name: (min(cpu for cpu, _ in each), min(wall for _, wall in each))
        for name, each in taken.items()
    }


def _best(do: Callable[[], Any], times: int) -> tuple[Any, float]:
    """What it returns, and processor seconds, the best of several."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        result = do()
        seconds.append(time.process_time() - start)
    return result, min(seconds)
