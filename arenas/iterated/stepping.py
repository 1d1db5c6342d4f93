"""Machines played against each other, a batch of matches in one kernel.

Machines that are sure of every move go round in circles: both together are in one of finitely
many states, so that a match without noise repeats itself from some turn on. R. P. Brent's
algorithm ("An improved Monte Carlo factorization algorithm", BIT 20, 1980) finds the cycle with
the memory of one joint state; what it contributes is multiplied. The result is exactly that of
playing every turn (`shortcut=False`), and a match of any length costs some multiples of the turns
until it first repeats.

What a match leaves is how often each pair of actions was played, whole numbers; the points are
computed from these in one fixed order. So the points of a match depend on nothing but its two
machines, the rules and its seed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from swarm.chance import GAMMA, mixed, unit_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.uint32]

_11 = np.uint64(11)


class Rules(NamedTuple):
    """How a match is played: see `arenas.iterated.match.IteratedMatch`."""

    actions: int
    turns: int
    noise: float
    ending: float


class Tables(NamedTuple):
    """Machines as kernels play them; b bits hold an action, and states count over all machines.

    Attributes:
        bits: b, the least with 2^b >= A.
        start: uint32[n], the state that each begins in.
        sure: bool[n].
        code: uint32[S << b]; for machines that are sure. A code is ``state << b | action``; the
            one after it is ``code[state << b | their action]``.
        first: uint32[n], the code that each begins with.
        most: uint64[S, A - 1]; of 2^53 equally likely draws those below entry k play 0..k.
        then: uint32[S << 2b], the state at ``(state << b | own action) << b | their action``.
    """

    bits: int
    start: Codes
    sure: npt.NDArray[np.bool_]
    code: Codes
    first: Codes
    most: Words
    then: Codes


def tables_of(
    state_start: Integers,
    start: npt.NDArray[np.int32],
    plays: Floats,
    moves_on: npt.NDArray[np.int32],
    sure: npt.NDArray[np.bool_],
) -> Tables:
    """Compile the columns of `Machines`."""
    S, A = plays.shape
    bits = (A - 1).bit_length()
    origin = np.repeat(state_start[:-1], np.diff(state_start))
    goal = moves_on + origin[:, None, None]
    action = plays.argmax(axis=1)
    then = np.zeros((S, 1 << bits, 1 << bits), np.uint32)
    then[:, :A, :A] = goal
    code = np.zeros((S, 1 << bits), np.uint32)
    sure_goal = goal[np.arange(S), action]
    code[:, :A] = sure_goal << bits | action[sure_goal]
    begin = start + state_start[:-1]
    # A draw u of 53 bits stands for u / 2^53, and u / 2^53 < p just where u < ceil(p 2^53).
    most = np.ceil(np.cumsum(plays, axis=1)[:, :-1] * 2.0**53).astype(np.uint64)
    return Tables(
        bits,
        begin.astype(np.uint32),
        sure,
        code.ravel(),
        (begin << bits | action[begin]).astype(np.uint32),
        np.ascontiguousarray(most),
        then.ravel(),
    )


@njit(cache=True, nogil=True)
def play_all(
    tables: Tables, rules: Rules, pairs: Integers, seeds: Words, shortcut: bool, counts: Integers
) -> None:
    """Play matches of pairs int64[m, 2], adding to counts int64[m, 1 << 2b], which are zero."""
    anchor = np.zeros(counts.shape[1], np.int64)
    for m in range(len(pairs)):
        i, j = pairs[m, 0], pairs[m, 1]
        turns = turns_of(rules.turns, rules.ending, seeds[m])
        if rules.noise == 0.0 and tables.sure[i] and tables.sure[j]:
            x, y = np.uint64(tables.first[i]), np.uint64(tables.first[j])
            if shortcut:
                _circle(tables.code, tables.bits, x, y, turns, counts[m], anchor)
            else:
                _step(tables.code, tables.bits, x, y, turns, counts[m])
        elif rules.noise == 0.0 and rules.actions == 2:
            _toss(tables, i, j, turns, seeds[m], counts[m])
        else:
            _draw(tables, rules, i, j, turns, seeds[m], counts[m])


@njit(cache=True, nogil=True)
def turns_of(turns: int, ending: float, seed: np.uint64) -> int:
    """How long the match of this seed is: the referee's first draw, if it ends by chance."""
    if ending == 0.0:
        return turns
    u = unit_of(mixed(mixed(seed + np.uint64(3) * GAMMA) + GAMMA))
    if ending == 1.0:
        return 1
    # Cut before it is a whole number: the quotient may be beyond those.
    last = min(float(turns), math.log1p(-u) / math.log1p(-ending))
    return max(1, math.ceil(last))


@njit(cache=True, nogil=True)
def _step(
    code: Codes,
    bits: int,
    x: np.uint64,
    y: np.uint64,
    turns: int,
    counts: Integers,
) -> None:
    """Turn by turn, from codes x and y on."""
    width = np.uint64(bits)
    mask = np.uint64((1 << bits) - 1)
    for _ in range(turns):
        mine, theirs = x & mask, y & mask
        counts[mine << width | theirs] += 1
        x, y = np.uint64(code[x ^ mine | theirs]), np.uint64(code[y ^ theirs | mine])


@njit(cache=True, nogil=True)
def _circle(
    code: Codes,
    bits: int,
    x: np.uint64,
    y: np.uint64,
    turns: int,
    counts: Integers,
    anchor: Integers,
) -> None:
    """The same; once a joint state comes again, all whole cycles that are left are added."""
    width = np.uint64(bits)
    mask = np.uint64((1 << bits) - 1)
    anchor_x, anchor_y, since, patience = x, y, 0, 1
    anchor[:] = counts
    for turn in range(turns):
        mine, theirs = x & mask, y & mask
        counts[mine << width | theirs] += 1
        x, y = np.uint64(code[x ^ mine | theirs]), np.uint64(code[y ^ theirs | mine])
        since += 1
        if x == anchor_x and y == anchor_y:
            left = turns - turn - 1
            whole = left // since
            for k in range(len(counts)):
                counts[k] += whole * (counts[k] - anchor[k])
            _step(code, bits, x, y, left - whole * since, counts)
            return
        if since == patience:
            anchor_x, anchor_y, since, patience = x, y, 0, 2 * patience
            anchor[:] = counts


@njit(cache=True, nogil=True)
def _toss(tables: Tables, i: int, j: int, turns: int, seed: np.uint64, counts: Integers) -> None:
    """Two actions, at least one player not sure, and no noise."""
    most, then = tables.most, tables.then
    x, y = np.uint64(tables.start[i]), np.uint64(tables.start[j])
    mine_at, theirs_at = mixed(seed + GAMMA), mixed(seed + GAMMA + GAMMA)
    one, zero, two = np.uint64(1), np.uint64(0), np.uint64(2)
    for _ in range(turns):
        mine_at += GAMMA
        theirs_at += GAMMA
        mine = one if mixed(mine_at) >> _11 >= most[x, 0] else zero
        theirs = one if mixed(theirs_at) >> _11 >= most[y, 0] else zero
        counts[mine << one | theirs] += 1
        x = np.uint64(then[x << two | mine << one | theirs])
        y = np.uint64(then[y << two | theirs << one | mine])


@njit(cache=True, nogil=True)
def _draw(
    tables: Tables, rules: Rules, i: int, j: int, turns: int, seed: np.uint64, counts: Integers
) -> None:
    """Any number of actions, with or without noise."""
    most, then, width = tables.most, tables.then, np.uint64(tables.bits)
    x, y = np.uint64(tables.start[i]), np.uint64(tables.start[j])
    mine_at, theirs_at = mixed(seed + GAMMA), mixed(seed + GAMMA + GAMMA)
    referee_at = mixed(seed + np.uint64(3) * GAMMA)
    if rules.ending > 0.0:
        referee_at += GAMMA
    for _ in range(turns):
        mine_at += GAMMA
        theirs_at += GAMMA
        mine = _chosen(most, x, mixed(mine_at) >> _11)
        theirs = _chosen(most, y, mixed(theirs_at) >> _11)
        if rules.noise > 0.0:
            referee_at += GAMMA
            mine = trembled(mine, unit_of(mixed(referee_at)), rules.noise, rules.actions)
            referee_at += GAMMA
            theirs = trembled(theirs, unit_of(mixed(referee_at)), rules.noise, rules.actions)
        counts[mine << width | theirs] += 1
        x = np.uint64(then[(x << width | mine) << width | theirs])
        y = np.uint64(then[(y << width | theirs) << width | mine])


@njit(cache=True, nogil=True)
def _chosen(most: Words, state: np.uint64, bits: np.uint64) -> np.uint64:
    """The action that a draw of 53 bits stands for."""
    action = np.uint64(0)
    for k in range(most.shape[1]):
        if bits >= most[state, k]:
            action += np.uint64(1)
    return action


@njit(cache=True, nogil=True)
def trembled(action: np.uint64, u: float, noise: float, actions: int) -> np.uint64:
    """The action, or with probability `noise` one of the others, each as likely: by a number u."""
    if u >= noise:
        return action
    other = np.uint64(min(int(u / noise * (actions - 1)), actions - 2))
    return other + np.uint64(1) if other >= action else other


@njit(cache=True, nogil=True)
def score(counts: Integers, payoffs: Floats, points: Floats) -> None:
    """Points float64[m, 2] of counts int64[m, A, A], added up in the order of the actions."""
    for m in range(len(counts)):
        for seat in range(2):
            total = 0.0
            for i in range(payoffs.shape[0]):
                for j in range(payoffs.shape[0]):
                    total += counts[m, i, j] * payoffs[i, j, seat]
            points[m, seat] = total
