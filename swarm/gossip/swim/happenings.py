"""What befalls a group in compiled rounds: crashes, joins, pauses and partitions."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import below, uniform
from swarm.gossip.swim.acts import act
from swarm.gossip.swim.columns import column_of
from swarm.gossip.swim.history import SYNC
from swarm.gossip.swim.messages import reachable
from swarm.gossip.swim.rules import ABSENT, ALIVE, SUSPECT, rank_of, refuted, status_of
from swarm.gossip.swim.scenario import CRASH, JOIN, PAUSE, RESUME, SPLIT
from swarm.gossip.swim.state import NO, NOBODY, NOTHING, YES, Group
from swarm.gossip.swim.views import believe, expire, hear, held_at, held_of, read_inbox, write


@njit(cache=True, nogil=True)
def befall(group: Group, happening: np.record, sides: NDArray[np.int8]) -> None:
    """Let one happening of the scenario come true."""
    who, now, kind = happening.who, happening.at, happening.kind
    if kind == CRASH:
        _crash(group, who)
    elif kind == JOIN:
        _join(group, who, now)
    elif kind == PAUSE:
        group.members[who].paused_until = max(group.members[who].paused_until, happening.until)
    elif kind == RESUME:
        member = group.members[who]
        if member.running and now >= member.paused_until:
            if member.missed:
                act(group, who, now, YES)
            member.missed = False
            expire(group, who, now)
            read_inbox(group, who, now)
            act(group, who, now, NO)
    else:
        for i in range(group.members.size):
            group.members[i].side = sides[who, i] if kind == SPLIT else 0


@njit(cache=True, nogil=True)
def _crash(group: Group, i: int) -> None:
    member = group.members[i]
    member.running = False
    member.queued = 0
    member.target = NOBODY
    for column in range(group.whole[0].top):
        if group.cells[i, column].left > 0:
            group.cells[i, column].left = 0
            group.columns[column].pending -= 1
        if member.inbox >= 0:
            group.cells[member.inbox, column].rank = NOTHING


@njit(cache=True, nogil=True)
def _join(group: Group, i: int, now: float) -> None:
    """Take over the view of a random member, then say that one is here."""
    contact = _contact(group, i, now)
    own = group.subjects[i].column
    held = held_of(group, i, i)
    mine = rank_of(ALIVE, 0) if held == ABSENT else held
    heard = mine if contact < 0 else max(mine, held_of(group, contact, i))
    if status_of(heard) != ALIVE:
        mine = refuted(heard)
    whole, member = group.whole[0], group.members[i]
    member.running = True
    member.health = 0
    member.ask_at = np.inf
    member.target = NOBODY
    member.probe_end = now + uniform(group.whole[0].stream) * whole.interval
    if whole.sync < np.inf:
        member.sync_at = now + uniform(group.whole[0].stream) * whole.sync
    member.suspects = 0
    for column in range(group.whole[0].top):
        if group.columns[column].subject >= 0 and column != own:
            if contact >= 0:
                _copy(group, i, contact, column, now)
            if status_of(held_at(group, i, column)) == SUSPECT:
                member.suspects += 1
    if mine != held:
        own = column_of(group, i)
        believe(group, i, own, mine, i, now)
    if contact >= 0:
        member.sent[SYNC] += 1
        group.members[contact].sent[SYNC] += 1
        if own >= 0:
            hear(group, contact, own, mine, i, now)


@njit(cache=True, nogil=True)
def _contact(group: Group, i: int, now: float) -> int:
    """Some member that can be reached, −1 for none."""
    n = group.members.size
    start = below(group.whole[0].stream, n)
    for step in range(n):
        other = (start + step) % n
        if other != i and reachable(group, i, other, now):
            return other
    return NOBODY


@njit(cache=True, nogil=True)
def _copy(group: Group, i: int, contact: int, column: int, now: float) -> None:
    cell, model = group.cells[i, column], group.cells[contact, column]
    changed = cell.rank != model.rank
    cell.rank = model.rank
    cell.since = now
    cell.known = 0
    cell.told_by[0] = contact
    if changed:
        write(group, i, column, now)
