"""Several objectives at once: Pareto ranks, and the searches that rest on them."""

from evolution.pareto.nsga2 import NSGA2
from evolution.pareto.ranking import (
    best_rows,
    binary_tournament,
    crowding_distance,
    pareto_ranks,
    select,
)

__all__ = [
    "NSGA2",
    "best_rows",
    "binary_tournament",
    "crowding_distance",
    "pareto_ranks",
    "select",
]
