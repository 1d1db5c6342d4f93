"""Worlds of reasoning agents: families, wealth, rumours, the front, and the shared memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from experiments.reports.pictures import ENGINE_COLOURS
from experiments.running.frames.camera import histogram, sunflower
from experiments.running.frames.frame import Frame
from experiments.running.frames.memory import Memory
from experiments.running.frames.rumours import Rumours
from experiments.study.study import Experiment
from swarm.systems import ComputeMarket, Gossip, Remembering, Tasks

FAMILIES_SHOWN = 12
FRONT_SHOWN = 500
RING, COURT, DISK = 0.32, 0.11, 0.30
"""Distance of first engines from the middle, of second ones from there, and size of a group."""
EDGE = 0.47
"""Nobody is farther from the middle, to either side."""


class Society:
    """The view of a world of reasoning agents.

    A family is who asks the same two engines first. Those with the same first engine share a
    colour and a place on a ring; a group is the larger the more there are of it.
    """

    def __init__(self, experiment: Experiment):
        self.world = world = experiment.world
        self._engines = world.system(Tasks).problem.faculties.names
        self._rumours = self._memory = None
        if world.find(Remembering) is not None:
            self._memory = Memory(experiment)
            if world.find(Gossip) is not None:
                self._rumours = Rumours(world, self._memory.say)

    def dots(self) -> Frame:
        """Everybody in its family; who has more tokens is larger."""
        if self._rumours is not None:
            self._rumours.follow()
        number = len(self._engines)
        first, second = self._lead()
        family = first * number + second
        away = [_round(engine, number) for engine in (first, second)]
        size = np.bincount(family, minlength=number**2)
        reach = DISK * np.sqrt(size / max(len(family), 1))[family]
        there = sunflower(family, number**2)
        x, y = (
            RING * away[0][i] + COURT * away[1][i] * (first != second) + reach * there[i]
            for i in (0, 1)
        )
        far = max(EDGE, *(float(np.abs(each).max(initial=0)) for each in (x, y)))
        x, y = (0.5 + EDGE / far * each for each in (x, y))
        classes = [
            [name, ENGINE_COLOURS[i % len(ENGINE_COLOURS)]] for i, name in enumerate(self._engines)
        ]
        about = {"name": "first engine", "classes": classes, "low": 0, "high": number - 1}
        facts = {"shade": about, "families": list(self._families(size))}
        return Frame(
            self.world.steps,
            len(family),
            x,
            y,
            first.astype(np.uint8),
            _sizes(self._wealth()),
            facts=facts,
        )

    def _lead(self) -> tuple[np.ndarray, np.ndarray]:
        """int64[n] each: the engine asked first, and the second, or the first if it is alone."""
        order = self.world.genes("order").astype(np.int64)
        several = (self.world.genes("length")[:, 0] > 1) & (order.shape[1] > 1)
        return order[:, 0], np.where(several, order[:, min(1, order.shape[1] - 1)], order[:, 0])

    def _families(self, size: np.ndarray) -> Iterator[dict[str, Any]]:
        largest = np.argsort(-size, kind="stable")
        largest = largest[size[largest] > 0]
        number = len(self._engines)
        for family in largest[:FAMILIES_SHOWN].tolist():
            one, other = (self._engines[engine] for engine in divmod(family, number))
            name = one if one == other else f"{one} > {other}"
            yield {"name": name, "size": int(size[family])}
        rest = int(size[largest[FAMILIES_SHOWN:]].sum())
        if rest:
            yield {"name": "others", "size": rest}

    def _wealth(self) -> np.ndarray:
        wealth: np.ndarray = self.world.ledger.balance(self.world.population["account"])
        return wealth

    def costly(self) -> Mapping[str, Any]:
        """Market, front, rumours, memory: as far as the world has them."""
        facts: dict[str, Any] = {"market": histogram(self._wealth())}
        if (market := self.world.find(ComputeMarket)) is not None:
            for name in ("price", "demand", "sold"):
                facts["market"][name] = int(getattr(market, name))
        if "front" in self.world.population:
            facts["front"] = self._front()
        if self._rumours is not None:
            facts["rumours"] = self._rumours.told()
        if self._memory is not None:
            facts["memory"] = self._memory.graph()
        return facts

    def _front(self) -> dict[str, list[float]]:
        """Those who live and have been ranked: the first fronts of them."""
        population = self.world.population
        ranked = np.flatnonzero((population["front"] >= 0) & np.isfinite(population["cost"]))
        by_rank = np.argsort(population["front"][ranked], kind="stable")
        shown = ranked[by_rank[:FRONT_SHOWN]]
        columns = {name: population[name][shown] for name in ("accuracy", "cost", "novelty")}
        return {
            **{name: np.round(column, 6).tolist() for name, column in columns.items()},
            "rank": population["front"][shown].tolist(),
        }


def _round(engine: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """The direction of each engine: on a circle, from the top."""
    angle = np.pi / 2 - 2 * np.pi * engine / number
    return np.cos(angle), np.sin(angle)


def _sizes(wealth: np.ndarray) -> np.ndarray:
    """uint8[n]: an ordinary dot for the mean, its area in proportion, within limits."""
    mean = max(float(wealth.mean()), 1.0) if len(wealth) else 1.0
    return np.clip(64 * np.sqrt(np.maximum(wealth, 0) / mean), 24, 160).astype(np.uint8)
