"""Gossip: membership and broadcast, beside what theory and published work say."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import broadcast, swim
from benchmarks.rows import Row


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of membership, then those of broadcast."""
    yield from swim.rows(quick)
    yield from broadcast.rows(quick)
