"""What becomes public, what is taken back, and what each replica knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from swarm.memory import FOREVER, Edition, Facts
from swarm.memory.facts import derived, withdraw
from swarm.population import PopulationError
from swarm.systems.replicating import Replicating
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World


class Publishing(System):
    """Editions of the shared memory, one for each replica; `SharedMemory` writes and reads.

    What was superseded or withdrawn leaves each edition when the news come to it. What rests on
    something withdrawn goes with it, wherever and whenever it was written; what rests on something
    superseded stays. Agents use what stood at the last `publish`: what they say in a tick in which
    its grounds are withdrawn is withdrawn too.

    Attributes:
        facts: all facts, with their provenance.
        editions: what each replica knows of them.
        public: how many facts are public: ids 0..public−1.
    """

    def __init__(self, entities: int, relations: int, embargo: int = 0):
        self.embargo = embargo
        self.facts = Facts(entities, relations)
        self.editions: list[Edition] = []
        self.public = 0
        self._forget()

    def _forget(self) -> None:
        self._told = np.zeros(0, bool)  # by id: it ended, and that is news or has been
        self._withdrawn = np.empty(0, np.int64)

    def setup(self, world: World) -> None:
        """An edition for each replica."""
        self._begin(world, Facts(self.facts.entities, self.facts.relations))

    def _begin(self, world: World, facts: Facts) -> None:
        replicas = world.find(Replicating)
        self.facts = facts
        self.public = 0
        self._forget()
        self.editions = [
            Edition(facts.entities, facts.relations)
            for _ in range(replicas.replicas if replicas else 1)
        ]

    def __call__(self, world: World) -> None:
        """What has become public is published."""
        self.publish(world)

    def publish(self, world: World) -> None:
        """Facts whose embargo is over come to the replica of their author, and news to all."""
        ended = self.facts.columns()["ended"] != FOREVER
        if np.count_nonzero(ended) > np.count_nonzero(self._told):  # not by way of this system
            self._tell(world, np.flatnonzero(ended))
        public = self.facts.public_count(world.steps, self.embargo)
        came = np.arange(self.public, public)
        came = came[~ended[came]]
        self.public = public
        replicas = world.find(Replicating)
        if replicas is None:
            self.editions[0].hear(self.facts, came)
        else:
            replicas.say(replicas.home(self.facts.values(came, "author")), came)
            self._hear(world, replicas)
        for edition in self.editions:
            edition.settle()

    def replica(self, world: World) -> np.ndarray:
        """int64[n]: which edition each agent reads."""
        if world.find(Replicating) is None:
            return np.zeros(len(world.population), np.int64)
        return world.population["replica"].astype(np.int64)

    def withdraw(self, world: World, ids: ArrayLike, replica: int = 0) -> np.ndarray:
        """Take facts back, with everything that was derived from them; returns all that ended.

        The news start at a replica, and come to the others as all news do; what others derive
        meanwhile is withdrawn when they hear of it.

        Raises:
            PopulationError: for a replica that there is not.
            FactError: for unknown ids; nothing is withdrawn in either case.
        """
        if not 0 <= replica < len(self.editions):
            raise PopulationError(
                f"news start at one of the replicas 0..{len(self.editions) - 1}; got {replica}"
            )
        asked, ended, _ = withdraw(self.facts, ids, world.steps)
        rest = np.union1d(asked, derived(self.facts, asked))
        self._withdrawn = np.union1d(self._withdrawn, rest)
        self._tell(world, rest[~self.editions[replica].lost(rest)], replica)
        return ended

    def _tell(self, world: World, gone: np.ndarray, replica: int | None = None) -> None:
        """Facts have ended: news at one replica, or, for those of which it was none, at home."""
        before = self._mark_told(gone)
        if replica is None:
            gone = gone[~before]
        replicas = world.find(Replicating)
        if replicas is None:
            self.editions[0].hear(self.facts, (), gone)
            return
        home = replicas.home(self.facts.values(gone, "author"))
        replicas.say(home if replica is None else np.full(len(gone), replica), gone, gone=True)
        self._hear(world, replicas)

    def _mark_told(self, gone: np.ndarray) -> np.ndarray:
        """bool[m]: which of these were news before; none is after."""
        more = len(self.facts) - len(self._told)
        if more and len(gone):
            self._told = np.append(self._told, np.zeros(more, bool))
        before = self._told[gone]
        self._told[gone] = True
        return before

    def _hear(self, world: World, replicas: Replicating) -> None:
        """Editions take in the news; what was meanwhile derived from facts that are gone goes."""
        for number, (edition, (came, gone)) in enumerate(
            zip(self.editions, replicas.news(), strict=True)
        ):
            edition.hear(self.facts, came, gone)
            gone = gone[np.isin(gone, self._withdrawn)]
            if len(gone):
                rest = derived(self.facts, gone)
                self.facts.end(rest, world.steps)
                self._withdrawn = np.union1d(self._withdrawn, rest)
                late = rest[~self._mark_told(rest)]
                replicas.say(np.full(len(late), number), late, gone=True)
                edition.hear(self.facts, (), rest)

    def state(self) -> dict[str, Any]:
        """The facts, and what each replica knows of them."""
        return {
            "facts": self.facts.state(),
            "public": self.public,
            "told": np.flatnonzero(self._told),
            "withdrawn": self._withdrawn.copy(),
            "editions": {str(n): edition.state() for n, edition in enumerate(self.editions)},
        }

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Facts come back, and the editions."""
        if len(state["editions"]) != len(self.editions):
            raise PopulationError(
                f"saved with {len(state['editions'])} replicas; this world has "
                f"{len(self.editions)}. Give it Replicating({len(state['editions'])})"
            )
        facts = Facts(self.facts.entities, self.facts.relations)
        facts.restore(state["facts"])
        self._begin(world, facts)
        self.public = int(state["public"])
        self._mark_told(np.array(state["told"], np.int64))
        self._withdrawn = np.array(state["withdrawn"], np.int64)
        for number, edition in enumerate(self.editions):
            edition.restore(facts, state["editions"][str(number)])
