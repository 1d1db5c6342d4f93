"""What befalls a group: crashes, joins, pauses, partitions and loss, in the order of time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from swarm.gossip.swim.settings import MembershipError

CRASH, JOIN, PAUSE, RESUME, SPLIT, HEAL = range(6)


@dataclass(frozen=True)
class Scenario:
    """What befalls a group; times in seconds from the beginning.

    Attributes:
        members: how many there are in all, named 0..members−1.
        seconds: how long it goes on.
        crashes: (member, at): it stops for good, or until it joins again.
        joins: (member, at): it comes anew, absent before, or comes back after a crash.
        pauses: (member, from, until): it neither sends nor receives, though its clocks run on;
            what was sent to it waits. The slow members of the Lifeguard paper.
        partitions: (from, until, one side): messages between the sides are lost.
        loss: probability that a message is lost; full exchanges, over a stream, are not.

    Raises:
        MembershipError: for members, times or orders that cannot be.
    """

    members: int
    seconds: float
    crashes: Sequence[tuple[int, float]] = ()
    joins: Sequence[tuple[int, float]] = ()
    pauses: Sequence[tuple[int, float, float]] = ()
    partitions: Sequence[tuple[float, float, Sequence[int]]] = ()
    loss: float = 0.0
    happenings: tuple[tuple[float, int, int, float], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.members < 2 or not 0 <= self.loss <= 1 or self.seconds < 0:
            raise MembershipError(
                "a scenario needs members ≥ 2, seconds ≥ 0 and loss in [0, 1], such as "
                f"Scenario(100, 30.0, loss=0.01); got {self.members}, {self.seconds}, {self.loss}."
            )
        found = [(at, CRASH, member, at) for member, at in self.crashes]
        found += [(at, JOIN, member, at) for member, at in self.joins]
        for member, begin, end in self.pauses:
            found += [(begin, PAUSE, member, end), (end, RESUME, member, end)]
        for side, (begin, end, _) in enumerate(self.partitions):
            found += [(begin, SPLIT, side, end), (end, HEAL, side, end)]
        found.sort(key=lambda each: each[0])
        object.__setattr__(self, "happenings", tuple(found))
        self._check()

    def _check(self) -> None:
        named = [each[2] for each in self.happenings if each[1] < SPLIT]
        named += [member for *_, side in self.partitions for member in side]
        if named and not (min(named) >= 0 and max(named) < self.members):
            raise MembershipError(
                f"members are 0..{self.members - 1}; got {min(named)}..{max(named)}."
            )
        spans = [(begin, end) for _, begin, end in self.pauses]
        spans += [(begin, end) for begin, end, _ in self.partitions]
        if any(not 0 <= begin < end for begin, end in spans):
            raise MembershipError("pauses and partitions need 0 ≤ from < until, such as 5.0, 9.0.")
        apart = sorted((begin, end) for begin, end, _ in self.partitions)
        if any(later[0] < earlier[1] for earlier, later in pairwise(apart)):
            raise MembershipError("one partition at a time: a later one begins before one ends.")
        there = ~self.late
        for at, kind, member, _ in self.happenings:
            if kind in (CRASH, JOIN):
                if there[member] == (kind == JOIN):
                    raise MembershipError(
                        f"member {member} cannot {'join' if kind == JOIN else 'crash'} at {at}: "
                        f"it is {'there' if there[member] else 'not there'}."
                    )
                there[member] = kind == JOIN

    @property
    def late(self) -> NDArray[np.bool_]:
        """Which members are absent at the beginning, bool[members]."""
        absent = np.zeros(self.members, bool)
        seen: set[int] = set()
        for _, kind, member, _ in self.happenings:
            if kind in (CRASH, JOIN) and member not in seen:
                seen.add(member)
                absent[member] = kind == JOIN
        return absent
