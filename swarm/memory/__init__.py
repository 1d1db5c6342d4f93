"""The shared memory: findings with their provenance, and a tally of what they say."""

from swarm.memory.findings import FindingError, Findings
from swarm.memory.tally import MemoryLimitError, Tally, TallyError, surprisal

__all__ = [
    "FindingError",
    "Findings",
    "MemoryLimitError",
    "Tally",
    "TallyError",
    "surprisal",
]
