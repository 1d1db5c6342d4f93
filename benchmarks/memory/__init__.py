"""The shared memory beside graph stores, replicated documents and vector indexes, a file a room.

Each module's ``rows(quick)`` checks that we and the peer agree before it times either.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from benchmarks.rows import Row

PARTS = (
    "facts",
    "durable",
    "in_the_world",
    "replicas",
    "vectors",
    "ten_million",
    "migration",
    "routing",
)


def rows(quick: bool, parts: tuple[str, ...] = PARTS) -> Iterator[Row]:
    """The rows of these parts; a part's peers are imported when its turn comes."""
    for part in parts:
        yield from import_module(f"benchmarks.memory.{part}").rows(quick)
