"""The shared memory as one agent has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
from numpy.typing import ArrayLike

from swarm.memory.facts import FactError, Reader
from swarm.memory.facts.queries import Conditions
from swarm.memory.facts.writer import Said

if TYPE_CHECKING:
    from swarm.agents import Agent
    from swarm.systems.shared_memory import SharedMemory


class Access:
    """The memory as one agent has it, made by `SharedMemory.of`.

    Whatever it writes is in the agent's name and of this tick, believed as far as the agent is.

    >>> memory = self.model.system(SharedMemory).of(self)
    >>> memory.write(3, 1, [4, 5], confidence=0.8)
    >>> memory.match(subject=3, min_confidence=0.5)
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
        world, author = self._agent.model, self._agent.unique_id
        self._refuse(more)
        return self._memory.write(world, author, subject, relation, object, **more)

    def supersede(
        self,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        **more: Unpack[Said],
    ) -> np.ndarray:
        """Write facts in place of its own of the same subject and relation; returns their ids."""
        world, author = self._agent.model, self._agent.unique_id
        self._refuse(more)
        return self._memory.supersede(world, author, subject, relation, object, **more)

    def withdraw(self, ids: ArrayLike) -> np.ndarray:
        """Take back facts of its own, and all that rests on them; see `SharedMemory.withdraw`.

        Raises:
            FactError: for facts of others.
        """
        world, author = self._agent.model, self._agent.unique_id
        chosen = np.atleast_1d(np.asarray(ids))
        foreign = chosen[self._memory.facts.values(chosen, "author") != author]
        if len(foreign):
            raise FactError(
                f"agent {author} may withdraw its own facts only; {foreign[:5].tolist()} are "
                "others'."
            )
        replica = int(self._memory.replica(world)[world.population.rows(author)[0]])
        return self._memory.withdraw(world, chosen, replica)

    def read(self) -> Reader:
        """All that the agent may read now, for questions of every kind; O(facts) with replicas."""
        return self._memory.reader(self._agent.model, self._agent.unique_id)

    def match(
        self,
        subject: int | None = None,
        relation: int | None = None,
        object: int | None = None,
        **conditions: Unpack[Conditions],
    ) -> np.ndarray:
        """Ids of the facts that fit, of those it may read; see `SharedMemory.match`."""
        world, agent = self._agent.model, self._agent.unique_id
        return self._memory.match(world, agent, subject, relation, object, **conditions)

    @staticmethod
    def _refuse(more: Said) -> None:
        """Nobody says how far it is to be believed, or who it is."""
        if extra := {"author", "credence", "tick"} & set(more):
            raise TypeError(
                f"{', '.join(sorted(extra))} is not the agent's to say: the memory stamps it"
            )
