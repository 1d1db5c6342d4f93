"""Genomes as rows of numbers, for models that know no loci."""

from __future__ import annotations

import numpy as np

from evolution.genomes.locus import Categorical, Integer, Locus, Permutation, Real, Simplex
from evolution.genomes.spec import Genomes, GenomeSpec
from evolution.search import Floats, Representation
from evolution.surrogates.ensemble import SurrogateError
from evolution.variation import Column


def features(spec: Representation, genomes: Genomes) -> Floats:
    """Genomes as ``float64[n, d]``.

    Real and integer genes and shares are themselves, categories are one column a choice, of an
    order it is told at which place each item stands.

    Raises:
        SurrogateError: for networks and programs, and for what is no `GenomeSpec`.
    """
    if not isinstance(spec, GenomeSpec):
        raise SurrogateError(
            f"surrogates learn from a GenomeSpec, not from a {type(spec).__name__}, whose genomes "
            "have no fixed number of genes"
        )
    parts = [_columns(name, locus, genomes[name]) for name, locus in spec.loci.items()]
    return np.concatenate(parts, axis=1, dtype=np.float64)


def _columns(name: str, locus: Locus, column: Column) -> Floats:
    if isinstance(locus, Real | Integer | Simplex):
        return column.astype(np.float64)
    if isinstance(locus, Permutation):
        return np.argsort(column, axis=1).astype(np.float64)
    if isinstance(locus, Categorical):
        chosen = [
            column[:, gene, np.newaxis] == np.arange(count)
            for gene, count in enumerate(locus.counts)
        ]
        return np.concatenate(chosen, axis=1).astype(np.float64)
    raise SurrogateError(
        f"locus {name!r} is a {type(locus).__name__}; surrogates learn from Real, Integer, "
        "Categorical, Permutation and Simplex loci"
    )
