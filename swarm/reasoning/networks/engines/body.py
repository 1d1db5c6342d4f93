"""What an engine is in the causal domain: genes as fields, cases and questions in, chances out.

As `swarm.reasoning.engine`, but that an answer is a distribution. Each faculty reads a question
in its own way, and that is most of what tells them apart:

- those that *associate* (deductive, inductive, abductive, probabilistic, analogical) take what is
  set for what is seen (`Questions.believed`);
- *causal* keeps them apart, but knows no single world: what was in fact does not bind it where
  the setting has a say in it; and where nothing is set there is no effect to estimate;
- *counterfactual* changes a world that is known in part: it needs a fact that the setting
  contradicts.

Who finds nothing of its own in a question states the base rate of the target.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import Field, fields
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.cases import Cases
from swarm.reasoning.networks.questions import Questions

GRAPHS = 8
"""Graphs held possible by those who tell setting from seeing."""

BELIEFS = 6
"""Of these, those that some variant believes in."""

Held = TypeVar("Held")


class Body(ABC):
    """A way of reasoning with its genes; subclasses are frozen dataclasses.

    Attributes:
        name: the faculty, as tables and studies call it.
        cost: price of asking it once, in units of the cheapest engine: the square root of the
            time it takes, as times differ a hundredfold and one market serves all domains.
        interventional: whether it tells setting from seeing.
    """

    name: ClassVar[str]
    cost: ClassVar[float]
    interventional: ClassVar[bool] = False

    @classmethod
    def variants(cls) -> tuple[Body, ...]:
        """The gene settings that a strategy may choose from."""
        return (cls(),)

    def describe(self) -> str:
        """The genes that are not as they come, in words."""
        genes = ((each.name, getattr(self, each.name), each.default) for each in _genes(self))
        return ", ".join(f"{name} {value}" for name, value, usual in genes if value != usual)

    @abstractmethod
    def estimate(self, cases: Cases, questions: Questions) -> NDArray[np.float64]:
        """What it takes the answers to be: float64[Q, C], rows that sum to 1."""


def _genes(body: Body) -> tuple[Field[Any], ...]:
    return fields(body)  # type: ignore[arg-type]  # subclasses are dataclasses


def towards(
    counts: NDArray[np.float64], prior: NDArray[np.float64], worth: float
) -> NDArray[np.float64]:
    """Frequencies float64[..., C] drawn towards a prior that is worth so many cases, > 0."""
    drawn: NDArray[np.float64] = (counts + worth * prior) / (
        counts.sum(axis=-1, keepdims=True) + worth
    )
    return drawn


def believed(held: list[tuple[Held, float]], belief: int | None) -> list[tuple[Held, float]]:
    """What is held possible with its shares: all of it, or one alone, counted round and round."""
    return held if belief is None else [(held[belief % len(held)][0], 1.0)]
