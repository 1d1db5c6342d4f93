"""What chosen agents did, task by task: a log to read back, which changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from swarm.population import PopulationError
from swarm.systems.compute_market import ComputeMarket
from swarm.systems.reasoning import Reasoning
from swarm.systems.remembering import Remembering
from swarm.systems.settlement import Settlement
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    import pandas as pd

    from swarm.world import World

COLUMNS: Mapping[str, Any] = {
    "tick": np.int32,
    "agent": np.int64,
    "query": np.int64,
    "source": np.int32,
    "relation": np.int32,
    "answer": np.int32,
    "right": np.bool_,
    "engine": np.int8,
    "confidence": np.float32,
    "units": np.int32,
    "in_time": np.bool_,
    "sealed": np.bool_,
    "credit": np.float64,
    "reward": np.int64,
    "finding": np.int64,
    "income": np.int64,
    "wealth": np.int64,
}
"""Names and dtypes of an episode; see `Episodes`."""

ROOM = 256


class Episodes(System):
    """A row for each task that a chosen agent began, in the order of ticks, agents and tasks.

    It stands last in the list, where everything of the tick is known but the deaths and births
    that end it. It draws no chance, owns no column and is not in checkpoints: a world with it goes
    to the bytes of one without. Rows wait until `drain` fetches them.

    Columns, `COLUMNS` has their dtypes:
        tick, agent: when, and the id of who.
        query: row of the problem's tasks; source, relation: what was asked, as its `Block` numbers
            it; answer: the entity that was given.
        right: whether it is what the referee holds to be true, or most probable; for the record
            alone.
        engine: the engine that spoke most for it; confidence: of the answer.
        units: of compute that it took; in_time: whether that was within the quota, else it counted
            for nothing.
        sealed: asked to be answered without hearsay.
        credit: what the referee gave, in (0, 1], nan if it was not in time; reward: tokens.
        finding: id of what was written of it into the shared memory, -1 if nothing was.
        income: tokens that the agent gained or lost in the tick, by whatever means; wealth: its
            tokens then, those on hold among them. The same for all tasks of a tick.

    Args:
        agents: ids of those to watch, also of the unborn; everybody if left out.

    >>> episodes = Episodes(agents=[3, 7])
    >>> world = World(100, [Tasks(problem), Reasoning(), Settlement(), episodes])
    >>> world.step()
    >>> episodes.frame()
    """

    def __init__(self, agents: Iterable[int] | None = None):
        self.agents = None if agents is None else np.unique(np.fromiter(agents, np.int64))
        self._size = 0
        self._columns = _room(ROOM)

    def __len__(self) -> int:
        """Rows that wait."""
        return self._size

    def setup(self, world: World) -> None:
        """What is watched has to be there, and to come before."""
        for kind in (Tasks, Reasoning, Settlement):
            world.system(kind)
        later = world.systems[world.systems.index(self) + 1 :]
        if late := [s.name for s in later if isinstance(s, Settlement | Remembering)]:
            raise PopulationError(
                "Episodes stands last among the systems, so that it sees what the others did; "
                f"{' and '.join(late)} would come after it"
            )

    def __call__(self, world: World) -> None:
        """Write down what was done in this tick."""
        agent = _beginners(world)
        rows = np.arange(len(agent))
        if self.agents is not None:
            rows = np.flatnonzero(np.isin(world.population["id"][agent], self.agents))
        if len(rows):
            self._append(_episodes(world, agent, rows))

    def drain(self) -> dict[str, np.ndarray]:
        """The rows since the last call, by column; they are forgotten here."""
        drained = {name: column[: self._size] for name, column in self._columns.items()}
        self._size, self._columns = 0, _room(ROOM)
        return drained

    def frame(self) -> pd.DataFrame:
        """The rows that wait, as a table; they go on waiting."""
        import pandas as pd

        return pd.DataFrame(
            {name: column[: self._size].copy() for name, column in self._columns.items()}
        )

    def _append(self, rows: Mapping[str, np.ndarray]) -> None:
        size = self._size + len(rows["tick"])
        if size > len(self._columns["tick"]):
            grown = _room(2 * size)
            for name, column in self._columns.items():
                grown[name][: self._size] = column[: self._size]
            self._columns = grown
        for name, column in self._columns.items():
            column[self._size : size] = rows[name]
        self._size = size

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Rows of the time before are forgotten: the world goes on from elsewhere."""
        self.drain()


def _room(rows: int) -> dict[str, np.ndarray]:
    return {name: np.empty(rows, dtype) for name, dtype in COLUMNS.items()}


def _beginners(world: World) -> np.ndarray:
    """int64[S]: rows of the agents of the tasks that `Reasoning` began."""
    agent = world.system(Tasks).agent
    if world.find(ComputeMarket) is not None:
        agent = agent[world.population["quota"][agent] > 0]
    return agent


def _episodes(world: World, agent: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of some of this tick's S tasks, whose agents stand in the rows int64[S]."""
    population, ledger = world.population, world.ledger
    tasks, reasoning = world.system(Tasks), world.system(Reasoning)
    settlement, answers = world.system(Settlement), reasoning.answers
    assert answers is not None, "Episodes comes after Reasoning"
    in_time, begun = reasoning.in_time, len(reasoning.begun)
    place, agent = reasoning.begun[rows], agent[rows]
    query, block = tasks.board[place], tasks.problem.table.block
    best = answers.best[rows]
    account = population["account"][agent]
    wealth = ledger.balance(account)
    return {
        "tick": np.full(len(rows), world.steps),
        "agent": population["id"][agent],
        "query": query,
        "source": block.source[query],
        "relation": block.relation[query],
        "answer": block.entity(query, best),
        "right": best == _truth(tasks.problem.referee.truth, query),
        "engine": answers.proposer[rows],
        "confidence": answers.confidence[rows],
        "units": answers.spent[rows],
        "in_time": _spread(begun, in_time, True, False)[rows],
        "sealed": tasks.sealed[place],
        "credit": _spread(begun, in_time, settlement.credit, np.nan)[rows],
        "reward": _spread(begun, in_time, settlement.reward, 0)[rows],
        "finding": _findings(world, begun)[rows],
        "income": wealth - ledger.opening[account],  # the journal holds this tick
        "wealth": wealth,
    }


def _truth(truth: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Places of the true answers, or, where truth is a distribution, of the most probable."""
    return truth[query].argmax(axis=1) if truth.ndim > 1 else truth[query]


def _findings(world: World, begun: int) -> np.ndarray:
    """int64[begun]: ids of the findings that were written of tasks, -1 for none."""
    memory, in_time = world.find(Remembering), world.system(Reasoning).in_time
    if memory is None:
        return np.full(begun, -1)
    _, ids, answer = memory.written
    return _spread(begun, in_time[answer], ids, -1)


def _spread(size: int, places: np.ndarray, values: Any, elsewhere: Any) -> np.ndarray:
    spread = np.full(size, elsewhere)
    spread[places] = values
    return spread
