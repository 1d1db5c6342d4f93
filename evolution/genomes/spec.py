"""Genomes as data: a spec names the loci, and a population of genomes is one column per locus.

Row i of every column is genome i. Nothing here knows what a locus means: that is for whoever
decodes it. The kinds of loci are in `evolution.genomes.locus`; `evolution.genomes.storage` keeps
populations in files.

Guarantees: no method alters its inputs; whatever `GenomeSpec.sample`, `crossover` and `mutate`
return passes `validate`. Errors: `GenomeError` (a ValueError).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.genomes.base import GenomeError, Locus
from evolution.genomes.schema import loci_of, schema_of
from evolution.variation import Column

Genomes = dict[str, Column]

# Where at least this share of pairs is crossed, all are, and the rest is put back.
_MOST = 0.75
# How many changes of a locus `GenomeSpec.diff` lists.
_LISTED = 8


@dataclass(frozen=True)
class GenomeSpec:
    """The loci of a genome by name, and what can be done to columns of such genomes.

    >>> spec = GenomeSpec({"order": Permutation(7), "weights": Simplex(7)})
    >>> children = spec.mutate(spec.sample(100, rng), rng)
    """

    loci: Mapping[str, Locus]

    def __post_init__(self) -> None:
        known = isinstance(self.loci, Mapping)
        if not known or not all(isinstance(locus, Locus) for locus in self.loci.values()):
            raise GenomeError(
                f"a spec of {self.loci!r}; expected a dict of loci by name, e.g. "
                'GenomeSpec({"x": Real(30)})'
            )
        if not self.loci:
            raise GenomeError('a spec needs at least one locus, e.g. GenomeSpec({"x": Real(30)})')
        # A copy of our own, so that the caller's later changes do not reach the spec.
        object.__setattr__(self, "loci", dict(self.loci))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the loci, in order."""
        return tuple(self.loci)

    @property
    def size(self) -> int:
        """How many genes a genome has over all loci."""
        return sum(locus.size for locus in self.loci.values())

    def sample(self, n: int, rng: np.random.Generator) -> Genomes:
        """``n`` genomes to begin with: each locus at its ``initial``, else drawn evenly."""
        return {name: locus.sample(n, rng) for name, locus in self.loci.items()}

    def count(self, genomes: Genomes) -> int:
        """How many genomes these columns hold; `GenomeError` where names or shapes do not fit."""
        found = sorted(genomes) if isinstance(genomes, Mapping) else type(genomes).__name__
        if found != sorted(self.loci):
            raise GenomeError(
                f"loci are {found}; the spec has {sorted(self.loci)}: genomes are a dict of columns"
            )
        n = len(np.atleast_1d(genomes[self.names[0]]))
        for name, locus in self.loci.items():
            column: Any = genomes[name]
            known = isinstance(column, np.ndarray)
            if not known or column.shape != (n, locus.size) or column.dtype != locus.dtype:
                shape = f"{column.dtype}{list(column.shape)}" if known else type(column).__name__
                raise GenomeError(
                    f"locus {name!r} is {shape}; expected {locus.dtype}[{n}, {locus.size}]"
                )
        return n

    def validate(self, genomes: Genomes) -> None:
        """Raise `GenomeError` at the first gene that is not allowed, saying where and why."""
        self.count(genomes)
        for name, locus in self.loci.items():
            wrong = locus.wrong(genomes[name])
            if wrong.any():
                row, gene = (int(i) for i in np.argwhere(wrong)[0])
                raise GenomeError(
                    f"locus {name!r}, row {row}, gene {gene}: value {genomes[name][row, gene]}; "
                    f"allowed: {locus.allowed}"
                )

    def take(self, genomes: Genomes, rows: npt.NDArray[Any] | slice) -> Genomes:
        """A copy of these rows: indices ``int[k]``, a mask ``bool[n]``, or a slice."""
        if isinstance(rows, slice):
            return {name: genomes[name][rows].copy() for name in self.names}
        return {name: genomes[name][rows] for name in self.names}

    def concatenate(self, *parts: Genomes) -> Genomes:
        """The rows of all parts, one after the other."""
        return {name: np.concatenate([part[name] for part in parts]) for name in self.names}

    def crossover(
        self, mothers: Genomes, fathers: Genomes, rng: np.random.Generator, rate: float = 0.9
    ) -> Genomes:
        """One child per pair: crossed at every locus with probability ``rate``, else the mother."""
        n = self.count(mothers)
        if self.count(fathers) != n:
            raise GenomeError(f"{n} mothers but {self.count(fathers)} fathers; they pair by row")
        _check_rate(rate)
        crossed = rng.random(n) < rate
        if rate < _MOST:
            children = self.take(mothers, slice(None))
            for name, locus in self.loci.items():
                pair = mothers[name][crossed], fathers[name][crossed]
                children[name][crossed] = locus.crossover(*pair, rng)
            return children
        # Crossing the few others too, and putting them back, spares copies of all the rest.
        children = {
            name: locus.crossover(mothers[name], fathers[name], rng)
            for name, locus in self.loci.items()
        }
        for name in self.names:
            children[name][~crossed] = mothers[name][~crossed]
        return children

    def mutate(
        self,
        genomes: Genomes,
        rng: np.random.Generator,
        rate: float | None = None,
        scale: float = 1.0,
    ) -> Genomes:
        """Mutate each gene with probability ``rate``, unless given 1 over the size of the genome.

        The size is here the sum of `Locus.effective_size`, where a program counts for 10 genes.
        ``scale`` (above 0, at most 10) multiplies the customary step of each kind of locus.
        """
        self.count(genomes)
        if rate is None:
            rate = 1.0 / sum(locus.effective_size for locus in self.loci.values())
        _check_rate(rate)
        if not 0.0 < scale <= 10.0:
            raise GenomeError(f"scale is {scale}; allowed: above 0, at most 10 (1 is customary)")
        return {
            name: locus.mutate(genomes[name], rng, rate, scale) for name, locus in self.loci.items()
        }

    def describe(self, genomes: Genomes, row: int = 0) -> str:
        """One genome in words, a line per locus."""
        return self._lines(
            {name: locus.describe(genomes[name][row]) for name, locus in self.loci.items()}
        )

    def summarise(self, genomes: Genomes) -> str:
        """A population in words, a line per locus: what is usual, and how much differs."""
        n = self.count(genomes)
        if n == 0:
            return f"no genomes of {self.size} genes"
        lines = {name: locus.summarise(genomes[name]) for name, locus in self.loci.items()}
        return f"{n} genomes of {self.size} genes\n{self._lines(lines)}"

    def diff(self, a: Genomes, row_a: int, b: Genomes, row_b: int) -> str:
        """In words, what turns row ``row_a`` of ``a`` into row ``row_b`` of ``b``.

        A line for each locus that differs, after one that counts.
        """
        lines, genes = {}, 0
        for name, locus in self.loci.items():
            one, other = a[name][row_a], b[name][row_b]
            changes = locus.changes(one, other)
            if changes:
                more = len(changes) - _LISTED
                listed = "; ".join(changes[:_LISTED]) + (f"; and {more} more" if more > 0 else "")
                lines[name] = listed
                genes += int(np.count_nonzero(one != other))
        if not lines:
            return "the same"
        head = f"{genes} of {self.size} genes differ, in {len(lines)} of {len(self.loci)} loci"
        return f"{head}\n{self._lines(lines)}"

    def _lines(self, lines: Mapping[str, str]) -> str:
        width = max(len(name) for name in lines)
        return "\n".join(f"{name:<{width}}  {line}" for name, line in lines.items())

    @property
    def schema(self) -> dict[str, Any]:
        """The spec as plain data that JSON can hold; `from_schema` makes it again."""
        return schema_of(self.loci)

    @classmethod
    def from_schema(cls, schema: Mapping[str, Any]) -> GenomeSpec:
        """The spec that a `schema` describes; `GenomeError` where it describes none."""
        return cls(loci_of(schema))

    def to_json(self, genomes: Genomes, row: int = 0) -> str:
        """One genome as JSON text that `from_json` reads back bit for bit."""
        return json.dumps({name: genomes[name][row].tolist() for name in self.names})

    def from_json(self, text: str) -> Genomes:
        """Read one genome, as columns ``[1, size]``; `GenomeError` where it is not one."""
        try:
            loci = json.loads(text)
            genomes = {name: locus.row(loci[name]) for name, locus in self.loci.items()}
            if len(loci) != len(genomes):
                raise GenomeError(f"loci are {sorted(loci)}; the spec has {sorted(genomes)}")
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            example = self.to_json(self.sample(1, np.random.default_rng(0)))
            raise GenomeError(f"not a genome: {error!r}; expected e.g. {example}") from error
        self.validate(genomes)
        return genomes


def _check_rate(rate: float) -> None:
    if not 0.0 <= rate <= 1.0:
        raise GenomeError(f"rate is {rate}; a rate is a probability from 0 to 1")
