"""Agents come to specialise: response thresholds, lowered by doing and raised by not doing.

Every task has a stimulus, known to all, that grows by a demand and shrinks as it is worked on. An
idle agent that meets a task takes it up with probability s² / (s² + θ²), where θ is its own
threshold for the task, and lays it down with a fixed probability (Bonabeau, Theraulaz &
Deneubourg 1996, "Quantitative study of the fixed threshold model for the regulation of division
of labour in insect societies", Proceedings of the Royal Society B 263:1565–1569). The threshold
falls while the agent does the task and rises while it does not (Theraulaz, Bonabeau & Deneubourg
1998, "Response threshold reinforcement and division of labour in insect societies", Proceedings
of the Royal Society B 265:327–332), so that equals drift apart into specialists.

Guarantees: all respond to the stimuli with which the tick began, each with chance from a stream
of its own, keyed by its id, so that the outcome depends neither on the order of agents nor on who
else there is but through the stimuli. Stimuli stay bounded where the living can keep up: an agent
works at most 1 / (1 + quit) of its time, so the shares Σ demand / relief have to be less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import GAMMA, below, mixed, seed_from, uniform
from swarm.population import Column
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World

IDLE = -1


class Specialising(System):
    """Divides the work among all by response thresholds.

    One tick: who is at work goes on, or lays down its task and is idle for the tick; who was idle
    meets the tasks in a random order and takes up the first that it responds to; then
    s ← max(s + demand − relief · workers / living, 0), and thresholds move.

    With `learning` and `forgetting` 0 thresholds stay as born: the fixed-threshold model.

    Args:
        tasks: m, how many there are.
        demand: δ, what a stimulus grows by in a tick; one number, or one for each task.
        relief: α, what it would shrink by if everybody worked on it; demand / relief is the share
            of agents that the task needs.
        quit: p, probability to lay down a task, in (0, 1]; a task is held for 1 / p ticks.
        learning: ξ, what the threshold for the task one does falls by in a tick.
        forgetting: φ, what the others rise by.
        thresholds: the least, > 0, and the greatest.
        at_birth: threshold of the born for every task; `World.birth` takes others,
            `threshold=[[...], ...]`.

    Attributes:
        stimulus: float64[m], s.
        workers: int64[m], who worked on each task in this tick.

    Columns: `threshold` float64[m]; `task` int16, being done, −1 if none; `work` float64[m],
    ticks at each task, fading by generation; `bouts` int64[m], times that each was taken up.
    `work` is what `swarm.emergence.division_of_labour` takes, `bouts` what
    `division_against_chance` takes, since the ticks of a bout are not independent acts.
    """

    def __init__(
        self,
        tasks: int = 2,
        demand: float | Sequence[float] = 1.0,
        relief: float = 3.0,
        quit: float = 0.2,
        learning: float = 10.0,
        forgetting: float = 1.0,
        thresholds: tuple[float, float] = (1.0, 1000.0),
        at_birth: float = 500.0,
    ):
        self.tasks = tasks
        self.demand = np.array(demand, np.float64)
        self.relief = float(relief)
        self.quit = float(quit)
        self.learning = float(learning)
        self.forgetting = float(forgetting)
        if np.shape(thresholds) != (2,):
            raise ValueError(
                f"thresholds must be (least, greatest), such as (1.0, 1000.0); got {thresholds}"
            )
        self.thresholds = (float(thresholds[0]), float(thresholds[1]))
        self.at_birth = float(at_birth)
        self._check()
        self.demand = np.broadcast_to(self.demand, tasks)
        # The widths are settings, so the columns are the instance's.
        self.columns = {  # type: ignore[misc]
            "threshold": Column(np.float64, (tasks,), at_birth),
            "task": Column(np.int16, default=IDLE),
            "work": Column(np.float64, (tasks,)),
            "bouts": Column(np.int64, (tasks,)),
        }
        self.stimulus = np.zeros(tasks)
        self.workers = np.zeros(tasks, np.int64)

    def __call__(self, world: World) -> None:
        """Work is laid down and taken up, stimuli and thresholds move."""
        population = world.population
        living = population["alive"]
        self.workers = _work(
            living,
            population["id"],
            self.stimulus,
            population["threshold"],
            population["task"],
            population["work"],
            population["bouts"],
            self.quit,
            self.learning,
            self.forgetting,
            self.thresholds,
            seed_from(world.stream(self.name)),
        )
        number = int(np.count_nonzero(living))
        relieved = self.relief * self.workers / max(number, 1)
        self.stimulus = np.maximum(self.stimulus + self.demand - relieved, 0.0)

    def count_anew(self, world: World) -> None:
        """Forget what was worked so far, so that what comes next is measured alone."""
        world.population["work"][:] = 0
        world.population["bouts"][:] = 0

    def fade(self, world: World, share: float) -> None:
        """Work of earlier generations counts less; bouts are whole and stay."""
        world.population["work"][:] *= share

    def state(self) -> dict[str, Any]:
        """The stimuli, and who worked."""
        return {"stimulus": self.stimulus.copy(), "workers": self.workers.copy()}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Take up the stimuli."""
        self.stimulus = np.array(state["stimulus"], np.float64)
        self.workers = np.array(state["workers"], np.int64)

    def _check(self) -> None:
        least, greatest = self.thresholds
        most = np.iinfo(np.int16).max
        if not isinstance(self.tasks, (int, np.integer)) or not 1 <= self.tasks <= most:
            raise ValueError(f"tasks must be a whole number in 1..{most}; got {self.tasks}")
        fits = self.demand.shape in ((), (1,), (self.tasks,))
        if not (fits and np.isfinite(self.demand).all() and (self.demand >= 0).all()):
            raise ValueError(
                f"demand must be one finite number ≥ 0, such as 1.0, or {self.tasks}, one for each "
                f"task; got {self.demand.tolist()}"
            )
        if not 0 < self.relief < np.inf:
            raise ValueError(
                f"relief must be finite and more than 0, such as 3.0; got {self.relief}"
            )
        if not 0 < self.quit <= 1:
            raise ValueError(f"quit is a probability in (0, 1], such as 0.2; got {self.quit}")
        if not (self.learning >= 0 and self.forgetting >= 0):
            raise ValueError(
                "learning and forgetting must be at least 0, such as 10.0 and 1.0; got "
                f"{self.learning} and {self.forgetting}"
            )
        if not 0 < least <= self.at_birth <= greatest < np.inf:
            raise ValueError(
                "thresholds must be (least, greatest) with 0 < least ≤ at_birth ≤ greatest, such "
                f"as (1.0, 1000.0) and 500.0; got {self.thresholds} and {self.at_birth}"
            )


@njit(cache=True, nogil=True)
def _work(
    living: NDArray[np.bool_],
    ids: NDArray[np.int64],
    stimulus: NDArray[np.float64],
    threshold: NDArray[np.float64],
    task: NDArray[np.int16],
    work: NDArray[np.float64],
    bouts: NDArray[np.int64],
    quit: float,
    learning: float,
    forgetting: float,
    thresholds: tuple[float, float],
    seed: int,
) -> NDArray[np.int64]:
    """Everybody's tick, in place; int64[m], how many worked on each task."""
    least, greatest = thresholds
    tasks = stimulus.size
    workers = np.zeros(tasks, np.int64)
    stream = np.empty(1, np.uint64)
    order = np.empty(tasks, np.int64)
    for i in range(ids.size):
        if not living[i]:
            continue
        stream[0] = mixed(np.uint64(seed) + np.uint64(ids[i] + 1) * GAMMA)
        if task[i] == IDLE:
            task[i] = _taken_up(stimulus, threshold[i], order, stream)
            if task[i] != IDLE:
                bouts[i, task[i]] += 1
        elif uniform(stream) < quit:
            task[i] = IDLE
        for j in range(tasks):
            if j == task[i]:
                work[i, j] += 1
                workers[j] += 1
                threshold[i, j] = max(threshold[i, j] - learning, least)
            else:
                threshold[i, j] = min(threshold[i, j] + forgetting, greatest)
    return workers


@njit(cache=True, nogil=True)
def _taken_up(
    stimulus: NDArray[np.float64],
    threshold: NDArray[np.float64],
    order: NDArray[np.int64],
    stream: NDArray[np.uint64],
) -> int:
    """Return the first task responded to, of all in random order; IDLE if none is."""
    for j in range(order.size):
        order[j] = j
    for met in range(order.size):
        place = met + below(stream, order.size - met)
        j = order[place]
        order[place] = order[met]
        urge = stimulus[j] ** 2
        if uniform(stream) * (urge + threshold[j] ** 2) < urge:
            return j
    return IDLE
