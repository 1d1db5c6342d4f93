"""The rules of SWIM and Lifeguard, which both engines play by.

Das, Gupta & Motivala 2002, "SWIM: scalable weakly-consistent infection-style process group
membership protocol", DSN; Dadgar, Phillips & Currey 2018, "Lifeguard: local health awareness for
more accurate failure detection", DSN workshops, arXiv 1707.00788. `SwimProtocol` (events) and
`SwimRounds` (compiled) both use the functions below.

What a member holds of another is one number, its *rank*: 3·incarnation + status, with alive 0 <
suspect 1 < dead 2. News overrides what is held if and only if its rank is higher. Within an
incarnation dead beats suspect beats alive, and only the subject itself can start a higher one, to
refute. A member nobody has heard of has the rank `ABSENT`, dead in incarnation −1.

Guarantees: the order is total, so members that have heard the same news hold the same view, in
whatever order it came; a sweep of probes visits every member once, in an order of its own for
each member and sweep, that is computed and not stored.
"""

import numpy as np
from numba import njit

from swarm.chance import GAMMA, mixed

ALIVE, SUSPECT, DEAD = 0, 1, 2
ABSENT = -1


@njit(cache=True, nogil=True)
def rank_of(status: int, incarnation: int) -> int:
    """The rank of a status in an incarnation; a higher one overrides a lower one."""
    return 3 * incarnation + status


@njit(cache=True, nogil=True)
def status_of(rank: int) -> int:
    """`ALIVE`, `SUSPECT` or `DEAD`."""
    return rank % 3


@njit(cache=True, nogil=True)
def incarnation_of(rank: int) -> int:
    """The incarnation of the subject that a rank speaks of; −1 for one nobody has heard of."""
    return rank // 3


@njit(cache=True, nogil=True)
def refuted(rank: int) -> int:
    """The rank by which a member answers news that it is suspect or dead: alive, once more."""
    return rank_of(ALIVE, incarnation_of(rank) + 1)


@njit(cache=True, nogil=True)
def doubted(rank: int) -> int:
    """What a full exchange makes of what the other holds: its dead are suspects, to be refuted."""
    return rank - 1 if status_of(rank) == DEAD else rank


@njit(cache=True, nogil=True)
def health_after(health: int, change: int, awareness_max: int) -> int:
    """Lifeguard's local health, 0 (well) .. awareness_max − 1, after good (−) or bad (+) signs."""
    return min(max(health + change, 0), awareness_max - 1)


@njit(cache=True, nogil=True)
def health_change(answered: bool, asked: int, nacks: int) -> int:
    """What a probe tells a member of its own health.

    An answer is a good sign. Without one, each helper that was asked and did not even say that
    it had none is a bad sign; where nobody could be asked, the failure itself is.
    """
    if answered:
        return -1
    return asked - nacks if asked > 0 else 1


@njit(cache=True, nogil=True)
def probe_order(seed: int, member: int, sweep: int, place: int, n: int) -> np.int64:
    """The member 0..n−1 at a place 0..n−1 of a member's sweep of probes.

    A Feistel network of four rounds, walked along its cycle until it lands inside 0..n−1, then
    turned by a random step, so that every member is equally likely at every place: a permutation
    without a table, since n tables of n places fill the memory of large groups.
    """
    half = np.uint64(2)
    while (np.uint64(1) << (half + half)) < np.uint64(n):
        half += np.uint64(1)
    mask = (np.uint64(1) << half) - np.uint64(1)
    key = mixed(mixed(np.uint64(seed) + np.uint64(member) * GAMMA) + np.uint64(sweep) * GAMMA)
    walked = np.uint64(place)
    while True:
        left, right = walked >> half, walked & mask
        for turn in range(1, 5):
            scrambled = mixed(key + (np.uint64(turn) << np.uint64(40)) + right * GAMMA)
            left, right = right, left ^ (scrambled & mask)
        walked = (left << half) | right
        if walked < np.uint64(n):
            return np.int64((walked + mixed(key) % np.uint64(n)) % np.uint64(n))
