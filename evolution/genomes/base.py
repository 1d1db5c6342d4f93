"""The locus: what every kind of genes can do. The kinds themselves are in `locus`.

A locus describes one column of a population of genomes, an array ``[n, size]`` of its dtype. A
new kind of locus is a subclass of `Locus` with what that leaves abstract. Errors: `GenomeError`
(a ValueError).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from evolution import variation
from evolution.variation import Column

Mask = npt.NDArray[np.bool_]


class GenomeError(ValueError):
    """A locus, a spec or genomes that break their own rules; the message names what and where."""


@dataclass(frozen=True)
class Locus(ABC):
    """One named part of a genome: ``size`` genes of one kind.

    ``parts`` are dataclasses of which a kind's fields may be made, besides numbers, text, None and
    tuples; a spec that goes into a file writes them down.
    """

    parts: ClassVar[tuple[type[Any], ...]] = ()
    size: int

    def __post_init__(self) -> None:
        # Plain values, so that equal loci are equal, and have the same text, in every program.
        for field in fields(self):
            object.__setattr__(self, field.name, _plain(getattr(self, field.name)))
        self._check()
        if self.start is not None:
            fits = not self.wrong(self.row(self.start)).any()
            self._require(fits, f"initial is {self.start}; allowed: {self.allowed}")

    @property
    @abstractmethod
    def dtype(self) -> np.dtype:
        """The dtype of the column."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """The values a row may hold, in words, for error messages."""

    @abstractmethod
    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Draw ``[n, size]`` evenly from everything that is allowed."""

    @abstractmethod
    def wrong(self, column: Column) -> Mask:
        """Mark ``bool[n, size]`` the genes of a column of the right dtype that are not allowed."""

    @abstractmethod
    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """A new column: each gene mutated at this rate, by ``scale`` times the customary step."""

    def crossover(self, mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
        """A new column, one child per pair of rows: uniform, unless the kind has a better one."""
        return variation.uniform_crossover(mothers, fathers, rng)

    def sample(self, n: int, rng: np.random.Generator) -> Column:
        """Rows ``[n, size]`` to begin with: all ``initial`` where one is given, else drawn."""
        return self.draw(n, rng) if self.start is None else np.tile(self.row(self.start), (n, 1))

    @property
    def effective_size(self) -> int:
        """For how many genes the locus counts where a genome's mutation rate is shared out.

        Other than ``size`` in a kind to which a rate is not the chance of each of its genes.
        """
        return self.size

    def describe(self, genes: Column) -> str:
        """One row in words."""
        return " ".join(self._word(gene) for gene in genes.tolist())

    def summarise(self, column: Column) -> str:
        """A column with at least one row in words: what is usual in it, and how much differs."""
        different = len(np.unique(np.ascontiguousarray(column), axis=0))
        return f"{different} different"

    def changes(self, genes: Column, others: Column) -> list[str]:
        """In words, what turns one row into another: a phrase for each gene that differs."""
        return [
            f"gene {i}: {self._word(genes[i].item())} → {self._word(others[i].item())}"
            f"{self._step(genes[i].item(), others[i].item(), int(i))}"
            for i in np.flatnonzero(genes != others)
        ]

    def _word(self, gene: Any) -> str:
        """One gene in words."""
        return str(gene)

    def _step(self, gene: Any, other: Any, i: int) -> str:
        """In brackets, how far gene ``i`` moved; nothing where there is no distance."""
        return ""

    def parameters(self) -> dict[str, Any]:
        """What makes an equal locus again: its fields, for a file.

        Override this and `from_parameters` where a field is neither numbers, text, None, ``parts``
        nor tuples of them: e.g. give the name of a function, and look it up again.
        """
        return {field.name: getattr(self, field.name) for field in fields(self) if field.init}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Locus:
        """The locus of these `parameters`, as a file gave them back; lists are tuples again."""
        return cls(**parameters)

    def row(self, genes: Any) -> Column:
        """A column ``[1, size]`` from one number for all genes or a sequence of one for each."""
        return self._each(genes, self.dtype, "a row")[np.newaxis]

    @property
    def start(self) -> Any:
        """The ``initial`` of the kinds that have one, else None."""
        return getattr(self, "initial", None)

    def _check(self) -> None:
        """Raise `GenomeError` where the parameters contradict each other."""
        self._require(self.size >= 1, f"size is {self.size}; a locus has at least 1 gene")

    def _require(self, holds: bool, message: str) -> None:
        if not holds:
            raise GenomeError(f"{type(self).__name__}: {message}")

    def _each(self, value: Any, dtype: npt.DTypeLike, what: str) -> Column:
        """One value for each gene from one for all or one for each."""
        values = np.asarray(value)
        self._require(
            values.shape in ((), (self.size,)) and values.dtype.kind in "iuf",
            f"{what} is {value!r}; expected one number, or {self.size} numbers, one per gene",
        )
        cast = np.broadcast_to(values, (self.size,)).astype(dtype)
        self._require(
            cast.dtype.kind == "f" or bool((cast == values).all()),
            f"{what} is {value!r}; expected whole numbers that fit {cast.dtype}",
        )
        return cast


def _plain(value: Any) -> Any:
    """Arrays and lists as tuples, numpy's numbers as Python's; anything else as it is."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return tuple(_plain(item) for item in value) if type(value) in (list, tuple) else value
