"""Agents that have compute run their strategies on their tasks, in one batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from evolution import Locus
from swarm.genes import PROTOCOLS, decode, strategy_loci
from swarm.population import Column
from swarm.reasoning import Answers, Hearsay, reason
from swarm.systems.compute_market import ComputeMarket
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World

APPETITE_MEMORY = 0.7
"""Weight of the past in an agent's estimate of what a task takes."""


class HearsaySource(System):
    """A system that knows what agents may use beside their engines."""

    def hearsay(self, world: World) -> Hearsay | None:
        """What each agent has heard or may read of the tasks on the board; None for nothing."""
        return None


class Reasoning(System):
    """Runs every strategy; an agent's tasks are cut off where its quota of compute ends.

    Args:
        threads: cores to use; results do not depend on it.
        without: what genomes cannot switch on, for ablations; see `swarm.genes.strategy_loci`.

    Attributes:
        answers: what came of the S tasks that were begun.
        begun: int64[S], the place of the board of each.
        in_time: int64[T], which of them were finished within the quota.
        agent, place: int64[T], who answered which place of the board in time.
        evaluations: strategies run on queries so far, answered in time or not.

    Columns: `spent` int64, units used in this tick; `appetite` float32, units that a task is
    expected to take.
    """

    columns: ClassVar[Mapping[str, Column]] = {
        "spent": Column(np.int64),
        "appetite": Column(np.float32),
    }

    def __init__(self, threads: int | None = None, without: Collection[str] = ()):
        self.threads = threads
        self.without = without
        self.evaluations = 0
        self.agent = np.empty(0, np.int64)
        self.place = np.empty(0, np.int64)
        self.begun = np.empty(0, np.int64)
        self.in_time = np.empty(0, np.int64)
        self.answers: Answers | None = None

    def loci(self, world: World) -> Mapping[str, Locus]:
        """Everything that `swarm.genes.decode` reads."""
        return strategy_loci(world.system(Tasks).problem.faculties, self.without)

    def __call__(self, world: World) -> None:
        """One batch over the whole population."""
        population = world.population
        tasks = world.system(Tasks)
        metered = world.find(ComputeMarket) is not None
        agent, place = tasks.agent, tasks.place
        if metered:
            can_pay = population["quota"][agent] > 0
            agent, place = agent[can_pay], place[can_pay]
        query = tasks.board[place]
        answers = reason(
            decode(world.genes),
            tasks.problem.table,
            tasks.problem.faculties.costs,
            agent,
            query,
            self._hearsay(world),
            self.threads,
        )
        self.evaluations += len(agent)
        self._learn_appetite(world, agent, answers.spent)
        in_time = np.arange(len(agent))
        if metered:
            quota = population["quota"][agent]
            in_time = np.flatnonzero(_running_total(answers.spent, agent) <= quota)
        self.answers, self.begun, self.in_time = answers, place, in_time
        self.agent, self.place = agent[in_time], place[in_time]
        spent = np.bincount(self.agent, answers.spent[in_time], minlength=len(population))
        population["spent"][:] = spent

    def _hearsay(self, world: World) -> Hearsay | None:
        source = world.find(HearsaySource)
        return source.hearsay(world) if source else None

    def _learn_appetite(self, world: World, agent: np.ndarray, spent: np.ndarray) -> None:
        n = len(world.population)
        ran = np.bincount(agent, minlength=n)
        mean = np.bincount(agent, spent, minlength=n) / np.maximum(ran, 1)
        appetite = world.population["appetite"]
        learnt = APPETITE_MEMORY * appetite + (1 - APPETITE_MEMORY) * mean
        appetite[:] = np.where(ran > 0, learnt, appetite)

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """The born expect to need all the engines they may use."""
        costs = world.system(Tasks).problem.faculties.costs
        order = world.genes("order")[rows].astype(np.int64)
        in_use = np.arange(order.shape[1]) < world.genes("length")[rows]
        paid = [list(PROTOCOLS).index(name) for name in ("council", "inversion")]  # as in the costs
        protocols = world.genes("protocol")[rows][:, paid] > 0
        expected = (costs[order] * in_use).sum(axis=1) + protocols @ costs[-len(paid) :]
        world.population["appetite"][rows] = expected

    def state(self) -> dict[str, int]:
        """The count of evaluations."""
        return {"evaluations": self.evaluations}

    def restore(self, world: World, state: Mapping[str, int]) -> None:
        """Take up the count."""
        self.evaluations = state["evaluations"]


def _running_total(amount: np.ndarray, group: np.ndarray) -> np.ndarray:
    """int64[n]: cumulative sums within groups that stand together, ascending."""
    total = np.cumsum(amount, dtype=np.int64)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    before = total[first] - amount[first]
    return total - np.repeat(before, np.diff(np.append(first, len(group))))
