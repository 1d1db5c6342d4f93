"""Queries with their candidates, and the referee who alone knows the answers.

Filtered ranking (Bordes et al. 2013): other known answers of the same query do not count
against the one asked for; ties share their average rank (Berrendorf et al. 2020).

On a small graph every entity is a candidate and place c is entity c. On a large one a query
has a shortlist of C candidates; `Block` turns places into entities and back. The referee then
ranks as if all entities that are not on the list tied below it, so that a shortlist without
the truth earns what guessing among the others would.

Inside a world the referee knows only part of the facts, so that a right but unknown answer
ranked above the truth looks like a mistake. With h such answers expected, the credit for rank
k is the mean of 1 / (k - m) over m = 0..min(h, k - 1): the reciprocal rank that is expected
once they are filtered too, if the strategy has no way to tell known from unknown facts.
For h = 0 it is the plain reciprocal rank.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numba import njit

from swarm.reasoning.evidence import Evidence, cube_of

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


@dataclass(frozen=True)
class Referee:
    """The truth, held apart.

    Attributes:
        unit: what marks are, in words.
        truth: int32[Q], the place of the answer of each query; -1 if it is not on the list.
        counted: bool[Q, C], the candidates that are compared with the truth: everything but
            the other known answers of the query. The truth itself is counted.
        hidden: int32[Q], right answers of the query that are expected to be unknown here.
        outside: int32[Q], entities that are counted but not on the list, the truth among them
            if it is not; None if all are on it.
    """

    unit: ClassVar[str] = "expected reciprocal rank"

    truth: np.ndarray
    counted: np.ndarray
    hidden: np.ndarray
    outside: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.truth)

    def ranks(self, scores: np.ndarray, queries: np.ndarray | None = None) -> np.ndarray:
        """Ranks of the truth among the counted entities, ties averaged.

        Entities outside the list stand below it, tied: a truth among n of them, below m that
        are listed and counted, has rank m + (n + 1) / 2. A listed truth scored -inf ties with
        them, and one scored NaN is below them.

        Args:
            scores: float32[n, C], higher is better; row i answers query `queries[i]`.
            queries: int[n] rows of this referee; all of them in order if left out.

        Returns:
            float64[n] of ranks >= 1.
        """
        if queries is None:
            queries = np.arange(len(self.truth))
        outside = np.zeros(len(self.truth), np.int32) if self.outside is None else self.outside
        queries = np.asarray(queries, np.int64)
        return _ranks(scores, queries, self.truth, self.counted, outside)

    def marks(self, scores: np.ndarray, queries: np.ndarray | None = None) -> np.ndarray:
        """float64[n] in (0, 1]: the credit of float32[n, C] scores, of `queries` or of all."""
        return self.credit(self.ranks(scores, queries), queries)

    def figures(self, scores: np.ndarray) -> dict[str, float]:
        """What a table shows of scores float32[Q, C] of all queries: MRR and Hits@10."""
        return asdict(Quality.of(self.ranks(scores)))

    def credit(self, ranks: np.ndarray, queries: np.ndarray | None = None) -> np.ndarray:
        """float64[n] in (0, 1]: expected filtered reciprocal rank of float64[n] ranks."""
        hidden = self.hidden if queries is None else self.hidden[queries]
        return expected_reciprocal_rank(ranks, hidden)


def expected_reciprocal_rank(ranks: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Mean of 1 / (k - m), m = 0..min(h, k - 1), for ranks k >= 1 and hidden answers h.

    Half ranks, from ties, take the mean of their neighbours. O(n + max rank).
    """
    harmonic = np.concatenate([[0], np.cumsum(1 / np.arange(1, int(ranks.max(initial=1)) + 2))])

    def of(k: np.ndarray) -> np.ndarray:
        m = np.minimum(hidden, k - 1)
        return (harmonic[k] - harmonic[k - 1 - m]) / (m + 1)

    return (of(np.floor(ranks).astype(int)) + of(np.ceil(ranks).astype(int))) / 2


def ask(facts: np.ndarray, evidence: Evidence | Shortlisting) -> Block:
    """Both queries of every fact: (head, relation, ?) for all, then (?, relation, tail).

    Evidence that makes shortlists is asked for the candidates; with a cube all entities are.
    """
    source, direction = _both_queries(facts, evidence.relations)
    if isinstance(evidence, Evidence):
        return Block(source, direction, ~evidence.cube[direction, source])
    candidate = evidence.shortlist(source, direction)
    open_ = (candidate >= 0) & ~evidence.states(source, direction, candidate)
    return Block(source, direction, open_, candidate)


def judge(
    facts: np.ndarray,
    known: np.ndarray,
    evidence: Evidence | Shortlisting,
    unknown_share: float = 0.0,
) -> Referee:
    """The referee of `ask(facts, evidence)`.

    Args:
        facts: int32[n, 3], the facts asked about.
        known: int32[m, 3], every fact that may not count as a wrong answer. For tasks inside
            a world this is train and valid; only the final report adds test.
        evidence: what was asked with; its shortlists are made again, or remembered.
        unknown_share: share of all facts that are not in `known`, in [0, 1).
    """
    source, direction = _both_queries(facts, evidence.relations)
    truth = np.concatenate([facts[:, 2], facts[:, 0]]).astype(np.int32)
    rows = np.arange(len(truth))
    if not isinstance(evidence, Evidence):
        return _judge_shortlists(source, direction, truth, known, evidence, unknown_share)
    answers = cube_of(known, evidence.entities, evidence.relations)[direction, source]
    others = answers.sum(axis=1) - answers[rows, truth]
    counted = ~answers
    counted[rows, truth] = True
    return Referee(truth, counted, _hidden(others, unknown_share))


def _judge_shortlists(
    source: np.ndarray,
    direction: np.ndarray,
    truth: np.ndarray,
    known: np.ndarray,
    evidence: Shortlisting,
    unknown_share: float,
) -> Referee:
    """The same, with sorted keys of the known answers in the place of a cube."""
    E = evidence.entities
    candidate = evidence.shortlist(source, direction)
    x, r = _both_queries(known, evidence.relations)
    answer = np.concatenate([known[:, 2], known[:, 0]])
    cells = np.unique((r.astype(np.int64) * E + x) * E + answer)
    query = (direction.astype(np.int64) * E + source) * E

    def is_known(cell: np.ndarray) -> np.ndarray:
        at = np.minimum(np.searchsorted(cells, cell), max(len(cells) - 1, 0))
        return cells[at] == cell if len(cells) else np.zeros(cell.shape, bool)

    others = np.searchsorted(cells, query + E) - np.searchsorted(cells, query)
    others -= is_known(query + truth)
    itself = candidate == truth[:, None]
    counted = (candidate >= 0) & (~is_known(query[:, None] + candidate) | itself)
    place = np.where(itself.any(axis=1), itself.argmax(axis=1), -1).astype(np.int32)
    outside = (E - others - counted.sum(axis=1)).astype(np.int32)
    return Referee(place, counted, _hidden(others, unknown_share), outside)


def _both_queries(facts: np.ndarray, relations: int) -> tuple[np.ndarray, np.ndarray]:
    """Sources and directions int32[2n] of facts int32[n, 3]: tails first, then heads."""
    head, relation, tail = np.asarray(facts, dtype=np.int32).T
    source = np.concatenate([head, tail]).astype(np.int32)
    return source, np.concatenate([relation, relation + relations]).astype(np.int32)


def _hidden(others: np.ndarray, unknown_share: float) -> np.ndarray:
    # A query with a other known answers has about a * share / (1 - share) unknown ones.
    return np.rint(others * unknown_share / (1 - unknown_share)).astype(np.int32)


@dataclass(frozen=True)
class Quality:
    """Mean reciprocal rank and the share of truths ranked in the first ten."""

    mrr: float
    hits10: float

    @classmethod
    def of(cls, ranks: np.ndarray) -> Quality:
        """Quality of float[n] ranks."""
        return cls(float((1 / ranks).mean()), float((ranks <= 10).mean()))


@njit(cache=True, nogil=True)
def _ranks(scores, queries, truth, counted, outside):
    ranks = np.empty(len(queries))
    for i in range(len(queries)):
        query = queries[i]
        place = truth[query]
        above = 0
        equal = 0
        if place < 0:  # below all that are listed, tied with the others outside
            for c in range(scores.shape[1]):
                above += counted[query, c]
            equal = outside[query] - 1
        else:
            score = scores[i, place]
            for c in range(scores.shape[1]):
                if counted[query, c] and c != place:
                    equal += scores[i, c] == score
                    above += not (scores[i, c] <= score)  # a truth scored NaN ranks last
            if np.isnan(score):
                above += outside[query]
            elif score == -np.inf:
                equal += outside[query]
        ranks[i] = 1 + above + equal / 2
    return ranks
