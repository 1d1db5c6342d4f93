"""Relational embeddings: analogy in its learned form.

Complex bilinear embeddings (ComplEx, Trouillon et al. 2016) score a fact by Re<x, r, conj(y)>;
they are a case of learning analogical structure (ANALOGY, Liu et al. 2017: relations act as
commuting linear maps, so that a is to b as c is to d). They are fitted with the nuclear 3-norm
and every entity as a rival (Lacroix et al. 2018, section 4), both directions of every relation,
Adagrad. With `relation_weight` also the relation of a pair is predicted, against all other
relations (Chen et al. 2021, relation prediction as an auxiliary objective).

With `exclusive` an answer is scored by the log probability of the relation given the pair
(`swarm.reasoning.engines.exclusion`).

Guarantees: the same evidence and genes give the same scores; O(epochs x facts x rank x E).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.exclusion import exclusive
from swarm.reasoning.evidence import Evidence

BATCH = 256
SPREAD = 0.01
"""Standard deviation of the embeddings to begin with."""


@dataclass(frozen=True)
class RelationalEmbedding(Engine):
    """Genes: size and regularisation of the embeddings, what is learnt, and how it is read.

    Attributes:
        rank: complex coordinates of an entity.
        shrinkage: weight of the 3-norm of the three embeddings of a fact, times the number of
            facts: the more there are, the less they have to be held back.
        relation_weight: weight of predicting the relation, beside predicting the answer.
        epochs: passes over the facts; rate: Adagrad's.
        committee: embeddings fitted from different starts, whose scores are added.
        exclusive: read scores as the probability of the relation given the pair.
    """

    name: ClassVar[str] = "analogical"
    cost: ClassVar[float] = 1.3

    rank: int = 128
    shrinkage: float = 55.0
    relation_weight: float = 0.0
    epochs: int = 5
    rate: float = 0.05
    committee: int = 3
    exclusive: bool = False

    @classmethod
    def variants(cls) -> tuple[RelationalEmbedding, ...]:
        """Stopped early, learnt to the end, and for relations that exclude each other."""
        return (
            cls(),
            cls(epochs=20, rate=0.1),
            cls(shrinkage=300.0, relation_weight=6.0, epochs=12, rate=0.1, exclusive=True),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]."""
        R, E = evidence.relations, evidence.entities

        def one(start: int) -> np.ndarray:
            scores = score_cube(*fit(evidence.facts, E, R, self, start))
            return exclusive(scores) if self.exclusive else scores

        with ThreadPoolExecutor(min(self.committee, os.cpu_count() or 1)) as pool:
            cubes = list(pool.map(one, range(self.committee)))
        return np.sum(cubes, axis=0)


def fit(
    facts: np.ndarray, entities: int, relations: int, genes: RelationalEmbedding, start: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of int32[n, 3] facts, real parts then imaginary parts.

    Returns:
        float32[E, 2 * rank] of the entities and float32[2R, 2 * rank] of both directions of the
        relations.
    """
    rng = np.random.default_rng(start)
    head, relation, tail = facts.astype(np.int64).T
    queries = np.concatenate(
        [np.stack([head, relation, tail]), np.stack([tail, relation + relations, head])], axis=1
    ).T
    x, r = (
        (SPREAD * rng.standard_normal((rows, 2 * genes.rank))).astype(np.float32)
        for rows in (entities, 2 * relations)
    )
    seen = np.zeros_like(x), np.zeros_like(r)
    regulariser = genes.shrinkage / max(len(facts), 1)
    for _ in range(genes.epochs):
        shuffled = queries[rng.permutation(len(queries))]
        for first in range(0, len(shuffled), BATCH):
            slopes = _slopes(x, r, shuffled[first : first + BATCH], regulariser, genes)
            for values, slope, sum_of_squares in zip((x, r), slopes, seen, strict=True):
                _adagrad(values.ravel(), slope.ravel(), sum_of_squares.ravel(), genes.rate)
    return x, r


def _slopes(
    x: np.ndarray,
    r: np.ndarray,
    batch: np.ndarray,
    regulariser: float,
    genes: RelationalEmbedding,
) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of the mean loss of n queries (source, direction, answer): [E, 2k] and [D, 2k]."""
    n, half = len(batch), len(r) // 2
    source, direction, answer = np.ascontiguousarray(batch.T)
    s, p, o = x[source], r[direction], x[answer]

    product = times(s, p)
    error = product @ x.T
    _softmax_error(error, answer, np.float32(1 / n))
    slope_x = error.T @ product
    back = error @ x
    slope_s, slope_p, slope_o = times(back, conjugate(p)), times(back, conjugate(s)), 0 * o
    slope_r = np.zeros_like(r)
    if genes.relation_weight:
        pair = times(conjugate(s), o)
        error = pair @ r.T
        rivals = np.arange(2 * half) >= half
        error[rivals != (direction >= half)[:, None]] = -np.inf  # only its own direction's
        _softmax_error(error, direction, np.float32(genes.relation_weight / n))
        slope_r += error.T @ pair
        back = error @ r
        slope_s += conjugate(times(back, conjugate(o)))
        slope_o += times(back, s)
    shrink = np.float32(3 * regulariser / n)
    slope_s += shrink * modulus(s) * s
    slope_p += shrink * modulus(p) * p
    slope_o += shrink * modulus(o) * o
    _add_rows(slope_x, source, slope_s)
    _add_rows(slope_x, answer, slope_o)
    _add_rows(slope_r, direction, slope_p)
    return slope_x, slope_r


def score_cube(x: np.ndarray, r: np.ndarray) -> np.ndarray:
    """float32[D, E, E] of embeddings [E, 2k] and [D, 2k]: Re<x, r, conj(y)>."""
    return np.stack([times(x, each[None]) @ x.T for each in r])


def times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Complex products of rows, real parts then imaginary parts."""
    k = a.shape[1] // 2
    u, v, c, d = a[:, :k], a[:, k:], b[:, :k], b[:, k:]
    return np.concatenate([u * c - v * d, u * d + v * c], axis=1)


def conjugate(a: np.ndarray) -> np.ndarray:
    """Complex conjugates of rows."""
    k = a.shape[1] // 2
    return np.concatenate([a[:, :k], -a[:, k:]], axis=1)


def modulus(a: np.ndarray) -> np.ndarray:
    """|z| of every coordinate, once for its real and once for its imaginary part."""
    k = a.shape[1] // 2
    size = np.sqrt(a[:, :k] ** 2 + a[:, k:] ** 2)
    return np.concatenate([size, size], axis=1)


@njit(cache=True, nogil=True)
def _softmax_error(logits, truth, weight):
    """Softmax minus the truth, `weight` times, in place; logits of -inf play no part."""
    for i in range(len(logits)):
        row = logits[i]
        row -= row.max()
        total = np.float32(0)
        for c in range(len(row)):
            row[c] = np.exp(row[c])
            total += row[c]
        row *= weight / total
        row[truth[i]] -= weight


@njit(cache=True, nogil=True)
def _add_rows(total, rows, values):
    for i in range(len(rows)):
        for f in range(values.shape[1]):
            total[rows[i], f] += values[i, f]


@njit(cache=True, nogil=True)
def _adagrad(values, slope, seen, rate):
    """One step (Duchi et al. 2011), in place."""
    for i in range(len(values)):
        seen[i] += slope[i] * slope[i]
        values[i] -= np.float32(rate) * slope[i] / (np.sqrt(seen[i]) + np.float32(1e-10))
