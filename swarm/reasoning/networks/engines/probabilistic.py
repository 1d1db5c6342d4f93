"""Probability: what the single facts say of the target, put together by Bayes' rule.

Naive Bayes: P(T) Π P(e_i | T), facts taken for independent given the target (Warner et al. 1961;
Domingos & Pazzani 1997). `temperature` divides the evidence of facts that say the same twice;
`exact` draws the frequencies among the cases that show all the facts towards that. What is set
counts as seen: not interventional.
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
class Probabilistic(Body):
    """Genes: smoothing of the tables; temperature of the evidence; worth of the naive estimate.

    `exact` is how many cases naive Bayes is worth beside the cases that show all the facts; 0 for
    naive Bayes alone.
    """

    name: ClassVar[str] = "probabilistic"
    cost: ClassVar[float] = 1.0

    smoothing: float = 1.0
    temperature: float = 1.0
    exact: float = 0.0

    @classmethod
    def variants(cls) -> tuple[Probabilistic, ...]:
        """Naive Bayes, a cautious one, and matching cases drawn towards it."""
        return cls(), cls(temperature=0.6), cls(exact=10.0), cls(exact=40.0)

    def estimate(self, cases: Cases, questions: Questions) -> NDArray[np.float64]:
        """float64[Q, C]; O(Q · facts · C), and O(Q · n) for `exact`."""
        believed, target = questions.believed, questions.target
        base = cases.base[target]
        total = np.log(np.maximum(base, 1e-300))
        for v in range(len(cases.cards)):
            rows = np.flatnonzero(believed[:, v] >= 0)
            state = believed[rows, v]
            together = cases.pairs[v, state, target[rows]]  # [rows, C]
            alone = cases.pairs[target[rows], :, target[rows]].diagonal(axis1=1, axis2=2)
            prior = cases.base[v, state][:, None]
            likelihood = (together + self.smoothing * prior) / (alone + self.smoothing)
            total[rows] += self.temperature * np.log(likelihood / prior)
        total[base == 0] = -np.inf
        likely = np.exp(total - total.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        if self.exact:
            for q, row in enumerate(believed):
                counts = cases.frequencies(int(target[q]), cases.agree(row))
                likely[q] = towards(counts, likely[q], self.exact)
        return likely
