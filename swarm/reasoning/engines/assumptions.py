"""Assumptions: what still follows when one of them is dropped, for all of them at once.

An assumption is a relation: dropping it takes away its facts and every law that uses it. Beside
every fact and every answer stands the set of single drops that it survives, as bits. A known
fact survives all but its own relation's; what is derived from two facts survives what both do;
of several derivations it is enough that one does. (Provenance in a semiring, here of sets with
union and intersection: Green, Karvounarakis & Tannen 2007.) One evaluation thus answers for all
R drops, where dropping them one at a time would take R.
"""

from __future__ import annotations

import numpy as np
from numba import njit

WORD = 64
"""Assumptions to a word of a bit set."""


def drops_of(relations: int) -> np.ndarray:
    """uint64[R, ceil(R / 64)]: for each relation the drops its facts survive, all but its own."""
    words = -(-relations // WORD)
    every = np.zeros(words * WORD, bool)
    every[:relations] = True
    survived = np.tile(every, (relations, 1))
    survived[np.arange(relations), np.arange(relations)] = False
    packed: np.ndarray = np.packbits(survived, axis=1, bitorder="little").view(np.uint64)
    return packed


def critical(survived: np.ndarray, relations: int) -> np.ndarray:
    """int64[...]: number of the R assumptions that cannot be dropped, of uint64[..., words]."""
    bits = np.unpackbits(np.ascontiguousarray(survived).view(np.uint8), axis=-1)
    counted: np.ndarray = relations - bits.sum(axis=-1, dtype=np.int64)
    return counted


@njit(cache=True, nogil=True)
def survive_directly(survived, start, pairs, bodies, drops):
    """Add, in place, to uint64[E * E, words] what the derivations by n bodies survive.

    `drops` is uint64[n, words], what the facts that a body is made of survive.
    """
    for i in range(len(bodies)):
        for k in range(start[bodies[i]], start[bodies[i] + 1]):
            for w in range(drops.shape[1]):
                survived[pairs[k], w] |= drops[i, w]


@njit(cache=True, nogil=True)
def survive_joined(survived, derived, left, right):
    """Add, in place, what pairs derived by left(x, z), right(z, y) survive, z neither x nor y.

    Args:
        survived: uint64[E, E, words], of the answers.
        derived: bool[E, E], the pairs to look at.
        left: uint64[E, E, words], of the facts of the first step; 0 where there is none.
        right: uint64[E, E, words], of the facts of the second.
    """
    entities = len(derived)
    for x in range(entities):
        if not derived[x].any():
            continue
        for z in range(entities):
            if z == x or not left[x, z].any():
                continue
            for y in range(entities):
                if y != z and derived[x, y]:
                    for w in range(survived.shape[2]):
                        survived[x, y, w] |= left[x, z, w] & right[z, y, w]
