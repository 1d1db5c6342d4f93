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

CLEAR = 2e-3
"""Lead in final scores that no rounding undoes: several times what one at -8,000 is rounded by."""

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
def ranked(state, fallen, d, width, scale, truth, counted, f):
    """Twice the rank of the truth among the counted (int32 0 or 1), ties averaged."""
    own = scale * state[d, truth] + fallen[d, truth]
    above = np.int32(0)
    equal = np.int32(0)
    for c in range(width):
        value = scale * state[d, c] + fallen[d, c]
        above += counted[f, c] if value > own else np.int32(0)
        equal += counted[f, c] if value == own else np.int32(0)
    return 2 + 2 * above + equal


@njit(cache=True, nogil=True)
def ranked_last(fresh, fallen, d, width, floor, mark, scale, truth, counted, f):
    """As `ranked`, after what is in play below the floor has been pruned."""
    own_fallen = fallen[d, truth]
    if (own_fallen == np.float32(0)) & (fresh[truth] < floor):
        own_fallen = mark
    own = scale * fresh[truth] + own_fallen
    above = np.int32(0)
    equal = np.int32(0)
    for c in range(width):
        plays = fallen[d, c] == np.float32(0)
        value = scale * fresh[c] + (mark if plays & (fresh[c] < floor) else fallen[d, c])
        above += counted[f, c] if value > own else np.int32(0)
        equal += counted[f, c] if value == own else np.int32(0)
    return 2 + 2 * above + equal


@njit(cache=True, nogil=True)
def tallied(fresh, fallen, d, width, best, floor, mark, truth, counted, beats, f):
    """As `pruned` with nothing written, and twice the rank that the last engine will leave.

    Whoever fell as deep as the truth, or is in play as it is, is told from it by `beats`; see
    `foreseen`.
    """
    own = fallen[d, truth]
    if (own == np.float32(0)) & (fresh[truth] < floor):
        own = mark
    second = NOTHING
    ties = np.int32(0)
    twice = np.int32(2)
    for c in range(width):
        plays = fallen[d, c] == np.float32(0)
        value = fresh[c]
        fell = mark if plays & (value < floor) else fallen[d, c]
        twice += beats[f, c] if fell == own else np.int32(0)
        twice += counted[f, c] + counted[f, c] if fell > own else np.int32(0)
        ties += np.int32(1) if plays & (value == best) else np.int32(0)
        key = key_of(value)
        second = max(second, key if plays & (value < best) else NOTHING)
    if ties > 1:
        return best, twice
    return (value_of(second) if second > NOTHING else np.float32(-np.inf)), twice


@njit(cache=True, nogil=True)
def foreseen(scores, gain, consensus, truth, counted, beats):
    """Whether the order of the engines cannot change who beats the truth after all of them.

    The sum over all engines is the same in every order but for rounding. If no counted candidate
    comes within `CLEAR` of the truth, but for those that every engine scores exactly alike, it is
    known before the last engine is asked. Then beats[0, c] is 2 for candidates above the truth
    and 1 for those equal to it.
    """
    K = len(gain)
    total = 0.0
    for e in range(K):
        total += gain[e]
    for c in range(scores.shape[2]):
        beats[0, c] = 0
        if counted[0, c] == 0:
            continue
        difference = 0.0
        alike = True
        for e in range(K):
            difference += gain[e] * (np.float64(scores[0, e, c]) - scores[0, e, truth])
            alike &= scores[0, e, c] == scores[0, e, truth]
        difference /= total
        if alike:
            beats[0, c] = 1
        elif abs(difference) * min(consensus, np.float32(1)) < CLEAR:
            return False
        elif difference > 0:
            beats[0, c] = 2
    return True


@njit(cache=True, nogil=True)
def final_scores(state, fallen, d, width, scale, rows, row):
    """The scores that a walk ends with, into a row."""
    for c in range(width):
        rows[row, c] = scale * state[d, c] + fallen[d, c]


@njit(cache=True, nogil=True)
def narrowed(state, fallen, d, width, truth, used, scores, counted, beats, place, f):
    """Copy to frame d what can still matter: who is in play, and who fell with the truth.

    The others fell by other thousands than the truth did, so that nothing they add can move them
    past it. A candidate keeps its place among the others. Nothing is done, and f returned, if it
    would not save a block of `LANES`.

    Returns:
        The frame to go on with, its width (a multiple of `LANES`), the place of the truth, and
        how many counted candidates that rank above the truth were left out.
    """
    own = fallen[d, truth]
    kept = 0
    for c in range(width):
        kept += (fallen[d, c] == np.float32(0)) | (fallen[d, c] == own)
    narrow = (kept + LANES - 1) // LANES * LANES
    if narrow >= width or own == np.float32(-np.inf):
        return f, width, truth, 0
    ahead = 0
    at = 0
    place_of_truth = truth
    for c in range(width):
        if (fallen[d, c] == np.float32(0)) | (fallen[d, c] == own):
            if c == truth:
                place_of_truth = at
            state[d, at] = state[d, c]
            fallen[d, at] = fallen[d, c]
            counted[d, at] = counted[f, c]
            beats[d, at] = beats[f, c]
            place[d, at] = place[f, c]
            at += 1
        elif fallen[d, c] > own:
            ahead += counted[f, c]
    for e in range(scores.shape[1]):
        if not used >> e & 1:
            for c in range(kept):
                scores[d, e, c] = scores[0, e, place[d, c]]
            for c in range(kept, narrow):
                scores[d, e, c] = 0
    for c in range(at, narrow):
        state[d, c] = 0
        fallen[d, c] = np.float32(-np.inf)
        counted[d, c] = 0
        beats[d, c] = 0
        place[d, c] = 0
    return d, narrow, place_of_truth, ahead
