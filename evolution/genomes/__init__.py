"""Genomes as data: loci, the spec that names them, and populations as one column a locus.

Loci choose their operators by name or as values, a `Crossover` and a `Mutation`. Populations are
kept in Parquet or JSON, states of searches in a file of arrays.
"""

from evolution.genomes.adaptive import SelfAdaptive
from evolution.genomes.crossovers import (
    BlendCrossover,
    Crossover,
    IntermediateCrossover,
    IntervalCrossover,
    MultiPointCrossover,
    OnePointCrossover,
    OrderCrossover,
    PartiallyMappedCrossover,
    SimulatedBinaryCrossover,
    UniformCrossover,
)
from evolution.genomes.locus import (
    Categorical,
    GenomeError,
    Integer,
    Locus,
    Permutation,
    Real,
    Simplex,
)
from evolution.genomes.mutations import (
    CreepMutation,
    GaussianMutation,
    InsertionMutation,
    InversionMutation,
    Mutation,
    PolynomialMutation,
    ResetMutation,
    SimplexMutation,
    SwapMutation,
    UniformMutation,
)
from evolution.genomes.network import Network, Wiring
from evolution.genomes.spec import Genomes, GenomeSpec
from evolution.genomes.storage import (
    genomes_from_json,
    genomes_to_json,
    load_state,
    read_genomes,
    save_state,
    write_genomes,
)

__all__ = [
    "BlendCrossover",
    "Categorical",
    "CreepMutation",
    "Crossover",
    "GaussianMutation",
    "GenomeError",
    "GenomeSpec",
    "Genomes",
    "InsertionMutation",
    "Integer",
    "IntermediateCrossover",
    "IntervalCrossover",
    "InversionMutation",
    "Locus",
    "MultiPointCrossover",
    "Mutation",
    "Network",
    "OnePointCrossover",
    "OrderCrossover",
    "PartiallyMappedCrossover",
    "Permutation",
    "PolynomialMutation",
    "Real",
    "ResetMutation",
    "SelfAdaptive",
    "Simplex",
    "SimplexMutation",
    "SimulatedBinaryCrossover",
    "SwapMutation",
    "UniformCrossover",
    "UniformMutation",
    "Wiring",
    "genomes_from_json",
    "genomes_to_json",
    "load_state",
    "read_genomes",
    "save_state",
    "write_genomes",
]
