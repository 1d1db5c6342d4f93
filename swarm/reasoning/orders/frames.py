"""Steps of the walk with working memory, on what can still matter and no more.

A frame holds the candidates that are in play, or were pruned with the truth, close together:
whoever fell by other thousands than the truth did cannot be moved past it. Out of play is -inf,
which no score changes, so that a step asks nobody whether it is in play. The operations on a
candidate are those of `swarm.reasoning.walk`, in its order and its widths, to the bit; maxima are
taken of keys (`swarm.reasoning.orders.steps`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.orders.steps import LANES, NOTHING, key_of, value_of

WAYS = 4
"""Rows of echo kept for a frame and an engine; one more is silent."""

LOWEST = np.float32(-np.inf)


@njit(inline="always")
def spoken(state, d, seen, heard, f, e, way, width, gain, shift, fresh):
    """Where who is in play stands after engine e, into `fresh`; the key of the best.

    Args:
        state: float32[K + 1, W], row d.
        seen: float32[K + 1, K, W], scores in frame f; heard: float32[K + 1, K, WAYS + 1, W], echo.
        gain: float32; shift: float64, as `reason` has them.
    """
    best = NOTHING
    for c in range(width):
        own = state[d, c] + gain * seen[f, e, c]
        value = np.float32(own + shift * heard[f, e, way, c])
        fresh[c] = value
        best = max(best, key_of(value))
    return best


@njit(inline="always")
def left(fresh, state, n, width, best, floor):
    """Row n of the state without who is below the floor.

    Returns:
        The next after the best, as good if several are; the place of the first best; and how
        many stay.
    """
    second = NOTHING
    ties = np.int32(0)
    stay = np.int32(0)
    first = np.int32(width)
    for c in range(np.int32(width)):
        value = fresh[c]
        state[n, c] = value if value >= floor else LOWEST
        stay += np.int32(1) if value >= floor else np.int32(0)
        ties += np.int32(1) if value == best else np.int32(0)
        first = min(first, np.int32(c) if value == best else np.int32(width))
        second = max(second, key_of(value) if value < best else NOTHING)
    if ties > 1:
        return best, first, stay
    return value_of(second) if second > NOTHING else LOWEST, first, stay


@njit(inline="always")
def ranked(values, d, width, own, scale, fallen, counted, f):
    """Twice the rank of a truth that stands at `own` among who is in row d."""
    final = scale * own + fallen
    above = np.int32(0)
    equal = np.int32(0)
    for c in range(width):
        value = scale * values[d, c] + fallen
        stays = values[d, c] > LOWEST
        above += counted[f, c] if stays & (value > final) else np.int32(0)
        equal += counted[f, c] if stays & (value == final) else np.int32(0)
    return 2 + 2 * above + equal


@njit(cache=True, nogil=True)
def told_apart(state, beside, d, n, fresh, width, floor, counted, f):
    """The truth falls: who falls with it, into `beside`; twice the counted who stay."""
    ahead = 0
    for c in range(width):
        stays = fresh[c] >= floor
        falls = state[d, c] > LOWEST and not stays
        beside[n, c] = fresh[c] if falls else LOWEST
        ahead += 2 * counted[f, c] if stays else 0
    return ahead


@njit(inline="always")
def recalled(echo, e, row, top, tag, heard, place, f, width):
    """The way that holds what engine e hears of candidate `top`, laid out as frame f is."""
    way = top % WAYS
    if tag[f, e, way] != top:
        tag[f, e, way] = top
        for c in range(width):
            heard[f, e, way, c] = echo[e, row, top, place[f, c]]
    return way


@njit(cache=True, nogil=True)
def framed(state, beside, n, width, truth, fell, used, seen, counted, place, tag, f):
    """Lay out frame n for who is left of frame f, if that saves `LANES` candidates.

    Args:
        truth: its place in frame f; fell: whether it is out of play.

    Returns:
        The frame to go on with, its width, and the place of the truth in it.
    """
    kept = 0
    for c in range(width):
        kept += (state[n, c] > LOWEST) | (fell & (beside[n, c] > LOWEST))
    narrow = (kept + LANES - 1) // LANES * LANES
    if narrow >= width:
        return f, width, truth
    at = 0
    own = truth
    for c in range(width):
        if (state[n, c] > LOWEST) | (fell & (beside[n, c] > LOWEST)):
            own = at if c == truth else own
            state[n, at] = state[n, c]
            beside[n, at] = beside[n, c]
            counted[n, at] = counted[f, c]
            place[n, at] = place[f, c]
            at += 1
    for e in range(seen.shape[1]):
        for way in range(WAYS):
            tag[n, e, way] = -1
        if not used >> e & 1:
            for c in range(kept):
                seen[n, e, c] = seen[0, e, place[n, c]]
    for c in range(kept, narrow):
        state[n, c] = LOWEST
        beside[n, c] = LOWEST
        counted[n, c] = 0
        place[n, c] = 0
    return n, narrow, own
