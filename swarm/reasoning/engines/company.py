"""The company a relation keeps: what else is known of a pair speaks for it or against it.

Kinship terms exclude each other: who is called a mother is not called a sister too. Other
relations go together. Both are read off the facts: log P(q(x, y) | r'(x, y)) / P(q(x, y)),
smoothed towards the base rate, summed over what is known of the pair (naive Bayes over
pairs, as Domingos & Pazzani 1997 over single things).
"""

from __future__ import annotations

import numpy as np

from swarm.reasoning.evidence import Evidence


def company(evidence: Evidence, smoothing: float = 0.5) -> np.ndarray:
    """float32[D, E, E]: log lift of r'(x, y) by every other fact known of (x, y).

    0 where nothing else is known. A relation says nothing of itself. O(D^2 * E^2) in one
    matrix product.

    Args:
        evidence: what is known.
        smoothing: pairs without the fact and, by its base rate, with it that are added to
            what was counted; the smaller, the harder an exclusion. Above 0.
    """
    facts = evidence.cube.reshape(evidence.directions, -1).astype(np.float32)
    count, pairs = facts.sum(axis=1), facts.shape[1]
    base = (count + smoothing) / (pairs + 2 * smoothing)
    together = facts @ facts.T + 2 * smoothing * base[:, None]  # [q, r']
    lift = np.log(together / (count + 2 * smoothing) / base[:, None])
    np.fill_diagonal(lift, 0)
    return (lift.T.astype(np.float32) @ facts).reshape(evidence.cube.shape)
