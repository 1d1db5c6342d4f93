"""Faculties: the engines compiled over one evidence, and their scores for a block of queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from swarm.reasoning import inversion, objections, working_memory
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
from swarm.reasoning.engines.exclusion import Exclusive
from swarm.reasoning.evidence import Evidence
from swarm.reasoning.queries import Block
from swarm.reasoning.walk import PRUNED

ENGINES: tuple[type[Engine], ...] = (
    Deductive,
    Inductive,
    Abductive,
    Causal,
    Counterfactual,
    Probabilistic,
    Analogical,
)

CLIP = (-6.0, 12.0)
"""Standardised scores are kept in this range, so that no engine drowns the others."""


@dataclass(frozen=True)
class ScoreTable:
    """What every engine variant says of every candidate of Q queries; no truth in it.

    Attributes:
        scores: float32[Q, V, C], standardised per query and variant over the open candidates.
        first: int32[K + 1]; the variants of engine e are columns `first[e]:first[e + 1]`.
        favourite: int16[Q, V], the best open candidate of each variant.
        against: float32[Q, C], objections (0 = none).
        inverted: float32[Q, C], standardised scores with the favourite assumption hidden.
        features: float32[Q, F], what gates see of the query beside the state of the walk.
        block: the queries; `block.open` is bool[Q, C].
        feature_names: what the F features are.
        echo: float32[K, M, C, C], what believing an answer says of the others
            (`working_memory`); M = 0 where the domain has none.
        echo_row: int32[Q], the row of the echo, < M, that a query uses.
    """

    scores: np.ndarray
    first: np.ndarray
    favourite: np.ndarray
    against: np.ndarray
    inverted: np.ndarray
    features: np.ndarray
    block: Block
    feature_names: tuple[str, ...] = ()
    echo: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0, 0), np.float32))
    echo_row: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))

    def __len__(self) -> int:
        return len(self.block)


class Faculties:
    """Engine variants compiled over one evidence; artefacts are made once and shared.

    Attributes:
        engines: K engine classes in the order that genomes number them.
        variants: for each engine its tuple of gene settings.
        costs: int32[K + 2], compute units of each engine, of the council and of the inversion.
        kinds: of queries: none, relations are told apart by features.
        protocols: those beside consensus that mean something here.
        feature_names: what gates see of a query: log fan-out of the relation; log degree of the
            source; log number of answers that are known already; the shares of the relation's
            facts that hold both ways, and whose pair stands in no other relation; and the
            confidence of the relation's best rule. All standardised over what they belong to.
    """

    kinds: ClassVar[tuple[str, ...]] = ()
    protocols: ClassVar[tuple[str, ...]] = ("novelty", "council", "inversion", "trust", "memory")
    feature_names: ClassVar[tuple[str, ...]] = (
        "fan-out",
        "degree",
        "answers",
        "symmetry",
        "exclusiveness",
        "lawfulness",
    )

    def __init__(self, evidence: Evidence, engines: tuple[type[Engine], ...] = ENGINES):
        self.evidence = evidence
        self.engines = engines
        self.variants = tuple(engine.variants() for engine in engines)
        costs = [engine.cost for engine in engines] + [objections.COST, inversion.COST]
        self.costs = np.array([round(cost * COST_UNITS) for cost in costs], np.int32)
        self._artefacts: dict[Engine, np.ndarray] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the engines, in genome order."""
        return tuple(engine.name for engine in self.engines)

    def artefact(self, engine: Engine) -> np.ndarray:
        """The compiled engine, float32[D, E, E]; compiled on first use."""
        if engine not in self._artefacts:
            if isinstance(engine, Exclusive):
                artefact = engine.read(self.artefact(engine.of), self.evidence)
            else:
                artefact = engine.compile(self.evidence)
            self._artefacts[engine] = artefact
        return self._artefacts[engine]

    def opinion(self, scores: np.ndarray, open_: np.ndarray) -> np.ndarray:
        """float32[Q, C]: the scores of a strategy as an opinion that others' can be added to."""
        return opinion(scores, open_)

    def table(self, block: Block) -> ScoreTable:
        """Scores of all variants for a block of queries."""
        evidence = self.evidence
        flat = [engine for settings in self.variants for engine in settings]
        scores = np.empty((len(block), len(flat), evidence.entities), np.float32)
        for v, engine in enumerate(flat):
            scores[:, v] = standardise(engine.score(self.artefact(engine), block), block.open)
        first = np.cumsum([0, *map(len, self.variants)]).astype(np.int32)
        favourite = np.where(block.open[:, None], scores, -np.inf).argmax(axis=2)
        rows = block.relation, block.source
        return ScoreTable(
            scores,
            first,
            favourite.astype(np.int16),
            objections.objections(evidence)[rows],
            standardise(inversion.inverted_scores(evidence)[rows], block.open),
            self._features(block),
            block,
            self.feature_names,
            self.echo,
            block.relation.astype(np.int32),
        )

    @cached_property
    def echo(self) -> np.ndarray:
        """float32[K, D, E, E], what every engine says once an answer is believed."""
        heard = dict(zip(ENGINES, working_memory.echoes(self.evidence), strict=True))
        silent = np.zeros_like(heard[ENGINES[0]])
        return np.stack([heard.get(engine, silent) for engine in self.engines])

    def _features(self, block: Block) -> np.ndarray:
        """float32[Q, F] in the order of `feature_names`."""
        evidence = self.evidence
        cube, relation, source = evidence.cube, block.relation, block.source
        facts = np.maximum(cube.sum(axis=(1, 2)), 1)
        both_ways = np.logical_and(cube, cube.transpose(0, 2, 1)).sum(axis=(1, 2)) / facts
        alone = cube[: evidence.relations].sum(axis=0) == 1
        exclusive = np.logical_and(cube[: evidence.relations], alone).sum(axis=(1, 2))
        exclusive = np.tile(exclusive, 2) / facts
        lawful = evidence.bodies.confidence(5.0).max(axis=0)
        known = np.log1p(cube.sum(axis=2))
        features = [
            _standard(np.log1p(evidence.fan_out))[relation],
            _standard(np.log1p(evidence.degree))[source],
            _standard(known)[relation, source],
            *(_standard(each)[relation] for each in (both_ways, exclusive, lawful)),
        ]
        return np.stack(features, axis=1).astype(np.float32)


def opinion(scores: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """Final scores float32[Q, C] of a strategy, standardised over the open candidates.

    Pruned candidates get back what pruning cost them, but stay at or below the last that was not
    pruned.
    """
    fallen = np.where(open_, np.round(scores / PRUNED), 0)
    last = np.where(open_ & (fallen == 0), scores, np.inf).min(axis=1, keepdims=True)
    raised = np.where(open_, scores - PRUNED * fallen, 0)
    return standardise(np.where(fallen > 0, np.minimum(raised, last), raised), open_)


def standardise(scores: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """Zero mean and unit variance per query over its open candidates, clipped; 0 elsewhere.

    Candidates that the evidence already answers are left out of the moments: engines score
    them highest, and what is known must not dwarf what is asked. An engine that has nothing to
    say, giving all the same score, says 0.
    """
    count = np.maximum(open_.sum(axis=1, keepdims=True), 1)
    inside = np.where(open_, scores, 0)
    mean = inside.sum(axis=1, keepdims=True, dtype=np.float64) / count
    centred = np.where(open_, scores - mean, 0)
    deviation = np.sqrt((centred**2).sum(axis=1, keepdims=True) / count)
    silence = 1e-6 * np.abs(inside).max(axis=1, keepdims=True)  # no more than rounding
    speaks = deviation > np.maximum(silence, 1e-12)
    standard = np.where(speaks, centred / np.where(speaks, deviation, 1), 0)
    return np.clip(standard, *CLIP).astype(np.float32)


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / (values.std() + 1e-9)
