"""A problem as a world gets it: evidence, faculties, tasks, and a referee. No test facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from swarm.reasoning import sparse
from swarm.reasoning.engine import Engine
from swarm.reasoning.evidence import CELLS_MAX, Evidence
from swarm.reasoning.faculties import Faculties, ScoreTable
from swarm.reasoning.graph import KnowledgeGraph
from swarm.reasoning.queries import ask
from swarm.reasoning.referee import judge


class Judge(Protocol):
    """Who knows the truth of Q queries."""

    @property
    def unit(self) -> str:
        """What marks are, in words."""
        ...

    def __len__(self) -> int: ...

    def marks(self, scores: np.ndarray, queries: np.ndarray | None = None) -> np.ndarray:
        """float64[n] in [0, 1]: what float32[n, C] scores of `queries`, or of all, are worth."""
        ...

    def figures(self, scores: np.ndarray) -> dict[str, float]:
        """What a table shows of scores float32[Q, C] of all queries."""
        ...


class Engines(Protocol):
    """The faculties of a domain, compiled over what is known; see `Faculties`."""

    variants: tuple[tuple[Engine, ...], ...]
    costs: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """K engines, in genome order."""
        ...

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What gates see of a query."""
        ...

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of query, as `Block.relation` numbers them; () where it numbers relations."""
        ...

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols beside consensus that mean something in this domain."""
        ...

    def opinion(self, scores: np.ndarray, open_: np.ndarray) -> np.ndarray:
        """float32[Q, C]: final scores of a strategy as an opinion that others' can be added to."""
        ...

    def table(self, block: Any) -> ScoreTable:
        """What every engine variant says of a block of queries."""
        ...


@dataclass(frozen=True)
class Problem:
    """What agents reason from, what they are asked, and who judges them.

    Attributes:
        evidence: what everybody knows: an `Evidence` for a graph (the facts of its train part),
            anything with `entities` and `relations`, by which findings are keyed, elsewhere.
        faculties: the engines compiled over it: `Engines`, for a graph `Faculties`.
        table: what every engine says of every task (the queries of the valid part).
        referee: a `Judge`; for a graph a `Referee` who filters by train and valid facts alone.
    """

    evidence: Any
    faculties: Any
    table: ScoreTable
    referee: Any

    @classmethod
    def pose(cls, graph: KnowledgeGraph) -> Problem:
        """The problem of a split graph. Of the test part only its size is looked at."""
        if 2 * len(graph.relations) * len(graph.entities) ** 2 > CELLS_MAX:
            return cls(*sparse.pose(graph))
        evidence = Evidence(graph.train, len(graph.entities), len(graph.relations))
        faculties = Faculties(evidence)
        known = np.concatenate([graph.train, graph.valid])
        unknown_share = len(graph.test) / (len(known) + len(graph.test))
        return cls(
            evidence,
            faculties,
            faculties.table(ask(graph.valid, evidence)),
            judge(graph.valid, known, evidence, unknown_share),
        )
