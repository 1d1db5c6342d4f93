"""What a member does at one of its instants: it probes, asks for help, gossips, exchanges."""

import numpy as np
from numba import njit

from swarm.chance import below
from swarm.gossip.swim.columns import column_of
from swarm.gossip.swim.history import GOSSIP, INDIRECT, PROBE
from swarm.gossip.swim.messages import exchange, leg, tell
from swarm.gossip.swim.rules import (
    ABSENT,
    DEAD,
    SUSPECT,
    health_after,
    health_change,
    incarnation_of,
    rank_of,
    status_of,
)
from swarm.gossip.swim.state import NO, NOBODY, SLACK, YES, Group
from swarm.gossip.swim.targets import next_target, pick
from swarm.gossip.swim.views import expire, hear, held_at

_PROBE, _INDIRECT = np.int64(PROBE), np.int64(INDIRECT)


@njit(cache=True, nogil=True)
def act(group: Group, i: int, now: float, gossips: bool) -> None:
    """Gossip, or see to the probe and the exchange that are due."""
    whole, member = group.whole[0], group.members[i]
    if member.suspects > 0:
        expire(group, i, now)
    if gossips:
        if member.queued > 0 and whole.fanout > 0:
            _gossip(group, i, now)
        return
    while now >= min(member.ask_at, member.probe_end) - SLACK:  # many, if it was paused
        if member.target >= 0:
            _follow(group, i, now)
        else:
            _begin(group, i, now)
    if now >= member.sync_at:
        _sync(group, i, now)
        member.sync_at += whole.sync


@njit(cache=True, nogil=True)
def _begin(group: Group, i: int, now: float) -> None:
    """Begin a probe: ping the next member, and learn when its answer will be here."""
    whole, member = group.whole[0], group.members[i]
    begun = member.probe_end
    scale = 1 + member.health if whole.patient else 1
    target = next_target(group, i)
    member.target = target
    member.asked = 0
    member.nacks = 0
    member.ask_at = np.inf
    if target < 0:
        member.probe_end = begun + whole.interval
        return
    member.probe_end = begun + whole.interval * scale
    member.answer_at = _ping(group, i, target, now, _PROBE)
    if member.answer_at > begun + whole.timeout * scale + SLACK:
        member.ask_at = begun + whole.timeout * scale


@njit(cache=True, nogil=True)
def _ping(group: Group, i: int, target: int, now: float, kind: int) -> float:
    """Ping a member; the time at which its answer comes, infinite for never."""
    member, other = group.members[i], group.members[target]
    column = group.subjects[target].column
    suspected = column >= 0 and status_of(held_at(group, i, column)) == SUSPECT
    first = column if suspected and group.whole[0].buddy else NOBODY
    member.sent[kind] += 1
    arrives = leg(group, i, target)
    if first >= 0 or member.queued > 0:
        tell(group, i, target, now, arrives, first)
    if not arrives:
        return np.inf
    other.sent[kind] += 1
    back = leg(group, target, i)
    if other.paused_until > now:
        return other.paused_until if back else np.inf
    if other.queued > 0:
        tell(group, target, i, now, back, NOBODY)
    return now if back else np.inf


@njit(cache=True, nogil=True)
def _follow(group: Group, i: int, now: float) -> None:
    """Go on with a probe: ask others to ping its target, or see how it ended."""
    whole, member = group.whole[0], group.members[i]
    end = member.probe_end
    if now >= member.ask_at - SLACK:
        stuck = now - member.ask_at >= whole.tick  # it was paused when it was to ask
        _ask(group, i, now if stuck else member.ask_at)
        member.ask_at = np.inf
        if stuck and now > end:
            member.probe_end = now
    if now < end - SLACK:
        return
    answered = member.answer_at <= end + SLACK
    change = health_change(answered, member.asked, member.nacks)
    if not answered:
        column = column_of(group, member.target)
        status = SUSPECT if whole.suspicion else DEAD
        rank = rank_of(status, incarnation_of(held_at(group, i, column)))
        hear(group, i, column, rank, i, member.probe_end)
    if whole.patient:
        member.health = health_after(member.health, change, whole.awareness_max)
    member.target = NOBODY


@njit(cache=True, nogil=True)
def _ask(group: Group, i: int, now: float) -> None:
    """Ask others to ping the target; learn when the first answer comes, and who has none."""
    whole, member = group.whole[0], group.members[i]
    helpers = np.empty(whole.indirect, np.int64)
    member.asked = pick(group, i, member.target, helpers, now, NO)
    for helper in helpers[: member.asked]:
        helping = group.members[helper]
        member.sent[_INDIRECT] += 1
        arrives = leg(group, i, helper)
        tell(group, i, helper, now, arrives, NOBODY)
        if not arrives or helping.paused_until > member.probe_end:
            continue
        begun = max(now, helping.paused_until)
        answer = max(_ping(group, helper, member.target, begun, _INDIRECT), begun)
        nack_at = begun + whole.nack_after
        if whole.patient and answer > nack_at:
            helping.sent[_INDIRECT] += 1
            if leg(group, helper, i) and nack_at <= member.probe_end + SLACK:
                member.nacks += 1
        if answer < np.inf:
            helping.sent[_INDIRECT] += 1
            back = leg(group, helper, i)
            tell(group, helper, i, now, back, NOBODY)
            if back:
                member.answer_at = min(member.answer_at, answer)


@njit(cache=True, nogil=True)
def _gossip(group: Group, i: int, now: float) -> None:
    whole = group.whole[0]
    others = np.empty(whole.fanout, np.int64)
    for other in others[: pick(group, i, i, others, now, YES)]:
        if group.members[i].queued == 0:
            return
        group.members[i].sent[GOSSIP] += 1
        tell(group, i, other, now, leg(group, i, other), NOBODY)


@njit(cache=True, nogil=True)
def _sync(group: Group, i: int, now: float) -> None:
    """A full exchange with one held alive, and another with one held dead, who may not be."""
    partner = np.empty(1, np.int64)
    if pick(group, i, i, partner, now, NO) == 1:
        exchange(group, i, partner[0], now)
    seen = group.whole[0].settled_dead
    dead = group.subjects[below(group.whole[0].stream, seen)].settled_dead if seen > 0 else NOBODY
    for column in range(group.whole[0].top):
        rank = held_at(group, i, column)
        if group.columns[column].subject >= 0 and status_of(rank) == DEAD and rank != ABSENT:
            seen += 1
            if below(group.whole[0].stream, seen) == 0:
                dead = group.columns[column].subject
    if dead >= 0:
        exchange(group, i, dead, now)
