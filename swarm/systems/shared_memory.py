"""Facts that everybody may come to read: what agents write, in public after an embargo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from swarm.memory import FOREVER, Edition, Facts
from swarm.memory.facts.derivation import derived, withdraw
from swarm.memory.facts.reader import Reader
from swarm.memory.facts.writer import Said
from swarm.systems.gossip import Gossip
from swarm.systems.replicating import Replicating
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.agents import Agent
    from swarm.world import World


class SharedMemory(System):
    """A memory that agents write to and read from, each what it may.

    For `embargo` ticks a fact is known to its author alone, and to whoever heard the rumour; then
    it is public: everybody reads it, or, in a world with `Replicating`, whoever's replica it has
    come to.

    Args:
        entities, relations: what facts are about.
        embargo: ticks before a fact is public; with 0 it is so from the next tick on.

    Attributes:
        facts: all facts, with their provenance.
        editions: what each replica knows of them.
        public: how many facts are public: ids 0..public−1.

    >>> class Scout(Agent):
    ...     def step(self):
    ...         memory = self.model.system(SharedMemory).of(self)
    ...         if not len(memory.match(subject=3, min_confidence=0.5)):
    ...             memory.write(3, 1, 4, confidence=0.8)
    >>> world = World({Scout: 100}, [SharedMemory(entities=50, relations=3), Acting()])
    """

    def __init__(self, entities: int, relations: int, embargo: int = 0):
        self.embargo = embargo
        self.facts = Facts(entities, relations)
        self.editions: list[Edition] = []
        self.public = 0

    def setup(self, world: World) -> None:
        """An edition for each replica."""
        self._begin(world, Facts(self.facts.entities, self.facts.relations))

    def _begin(self, world: World, facts: Facts) -> None:
        replicas = world.find(Replicating)
        self.facts = facts
        self.public = 0
        self.editions = [
            Edition(facts.entities, facts.relations)
            for _ in range(replicas.replicas if replicas else 1)
        ]

    def __call__(self, world: World) -> None:
        """What has become public is published."""
        self.publish(world)

    def write(
        self,
        world: World,
        author: ArrayLike,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        **more: Any,
    ) -> np.ndarray:
        """Write facts of this tick in the name of living agents; returns their ids int64[m].

        Args:
            author: ids of agents, one or m.
            subject, relation, object: int, one or m.
            more: confidence, credence, engine, valid_from, valid_to, evidence; see `Facts.append`.
        """
        ids = self.facts.append(subject, relation, object, author=author, tick=world.steps, **more)
        gossip = world.find(Gossip)
        if gossip is not None:
            rows = np.searchsorted(world.population["id"], np.atleast_1d(author))
            gossip.tell(world, np.broadcast_to(rows, ids.shape), ids)
        return ids

    def publish(self, world: World) -> None:
        """Facts whose embargo is over come to the replica of their author, and news to all."""
        public = self.facts.public_count(world.steps, self.embargo)
        came = np.arange(self.public, public)
        came = came[self.facts.columns()["ended"][came] == FOREVER]
        self.public = public
        replicas = world.find(Replicating)
        if replicas is None:
            self.editions[0].hear(self.facts, came)
            return
        replicas.say(replicas.home(self.facts.columns()["author"][came]), came)
        self._hear(world, replicas)

    def replica(self, world: World) -> np.ndarray:
        """int64[n]: which edition each agent reads."""
        if world.find(Replicating) is None:
            return np.zeros(len(world.population), np.int64)
        return world.population["replica"].astype(np.int64)

    def reader(self, world: World, agent: int) -> Reader:
        """What one living agent may read: its edition, what it wrote, and what it has heard."""
        row = int(np.searchsorted(world.population["id"], agent))
        edition = self.editions[self.replica(world)[row]]
        own = self.facts.match(author=agent)
        heard = np.empty(0, np.int64)
        if world.find(Gossip) is not None:
            heard = world.population["heard"][row].astype(np.int64)
            heard = heard[heard >= 0]
        told = np.concatenate([own, heard])
        told = told[~edition.lost(told)]
        if len(self.editions) == 1:
            return self.facts.reader(before=self.public, also=told)
        return self.facts.reader(before=0, also=np.concatenate([edition.visible(), told]))

    def of(self, agent: Agent) -> Access:
        """The memory as one agent has it: it reads what it may, and writes in its own name."""
        return Access(self, agent)

    def withdraw(self, world: World, ids: ArrayLike, replica: int = 0) -> np.ndarray:
        """Take facts back, with everything that was derived from them; returns all that ended.

        The news start at a replica, and come to the others as all news do.
        """
        gone = withdraw(self.facts, ids, world.steps).ended
        replicas = world.find(Replicating)
        if replicas is None:
            self.editions[0].hear(self.facts, (), gone)
        else:
            replicas.say(np.full(len(gone), replica), gone, gone=True)
            self._hear(world, replicas)
        return gone

    def _hear(self, world: World, replicas: Replicating) -> None:
        """Editions take in the news; what was meanwhile derived from facts that are gone goes."""
        for number, (edition, (came, gone)) in enumerate(
            zip(self.editions, replicas.news(), strict=True)
        ):
            edition.hear(self.facts, came, gone)
            if len(gone):
                late = self.facts.end(derived(self.facts, gone), world.steps)
                replicas.say(np.full(len(late), number), late, gone=True)
                edition.hear(self.facts, (), late)

    def state(self) -> dict[str, Any]:
        """The facts, and how many of them are public."""
        return {"facts": self.facts.state(), "public": self.public}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Facts come back; editions are made again from them, or from the replicas' logs."""
        facts = Facts(self.facts.entities, self.facts.relations)
        facts.restore(state["facts"])
        self._begin(world, facts)
        self.public = state["public"]
        if world.find(Replicating) is None:
            ended = facts.columns()["ended"] != FOREVER
            self.editions[0].hear(facts, np.arange(self.public), np.flatnonzero(ended))


class Access:
    """The memory as one agent has it, made by `SharedMemory.of`.

    Whatever it writes is in the agent's name and of this tick.
    """

    __slots__ = ("_agent", "_memory")

    def __init__(self, memory: SharedMemory, agent: Agent):
        self._memory = memory
        self._agent = agent

    def write(
        self,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        **more: Unpack[Said],
    ) -> np.ndarray:
        """Write facts, one or m; returns their ids. See `Facts.append` for what more to say."""
        return self._memory.write(
            self._agent.model, self._agent.unique_id, subject, relation, object, **more
        )

    def read(self) -> Reader:
        """All that the agent may read now, to be asked several times."""
        return self._memory.reader(self._agent.model, self._agent.unique_id)

    def match(self, *args: Any, **query: Any) -> np.ndarray:
        """Ids of the facts that fit, of those it may read; see `Facts.match`."""
        return self.read().match(*args, **query)
