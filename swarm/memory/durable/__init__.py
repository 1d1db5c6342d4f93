"""Facts that outlive the process: a log, snapshots, names, and any past tick read back."""

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.history import Mark, at, episodes, marks
from swarm.memory.durable.log import Log
from swarm.memory.durable.logged import LoggedFacts
from swarm.memory.durable.names import Names, NameTable
from swarm.memory.durable.reader import LogReader, Position, Torn
from swarm.memory.durable.salvage import Salvaged, salvage
from swarm.memory.durable.snapshot import Snapshot, read_snapshot, write_snapshot
from swarm.memory.durable.store import FactStore

__all__ = [
    "DurableError",
    "FactStore",
    "Log",
    "LogReader",
    "LoggedFacts",
    "Mark",
    "NameTable",
    "Names",
    "Position",
    "Salvaged",
    "Snapshot",
    "Torn",
    "at",
    "episodes",
    "marks",
    "read_snapshot",
    "salvage",
    "write_snapshot",
]
