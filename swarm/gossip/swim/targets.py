"""Whom a member of compiled rounds talks to: the next in its sweep, or others at random."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import below
from swarm.gossip.swim.rules import ABSENT, DEAD, probe_order, status_of
from swarm.gossip.swim.state import NO, NOBODY, Group
from swarm.gossip.swim.views import held_of

_TRIES = 64


@njit(cache=True, nogil=True)
def next_target(group: Group, i: int) -> int:
    """The next in the sweep, or one at random, of those not held dead; −1 if all are."""
    whole = group.whole[0]
    n = group.members.size
    if not whole.round_robin:
        one = np.empty(1, np.int64)
        return one[0] if pick(group, i, i, one, 0.0, NO) == 1 else NOBODY
    for _ in range(2 * n):
        if group.members[i].place == n:
            group.members[i].place = 0
            group.members[i].sweep += 1
        target = probe_order(whole.seed, i, group.members[i].sweep, group.members[i].place, n)
        group.members[i].place += 1
        if target != i and status_of(held_of(group, i, target)) != DEAD:
            return target
    return NOBODY


@njit(cache=True, nogil=True)
def pick(
    group: Group,
    i: int,
    excluded: int,
    picked: NDArray[np.int64],
    now: float,
    dead_too: bool,
) -> int:
    """Others at random, without repeats; those long dead are left out, or all the dead."""
    whole = group.whole[0]
    number = 0
    for _ in range(_TRIES + picked.size):
        if number == picked.size:
            break
        other = below(whole.stream, group.members.size)
        if other in (i, excluded) or other in picked[:number]:
            continue
        column = group.subjects[other].column
        rank = held_of(group, i, other)
        if status_of(rank) == DEAD:
            since = group.cells[i, column].since if column >= 0 else group.subjects[other].since
            if not dead_too or rank == ABSENT or since < now - whole.dead_gossip:
                continue
        picked[number] = other
        number += 1
    return number
