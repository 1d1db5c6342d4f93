"""The archive of MAP-Elites: at most one elite per cell, in arrays.

Batch insertion after Mouret & Clune 2015, arXiv:1504.04909. With a learning rate below 1 the
archive is soft (Fontaine & Nikolaidis 2023, "Covariance Matrix Adaptation MAP-Annealing",
arXiv:2205.10752): a cell admits whatever beats its *threshold*, which starts at a floor and
follows the values admitted by

    threshold ← (1-α)^k · threshold + (1 - (1-α)^k) · mean of the k values admitted.

Values are minimised, so thresholds fall. With α = 1 a threshold is the value of the elite. A soft
threshold may lie above its elite, which stays until a better one comes: no second archive is
needed to remember the best.

Guarantees: everything in a batch is compared with the archive as it was before; of a batch the
best of a cell enters, of equals the earlier; a NaN never enters. Elites stand in the order in
which their cells were first filled.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.diversity.cells import Tessellation
from evolution.diversity.store import GenomeStore
from evolution.genomes.spec import Genomes
from evolution.search import Evaluated, Floats, Integers, Representation

REJECTED, IMPROVED, NEW = 0, 1, 2

Bytes = npt.NDArray[np.int8]


class Added(NamedTuple):
    """What became of a batch.

    ``status`` ``int8[n]``: 0 rejected, 1 better than its cell's elite (or threshold), 2 first in
    its cell. ``gain`` ``float64[n]``, larger is better: how far below the threshold of its cell
    the value lies, or minus the value itself where the cell had no threshold; NaN where failed.
    """

    status: Bytes
    gain: Floats


class Elites:
    """The best genome found in each cell; ``none`` are genomes without a row.

    Attributes:
        size: how many cells are filled; the elites are rows 0 … size-1.
        values: ``float64[size]``, their objective.
        measures: ``float64[size, dimensions]``.
        cell_of: ``int64[size]``, the cell of each.
        row_of: ``int64[cells]``, the elite of each cell, -1 where empty.
        thresholds: ``float64[cells]``, what a newcomer must be below.
    """

    def __init__(
        self,
        spec: Representation,
        cells: Tessellation,
        none: Genomes,
        learning_rate: float = 1.0,
        threshold: float = np.inf,
    ) -> None:
        self.spec = spec
        self.cells = cells
        self.learning_rate = learning_rate
        self.size = 0
        self.row_of = np.full(cells.cells, -1)
        self.thresholds = np.full(cells.cells, threshold)
        self._slots = np.full(cells.cells, -1)
        self._store = GenomeStore(spec, none)
        self._columns(0)

    @property
    def values(self) -> Floats:
        """The objective of each elite; a view."""
        return self._values[: self.size]

    @property
    def measures(self) -> Floats:
        """The measures of each elite; a view."""
        return self._measures[: self.size]

    @property
    def cell_of(self) -> Integers:
        """The cell of each elite; a view."""
        return self._cell_of[: self.size]

    @property
    def genomes(self) -> Genomes:
        """The genomes of all elites; do not alter them."""
        return self._store.genomes

    def add(self, evaluated: Evaluated) -> Added:
        """Offer a batch of genomes with objectives ``[n, 1]`` and measures ``[n, dimensions]``."""
        values = evaluated.objectives[:, 0]
        assert evaluated.measures is not None
        cells = self.cells.index_of(evaluated.measures)
        status = np.empty(len(values), dtype=np.int8)
        gain = np.empty(len(values))
        self._reserve(len(values))
        old = self.size
        rows, chosen = _insert(
            cells,
            values,
            self.learning_rate,
            self.thresholds,
            self.row_of,
            self._values,
            self._cell_of,
            old,
            status,
            gain,
            self._slots,
        )
        self._measures[rows] = evaluated.measures[chosen]
        self.size += int((rows >= old).sum())
        self._store.put(rows, evaluated.genomes, chosen)
        return Added(status, gain)

    def taken(self, rows: Integers) -> Evaluated:
        """Copies of these elites."""
        values = self.values[rows][:, np.newaxis]
        return Evaluated(self._store.take(rows), values, self.measures[rows])

    def save(self) -> dict[str, npt.NDArray[Any]]:
        """Everything but the genomes; the order of the elites is part of it."""
        return {
            "values": self.values,
            "measures": self.measures,
            "cell_of": self.cell_of,
            "thresholds": self.thresholds,
        }

    def load(self, arrays: dict[str, npt.NDArray[Any]], genomes: Genomes) -> None:
        """Take over what `save` gave, and the genomes."""
        self.size = 0
        self._columns(len(arrays["values"]))
        self.size = len(arrays["values"])
        self._values[:], self._measures[:] = arrays["values"], arrays["measures"]
        self._cell_of[:] = arrays["cell_of"]
        self.thresholds = np.array(arrays["thresholds"])
        self.row_of[:] = -1
        self.row_of[self.cell_of] = np.arange(self.size)
        self._store.replace(genomes)

    def _columns(self, room: int) -> None:
        """Columns with room for this many elites, keeping those there are."""
        fresh = np.empty(room), np.empty((room, self.cells.dimensions)), np.empty(room, np.int64)
        if self.size:
            for new, old in zip(fresh, (self.values, self.measures, self.cell_of), strict=True):
                new[: self.size] = old
        self._values, self._measures, self._cell_of = fresh

    def _reserve(self, more: int) -> None:
        needed = min(self.size + more, self.cells.cells)
        if needed > len(self._values):
            self._columns(max(needed, 2 * len(self._values)))


@njit(cache=True, nogil=True)
def _insert(
    cells: Integers,
    values: Floats,
    learning_rate: float,
    thresholds: Floats,
    row_of: Integers,
    elite_values: Floats,
    cell_of: Integers,
    size: int,
    status: Bytes,
    gain: Floats,
    slots: Integers,
) -> tuple[Integers, Integers]:
    """Place a batch; returns the rows written, and which of the batch went to each.

    ``slots[cells]`` is scratch: all -1, before and after.
    """
    n = len(cells)
    for i in range(n):
        status[i] = REJECTED
        gain[i] = np.nan
        if cells[i] < 0 or np.isnan(values[i]):
            continue
        threshold = thresholds[cells[i]]
        empty = row_of[cells[i]] < 0
        if empty and threshold == np.inf:
            gain[i] = -values[i]
            status[i] = NEW  # an infinite value, too: it is bad, but better than nothing
            continue
        gain[i] = 0.0 if values[i] == threshold else threshold - values[i]
        if values[i] < threshold:
            status[i] = NEW if empty else IMPROVED
    return _settle(
        cells, values, learning_rate, thresholds, row_of, elite_values, cell_of, size, status, slots
    )


@njit(cache=True, nogil=True)
def _settle(
    cells: Integers,
    values: Floats,
    learning_rate: float,
    thresholds: Floats,
    row_of: Integers,
    elite_values: Floats,
    cell_of: Integers,
    size: int,
    status: Bytes,
    slots: Integers,
) -> tuple[Integers, Integers]:
    """Write the best of the admitted to each cell, and move its threshold."""
    n = len(cells)
    best, count, total = np.empty(n, np.int64), np.zeros(n, np.int64), np.zeros(n)
    used = 0
    for i in range(n):
        if status[i] == REJECTED:
            continue
        slot = slots[cells[i]]
        if slot < 0:
            slot = slots[cells[i]] = used
            best[slot] = i
            used += 1
        elif values[i] < values[best[slot]]:
            best[slot] = i
        count[slot] += 1
        total[slot] += values[i]
    rows, chosen, written = np.empty(used, np.int64), np.empty(used, np.int64), 0
    for slot in range(used):
        i = best[slot]
        cell, row = cells[i], row_of[cells[i]]
        slots[cell] = -1
        if learning_rate == 1.0:
            thresholds[cell] = values[i]
        elif learning_rate > 0.0:
            kept = (1.0 - learning_rate) ** count[slot]
            mean = total[slot] / count[slot]
            thresholds[cell] = kept * thresholds[cell] + (1.0 - kept) * mean
        if row >= 0 and values[i] >= elite_values[row]:
            continue  # below a soft threshold, yet no better than the elite
        if row < 0:
            row = row_of[cell] = size
            cell_of[row] = cell
            size += 1
        elite_values[row] = values[i]
        rows[written], chosen[written] = row, i
        written += 1
    return rows[:written], chosen[:written]
