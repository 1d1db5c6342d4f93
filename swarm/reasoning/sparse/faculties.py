"""Faculties on a large graph: the seven engines by their sparse bodies, on shortlists.

The same genes as on small graphs, but fewer settings of each, so that tables stay small: a
table of Q queries takes 4 * Q * V * C bytes, 13 MB for 2,000 queries at V = 14 and C = 128.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from swarm.reasoning import inversion, objections as council
from swarm.reasoning.engine import COST_UNITS, Engine
from swarm.reasoning.engines import (
    Abductive,
    Analogical,
    Causal,
    Counterfactual,
    Deductive,
    Inductive,
    Probabilistic,
)
from swarm.reasoning.faculties import ENGINES, Faculties, ScoreTable, opinion, standardise
from swarm.reasoning.queries import Block
from swarm.reasoning.sparse.adding_up import inverted_scores
from swarm.reasoning.sparse.bodies import score
from swarm.reasoning.sparse.evidence import SparseEvidence
from swarm.reasoning.sparse.features import described
from swarm.reasoning.sparse.objections import objections

SETTINGS: dict[type[Engine], tuple[Engine, ...]] = {
    Deductive: (
        Deductive(threshold=0.05, rounds=1, aggregation="strongest"),
        Deductive(threshold=0.5, rounds=2),
    ),
    Inductive: (
        Inductive(top=600, aggregation="noisy-or"),
        Inductive(top=600, aggregation="maximum", unary=True),
    ),
    Abductive: (
        Abductive(confidence_min=0.05, miss=0.1, top=300),
        Abductive(confidence_min=0.2, miss=0.1, prior=2.0),
    ),
    Causal: (Causal(kinds=1), Causal(kinds=4)),
    Counterfactual: (Counterfactual(penalty=0.3), Counterfactual(penalty=0.9, top=100)),
    Probabilistic: (Probabilistic(temperature=0.05), Probabilistic(temperature=0.2)),
    Analogical: (
        Analogical(sharpness=1, neighbours=20),
        Analogical(sharpness=4, neighbours=20),
    ),
}
"""The gene settings that strategies may choose from on a large graph."""


class SparseFaculties:
    """Engine variants over one sparse evidence; what they compile is kept by the evidence.

    Tables have no echo: working memory says nothing on large graphs.

    Attributes:
        engines: K engine classes in the order that genomes number them.
        variants: for each engine its tuple of gene settings.
        costs: int32[K + 2], compute units of each engine, of the council and of the inversion.
        feature_names: what gates see of a query, as on small graphs.
    """

    feature_names: ClassVar[tuple[str, ...]] = Faculties.feature_names
    kinds: ClassVar[tuple[str, ...]] = ()
    protocols: ClassVar[tuple[str, ...]] = ("novelty", "council", "inversion", "trust")

    def __init__(self, evidence: SparseEvidence, engines: tuple[type[Engine], ...] = ENGINES):
        self.evidence = evidence
        self.engines = engines
        self.variants = tuple(SETTINGS.get(engine) or engine.variants() for engine in engines)
        costs = [engine.cost for engine in engines] + [council.COST, inversion.COST]
        self.costs = np.array([round(cost * COST_UNITS) for cost in costs], np.int32)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the engines, in genome order."""
        return tuple(engine.name for engine in self.engines)

    def opinion(self, scores: np.ndarray, open_: np.ndarray) -> np.ndarray:
        """As on small graphs."""
        return opinion(scores, open_)

    def table(self, block: Block) -> ScoreTable:
        """Scores of all variants for a block of queries with a shortlist."""
        evidence = self.evidence
        flat = [engine for settings in self.variants for engine in settings]
        scores = np.empty((len(block), len(flat), block.open.shape[1]), np.float32)
        for v, engine in enumerate(flat):
            scores[:, v] = standardise(score(engine, evidence, block), block.open)
        first = np.cumsum([0, *map(len, self.variants)]).astype(np.int32)
        favourite = np.where(block.open[:, None], scores, -np.inf).argmax(axis=2)
        return ScoreTable(
            scores,
            first,
            favourite.astype(np.int16),
            objections(evidence, block),
            standardise(inverted_scores(evidence, block), block.open),
            described(evidence, block),
            block,
            self.feature_names,
            echo_row=np.zeros(len(block), np.int32),
        )
