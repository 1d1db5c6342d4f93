"""The chase: predators and prey in a periodic plane, each steered by a genome or by whoever acts.

Pursuit and evasion after Miller & Cliff 1994, "Co-evolution of pursuit and evasion: biological and
game-theoretic foundations", with bodies as in Isaacs 1965, "Differential Games" (the homicidal
chauffeur): predators are faster, prey turn more sharply. Columns hold the animals, predators
first; in a step all turn and move at once, then each predator that has prey within reach eats the
nearest, and a predator that has not eaten for too long starves.

    chase = Chase(ChaseRules(), predators=20, prey=60, rng=1)
    while not chase.over:
        rewards = chase.step(steer(weights, chase.observations))

Guarantees: the same rules, numbers, generator and actions give the same chase bit for bit; an
animal eaten or starved never comes back, and no prey is eaten twice; `state` perturbs nothing, and
a restored chase goes on bit for bit. Predators eat in an order drawn anew each step, so that no
row is favoured.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.predation.errors import PredationError
from arenas.predation.steering import SENSES, Observations, observe_all
from swarm.chance import seed_from, seeded, shuffle, uniform
from swarm.motion.cell_list import CellList, build, chain, die, near, relocate, room

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
State = tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]

CRUMB = 1e-9
"""Energy that rounding may leave, and that nobody lives another step on."""
_COLUMNS = ("position", "heading", "energy", "alive", "meals", "age", "stream")


@dataclass(frozen=True)
class ChaseRules:
    """Bodies and ground; lengths in steps of a prey, angles in radians.

    Attributes:
        size: width and height of the periodic plane.
        sight: how far an animal sees.
        reach: how near a predator has to come to eat.
        predator_speed, prey_speed: length of a step.
        predator_turn, prey_turn: the sharpest turn in a step.
        stamina: steps that a predator lives on after it set out full.
        meal: share of a full store, 1 at most after it, that a prey brings.
        steps: after so many the chase is over.
    """

    size: float = 50.0
    sight: float = 15.0
    reach: float = 1.0
    predator_speed: float = 1.25
    prey_speed: float = 1.0
    predator_turn: float = 0.3
    prey_turn: float = 0.9
    stamina: int = 200
    meal: float = 0.5
    steps: int = 200

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not (isinstance(value, int | float | np.number) and 0.0 < value < math.inf):
                raise PredationError(f"{name} is {value!r}; it has to be above 0 and finite")
        if self.steps != int(self.steps):
            raise PredationError(f"steps is {self.steps}; a chase has a whole number of them")
        if self.reach > self.sight or self.sight > self.size / 2:
            raise PredationError(
                f"reach {self.reach}, sight {self.sight}, size {self.size}: nobody reaches further "
                "than it sees, nor sees further than half of the plane, where its other side begins"
            )

    @property
    def bodies(self) -> Floats:
        """What the compiled steps know of the rules, float64[7]."""
        drain = 1.0 / self.stamina
        speeds = self.predator_speed, self.prey_speed
        return np.array([*speeds, self.predator_turn, self.prey_turn, self.reach, drain, self.meal])


class Chase:
    """Predators, rows 0 to P−1, and prey, the rows after them, in one plane.

    Attributes:
        rules: see `ChaseRules`.
        predators: P; the prey are the rest.
        position: float64[n, 2].
        heading: float64[n], radians, counted from the x axis to the left.
        energy: float64[n], 1 when setting out; prey do not tire.
        alive: bool[n].
        meals: int64[n], prey eaten so far.
        age: int64[n], steps lived.
        steps: steps taken.

    The columns are for reading; `step` is what changes them.
    """

    def __init__(
        self, rules: ChaseRules, predators: int, prey: int, rng: np.random.Generator | int
    ) -> None:
        if predators < 1 or prey < 1:
            raise PredationError(f"{predators} predators and {prey} prey; at least 1 of each")
        n = predators + prey
        self.rules, self.predators, self.prey = rules, predators, prey
        self.meals, self.age = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self.heading, self.energy = np.zeros(n), np.ones(n)
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        self.stream = seeded(seed_from(generator))
        self.steps = 0
        self._cells = ground(rules, n)
        scatter(self._cells, self.heading, self.stream)
        self._rows, self._ways = room(self._cells)

    def __len__(self) -> int:
        return self.predators + self.prey

    @property
    def position(self) -> Floats:
        """float64[n, 2], where everybody is, or was last."""
        return self._cells.position

    @property
    def alive(self) -> npt.NDArray[np.bool_]:
        """bool[n], who has been neither eaten nor starved."""
        return self._cells.alive

    @property
    def over(self) -> bool:
        """Whether one kind is gone, or the steps are up."""
        alive, p = self.alive, self.predators
        return self.steps >= self.rules.steps or not (alive[:p].any() and alive[p:].any())

    @property
    def observations(self) -> Observations:
        """float32[n, 8], what everybody sees (`arenas.predation.steering`); the dead see zeros."""
        seen = np.empty((len(self), SENSES), np.float32)
        scratch = (self._rows, self._ways)
        body = (self.predators, self.heading, self.energy)
        observe_all(self._cells, *body, self.rules.sight, *scratch, seen)
        return seen

    def step(self, actions: npt.ArrayLike) -> Floats:
        """Turn, move, eat and starve.

        Args:
            actions: float[n], share of the sharpest turn, −1 (right) to 1 (left); those of the
                dead are not looked at.

        Returns:
            Rewards float64[n]: 1 for a predator that has eaten, −1 for a prey that has been.

        Raises:
            PredationError: once the chase is over, or for other actions; nothing moves then.
        """
        if self.over:
            raise PredationError("the chase is over: begin another with a new generator")
        turned = np.ascontiguousarray(actions, np.float64)
        if turned.shape != (len(self),):
            raise PredationError(
                f"actions are {list(turned.shape)}; expected [{len(self)}], a turn for each animal"
            )
        wrong = self.alive & ~(np.abs(turned) <= 1.0)
        if wrong.any():
            row = int(wrong.argmax())
            raise PredationError(
                f"animal {row} turns by {turned[row]}; allowed: −1 (sharply right) to 1 (left)"
            )
        rewards = np.zeros(len(self))
        columns = (self.heading, self.energy, self.meals, self.age)
        scratch = (self._rows, self._ways, rewards)
        body = (self.predators, self.rules.bodies, self.stream)
        advance(self._cells, *columns, turned, *body, *scratch)
        self.steps += 1
        return rewards

    def state(self) -> State:
        """Copies of all columns, and the facts that JSON can hold."""
        arrays = {name: getattr(self, name).copy() for name in _COLUMNS}
        numbers = {"predators": self.predators, "prey": self.prey, "steps": self.steps}
        return arrays, {"rules": asdict(self.rules), **numbers}

    def restore(self, state: State) -> None:
        """Go on where the chase that gave ``state`` stood, with the same rules and numbers.

        Raises:
            PredationError: for a state of another chase, or a damaged one; nothing changes then.
        """
        if not (isinstance(state, tuple | list) and [type(part) for part in state] == [dict, dict]):
            raise PredationError("restore(state): that is not what state() returned")
        arrays, facts = state
        mine, own = self.state()
        for name in ("rules", "predators", "prey"):
            if facts.get(name) != own[name]:
                raise PredationError(
                    f"the state has {name} {facts.get(name)}; this chase has {own[name]}"
                )
        for name, column in mine.items():
            given = arrays.get(name)
            if (
                not isinstance(given, np.ndarray)
                or given.shape != column.shape
                or given.dtype != column.dtype
            ):
                raise PredationError(
                    f"the state is damaged: {name} has to be {column.dtype}{list(column.shape)}"
                )
        inside = (arrays["position"] >= 0.0) & (arrays["position"] < self.rules.size)
        steps = facts.get("steps")
        if not isinstance(steps, int) or not 0 <= steps <= self.rules.steps or not inside.all():
            raise PredationError("the state is damaged: steps, or somebody is not on the plane")
        lived = np.isfinite(arrays["heading"]) & np.isfinite(arrays["energy"])
        lived &= (arrays["energy"] <= 1.0) & (arrays["meals"] >= 0) & (arrays["age"] >= 0)
        if not lived.all():
            raise PredationError(
                f"the state is damaged: heading, energy, meals or age of animal {lived.argmin()}"
            )
        for name in _COLUMNS:
            getattr(self, name)[:] = arrays[name]
        self.steps = steps
        chain(self._cells)


def ground(rules: ChaseRules, n: int) -> CellList:
    """A plane for n animals, all alive, still in one place: see `scatter`."""
    alive = np.ones(n, np.bool_)
    return build(np.zeros((n, 2)), alive, rules.size, rules.size, True, rules.sight / 2)


@njit(cache=True, nogil=True)
def scatter(cells: CellList, heading: Floats, stream: npt.NDArray[np.uint64]) -> None:
    """Put everybody anywhere on the plane, alive and heading anywhere."""
    for row in range(len(heading)):
        cells.alive[row] = True
        cells.position[row, 0] = uniform(stream) * cells.width
        cells.position[row, 1] = uniform(stream) * cells.height
        heading[row] = (2.0 * uniform(stream) - 1.0) * math.pi
    chain(cells)


@njit(cache=True, nogil=True)
def advance(
    cells: CellList,
    heading: Floats,
    energy: Floats,
    meals: Integers,
    age: Integers,
    actions: Floats,
    predators: int,
    bodies: Floats,
    stream: npt.NDArray[np.uint64],
    rows: Integers,
    ways: Floats,
    rewards: Floats,
) -> None:
    """One step of everybody alive; see `Chase.step`."""
    for row in range(len(heading)):
        if not cells.alive[row]:
            continue
        kind = 0 if row < predators else 1
        turned = heading[row] + bodies[2 + kind] * actions[row]
        # Kept within a full turn, so that a long chase loses no digits of the angle.
        heading[row] = turned - 2.0 * math.pi * math.floor((turned + math.pi) / (2.0 * math.pi))
        x, y = cells.position[row, 0], cells.position[row, 1]
        pace = bodies[kind]
        relocate(cells, row, x + pace * math.cos(heading[row]), y + pace * math.sin(heading[row]))
        age[row] += 1
    order = np.arange(predators)
    shuffle(order, stream)
    for predator in order:
        if not cells.alive[predator]:
            continue
        energy[predator] -= bodies[5]
        prey = _nearest_prey(cells, predator, predators, bodies[4], rows, ways)
        if prey >= 0:
            die(cells, prey)
            rewards[prey], rewards[predator] = -1.0, 1.0
            meals[predator] += 1
            energy[predator] = min(energy[predator] + bodies[6], 1.0)
        elif energy[predator] <= CRUMB:
            die(cells, predator)


@njit(cache=True, nogil=True)
def _nearest_prey(
    cells: CellList, predator: int, predators: int, reach: float, rows: Integers, ways: Floats
) -> int:
    """The nearest living prey within reach, of equally near ones the lower row; −1 for none."""
    nearest, prey = math.inf, -1
    for k in range(near(cells, predator, reach, rows, ways)):
        distance = ways[k, 0] ** 2 + ways[k, 1] ** 2
        lower = distance == nearest and rows[k] < prey
        if rows[k] >= predators and (distance < nearest or lower):
            nearest, prey = distance, rows[k]
    return prey
