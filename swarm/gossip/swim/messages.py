"""Messages between members, in compiled rounds: they come at once, or when a pause ends, or not."""

import numpy as np
from numba import njit

from swarm.chance import below, uniform
from swarm.gossip.swim.history import SYNC
from swarm.gossip.swim.rules import doubted
from swarm.gossip.swim.state import Group
from swarm.gossip.swim.views import hear, held_at


@njit(cache=True, nogil=True)
def reachable(group: Group, a: int, b: int, now: float) -> bool:
    """Whether a stream can be opened from a to b now."""
    return (
        group.members[b].running
        and group.members[b].paused_until <= now
        and group.members[a].side == group.members[b].side
    )


@njit(cache=True, nogil=True)
def leg(group: Group, a: int, b: int) -> bool:
    """Whether a message from a comes to b, now or when b's pause ends."""
    whole = group.whole[0]
    if whole.loss > 0 and uniform(whole.stream) < whole.loss:
        return False
    return group.members[b].running and group.members[a].side == group.members[b].side


@njit(cache=True, nogil=True)
def tell(group: Group, a: int, b: int, now: float, arrives: bool, first: int) -> None:
    """Send the news least often sent so far, chance deciding between equals."""
    whole = group.whole[0]
    if first >= 0 and arrives:
        by = _latest(group.cells[a, first])
        hear(group, b, first, held_at(group, a, first), by, now)
    if group.members[a].queued == 0:
        return
    columns = group.whole[0].top
    least, spare, start = 0, columns, 0
    if group.members[a].queued > whole.per_message:
        waiting = np.zeros(whole.limit + 1, np.int64)
        for column in range(columns):
            waiting[group.cells[a, column].left] += 1
        least, spare = whole.limit, whole.per_message
        while waiting[least] <= spare:
            spare -= waiting[least]
            least -= 1
        start = below(whole.stream, columns)
    for step in range(columns):
        column = start + step
        if column >= columns:
            column -= columns
        left = group.cells[a, column].left
        if left == 0 or left < least:
            continue
        if left == least:
            if spare == 0:
                continue
            spare -= 1
        group.cells[a, column].left = left - 1
        if left == 1:
            group.members[a].queued -= 1
            group.columns[column].pending -= 1
        if arrives:
            by = _latest(group.cells[a, column])
            hear(group, b, column, held_at(group, a, column), by, now)


@njit(cache=True, nogil=True)
def _latest(cell: np.record) -> np.int64:
    """Who is passed on as the one who suspects."""
    return np.int64(cell.told_by[cell.known])


@njit(cache=True, nogil=True)
def exchange(group: Group, a: int, b: int, now: float) -> None:
    """Both tell all they hold; what one holds dead the other will only suspect."""
    group.members[a].sent[SYNC] += 1
    if not reachable(group, a, b, now):
        return
    group.members[b].sent[SYNC] += 1
    for column in range(group.whole[0].top):
        if group.columns[column].subject >= 0:
            from_a, from_b = held_at(group, a, column), held_at(group, b, column)
            hear(group, b, column, doubted(from_a), a, now)
            hear(group, a, column, doubted(from_b), b, now)
