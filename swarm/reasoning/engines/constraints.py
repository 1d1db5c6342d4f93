"""Constraints: the objections of the council one by one, so that each can be taken away.

`objections.objections` gives the sum of what speaks against an answer. Here each kind stands
alone, in the same units, so that one may ask what would be believed without it. Their sum is
the sum there.
"""

from __future__ import annotations

import numpy as np

from swarm.reasoning.evidence import Evidence
from swarm.reasoning.objections import excluded

KINDS = ("kind", "single answer", "asymmetry", "irreflexivity", "exclusion")


def constraints(evidence: Evidence) -> np.ndarray:
    """float32[5, D, E, E]: what each of KINDS has against answer y of (x, r', ?), 0 or more."""
    cube, E = evidence.cube, evidence.entities
    total = np.maximum(cube.sum(axis=(1, 2)), 1)
    held = total / (total + 2)  # by the rule of succession: few cases constrain little
    answers = cube.sum(axis=2)
    one, some = (answers == 1).sum(axis=1), (answers > 0).sum(axis=1)
    single = one / (np.maximum(some, 1) + 1)
    back = cube.transpose(0, 2, 1)
    asymmetric = np.where((cube & back).any(axis=(1, 2)), 0, held)
    itself = np.arange(E)
    irreflexive = np.where(cube[:, itself, itself].any(axis=1), 0, held)

    against = np.zeros((len(KINDS), *cube.shape), np.float32)
    seen: np.ndarray = np.any(cube, axis=1)
    against[0] = ~seen[:, None, :]
    against[1] = (single[:, None] * (answers > 0))[:, :, None]
    against[2] = asymmetric[:, None, None] * back
    against[3][:, itself, itself] = irreflexive[:, None]
    against[4] = excluded(cube)
    return against
