"""The settings of a group that keeps its membership by SWIM and Lifeguard.

The defaults are those of memberlist on a local network; the papers are named in `rules.py`.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

_NACK_AFTER = 0.8
_SYNC_UNSCALED = 32
_COUNTS = (
    "indirect",
    "gossip_fanout",
    "retransmit_multiplier",
    "suspicion_multiplier",
    "confirmations",
    "sync_interval",
    "gossip_to_the_dead",
)


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
