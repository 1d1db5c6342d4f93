"""Rule bodies: every pair (x, y) that a relation, or a path of two, connects.

A body of length one is q(x, y); of length two, q(x, z), p(z, y) with z different from x and y
(object identity, as in AnyBURL, Meilicke et al. 2019); x = y is allowed, so that reflexive
facts can be concluded. Real graphs are sparse: enumerating the two-paths through every z costs
a few million steps where dense products over all pairs of relations would cost 10^10.

Bodies of length three are too many to be mined; those that somebody names are added by `longer`.
They connect x and y by four different entities: a walk of three steps back to x says little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
        third: int32[B], relation of the third step, -1 for shorter bodies.
        start: int64[B + 1]; the pairs of body b are `pairs[start[b]:start[b + 1]]`.
        pairs: int32[n], groundings as x * E + y, ascending within a body, each once.
        size: float32[B], number of pairs.
        support: float32[B, D], pairs for which head relation r' holds too; zero where the
            rule would be the tautology r'(x, y) <- r'(x, y).
        number: int32[D, D], body of (first, second), -1 where no pair satisfies it.
    """

    first: np.ndarray
    second: np.ndarray
    third: np.ndarray
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
        third = np.full(len(first), -1, np.int32)
        return cls(first, second, third, start, pairs, size, support, number)

    def longer(self, steps: Sequence[tuple[int, ...]], cube: np.ndarray) -> Bodies:
        """These bodies and behind them others of length three; `number` stays as it is.

        Args:
            steps: for each body its three relations in [0, D), both directions counted.
            cube: bool[D, E, E] that these bodies were mined from.

        Raises:
            ValueError: a body that is not three relations of this graph.

        Cost: two products of [E, E] matrices for each body, then support as when mined.
        """
        D = len(cube)
        for body in steps:
            if len(body) != 3 or not all(0 <= relation < D for relation in body):
                raise ValueError(
                    f"body {body} must be three relations of 0 to {D - 1} (those from {D // 2} on "
                    "are inverses), such as (0, 1, 0)"
                )
        if not steps:
            return self
        found = [three_steps(body, cube) for body in steps]
        start = np.cumsum([0, *map(len, found)])
        pairs = np.concatenate(found)
        support = _support(start, pairs, np.ascontiguousarray(cube.reshape(D, -1).T))
        relations = np.array(steps, np.int32)
        return replace(
            self,
            first=np.concatenate([self.first, relations[:, 0]]),
            second=np.concatenate([self.second, relations[:, 1]]),
            third=np.concatenate([self.third, relations[:, 2]]),
            start=np.concatenate([self.start, self.start[-1] + start[1:]]),
            pairs=np.concatenate([self.pairs, pairs]),
            size=np.concatenate([self.size, np.diff(start).astype(np.float32)]),
            support=np.concatenate([self.support, support]),
        )

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


def three_steps(body: tuple[int, ...], cube: np.ndarray) -> np.ndarray:
    """int32[n], ascending: pairs x * E + y with q(x, z), p(z, w), s(w, y) for some z and w.

    x, z, w and y are four different entities. Of all walks without loops those that come back to
    x, or are at y too early, are subtracted, and those that do both are not subtracted twice.
    Counts are exact: two ends have at most E^2 walks between them, in a dense cube below 2^24.
    """
    q, p, s = (_without_loops(cube[relation]) for relation in body)
    back, early = (q * p.T).sum(axis=1), (p * s.T).sum(axis=1)
    walks = q @ p @ s - back[:, None] * s - q * early[None, :] + q * p.T * s
    np.fill_diagonal(walks, 0)
    return np.flatnonzero(walks > 0).astype(np.int32)


def _without_loops(facts: np.ndarray) -> np.ndarray:
    steps = facts.astype(np.float32)
    np.fill_diagonal(steps, 0)
    return steps


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
