"""Facts with their provenance: who, when, from what, how sure, and for how long."""

from swarm.memory.facts.columns import FOREVER, FactError
from swarm.memory.facts.facts import Facts

__all__ = ["FOREVER", "FactError", "Facts"]
