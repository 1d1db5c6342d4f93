"""Who writes what: actions unfold into findings, and the memory's rules say which are taken.

Compiled, row by row in order, because each row depends on those before it: a name that was just
given up, a voice already raised, a limit already reached.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.red_blue.script import Act

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Plain integers: numba would keep the enum itself in its cache.
WRITE, SYBIL = int(Act.WRITE), int(Act.SYBIL)
RENAME, ENDORSE = int(Act.RENAME), int(Act.ENDORSE)
STRANGER = -1
"""The slot of a name that is none of an actor's: it was made for one finding."""


@njit(cache=True, nogil=True)
def unfold(
    lane: Integers,
    actions: Integers,
    truth: Integers,
    answers: int,
    honest: int,
    next_name: int,
    name_of: Integers,
    endorses: npt.NDArray[np.bool_],
    out: Integers,
) -> int:
    """Turn red's actions int64[m, 6] into findings; return how many rows of ``out`` were written.

    ``out`` is int64[room, 6]: lane, slot, name, query, answer, actor's slot, who pays. New names
    are numbered from ``next_name`` on, in order. Renaming and endorsing act on ``name_of``
    int64[L, A] and ``endorses`` bool[L, A, A] at once.
    """
    made, headline, red = 0, truth.shape[1] - 1, name_of.shape[1] - honest
    for i in range(len(lane)):
        kind, slot, amount = actions[i, 0], honest + actions[i, 1], actions[i, 4]
        where = lane[i]
        if kind == RENAME:
            name_of[where, slot] = next_name
            next_name += 1
            endorses[where, slot] = False
            endorses[where, :, slot] = False
        elif kind == ENDORSE:
            for step in range(1, min(amount, red - 1) + 1):
                endorses[where, slot, honest + (actions[i, 1] + step) % red] = True
        elif kind in (WRITE, SYBIL):
            query, answer = actions[i, 2], actions[i, 3]
            if query != headline:
                answer = (truth[where, query] + answer) % answers
            for _ in range(amount):
                out[made, 0] = where
                out[made, 1] = slot if kind == WRITE else STRANGER
                out[made, 2] = name_of[where, slot]
                if kind == SYBIL:
                    out[made, 2] = next_name
                    next_name += 1
                out[made, 3] = query
                out[made, 4] = answer
                out[made, 5] = slot
                made += 1
    return made


@njit(cache=True, nogil=True)
def admit(
    rows: Integers,
    tick: int,
    opens: Integers,
    closes: Integers,
    voices: Integers,
    limit: Integers,
    written: Integers,
    spoken: Integers,
    admitted: Flags,
    counted: Flags,
) -> None:
    """Say of findings (rows of `unfold`) which are taken, and which of them count.

    ``written`` int64[L, A] counts findings of this tick, ``spoken`` int64[L, A, Q] is the last name
    under which each has said anything about what, -1 for none; both are kept up to date.
    """
    for i in range(len(rows)):
        lane, slot, query = rows[i, 0], rows[i, 1], rows[i, 3]
        admitted[i] = opens[query] <= tick <= closes[query]
        counted[i] = True
        if slot == STRANGER or not admitted[i]:
            continue
        if written[lane, slot] >= limit[lane]:
            admitted[i] = False
            continue
        written[lane, slot] += 1
        if voices[lane] and spoken[lane, slot, query] == rows[i, 2]:
            counted[i] = False
        spoken[lane, slot, query] = rows[i, 2]


@njit(cache=True, nogil=True)
def to_bond(
    name: Integers, stake: Integers, bonds: Integers, staked: Integers, missing: Integers
) -> None:
    """Write what each row's name must add to its bond to stake on it, in order.

    ``bonds`` and ``staked`` are int64[names], scratch that is used up.
    """
    for i in range(len(name)):
        free = bonds[name[i]] - staked[name[i]]
        missing[i] = min(max(stake[i] - free, 0), stake[i])
        bonds[name[i]] += missing[i]
        staked[name[i]] += stake[i]
