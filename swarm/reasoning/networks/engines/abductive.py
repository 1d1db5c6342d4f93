"""Abduction: which story best explains the facts, and what would follow if it were true.

Of the learned network, the k most probable joint states of all causes of the facts and of the
target that are not known (MAP; Pearl 1988, chapter 5; the k best by Lawler 1972), the target
itself left open. Each story predicts the target, weighted by how probable it is. What is set is
one of the facts to be explained: not interventional.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.cases import Cases, Learner
from swarm.reasoning.networks.elimination import query_all
from swarm.reasoning.networks.engines.body import Body
from swarm.reasoning.networks.explanation import k_most_probable
from swarm.reasoning.networks.network import UNSEEN
from swarm.reasoning.networks.plan import ancestors
from swarm.reasoning.networks.questions import Questions


@dataclass(frozen=True)
class Abductive(Body):
    """Genes: how many stories are kept in mind, and how the graph is learned."""

    name: ClassVar[str] = "abductive"
    cost: ClassVar[float] = 8.0

    stories: int = 1
    learner: Learner = "search"

    @classmethod
    def variants(cls) -> tuple[Abductive, ...]:
        """The best story alone, or the best few."""
        return cls(), cls(stories=3), cls(stories=8)

    def estimate(self, cases: Cases, questions: Questions) -> NDArray[np.float64]:
        """float64[Q, C]; a search for each question, then all predictions together."""
        network = cases.models(self.learner)[0][0].network
        told, weights, asked = [], [], []
        for q, row in enumerate(questions.believed):
            facts = {int(v): int(row[v]) for v in np.flatnonzero(row != UNSEEN)}
            target = int(questions.target[q])
            causes = ancestors(network, (target, *facts)) - {target, *facts}
            for story in k_most_probable(network, self.stories, facts, causes):
                whole = row.astype(np.int64)
                whole[list(story.states)] = list(story.states.values())
                told.append(whole)
                weights.append(story.probability)
                asked.append(q)
        question, weight = np.array(asked), np.array(weights)
        predicted = query_all(network, questions.target[question], np.stack(told))
        likely = np.zeros((len(questions), cases.answers))
        np.add.at(likely, question, weight[:, None] * predicted)
        summed: NDArray[np.float64] = likely / likely.sum(axis=1, keepdims=True)
        return summed
