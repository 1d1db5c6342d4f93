"""Coevolving the chase: genomes of predators against genomes of prey, many small chases at once.

Cliff & Miller 1995, "Tracking the Red Queen", ECAL, and Nolfi & Floreano 1998, "Coevolving predator
and prey robots: do arms races arise in artificial evolution?", Artificial Life 4: both sides evolve
how they steer, and what was learned is measured against all ancestors and against opponents that
neither ever met.

    hunt = coevolve_chase(seed=1)
    hunt.cycling.found, hunt.predators_held_out.score, ciao_picture(hunt.ciao)

Guarantees: what a genome gets depends on the two genomes and the seed alone, not on who else meets;
all pairs of a contest set out from the same places, so that genomes differ and luck does not; the
chases are those of `chase.Chase`, step for step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.coevolution import (
    Coevolution,
    Cycling,
    Disengagement,
    Generalisation,
    cycling as cycling_of,
    disengagement as disengagement_of,
)
from arenas.predation.chase import ChaseRules, advance, ground, scatter
from arenas.predation.errors import PredationError
from arenas.predation.steering import (
    LOCUS,
    SENSES,
    Observations,
    for_all,
    hidden_of,
    observe_all,
    steering_spec,
)
from evolution import GeneticAlgorithm, Genomes
from swarm.chance import mixed, seeded
from swarm.motion.cell_list import CellList, room

Floats = npt.NDArray[np.float64]

DUEL = ChaseRules(size=30.0, steps=100, stamina=100)
"""One against one, on ground so small that they meet."""


@dataclass(frozen=True)
class Pursuit:
    """A contest (`arenas.coevolution.contest`) of predators, the first side, against prey.

    Each pair of genomes holds ``trials`` chases, with ``predators`` copies of the one and ``prey``
    copies of the other. The predators get the share of the prey's time that their hunt took: 1
    where all were eaten at once, 0 where all were alive when the steps were up.
    """

    rules: ChaseRules = DUEL
    predators: int = 1
    prey: int = 1
    trials: int = 3

    def __post_init__(self) -> None:
        if min(self.predators, self.prey, self.trials) < 1:
            raise PredationError(
                f"{self.predators} predators, {self.prey} prey, {self.trials} trials; at least 1 "
                "of each"
            )

    def __call__(self, one: Genomes, other: Genomes, seed: int) -> Floats:
        """Outcomes float64[n_predators, n_prey] for the predators."""
        mine, theirs = (
            np.ascontiguousarray(genomes[LOCUS], np.float64) for genomes in (one, other)
        )
        hidden = hidden_of(mine.shape[1]), hidden_of(theirs.shape[1])
        cells = ground(self.rules, self.predators + self.prey)
        places = (self.predators, self.trials, self.rules.steps, self.rules.sight)
        scratch = room(cells)
        return _all_chases(
            cells, mine, theirs, hidden, places, self.rules.bodies, np.uint64(seed), *scratch
        )


@dataclass(frozen=True)
class Hunt:
    """What came of a coevolution of predators (the first side) and prey.

    Attributes:
        run: the coevolution, to go on with.
        ciao: float64[G, G], predators' champions against prey's.
        cycling, disengagement: what the detectors saw.
        predators_held_out, prey_held_out: the last champions' `Generalisation` on random opponents
            that neither was trained against.
        predators_at_first, prey_at_first: the same of the first generation's champions.
    """

    run: Coevolution
    ciao: Floats
    cycling: Cycling
    disengagement: Disengagement
    predators_held_out: Generalisation
    prey_held_out: Generalisation
    predators_at_first: Generalisation
    prey_at_first: Generalisation


def coevolve_chase(
    seed: int,
    generations: int = 40,
    population: int = 24,
    *,
    contest: Pursuit | None = None,
    hidden: int = 0,
    rivals: int | None = 8,
    ancestors: int = 4,
    test: int = 100,
) -> Hunt:
    """Coevolve predators and prey, and measure what came of it.

    Args:
        seed: everything else is drawn from it.
        generations: at least 8, for cycles to show.
        population: genomes of each side.
        contest: the chases; one against one where None.
        hidden: hidden units of the genomes.
        rivals, ancestors: as in `Coevolution`; ``ancestors=0`` leaves the hall of fame out.
        test: random opponents in each test set, never trained against.
    """
    if generations < 8 or test < 2:
        raise PredationError(
            f"{generations} generations, {test} test opponents; at least 8 generations for cycles "
            "to show, and 2 opponents for an interval"
        )
    spec = steering_spec(hidden)
    streams = [np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(4)]
    one, other = (GeneticAlgorithm(spec, population, each, elites=0) for each in streams[:2])
    game = Pursuit() if contest is None else contest
    run = Coevolution(one, other, game, rng=streams[2], rivals=rivals, ancestors=ancestors)
    run.run(generations)
    last = streams[3]
    # Where champions set out is luck, so the matrix comes from more chases than fitness, and twice.
    run.contest = replace(game, trials=2 * game.trials)
    matrix, again = (run.ciao(int(last.integers(2**63))) for _ in range(2))
    strangers = spec.sample(test, last)
    seed_of_test = int(last.integers(2**63))
    tests = [
        run.held_out(strangers, seed_of_test, side, spec.take(run.sides[side].champions, rows))
        for rows in (slice(generations - 1, generations), slice(0, 1))
        for side in (0, 1)
    ]
    run.contest = game
    return Hunt(
        run,
        (matrix + again) / 2.0,
        cycling_of(matrix, last, again=again),
        disengagement_of(run.mean, run.spread),
        *tests,
    )


@njit(cache=True, nogil=True)
def _all_chases(
    cells: CellList,
    mine: Floats,
    theirs: Floats,
    hidden: tuple[int, int],
    places: tuple[int, int, int, float],
    bodies: Floats,
    seed: np.uint64,
    rows: npt.NDArray[np.int64],
    ways: Floats,
) -> Floats:
    """Every row of the one against every row of the other, float64[n_predators, n_prey]."""
    predators, trials, steps, sight = places
    n = len(cells.position)
    got = np.zeros((len(mine), len(theirs)))
    heading, energy, actions, rewards = np.empty(n), np.empty(n), np.zeros(n), np.zeros(n)
    meals, age = np.zeros(n, np.int64), np.zeros(n, np.int64)
    genome = np.zeros(n, np.int64)
    seen = np.zeros((n, SENSES), np.float32)
    for one in range(len(mine)):
        for other in range(len(theirs)):
            genome[:predators], genome[predators:] = one, other
            lived = 0
            for trial in range(trials):
                stream = seeded(mixed(mixed(seed) + np.uint64(trial)))
                energy[:], meals[:], age[:] = 1.0, 0, 0
                scatter(cells, heading, stream)
                taken = 0
                while taken < steps and _both(cells, predators):
                    observe_all(cells, predators, heading, energy, sight, rows, ways, seen)
                    _decide(mine, theirs, genome, seen, hidden, predators, actions)
                    body = (predators, bodies, stream, rows, ways, rewards)
                    advance(cells, heading, energy, meals, age, actions, *body)
                    taken += 1
                for prey in range(predators, n):
                    lived += steps if cells.alive[prey] else age[prey]
            got[one, other] = 1.0 - lived / (trials * steps * (n - predators))
    return got


@njit(cache=True, nogil=True)
def _both(cells: CellList, predators: int) -> bool:
    """Whether there are both predators and prey left."""
    return bool(cells.alive[:predators].any()) and bool(cells.alive[predators:].any())


@njit(cache=True, nogil=True)
def _decide(
    mine: Floats,
    theirs: Floats,
    genome: npt.NDArray[np.int64],
    seen: Observations,
    hidden: tuple[int, int],
    predators: int,
    actions: Floats,
) -> None:
    """The actions of everybody: the one's weights steer the predators, the other's the prey."""
    for_all(mine, genome[:predators], seen[:predators], hidden[0], actions[:predators])
    for_all(theirs, genome[predators:], seen[predators:], hidden[1], actions[predators:])
