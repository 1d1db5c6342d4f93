"""Kinds of entity, from how often each takes part in each relation, without a cube."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from swarm.reasoning.engines.blocks import k_means

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence


def kinds_of(evidence: SparseEvidence, kinds: int) -> np.ndarray:
    """int64[E] in [0, kinds): the kinds that the dense causal engine stratifies by.

    k-means on the leading singular vectors of the log degree profile, from fixed seeds;
    O(E * D^2). Found once.
    """
    found: np.ndarray = evidence.once(("kinds", kinds), lambda: _found(evidence, kinds))
    return found


def _found(evidence: SparseEvidence, kinds: int) -> np.ndarray:
    one = np.zeros(evidence.entities, np.int64)
    if kinds == 1:
        return one
    # In the order of the dense form, so that ties break alike.
    profile = np.zeros((evidence.entities, evidence.directions), order="F")
    np.add.at(profile, (evidence.edges.source, evidence.edges.relation), 1)
    profile = np.log1p(profile)
    profile -= profile.mean(axis=0)
    left, singular, _ = np.linalg.svd(profile, full_matrices=False)
    points = left[:, :8] * singular[:8]
    kinds = min(kinds, len(np.unique(points.round(9), axis=0)))
    if kinds == 1:
        return one
    return k_means(points, kinds, 0)
