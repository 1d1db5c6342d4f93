"""What the members of a group saw, and the answers to what is asked of it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swarm.gossip.swim.rules import DEAD, SUSPECT
from swarm.gossip.swim.scenario import Scenario
from swarm.gossip.swim.settings import Swim

MESSAGES = ("probe", "indirect", "gossip", "sync")
PROBE, INDIRECT, GOSSIP, SYNC = range(len(MESSAGES))  # the columns of History.sent


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
