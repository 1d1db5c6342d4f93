"""Evolution on columns: a genome is data, and a population of genomes is one array per locus.

`GenomeSpec` names the loci (`Real`, `Integer`, `Categorical`, `Permutation`, `Simplex`, `Network`),
samples, crosses, mutates and checks genomes. `evolution.variation` and `evolution.neat` hold the
operators behind it. `NSGA2` searches by ask and tell for the best compromises between objectives,
all minimised; its parts (`pareto_ranks`, `crowding_distance`, `select`, `binary_tournament`) work
on any array of objectives, and `evolution.deap.selNSGA2` drops into DEAP toolboxes. Nothing here
knows what a genome means: decode the columns, evaluate them, tell the objectives.
"""

from evolution.genome import Genomes, GenomeSpec
from evolution.locus import Categorical, GenomeError, Integer, Locus, Permutation, Real, Simplex
from evolution.network import Network, Wiring
from evolution.nsga2 import (
    NSGA2,
    AskTellError,
    ObjectiveError,
    best_rows,
    binary_tournament,
    crowding_distance,
    pareto_ranks,
    select,
)
from evolution.variation import VariationError

__all__ = [
    "NSGA2",
    "AskTellError",
    "Categorical",
    "GenomeError",
    "GenomeSpec",
    "Genomes",
    "Integer",
    "Locus",
    "Network",
    "ObjectiveError",
    "Permutation",
    "Real",
    "Simplex",
    "VariationError",
    "Wiring",
    "best_rows",
    "binary_tournament",
    "crowding_distance",
    "pareto_ranks",
    "select",
]
