"""What people wait for: handing out work, sweeps, the dashboard, the first picture; a file a part.

Each module's ``rows(quick)`` checks that we and the peer agree before it times either.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from benchmarks.rows import Row

PARTS = ("executors", "sweeps", "dash", "first_steps")


def rows(quick: bool, parts: tuple[str, ...] = PARTS) -> Iterator[Row]:
    """The rows of these parts; a part's peers are imported when its turn comes."""
    for part in parts:
        yield from import_module(f"benchmarks.experience.{part}").rows(quick)
