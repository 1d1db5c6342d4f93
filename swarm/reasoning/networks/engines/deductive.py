"""Deduction: what follows from the facts in the learned network, exactly.

A graph that climbs to the best score, tables fitted to the cases, and variable elimination in them:
P(T | everything given). What is set counts as seen, which is right where nothing confounds: not
interventional. What is known of the target itself is no premise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.cases import Cases, Learner
from swarm.reasoning.networks.elimination import query_all
from swarm.reasoning.networks.engines.body import Body
from swarm.reasoning.networks.questions import Questions


@dataclass(frozen=True)
class Deductive(Body):
    """Genes: how the graph is learned, and how many cases the prior of its rows is worth."""

    name: ClassVar[str] = "deductive"
    cost: ClassVar[float] = 2.8

    learner: Learner = "search"
    smoothing: float = 1.0

    @classmethod
    def variants(cls) -> tuple[Deductive, ...]:
        """The graph of one climb on BIC, of tests, and of a search on BDeu."""
        return cls(learner="climb"), cls(learner="tests"), cls()

    def estimate(self, cases: Cases, questions: Questions) -> NDArray[np.float64]:
        """float64[Q, C]; one elimination for each kind of question."""
        network = cases.models(self.learner, smoothing=self.smoothing)[0][0].network
        return query_all(network, questions.target, questions.believed.astype(np.int64))
