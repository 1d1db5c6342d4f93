"""Facts that everybody may come to read: what agents write, in public after an embargo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from swarm.memory import FOREVER
from swarm.memory.facts import Ragged, Reader
from swarm.memory.facts.queries import Conditions
from swarm.population import PopulationError
from swarm.systems.access import Access
from swarm.systems.gossip import Gossip
from swarm.systems.publishing import Publishing
from swarm.systems.standing import Standing

if TYPE_CHECKING:
    from swarm.agents import Agent
    from swarm.world import World


class SharedMemory(Publishing):
    """A memory that agents write to and read from, each what it may.

    For `embargo` ticks a fact is known to its author alone, and to whoever heard the rumour; then
    it is public: everybody reads it, or, in a world with `Replicating`, whoever's replica it has
    come to.

    Facts are superseded and withdrawn, never deleted; see `Publishing` for how others learn of it.

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

        What rests on something of which its author's edition knows that it was withdrawn is
        withdrawn at once.

        Args:
            author: ids of agents, one or m.
            subject, relation, object: int, one or m.
            more: confidence, credence, engine, valid_from, valid_to, evidence; see `Facts.append`.
                Credence is what the author's `Standing` gives, in a world that has such a system.

        Raises:
            PopulationError: for agents that are no longer there.
            FactError: see `Facts.append`; nothing is written in either case.
        """
        rows = self._rows(world, author)
        if "credence" not in more and (standing := world.find(Standing)) is not None:
            more["credence"] = standing.credence(world)[rows]
        ids = self.facts.append(subject, relation, object, author=author, tick=world.steps, **more)
        self._enter(world, rows, ids)
        return ids

    def supersede(
        self,
        world: World,
        author: ArrayLike,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        **more: Any,
    ) -> np.ndarray:
        """As `write`, in place of what the same authors said of the same subjects and relations.

        The news that the old ones have ended start at their authors' replicas, at once; the new
        ones are public after the embargo.
        """
        rows = self._rows(world, author)
        if "credence" not in more and (standing := world.find(Standing)) is not None:
            more["credence"] = standing.credence(world)[rows]
        ids = self.facts.supersede(
            subject, relation, object, author=author, tick=world.steps, **more
        )
        self._enter(world, rows, ids)
        pairs = np.unique([np.broadcast_to(x, ids.shape) for x in (subject, relation)], axis=1)
        said = self.facts.match_many(*pairs, ended=True).values
        said = said[np.isin(self.facts.values(said, "author"), author)]
        self._tell(world, said[self.facts.values(said, "ended") != FOREVER])
        return ids

    def _rows(self, world: World, agents: ArrayLike) -> np.ndarray:
        """int64[m]: rows of agents, who have to be there."""
        rows = world.population.rows(agents)
        if (rows < 0).any():
            absent = np.atleast_1d(np.asarray(agents))[rows < 0][:5].tolist()
            raise PopulationError(
                f"agents {absent} are not there: they died, or were never born. Who reads and "
                "writes is named by its id, such as agent.unique_id or agents.get('id')"
            )
        return rows

    def _enter(self, world: World, rows: np.ndarray, ids: np.ndarray) -> None:
        """Authors have in mind what they wrote; what rests on what is gone goes at once."""
        rows = np.broadcast_to(rows, ids.shape)
        gossip = world.find(Gossip)
        if gossip is not None:
            gossip.tell(world, rows, ids)
        if not len(self._withdrawn):
            return
        grounds, counts = self.facts.evidence(ids)
        fact = np.repeat(np.arange(len(ids)), counts)
        replica = self.replica(world)[rows]
        for number, edition in enumerate(self.editions):
            known = np.isin(grounds, self._withdrawn) & edition.lost(grounds)
            late = np.unique(ids[fact[known & (replica[fact] == number)]])
            if len(late):
                self.withdraw(world, late, number)

    def reader(self, world: World, agent: int) -> Reader:
        """What one living agent may read: its edition, what it wrote, and what it has heard."""
        row = int(self._rows(world, agent)[0])
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

    def match(
        self,
        world: World,
        agent: int,
        subject: int | None = None,
        relation: int | None = None,
        object: int | None = None,
        **conditions: Unpack[Conditions],
    ) -> np.ndarray:
        """Ids of the facts that fit, of those that one agent may read; see `Facts.match`.

        O(facts that fit), whether the agent may read them or not.
        """
        row = self._rows(world, agent)
        if "as_of" in conditions or "ended" in conditions:
            return self.reader(world, agent).match(subject, relation, object, **conditions)
        every: Conditions = {**conditions, "ended": True}  # the edition knows which stand
        ids = self.facts.match(subject, relation, object, **every)
        return ids[self._seen(world, np.broadcast_to(row, ids.shape), ids)]

    def match_many(
        self,
        world: World,
        agents: ArrayLike,
        subject: ArrayLike | None = None,
        relation: ArrayLike | None = None,
        object: ArrayLike | None = None,
        **conditions: Unpack[Conditions],
    ) -> Ragged:
        """Answer a question of each of m agents at once: ragged ids; see `Facts.match_many`.

        >>> offsets, ids = memory.match_many(world, agents.get("id"), subject=agents.get("place"))
        """
        rows = self._rows(world, agents)
        asked = {"subject": subject, "relation": relation, "object": object}
        given = {k: np.broadcast_to(v, rows.shape) for k, v in asked.items() if v is not None}
        every: Conditions = {**conditions, "ended": True}
        offsets, ids = self.facts.match_many(**given, **every)
        seen = self._seen(world, np.repeat(rows, np.diff(offsets)), ids)
        return Ragged(np.append(0, np.cumsum(seen))[offsets], ids[seen])

    def _seen(self, world: World, rows: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """bool[m]: which facts stand, as far as the agents in these rows know, and are theirs."""
        told = self.facts.values(ids, "author") == world.population["id"][rows]
        if world.find(Gossip) is not None:
            told |= (world.population["heard"][rows] == ids[:, None]).any(axis=1)
        replica = self.replica(world)[rows]
        for number, edition in enumerate(self.editions):
            mine = replica == number
            told[mine] &= ~edition.lost(ids[mine])
            told[mine] |= edition.has(ids[mine])
        return told
