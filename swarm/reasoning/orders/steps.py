"""One step of a walk with the gate off, in passes that become vector instructions.

The float32 operations on a candidate are those of `swarm.reasoning.strategy`, in the same order,
so that states and final scores are the same bits. Who is still in play is told by what a
candidate has fallen: 0 in play, -inf closed from the start, anything else pruned.

Maxima of floats are not vectors for the compiler, because of NaN; maxima of integers are. The
bits of a float32, read as an integer, are in the order of the floats once those of the negative
ones are turned round; that is the key that maxima are taken of.
"""

from __future__ import annotations

import numpy as np
from numba import njit

NOTHING = np.int32(-(2**31))
"""Key below that of every float32: nobody is in play."""

START = np.float32(1e-6)
"""Weight added before the first engine, as in `swarm.reasoning.walk`."""

LANES = 16
"""Widths are multiples of it, so that no vector is left half full."""

_TURN = np.int32(2**31 - 1)
_SIGN = np.int32(31)


@njit(cache=True, nogil=True)
def key_of(value):
    """An int32 that is ordered as the float32 is."""
    bits = np.float32(value).view(np.int32)
    return np.int32(bits ^ ((bits >> _SIGN) & _TURN))


@njit(cache=True, nogil=True)
def value_of(key):
    """The float32 of a key."""
    return np.float32(np.int32(key ^ ((key >> _SIGN) & _TURN)).view(np.float32))


@njit(cache=True, nogil=True)
def added(state, d, fallen, gain, scores, f, e, width, fresh):
    """State after engine e spoke, into `fresh`; the key of the best in play.

    Arrays come whole and rows as numbers, d of the walk and f of the frame: a view of a row
    costs as much as the step itself.
    """
    best = NOTHING
    for c in range(width):
        value = state[d, c] + gain * scores[f, e, c]
        fresh[c] = value
        key = key_of(value)
        best = max(best, key if fallen[d, c] == np.float32(0) else NOTHING)
    return best


@njit(cache=True, nogil=True)
def added_with_echo(
    state, d, fallen, gain, scores, f, e, width, fresh, shift, echo, echo_row, top, place
):  # fmt: skip
    """As `added`, moved by working memory: `shift * echo[e, echo_row, top, place]`."""
    best = NOTHING
    for c in range(width):
        heard = state[d, c] + gain * scores[f, e, c]
        value = np.float32(heard + shift * echo[e, echo_row, top, place[f, c]])
        fresh[c] = value
        key = key_of(value)
        best = max(best, key if fallen[d, c] == np.float32(0) else NOTHING)
    return best


@njit(cache=True, nogil=True)
def pruned(fresh, state, fallen, d, width, best, floor, mark):
    """Prune what is in play below the floor, into row d + 1; the second best before that.

    The second is as good as the best if several are, and -inf if there is no other.
    """
    second = NOTHING
    ties = np.int32(0)
    for c in range(width):
        plays = fallen[d, c] == np.float32(0)
        value = fresh[c]
        state[d + 1, c] = value
        fallen[d + 1, c] = mark if plays & (value < floor) else fallen[d, c]
        ties += np.int32(1) if plays & (value == best) else np.int32(0)
        key = key_of(value)
        second = max(second, key if plays & (value < best) else NOTHING)
    if ties > 1:
        return best
    return value_of(second) if second > NOTHING else np.float32(-np.inf)


@njit(cache=True, nogil=True)
def first_at(fresh, fallen, d, width, best):
    """Place of the first in play that is as good as the best."""
    nobody = np.int32(width)
    top = nobody
    for c in range(nobody):
        here = (fallen[d, c] == np.float32(0)) & (fresh[c] == best)
        top = min(top, np.int32(c) if here else nobody)
    return top


@njit(cache=True, nogil=True)
def final_scores(state, fallen, d, width, scale, rows, row):
    """The scores that a walk ends with, into a row."""
    for c in range(width):
        rows[row, c] = scale * state[d, c] + fallen[d, c]
