"""Genomes that are replaced one by one, whatever their representation."""

from __future__ import annotations

import numpy as np

from evolution.genomes.spec import Genomes, GenomeSpec
from evolution.search import Integers, Representation


class GenomeStore:
    """Rows of genomes; a put costs the rows put, where the columns of a spec allow it.

    ``none`` are genomes without a row, as the store holds them at first.

    A representation without plain columns (genomes of unequal length, say) costs a copy of the
    whole store for each put.
    """

    def __init__(self, spec: Representation, none: Genomes) -> None:
        self.spec = spec
        self.size = 0
        self._in_place = isinstance(spec, GenomeSpec)
        self._columns = none

    @property
    def genomes(self) -> Genomes:
        """All rows; views, where the spec has plain columns."""
        if not self._in_place:
            return self._columns
        return {name: column[: self.size] for name, column in self._columns.items()}

    def take(self, rows: Integers) -> Genomes:
        """Copies of these rows."""
        return self.spec.take(self.genomes, rows)

    def put(self, rows: Integers, genomes: Genomes, chosen: Integers) -> None:
        """Set ``rows`` to the genomes ``chosen``; new rows follow the last without a gap."""
        if not len(rows):
            return
        old, self.size = self.size, max(self.size, int(rows.max()) + 1)
        if not self._in_place:
            self._rebuild(rows, self.spec.take(genomes, chosen), old)
            return
        if self.size > len(next(iter(self._columns.values()))):
            for name, column in self._columns.items():
                wider = np.empty((2 * self.size, *column.shape[1:]), column.dtype)
                wider[:old] = column[:old]
                self._columns[name] = wider
        for name, column in self._columns.items():
            column[rows] = genomes[name][chosen]

    def replace(self, genomes: Genomes) -> None:
        """Forget all rows and hold these."""
        self.spec.validate(genomes)
        self._columns = self.spec.take(genomes, slice(None))
        self.size = self.spec.count(genomes)

    def _rebuild(self, rows: Integers, taken: Genomes, old: int) -> None:
        both = self.spec.concatenate(self._columns, taken)
        order = np.arange(self.size)
        order[rows] = old + np.arange(len(rows))
        self._columns = self.spec.take(both, order)
