"""The shared memory: facts with their provenance, replicas of them, and vectors of what they say.

    facts/      who said what, when, from what, how sure   encoders/  items as vectors, versions
    durable/    on disk, to the last acknowledged byte     vectors/   who is near, of 100 or 10⁸
    replicas/   types that converge, whatever is lost      shards/    many indexes, few are asked
    tally.py    how often and how strongly it is said      edition.py what a group knows of it
    priority.py who said it first

Names are imported when they are first used, so that facts do not wait for vectors.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from swarm.memory.durable import DurableError, FactStore, salvage
    from swarm.memory.edition import Edition
    from swarm.memory.encoders import (
        Encoder,
        EncoderError,
        HashedNgrams,
        RelationalProfile,
        SentenceEncoder,
        VersionedVectors,
        train_adapter,
    )
    from swarm.memory.facts import FOREVER, FactError, Facts, Reader, Writer
    from swarm.memory.replicas import (
        AntiEntropy,
        GCounter,
        Log,
        LWWMap,
        Network,
        ORSet,
        PNCounter,
        Replica,
        ReplicaError,
    )
    from swarm.memory.shards import RoutingTable, ShardError, Shards
    from swarm.memory.tally import MemoryLimitError, Tally, TallyError, surprisal
    from swarm.memory.vectors import (
        HNSW,
        IVFPQ,
        Exact,
        Neighbours,
        VectorError,
        VectorIndex,
        novelty,
        vector_index,
    )

__all__ = [
    "FOREVER",
    "HNSW",
    "IVFPQ",
    "AntiEntropy",
    "DurableError",
    "Edition",
    "Encoder",
    "EncoderError",
    "Exact",
    "FactError",
    "FactStore",
    "Facts",
    "GCounter",
    "HashedNgrams",
    "LWWMap",
    "Log",
    "MemoryLimitError",
    "Neighbours",
    "Network",
    "ORSet",
    "PNCounter",
    "Reader",
    "RelationalProfile",
    "Replica",
    "ReplicaError",
    "RoutingTable",
    "SentenceEncoder",
    "ShardError",
    "Shards",
    "Tally",
    "TallyError",
    "VectorError",
    "VectorIndex",
    "VersionedVectors",
    "Writer",
    "novelty",
    "salvage",
    "surprisal",
    "train_adapter",
    "vector_index",
]

_HOMES = {
    "durable": ("DurableError", "FactStore", "salvage"),
    "edition": ("Edition",),
    "encoders": (
        "Encoder",
        "EncoderError",
        "HashedNgrams",
        "RelationalProfile",
        "SentenceEncoder",
        "VersionedVectors",
        "train_adapter",
    ),
    "facts": ("FOREVER", "FactError", "Facts", "Reader", "Writer"),
    "replicas": (
        "AntiEntropy",
        "GCounter",
        "LWWMap",
        "Log",
        "Network",
        "ORSet",
        "PNCounter",
        "Replica",
        "ReplicaError",
    ),
    "shards": ("RoutingTable", "ShardError", "Shards"),
    "tally": ("MemoryLimitError", "Tally", "TallyError", "surprisal"),
    "vectors": (
        "HNSW",
        "IVFPQ",
        "Exact",
        "Neighbours",
        "VectorError",
        "VectorIndex",
        "novelty",
        "vector_index",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'swarm.memory' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"swarm.memory.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
