"""SWIM and Lifeguard message by message, as SimPy processes: for studies of up to ~10k members.

Every member is three processes: it probes, it gossips and, now and then, it exchanges all it
holds with another. Messages take time, get lost, wait at paused members and do not cross
partitions. The rules, papers and settings are in `membership.py`; `rounds.py` plays by the same
rules in compiled rounds, for larger groups.

A paused member neither sends nor receives: when the pause ends its ping and its gossip leave, and
then its inbox is read. Its clocks run on, so that its probe fails and its suspicions end meanwhile.

Guarantees: equal generators give equal histories, whether `run` is called once or in steps; a
member's own view of itself is always alive; nothing is sent by the crashed.
"""

import math
from collections.abc import Callable, Generator, Iterator
from random import Random
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from swarm.chance import seed_from
from swarm.gossip.membership import (
    ABSENT,
    ALIVE,
    CRASH,
    DEAD,
    HEAL,
    JOIN,
    PAUSE,
    RESUME,
    SPLIT,
    SUSPECT,
    History,
    MembershipError,
    Scenario,
    Swim,
    doubted,
    health_after,
    health_change,
    probe_order,
    rank_of,
    refuted,
)

Latency = tuple[float, float] | Callable[[np.random.Generator, int], NDArray[np.float64]]
News = tuple[int, int, int]  # subject, rank, who said so first
Ticket = tuple[int, int]  # the prober and the number of its probe

_Process = Generator[simpy.Event, None, None]

_PROBE, _INDIRECT, _GOSSIP, _SYNC = range(4)  # the columns of History.sent
_PING, _ACK, _ASK, _NACK, _NEWS = range(5)
_DRAWN_AT_ONCE = 4096
_TRIES = 64
_SLACK = 1e-9
_WELL = rank_of(ALIVE, 0)


class _Belief:
    """What one member holds of another."""

    __slots__ = ("left", "originators", "rank", "since")

    def __init__(self, rank: int, since: float) -> None:
        self.rank = rank
        self.since = since
        self.originators: list[int] = []  # who suspected, the last to be passed on
        self.left = 0  # times that this news is still to be sent


class _Member:
    __slots__ = (
        "answered",
        "beliefs",
        "due",
        "epoch",
        "health",
        "inbox",
        "index",
        "missed",
        "nacks",
        "number",
        "paused_until",
        "place",
        "queue",
        "relays",
        "running",
        "sweep",
        "wake",
    )

    def __init__(self, index: int, running: bool) -> None:
        self.index = index
        self.running = running
        self.beliefs: dict[int, _Belief] = {}
        self.paused_until = 0.0
        self.inbox: list[tuple] = []
        self.epoch = 0
        self.number = 0
        self.sweep = 0
        self.place = 0
        self.forget()

    def forget(self) -> None:
        """Lose what a crash loses; views and incarnations stay."""
        self.queue: dict[int, _Belief] = {}
        self.inbox.clear()
        self.relays: set[Ticket] = set()  # probes for others, not answered yet
        self.health = 0
        self.answered = False
        self.nacks = 0
        self.missed = False  # had news to send while paused
        self.due = -math.inf  # answers to its probe count until then
        self.wake: simpy.Event | None = None


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
        self.swim = swim
        self.scenario = scenario
        n = scenario.members
        self._seed = seed_from(rng)
        self._chance = Random(self._seed)
        self._latencies = _latencies(latency, rng)
        self._env = simpy.Environment()
        self._limit = swim.retransmit_limit(n)
        self._seconds = swim.suspicion_seconds(n).tolist()
        self._side = [0] * n
        late = scenario.late
        self._late = late.tolist()
        self._members = [_Member(i, not late[i]) for i in range(n)]
        self._rows: list[tuple[float, int, int, int]] = []
        self._sent = [[0, 0, 0, 0] for _ in range(n)]
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
        rows = np.array(self._rows, dtype=np.float64).reshape(-1, 4)
        rest = rows[:, 1:].astype(np.int32)
        return History(
            self.swim, self.scenario, rows[:, 0].copy(), rest[:, 0].copy(), rest[:, 1].copy(),
            rest[:, 2].copy(), np.array(self._sent, np.int64), self.now,
        )  # fmt: skip

    def view(self, observer: int) -> NDArray[np.int32]:
        """The ranks that a member holds of all, int32[members]; status is rank % 3."""
        held = np.where(self._late, ABSENT, _WELL).astype(np.int32)
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
                    self._side[member_of_side] = int(kind == SPLIT)

    def _start(self, member: _Member) -> None:
        member.epoch += 1
        self._env.process(self._probing(member))
        if self.swim.gossip_fanout:
            self._env.process(self._gossiping(member))
        if math.isfinite(self.swim.sync_seconds(self.scenario.members)):
            self._env.process(self._syncing(member))

    def _join(self, member: _Member) -> None:
        """Take over the view of a random member, then say that one is here."""
        member.running = True
        others = [other for other in self._members if self._reachable(member, other)]
        held = self._held(member, member.index)
        mine = _WELL if held == ABSENT else held
        contact = self._chance.choice(others) if others else None
        if contact is not None:
            known = {**dict.fromkeys(member.beliefs), **dict.fromkeys(contact.beliefs)}
            for subject in known:
                if subject != member.index:
                    self._copy(member, contact, subject)
            heard = self._held(contact, member.index)
            if heard != ABSENT and heard % 3 != ALIVE and heard >= mine:
                mine = refuted(heard)
        if mine != held:
            self._believe(member, member.index, mine, member.index, self._env.now)
        if contact is not None:
            self._count(member, _SYNC)
            self._count(contact, _SYNC)
            self._hear(contact, member.index, mine, member.index)
        self._start(member)

    def _copy(self, member: _Member, contact: _Member, subject: int) -> None:
        rank = self._held(contact, subject)
        changed = rank != self._held(member, subject)
        member.beliefs.pop(subject, None)
        if rank != self._base(subject):
            self._believe(member, subject, rank, contact.index, self._env.now, tell=False)
            if not changed:
                self._rows.pop()
        elif changed:
            self._rows.append((self._env.now, member.index, subject, rank))

    def _reachable(self, a: _Member, b: _Member) -> bool:
        return (
            a is not b
            and b.running
            and b.paused_until <= self._env.now
            and self._side[a.index] == self._side[b.index]
        )

    # The three processes of a member

    def _probing(self, member: _Member) -> _Process:
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
            member.answered, member.nacks, member.due = False, 0, end + _SLACK
            ticket = (member.index, member.number)
            self._ping(member, target, ticket)
            yield env.timeout(swim.probe_timeout * scale)
            asked: list[int] = []
            if not member.answered:
                yield from self._unpaused(member)
                if member.epoch != epoch or not member.running:
                    return
                asked = self._pick(member, swim.indirect, target)
                for helper in asked:
                    self._send(member, helper, _ASK, _INDIRECT, (target, ticket))
            yield env.timeout(max(0.0, end - env.now))
            if member.epoch != epoch or not member.running:
                return
            change = health_change(member.answered, len(asked), member.nacks)
            if not member.answered:
                self._suspect(member, target)
            if swim.local_health_probe:
                member.health = health_after(member.health, change, swim.awareness_max)

    def _gossiping(self, member: _Member) -> _Process:
        swim, env, epoch = self.swim, self._env, member.epoch
        phase = self._chance.random() * swim.gossip_interval
        while True:
            if not member.queue:
                member.wake = env.event()
                yield member.wake
            ticks = math.floor((env.now - phase) / swim.gossip_interval + _SLACK) + 1
            yield env.timeout(max(0.0, phase + ticks * swim.gossip_interval - env.now))
            member.missed = env.now < member.paused_until
            if member.missed:
                yield from self._unpaused(member)
            elif member.epoch == epoch and member.running:
                self._gossip(member)
            if member.epoch != epoch or not member.running:
                return

    def _gossip(self, member: _Member) -> None:
        for target in self._pick(member, self.swim.gossip_fanout, member.index, dead_too=True):
            if not member.queue:
                return
            self._send(member, target, _NEWS, _GOSSIP, None)

    def _syncing(self, member: _Member) -> _Process:
        env, epoch = self._env, member.epoch
        every = self.swim.sync_seconds(self.scenario.members)
        yield env.timeout(self._chance.random() * every)
        while True:
            yield from self._unpaused(member)
            if member.epoch != epoch or not member.running:
                return
            for partner in self._pick(member, 1, member.index):
                self._sync(member, self._members[partner])
            dead = [
                subject
                for subject, belief in member.beliefs.items()
                if belief.rank % 3 == DEAD and belief.rank != ABSENT
            ]
            if dead:
                self._sync(member, self._members[self._chance.choice(dead)])
            yield env.timeout(every)

    def _unpaused(self, member: _Member) -> _Process:
        while self._env.now < member.paused_until:
            yield self._env.timeout(member.paused_until - self._env.now)
            self._resume(member)

    def _sync(self, a: _Member, b: _Member) -> None:
        """Both tell all they hold; what one holds dead the other will only suspect."""
        self._count(a, _SYNC)
        if not self._reachable(a, b):
            return
        self._count(b, _SYNC)
        for subject in {**dict.fromkeys(a.beliefs), **dict.fromkeys(b.beliefs)}:
            from_a, from_b = self._held(a, subject), self._held(b, subject)
            self._hear(b, subject, doubted(from_a), a.index)
            self._hear(a, subject, doubted(from_b), b.index)

    # Messages

    def _next_target(self, member: _Member) -> int | None:
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
            if target != member.index and self._held(member, target) % 3 != DEAD:
                return target
        return None

    def _pick(
        self, member: _Member, number: int, excluded: int, dead_too: bool = False
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
            if self._held(member, other) % 3 == DEAD:
                belief = member.beliefs.get(other)
                lately = self._env.now - self.swim.gossip_to_the_dead
                if not dead_too or belief is None or belief.since < lately:
                    continue
            picked.append(other)
        return picked

    def _ping(self, member: _Member, target: int, ticket: Ticket) -> None:
        belief = member.beliefs.get(target)
        suspected = belief is not None and belief.rank % 3 == SUSPECT
        first = target if self.swim.buddy and suspected else None
        kind = _PROBE if ticket[0] == member.index else _INDIRECT
        self._send(member, target, _PING, kind, ticket, first)

    def _send(
        self, a: _Member, to: int, what: int, kind: int, about: object, first: int | None = None
    ) -> None:
        """Send one message, with news on its back; it leaves when the sender is not paused."""
        self._count(a, kind)
        news = self._news(a, first)
        lost = self.scenario.loss and self._chance.random() < self.scenario.loss
        if lost or self._side[a.index] != self._side[to]:
            return
        delay = max(0.0, a.paused_until - self._env.now) + next(self._latencies)
        event = self._env.timeout(delay, (what, a.index, to, kind, about, news))
        event.callbacks.append(self._arrive)

    def _news(self, member: _Member, first: int | None) -> list[News]:
        """The news least often sent so far, chance deciding between equals."""
        news: list[News] = []
        if first is not None:
            belief = member.beliefs[first]
            news.append((first, belief.rank, belief.originators[-1]))
        chosen = list(member.queue.items())
        if len(chosen) > self.swim.updates_per_message:
            self._chance.shuffle(chosen)
            chosen.sort(key=lambda item: -item[1].left)
            del chosen[self.swim.updates_per_message :]
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

    def _resume(self, member: _Member) -> None:
        """At the end of a pause: what was to be sent is sent, then what came is read."""
        if not member.running or self._env.now < member.paused_until:
            return
        if member.missed:
            member.missed = False
            self._gossip(member)
        waiting, member.inbox = member.inbox, []
        for message in waiting:
            self._receive(member, message)

    def _receive(self, member: _Member, message: tuple) -> None:
        what, sender, _, kind, about, news = message
        for subject, rank, originator in news:
            self._hear(member, subject, rank, originator)
        if what == _PING:
            self._send(member, sender, _ACK, kind, about)
        elif what == _ACK and about[0] == member.index:
            if about[1] == member.number and self._env.now <= member.due:
                member.answered = True
        elif what == _ACK:
            member.relays.discard(about)
            self._send(member, about[0], _ACK, _INDIRECT, about)
        elif what == _ASK:
            target, ticket = about
            member.relays.add(ticket)
            self._ping(member, target, ticket)
            if self.swim.local_health_probe:
                event = self._env.timeout(self.swim.nack_after, (member, ticket))
                event.callbacks.append(self._admit)
        elif what == _NACK and about[1] == member.number and self._env.now <= member.due:
            member.nacks += 1

    def _admit(self, event: simpy.Event) -> None:
        """Tell the one who asked that the target has not answered here either."""
        about: Any = event.value
        member, ticket = about
        if ticket in member.relays:
            member.relays.discard(ticket)
            self._send(member, ticket[0], _NACK, _INDIRECT, ticket)

    def _count(self, member: _Member, kind: int) -> None:
        self._sent[member.index][kind] += 1

    # Views

    def _base(self, subject: int) -> int:
        return ABSENT if self._late[subject] else _WELL

    def _held(self, member: _Member, subject: int) -> int:
        belief = member.beliefs.get(subject)
        return self._base(subject) if belief is None else belief.rank

    def _suspect(self, member: _Member, target: int) -> None:
        """A probe of the target has failed."""
        status = SUSPECT if self.swim.suspicion else DEAD
        rank = rank_of(status, self._held(member, target) // 3)
        self._hear(member, target, rank, member.index)

    def _hear(self, member: _Member, subject: int, rank: int, originator: int) -> None:
        held = self._held(member, subject)
        if subject == member.index:
            if rank > held and rank % 3 != ALIVE:
                self._believe(member, subject, refuted(rank), subject, self._env.now)
                if self.swim.local_health_probe:
                    member.health = health_after(member.health, 1, self.swim.awareness_max)
        elif rank > held:
            self._believe(member, subject, rank, originator, self._env.now)
        elif rank == held and rank % 3 == SUSPECT:
            belief = member.beliefs[subject]
            confirmed = len(belief.originators)
            if confirmed < len(self._seconds) and originator not in belief.originators:
                belief.originators.append(originator)
                self._queue(member, subject, belief)
                self._watch(member, subject, belief)

    def _believe(
        self,
        member: _Member,
        subject: int,
        rank: int,
        originator: int,
        now: float,
        tell: bool = True,
    ) -> None:
        belief = member.beliefs.get(subject)
        if belief is None:
            belief = member.beliefs[subject] = _Belief(rank, now)
        belief.rank, belief.since, belief.originators = rank, now, [originator]
        self._rows.append((now, member.index, subject, rank))
        if tell:
            self._queue(member, subject, belief)
        if rank % 3 == SUSPECT:
            self._watch(member, subject, belief)

    def _queue(self, member: _Member, subject: int, belief: _Belief) -> None:
        if self._limit == 0:
            return
        belief.left = self._limit
        member.queue[subject] = belief
        if member.wake is not None:
            member.wake.succeed()
            member.wake = None

    def _watch(self, member: _Member, subject: int, belief: _Belief) -> None:
        """Set the clock that ends a suspicion; a later confirmation sets an earlier one."""
        due = belief.since + self._seconds[len(belief.originators) - 1]
        # A shade early: a suspicion ends before the probe that falls due at the same instant.
        wait = max(0.0, due - self._env.now - _SLACK)
        event = self._env.timeout(wait, (member, subject, belief, belief.rank, belief.since))
        event.callbacks.append(self._expire)

    def _expire(self, event: simpy.Event) -> None:
        about: Any = event.value
        member, subject, belief, rank, since = about
        held = member.running and member.beliefs.get(subject) is belief
        if held and belief.rank == rank and belief.since == since:
            self._believe(member, subject, rank + 1, member.index, self._env.now)


def _latencies(latency: Latency, rng: np.random.Generator) -> Iterator[float]:
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
