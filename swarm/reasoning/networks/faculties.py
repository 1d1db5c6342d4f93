"""The seven faculties in the causal domain: what each variant of each takes the answers to be.

Scores are estimates, not ranks: `SCALE * (estimate − 1 / number of answers)`, not standardised, so
that a weighted mean of scores stands for a weighted mean of distributions (`referee`).

Guarantees: nothing that is said here depends on anything but the cases and the question itself;
equal cases and questions give equal tables, to the bit.
"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning import inversion, objections
from swarm.reasoning.engine import COST_UNITS
from swarm.reasoning.faculties import ScoreTable
from swarm.reasoning.networks import engines as bodies
from swarm.reasoning.networks.cases import Cases
from swarm.reasoning.networks.engines import Body
from swarm.reasoning.networks.network import UNSEEN
from swarm.reasoning.networks.questions import KINDS, Questions
from swarm.reasoning.networks.referee import estimates_of, scores_of
from swarm.reasoning.networks.separation import strict_paths

BODIES: tuple[type[Body], ...] = (
    bodies.Deductive,
    bodies.Inductive,
    bodies.Abductive,
    bodies.Causal,
    bodies.Counterfactual,
    bodies.Probabilistic,
    bodies.Analogical,
)
"""The faculties in the order of genomes, as on graphs."""

DOUBT = 20.0
"""Cases that show everything given, at which an answer none of them shows is half refuted."""


class NetworkFaculties:
    """Engine variants over one set of cases.

    Attributes:
        evidence: the cases.
        engines: K bodies in the order that genomes number them.
        variants: for each engine its tuple of gene settings.
        costs: int32[K + 2], compute units of each engine, of the council and of the inversion.
        protocols: none; an estimate is no score that objections could be taken from.
        kinds: of questions, as `Block.relation` numbers them.
        feature_names: what gates see of a question: its kind, one of three; number of facts;
            whether the variable that is set has causes in the learned graph; number of its
            neighbours there; whether the target is among its consequences there; log number of
            cases that show everything given.
    """

    protocols: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[tuple[str, ...]] = KINDS
    feature_names: ClassVar[tuple[str, ...]] = (
        *KINDS,
        "facts",
        "caused",
        "neighbours",
        "consequence",
        "cases",
    )

    def __init__(self, evidence: Cases, engines: tuple[type[Body], ...] = BODIES):
        self.evidence = evidence
        self.engines = engines
        self.variants = tuple(engine.variants() for engine in engines)
        costs = [engine.cost for engine in engines] + [objections.COST, inversion.COST]
        self.costs = np.array([round(cost * COST_UNITS) for cost in costs], np.int32)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the engines, in genome order."""
        return tuple(engine.name for engine in self.engines)

    def opinion(self, scores: NDArray[np.floating], open_: NDArray[np.bool_]) -> NDArray:
        """float32[Q, C]: the estimates of a strategy as scores, so that a mean of them is one."""
        return scores_of(estimates_of(scores, open_), open_)

    def table(self, questions: Questions) -> ScoreTable:
        """Scores of all variants for Q questions; V is the number of variants here.

        `against` holds how far matching cases refute an answer that none of them shows; `inverted`
        is 0 everywhere, and there is no echo.
        """
        cases = self.evidence
        block = questions.block(cases.cards)
        flat = [body for settings in self.variants for body in settings]
        estimates = np.stack([body.estimate(cases, questions) for body in flat], axis=1)
        scores = scores_of(estimates, block.open[:, None])
        favourite = np.where(block.open[:, None], scores, -np.inf).argmax(axis=2)
        matching, shown = self._matching(questions)
        refuted = (matching / (matching + DOUBT))[:, None] * (shown == 0) * block.open
        return ScoreTable(
            scores,
            np.cumsum([0, *map(len, self.variants)]).astype(np.int32),
            favourite.astype(np.int16),
            refuted.astype(np.float32),
            np.zeros(block.open.shape, np.float32),
            self._features(questions, matching),
            block,
            self.feature_names,
            echo_row=np.zeros(len(questions), np.int32),
        )

    def _matching(self, questions: Questions) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Of the cases that show everything given, int64[Q], those of each answer, [Q, C]."""
        cases, believed = self.evidence, questions.believed
        shown = np.empty((len(questions), cases.answers))
        for q, target in enumerate(questions.target.tolist()):
            shown[q] = cases.frequencies(target, cases.agree(believed[q]))
        return shown.sum(axis=1).astype(np.int64), shown

    @cached_property
    def _graph(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """The learned graph and what leads where in it, both bool[V, V]."""
        graph = self.evidence.graph()
        return graph, strict_paths(graph)

    def _features(self, questions: Questions, matching: NDArray[np.int64]) -> NDArray[np.float32]:
        """float32[Q, F] in the order of `feature_names`, each about 0..1."""
        graph, paths = self._graph
        set_ = questions.set_variable
        is_set = set_ != UNSEEN
        near = (graph | graph.T).sum(axis=1)
        columns = [
            *(questions.kind == kind for kind in range(len(KINDS))),
            (questions.facts != UNSEEN).sum(axis=1) / 4,
            is_set & (graph.sum(axis=0) > 0)[set_],
            is_set * near[set_] / 4,
            is_set & paths[set_, questions.target],
            np.log1p(matching) / np.log1p(len(self.evidence)),
        ]
        return np.stack(columns, axis=1).astype(np.float32)
