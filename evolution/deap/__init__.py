"""DEAP's selections, operators and loops on arrays, under DEAP's names.

In a DEAP program the import changes::

    -from deap import algorithms, base, creator, tools
    +from deap import base, creator
    +from evolution.deap import seeded
    +tools, algorithms = seeded(1)

and ``tools.selNSGA2``, ``algorithms.varAnd`` and the rest of what stands below are ours, all
drawing from one generator; everything else is still DEAP's. Loops that a program writes itself
gain most where they call ``algorithms.varAnd`` instead of ``toolbox.mate`` and ``toolbox.mutate``
for every pair.

Or one line: ``toolbox.register("select", selNSGA2)``, with ``rng=`` where a function draws:
``toolbox.register("select", selTournament, tournsize=3, rng=rng)``.

Two more lines make the rest faster too: genes in arrays (``creator.create("Individual",
ArrayIndividual, ...)``), and an objective that takes all of them at once
(``toolbox.register("map", map_rows)``).

Guarantees: never a global generator, so a result depends on nothing but the arguments and the
generator's stream. Errors: `ToolboxError`, `evolution.ObjectiveError` and
`evolution.VariationError` (all ValueErrors).
"""

from evolution.deap.algorithms import eaMuCommaLambda, eaMuPlusLambda, eaSimple, varAnd, varOr
from evolution.deap.individuals import ArrayIndividual, clone, map_rows
from evolution.deap.lexicase import selAutomaticEpsilonLexicase, selEpsilonLexicase, selLexicase
from evolution.deap.operators import crossover, mutation
from evolution.deap.seeded import seeded
from evolution.deap.selection import selNSGA2, selSPEA2, selTournament, selTournamentDCD
from evolution.deap.toolbox import Fitness, Individual, ToolboxError
from evolution.deap.variation import (
    cxOnePoint,
    cxSimulatedBinaryBounded,
    cxTwoPoint,
    cxUniform,
    mutFlipBit,
    mutGaussian,
    mutPolynomialBounded,
)

__all__ = [
    "ArrayIndividual",
    "Fitness",
    "Individual",
    "ToolboxError",
    "clone",
    "crossover",
    "cxOnePoint",
    "cxSimulatedBinaryBounded",
    "cxTwoPoint",
    "cxUniform",
    "eaMuCommaLambda",
    "eaMuPlusLambda",
    "eaSimple",
    "map_rows",
    "mutFlipBit",
    "mutGaussian",
    "mutPolynomialBounded",
    "mutation",
    "seeded",
    "selAutomaticEpsilonLexicase",
    "selEpsilonLexicase",
    "selLexicase",
    "selNSGA2",
    "selSPEA2",
    "selTournament",
    "selTournamentDCD",
    "varAnd",
    "varOr",
]
