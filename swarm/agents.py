"""Agent: a view of one row, to be subclassed. AgentSet: a view of many.

    class Walker(Agent):
        energy: float = 10.0

        def step(self):
            self.energy -= 1
            if self.energy <= 0:
                self.remove()

Annotated class attributes become columns. `step(self)` is run for one agent at a time, in a
new random order every tick; `step_all(cls, agents)` is run once with all agents of the kind
and works on whole columns. An agent that dies in a tick never acts again in it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, get_origin, get_type_hints

import numpy as np

from swarm.population import RESERVED, Column

if TYPE_CHECKING:
    from swarm.world import World

DTYPES = {float: np.float64, int: np.int64, bool: np.bool_}


class AgentError(TypeError):
    """An agent class or its use is wrong; the message says what would be right."""


def column(dtype: Any, shape: tuple[int, ...] = (), default: Any = 0) -> Any:
    """A column with a dtype or shape of its own: `position: np.ndarray = column(float, (2,))`."""
    return Column(dtype, shape, default)


class _Trait:
    """Reads and writes one cell of a column through the agent's row."""

    def __init__(self, name: str, scalar: bool):
        self.name = name
        self.scalar = scalar

    def __get__(self, agent: Agent | None, kind: type | None = None) -> Any:
        if agent is None:
            return self
        value = agent.model.population[self.name][agent.row]
        return value.item() if self.scalar else value

    def __set__(self, agent: Agent, value: Any) -> None:
        agent.model.population[self.name][agent.row] = value


class Agent:
    """One agent of a world, found by its id; a dead one can no longer be read.

    Attributes:
        model: the world (Mesa's name for it).
        unique_id: stable, never reused.
    """

    __slots__ = ("_row", "model", "unique_id")
    columns: ClassVar[dict[str, Column]] = {}

    def __init__(self, model: World, unique_id: int, row: int = 0):
        self.model = model
        self.unique_id = unique_id
        self._row = row

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        own: dict[str, Column] = {}
        annotated = inspect.get_annotations(cls)
        hints = get_type_hints(cls) if annotated else {}
        for name in annotated:
            if hints[name] is ClassVar or get_origin(hints[name]) is ClassVar:
                continue
            if name in RESERVED or hasattr(Agent, name):
                taken = sorted({*RESERVED, *(n for n in dir(Agent) if not n.startswith("_"))})
                raise AgentError(
                    f"{cls.__name__}.{name}: the name is taken; reserved: {', '.join(taken)}"
                )
            value = cls.__dict__.get(name, 0)
            if not isinstance(value, Column):
                if hints[name] not in DTYPES:
                    raise AgentError(
                        f"{cls.__name__}.{name}: a column is float, int or bool, or is given "
                        f"with column(dtype, shape), not {hints[name]}; example: "
                        f"`{name}: np.ndarray = column(float, (2,))`"
                    )
                value = Column(DTYPES[hints[name]], default=value)
            own[name] = value
            setattr(cls, name, _Trait(name, scalar=not value.shape))
        cls.columns = {**cls.columns, **own}

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(type(self), name):
            raise AgentError(
                f"{type(self).__name__} has no column {name!r}, and a view forgets what is not in "
                f"a column; annotate it in the class: `{name}: float = 0.0`"
            )
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.unique_id}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Agent):
            return NotImplemented
        return self.model is other.model and self.unique_id == other.unique_id

    def __hash__(self) -> int:
        return hash(self.unique_id)

    @property
    def row(self) -> int:
        """Row of the population that holds this agent now."""
        ids = self.model.population["id"]
        if self._row >= len(ids) or ids[self._row] != self.unique_id:
            self._row = int(self.model.population.rows(self.unique_id)[0])
            if self._row < 0:
                raise AgentError(f"{self!r} is dead and gone; check `agent.alive` in its tick")
        return self._row

    @property
    def alive(self) -> bool:
        """False from the moment of death on."""
        row = self.model.population.rows(self.unique_id)[0]
        return bool(row >= 0 and self.model.population["alive"][row])

    @property
    def rng(self) -> np.random.Generator:
        """The named stream of this kind of agent."""
        return self.model.stream(type(self).__name__)

    def birth(self, number: int = 1, **values: Any) -> np.ndarray:
        """Bring agents of the same kind into the world at the end of the tick; their ids."""
        return self.model.birth(type(self), number, **values)

    def remove(self) -> None:
        """Die. The row is freed at the end of the tick."""
        self.model.population.kill(self.row)

    def step(self) -> None:
        """What one agent does in a tick; override this, or `step_all`."""

    @classmethod
    def step_all(cls, agents: AgentSet) -> None:
        """What all agents of this kind do in a tick, on columns; override this, or `step`."""


class AgentSet:
    """Many agents as columns; iterating gives `Agent` views, as in Mesa.

    Complexity: columns are O(1) views when the set is everybody, O(n) copies otherwise.
    """

    def __init__(self, model: World, rows: np.ndarray | None = None):
        self.model = model
        self._ids = None if rows is None else model.population["id"][rows]

    @property
    def rows(self) -> np.ndarray:
        """int64[n], rows of the agents that are still there."""
        population = self.model.population
        if self._ids is None:
            return np.arange(len(population))
        rows = population.rows(self._ids)
        return rows[rows >= 0]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        return (self._view(row) for row in self.rows.tolist())

    def __contains__(self, agent: object) -> bool:
        return isinstance(agent, Agent) and agent.unique_id in self.get("id")

    def __getitem__(self, index: int) -> Any:
        return self._view(int(self.rows[index]))

    def _view(self, row: int) -> Agent:
        population = self.model.population
        kind = self.model.kinds[population["kind"][row]]
        return kind(self.model, int(population["id"][row]), row)

    def get(self, name: str) -> np.ndarray:
        """A column of these agents, [n, ...]: a live view of everybody, else a copy."""
        column = self.model.population[name]
        return column if self._ids is None else column[self.rows]

    def set(self, name: str, values: Any) -> AgentSet:
        """Write a column of these agents; values broadcast to [n, ...]."""
        self.model.population[name][self.rows] = values
        return self

    def select(self, wanted: np.ndarray | Callable[[Agent], bool]) -> AgentSet:
        """Those for whom a bool[n] mask, or a function of the agent, is true."""
        if callable(wanted):
            wanted = np.array([wanted(agent) for agent in self], bool)
        return AgentSet(self.model, self.rows[wanted])

    def of(self, kind: type[Agent]) -> AgentSet:
        """Those of one kind; nobody if none of the kind ever lived here."""
        number = self.model.kinds.index(kind) if kind in self.model.kinds else -1
        return self.select(self.get("kind") == number)

    def agg(self, name: str, function: Callable[[np.ndarray], Any]) -> Any:
        """A function of a column: `agents.agg("energy", np.mean)`."""
        return function(self.get(name))

    def do(self, method: str | Callable[[Agent], Any], *args: Any) -> AgentSet:
        """Call a method on every agent that is alive when its turn comes."""
        return self._do(self.rows, method, *args)

    def shuffle_do(self, method: str | Callable[[Agent], Any], *args: Any) -> AgentSet:
        """As `do`, in a random order from the world's stream "activation"."""
        return self._do(self.model.stream("activation").permutation(self.rows), method, *args)

    def _do(self, rows: np.ndarray, method: str | Callable[[Agent], Any], *args: Any) -> AgentSet:
        alive = self.model.population["alive"]
        for row in rows.tolist():
            if alive[row]:
                agent = self._view(row)
                if isinstance(method, str):
                    getattr(agent, method)(*args)
                else:
                    method(agent, *args)
        return self
