"""Population: one column per trait, one row per agent.

Guarantees:
- ids count up from 0, are never reused, and ascend along the rows;
- rows are dense: 0..n-1, and change only in `turn`, at the end of a tick;
- between turns `population[name]` is a view of the live column, safe to read and write;
- order is kept: the dead leave, the born append.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

GROWTH = 1.5
NOBODY = np.arange(0)


@dataclass(frozen=True)
class Column:
    """A trait: its dtype, the shape of one agent's value, and the value at birth."""

    dtype: Any
    shape: tuple[int, ...] = ()
    default: Any = 0


RESERVED: Mapping[str, Column] = {
    "id": Column(np.int64),
    "kind": Column(np.int16),
    "alive": Column(np.bool_, default=True),
    "born": Column(np.int32),
}


def exposed(column: Column) -> bool:
    """Whether a column's values are plain numbers that a memoryview can read."""
    return not column.shape and np.dtype(column.dtype).char in "?bBhHiIlLqQfd"


class PopulationError(ValueError):
    """A column is unknown, defined twice, or given values that do not fit."""


class Population:
    """Agents as columns.

    Reserved columns: `id` int64, `kind` int16, `alive` bool, `born` int32 (tick of birth).

    Attributes:
        turns: goes up whenever rows change; while it stays, rows are those of the same agents.
    """

    def __init__(self) -> None:
        self._size = 0
        self._next_id = 0
        self._pins = 0
        self._specs: dict[str, Column] = {}
        self._columns: dict[str, np.ndarray] = {}
        self._births: list[tuple[np.ndarray, dict[str, Any]]] = []
        self._cells: dict[str, memoryview] = {}
        self.turns = 0
        for name, column in RESERVED.items():
            self.define(name, column)

    def __len__(self) -> int:
        return self._size

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> np.ndarray:
        """View of a column, shape [n, ...]; valid until the next turn."""
        try:
            return self._columns[name][: self._size]
        except KeyError:
            raise PopulationError(
                f"no column {name!r}; columns: {', '.join(sorted(self._columns))}"
            ) from None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in the order they were defined."""
        return tuple(self._columns)

    @property
    def cells(self) -> dict[str, memoryview]:
        """Columns of plain numbers for reading one by one, three times as fast as from an array.

        Emptied, and another dict, when rows change: who kept the old one notices by a KeyError.
        """
        if not self._cells:
            for name, column in self._specs.items():
                if exposed(column):
                    self._cells[name] = self._columns[name].data
        return self._cells

    def define(self, name: str, column: Column) -> None:
        """Add a column; agents already there get its default.

        Raises:
            PopulationError: if a different column of that name exists.
        """
        if name in self._specs:
            old = self._specs[name]
            if (np.dtype(old.dtype), old.shape) != (np.dtype(column.dtype), column.shape):
                raise PopulationError(f"column {name!r} is already there as {old}, not {column}")
            return
        self._specs[name] = column
        capacity = len(self._columns["id"]) if self._columns else 16
        self._columns[name] = np.empty((capacity, *column.shape), column.dtype)
        self._columns[name][: self._size] = column.default
        self._expose()

    @property
    def ids(self) -> np.ndarray:
        """Ids by row, int64[n and spare room]; unlike a column it still says after a turn who was
        where before."""
        return self._columns["id"]

    @property
    def next_size(self) -> int:
        """Agents there will be after the turn: the living, and the born of this tick."""
        return int(self["alive"].sum()) + sum(len(ids) for ids, _ in self._births)

    def rows(self, ids: Any) -> np.ndarray:
        """Rows of some ids, int64[n]; -1 for those who are no longer there."""
        ids = np.atleast_1d(np.asarray(ids, np.int64))
        mine = self["id"]
        rows = np.searchsorted(mine, ids)
        found = rows < self._size
        found[found] = mine[rows[found]] == ids[found]
        return np.where(found, rows, -1)

    def birth(self, number: int, values: Mapping[str, Any] | None = None) -> np.ndarray:
        """Announce births; the born join at the end of the tick.

        Args:
            number: how many.
            values: column name to scalar or array [number, ...]; defaults for the rest.

        Returns:
            int64[number], their ids.
        """
        try:
            number = operator.index(number)
        except TypeError:
            raise PopulationError(f"births are a whole number, such as 3; got {number!r}") from None
        if number < 0:
            raise PopulationError(f"{number} births; at least 0 can be born")
        given = {}
        for name, value in (values or {}).items():
            if name not in self._specs or name == "id":
                known = ", ".join(n for n in self._specs if n != "id")
                raise PopulationError(f"cannot be born with {name!r}; columns: {known}")
            wanted = (number, *self._specs[name].shape)
            try:
                # A copy of their own: what was given may change before the end of the tick.
                given[name] = np.array(value, self._specs[name].dtype)
                if given[name].shape not in ((), wanted):
                    np.broadcast_to(given[name], wanted)
            except (ValueError, TypeError):
                raise PopulationError(
                    f"{name!r} of {number} newborns needs {np.dtype(self._specs[name].dtype)} of "
                    f"shape {wanted}, got {np.asarray(value).dtype} of shape {np.shape(value)}"
                ) from None
        ids = np.arange(self._next_id, self._next_id + number)
        self._next_id += number
        if number:
            self._births.append((ids, given))
        return ids

    def unborn(self, name: str) -> np.ndarray:
        """A column of those who will join at the turn, as far as it was given, [m, ...]."""
        column = self._specs[name]
        given = [
            np.broadcast_to(values[name], (len(ids), *column.shape))
            for ids, values in self._births
            if name in values
        ]
        return np.concatenate(given) if given else np.empty((0, *column.shape), column.dtype)

    def kill(self, rows: Any) -> None:
        """Mark agents dead; they stay in their rows until the end of the tick."""
        self["alive"][rows] = False

    def turn(self) -> np.ndarray:
        """End of a tick: the dead leave, the born append. Returns the rows of the born.

        Raises:
            PopulationError: while agents act one by one.
        """
        if self._pins:
            raise PopulationError(
                "agents are acting one by one, so their rows have to stay; let the tick end first, "
                "or take the turn from a `step_all` or a system"
            )
        return self._turn() if self.waiting else NOBODY

    @property
    def waiting(self) -> bool:
        """Whether somebody is dead or unborn, so that a turn would change rows."""
        return bool(self._births) or not self["alive"].all()

    def _turn(self) -> np.ndarray:
        alive = self["alive"]
        if not alive.all():
            self._keep(np.flatnonzero(alive))
        first = self._size
        births, self._births = self._births, []
        self._make_room(first + sum(len(ids) for ids, _ in births))
        for ids, values in births:
            self._append(ids, values)
        self._expose()
        return np.arange(first, self._size)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cells": {}}  # memoryviews cannot be copied, and need not be

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """Rows do not change within: a turn is refused."""
        self._pins += 1
        try:
            yield
        finally:
            self._pins -= 1

    def _keep(self, survivors: np.ndarray) -> None:
        """Close the gaps, order kept; what stands before the first gap stays where it is."""
        size = len(survivors)
        gap = int(np.searchsorted(survivors - np.arange(size), 1))
        movers = survivors[gap:]
        ids = np.empty_like(self._columns["id"])
        ids[:size] = self._columns["id"][survivors]
        for name, column in self._columns.items():
            if name != "id":
                column[gap:size] = column[movers]
        self._columns["id"] = ids  # another array: who holds the old one can tell who was where
        self._size = size

    def _make_room(self, size: int) -> None:
        if size > (capacity := len(self._columns["id"])):
            capacity = max(size, int(GROWTH * capacity))
            for name, old in self._columns.items():
                grown = np.empty((capacity, *old.shape[1:]), old.dtype)
                grown[: self._size] = old[: self._size]
                self._columns[name] = grown

    def _append(self, ids: np.ndarray, values: Mapping[str, Any]) -> None:
        start, stop = self._size, self._size + len(ids)
        for name, column in self._specs.items():
            self._columns[name][start:stop] = values.get(name, column.default)
        self._columns["id"][start:stop] = ids
        self._size = stop

    def _expose(self) -> None:
        self._cells.clear()
        self._cells = {}
        self.turns += 1

    def state(self) -> dict[str, np.ndarray]:
        """Plain arrays; taken between ticks, when no birth is pending."""
        if self._births:
            raise PopulationError("births are pending; save at the end of a tick")
        columns = {f"column.{name}": self[name].copy() for name in self._columns}
        return {"next_id": np.array(self._next_id), **columns}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Become the population that `state` was taken from; columns have to be defined."""
        saved = {key.removeprefix("column."): state[key] for key in state if key != "next_id"}
        if set(saved) != set(self._columns):
            differ = ", ".join(sorted(set(saved) ^ set(self._columns)))
            raise PopulationError(f"saved with other columns than this world has: {differ}")
        self._size = len(saved["id"])
        self._next_id = int(state["next_id"])
        self._births = []
        self._columns = {
            name: np.ascontiguousarray(saved[name], self._specs[name].dtype).copy()
            for name in self._columns
        }
        self._expose()
