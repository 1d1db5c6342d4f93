"""Clocks that respect causes: hybrid logical clocks and version vectors.

Kulkarni, Demirbas, Madappa, Avva & Leone 2014, "Logical physical clocks", OPODIS. A stamp is one
int64: the physical part in the high 47 bits, a counter of 16 bits below it. Stamps are compared
as plain numbers, so columns of them are too.

Guarantees: the stamps of a clock ascend strictly; a stamp given after another was observed is
greater than it (what happened before has the smaller stamp); the physical part is never behind
the physical time given, and ahead of it only as far as the clocks observed are. Physical time is
an argument (in a world it is the tick): nothing here asks the machine what time it is. A counter
that is full carries into the physical part, so the order holds even then.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.replicas.errors import ReplicaError

COUNTER_BITS = 16
LATEST = 2**47 - 1
_FULL = 2**63 - 1


def packed(physical: int, counter: int = 0) -> int:
    """Pack a physical time 0..2⁴⁷−1 and a counter 0..2¹⁶−1 into a stamp."""
    if not 0 <= physical <= LATEST:
        raise ReplicaError(
            f"physical time must lie in 0..2**47−1, such as the tick 12; got {physical}."
        )
    if not 0 <= counter < 2**COUNTER_BITS:
        raise ReplicaError(f"a counter must lie in 0..2**16−1; got {counter}.")
    return physical << COUNTER_BITS | counter


def unpacked(stamp: int) -> tuple[int, int]:
    """Take a stamp apart into physical time and counter."""
    return stamp >> COUNTER_BITS, stamp & (2**COUNTER_BITS - 1)


class HybridClock:
    """A hybrid logical clock.

    >>> clock = HybridClock()
    >>> unpacked(clock.tick(7)), unpacked(clock.tick(7)), unpacked(clock.tick(9))
    ((7, 0), (7, 1), (9, 0))

    Attributes:
        stamp: the latest stamp given or observed; 0 at first.
    """

    __slots__ = ("stamp",)

    def __init__(self, stamp: int = 0) -> None:
        self.stamp = stamp

    def tick(self, physical: int) -> int:
        """Stamp a local event, or the sending of a message (Figure 5 of the paper)."""
        stamp = max(self.stamp + 1, packed(physical))
        if stamp > _FULL:
            raise ReplicaError(
                "the clock has reached 2**63−1: somebody's physical time lay at the end of time. "
                "Give ticks, such as 12."
            )
        self.stamp = stamp
        return stamp

    def receive(self, stamp: int, physical: int) -> int:
        """Stamp the receipt of a message that carries a stamp (Figure 5 of the paper)."""
        self.observe(stamp)
        return self.tick(physical)

    def observe(self, stamp: int) -> None:
        """Learn of a stamp without an event of one's own: later ticks will exceed it."""
        if not 0 <= stamp <= _FULL:
            raise ReplicaError(
                f"a stamp must lie in 0..2**63−1, as packed(7, 0) does; got {stamp}."
            )
        self.stamp = max(self.stamp, stamp)


def version_of(version: ArrayLike, replicas: int) -> NDArray[np.int64]:
    """Check a version vector: for each replica, how many of its events are known.

    Returns:
        int64[replicas], all ≥ 0.

    Raises:
        ReplicaError: for another shape, or a negative count.
    """
    counts = np.asarray(version)
    if counts.shape != (replicas,) or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ReplicaError(
            f"a version has one count ≥ 0 for each of the {replicas} replicas, such as "
            f"np.zeros({replicas}, np.int64); got {counts.dtype}{list(counts.shape)}."
        )
    return counts.astype(np.int64)


def follows(later: ArrayLike, earlier: ArrayLike) -> bool:
    """Whether one version knows all that another knows; if neither does they are concurrent."""
    return bool((np.asarray(later) >= np.asarray(earlier)).all())
