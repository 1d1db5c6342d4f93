"""Names of entities and relations, and what else there is to say of a memory, in SQLite.

Ids are given in the order in which names are added: 0, 1, 2 and so on, without gaps. Each call
that changes something is one transaction, committed when it returns, so that facts written after
it never refer to a name that is lost (write-ahead log and full sync of SQLite, sqlite.org/wal).
SQLite pages carry no checksums: a damaged file is refused where SQLite notices it, and where ids
have a gap.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.durable.errors import DurableError

if TYPE_CHECKING:
    import sqlite3

Ids = NDArray[np.int64]
UNKNOWN = -1
_AT_ONCE = 900
"""Parameters of a query: SQLite before 3.32 takes 999."""


class Names:
    """The names of a memory, and its metadata.

    >>> names = Names(folder / "names.sqlite")
    >>> names.entities.add(["aspirin", "headache"])
    array([0, 1])
    >>> names.metadata["source"] = "a textbook"

    Attributes:
        entities, relations: NameTable.
        metadata: keys and JSON values, a mutable mapping.

    Raises:
        DurableError: if the file is damaged or missing (with read_only).
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        import sqlite3

        self.path = path
        mode = "ro" if read_only else "rwc"
        with self._refusing():
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None
            )
            if not read_only:
                self._prepare()
            self.entities = NameTable(self, "entity")
            self.relations = NameTable(self, "relation")
        self.metadata: MutableMapping[str, Any] = _Metadata(self)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        for table in ("entity", "relation"):
            self._connection.execute(
                f"CREATE TABLE IF NOT EXISTS {table} "
                "(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"
            )
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
        )

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        import sqlite3

        try:
            yield
        except sqlite3.Error as error:
            raise DurableError(f"{self.path}: {error}. Restore it from a copy.") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._refusing():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _all(self, query: str, parameters: Sequence = ()) -> list[tuple]:
        with self._refusing():
            return self._connection.execute(query, parameters).fetchall()


class NameTable:
    """Names of one sort, each with an id; `len(table)` is how many there are."""

    def __init__(self, names: Names, table: Literal["entity", "relation"]) -> None:
        self._names = names
        self._table = table
        (count, highest) = names._all(f"SELECT count(*), coalesce(max(id), -1) FROM {table}")[0]
        if highest + 1 != count:
            raise DurableError(
                f"{names.path}: table {table} has {count} names, but ids up to {highest}. Names "
                "are missing; restore the file from a copy."
            )
        self._count: int = count

    def __len__(self) -> int:
        return self._count

    def add(self, names: Sequence[str]) -> Ids:
        """Give each name its id, int64[m]: the one it has, or the next if it is new.

        Raises:
            DurableError: for what is no name; none is added then.
        """
        for name in names:
            if not isinstance(name, str) or not name or "\0" in name:
                raise DurableError(f"a name is some text, such as 'aspirin'; got {name!r}.")
        known = dict(zip(names, self.ids(names).tolist(), strict=True))
        new = [name for name, id_ in known.items() if id_ == UNKNOWN]
        ids = range(self._count, self._count + len(new))
        if new:
            with self._names._transaction() as connection:
                connection.executemany(
                    f"INSERT INTO {self._table} VALUES (?, ?)", zip(ids, new, strict=True)
                )
            self._count += len(new)
        known.update(zip(new, ids, strict=True))
        return np.array([known[name] for name in names], np.int64)

    def ids(self, names: Sequence[str]) -> Ids:
        """Return the ids of names, int64[m]; -1 where a name is not known."""
        known = self._pairs("name", list(dict.fromkeys(names)))
        found = {name: id_ for id_, name in known}
        return np.array([found.get(name, UNKNOWN) for name in names], np.int64)

    def names(self, ids: ArrayLike) -> list[str]:
        """Return the names of ids.

        Raises:
            DurableError: for an id that has no name.
        """
        asked = np.atleast_1d(np.asarray(ids, np.int64)).tolist()
        found = dict(self._pairs("id", list(dict.fromkeys(asked))))
        for id_ in asked:
            if id_ not in found:
                raise DurableError(
                    f"{self._names.path}: {self._table} {id_} has no name; there are {len(self)}."
                )
        return [found[id_] for id_ in asked]

    def starting_with(self, prefix: str, limit: int = 20) -> dict[str, int]:
        """Return names that begin so, and their ids, in order of their code points."""
        after = _successor(prefix)
        below, bounds = ("", [prefix]) if after is None else (" AND name < ?", [prefix, after])
        found = self._names._all(
            f"SELECT name, id FROM {self._table} WHERE name >= ?{below} ORDER BY name LIMIT ?",
            [*bounds, limit],
        )
        return dict(found)

    def _pairs(self, column: str, values: list) -> list[tuple[int, str]]:
        pairs = []
        for start in range(0, len(values), _AT_ONCE):
            part = values[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            query = f"SELECT id, name FROM {self._table} WHERE {column} IN ({marks})"
            pairs += self._names._all(query, part)
        return pairs


class _Metadata(MutableMapping[str, Any]):
    """Keys and JSON values in a table of their own."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def __getitem__(self, key: str) -> Any:
        found = self._names._all("SELECT value FROM metadata WHERE key = ?", [key])
        if not found:
            raise KeyError(key)
        return json.loads(found[0][0])

    def __setitem__(self, key: str, value: Any) -> None:
        text = json.dumps(value)
        with self._names._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO metadata VALUES (?, ?)", [key, text])

    def __delitem__(self, key: str) -> None:
        self[key]
        with self._names._transaction() as connection:
            connection.execute("DELETE FROM metadata WHERE key = ?", [key])

    def __iter__(self) -> Iterator[str]:
        return (key for (key,) in self._names._all("SELECT key FROM metadata ORDER BY key"))

    def __len__(self) -> int:
        return self._names._all("SELECT count(*) FROM metadata")[0][0]


def _successor(prefix: str) -> str | None:
    """The first text behind all that begin with `prefix`; None if all text is before it."""
    for place in range(len(prefix) - 1, -1, -1):
        following = ord(prefix[place]) + 1
        if following == 0xD800:  # surrogates are no characters
            following = 0xE000
        if following <= 0x10FFFF:
            return prefix[:place] + chr(following)
    return None
