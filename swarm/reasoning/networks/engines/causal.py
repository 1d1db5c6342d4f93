"""Cause and effect: what a setting brings about, by adjusting the cases for what confounds.

A graph is learned, a back-door or front-door set is found in it, and the effect is estimated from
the cases stratum by stratum (`effects`). Effects are averaged over `graphs`
that the cases cannot well tell apart (in the manner of IDA: Maathuis, Kalisch & Bühlmann 2009,
"Estimating high-dimensional intervention effects from observational data"); or one of them is
believed in, `belief`. Which one is right no observation tells, but being right or wrong about
settings does: strategies that believe in the right one earn more.

Interventional. A fact that the setting has a part in is left out, so of what was in fact, in the
very case, only what came before is used; where nothing is set it states the base rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.cases import Cases, Learner
from swarm.reasoning.networks.engines.body import BELIEFS, GRAPHS, Body, believed
from swarm.reasoning.networks.engines.effects import Door, effect
from swarm.reasoning.networks.questions import SEEING, Questions


@dataclass(frozen=True)
class Causal(Body):
    """Genes: learner of the graph, graphs held possible, the one believed in, shrinkage, door.

    `belief` is a place among the graphs held possible, round and round; None averages over them.
    """

    name: ClassVar[str] = "causal"
    cost: ClassVar[float] = 4.7
    interventional: ClassVar[bool] = True

    learner: Learner = "search"
    graphs: int = GRAPHS
    belief: int | None = None
    shrinkage: float = 1.0
    door: Door = "back"

    @classmethod
    def variants(cls) -> tuple[Causal, ...]:
        """All graphs, those of tests, the front door, and belief in one graph or another."""
        believing = (cls(belief=belief) for belief in range(BELIEFS))
        return cls(), cls(learner="tests"), cls(belief=0, door="front"), *believing

    def estimate(self, cases: Cases, questions: Questions) -> NDArray[np.float64]:
        """float64[Q, C]; O(Q · graphs · (V³ + n · V))."""
        likely = cases.base[questions.target].copy()
        graphs = believed(cases.members(self.learner, self.graphs), self.belief)
        set_, target = questions.set_variable, questions.target
        for q in np.flatnonzero(questions.kind != SEEING):
            cause = int(set_[q])
            state = int(questions.setting[q, cause])
            asked = (cause, state, int(target[q]), questions.facts[q])
            likely[q] = sum(
                share * effect(cases, graph, *asked, self.shrinkage, self.door)
                for graph, share in graphs
            )
        return likely
