"""Objections: what speaks against an answer, whoever proposed it.

The council weighs every proposal against the constraints that the evidence bears out. The first
counts 1; the others count the share of cases in which they held, lowered where the cases are few:

- kind: the answer was never seen in this place of the relation;
- single answer: the relation had one answer per source, and the source has one already;
- asymmetry: the relation never held both ways, and it is known the other way round;
- irreflexivity: nothing stood in the relation to itself;
- exclusion: the pair is known to stand in a relation that never went together with this one,
  although so and so many pairs were to be expected in both.
"""

from __future__ import annotations

import numpy as np

from swarm.reasoning.evidence import Evidence

NAME = "council"
COST = 1.0


def objections(evidence: Evidence) -> np.ndarray:
    """float32[D, E, E]: sum of the objections to answer y of (x, r', ?); zero if none."""
    cube, E = evidence.cube, evidence.entities
    total = np.maximum(cube.sum(axis=(1, 2)), 1)
    answers = cube.sum(axis=2)

    # One or two more cases in the denominator, so that a relation seen once constrains little.
    single = (answers == 1).sum(axis=1) / (np.maximum((answers > 0).sum(axis=1), 1) + 1)
    both_ways = np.logical_and(cube, cube.transpose(0, 2, 1)).sum(axis=(1, 2)) / total
    asymmetric = np.where(both_ways == 0, total / (total + 2), 0)
    loops = cube[:, np.arange(E), np.arange(E)].sum(axis=1)
    irreflexive = np.where(loops == 0, total / (total + 2), 0)

    seen: np.ndarray = np.any(cube, axis=1)
    against = np.broadcast_to(~seen[:, None, :], cube.shape).astype(np.float32)
    against += single[:, None, None] * (answers > 0)[:, :, None]
    against += asymmetric[:, None, None] * cube.transpose(0, 2, 1)
    against[:, np.arange(E), np.arange(E)] += irreflexive[:, None]
    against += excluded(cube)
    return against


def excluded(cube: np.ndarray) -> np.ndarray:
    """float32[D, E, E] in [0, 1): the strongest exclusion of r'(x, y) by what holds of (x, y).

    With n(q) facts of q, n(q) n(r) / E^2 = m pairs are expected in both q and r if the two have
    nothing to do with each other; q excludes r by m / (m + 2) if there are none at all.
    """
    flat = cube.reshape(len(cube), -1)
    facts = flat.sum(axis=1).astype(np.float32)
    expected = np.outer(facts, facts) / flat.shape[1]
    together = flat.astype(np.float32) @ flat.T.astype(np.float32)
    strength = np.where(together == 0, expected / (expected + 2), 0)
    against = np.zeros(flat.shape, np.float32)
    for q, pairs in enumerate(flat):
        here = np.flatnonzero(pairs)
        against[:, here] = np.maximum(against[:, here], strength[:, q, None])
    return against.reshape(cube.shape)
