"""Facts with their provenance: who, when, from what, how sure, and for how long."""

from swarm.memory.facts.columns import FOREVER, FactError
from swarm.memory.facts.facts import Facts
from swarm.memory.facts.hops import Neighbourhoods, Ragged
from swarm.memory.facts.reader import Reader
from swarm.memory.facts.writer import Writer

__all__ = ["FOREVER", "FactError", "Facts", "Neighbourhoods", "Ragged", "Reader", "Writer"]
