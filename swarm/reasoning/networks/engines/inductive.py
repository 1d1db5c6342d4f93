"""Induction: general rules drawn from the cases, the most telling condition first.

A decision tree grown only where the question leads (lazy decision trees, Friedman, Kohavi & Yun
1996): of the facts that are left, split on the one that gains most information about the target
among the cases at hand, and go down. On the way frequencies are drawn towards those of the node
above (m-estimates; Cestnik & Bratko 1991, "On estimating probabilities in tree pruning"), and a
branch with fewer than `cases_min` cases is not entered. What is set counts as seen: not
interventional.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.cases import Cases
from swarm.reasoning.networks.engines.body import Body, towards
from swarm.reasoning.networks.questions import Questions


@dataclass(frozen=True)
class Inductive(Body):
    """Genes: what the node above is worth in cases, the smallest branch, the most conditions."""

    name: ClassVar[str] = "inductive"
    cost: ClassVar[float] = 3.2

    shrinkage: float = 4.0
    cases_min: int = 1
    depth: int = 8

    @classmethod
    def variants(cls) -> tuple[Inductive, ...]:
        """Rules of one condition, cautious rules, and rules down to the last case."""
        return cls(depth=1), cls(shrinkage=10.0, cases_min=20), cls()

    def estimate(self, cases: Cases, questions: Questions) -> NDArray[np.float64]:
        """float64[Q, C]; O(Q · facts² · n) at worst."""
        believed = questions.believed
        rows = zip(questions.target.tolist(), believed, strict=True)
        return np.stack([self._follow(cases, target, given) for target, given in rows])

    def _follow(self, cases: Cases, target: int, given: NDArray) -> NDArray[np.float64]:
        """Down the one path of the tree that the facts given, int[V], lead along: float64[C]."""
        likely: NDArray[np.float64] = cases.base[target]
        here = np.ones(len(cases), dtype=np.bool_)
        left = np.flatnonzero(given >= 0).tolist()
        for _ in range(min(self.depth, len(left))):
            gains = [_gain(cases, target, v, here) for v in left]
            best = left.pop(int(np.argmax(gains)))
            below = here & (cases.columns[best] == given[best])
            if below.sum() < self.cases_min:
                continue
            here = below
            likely = towards(cases.frequencies(target, here), likely, self.shrinkage)
        return likely


def _gain(cases: Cases, target: int, v: int, here: NDArray[np.bool_]) -> float:
    """n times the mutual information of target and v among some cases, nats."""
    C = cases.answers
    code = cases.columns[v][here].astype(np.int64) * C + cases.columns[target][here]
    joint = np.bincount(code, minlength=C * C).reshape(C, C)
    return _n_log_n(joint) - _n_log_n(joint.sum(axis=0)) - _n_log_n(joint.sum(axis=1))


def _n_log_n(counts: NDArray[np.int64]) -> float:
    return float((counts * np.log(np.maximum(counts, 1))).sum())
