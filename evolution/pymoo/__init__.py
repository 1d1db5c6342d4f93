"""pymoo's operators and algorithms on arrays, under pymoo's names.

In a pymoo program one line changes::

    -from pymoo.algorithms.moo.nsga2 import NSGA2
    +from evolution.pymoo import NSGA2

Arguments, constraints and callbacks are the same, and so are results, within their chance. Or
take single parts, which fit into any algorithm of pymoo: `RankAndCrowding`,
`ReferenceDirectionSurvival` (NSGA-III), `SPEA2Survival`, `BinaryTournament`, `SBX`, `PM`,
`ExactDuplicateElimination`, `ColumnMating`, `ColumnEvaluator`.
`SearchAlgorithm` lets ``minimize`` run any `evolution.Search`, which is faster still.

Guarantees: chance comes from the ``random_state`` that pymoo seeds, never from a global generator.
Errors: `evolution.AskTellError`, `evolution.ObjectiveError` and `evolution.VariationError` (all
ValueErrors). Needs a pymoo that hands a ``random_state`` to its operators, as 0.6.2 does.
"""

from evolution.pymoo.algorithm import SearchAlgorithm
from evolution.pymoo.duplicates import ExactDuplicateElimination
from evolution.pymoo.evaluation import ColumnEvaluator
from evolution.pymoo.mating import ColumnMating
from evolution.pymoo.nsga2 import NSGA2
from evolution.pymoo.operators import PM, SBX
from evolution.pymoo.selection import BinaryTournament
from evolution.pymoo.survival import (
    RankAndCrowding,
    ReferenceDirectionSurvival,
    SPEA2Survival,
)

__all__ = [
    "NSGA2",
    "PM",
    "SBX",
    "BinaryTournament",
    "ColumnEvaluator",
    "ColumnMating",
    "ExactDuplicateElimination",
    "RankAndCrowding",
    "ReferenceDirectionSurvival",
    "SPEA2Survival",
    "SearchAlgorithm",
]
