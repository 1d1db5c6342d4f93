"""Working memory: what believing one answer says of the others, for every engine.

While a query is walked, its best answer so far is held in mind as a soft fact r'(s, y), and the
next engine sees it: what it says of every other answer c is shifted by `echo[e, r', y, c]`. The
update is local to the row of the query, because nothing but r'(s, .) is believed anew. Every
engine echoes in its own way:

- deductive: laws r'(x, c) <- r'(x, y), p(y, c) that held more often than not;
- inductive: all such rules, by noisy-or;
- abductive: answers that take part in the same facts, each as telling as the rules that
  conclude r' from it are sure;
- causal: the risk difference of answering c with y answered, P(c | y) - P(c | not y);
- counterfactual: the rules of induction but for the strongest: what survives its deletion;
- probabilistic: the log lift of c and y answered together, Laplace-smoothed;
- analogical: likeness of the relational profiles.

Rows have zero mean and unit variance, clipped at `CLIP`; y says nothing of itself.
"""

from __future__ import annotations

import numpy as np

from swarm.reasoning.engines.aggregation import log_weight
from swarm.reasoning.engines.structure_mapping import profile_likeness
from swarm.reasoning.evidence import Evidence

CLIP = 6.0
LAW = 0.5
"""Confidence from which on a rule is a law."""

PSEUDO_COUNT = 5.0
SMOOTHING = 0.5


def echoes(evidence: Evidence) -> np.ndarray:
    """float32[7, D, E, E], engines in the order of `ENGINES`; O(D^2 E^2 + D E^3)."""
    cube = evidence.cube.astype(np.float32)
    chained = _chained(evidence)
    laws = np.where(chained >= LAW, chained, 0)
    rules = _along(log_weight(chained), cube)
    strongest = np.zeros_like(cube)
    for p, facts in enumerate(cube):
        y, c = np.nonzero(facts)
        strongest[:, y, c] = np.maximum(strongest[:, y, c], log_weight(chained[:, p])[:, None])
    together = np.einsum("rxy,rxc->ryc", cube, cube, optimize=True)
    likeness = np.broadcast_to(profile_likeness(evidence), cube.shape)
    raw = (
        _along(log_weight(laws), cube),
        rules,
        _shared_facts(evidence, cube),
        _risk_difference(together, cube),
        rules - strongest,
        _log_lift(together, cube),
        likeness,
    )
    return np.stack([_standard(each) for each in raw])


def _chained(evidence: Evidence) -> np.ndarray:
    """float32[D, D]: confidence of r'(x, c) <- r'(x, y), p(y, c) for r' and p; 0 if unborne."""
    bodies, D = evidence.bodies, evidence.directions
    confidence = bodies.confidence(PSEUDO_COUNT)
    body = bodies.number
    borne: np.ndarray = confidence[body, np.arange(D)[:, None]]
    return np.where(body >= 0, borne, 0)


def _along(weight: np.ndarray, cube: np.ndarray) -> np.ndarray:
    """Sum over p of weight[r', p] * p(y, c)."""
    return (weight @ cube.reshape(len(cube), -1)).reshape(cube.shape)


def _shared_facts(evidence: Evidence, cube: np.ndarray) -> np.ndarray:
    D = evidence.directions
    weight = log_weight(evidence.bodies.confidence(PSEUDO_COUNT)[:D].T)  # [head, body]
    shared = np.einsum("pyz,pcz->pyc", cube, cube, optimize=True)
    return _along(weight, shared)


def _risk_difference(together: np.ndarray, cube: np.ndarray) -> np.ndarray:
    number = cube.sum(axis=1)  # [D, E]: sources that y answers
    sources = np.maximum(cube.any(axis=2).sum(axis=1), 1)[:, None, None]
    with_y = together / (number[:, :, None] + PSEUDO_COUNT)
    without = (number[:, None, :] - together) / (sources - number[:, :, None] + PSEUDO_COUNT)
    return with_y - without


def _log_lift(together: np.ndarray, cube: np.ndarray) -> np.ndarray:
    number = cube.sum(axis=1)
    expected = number[:, :, None] * number[:, None, :] / cube.shape[1]
    return np.log((together + SMOOTHING) / (expected + SMOOTHING))


def _standard(raw: np.ndarray) -> np.ndarray:
    E = raw.shape[1]
    number = max(E - 1, 1)  # of others
    others = raw.astype(np.float32)
    others[:, np.arange(E), np.arange(E)] = 0
    others -= others.sum(axis=2, keepdims=True) / number
    others[:, np.arange(E), np.arange(E)] = 0
    deviation = np.sqrt((others**2).sum(axis=2, keepdims=True) / number)
    speaks = deviation > 1e-6
    return np.clip(np.where(speaks, others / np.where(speaks, deviation, 1), 0), -CLIP, CLIP)
