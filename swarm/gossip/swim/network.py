"""The messages between members, each an event: sent, lost, delayed, waiting, read.

Messages carry news on their back. They take time, get lost, wait at paused members and do not
cross partitions; a full exchange, over a stream, happens at once or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swarm.gossip.swim.beliefs import Beliefs
from swarm.gossip.swim.history import INDIRECT, MESSAGES, PROBE, SYNC
from swarm.gossip.swim.member import Member, News, Ticket
from swarm.gossip.swim.rules import SUSPECT, doubted
from swarm.gossip.swim.scenario import Scenario
from swarm.gossip.swim.settings import MembershipError, Swim

if TYPE_CHECKING:
    import simpy

Latency = tuple[float, float] | Callable[[np.random.Generator, int], NDArray[np.float64]]

PING, ACK, ASK, NACK, NEWS = range(5)
_DRAWN_AT_ONCE = 4096


class Network:
    """What carries messages between members, and what they do when one comes."""

    def __init__(
        self,
        swim: Swim,
        scenario: Scenario,
        env: simpy.Environment,
        members: list[Member],
        beliefs: Beliefs,
        chance: Random,
        latencies: Iterator[float],
    ) -> None:
        self.side = [0] * scenario.members
        self.sent = [[0] * len(MESSAGES) for _ in range(scenario.members)]
        self._swim = swim
        self._loss = scenario.loss
        self._env = env
        self._members = members
        self._beliefs = beliefs
        self._chance = chance
        self._latencies = latencies

    def reachable(self, a: Member, b: Member) -> bool:
        """Whether a stream can be opened from a to b now."""
        return (
            a is not b
            and b.running
            and b.paused_until <= self._env.now
            and self.side[a.index] == self.side[b.index]
        )

    def ping(self, member: Member, target: int, ticket: Ticket) -> None:
        """Ping a target, for a probe of one's own or for another's."""
        belief = member.beliefs.get(target)
        suspected = belief is not None and belief.rank % 3 == SUSPECT
        first = target if self._swim.buddy and suspected else None
        kind = PROBE if ticket[0] == member.index else INDIRECT
        self.send(member, target, PING, kind, ticket, first)

    def send(
        self, a: Member, to: int, what: int, kind: int, about: object, first: int | None = None
    ) -> None:
        """Send one message, with news on its back; it leaves when the sender is not paused."""
        self.count(a, kind)
        news = self._news(a, first)
        lost = self._loss and self._chance.random() < self._loss
        if lost or self.side[a.index] != self.side[to]:
            return
        delay = max(0.0, a.paused_until - self._env.now) + next(self._latencies)
        event = self._env.timeout(delay, (what, a.index, to, kind, about, news))
        event.callbacks.append(self._arrive)

    def _news(self, member: Member, first: int | None) -> list[News]:
        """The news least often sent so far, chance deciding between equals."""
        news: list[News] = []
        if first is not None:
            belief = member.beliefs[first]
            news.append((first, belief.rank, belief.originators[-1]))
        chosen = list(member.queue.items())
        if len(chosen) > self._swim.updates_per_message:
            self._chance.shuffle(chosen)
            chosen.sort(key=lambda item: -item[1].left)
            del chosen[self._swim.updates_per_message :]
        for subject, belief in chosen:
            news.append((subject, belief.rank, belief.originators[-1]))
            belief.left -= 1
            if belief.left == 0:
                del member.queue[subject]
        return news

    def _arrive(self, event: simpy.Event) -> None:
        message: Any = event.value
        member = self._members[message[2]]
        if not member.running:
            return
        if self._env.now < member.paused_until:
            member.inbox.append(message)
        else:
            self._receive(member, message)

    def read(self, member: Member) -> None:
        """Read what came during a pause."""
        waiting, member.inbox = member.inbox, []
        for message in waiting:
            self._receive(member, message)

    def _receive(self, member: Member, message: tuple) -> None:
        what, sender, _, kind, about, news = message
        for subject, rank, originator in news:
            self._beliefs.hear(member, subject, rank, originator)
        if what == PING:
            self.send(member, sender, ACK, kind, about)
        elif what == ACK and about[0] == member.index:
            if about[1] == member.number and self._env.now <= member.due:
                member.answered = True
        elif what == ACK:
            member.relays.discard(about)
            self.send(member, about[0], ACK, INDIRECT, about)
        elif what == ASK:
            target, ticket = about
            member.relays.add(ticket)
            self.ping(member, target, ticket)
            if self._swim.local_health_probe:
                event = self._env.timeout(self._swim.nack_after, (member, ticket))
                event.callbacks.append(self._admit)
        elif what == NACK and about[1] == member.number and self._env.now <= member.due:
            member.nacks += 1

    def _admit(self, event: simpy.Event) -> None:
        """Tell the one who asked that the target has not answered here either."""
        about: Any = event.value
        member, ticket = about
        if ticket in member.relays:
            member.relays.discard(ticket)
            self.send(member, ticket[0], NACK, INDIRECT, ticket)

    def exchange(self, a: Member, b: Member) -> None:
        """Both tell all they hold; what one holds dead the other will only suspect."""
        self.count(a, SYNC)
        if not self.reachable(a, b):
            return
        self.count(b, SYNC)
        for subject in {**dict.fromkeys(a.beliefs), **dict.fromkeys(b.beliefs)}:
            from_a, from_b = self._beliefs.held(a, subject), self._beliefs.held(b, subject)
            self._beliefs.hear(b, subject, doubted(from_a), a.index)
            self._beliefs.hear(a, subject, doubted(from_b), b.index)

    def count(self, member: Member, kind: int) -> None:
        """Count a message that a member has sent."""
        self.sent[member.index][kind] += 1


def latencies(latency: Latency, rng: np.random.Generator) -> Iterator[float]:
    """One latency after another, drawn in blocks."""
    if callable(latency):
        draw = latency
    else:
        low, high = latency
        if not 0 <= low <= high:
            raise MembershipError(
                f"latency must be (low, high) with 0 ≤ low ≤ high seconds, such as (0.001, 0.01), "
                f"or a function of a generator and a number; got {latency}."
            )

        def draw(rng: np.random.Generator, number: int) -> NDArray[np.float64]:
            return rng.uniform(low, high, number)

    while True:
        yield from draw(rng, _DRAWN_AT_ONCE).tolist()
