"""The engines that put rules together: inductive, counterfactual, causal, and the inversion.

Each equals its dense form on the listed candidates while rules are mined exactly; where they
come from a sample, the counts of longer bodies are estimates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from swarm.reasoning.engines import Causal, Counterfactual, Inductive
from swarm.reasoning.engines.aggregation import DEPTH, STEP, log_weight
from swarm.reasoning.queries import Block
from swarm.reasoning.sparse.about_one import about_one, keep
from swarm.reasoning.sparse.kinds import kinds_of

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence
    from swarm.reasoning.sparse.reach import Reach

AGGREGATIONS = ("noisy-or", "maximum")
"""Ways to put rules together that have a sparse body."""


def reach_of(evidence: SparseEvidence, block: Block) -> Reach:
    """Which rules reach which candidates of a block with a shortlist."""
    assert block.candidate is not None, "sparse bodies score shortlists"
    return evidence.reach(block.source, block.relation, block.candidate)


def add_rules(reach: Reach, weight: np.ndarray, candidates: int) -> np.ndarray:
    """float32[Q, C]: the sum over rules that reach a candidate of their weight float32[n]."""
    return _add(reach.begin, reach.end, reach.place, reach.rule, weight, candidates)


def best_rules(reach: Reach, value: np.ndarray, candidates: int) -> np.ndarray:
    """float32[Q, C]: the values float32[n] of the best rules that reach a candidate, discounted."""
    pairs = reach.begin, reach.end, reach.place, reach.rule
    return _best(*pairs, value, candidates, DEPTH, STEP)


def inductive(genes: Inductive, evidence: SparseEvidence, block: Block) -> np.ndarray:
    """Scores float32[Q, C] by noisy-or or by the best rules, with or without unary rules.

    Raises:
        ValueError: for another aggregation, which would need all groundings at once.
    """
    if genes.aggregation not in AGGREGATIONS:
        raise ValueError(
            f"aggregation={genes.aggregation!r} looks at all groundings of a rule, which large "
            f"graphs do not hold; use {' or '.join(map(repr, AGGREGATIONS))}, such as "
            'Inductive(aggregation="maximum")'
        )
    reach, C = reach_of(evidence, block), block.open.shape[1]
    value = evidence.sure(genes.pseudo_count, genes.support_min, genes.top)
    if genes.aggregation == "noisy-or":
        scores = add_rules(reach, log_weight(value), C)
    else:
        scores = best_rules(reach, value, C)
    return np.maximum(scores, about_one(genes, evidence, block)) if genes.unary else scores


def counterfactual(genes: Counterfactual, evidence: SparseEvidence, block: Block) -> np.ndarray:
    """Scores float32[Q, C]: support less what is lost with the most necessary family hidden."""
    reach, rules = reach_of(evidence, block), evidence.rules
    value = evidence.sure(genes.pseudo_count, genes.support_min, genes.top)
    return _survive(
        reach.begin,
        reach.end,
        reach.place,
        reach.rule,
        log_weight(value),
        rules.first % evidence.relations,
        evidence.relations,
        np.float32(genes.penalty),
        block.open.shape[1],
    )


def causal(genes: Causal, evidence: SparseEvidence, block: Block) -> np.ndarray:
    """Scores float32[Q, C]: base rate of the stratum and adjusted effects of the bodies."""
    assert block.candidate is not None
    reach, k = reach_of(evidence, block), genes.kinds
    kind = kinds_of(evidence, k)
    row, effect = evidence.once(("effects", genes), lambda: _effects(genes, evidence, kind))
    population, occurs = _population(evidence, kind, k)
    stratum = kind[block.source][:, None] * k + kind[np.maximum(block.candidate, 0)]
    scores = (occurs / np.maximum(population, 1))[block.relation[:, None], stratum]
    scores = scores.astype(np.float32)
    _add_effects(scores, reach.begin, reach.end, reach.place, row[reach.rule], effect, stratum)
    return scores


def _population(
    evidence: SparseEvidence, kind: np.ndarray, kinds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs float32[k^2] of each stratum, and facts float32[D, k^2] of each direction in it."""
    members = np.bincount(kind, minlength=kinds)
    _, source, relation, target = evidence.edges
    cell = relation.astype(np.int64) * kinds**2 + kind[source] * kinds + kind[target]
    occurs = np.bincount(cell, minlength=evidence.directions * kinds**2)
    occurs = occurs.reshape(evidence.directions, -1)
    return np.outer(members, members).ravel().astype(np.float32), occurs.astype(np.float32)


def _effects(
    genes: Causal, evidence: SparseEvidence, kind: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Row int32[n] of each rule, and shrunk risk differences float32[rows, k^2]; row 0 is zero."""
    rules, k = evidence.rules, genes.kinds
    kept = np.flatnonzero(evidence.sure(genes.shrinkage, genes.support_min, genes.top))
    row = np.zeros(len(rules), np.int32)
    row[kept] = 1 + np.arange(len(kept))
    if k == 1:
        treated, responded = rules.size[kept, None], rules.support[kept, None]
    else:
        treated, responded = rules.strata(evidence.edges, kind, k, kept)
    population, occurs = _population(evidence, kind, k)
    control = population - treated
    overlap = (treated > 0) & (control > 0)  # elsewhere the effect is not identified
    one = np.float32(1)
    without = (occurs[rules.head[kept]] - responded) / np.where(overlap, control, one)
    difference = responded / np.where(overlap, treated, one) - without
    shrunk = difference * treated / (treated + np.float32(genes.shrinkage))
    effect = np.where(overlap, shrunk, np.float32(0)).astype(np.float32)
    return row, np.concatenate([np.zeros((1, k * k), np.float32), effect])


def inverted_scores(
    evidence: SparseEvidence,
    block: Block,
    top: int = 600,
    support_min: float = 2.0,
    pseudo_count: float = 5.0,
) -> np.ndarray:
    """float32[Q, C]: noisy-or scores of the rules without the most-used relation."""
    rules, R = evidence.rules, evidence.relations
    confidence = evidence.sure(pseudo_count, support_min, top)
    chosen = confidence > 0
    first = rules.first % R
    second = np.where(rules.second >= 0, rules.second % R, first)
    use = np.zeros((evidence.directions, R))
    np.add.at(use, (rules.head[chosen], first[chosen]), rules.support[chosen])
    other = chosen & (second != first)
    np.add.at(use, (rules.head[other], second[other]), rules.support[other])
    hidden = use.argmax(axis=1)[rules.head]
    kept = chosen & (first != hidden) & (second != hidden)
    weight = log_weight(np.where(kept, confidence, 0))
    return add_rules(reach_of(evidence, block), weight, block.open.shape[1])


@njit(cache=True, nogil=True)
def _add(begin, end, place, rule, weight, candidates):
    scores = np.zeros((len(begin), candidates), np.float32)
    for q in range(len(begin)):
        for i in range(begin[q], end[q]):
            scores[q, place[i]] += weight[rule[i]]
    return scores


@njit(cache=True, nogil=True)
def _best(begin, end, place, rule, value, candidates, depth, step):
    """The `depth` best rules of a candidate count 1, step, step^2, ... of their value."""
    scores = np.zeros((len(begin), candidates), np.float32)
    best = np.zeros(depth, np.float32)
    for q in range(len(begin)):
        for i in range(begin[q], end[q]):
            keep(best, value[rule[i]])
            if i + 1 == end[q] or place[i + 1] != place[i]:
                discount = 1.0
                for d in range(depth):
                    scores[q, place[i]] += discount * best[d]
                    discount *= step
                best[:] = 0
    return scores


@njit(cache=True, nogil=True)
def _survive(begin, end, place, rule, weight, family, families, penalty, candidates):
    """Total support minus penalty times the largest family's."""
    scores = np.zeros((len(begin), candidates), np.float32)
    support = np.zeros(families, np.float32)
    for q in range(len(begin)):
        first = begin[q]
        total = np.float32(0)
        for i in range(begin[q], end[q]):
            total += weight[rule[i]]
            support[family[rule[i]]] += weight[rule[i]]
            if i + 1 == end[q] or place[i + 1] != place[i]:
                strongest = np.float32(0)
                for k in range(first, i + 1):
                    strongest = max(strongest, support[family[rule[k]]])
                    support[family[rule[k]]] = 0
                scores[q, place[i]] = total - penalty * strongest
                total = np.float32(0)
                first = i + 1
    return scores


@njit(cache=True, nogil=True)
def _add_effects(scores, begin, end, place, rule, effect, stratum):
    for q in range(len(begin)):
        for i in range(begin[q], end[q]):
            scores[q, place[i]] += effect[rule[i], stratum[q, place[i]]]
