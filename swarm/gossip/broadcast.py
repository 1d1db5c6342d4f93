"""Epidemic broadcast: how many rounds until everybody has heard, and at what price.

Demers et al. 1987, "Epidemic algorithms for replicated database maintenance", PODC. In a round
every member makes `fanout` calls, each to a neighbour drawn uniformly, independently of all others.
The caller tells the called what it knew when the round began ("push"), or is told what the called
knew ("pull"), or both. Who knows nothing sends nothing. Every copy of the rumour sent is one
message, lost independently with probability `loss`. Then every member leaves with probability
`churn`, and a newcomer that knows nothing takes its place and its links.

On the complete graph push takes log2 n + ln n + O(1) rounds (Doerr & Künnemann 2014, "Tight
analysis of randomized rumor spreading in complete graphs", ANALCO) and push–pull log3 n +
O(log log n) (Karp et al. 2000, "Randomized rumor spreading", FOCS). With c calls of which a share s
arrives, push takes about ln n / ln(1 + cs) + ln n / cs rounds.

Guarantees: equal generators give equal broadcasts; without churn the curve never falls; no round
is approximated (see `crowds`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.gossip.crowds import Manner, Mixed, Wired
from swarm.gossip.topology import Complete, Topology

CALLS_MAX = 10**9
"""Calls a round: the most that numpy's hypergeometric draw takes, and 4 GB of who was told."""

MODES = ("push", "pull", "push-pull")


class BroadcastError(ValueError):
    """A source, a rate or groups that no broadcast can have."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Groups that cannot hear each other in the first `rounds` rounds.

    What is said across a partition is lost, and since the call does not arrive it is not answered.

    Attributes:
        groups: int[n], the group of each member, ≥ 0.
        rounds: whole rounds until the partition heals, ≥ 0.

    >>> halves = Partition(np.arange(1000) % 2, rounds=20)
    """

    groups: ArrayLike
    rounds: int


@dataclass(frozen=True, eq=False)
class Broadcast:
    """What came of a broadcast.

    Attributes:
        members: how many there are.
        informed: int64[rounds + 1], how many knew at the start and after each round.
        messages: copies of the rumour sent, lost ones included.
    """

    members: int
    informed: NDArray[np.int64]
    messages: int

    @property
    def rounds(self) -> int:
        """Rounds played: until all knew, or nobody any more, or none were left."""
        return self.informed.size - 1

    @property
    def reached_all(self) -> bool:
        """Whether everybody knew in the end."""
        return bool(self.informed[-1] == self.members)


def broadcast(
    topology: Topology | Complete,
    rng: np.random.Generator,
    mode: Literal["push", "pull", "push-pull"] = "push-pull",
    loss: float = 0.0,
    churn: float = 0.0,
    fanout: int = 1,
    source: int = 0,
    max_rounds: int = 1_000,
    partition: Partition | None = None,
) -> Broadcast:
    """Spread one rumour until all members know it, or nobody does, or `max_rounds` are over.

    Args:
        topology: whom members can call. Who has no neighbours calls nobody.
        rng: gives one seed, and on the complete graph a few draws a round.
        mode: who learns in a call: the called ("push"), the caller ("pull"), or either.
        loss: probability in [0, 1] that a message is lost.
        churn: probability in [0, 1] that a member is replaced at the end of a round.
        fanout: calls that each member makes in a round, ≥ 1; two may go to the same neighbour.
        source: the member that knows at the start, 0..n−1.
        max_rounds: ≥ 0. Mind that with churn a large population is never informed to the last.
        partition: groups that cannot hear each other at first.

    Raises:
        BroadcastError: for settings out of range, or more than 10⁹ calls a round.

    A round costs O(n·fanout), or O(links of the fewer of informed and uninformed) if that is less;
    on the complete graph O(calls that reach the uninformed).

    >>> broadcast(complete(10_000), np.random.default_rng(1)).rounds  # about 11.6
    """
    _check_settings(topology, mode, loss, churn, fanout, source, max_rounds)
    groups = None if partition is None else _groups(partition, topology.n)
    crowd: Mixed | Wired
    if isinstance(topology, Complete):
        crowd = Mixed(topology, source, groups, rng)
    else:
        crowd = Wired(topology, source, groups, rng)
    manner = Manner(mode != "pull", mode != "push", float(loss), int(fanout))
    informed = [1]
    messages = 0
    while 0 < informed[-1] < topology.n and len(informed) <= max_rounds:
        if partition is not None and len(informed) == partition.rounds + 1:
            crowd.heal()
        messages += crowd.talk(manner)
        if churn:
            crowd.replace(float(churn))
        informed.append(crowd.informed)
    return Broadcast(topology.n, np.array(informed, np.int64), messages)


def _groups(partition: Partition, members: int) -> NDArray[np.int64]:
    """The groups as a column of whole numbers below the number of members."""
    given = np.asarray(partition.groups)
    if given.shape != (members,) or given.dtype.kind not in "iu" or (given < 0).any():
        raise BroadcastError(
            f"groups must be int[{members}] ≥ 0, one for each member, such as [0, 0, 1, ...]; "
            f"got {given.dtype}{list(given.shape)}."
        )
    if not _whole(partition.rounds) or partition.rounds < 0:
        raise BroadcastError(
            "rounds of a partition must be a whole number, 0 or more, such as 20; got "
            f"{partition.rounds}."
        )
    return np.unique(given, return_inverse=True)[1].astype(np.int64)


def _check_settings(
    topology: Topology | Complete,
    mode: str,
    loss: float,
    churn: float,
    fanout: int,
    source: int,
    max_rounds: int,
) -> None:
    if mode not in MODES:
        raise BroadcastError(f"mode must be 'push', 'pull' or 'push-pull'; got {mode!r}.")
    for name, rate in (("loss", loss), ("churn", churn)):
        if not 0.0 <= rate <= 1.0:
            raise BroadcastError(f"{name} is a probability in [0, 1], such as 0.1; got {rate}.")
    if not _whole(fanout) or fanout < 1:
        raise BroadcastError(
            f"fanout must be a whole number, at least 1 call a round; got {fanout}."
        )
    if int(topology.n) * int(fanout) > CALLS_MAX:
        raise BroadcastError(
            f"at most {CALLS_MAX:,} calls a round; {topology.n} members make {fanout} each."
        )
    if not _whole(source) or not 0 <= source < topology.n:
        raise BroadcastError(
            f"source must be a member, a whole number in 0..{topology.n - 1}; got {source}. "
            "Members are counted from 0."
        )
    if not _whole(max_rounds) or max_rounds < 0:
        raise BroadcastError(
            f"max_rounds must be a whole number, 0 or more, such as 1000; got {max_rounds}."
        )


def _whole(number: object) -> bool:
    return isinstance(number, (int, np.integer))
