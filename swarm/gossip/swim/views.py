"""What members hold of each other, in compiled rounds: what news does when it comes."""

import numpy as np
from numba import njit

from swarm.gossip.swim.rules import ABSENT, ALIVE, SUSPECT, health_after, refuted, status_of
from swarm.gossip.swim.state import NOTHING, Group


@njit(cache=True, nogil=True)
def held_at(group: Group, i: int, column: int) -> np.int64:
    """The rank that a member holds of the subject of a column, or that its inbox has of it."""
    return np.int64(group.cells[i, column].rank)


@njit(cache=True, nogil=True)
def held_of(group: Group, i: int, subject: int) -> np.int64:
    """The rank that a member holds of a subject, with a column or without."""
    column = group.subjects[subject].column
    return held_at(group, i, column) if column >= 0 else group.subjects[subject].rank


@njit(cache=True, nogil=True)
def hear(group: Group, i: int, column: int, rank: int, originator: int, now: float) -> None:
    """News comes to a member, or to the inbox of one that is paused, unless it is its own."""
    whole = group.whole[0]
    if now < group.members[i].paused_until and originator != i:
        inbox = group.members[i].inbox
        if rank > group.cells[inbox, column].rank:
            group.cells[inbox, column].rank = rank
            group.cells[inbox, column].known = 0
            group.cells[inbox, column].told_by[0] = originator
        elif rank == group.cells[inbox, column].rank:
            _confirm(group, group.cells[inbox, column], originator)
        return
    _lapse(group, i, column, now)
    held = held_at(group, i, column)
    if group.columns[column].subject == i:
        if rank > held and status_of(rank) != ALIVE:
            believe(group, i, column, refuted(rank), i, now)
            if whole.patient:
                group.members[i].health = health_after(
                    group.members[i].health, 1, whole.awareness_max
                )
    elif rank > held:
        believe(group, i, column, rank, originator, now)
    elif (
        rank == held
        and status_of(rank) == SUSPECT
        and _confirm(group, group.cells[i, column], originator)
    ):
        _queue(group, i, column)


@njit(cache=True, nogil=True)
def _confirm(group: Group, cell: np.record, originator: int) -> bool:
    """Note one more who suspects; False for one known already, and when no more are needed."""
    if cell.known + 1 >= group.whole[0].lasts:
        return False
    for place in range(cell.known + 1):
        if cell.told_by[place] == originator:
            return False
    cell.known += 1
    cell.told_by[cell.known] = originator
    return True


@njit(cache=True, nogil=True)
def read_inbox(group: Group, i: int, now: float) -> None:
    """Take in what was told during a pause."""
    inbox = group.members[i].inbox
    for column in range(group.whole[0].top):
        rank = held_at(group, inbox, column)
        if rank >= ABSENT:
            group.cells[inbox, column].rank = NOTHING
            for known in range(group.cells[inbox, column].known + 1):
                by = np.int64(group.cells[inbox, column].told_by[known])
                hear(group, i, column, rank, by, now)


@njit(cache=True, nogil=True)
def expire(group: Group, i: int, now: float) -> None:
    """End the suspicions of a member that are over."""
    if group.members[i].suspects > 0:
        for column in range(group.whole[0].top):
            if group.columns[column].subject >= 0:
                _lapse(group, i, column, now)


@njit(cache=True, nogil=True)
def _lapse(group: Group, i: int, column: int, now: float) -> None:
    """Declare a suspect dead whose time is over, at the time at which it was over."""
    rank = held_at(group, i, column)
    if status_of(rank) == SUSPECT:
        due = group.cells[i, column].since + group.whole[0].lasting[group.cells[i, column].known]
        if due <= now:
            believe(group, i, column, rank + 1, i, due)


@njit(cache=True, nogil=True)
def believe(group: Group, i: int, column: int, rank: int, originator: int, now: float) -> None:
    """Hold a rank from now on, write it down and pass it on."""
    if status_of(held_at(group, i, column)) == SUSPECT:
        group.members[i].suspects -= 1
    if status_of(rank) == SUSPECT:
        group.members[i].suspects += 1
    group.cells[i, column].rank = rank
    group.cells[i, column].since = now
    group.cells[i, column].known = 0
    group.cells[i, column].told_by[0] = originator
    write(group, i, column, now)
    _queue(group, i, column)


@njit(cache=True, nogil=True)
def _queue(group: Group, i: int, column: int) -> None:
    whole = group.whole[0]
    if whole.limit > 0:
        if group.cells[i, column].left == 0:
            group.members[i].queued += 1
            group.columns[column].pending += 1
        group.cells[i, column].left = whole.limit


@njit(cache=True, nogil=True)
def write(group: Group, i: int, column: int, now: float) -> None:
    """Add to the history what a member holds now."""
    row = group.whole[0].written
    group.rows[row].time = now
    group.rows[row].observer = i
    group.rows[row].subject = group.columns[column].subject
    group.rows[row].rank = group.cells[i, column].rank
    group.whole[0].written = row + 1
