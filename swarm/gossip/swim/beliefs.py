"""What members hold of each other, where every message is an event; each change is a row.

News that overrides is believed, written down and queued to be passed on; a suspicion sets a clock
that ends it, unless something else has come to be held by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from swarm.gossip.swim.member import Belief, Member
from swarm.gossip.swim.rules import (
    ABSENT,
    ALIVE,
    DEAD,
    SUSPECT,
    health_after,
    rank_of,
    refuted,
)
from swarm.gossip.swim.scenario import Scenario
from swarm.gossip.swim.settings import Swim

if TYPE_CHECKING:
    import simpy

SLACK = 1e-9
WELL = rank_of(ALIVE, 0)


class Beliefs:
    """The views of all members, and the rows that make a history."""

    def __init__(self, swim: Swim, scenario: Scenario, env: simpy.Environment) -> None:
        self.rows: list[tuple[float, int, int, int]] = []
        self._swim = swim
        self._env = env
        self._late = scenario.late.tolist()
        self._limit = swim.retransmit_limit(scenario.members)
        self._seconds = swim.suspicion_seconds(scenario.members).tolist()

    def base(self, subject: int) -> int:
        """What everybody holds of a subject at the beginning."""
        return ABSENT if self._late[subject] else WELL

    def held(self, member: Member, subject: int) -> int:
        """The rank that a member holds of a subject."""
        belief = member.beliefs.get(subject)
        return self.base(subject) if belief is None else belief.rank

    def suspect(self, member: Member, target: int) -> None:
        """A probe of the target has failed."""
        status = SUSPECT if self._swim.suspicion else DEAD
        rank = rank_of(status, self.held(member, target) // 3)
        self.hear(member, target, rank, member.index)

    def hear(self, member: Member, subject: int, rank: int, originator: int) -> None:
        """News comes to a member: it overrides, is refuted, confirms a suspicion or is old."""
        held = self.held(member, subject)
        if subject == member.index:
            if rank > held and rank % 3 != ALIVE:
                self.believe(member, subject, refuted(rank), subject, self._env.now)
                if self._swim.local_health_probe:
                    member.health = health_after(member.health, 1, self._swim.awareness_max)
        elif rank > held:
            self.believe(member, subject, rank, originator, self._env.now)
        elif rank == held and rank % 3 == SUSPECT:
            belief = member.beliefs[subject]
            confirmed = len(belief.originators)
            if confirmed < len(self._seconds) and originator not in belief.originators:
                belief.originators.append(originator)
                self._queue(member, subject, belief)
                self._watch(member, subject, belief)

    def believe(
        self,
        member: Member,
        subject: int,
        rank: int,
        originator: int,
        now: float,
        tell: bool = True,
    ) -> None:
        """Hold a rank from now on, and pass it on."""
        belief = member.beliefs.get(subject)
        if belief is None:
            belief = member.beliefs[subject] = Belief(rank, now)
        belief.rank, belief.since, belief.originators = rank, now, [originator]
        self.rows.append((now, member.index, subject, rank))
        if tell:
            self._queue(member, subject, belief)
        if rank % 3 == SUSPECT:
            self._watch(member, subject, belief)

    def copy(self, member: Member, contact: Member, subject: int) -> None:
        """Take over what a contact holds of a subject."""
        rank = self.held(contact, subject)
        changed = rank != self.held(member, subject)
        member.beliefs.pop(subject, None)
        if rank != self.base(subject):
            self.believe(member, subject, rank, contact.index, self._env.now, tell=False)
            if not changed:
                self.rows.pop()
        elif changed:
            self.rows.append((self._env.now, member.index, subject, rank))

    def _queue(self, member: Member, subject: int, belief: Belief) -> None:
        if self._limit == 0:
            return
        belief.left = self._limit
        member.queue[subject] = belief
        if member.wake is not None:
            member.wake.succeed()
            member.wake = None

    def _watch(self, member: Member, subject: int, belief: Belief) -> None:
        """Set the clock that ends a suspicion; a later confirmation sets an earlier one."""
        due = belief.since + self._seconds[len(belief.originators) - 1]
        # A shade early: a suspicion ends before the probe that falls due at the same instant.
        wait = max(0.0, due - self._env.now - SLACK)
        event = self._env.timeout(wait, (member, subject, belief, belief.rank, belief.since))
        event.callbacks.append(self._expire)

    def _expire(self, event: simpy.Event) -> None:
        about: Any = event.value
        member, subject, belief, rank, since = about
        held = member.running and member.beliefs.get(subject) is belief
        if held and belief.rank == rank and belief.since == since:
            self.believe(member, subject, rank + 1, member.index, self._env.now)
