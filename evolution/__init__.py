"""Evolution on columns: a genome is data, and a population of genomes is one array per locus.

`GenomeSpec` names the loci (`Real`, `Integer`, `Categorical`, `Permutation`, `Simplex`, `Network`),
samples, crosses, mutates and checks genomes; `evolution.variation` holds the operators. Every
search is a `Search`: ``ask()`` for genomes, evaluate them, ``tell`` their objectives, all
minimised. `evolution.deap` drops into DEAP toolboxes. Nothing here knows what a genome means:
decode the columns, evaluate them, tell the objectives.
"""

from evolution.evolve import evolve
from evolution.genetic import GeneticAlgorithm, tournament_select
from evolution.genomes import (
    Categorical,
    GenomeError,
    Genomes,
    GenomeSpec,
    Integer,
    Locus,
    Network,
    Permutation,
    Real,
    Simplex,
    Wiring,
)
from evolution.islands import Islands
from evolution.lexicase import Lexicase, lexicase_select
from evolution.pareto import (
    NSGA2,
    best_rows,
    binary_tournament,
    crowding_distance,
    pareto_ranks,
    select,
)
from evolution.search import AskTellError, Evaluated, ObjectiveError, Representation, Search
from evolution.variation import VariationError

__all__ = [
    "NSGA2",
    "AskTellError",
    "Categorical",
    "Evaluated",
    "GeneticAlgorithm",
    "GenomeError",
    "GenomeSpec",
    "Genomes",
    "Integer",
    "Islands",
    "Lexicase",
    "Locus",
    "Network",
    "ObjectiveError",
    "Permutation",
    "Real",
    "Representation",
    "Search",
    "Simplex",
    "VariationError",
    "Wiring",
    "best_rows",
    "binary_tournament",
    "crowding_distance",
    "evolve",
    "lexicase_select",
    "pareto_ranks",
    "select",
    "tournament_select",
]
