"""Genomes of real loci as vectors, and back."""

from __future__ import annotations

import numpy as np

from evolution.genomes.locus import Real
from evolution.genomes.spec import Genomes, GenomeSpec
from evolution.search import AskTellError, Floats, Representation
from evolution.strategies.mirror import mirrored


class RealSpace:
    """The loci of a spec, one after the other in a vector.

    Attributes: ``n``, how many genes; ``low``, ``high`` and ``range``, ``float64[n]``.

    Raises:
        AskTellError: for a spec that has other loci than `Real`.
    """

    def __init__(self, spec: Representation) -> None:
        self._loci = _real_loci(spec)
        bounds = [locus.bounds for locus in self._loci.values()]
        self.low = np.concatenate([low for low, _ in bounds], dtype=np.float64)
        self.high = np.concatenate([high for _, high in bounds], dtype=np.float64)
        self.range = self.high - self.low
        self.n = len(self.range)

    @property
    def start(self) -> Floats:
        """The loci's ``initial``, or the middle between their bounds."""
        starts = [
            np.full(locus.size, np.nan) if locus.start is None else locus.row(locus.start)[0]
            for locus in self._loci.values()
        ]
        given = np.concatenate(starts, dtype=np.float64)
        return np.where(np.isnan(given), 0.5 * self.low + 0.5 * self.high, given)

    def genomes(self, vectors: Floats) -> Genomes:
        """The genomes for which vectors ``float64[k, n]`` stand, in bounds or out of them."""
        points = mirrored(vectors, self.low, self.high)
        genomes, first = {}, 0
        for name, locus in self._loci.items():
            column = points[:, first : first + locus.size].astype(locus.dtype)
            if locus.precision != "float64":
                # Rounding may step over a bound.
                column = column.clip(*locus.bounds)
            genomes[name] = column
            first += locus.size
        return genomes

    def vectors(self, genomes: Genomes) -> Floats:
        """Genomes as vectors ``float64[k, n]``."""
        return np.concatenate([genomes[name] for name in self._loci], axis=1, dtype=np.float64)


def _real_loci(spec: Representation) -> dict[str, Real]:
    if not isinstance(spec, GenomeSpec):
        raise AskTellError(
            f"CMA-ES searches a GenomeSpec of Real loci, not a {type(spec).__name__}; "
            'e.g. GenomeSpec({"x": Real(10, -5, 5)})'
        )
    loci = {name: locus for name, locus in spec.loci.items() if isinstance(locus, Real)}
    others = {name: type(spec.loci[name]).__name__ for name in spec.names if name not in loci}
    if others:
        raise AskTellError(
            f"CMA-ES searches Real loci only; this spec also has {others}. NSGA2, for one, "
            "takes every kind of locus"
        )
    return loci
