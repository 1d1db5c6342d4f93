"""Genomes as data: loci, the spec that names them, and populations as one column a locus."""

from evolution.genomes.locus import (
    Categorical,
    GenomeError,
    Integer,
    Locus,
    Permutation,
    Real,
    Simplex,
)
from evolution.genomes.network import Network, Wiring
from evolution.genomes.spec import Genomes, GenomeSpec

__all__ = [
    "Categorical",
    "GenomeError",
    "GenomeSpec",
    "Genomes",
    "Integer",
    "Locus",
    "Network",
    "Permutation",
    "Real",
    "Simplex",
    "Wiring",
]
