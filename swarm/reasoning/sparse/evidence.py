"""Sparse evidence: the facts of a graph that is too large for a cube of all answers.

Everything that engines need of a graph of n facts takes O(n) memory here: edges in compressed
rows, features (facts q(x, d) that entities share) numbered by the edge they begin at, rules
with their counts but without their groundings. A query is then scored on a shortlist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any

import numpy as np

from swarm.reasoning.sparse.edges import Edges, two_path_counts
from swarm.reasoning.sparse.reach import Reach
from swarm.reasoning.sparse.rules import PATHS_MAX, Rules
from swarm.reasoning.sparse.shortlist import CANDIDATES, shortlist

RULES_MAX = 1_000
"""Rules of a head, the surest first, that a reach looks at; more than any setting uses."""

REMEMBERED = 50_000
"""Shortlists that are kept (512 bytes each at 128 candidates)."""


class SparseEvidence:
    """Facts known to everybody, read-only; relations in both directions as in `Evidence`.

    Args:
        facts: int32[n, 3] rows (head, relation, tail).
        entities, relations: E and R.
        candidates: C, length of the shortlists.
        paths_max: most two-paths that are walked to mine rules; above it sources are sampled.
        seed: of that sample.

    Attributes:
        edges: the facts in both directions.
        feature: int32[n], for edge q(x, d) the first of the edges that lead from d to all who
            have q(., d): entities share a feature where these are equal.
        shared: int32[n], how many have the feature.
    """

    def __init__(
        self,
        facts: np.ndarray,
        entities: int,
        relations: int,
        candidates: int = CANDIDATES,
        paths_max: int = PATHS_MAX,
        seed: int = 0,
    ):
        self.facts = np.ascontiguousarray(facts, dtype=np.int32)
        self.entities = entities
        self.relations = relations
        self.directions = 2 * relations
        self.candidates = candidates
        self.paths_max = paths_max
        self.seed = seed
        self.edges = Edges.of(self.facts, entities, relations)
        _, source, relation, target = self.edges
        row = source.astype(np.int64) * self.directions + relation
        back = (relation + relations) % self.directions
        twin = target.astype(np.int64) * self.directions + back
        begin = np.searchsorted(row, twin)
        self.feature = begin.astype(np.int32)
        self.shared = (np.searchsorted(row, twin, side="right") - begin).astype(np.int32)
        size = f"sparse {entities} {relations} {candidates} {paths_max} {seed} ".encode()
        self.version = hashlib.sha256(size + self.facts.tobytes()).hexdigest()[:16]
        self._made: dict[Hashable, Any] = {}
        self._lists: dict[int, np.ndarray] = {}
        self._reach: tuple[np.ndarray, np.ndarray, np.ndarray, Reach] | None = None

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` returns, made once for this evidence and kept under the key."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    @cached_property
    def rules(self) -> Rules:
        """Rules of length one and two with their counts; mined on first use."""
        return Rules.mine(self.edges, self.relations, self.paths_max, self.seed)

    @cached_property
    def paths(self) -> np.ndarray:
        """int64[E]: two-paths that leave each entity."""
        return two_path_counts(self.edges)

    @cached_property
    def facts_of(self) -> np.ndarray:
        """int64[D]: number of facts of each direction."""
        return np.bincount(self.edges.relation, minlength=self.directions)

    @cached_property
    def sources_of(self) -> np.ndarray:
        """int64[D]: number of sources that have an answer, for each direction."""
        relation, source = self.edges.relation, self.edges.source
        new = np.ones(len(source), bool)
        new[1:] = (relation[1:] != relation[:-1]) | (source[1:] != source[:-1])
        return np.bincount(relation[new], minlength=self.directions)

    @cached_property
    def fan_out(self) -> np.ndarray:
        """float32[D]: mean number of answers per source that has any, for each direction."""
        return (self.facts_of / np.maximum(self.sources_of, 1)).astype(np.float32)

    @cached_property
    def degree(self) -> np.ndarray:
        """float32[E]: number of facts, in both directions, that an entity takes part in."""
        return np.diff(self.edges.out).astype(np.float32)

    def shortlist(self, source: np.ndarray, relation: np.ndarray) -> np.ndarray:
        """int32[Q, C]: candidates of queries (source, r', ?), a function of the query alone.

        Ascending, with -1 at the end of a shorter list; remembered for when they are asked for
        again. A graph of at most C entities lists them all.
        """
        keys = (np.asarray(relation, np.int64) * self.entities + source).tolist()
        new = np.array([i for i, key in enumerate(keys) if key not in self._lists], int)
        found = shortlist(self, np.asarray(source)[new], np.asarray(relation)[new])
        if len(self._lists) + len(new) > REMEMBERED:
            self._lists = {key: row for key in keys if (row := self._lists.get(key)) is not None}
        for i, row in zip(new.tolist(), found, strict=True):
            self._lists[keys[i]] = row
        rows = [self._lists[key] for key in keys]
        return np.stack(rows) if rows else np.empty((0, self.candidates), np.int32)

    def states(self, source: np.ndarray, relation: np.ndarray, candidate: np.ndarray) -> np.ndarray:
        """bool[Q, C]: whether the evidence states that the candidate answers (source, r', ?)."""
        cell = (np.asarray(source, np.int64) * self.directions + relation)[:, None]
        cell = cell * self.entities + candidate
        at = np.minimum(np.searchsorted(self._cells, cell), len(self._cells) - 1)
        return (self._cells[at] == cell) & (candidate >= 0)

    @cached_property
    def _cells(self) -> np.ndarray:
        """int64[n]: (source, relation, target) in one number, ascending; at least one number."""
        _, source, relation, target = self.edges
        row = source.astype(np.int64) * self.directions + relation
        return np.append(row * self.entities + target, np.iinfo(np.int64).max)

    def reach(self, source: np.ndarray, relation: np.ndarray, candidate: np.ndarray) -> Reach:
        """Which rules reach which candidates; remembered until something else is asked."""
        last = self._reach
        if last is None or not (last[0] is source and last[1] is relation and last[2] is candidate):
            reached = Reach.walk(
                self.edges, self.rules, source, relation, candidate, self.relations, self._surest
            )
            self._reach = last = (source, relation, candidate, reached)
        return last[3]

    @cached_property
    def _surest(self) -> np.ndarray:
        """bool[n]: the rules that a reach looks at."""
        return self.sure(5.0, 1.0, RULES_MAX) > 0

    def sure(self, pseudo_count: float, support_min: float, top: int) -> np.ndarray:
        """float32[n]: confidence of the `top` best rules of each head, 0 of the others."""

        def found() -> np.ndarray:
            confidence = self.rules.confidence(pseudo_count)
            kept = self.rules.chosen(confidence, support_min, top)
            return np.where(kept, confidence, np.float32(0))

        value: np.ndarray = self.once(("sure", pseudo_count, support_min, top), found)
        return value
