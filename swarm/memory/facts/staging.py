"""Facts that were added one by one, on their way into the columns together."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm.memory.facts.batch import CHUNK, SHARES, WHOLE, Block

ROWS = CHUNK
"""Most facts that wait, as many as fit into a block: 88 bytes each."""
ROW = struct.Struct(f"={len(WHOLE)}q{len(SHARES)}d")


class Staging:
    """A table of up to `ROWS` facts and their evidence.

    Attributes:
        room: bytes, to pack rows into in the order of `WHOLE` and `SHARES`, with `ROW`.
        grounds: the evidence of all, one fact's after another's.
        cited: number of the fact, and how many grounds it has, for those that have some.
    """

    def __init__(self) -> None:
        self.room = bytearray(ROWS * ROW.size)
        self.grounds: list[int] = []
        self.cited: list[tuple[int, int]] = []

    def cite(self, number: int, grounds: Sequence[int]) -> None:
        """Note the evidence of the fact that waits at a place."""
        self.grounds += grounds
        self.cited.append((number, len(grounds)))

    def lay(self, block: Block, count: int) -> None:
        """Lay the first `count` facts into a block."""
        table = np.frombuffer(self.room, np.int64).reshape(ROWS, -1)[:count]
        block.whole[:, :count] = table[:, : len(WHOLE)].T
        block.shares[:, :count] = table[:, len(WHOLE) :].view(np.float64).T

    def take_evidence(self, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Grounds and counts of the first `count` facts, which are forgotten here."""
        counts = np.zeros(count, np.int64)
        for number, grounds in self.cited:
            counts[number] = grounds
        ids = np.array(self.grounds, np.int64)
        self.grounds, self.cited = [], []
        return ids, counts
