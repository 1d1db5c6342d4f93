"""The world: a Mesa model whose agents are columns and whose tick is a visible list of systems.

    class Walker(Agent):
        energy: float = 10.0

        def step(self):
            self.energy -= 1

    world = World({Walker: 1_000}, seed=7)
    world.step()

Guarantees: the same seed and systems give the same world; each stream of chance is its own, so
that adding a system does not change another's draws; tokens are conserved, checked every tick;
a restored world goes on to the same bytes, and saving never changes what comes after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import mesa
import numpy as np

from economy import Ledger
from evolution import Genomes, GenomeSpec, Locus
from swarm import _compat
from swarm.agents import Agent, AgentError, AgentSet, views
from swarm.checkpoint import CheckpointError, read_checkpoint, write_checkpoint
from swarm.population import Column, Population
from swarm.space import Space
from swarm.systems.acting import Acting, acts
from swarm.systems.system import System

AnySystem = TypeVar("AnySystem", bound=System)
GENE = "gene."


class WorldError(ValueError):
    """A world is put together in a way that cannot work; the message says what would."""


class World(mesa.Model):  # type: ignore[misc]
    """Agents in columns, a list of systems, a ledger.

    Args:
        agents: how many of each kind to begin with, or just how many.
        systems: what happens in a tick, in order; `[Acting()]` if left out.
        seed: of every stream of chance; a fresh one is drawn, and kept in `seed`, if left out.
        space: where agents are, if anywhere; it stands first among the systems.

    Attributes:
        population: the columns.
        systems: the systems in the order of the tick.
        space: where agents are, or None.
        ledger: everybody's tokens; `treasury`, `escrow` and `compute` are account numbers, and
            the column `account` holds each agent's.
        genome: the loci of all systems, or None if no system has any.
        steps: ticks so far (Mesa's name).
        shown: column that pictures colour agents by, for a subclass to set.
        legend: name to colour of its values 0, 1, 2 and so on, if they have names.
        steerable: parameters of the constructor, for a subclass to name, that are numbers, are
            attributes of the world by the same name, and are read anew in every tick: who watches
            a run may change them.
    """

    shown: ClassVar[str] = "kind"
    legend: ClassVar[Mapping[str, str]] = {}
    steerable: ClassVar[Sequence[str]] = ()

    def __init__(
        self,
        agents: Mapping[type[Agent], int] | int = 0,
        systems: Sequence[System] | None = None,
        seed: int | None = None,
        space: Space | None = None,
    ):
        if seed is None:
            seed = int(np.random.SeedSequence().generate_state(1)[0])
        self.seed = int(seed)
        super().__init__(**_compat.seeded(self.seed))
        _compat.outlive_errors(self)
        _check_parts(agents, systems, space)
        census = dict(agents) if isinstance(agents, Mapping) else {Agent: agents} if agents else {}
        self.kinds: list[type[Agent]] = []
        self._owners: dict[str, str] = {"account": "the world"}
        self.population = Population()
        self.ledger = Ledger()
        self.treasury, self.escrow, self.compute = (int(a) for a in self.ledger.open(3))
        self.population.define("account", Column(np.int64, default=-1))
        self.space: Any = space  # whoever gave it knows which it is
        self.systems: list[System] = [Acting()] if systems is None else list(systems)
        if space is not None:
            self.systems.insert(0, space)
        self._estates = np.empty(0, np.int64)  # of the dead who have tokens on hold
        self._streams: dict[str, np.random.Generator] = {}
        self._views: list[Any] = []
        self._viewed = -1
        self._check_systems()
        for kind in census:
            self.kind_number(kind)
        self.genome = self._collect_genome()
        for system in self.systems:
            system.setup(self)
        for kind, number in census.items():
            self.birth(kind, number)
        self.turn()

    # What the world is made of

    @property
    def agents(self) -> AgentSet:
        """Everybody, as columns."""
        return AgentSet(self)

    def views(self) -> list[Any]:
        """A view of everybody, by row; the same objects as long as nobody is born or dies."""
        if self._viewed != self.population.turns:
            self._views, self._viewed = views(self), self.population.turns
        return self._views

    @property
    def agent_types(self) -> list[type]:
        """The kinds of agent that have lived here."""
        return list(self.kinds)

    def living(self, kind: type[Agent]) -> AgentSet:
        """Those of a kind that are alive: everybody, as live columns, if that is so."""
        alive = self.population["alive"]
        if self.kinds == [kind] and alive.all():
            ids = self.population["id"]  # which ascend
            return AgentSet(self, until=int(ids[-1]) + 1 if len(ids) else 0)
        number = self.kinds.index(kind) if kind in self.kinds else -1
        return AgentSet(self, np.flatnonzero(alive & (self.population["kind"] == number)))

    @property
    def agents_by_type(self) -> dict[type[Agent], AgentSet]:
        """Everybody, by kind."""
        return {kind: self.agents.of(kind) for kind in self.kinds}

    def register_agent(self, agent: Any) -> None:
        """Refused: agents here are rows, not objects."""
        raise AgentError(
            f"{type(agent).__name__} is a mesa.Agent; agents of a World subclass swarm.Agent "
            "and are born with world.birth(Kind, number)"
        )

    def remove_all_agents(self) -> None:
        """Everybody dies; their rows are freed at the end of the tick."""
        self.population.kill(slice(None))

    def kind_number(self, kind: type[Agent]) -> int:
        """Number of a kind in the column `kind`; a new kind gets the next, and its columns."""
        if kind not in self.kinds:
            if not (isinstance(kind, type) and issubclass(kind, Agent)):
                raise WorldError(
                    f"agents are of a class that derives from swarm.Agent; got {kind!r}"
                )
            for name, column in kind.columns.items():
                if name in self._owners:
                    raise WorldError(
                        f"{kind.__name__}.{name}: the column belongs to {self._owners[name]}; "
                        "agents may read it as world.population[name], a column of their own "
                        "needs another name"
                    )
                self.population.define(name, column)
            if acts(kind) and not any(isinstance(system, Acting) for system in self.systems):
                raise WorldError(
                    f"{kind.__name__} has steps to take, but no system runs them; "
                    "add Acting() to the systems"
                )
            self.kinds.append(kind)
        return self.kinds.index(kind)

    def system(self, kind: type[AnySystem]) -> AnySystem:
        """The system of a class; raises WorldError if there is none."""
        found = self.find(kind)
        if found is None:
            present = ", ".join(system.name for system in self.systems)
            raise WorldError(f"this world needs the system {kind.__name__}; it has: {present}")
        return found

    def find(self, kind: type[AnySystem]) -> AnySystem | None:
        """The system of a class, or None."""
        return next((system for system in self.systems if isinstance(system, kind)), None)

    def stream(self, name: str) -> np.random.Generator:
        """The random stream of that name: Philox keyed by seed and name."""
        if name not in self._streams:
            digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
            key = np.frombuffer(digest[:16], np.uint64)
            self._streams[name] = np.random.Generator(np.random.Philox(key=key))
        return self._streams[name]

    def genes(self, locus: str) -> np.ndarray:
        """Column of a locus, [n, size]: row i is agent i's genes."""
        return self.population[GENE + locus]

    # Life

    def birth(self, kind: type[Agent], number: int = 1, **values: Any) -> np.ndarray:
        """Bring agents into the world at the end of the tick; returns their ids int64[number].

        Values are columns at birth, scalars or arrays, and `position` in a world with a space;
        genes that are not given are sampled.
        """
        if self.space is not None:
            values = self.space.newborn(number, values)
        values["kind"] = self.kind_number(kind)
        values["born"] = self.steps
        genes: Genomes = {}
        if self.genome is not None and not all(GENE + n in values for n in self.genome.names):
            genes = self.genome.sample(number, self.stream("genome"))
        defaults = {name: column.default for name, column in kind.columns.items()}
        given = {GENE + locus: column for locus, column in genes.items()}
        return self.population.birth(number, {**defaults, **given, **values})

    def step(self) -> None:
        """One tick: every system in order, then deaths, births, and the ledger's balance.

        The ledger's journal holds the tick that was last; who wants all of it drains it.
        """
        if self.ledger.entries:
            self.ledger.drain()
        self.ledger.tick = self.steps
        self.ledger.expire()
        for system in self.systems:
            system(self)
        self.turn()
        if len(self._estates):
            self._inherit(self._estates)
        if self.ledger.entries:
            self.ledger.check()

    def turn(self) -> None:
        """The dead leave and the born join; the rows of the others may change.

        Every tick ends with it. A system or a `step_all` takes one earlier where the born have to
        be seen by those who act next.
        """
        if not self.population.waiting:
            return
        dead = np.flatnonzero(~self.population["alive"])
        if len(dead):
            for system in self.systems:
                system.on_death(self, dead)
            self._inherit(np.append(self._estates, self.population["account"][dead]))
        born = self.population.turn()
        if len(born):
            self.population["account"][born] = self.ledger.open(len(born))
            for system in self.systems:
                system.on_birth(self, born)

    def _inherit(self, accounts: np.ndarray) -> None:
        """The treasury inherits; what is on hold it inherits when, and if, it falls back."""
        if not self.ledger.supply:
            return
        estates = self.ledger.available(accounts)
        rich = estates > 0
        self.ledger.transfer(accounts[rich], self.treasury, estates[rich])
        self._estates = accounts[self.ledger.held(accounts) > 0]

    def _check_systems(self) -> None:
        names = [system.name for system in self.systems]
        for system in self.systems:
            if names.count(system.name) > 1:
                raise WorldError(f"{system.name} stands twice in the systems; once is enough")
            for name, column in system.columns.items():
                if name in self._owners:
                    raise WorldError(
                        f"{system.name} and {self._owners[name]} both own the column {name!r}; "
                        "only its owner writes a column, so one of them has to rename it"
                    )
                self._owners[name] = system.name
                self.population.define(name, column)

    def _collect_genome(self) -> GenomeSpec | None:
        loci: dict[str, Locus] = {}
        for system in self.systems:
            for name, locus in system.loci(self).items():
                if name in loci:
                    raise WorldError(
                        f"{system.name} brings the locus {name!r}, but another system has it "
                        "already; loci of a world have names of their own"
                    )
                loci[name] = locus
        for name, locus in loci.items():
            self.population.define(GENE + name, Column(locus.dtype, (locus.size,)))
        return GenomeSpec(loci) if loci else None

    # What can be seen

    def measures(self) -> dict[str, float]:
        """Figures of the world as it is now, by name; override it, and runs will record them."""
        return {"agents": len(self.population)}

    # Save and restore

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_views": [], "_viewed": -1}  # made anew where they are needed

    def state(self) -> dict[str, Any]:
        """Everything that a later tick depends on, as nested dicts of arrays and JSON values.

        Raises:
            CheckpointError: events wait in Mesa's list, which is not saved.
        """
        if _compat.has_events(self):
            raise CheckpointError(
                "events wait in Mesa's list, and they are not saved; let a System do their work, "
                "or save when they have happened"
            )
        return {
            "seed": self.seed,
            "steps": self.steps,
            "kinds": [kind.__qualname__ for kind in self.kinds],
            "population": self.population.state(),
            "ledger": self.ledger.state(),
            "estates": self._estates.copy(),
            "streams": [
                [name, _generator_state(generator)]
                for name, generator in sorted(self._streams.items())
            ],
            "mesa": {"random": self.random.getstate(), "rng": _generator_state(self.rng)},
            "systems": {system.name: system.state() for system in self.systems},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the world that `state` was taken from, which had the same kinds and systems."""
        kinds = [kind.__qualname__ for kind in self.kinds]
        if state["seed"] != self.seed or state["kinds"] != kinds:
            raise CheckpointError(
                f"saved by a world with seed {state['seed']} and kinds {state['kinds']}; this one "
                f"has seed {self.seed} and kinds {kinds}. Give it the same seed and kinds; one "
                "that was born later is made known with world.kind_number(Kind)"
            )
        _compat.set_clock(self, state["steps"])
        self.population.restore(state["population"])
        self.ledger.restore(state["ledger"])
        self._estates = np.array(state["estates"], np.int64)
        self._streams = {}
        for name, saved in state["streams"]:
            _restore_generator(self.stream(name), saved)
        version, words, gauss = state["mesa"]["random"]
        self.random.setstate((version, tuple(words), gauss))
        _restore_generator(self.rng, state["mesa"]["rng"])
        saved_systems = state.get("systems", {})
        for system in self.systems:
            system.restore(self, saved_systems.get(system.name, {}))

    def save(self, path: str | Path) -> None:
        """Write a checkpoint; see `swarm.checkpoint` for the format."""
        write_checkpoint(Path(path), self.state())

    def load(self, path: str | Path) -> None:
        """Restore from a checkpoint that a world put together alike has saved."""
        self.restore(read_checkpoint(Path(path)))


def _check_parts(agents: Any, systems: Any, space: Any) -> None:
    """Say what a world is made of if it is given something else."""
    if not isinstance(agents, Mapping | int):
        raise WorldError(
            f"agents are a number of each kind, such as {{Walker: 100}}, or one; got {agents!r}"
        )
    if not (space is None or isinstance(space, Space)):
        raise WorldError(f"a space is one such as Plane(100, 100) or Grid(50); got {space!r}")
    for system in systems or ():
        if not isinstance(system, System):
            raise WorldError(f"systems are objects such as Acting(); got {system!r}")


def _generator_state(generator: np.random.Generator) -> list[Any]:
    """The bit generator's state as JSON (in a list, so that checkpoints keep it in one piece)."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        return value.tolist() if isinstance(value, np.ndarray) else value

    return [plain(generator.bit_generator.state)]


def _restore_generator(generator: np.random.Generator, saved: list[Any]) -> None:
    def arrays(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: arrays(inner) for key, inner in value.items()}
        return np.array(value, np.uint64) if isinstance(value, list) else value

    generator.bit_generator.state = arrays(saved[0])
