"""Rules of a large graph: bodies of length one and two with their confidence, not their pairs.

A body is q(x, y), or q(x, z), p(z, y) with z different from x and y, as in `Bodies`. Where the
graph has at most `PATHS_MAX` two-paths every one is walked and the counts are exact. Above that,
bodies of length two are counted on a random sample of sources x whose paths fit the budget,
and scaled by the share of sources walked (AnyBURL, Meilicke et al. 2019, samples as well).

Bounds: at most `paths_max` paths are walked, whatever the graph; a source that alone would take
more than a `HUB_SHARE` of them is left out of the sample. Counts are unbiased over the sources
that are not; a confidence c seen on n groundings of k sources has a standard error of at most
about sqrt(c (1 - c) / k), n / k groundings of one source being as good as one at worst. Rules
that the sample bears out nowhere are not found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from swarm.reasoning.sparse.edges import Edges, grown, two_path_counts

PATHS_MAX = 20_000_000
"""Two-paths that are walked to mine rules: a few seconds, and some 100 MB."""

HUB_SHARE = 0.02


@dataclass(frozen=True)
class Rules:
    """Rules r'(x, y) <- body that some pair bears out, by head and then body.

    Attributes:
        start: int64[D + 1]; the rules of head r' are rows `start[r']:start[r' + 1]`.
        head: int32[n].
        code: int64[n], the body: q for one of length one, D + q * D + p for one of length two.
        support: float32[n] > 0, pairs of the body for which the head holds too.
        size: float32[n], pairs of the body.
        walked: int64[k], the sources whose paths were walked, ascending.
        share: of the sources that have edges, those walked; 1.0 where counts are exact.
    """

    start: np.ndarray
    head: np.ndarray
    code: np.ndarray
    support: np.ndarray
    size: np.ndarray
    walked: np.ndarray
    share: float

    def __len__(self) -> int:
        return len(self.head)

    @property
    def directions(self) -> int:
        """D."""
        return len(self.start) - 1

    @property
    def first(self) -> np.ndarray:
        """int64[n]: relation of the first step of each body."""
        D = self.directions
        return np.where(self.code < D, self.code, (self.code - D) // D)

    @property
    def second(self) -> np.ndarray:
        """int64[n]: relation of the second step, -1 for bodies of length one."""
        D = self.directions
        return np.where(self.code < D, -1, (self.code - D) % D)

    @classmethod
    def mine(cls, edges: Edges, relations: int, paths_max: int = PATHS_MAX, seed: int = 0) -> Rules:
        """All rules, or those that a sample of sources bears out; O(paths log paths)."""
        D = 2 * relations
        walked, share = _affordable(two_path_counts(edges), paths_max, seed)
        size, support = _count(edges, walked, np.zeros(len(edges.out) - 1, np.int64), 1, D)
        rule, number = np.unique(support, return_counts=True)
        code, head = rule // D, rule % D
        order = np.lexsort((code, head))
        code, head, number = code[order], head[order], number[order]
        scale = np.where(code < D, 1.0, 1 / share)
        return cls(
            np.searchsorted(head, np.arange(D + 1)).astype(np.int64),
            head.astype(np.int32),
            code,
            (number * scale).astype(np.float32),
            (size[code, 0] * scale).astype(np.float32),
            walked,
            share,
        )

    def confidence(self, pseudo_count: float) -> np.ndarray:
        """float32[n]: pessimistic confidence, support / (size + pseudo_count)."""
        return self.support / (self.size + np.float32(pseudo_count))

    def chosen(self, confidence: np.ndarray, support_min: float, top: int) -> np.ndarray:
        """bool[n]: the `top` best rules of each head, by confidence and then body.

        Args:
            confidence: float32[n]; rules of zero confidence are left out.
            support_min: fewest pairs that have to bear a rule out.
            top: most rules to keep for a head.
        """
        able = np.flatnonzero((self.support >= support_min) & (confidence > 0))
        able = able[np.lexsort((self.code[able], -confidence[able], self.head[able]))]
        head = self.head[able]
        place = np.arange(len(able)) - np.searchsorted(head, head)
        kept = np.zeros(len(self), bool)
        kept[able[place < top]] = True
        return kept

    def strata(
        self, edges: Edges, kind: np.ndarray, kinds: int, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sizes and supports within each stratum (kind of x, kind of y).

        Args:
            edges: what the rules were mined from.
            kind: int64[E] in [0, kinds).
            kinds: k.
            rows: int64[m], which rules.

        Returns:
            float32[m, k * k] each; they sum to `size` and `support`.
        """
        D, S = self.directions, kinds**2
        size, support = _count(edges, self.walked, kind, kinds, D)
        key, number = np.unique(support, return_counts=True)
        rule = self.code[rows] * D + self.head[rows]
        order = np.argsort(rule)
        place = np.minimum(np.searchsorted(rule[order], key // S), max(len(rows) - 1, 0))
        asked = rule[order][place] == key // S if len(rows) else np.zeros(len(key), bool)
        responded = np.zeros((len(rows), S), np.float32)
        responded[order[place[asked]], key[asked] % S] = number[asked]
        scale = np.where(self.code[rows] < D, 1.0, 1 / self.share)[:, None]
        treated = size[self.code[rows]]
        return (treated * scale).astype(np.float32), (responded * scale).astype(np.float32)


def _affordable(cost: np.ndarray, paths_max: int, seed: int) -> tuple[np.ndarray, float]:
    """Sources int64[k] to walk, ascending, and their share of those that have paths."""
    able = np.flatnonzero(cost > 0)
    if cost.sum() <= paths_max or not len(able):
        return able, 1.0
    drawn = np.random.default_rng(seed).permutation(able)
    drawn = drawn[cost[drawn] <= max(HUB_SHARE * paths_max, cost[able].min())]
    walked = drawn[np.cumsum(cost[drawn]) <= max(paths_max, cost[drawn[0]])]
    return np.sort(walked), len(walked) / len(able)


def _count(
    edges: Edges, walked: np.ndarray, kind: np.ndarray, kinds: int, directions: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sizes int64[D + D^2, k^2] of all bodies, and a key for each pair that bears a rule out."""
    size, support = _count_paths(edges, walked, kind, kinds, directions)
    size[:directions], direct = _count_direct(edges, kind, kinds, directions)
    return size, np.concatenate([direct, support])


@njit(cache=True, nogil=True)
def _count_direct(edges, kind, kinds, directions):
    """The same for bodies of length one, and always of all sources."""
    strata = kinds * kinds
    size = np.zeros((directions, strata), np.int64)
    support = np.empty(1024, np.int64)
    n = 0
    entities = len(edges.out) - 1
    latest = np.full(entities, -1, np.int64)  # a list of the edges from x to each y
    older = np.full(len(edges.target), -1, np.int64)
    for x in range(entities):
        for i in range(edges.out[x], edges.out[x + 1]):
            y = edges.target[i]
            stratum = kind[x] * kinds + kind[y]
            size[edges.relation[i], stratum] += 1
            older[i] = latest[y]
            latest[y] = i
            j = older[i]
            while j >= 0:
                support = grown(support, n + 2)
                one, other = edges.relation[i], edges.relation[j]
                support[n] = (np.int64(one) * directions + other) * strata + stratum
                support[n + 1] = (np.int64(other) * directions + one) * strata + stratum
                n += 2
                j = older[j]
        for i in range(edges.out[x], edges.out[x + 1]):
            latest[edges.target[i]] = -1
    return size, support[:n]


@njit(cache=True, nogil=True)
def _count_paths(edges, walked, kind, kinds, directions):
    """Sizes and supports of bodies of length two, from the paths of some sources."""
    strata = kinds * kinds
    entities = len(edges.out) - 1
    size = np.zeros((directions + directions * directions, strata), np.int64)
    support = np.empty(1024, np.int64)
    n = 0
    buffer = np.empty(1024, np.int64)
    latest = np.full(entities, -1, np.int64)  # a list of the edges from x to each y
    older = np.full(len(edges.target), -1, np.int64)
    for x in walked:
        found = 0
        for i in range(edges.out[x], edges.out[x + 1]):
            z = edges.target[i]
            older[i] = latest[z]
            latest[z] = i
            if z == x:
                continue
            buffer = grown(buffer, found + edges.out[z + 1] - edges.out[z])
            base = directions + np.int64(edges.relation[i]) * directions
            for j in range(edges.out[z], edges.out[z + 1]):
                y = edges.target[j]
                if y != z:
                    buffer[found] = (base + edges.relation[j]) * entities + y
                    found += 1
        pairs = np.sort(buffer[:found])
        for k in range(found):
            if k > 0 and pairs[k] == pairs[k - 1]:
                continue  # a pair counts once, however many z connect it
            code = pairs[k] // entities
            y = pairs[k] - code * entities
            stratum = kind[x] * kinds + kind[y]
            size[code, stratum] += 1
            i = latest[y]
            while i >= 0:
                support = grown(support, n + 1)
                support[n] = (code * directions + edges.relation[i]) * strata + stratum
                n += 1
                i = older[i]
        for i in range(edges.out[x], edges.out[x + 1]):
            latest[edges.target[i]] = -1
    return size, support[:n]
