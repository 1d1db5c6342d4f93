"""Which claims depend on one another: by one author, or with grounds in common.

Dependence is transitive, and a voice is a connected component (union-find: B. A. Galler and M. J.
Fischer, "An improved equivalence algorithm", Communications of the ACM 7, 1964; R. E. Tarjan and J.
van Leeuwen, "Worst-case analysis of set union algorithms", Journal of the ACM 31, 1984, for the
halving of paths).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.facts.columns import different
from swarm.memory.facts.facts import Facts

Ids = NDArray[np.int64]
_BITS = 32


def first_of_voice(facts: Facts, ids: Ids, of: Ids, depth: int) -> Ids:
    """Return the place of the first claim of the voice of each claim, int64[m].

    Args:
        facts: the memory.
        ids: int64[m], claims.
        of: int64[m], what each says: those that differ have nothing to do with one another.
        depth: how many links of evidence back claims may meet, 0 or more.

    O(c log c) for the c claims and grounds.
    """
    claim = np.arange(ids.size)
    ties, claims = [facts.columns()["author"][ids].astype(np.int64)], [claim]
    ground = ids
    for link in range(depth + 1):
        ties.append(ground + 2 ** (_BITS - 1))
        claims.append(claim)
        if link < depth:
            ground, counts = facts.evidence(ground)
            claim = np.repeat(claim, counts)
            # Ways that meet again are followed once.
            ground, claim = _distinct(ground, claim)
    tie, tied = np.concatenate(ties), np.concatenate(claims)
    key = (of[tied] << _BITS) + tie
    order = np.argsort(key, kind="stable")
    first = np.arange(ids.size)
    joined(key[order], tied[order], first)
    return first


def _distinct(ground: Ids, claim: Ids) -> tuple[Ids, Ids]:
    key = different((claim << _BITS) + ground)
    return key & (2**_BITS - 1), key >> _BITS


@njit(cache=True, nogil=True)
def joined(key: NDArray[np.int64], claim: NDArray[np.int64], root: NDArray[np.int64]) -> None:
    """Join claims with equal keys, which stand together; `root`, 0, 1, 2 ..., is the first then."""
    for i in range(1, key.size):
        if key[i] == key[i - 1]:
            one, other = claim[i - 1], claim[i]
            while root[one] != one:
                root[one] = root[root[one]]
                one = root[one]
            while root[other] != other:
                root[other] = root[root[other]]
                other = root[other]
            if one < other:
                root[other] = one
            else:
                root[one] = other
    for i in range(root.size):
        # Roots come before what hangs on them, so one pass flattens every tree.
        root[i] = root[root[i]]
