"""Groups of agents read replicas of their own of the shared memory, kept alike by gossip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from swarm.memory.replicas import Log
from swarm.population import Column, PopulationError
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World


class Replicating(System):
    """Anti-entropy between replicas: each calls some others, and both tell what the other lacks.

    A replica is a log of news (see `swarm.memory.replicas`): a fact came, a fact was taken back.
    Calls and answers are messages; one that is lost is made good by the next. While the replicas
    are parted, the lower half of them and the upper half hear nothing of each other.

    With one replica a world is what it is without this system.

    Args:
        replicas: groups of agents; an agent belongs to that of its id modulo their number.
        fanout: others that each replica calls in a tick.
        loss: probability that a message is lost.
        parted: first tick in which they are parted, and the first in which no longer.

    Attributes:
        logs: the replicas.
        sent, bytes: messages of this tick, and what they weigh.
        behind: most news that any replica lacks.

    Column: `replica` int16, which one an agent reads and writes.
    """

    columns = {"replica": Column(np.int16)}  # noqa: RUF012

    def __init__(
        self,
        replicas: int = 4,
        fanout: int = 1,
        loss: float = 0.0,
        parted: Sequence[int] = (0, 0),
    ):
        if not (1 <= replicas < 2**15 and fanout >= 0 and 0 <= loss <= 1 and len(parted) == 2):
            raise PopulationError(
                "Replicating: replicas is 1 or more, fanout 0 or more, loss a share in [0, 1] and "
                f"parted two ticks, such as 4, 1, 0.1 and (100, 200); got {replicas}, {fanout}, "
                f"{loss} and {parted}"
            )
        self.replicas = replicas
        self.fanout = fanout
        self.loss = loss
        self.parted = (int(parted[0]), int(parted[1]))
        self.logs = [
            Log(g, replicas, {"fact": np.int64, "gone": np.bool_}) for g in range(replicas)
        ]
        self.sent = self.bytes = self.behind = 0
        self._read = np.zeros((replicas, replicas), np.int64)

    def home(self, agents: np.ndarray) -> np.ndarray:
        """int64[m]: replicas of agents, by id, dead ones too; override it for other groups."""
        return agents % self.replicas

    def say(self, origin: np.ndarray, facts: np.ndarray, gone: bool = False) -> None:
        """Facts came, or were taken back, each at the replica `origin` int64[m]."""
        for g in np.unique(origin):
            mine = facts[origin == g]
            self.logs[g].append(fact=mine, gone=np.full(len(mine), gone))

    def news(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """What each replica has learnt since this was last asked: facts that came, and gone."""
        learnt = []
        for g, log in enumerate(self.logs):
            columns = log.since(self._read[g]).columns
            self._read[g] = log.version
            gone = columns["gone"].astype(bool)
            learnt.append((columns["fact"][~gone], columns["fact"][gone]))
        return learnt

    def __call__(self, world: World) -> None:
        """One round of calls."""
        self.sent = self.bytes = 0
        rng, n = world.stream(self.name), self.replicas
        if n > 1 and self.fanout:
            called = (np.arange(n)[:, None] + rng.integers(1, n, (n, self.fanout))) % n
            arrives = rng.random((n, self.fanout, 3)) >= self.loss
            for caller in range(n):
                for call, other in enumerate(called[caller].tolist()):
                    self._call(world, caller, other, *arrives[caller, call].tolist())
        versions = np.array([log.version for log in self.logs])
        self.behind = int((versions.max(axis=0) - versions).sum(axis=1).max())

    def _call(
        self, world: World, caller: int, other: int, asked: bool, told: bool, back: bool
    ) -> None:
        """The caller says what it knows of; it is told the rest, and tells what the other lacks."""
        self.sent += 1
        one, two = self.logs[caller], self.logs[other]
        self.bytes += one.version.nbytes
        if not asked or self._apart(world, caller, other):
            return
        answer = two.delta(since=one.version)
        self.sent += 1
        self.bytes += len(answer.encode()) + two.version.nbytes
        if not told:
            return
        lacking = one.delta(since=two.version)
        one.merge(answer)
        self.sent += 1
        self.bytes += len(lacking.encode())
        if back:
            two.merge(lacking)

    def _apart(self, world: World, one: int, two: int) -> bool:
        half = self.replicas // 2
        first, last = self.parted
        return first <= world.steps < last and (one < half) != (two < half)

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """The born belong to the replica of their id."""
        world.population["replica"][rows] = self.home(world.population["id"][rows])

    def state(self) -> dict[str, Any]:
        """The logs, and how far they are read."""
        logs = {f"log{g}": log.state() for g, log in enumerate(self.logs)}
        return {**logs, "read": self._read.copy()}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """The logs come back, as far as they were read."""
        for g, log in enumerate(self.logs):
            log.restore(state[f"log{g}"])
        self._read = np.array(state["read"], np.int64)
