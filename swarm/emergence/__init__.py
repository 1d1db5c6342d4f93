"""Emergence: measures of what the whole does that no part does."""

from swarm.emergence.against_chance import AgainstChance
from swarm.emergence.agreement import adjusted_rand, normalised_mutual_information
from swarm.emergence.communities import (
    Communities,
    ExchangeError,
    exchange_graph,
    find_communities,
    modularity_against_chance,
)
from swarm.emergence.contingency import TableError
from swarm.emergence.division_of_labour import (
    DivisionOfLabour,
    division_against_chance,
    division_of_labour,
)

__all__ = [
    "AgainstChance",
    "Communities",
    "DivisionOfLabour",
    "ExchangeError",
    "TableError",
    "adjusted_rand",
    "division_against_chance",
    "division_of_labour",
    "exchange_graph",
    "find_communities",
    "modularity_against_chance",
    "normalised_mutual_information",
]
