"""What an engine is: genes as fields, evidence in, scores out.

An engine proposes answers. Its genes are the fields of a frozen dataclass, so that an engine
is a value: it can be compared, hashed, cached by (evidence version, engine) and written down.
`compile` turns evidence into an artefact once; `score` looks a block of queries up in it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import Field, fields
from typing import Any, ClassVar

import numpy as np

from swarm.reasoning.evidence import Evidence
from swarm.reasoning.queries import Block

COST_UNITS = 10
"""Compute units in a cost of 1.0; markets and ledgers count whole units."""


class Engine(ABC):
    """A way of reasoning with its genes; subclasses are frozen dataclasses.

    Attributes:
        name: the faculty, as tables and studies call it.
        cost: price of asking it once, in units of the cheapest engine.
    """

    name: ClassVar[str]
    cost: ClassVar[float]

    @classmethod
    def variants(cls) -> tuple[Engine, ...]:
        """The gene settings that a strategy may choose from, weakest assumptions first."""
        return (cls(),)

    def describe(self) -> str:
        """The genes that are not as they come, in words."""
        genes = ((each.name, getattr(self, each.name), each.default) for each in _genes(self))
        return ", ".join(f"{name} {value}" for name, value, usual in genes if value != usual)

    @abstractmethod
    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores of every answer of every query: float32[D, E, E], higher is better."""

    def score(self, artefact: np.ndarray, block: Block) -> np.ndarray:
        """Scores of a block's candidates: float32[Q, C]."""
        return artefact[block.relation, block.source]


def _genes(engine: Engine) -> tuple[Field[Any], ...]:
    return fields(engine)  # type: ignore[arg-type]  # subclasses are dataclasses
