"""What gates see of a query on a large graph: the same six numbers as on small ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from swarm.reasoning.queries import Block
from swarm.reasoning.sparse.objections import both_ways, number_of_answers

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence


def described(evidence: SparseEvidence, block: Block) -> np.ndarray:
    """float32[Q, 6] in the order of `Faculties.feature_names`."""
    columns = evidence.once("features", lambda: _of_relations(evidence))
    x, r = block.source, block.relation
    features = [
        columns["fan-out"][r],
        _standard(np.log1p(evidence.degree))[x],
        _answers(evidence, x, r),
        *(columns[name][r] for name in ("symmetry", "exclusiveness", "lawfulness")),
    ]
    return np.stack(features, axis=1).astype(np.float32)


def _of_relations(evidence: SparseEvidence) -> dict[str, np.ndarray]:
    """float64[D] each, standardised over the directions."""
    D, R, rules = evidence.directions, evidence.relations, evidence.rules
    facts = np.maximum(evidence.facts_of, 1)
    _, source, relation, target = evidence.edges
    pair = source.astype(np.int64) * evidence.entities + target
    forward = relation < R
    _, which, number = np.unique(pair[forward], return_inverse=True, return_counts=True)
    alone = np.bincount(relation[forward][number[which] == 1], minlength=R)
    lawful = np.zeros(D, np.float32)
    np.maximum.at(lawful, rules.head, rules.confidence(5.0))
    found = {
        "fan-out": np.log1p(evidence.fan_out),
        "symmetry": both_ways(evidence) / facts,
        "exclusiveness": np.tile(alone, 2) / facts,
        "lawfulness": lawful,
    }
    return {name: _standard(values) for name, values in found.items()}


def _answers(evidence: SparseEvidence, source: np.ndarray, relation: np.ndarray) -> np.ndarray:
    """float64[Q]: log number of known answers, standardised over all D * E queries."""
    _, every, by, _ = evidence.edges
    _, number = np.unique(every.astype(np.int64) * evidence.directions + by, return_counts=True)
    cells = evidence.directions * evidence.entities
    mean = np.log1p(number).sum() / cells
    deviation = np.sqrt(max((np.log1p(number) ** 2).sum() / cells - mean**2, 0))
    own = np.log1p(number_of_answers(evidence, source, relation))
    return (own - mean) / (deviation + 1e-9)


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / (values.std() + 1e-9)
