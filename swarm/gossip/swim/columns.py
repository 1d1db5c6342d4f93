"""The columns of the subjects under rumour: given, and freed when all agree."""

from numba import njit

from swarm.gossip.swim.rules import ABSENT, DEAD, SUSPECT, status_of
from swarm.gossip.swim.state import NOBODY, Group


@njit(cache=True, nogil=True)
def free_column(group: Group) -> int:
    """A free column, or −1."""
    top = group.whole[0].top
    if top < group.columns.size:
        return top
    for column in range(top):
        if group.columns[column].subject < 0:
            return column
    return NOBODY


@njit(cache=True, nogil=True)
def column_of(group: Group, subject: int) -> int:
    """The column of a subject, a new one if it has none."""
    column = group.subjects[subject].column
    if column >= 0:
        return column
    column = free_column(group)
    group.whole[0].top = max(group.whole[0].top, column + 1)
    group.subjects[subject].column = column
    group.columns[column].subject = subject
    group.columns[column].pending = 0
    for i in range(group.members.size):
        cell = group.cells[i, column]
        cell.rank = group.subjects[subject].rank
        cell.since = group.subjects[subject].since
        cell.known = 0
        cell.left = 0
        cell.told_by[0] = subject
    for place in range(group.whole[0].settled_dead):
        if group.subjects[place].settled_dead == subject:
            group.whole[0].settled_dead -= 1
            group.subjects[place].settled_dead = group.subjects[
                group.whole[0].settled_dead
            ].settled_dead
            break
    return column


@njit(cache=True, nogil=True)
def settle(group: Group) -> None:
    """Free the columns on which all who run agree, with no news left to send."""
    for column in range(group.whole[0].top):
        subject = group.columns[column].subject
        if subject < 0 or group.columns[column].pending > 0:
            continue
        agreed = _agreed(group, column)
        if agreed > ABSENT:
            group.subjects[subject].rank = agreed
            group.columns[column].subject = NOBODY
            group.subjects[subject].column = NOBODY
            if status_of(agreed) == DEAD:
                group.subjects[group.whole[0].settled_dead].settled_dead = subject
                group.whole[0].settled_dead += 1
    while group.whole[0].top > 0 and group.columns[group.whole[0].top - 1].subject < 0:
        group.whole[0].top -= 1


@njit(cache=True, nogil=True)
def _agreed(group: Group, column: int) -> int:
    """The rank that all who run hold of a subject, `ABSENT` if they differ or still doubt."""
    agreed = ABSENT
    for i in range(group.members.size):
        if group.members[i].running:
            rank = group.cells[i, column].rank
            if status_of(rank) == SUSPECT or (agreed != ABSENT and rank != agreed):
                return ABSENT
            agreed = rank
            group.subjects[group.columns[column].subject].since = group.cells[i, column].since
    for inbox in range(group.members.size, group.cells.shape[0]):
        if group.cells[inbox, column].rank >= ABSENT:
            return ABSENT
    return agreed
