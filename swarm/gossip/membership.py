"""Group membership by gossip: the rules of SWIM and Lifeguard, for both engines.

Das, Gupta & Motivala 2002, "SWIM: scalable weakly-consistent infection-style process group
membership protocol", DSN; Dadgar, Phillips & Currey 2018, "Lifeguard: local health awareness for
more accurate failure detection", DSN workshops, arXiv 1707.00788. The default settings are those
of memberlist on a local network. `SwimProtocol` (events) and `SwimRounds` (compiled) both play by
the functions below.

What a member holds of another is one number, its *rank*: 3·incarnation + status, with alive 0 <
suspect 1 < dead 2. News overrides what is held if and only if its rank is higher. Within an
incarnation dead beats suspect beats alive, and only the subject itself can start a higher one, to
refute. A member nobody has heard of has the rank `ABSENT`, dead in incarnation −1.

Guarantees: the order is total, so members that have heard the same news hold the same view, in
whatever order it came; a sweep of probes visits every member once, in an order of its own for
each member and sweep, that is computed and not stored.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import GAMMA, mixed

ALIVE, SUSPECT, DEAD = 0, 1, 2
ABSENT = -1
MESSAGES = ("probe", "indirect", "gossip", "sync")
CRASH, JOIN, PAUSE, RESUME, SPLIT, HEAL = range(6)
_NACK_AFTER = 0.8
_SYNC_UNSCALED = 32


class MembershipError(ValueError):
    """Settings or happenings that no group can live by."""


@dataclass(frozen=True)
class Swim:
    """The settings of a group; times in seconds.

    Attributes:
        probe_interval: a member probes one other in each.
        probe_timeout: how long it waits for an answer before it asks others to probe.
        indirect: how many it asks (SWIM's k); 0 for none.
        round_robin: probe in shuffled sweeps (SWIM 4.3) and not at random.
        gossip_interval, gossip_fanout: messages with nothing but news, to so many members; with
            a fan-out of 0 news rides on probes alone, as in the paper.
        updates_per_message: the most pieces of news that one message carries.
        retransmit_multiplier: a member sends news this × ⌈log10(n + 1)⌉ times at most.
        suspicion: suspect before declaring dead (SWIM 4.2).
        suspicion_multiplier: the least suspicion lasts this × max(1, log10 n) probe intervals.
        suspicion_max_multiplier: Lifeguard's unconfirmed suspicion lasts this × the least.
        confirmations: independent suspicions that bring it down to the least.
        local_health_probe: Lifeguard: a member whose own probes fail probes more patiently.
        local_health_suspicion: Lifeguard: suspicions start long, confirmations shorten them.
        buddy: Lifeguard: a ping tells a suspect that it is suspected.
        awareness_max: the patience of a member is multiplied by this at most.
        sync_interval: two members exchange all they hold (push–pull), and one that is held dead
            is tried; scaled by log2 n above 32 members, `sync_seconds`; 0 for never.
        gossip_to_the_dead: news still goes to members held dead for so long, that they may refute.

    Raises:
        MembershipError: for times or counts that make no sense.
    """

    probe_interval: float = 1.0
    probe_timeout: float = 0.5
    indirect: int = 3
    round_robin: bool = True
    gossip_interval: float = 0.2
    gossip_fanout: int = 3
    updates_per_message: int = 16
    retransmit_multiplier: int = 4
    suspicion: bool = True
    suspicion_multiplier: float = 4.0
    suspicion_max_multiplier: float = 6.0
    confirmations: int = 2
    local_health_probe: bool = True
    local_health_suspicion: bool = True
    buddy: bool = True
    awareness_max: int = 8
    sync_interval: float = 30.0
    gossip_to_the_dead: float = 30.0

    def __post_init__(self) -> None:
        if not 0 < self.probe_timeout < self.probe_interval or self.gossip_interval <= 0:
            raise MembershipError(
                "times must be 0 < probe_timeout < probe_interval and 0 < gossip_interval, such "
                f"as 0.5, 1.0 and 0.2 s; got {self.probe_timeout}, {self.probe_interval} and "
                f"{self.gossip_interval}."
            )
        least = {"updates_per_message": 1, "awareness_max": 1, "suspicion_max_multiplier": 1}
        for name in (*_COUNTS, *least):
            if not getattr(self, name) >= least.get(name, 0):
                raise MembershipError(
                    f"{name} must be at least {least.get(name, 0)}; got {getattr(self, name)}."
                )

    def without_lifeguard(self) -> "Swim":
        """The same settings as plain SWIM, with Lifeguard's three parts off."""
        return replace(self, local_health_probe=False, local_health_suspicion=False, buddy=False)

    @property
    def nack_after(self) -> float:
        """Seconds after which one asked to probe says that it had no answer either."""
        return _NACK_AFTER * self.probe_timeout

    def retransmit_limit(self, n: int) -> int:
        """How often a member of n sends one piece of news."""
        return self.retransmit_multiplier * math.ceil(math.log10(n + 1))

    def suspicion_seconds(self, n: int) -> NDArray[np.float64]:
        """How long a suspicion in a group of n lasts after 0..K confirmations, float64[K + 1].

        Lifeguard section IV-B: max(Min, Max − (Max − Min)·ln(C + 1) / ln(K + 1)). Without
        Lifeguard, or in a group too small to give K confirmations, K is 0 and it lasts Min.
        """
        least = self.suspicion_multiplier * max(1.0, math.log10(max(1, n))) * self.probe_interval
        possible = self.local_health_suspicion and n - 2 >= self.confirmations
        most = least * self.suspicion_max_multiplier
        if not possible or self.confirmations == 0:
            return np.array([least])
        share = np.log1p(np.arange(self.confirmations + 1)) / math.log1p(self.confirmations)
        return np.maximum(least, most - (most - least) * share)

    def sync_seconds(self, n: int) -> float:
        """Seconds between two full exchanges that a member of n begins; infinite for never."""
        if self.sync_interval == 0:
            return math.inf
        if n <= _SYNC_UNSCALED:
            return self.sync_interval
        return self.sync_interval * (math.ceil(math.log2(n / _SYNC_UNSCALED)) + 1)


_COUNTS = (
    "indirect",
    "gossip_fanout",
    "retransmit_multiplier",
    "suspicion_multiplier",
    "confirmations",
    "sync_interval",
    "gossip_to_the_dead",
)


@njit(cache=True, nogil=True)
def rank_of(status: int, incarnation: int) -> int:
    """The rank of a status in an incarnation; a higher one overrides a lower one."""
    return 3 * incarnation + status


@njit(cache=True, nogil=True)
def status_of(rank: int) -> int:
    """`ALIVE`, `SUSPECT` or `DEAD`."""
    return rank % 3


@njit(cache=True, nogil=True)
def incarnation_of(rank: int) -> int:
    """The incarnation of the subject that a rank speaks of; −1 for one nobody has heard of."""
    return rank // 3


@njit(cache=True, nogil=True)
def refuted(rank: int) -> int:
    """The rank by which a member answers news that it is suspect or dead: alive, once more."""
    return rank_of(ALIVE, incarnation_of(rank) + 1)


@njit(cache=True, nogil=True)
def doubted(rank: int) -> int:
    """What a full exchange makes of what the other holds: its dead are suspects, to be refuted."""
    return rank - 1 if status_of(rank) == DEAD else rank


@njit(cache=True, nogil=True)
def health_after(health: int, change: int, awareness_max: int) -> int:
    """Lifeguard's local health, 0 (well) .. awareness_max − 1, after good (−) or bad (+) signs."""
    return min(max(health + change, 0), awareness_max - 1)


@njit(cache=True, nogil=True)
def health_change(answered: bool, asked: int, nacks: int) -> int:
    """What a probe tells a member of its own health.

    An answer is a good sign. Without one, each helper that was asked and did not even say that
    it had none is a bad sign; where nobody could be asked, the failure itself is.
    """
    if answered:
        return -1
    return asked - nacks if asked > 0 else 1


@njit(cache=True, nogil=True)
def probe_order(seed: int, member: int, sweep: int, place: int, n: int) -> np.int64:
    """The member 0..n−1 at a place 0..n−1 of a member's sweep of probes.

    A Feistel network of four rounds, walked along its cycle until it lands inside 0..n−1: a
    permutation without a table, since n tables of n places fill the memory of large groups.
    """
    half = np.uint64(2)
    while (np.uint64(1) << (half + half)) < np.uint64(n):
        half += np.uint64(1)
    mask = (np.uint64(1) << half) - np.uint64(1)
    key = mixed(mixed(np.uint64(seed) + np.uint64(member) * GAMMA) + np.uint64(sweep) * GAMMA)
    walked = np.uint64(place)
    while True:
        left, right = walked >> half, walked & mask
        for turn in range(1, 5):
            scrambled = mixed(key + (np.uint64(turn) << np.uint64(40)) + right * GAMMA)
            left, right = right, left ^ (scrambled & mask)
        walked = (left << half) | right
        if walked < np.uint64(n):
            return np.int64(walked)


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


@dataclass(frozen=True)
class History:
    """What the members of a group saw: a row for each change of a view, in columns.

    Attributes:
        time: float64[rows], seconds; observer, subject: int32[rows].
        rank: int32[rows], what the observer holds of the subject from then on.
        sent: int64[members, 4], messages sent, lost ones included, of each kind of `MESSAGES`.
        seconds: how long it went on.
    """

    swim: Swim
    scenario: Scenario
    time: NDArray[np.float64]
    observer: NDArray[np.int32]
    subject: NDArray[np.int32]
    rank: NDArray[np.int32]
    sent: NDArray[np.int64]
    seconds: float

    def first(self, subject: int, at_least: int = SUSPECT, since: float = 0.0) -> float:
        """Seconds until anybody held a subject suspect (or dead) from `since` on; or infinity."""
        seen = (self.subject == subject) & (self.rank % 3 >= at_least) & (self.time >= since)
        return float(self.time[seen].min(initial=math.inf)) - since

    def periods(self, subject: int, crashed: float) -> float:
        """In which probe interval after its crash a member was first probed, 1 for the first.

        The mean under random probing is 1 / (1 − (1 − 1/(n−1))^(n−1)) (SWIM 3.1). Holds where
        probes are not slowed by local health.
        """
        interval = self.swim.probe_interval
        begun = self.first(subject, SUSPECT, crashed) - interval
        return max(1.0, math.ceil(begun / interval - 1e-9)) if math.isfinite(begun) else math.inf

    def spread(self, subject: int, share: float = 1.0, since: float = 0.0) -> float:
        """Seconds from the first that held a subject dead to a share of those who never crash."""
        steady = np.ones(self.scenario.members, bool)
        steady[[member for member, _ in (*self.scenario.crashes, *self.scenario.joins)]] = False
        steady[subject] = False
        seen = (self.subject == subject) & (self.rank % 3 == DEAD) & (self.time >= since)
        if not seen.any():
            return math.inf
        first = np.full(self.scenario.members, math.inf)
        np.minimum.at(first, self.observer[seen], self.time[seen])
        needed = max(1, math.ceil(share * steady.sum()))
        return float(np.sort(first[steady])[needed - 1] - self.time[seen].min())

    def false_positives(self, at_healthy: bool = False) -> int:
        """How often a healthy member, one that never crashes, joins or pauses, was held dead.

        With `at_healthy`, only by observers that are healthy too: FP− of the Lifeguard paper.
        """
        healthy = np.ones(self.scenario.members, bool)
        healthy[[each[0] for each in self.scenario.pauses]] = False
        healthy[[each[0] for each in (*self.scenario.crashes, *self.scenario.joins)]] = False
        wrong = (self.rank % 3 == DEAD) & healthy[self.subject]
        return int(np.count_nonzero(wrong & healthy[self.observer] if at_healthy else wrong))

    def messages(self) -> float:
        """Messages sent for each member and second."""
        return float(self.sent.sum() / self.scenario.members / max(self.seconds, 1e-12))
