"""Rule bodies: every pair (x, y) that a relation, or a path of two, connects.

A body of length one is q(x, y); of length two, q(x, z), p(z, y) with z different from x and y
(object identity, as in AnyBURL, Meilicke et al. 2019); x = y is allowed, so that reflexive
facts can be concluded. Real graphs are sparse: enumerating the two-paths through every z costs
a few million steps where dense products over all pairs of relations would cost 10^10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit


@dataclass(frozen=True)
class Bodies:
    """Rule bodies with their groundings and their support for every head relation.

    Body b < D is the relation b itself; of the longer ones those that no pair satisfies are
    left out.

    Attributes:
        first: int32[B], relation of the first step.
        second: int32[B], relation of the second step, -1 for bodies of length one.
        start: int64[B + 1]; the pairs of body b are `pairs[start[b]:start[b + 1]]`.
        pairs: int32[n], groundings as x * E + y, ascending within a body, each once.
        size: float32[B], number of pairs.
        support: float32[B, D], pairs for which head relation r' holds too; zero where the
            rule would be the tautology r'(x, y) <- r'(x, y).
        number: int32[D, D], body of (first, second), -1 where no pair satisfies it.
    """

    first: np.ndarray
    second: np.ndarray
    start: np.ndarray
    pairs: np.ndarray
    size: np.ndarray
    support: np.ndarray
    number: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    @classmethod
    def mine(cls, cube: np.ndarray) -> Bodies:
        """All bodies of length one and two over bool[D, E, E]; O(sum of degree squared)."""
        directions, entities, _ = cube.shape
        direct = [np.flatnonzero(cube[r]).astype(np.int32) for r in range(directions)]

        # Facts sorted by source: the out-edges of entity x are edges[out[x]:out[x + 1]].
        relation, source, target = np.nonzero(cube)
        order = np.argsort(source, kind="stable")
        relation, target = relation[order].astype(np.int32), target[order].astype(np.int32)
        out = np.searchsorted(source[order], np.arange(entities + 1))
        keys = _two_paths(relation, target, out, directions, entities)
        keys = np.unique(keys)
        body = keys // entities**2
        used, counts = np.unique(body, return_counts=True)

        first = np.concatenate([np.arange(directions), used // directions]).astype(np.int32)
        second = np.concatenate([np.full(directions, -1), used % directions]).astype(np.int32)
        lengths = np.concatenate([[len(p) for p in direct], counts])
        start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        pairs = np.concatenate([*direct, (keys % entities**2).astype(np.int32)])
        number = np.full((directions, directions), -1, np.int32)
        number[first[directions:], second[directions:]] = np.arange(directions, len(first))
        flat = np.ascontiguousarray(cube.reshape(directions, -1).T)
        support = _support(start, pairs, flat)
        support[np.arange(directions), np.arange(directions)] = 0
        size = np.diff(start).astype(np.float32)
        return cls(first, second, start, pairs, size, support, number)

    def confidence(self, pseudo_count: float) -> np.ndarray:
        """float32[B, D]: pessimistic confidence, support / (size + pseudo_count)."""
        return self.support / (self.size + np.float32(pseudo_count))[:, None]

    def rules(self, confidence: np.ndarray, support_min: float, top: int) -> list[np.ndarray]:
        """For each head relation the bodies of its best rules, best first.

        Args:
            confidence: float32[B, D]; rules of zero confidence are left out.
            support_min: fewest pairs that have to bear a rule out.
            top: most rules to keep for a head.

        Returns:
            D arrays int64[<= top] of bodies, ordered by confidence, ties by body.
        """
        chosen = []
        for head in range(self.support.shape[1]):
            able = np.flatnonzero(
                (self.support[:, head] >= support_min) & (confidence[:, head] > 0)
            )
            order = np.argsort(-confidence[able, head], kind="stable")
            chosen.append(able[order[:top]])
        return chosen


@njit(cache=True, nogil=True)
def _two_paths(relation, target, out, directions, entities):
    total = 0
    for x in range(entities):
        for i in range(out[x], out[x + 1]):
            z = target[i]
            if z != x:
                total += out[z + 1] - out[z]
    keys = np.empty(total, np.int64)
    n = 0
    for x in range(entities):
        for i in range(out[x], out[x + 1]):
            z = target[i]
            if z == x:
                continue
            for j in range(out[z], out[z + 1]):
                y = target[j]
                if y != z:
                    body = np.int64(relation[i]) * directions + relation[j]
                    keys[n] = (body * entities + x) * entities + y
                    n += 1
    return keys[:n]


@njit(cache=True, nogil=True)
def _support(start, pairs, flat):
    bodies = len(start) - 1
    support = np.zeros((bodies, flat.shape[1]), np.float32)
    for b in range(bodies):
        for i in range(start[b], start[b + 1]):
            for r in range(flat.shape[1]):
                support[b, r] += flat[pairs[i], r]
    return support
