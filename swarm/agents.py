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
import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, get_origin, get_type_hints

import numpy as np

from swarm.population import RESERVED, Column, exposed

if TYPE_CHECKING:
    from swarm.space import Space
    from swarm.world import World

DTYPES = {float: np.float64, int: np.int64, bool: np.bool_}


class AgentError(TypeError):
    """An agent class or its use is wrong; the message says what would be right."""


def column(dtype: Any, shape: tuple[int, ...] = (), default: Any = 0) -> Any:
    """A column with a dtype or shape of its own: `position: np.ndarray = column(float, (2,))`."""
    return Column(dtype, shape, default)


def _trait(name: str, scalar: bool) -> property:
    """Reads and writes one cell of a column through the agent's row."""

    def get(agent: Agent) -> Any:
        try:
            return agent._cells[name][agent._row]
        except KeyError:  # rows have moved since the view was made
            return agent._current()[name][agent._row]

    def put(agent: Agent, value: Any) -> None:
        try:
            agent._cells[name][agent._row] = value
        except KeyError:  # rows have moved since the view was made
            agent._current()
            put(agent, value)
        except (TypeError, ValueError):
            agent.model.population[name][agent.row] = _fitting(agent, name, value)

    def get_part(agent: Agent) -> Any:
        return agent.model.population[name][agent.row]

    def put_part(agent: Agent, value: Any) -> None:
        agent.model.population[name][agent.row] = value

    return property(get, put) if scalar else property(get_part, put_part)


def _fitting(agent: Agent, name: str, value: Any) -> Any:
    """A value of numpy's for a column, if nothing of it would be lost."""
    dtype = agent.model.population[name].dtype
    found = np.asarray(value)
    if found.shape == () and found.dtype.kind in "biuf":
        with np.errstate(all="ignore"):
            kept = found.astype(dtype)
        if kept == found or (np.isnan(found) and dtype.kind == "f"):
            return kept
    raise AgentError(
        f"{type(agent).__name__}.{name} is a column of {dtype}, which cannot hold {value!r}"
    )


class AgentType(type):
    """Gives every kind of agent empty slots, so that no view can hold what is in no column."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **kwargs: Any
    ) -> Any:
        """Make a kind."""
        return super().__new__(cls, name, bases, {"__slots__": (), **body}, **kwargs)


class Agent(metaclass=AgentType):
    """One agent of a world, found by its id; a dead one can no longer be read.

    Agents are not made but born: `World({Walker: 10})`, `world.birth(Walker, 10, energy=5.0)`.

    Attributes:
        model: the world (Mesa's name for it).
        unique_id: stable, never reused.
    """

    __slots__ = ("_cells", "_row", "model", "unique_id")
    columns: ClassVar[dict[str, Column]] = {}
    if TYPE_CHECKING:
        model: World
        unique_id: int
        _row: int
        _cells: dict[str, memoryview]

    def __init__(self, *_: Any, **__: Any):
        kind = type(self).__name__
        raise AgentError(
            f"{kind} is a view of a row and cannot be made; agents are born, as in "
            f"World({{{kind}: 10}}) or world.birth({kind}, 10)"
        )

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            raise AgentError(
                f"{cls.__name__}.__init__ would never be called: agents are rows, not objects. "
                "Annotate columns with their values at birth, `energy: float = 10.0`, and give "
                f"others to world.birth({cls.__name__}, 10, energy=5.0)"
            )
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
            setattr(cls, name, _trait(name, scalar=exposed(value)))
        cls.columns = {**cls.columns, **own}

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
        if not self._cells:  # emptied: rows have moved since the view was made
            self._current()
        return self._row

    def _current(self) -> dict[str, memoryview]:
        """Find the row again; the cells of the population as it is now."""
        population = self.model.population
        row = int(population.rows(self.unique_id)[0])
        if row < 0:
            raise AgentError(f"{self!r} is dead and gone; check `agent.alive` in its tick")
        self._row, self._cells = row, population.cells
        return self._cells

    @property
    def alive(self) -> bool:
        """False from the moment of death on."""
        row = self.model.population.rows(self.unique_id)[0]
        return bool(row >= 0 and self.model.population["alive"][row])

    @property
    def position(self) -> tuple[Any, ...]:
        """Where it stands, (x, y); to assign another is to move there at once."""
        return self._space.position(self.row)

    @position.setter
    def position(self, place: Any) -> None:
        self._space.move(self.row, place)

    def walk(self, length: float = 1) -> None:
        """Move in a random direction: see `Plane.walk` and `Grid.walk`."""
        self._space.walk(self.row, length, self.rng)

    def neighbours(self, radius: float = 1, **how: Any) -> AgentSet:
        """The others within a radius, itself left out; see `Plane.near` and `Grid.near`.

        Cost: in proportion to the agents nearby, not to all.
        """
        return AgentSet(self.model, self._space.near(self.row, radius, **how))

    @property
    def _space(self) -> Space:
        space = self.model.space
        if space is None:
            raise AgentError(
                "this world has no space; give it one, such as "
                "World(agents, space=Plane(100, 100)) or space=Grid(50, 50)"
            )
        return space

    @property
    def rng(self) -> np.random.Generator:
        """The named stream of this kind of agent."""
        return self.model.stream(type(self).__name__)

    def birth(self, number: int = 1, **values: Any) -> np.ndarray:
        """Bring agents of the same kind into the world at the end of the tick; their ids.

        Values are columns, defaults for the rest; in a world with a space they are put anywhere
        unless told otherwise, as in `self.birth(position=self.position)`.
        """
        return self.model.birth(type(self), number, **values)

    def remove(self) -> None:
        """Die. The row is freed at the end of the tick."""
        row = self.row
        self.model.population.kill(row)
        if self.model.space is not None:
            self.model.space.leave(row)

    def step(self) -> None:
        """What one agent does in a tick; override this, or `step_all`."""

    @classmethod
    def step_all(cls, agents: AgentSet) -> None:
        """What all agents of this kind do in a tick, on columns; override this, or `step`."""


class AgentSet:
    """Many agents as columns; iterating gives `Agent` views, as in Mesa.

    Complexity: columns are O(1) views when the set is everybody, O(n) copies otherwise.
    """

    def __init__(self, model: World, rows: np.ndarray | None = None, until: int | None = None):
        self.model = model
        self._rows = rows
        self._until = until  # of a set of everybody there was: their ids are less
        if rows is not None:
            self._ids = model.population.ids
            self._turns = model.population.turns

    @property
    def rows(self) -> np.ndarray:
        """int64[n], rows of the agents that are still there."""
        if self._rows is None:
            return np.arange(self._number)
        population = self.model.population
        if self._turns != population.turns:
            rows = population.rows(self._ids[self._rows])
            self._rows, self._turns = rows[rows >= 0], population.turns
            self._ids = population.ids
        return self._rows

    @property
    def _number(self) -> int:
        """How many rows a set of everybody has, from the first on: ids ascend along them."""
        ids = self.model.population["id"]
        return len(ids) if self._until is None else int(np.searchsorted(ids, self._until))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        views = self.model.views()
        return (views[row] for row in self.rows.tolist())

    def __contains__(self, agent: object) -> bool:
        return isinstance(agent, Agent) and agent.unique_id in self.get("id")

    def __getitem__(self, index: int | slice) -> Any:
        rows = self.rows[index]
        return (
            AgentSet(self.model, rows) if isinstance(index, slice) else view(self.model, int(rows))
        )

    def get(self, name: str) -> np.ndarray:
        """A column of these agents, [n, ...]: a live view of everybody, else a copy."""
        column = self.model.population[name]
        return column[: self._number] if self._rows is None else column[self.rows]

    def set(self, name: str, values: Any) -> AgentSet:
        """Write a column of these agents; values broadcast to [n, ...]."""
        space = self.model.space
        if space is not None and name in space.columns:
            raise AgentError(
                f"{name!r} belongs to the space, which has to know who moves: "
                "space.move(agents.rows, places)"
            )
        self.model.population[name][self.rows] = values
        return self

    def select(self, wanted: np.ndarray | Callable[[Agent], bool]) -> AgentSet:
        """Those for whom a bool[n] mask, or a function of the agent, is true."""
        if callable(wanted):
            wanted = np.array([wanted(agent) for agent in self], bool)
        wanted = np.asarray(wanted)
        if wanted.dtype != bool or wanted.shape != (len(self),):
            raise AgentError(
                f"who is selected is told by bool[{len(self)}], such as agents.get('energy') > 3, "
                f"or by a function of an agent; got {wanted.dtype} of shape {wanted.shape}"
            )
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

    def _do(self, rows: np.ndarray, method: str | Callable[..., Any], *args: Any) -> AgentSet:
        population, views = self.model.population, self.model.views()
        alive = population.cells["alive"]
        kinds = [self.model.kinds[number] for number in np.unique(population["kind"][rows])]
        call = _caller(kinds, method, args)
        agent: Any = None
        with population.pinned():
            try:
                for row in rows.tolist():
                    if alive[row]:
                        agent = views[row]
                        call(agent)
            except AttributeError as error:
                explained = _explained(error, agent)
                raise explained from (None if explained is error else error)
        return self


def _caller(
    kinds: list[type[Agent]], method: str | Callable[..., Any], args: tuple[Any, ...]
) -> Callable[[Any], Any]:
    """What to call with each agent of some kinds."""
    if not isinstance(method, str):
        function = method
        return (lambda agent: function(agent, *args)) if args else function
    for kind in kinds:
        if not hasattr(kind, method):
            raise AgentError(f"{kind.__name__} has no method {method!r} to call")
    functions = {getattr(kind, method) for kind in kinds}
    if args or len(functions) != 1:
        return operator.methodcaller(method, *args)
    return functions.pop()


def view(model: World, row: int) -> Any:
    """The view of a row, of the kind that lives there."""
    population = model.population
    agent: Any = object.__new__(model.kinds[population["kind"][row]])
    agent.model, agent.unique_id = model, int(population["id"][row])
    agent._row, agent._cells = row, population.cells
    return agent


def views(model: World) -> list[Any]:
    """The views of all rows."""
    population, kinds, new = model.population, model.kinds, object.__new__
    cells, made = population.cells, []
    for row, (kind, unique_id) in enumerate(
        zip(population["kind"].tolist(), population["id"].tolist(), strict=True)
    ):
        agent: Any = new(kinds[kind])
        agent.model, agent.unique_id, agent._row, agent._cells = model, unique_id, row, cells
        made.append(agent)
    return made


def _explained(error: AttributeError, agent: Agent) -> Exception:
    """An attribute that is missing in an agent, explained; any other error as it is."""
    kind = type(agent).__name__
    beginning = f"'{kind}' object has no attribute "
    name = str(error).removeprefix(beginning).strip("'")
    if not str(error).startswith(beginning):
        return error
    return AgentError(
        f"{kind} has no column {name!r}, and a view forgets what is not in a column; "
        f"annotate it in the class: `{name}: float = 0.0`"
    )
