"""Analogy: what became of the cases most like the one in question.

Likeness is the share of what is given that a case shows too, each variable weighted by what it
tells of the target (mutual information; as in weighted nearest neighbours, Wettschereck, Aha &
Mohri 1997); a case is worth exp(sharpness · likeness), and the estimate is drawn towards the base
rate. An analogue of a question that sets something must have it so.

With `matching`, a setting is answered by transplanting outcomes: for each of some cases, what
became of the most alike of those that have what is set, alike in everything else (Rubin 1973,
"Matching to remove bias in observational studies", which needs every confounder to be among what
is compared, and no consequence of the setting: nothing here sees to the latter). So it is
interventional in intent, and biased towards no effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.cases import Cases
from swarm.reasoning.networks.engines.body import Body, towards
from swarm.reasoning.networks.network import UNSEEN
from swarm.reasoning.networks.questions import DOING, Questions

ANCHORS = 200
"""Cases whose outcomes are transplanted; the first ones, as rows are in no order."""


@dataclass(frozen=True)
class Analogical(Body):
    """Genes: how fast likeness fades, what the base rate is worth, and matching."""

    name: ClassVar[str] = "analogical"
    cost: ClassVar[float] = 2.8

    sharpness: float = 8.0
    shrinkage: float = 2.0
    matching: bool = False

    @classmethod
    def variants(cls) -> tuple[Analogical, ...]:
        """Broad and narrow likeness, each for settings too, and matching for settings."""
        return cls(sharpness=4.0), cls(), cls(sharpness=30.0), cls(sharpness=30.0, matching=True)

    def estimate(self, cases: Cases, questions: Questions) -> NDArray[np.float64]:
        """float64[Q, C]; O(Q · n · facts), with matching O(Q · ANCHORS · n · V)."""
        believed, set_ = questions.believed, questions.set_variable
        likely = np.empty((len(questions), cases.answers))
        for q, target in enumerate(questions.target.tolist()):
            if self.matching and questions.kind[q] == DOING:
                counts = self._transplanted(cases, target, questions.facts[q], believed[q], set_[q])
            else:
                counts = self._alike(cases, target, believed[q], int(set_[q]))
            likely[q] = towards(counts, cases.base[target], self.shrinkage)
        return likely

    def _alike(self, cases: Cases, target: int, given: NDArray, set_: int) -> NDArray[np.float64]:
        """Weight of each outcome, float64[C]: cases weighted by how alike they are."""
        chosen = np.flatnonzero(given != UNSEEN)
        weight = cases.information[target, chosen] + 1e-6
        same = cases.columns[chosen] == given[chosen][:, None]
        likeness = weight @ same / max(weight.sum(), 1e-6)
        worth = np.exp(self.sharpness * (likeness - 1))
        if set_ != UNSEEN:
            worth *= cases.columns[set_] == given[set_]
        return cases.frequencies(target, worth)

    def _transplanted(
        self, cases: Cases, target: int, facts: NDArray, given: NDArray, set_: int
    ) -> NDArray[np.float64]:
        """Outcomes of those most like the anchors among those with the setting, float64[C]."""
        anchors = np.flatnonzero(cases.agree(facts))[:ANCHORS]
        donors = np.flatnonzero(cases.columns[set_] == given[set_])
        if not (len(anchors) and len(donors)):
            return self._alike(cases, target, given, set_)
        weight = cases.information[target] + 1e-6
        weight[[target, set_]] = 0
        hot = cases.hot
        mine = (hot[anchors] * weight[:, None].astype(np.float32)).reshape(len(anchors), -1)
        likeness = mine @ hot[donors].reshape(len(donors), -1).T
        best = likeness >= likeness.max(axis=1, keepdims=True) * (1 - 1e-6)
        share = (best / best.sum(axis=1, keepdims=True)).sum(axis=0)
        outcome = cases.columns[target][donors]
        counts = np.bincount(outcome, weights=share, minlength=cases.answers)
        return counts.astype(np.float64)
