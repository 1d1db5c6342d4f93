"""Queries (source, relation, ?) with their candidate answers.

On a small graph every entity is a candidate and place c is entity c. On a large one a query
has a shortlist of C candidates; `Block` turns places into entities and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np

from swarm.reasoning.evidence import Evidence

ENTITY_BITS = 31
"""Bits that an entity takes in a key of a query with a shortlist."""


@runtime_checkable
class Shortlisting(Protocol):
    """Evidence too large for a cube: it names the candidates of a query itself."""

    entities: int
    relations: int

    def shortlist(self, source: np.ndarray, relation: np.ndarray) -> np.ndarray:
        """int32[Q, C]: candidates of each query, ascending, -1 at the end of a shorter list."""
        ...

    def states(self, source: np.ndarray, relation: np.ndarray, candidate: np.ndarray) -> np.ndarray:
        """bool[Q, C]: whether the evidence already states this answer."""
        ...


@dataclass(frozen=True)
class Block:
    """Q queries (source, r', ?) as agents see them, with C candidate answers each.

    Attributes:
        source: int32[Q].
        relation: int32[Q] in [0, 2R); r' >= R asks for heads.
        open: bool[Q, C]; False where the evidence already states the answer, or none stands.
        candidate: int32[Q, C], the entity at each place, ascending, -1 at the end of a shorter
            list; equal queries have equal lists. None: every entity is a candidate, in order.
    """

    source: np.ndarray
    relation: np.ndarray
    open: np.ndarray
    candidate: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.source)

    def entity(self, query: np.ndarray, place: np.ndarray) -> np.ndarray:
        """int32[...]: the entities at places int[...] of queries int[...]; -1 where none is."""
        if self.candidate is None:
            query, place = np.broadcast_arrays(query, place)
            return place.astype(np.int32)
        return self.candidate[query, place]

    def place(self, query: np.ndarray, entity: np.ndarray) -> np.ndarray:
        """int32[...]: the places of entities int[...] in queries int[...]; -1 if not listed."""
        query, entity = np.broadcast_arrays(query, entity)
        if self.candidate is None:
            return entity.astype(np.int32)
        places = self.candidate.shape[1]
        wanted = (query.astype(np.int64) << ENTITY_BITS) + entity
        at = np.minimum(np.searchsorted(self._cells, wanted), max(len(self._cells) - 1, 0))
        if not len(self._cells):
            return np.full(query.shape, -1, np.int32)
        return np.where(self._cells[at] == wanted, at % places, -1).astype(np.int32)

    @property
    def key(self) -> np.ndarray:
        """int64[Q]: a number for each query, as `key_of` gives it."""
        return self.key_of(self.source, self.relation)

    def key_of(self, source: np.ndarray, relation: np.ndarray) -> np.ndarray:
        """int64[...]: a number for queries (source, r', ?); equal for equal queries alone."""
        return (np.asarray(relation, np.int64) << ENTITY_BITS) + source

    def heard(
        self, source: np.ndarray, relation: np.ndarray, answer: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What findings (source, r', answer) say of the queries of this block.

        Args:
            source, relation, answer: int[...] in one shape; answers are entities.

        Returns:
            int64[...] keys and int32[...] places, as `Hearsay` takes them. The key is -1 where
            the block does not ask this query or does not list this answer.
        """
        key = self.key_of(source, relation)
        if self.candidate is None:
            return key, np.asarray(answer, np.int32)
        order, ordered = self._by_key
        if not len(order):
            return np.full(key.shape, -1, np.int64), np.zeros(key.shape, np.int32)
        at = np.minimum(np.searchsorted(ordered, key), len(order) - 1)
        place = self.place(order[at], answer)
        listed = (ordered[at] == key) & (place >= 0)
        return np.where(listed, key, -1), np.where(listed, place, 0).astype(np.int32)

    @cached_property
    def _cells(self) -> np.ndarray:
        """int64[Q * C]: query and candidate in one number, ascending."""
        assert self.candidate is not None
        last = (1 << ENTITY_BITS) - 1  # no entity, and behind all of them
        entity = np.where(self.candidate < 0, last, self.candidate)
        return ((np.arange(len(self), dtype=np.int64)[:, None] << ENTITY_BITS) + entity).ravel()

    @cached_property
    def _by_key(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.key, kind="stable")
        return order, self.key[order]


def ask(facts: np.ndarray, evidence: Evidence | Shortlisting) -> Block:
    """Both queries of every fact: (head, relation, ?) for all, then (?, relation, tail).

    Evidence that makes shortlists is asked for the candidates; with a cube all entities are.
    """
    source, direction = both_queries(facts, evidence.relations)
    if isinstance(evidence, Evidence):
        return Block(source, direction, ~evidence.cube[direction, source])
    candidate = evidence.shortlist(source, direction)
    open_ = (candidate >= 0) & ~evidence.states(source, direction, candidate)
    return Block(source, direction, open_, candidate)


def both_queries(facts: np.ndarray, relations: int) -> tuple[np.ndarray, np.ndarray]:
    """Sources and directions int32[2n] of facts int32[n, 3]: tails first, then heads."""
    head, relation, tail = np.asarray(facts, dtype=np.int32).T
    source = np.concatenate([head, tail]).astype(np.int32)
    return source, np.concatenate([relation, relation + relations]).astype(np.int32)
