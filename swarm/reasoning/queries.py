"""Queries with their candidates, and the referee who alone knows the answers.

Filtered ranking (Bordes et al. 2013): other known answers of the same query do not count
against the one asked for; ties share their average rank (Berrendorf et al. 2020).

Inside a world the referee knows only part of the facts, so that a right but unknown answer
ranked above the truth looks like a mistake. With h such answers expected, the credit for rank
k is the mean of 1 / (k - m) over m = 0..min(h, k - 1): the reciprocal rank that is expected
once they are filtered too, if the strategy has no way to tell known from unknown facts.
For h = 0 it is the plain reciprocal rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from swarm.reasoning.evidence import Evidence, cube_of


@dataclass(frozen=True)
class Block:
    """Q queries (source, r', ?) as agents see them; every entity is a candidate answer.

    Attributes:
        source: int32[Q].
        relation: int32[Q] in [0, 2R); r' >= R asks for heads.
        open: bool[Q, C]; False where the evidence already states the answer.
    """

    source: np.ndarray
    relation: np.ndarray
    open: np.ndarray

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class Referee:
    """The truth, held apart.

    Attributes:
        truth: int32[Q], the answer of each query.
        counted: bool[Q, C], the candidates that are compared with the truth: everything but
            the other known answers of the query. The truth itself is counted.
        hidden: int32[Q], right answers of the query that are expected to be unknown here.
    """

    truth: np.ndarray
    counted: np.ndarray
    hidden: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    def ranks(self, scores: np.ndarray, queries: np.ndarray | None = None) -> np.ndarray:
        """Ranks of the truth among the counted candidates, ties averaged.

        Args:
            scores: float32[n, C], higher is better; row i answers query `queries[i]`.
            queries: int[n] rows of this referee; all of them in order if left out.

        Returns:
            float64[n] of ranks >= 1.
        """
        if queries is None:
            queries = np.arange(len(self.truth))
        return _ranks(scores, np.asarray(queries, np.int64), self.truth, self.counted)

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


def ask(facts: np.ndarray, evidence: Evidence) -> Block:
    """Both queries of every fact: (head, relation, ?) for all, then (?, relation, tail)."""
    head, relation, tail = np.asarray(facts, dtype=np.int32).T
    source = np.concatenate([head, tail]).astype(np.int32)
    direction = np.concatenate([relation, relation + evidence.relations]).astype(np.int32)
    return Block(source, direction, ~evidence.cube[direction, source])


def judge(
    facts: np.ndarray, known: np.ndarray, evidence: Evidence, unknown_share: float = 0.0
) -> Referee:
    """The referee of `ask(facts, evidence)`.

    Args:
        facts: int32[n, 3], the facts asked about.
        known: int32[m, 3], every fact that may not count as a wrong answer. For tasks inside
            a world this is train and valid; only the final report adds test.
        unknown_share: share of all facts that are not in `known`, in [0, 1).
    """
    block = ask(facts, evidence)
    truth = np.concatenate([facts[:, 2], facts[:, 0]]).astype(np.int32)
    answers = cube_of(known, evidence.entities, evidence.relations)[block.relation, block.source]
    # A query with a other known answers has about a * share / (1 - share) unknown ones.
    others = answers.sum(axis=1) - answers[np.arange(len(truth)), truth]
    hidden = np.rint(others * unknown_share / (1 - unknown_share)).astype(np.int32)
    counted = ~answers
    counted[np.arange(len(truth)), truth] = True
    return Referee(truth, counted, hidden)


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
def _ranks(scores, queries, truth, counted):
    ranks = np.empty(len(queries))
    for i in range(len(queries)):
        query = queries[i]
        score = scores[i, truth[query]]
        above = 0
        equal = 0
        for c in range(scores.shape[1]):
            if counted[query, c] and c != truth[query]:
                equal += scores[i, c] == score
                above += not (scores[i, c] <= score)  # a truth scored NaN ranks last
        ranks[i] = 1 + above + equal / 2
    return ranks
