"""Several objectives at once: Pareto ranks, and the searches that rest on them.

Searches: `NSGA2`, `NSGA3`, `SPEA2`. Their parts, as functions of objectives ``F[n, M]``:
`pareto_ranks`, `crowding_distance`, `select` (NSGA-II), `spea2_fitness`, `spea2_select` (SPEA2),
`das_dennis`, `ReferenceSurvival`, `niche_select` (NSGA-III).
"""

from evolution.pareto.directions import das_dennis
from evolution.pareto.niches import associate, niche_select
from evolution.pareto.niching import ReferenceSurvival
from evolution.pareto.nsga2 import NSGA2
from evolution.pareto.nsga3 import NSGA3
from evolution.pareto.ranking import (
    best_rows,
    binary_tournament,
    crowding_distance,
    pareto_ranks,
    select,
)
from evolution.pareto.spea2 import SPEA2
from evolution.pareto.strength import spea2_fitness, spea2_select

__all__ = [
    "NSGA2",
    "NSGA3",
    "SPEA2",
    "ReferenceSurvival",
    "associate",
    "best_rows",
    "binary_tournament",
    "crowding_distance",
    "das_dennis",
    "niche_select",
    "pareto_ranks",
    "select",
    "spea2_fitness",
    "spea2_select",
]
