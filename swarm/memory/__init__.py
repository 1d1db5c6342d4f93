"""The shared memory: facts with their provenance, and a tally of what they say."""

from swarm.memory.edition import Edition
from swarm.memory.facts import FOREVER, FactError, Facts
from swarm.memory.tally import MemoryLimitError, Tally, TallyError, surprisal

__all__ = [
    "FOREVER",
    "Edition",
    "FactError",
    "Facts",
    "MemoryLimitError",
    "Tally",
    "TallyError",
    "surprisal",
]
