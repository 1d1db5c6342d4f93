"""Facts with their provenance: who, when, from what, how sure, and for how long.

facts.py       write, match, neighbours, ends      combining.py   what all who say it make of it
reader.py      for who may see a part of it        derivation.py  what rests on what, withdrawal
writer.py      in the name of one author           tracing.py     where it came from, to read
walks.py       paths between entities              export.py      NetworkX, pandas, triples
"""

from swarm.memory.facts.columns import FOREVER, FactError
from swarm.memory.facts.combining import Contested, belief, contested
from swarm.memory.facts.derivation import (
    Withdrawal,
    audit,
    check,
    derived,
    grounds,
    withdraw,
    withdraw_author,
)
from swarm.memory.facts.export import from_frame, from_networkx, to_networkx, to_triples
from swarm.memory.facts.facts import Facts
from swarm.memory.facts.hops import Neighbourhoods, Ragged
from swarm.memory.facts.reader import Reader
from swarm.memory.facts.tracing import trace
from swarm.memory.facts.walks import Paths, paths, shortest, strongest
from swarm.memory.facts.writer import Writer

__all__ = [
    "FOREVER",
    "Contested",
    "FactError",
    "Facts",
    "Neighbourhoods",
    "Paths",
    "Ragged",
    "Reader",
    "Withdrawal",
    "Writer",
    "audit",
    "belief",
    "check",
    "contested",
    "derived",
    "from_frame",
    "from_networkx",
    "grounds",
    "paths",
    "shortest",
    "strongest",
    "to_networkx",
    "to_triples",
    "trace",
    "withdraw",
    "withdraw_author",
]
