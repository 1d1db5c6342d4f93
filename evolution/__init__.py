"""Evolution on columns: a genome is data, and a population of genomes is one array per locus.

`GenomeSpec` names the loci (`Real`, `Integer`, `Categorical`, `Permutation`, `Simplex`, `Network`,
`Program`), samples, crosses, mutates and checks genomes. Every algorithm is a `Search`: ``ask()``
for genomes, evaluate them, ``tell`` their objectives, all minimised; `evolve` is that loop, on any
number of cores, and `Islands` stand around any of them. Nothing here knows what a genome means.

Rooms: `evolution.genomes`, `evolution.variation`, `evolution.pareto` (several objectives),
`evolution.strategies` (CMA-ES), `evolution.diversity` (MAP-Elites, novelty), `evolution.neat`,
`evolution.programs` (genetic programming), `evolution.surrogates` (fewer evaluations). Drop-ins:
`evolution.deap`, `evolution.pymoo`, `evolution.neat_python`.
"""

from evolution.diversity import CVT, Grid, MAPElites, NoveltySearch
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
    load_state,
    read_genomes,
    save_state,
    write_genomes,
)
from evolution.islands import Islands
from evolution.lexicase import Lexicase, lexicase_select
from evolution.neat import NEAT
from evolution.pareto import (
    NSGA2,
    NSGA3,
    SPEA2,
    best_rows,
    binary_tournament,
    crowding_distance,
    das_dennis,
    pareto_ranks,
    select,
)
from evolution.programs import GeneticProgramming, PrimitiveSet, Program
from evolution.search import AskTellError, Evaluated, ObjectiveError, Representation, Search
from evolution.strategies import CMAES
from evolution.surrogates import Preselection
from evolution.variation import VariationError

__all__ = [
    "CMAES",
    "CVT",
    "NEAT",
    "NSGA2",
    "NSGA3",
    "SPEA2",
    "AskTellError",
    "Categorical",
    "Evaluated",
    "GeneticAlgorithm",
    "GeneticProgramming",
    "GenomeError",
    "GenomeSpec",
    "Genomes",
    "Grid",
    "Integer",
    "Islands",
    "Lexicase",
    "Locus",
    "MAPElites",
    "Network",
    "NoveltySearch",
    "ObjectiveError",
    "Permutation",
    "Preselection",
    "PrimitiveSet",
    "Program",
    "Real",
    "Representation",
    "Search",
    "Simplex",
    "VariationError",
    "Wiring",
    "best_rows",
    "binary_tournament",
    "crowding_distance",
    "das_dennis",
    "evolve",
    "lexicase_select",
    "load_state",
    "pareto_ranks",
    "read_genomes",
    "save_state",
    "select",
    "tournament_select",
    "write_genomes",
]
