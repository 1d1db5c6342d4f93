"""Which row holds which id, for stores whose rows only ever grow.

As long as ids are rows, as they are by default, nothing is kept; then 17 bytes a row are.

Guarantees: an id has at most one living row; a row keeps its id for ever.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm.memory.vectors.index import NOBODY, Ids, VectorError


class RowIds:
    """The ids of rows 0..size-1.

    Attributes:
        size: how many rows there are, those that were given up included.
        next_id: one above the largest id that was ever used.
    """

    def __init__(self) -> None:
        self.size = self.next_id = self._count = 0
        self.alive: NDArray[np.bool_] | None = None  # bool[size]; None while all are
        self._of_rows: Ids | None = None  # int64[size]; None while ids are rows
        # The living, by id.
        self._ids, self._rows = np.empty(0, np.int64), np.empty(0, np.int64)

    def __len__(self) -> int:
        return self._count

    def append(self, ids: Ids) -> None:
        """Rows for checked, unknown ids; O(n) where ids are not rows."""
        first, self.size = self.size, self.size + len(ids)
        self._count += len(ids)
        rows = np.arange(first, self.size)
        if self._of_rows is None and not np.array_equal(ids, rows):
            self._of_rows = np.arange(first)
            self._rows = np.arange(first) if self.alive is None else np.flatnonzero(self.alive)
            self._ids = self._rows.copy()
        if self._of_rows is not None:
            self._of_rows = np.append(self._of_rows, ids)
            order = np.argsort(ids)
            places = np.searchsorted(self._ids, ids[order])
            self._ids = np.insert(self._ids, places, ids[order])
            self._rows = np.insert(self._rows, places, rows[order])
        if self.alive is not None:
            self.alive = np.append(self.alive, np.ones(len(ids), bool))
        self.next_id = max(self.next_id, int(ids.max(initial=-1)) + 1)

    def living(self) -> Ids:
        """Rows that hold a vector, ascending."""
        return np.arange(self.size) if self.alive is None else np.flatnonzero(self.alive)

    def ids(self) -> Ids:
        """Living ids, ascending."""
        return self.living() if self._of_rows is None else self._ids.copy()

    def of_rows(self, rows: Ids) -> Ids:
        """The ids of rows; -1 stays -1."""
        if self._of_rows is None:
            return rows
        return np.where(rows < 0, NOBODY, self._of_rows[rows])

    def rows(self, ids: Ids) -> Ids:
        """The living row of each id, -1 where it is unknown."""
        if self._of_rows is None:
            known = (ids >= 0) & (ids < self.size)
            if self.alive is not None:
                known[known] = self.alive[ids[known]]
            return np.where(known, ids, NOBODY)
        if not len(self._ids):
            return np.full(len(ids), NOBODY)
        places = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return np.where(self._ids[places] == ids, self._rows[places], NOBODY)

    def known_rows(self, ids: Ids) -> Ids:
        """The row of each id; raises VectorError naming one that is unknown."""
        rows = self.rows(ids)
        if rows.min(initial=0) < 0:
            unknown = ids[rows < 0]
            raise VectorError(
                f"{len(unknown)} of {len(ids)} ids are unknown, such as {unknown[0]}; "
                "index.ids() shows those there are"
            )
        return rows

    def refuse_known(self, ids: Ids) -> None:
        """Raise VectorError if one of these ids has a row."""
        if ids.min(initial=self.next_id) < self.next_id:
            known = ids[self.rows(ids) >= 0]
            if len(known):
                raise VectorError(
                    f"{len(known)} of {len(ids)} ids are known already, such as {known[0]}; "
                    "remove(ids) first to replace their vectors"
                )

    def give_up(self, rows: Ids) -> None:
        """Rows whose vectors are removed."""
        if self.alive is None:
            self.alive = np.ones(self.size, bool)
        self.alive[rows] = False
        self._count -= len(rows)
        if self._of_rows is not None:
            kept = self.alive[self._rows]
            self._ids, self._rows = self._ids[kept], self._rows[kept]

    def allowed_rows(self, allowed: NDArray[np.bool_] | Ids) -> Ids:
        """The living rows of what a checked filter allows, ascending."""
        if allowed.dtype != np.bool_:
            rows = np.sort(self.rows(allowed.astype(np.int64, copy=False)))
            return rows[np.searchsorted(rows, 0) :]
        if self._of_rows is not None:
            return np.sort(self._rows[np.isin(self._ids, np.flatnonzero(allowed))])
        marked = allowed[: self.size]
        return np.flatnonzero(marked if self.alive is None else marked & self.alive[: len(marked)])

    def arrays(self) -> dict[str, NDArray]:
        """What has to be kept, as plain arrays; nothing while every row is its id and lives."""
        kept: dict[str, NDArray] = {}
        if self.alive is not None:
            kept["alive"] = self.alive
        if self._of_rows is not None:
            kept["ids"] = self._of_rows
        return kept

    @classmethod
    def of(cls, size: int, next_id: int, arrays: dict[str, NDArray]) -> RowIds:
        """What `arrays` gave; raises VectorError if it does not fit together."""
        made = cls()
        alive, ids = arrays.get("alive"), arrays.get("ids")
        made.size, made.next_id = size, next_id
        made.alive, made._of_rows = alive, ids
        made._count = size if alive is None else int(np.count_nonzero(alive))
        if ids is not None:
            rows = made.living()
            order = np.argsort(ids[rows], kind="stable")
            made._rows, made._ids = rows[order], ids[rows][order]
            if (np.diff(made._ids) <= 0).any() or (
                size and not 0 <= ids.min() <= ids.max() < next_id
            ):
                raise VectorError("ids repeat or are too large")
        return made

    def save(self, path: Path) -> None:
        """Write them as plain arrays."""
        arrays: dict[str, Any] = self.arrays()
        np.savez(path, **arrays)

    @classmethod
    def load(cls, path: Path, size: int, next_id: int) -> RowIds:
        """Read what `save` wrote; raises VectorError naming the file if it is missing or damaged.

        Args:
            size, next_id: as they were.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except Exception as problem:  # zipfile has errors of its own
            raise VectorError(f"{path} is missing or damaged") from problem
        types = {"alive": np.bool_, "ids": np.int64}
        for name, array in arrays.items():
            if name not in types or array.dtype != types[name] or array.shape != (size,):
                raise VectorError(f"{path} is damaged: {name} is {array.dtype}{list(array.shape)}")
        try:
            return cls.of(size, next_id, arrays)
        except VectorError as problem:
            raise VectorError(f"{path} is damaged: {problem}") from problem
