"""The referee, who alone knows the answers, and what ranks are worth.

Filtered ranking (Bordes et al. 2013): other known answers of the same query do not count
against the one asked for; ties share their average rank (Berrendorf et al. 2020).

Where a query has a shortlist, the referee ranks as if all entities that are not on the list tied
below it, so that a shortlist without the truth earns what guessing among the others would.

Inside a world the referee knows only part of the facts, so that a right but unknown answer
ranked above the truth looks like a mistake. With h such answers expected, the credit for rank
k is the mean of 1 / (k - m) over m = 0..min(h, k - 1): the reciprocal rank that is expected
once they are filtered too, if the strategy has no way to tell known from unknown facts.
For h = 0 it is the plain reciprocal rank.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from swarm.reasoning.evidence import Evidence, cube_of
from swarm.reasoning.queries import Shortlisting, both_queries


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
    source, direction = both_queries(facts, evidence.relations)
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
    x, r = both_queries(known, evidence.relations)
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
def _ranks(
    scores: np.ndarray,
    queries: np.ndarray,
    truth: np.ndarray,
    counted: np.ndarray,
    outside: np.ndarray,
) -> np.ndarray:
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
