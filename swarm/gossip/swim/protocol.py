"""SWIM and Lifeguard message by message, as SimPy processes: for studies of up to ~10k members.

Every member is three processes: it probes, it gossips and, now and then, it exchanges all it
holds with another. Messages take time, get lost, wait at paused members and do not cross
partitions. The rules and the papers are in `rules.py`; `rounds.py` plays by the same rules in
compiled rounds, for larger groups.

A paused member neither sends nor receives: when the pause ends its ping and its gossip leave, and
then its inbox is read. Its clocks run on, so that its probe fails and its suspicions end meanwhile.

Guarantees: equal generators give equal histories, whether `run` is called once or in steps; a
member's own view of itself is always alive; nothing is sent by the crashed.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from swarm.chance import seed_from
from swarm.gossip.swim.beliefs import SLACK, WELL, Beliefs
from swarm.gossip.swim.history import GOSSIP, INDIRECT, SYNC, History
from swarm.gossip.swim.member import Member
from swarm.gossip.swim.network import ASK, NEWS, Latency, Network, latencies
from swarm.gossip.swim.rules import (
    ABSENT,
    ALIVE,
    DEAD,
    health_after,
    health_change,
    probe_order,
    refuted,
)
from swarm.gossip.swim.scenario import CRASH, HEAL, JOIN, PAUSE, RESUME, SPLIT, Scenario
from swarm.gossip.swim.settings import MembershipError, Swim

if TYPE_CHECKING:
    import simpy

    _Process = Generator[simpy.Event, None, None]

_TRIES = 64


class SwimProtocol:
    """A group whose every message is an event.

    Args:
        swim: the settings.
        scenario: what befalls the group.
        rng: draws a seed, and latencies in blocks.
        latency: seconds that a message takes: uniform in (low, high), or a function of a
            generator and a number of draws.

    Costs about 5 events for each probe and 1 for each message of gossip.

    >>> rng = np.random.default_rng(1)
    >>> group = SwimProtocol(Swim(), Scenario(50, 60.0, crashes=[(7, 5.0)]), rng)
    >>> bool(group.run().spread(7) < 10)
    True
    """

    def __init__(
        self,
        swim: Swim,
        scenario: Scenario,
        rng: np.random.Generator,
        latency: Latency = (0.0005, 0.002),
    ) -> None:
        import simpy  # here, for those who take compiled rounds alone

        self.swim = swim
        self.scenario = scenario
        late = scenario.late
        self._late = late.tolist()
        self._seed = seed_from(rng)
        self._chance = Random(self._seed)
        self._env = simpy.Environment()
        self._members = [Member(i, not late[i]) for i in range(scenario.members)]
        self._beliefs = Beliefs(swim, scenario, self._env)
        self._network = Network(
            swim, scenario, self._env, self._members, self._beliefs, self._chance,
            latencies(latency, rng),
        )  # fmt: skip
        self._env.process(self._befall())
        for member in self._members:
            if member.running:
                self._start(member)

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return float(self._env.now)

    def run(self, until: float | None = None) -> History:
        """Go on to a time, the scenario's end when None; returns all that was seen so far."""
        end = self.scenario.seconds if until is None else until
        if end < self.now:
            raise MembershipError(f"cannot run back to {end} s: it is {self.now} s already.")
        if end > self.now:
            self._env.run(until=end)
        rows = np.array(self._beliefs.rows, dtype=np.float64).reshape(-1, 4)
        rest = rows[:, 1:].astype(np.int32)
        return History(
            self.swim, self.scenario, rows[:, 0].copy(), rest[:, 0].copy(), rest[:, 1].copy(),
            rest[:, 2].copy(), np.array(self._network.sent, np.int64), self.now,
        )  # fmt: skip

    def view(self, observer: int) -> NDArray[np.int32]:
        """The ranks that a member holds of all, int32[members]; status is rank % 3."""
        held = np.where(self._late, ABSENT, WELL).astype(np.int32)
        for subject, belief in self._members[observer].beliefs.items():
            held[subject] = belief.rank
        return held

    # What befalls the group

    def _befall(self) -> _Process:
        for at, kind, who, until in self.scenario.happenings:
            yield self._env.timeout(max(0.0, at - self._env.now))
            if kind == CRASH:
                self._members[who].running = False
                self._members[who].forget()
            elif kind == JOIN:
                self._join(self._members[who])
            elif kind == PAUSE:
                member = self._members[who]
                member.paused_until = max(member.paused_until, until)
            elif kind == RESUME:
                self._resume(self._members[who])
            elif kind in (SPLIT, HEAL):
                for member_of_side in self.scenario.partitions[who][2]:
                    self._network.side[member_of_side] = int(kind == SPLIT)

    def _start(self, member: Member) -> None:
        member.epoch += 1
        self._env.process(self._probing(member))
        if self.swim.gossip_fanout:
            self._env.process(self._gossiping(member))
        if math.isfinite(self.swim.sync_seconds(self.scenario.members)):
            self._env.process(self._syncing(member))

    def _join(self, member: Member) -> None:
        """Take over the view of a random member, then say that one is here."""
        member.running = True
        others = [other for other in self._members if self._network.reachable(member, other)]
        held = self._beliefs.held(member, member.index)
        mine = WELL if held == ABSENT else held
        contact = self._chance.choice(others) if others else None
        if contact is not None:
            known = {**dict.fromkeys(member.beliefs), **dict.fromkeys(contact.beliefs)}
            for subject in known:
                if subject != member.index:
                    self._beliefs.copy(member, contact, subject)
            heard = self._beliefs.held(contact, member.index)
            if heard != ABSENT and heard % 3 != ALIVE and heard >= mine:
                mine = refuted(heard)
        if mine != held:
            self._beliefs.believe(member, member.index, mine, member.index, self._env.now)
        if contact is not None:
            self._network.count(member, SYNC)
            self._network.count(contact, SYNC)
            self._beliefs.hear(contact, member.index, mine, member.index)
        self._start(member)

    # The three processes of a member

    def _probing(self, member: Member) -> _Process:
        swim, env, epoch = self.swim, self._env, member.epoch
        yield env.timeout(self._chance.random() * swim.probe_interval)
        while member.epoch == epoch and member.running:
            begun = env.now
            scale = 1 + member.health if swim.local_health_probe else 1
            end = begun + swim.probe_interval * scale
            target = self._next_target(member)
            if target is None:
                yield env.timeout(swim.probe_interval)
                continue
            member.number += 1
            member.answered, member.nacks, member.due = False, 0, end + SLACK
            ticket = (member.index, member.number)
            self._network.ping(member, target, ticket)
            yield env.timeout(swim.probe_timeout * scale)
            asked: list[int] = []
            if not member.answered:
                yield from self._unpaused(member)
                if member.epoch != epoch or not member.running:
                    return
                asked = self._pick(member, swim.indirect, target)
                for helper in asked:
                    self._network.send(member, helper, ASK, INDIRECT, (target, ticket))
            yield env.timeout(max(0.0, end - env.now))
            if member.epoch != epoch or not member.running:
                return
            change = health_change(member.answered, len(asked), member.nacks)
            if not member.answered:
                self._beliefs.suspect(member, target)
            if swim.local_health_probe:
                member.health = health_after(member.health, change, swim.awareness_max)

    def _gossiping(self, member: Member) -> _Process:
        swim, env, epoch = self.swim, self._env, member.epoch
        phase = self._chance.random() * swim.gossip_interval
        while True:
            if not member.queue:
                member.wake = env.event()
                yield member.wake
            ticks = math.floor((env.now - phase) / swim.gossip_interval + SLACK) + 1
            yield env.timeout(max(0.0, phase + ticks * swim.gossip_interval - env.now))
            member.missed = env.now < member.paused_until
            if member.missed:
                yield from self._unpaused(member)
            elif member.epoch == epoch and member.running:
                self._gossip(member)
            if member.epoch != epoch or not member.running:
                return

    def _gossip(self, member: Member) -> None:
        for target in self._pick(member, self.swim.gossip_fanout, member.index, dead_too=True):
            if not member.queue:
                return
            self._network.send(member, target, NEWS, GOSSIP, None)

    def _syncing(self, member: Member) -> _Process:
        env, epoch = self._env, member.epoch
        every = self.swim.sync_seconds(self.scenario.members)
        yield env.timeout(self._chance.random() * every)
        while True:
            yield from self._unpaused(member)
            if member.epoch != epoch or not member.running:
                return
            for partner in self._pick(member, 1, member.index):
                self._network.exchange(member, self._members[partner])
            dead = [
                subject
                for subject, belief in member.beliefs.items()
                if belief.rank % 3 == DEAD and belief.rank != ABSENT
            ]
            if dead:
                self._network.exchange(member, self._members[self._chance.choice(dead)])
            yield env.timeout(every)

    def _unpaused(self, member: Member) -> _Process:
        while self._env.now < member.paused_until:
            yield self._env.timeout(member.paused_until - self._env.now)
            self._resume(member)

    def _resume(self, member: Member) -> None:
        """At the end of a pause: what was to be sent is sent, then what came is read."""
        if not member.running or self._env.now < member.paused_until:
            return
        if member.missed:
            member.missed = False
            self._gossip(member)
        self._network.read(member)

    # Whom

    def _next_target(self, member: Member) -> int | None:
        """The next in the sweep, or one at random, of those not held dead."""
        n = self.scenario.members
        if not self.swim.round_robin:
            found = self._pick(member, 1, member.index)
            return found[0] if found else None
        for _ in range(2 * n):
            if member.place == n:
                member.place, member.sweep = 0, member.sweep + 1
            target = int(probe_order(self._seed, member.index, member.sweep, member.place, n))
            member.place += 1
            if target != member.index and self._beliefs.held(member, target) % 3 != DEAD:
                return target
        return None

    def _pick(
        self, member: Member, number: int, excluded: int, dead_too: bool = False
    ) -> list[int]:
        """Others at random, without repeats; those long dead are left out, or all the dead."""
        n = self.scenario.members
        picked: list[int] = []
        for _ in range(_TRIES + number):
            if len(picked) == number:
                break
            other = int(self._chance.random() * n)
            if other in (member.index, excluded) or other in picked:
                continue
            if self._beliefs.held(member, other) % 3 == DEAD:
                belief = member.beliefs.get(other)
                lately = self._env.now - self.swim.gossip_to_the_dead
                if not dead_too or belief is None or belief.since < lately:
                    continue
            picked.append(other)
        return picked
