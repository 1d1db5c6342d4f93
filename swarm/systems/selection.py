"""Every generation the bankrupt die, and NSGA-II chooses who lives and who has children."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from evolution import best_rows, binary_tournament, crowding_distance, pareto_ranks
from swarm.population import Column
from swarm.systems.reasoning import Reasoning
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World


class Selection(System):
    """NSGA-II over (accuracy, novelty, thrift), population size steady.

    The survivors of the ranking (Deb et al. 2002) are joined by as many children of theirs as
    agents died, so that every generation has the size of the first. Living off one's work is a
    constraint: whoever lost tokens ranks behind all who did not, by how much (constrained
    domination, ibid. section VI). Sums that the objectives are made of fade, each by its owner,
    so that the past counts less; accuracy is shrunk towards the mean by `doubt` tasks, since the
    luckiest of many newcomers is not the best.

    Args:
        every: ticks in a generation.
        turnover: share of the population that is replaced.
        crossover, mutation: probability that a child is crossed, and that a gene mutates.
        step: size of mutations; 1 is customary.
        fading: what the sums of a generation are worth in the next.
        elite: share of the survivors, and of the parents, that are chosen for accuracy alone
            (a preference for one end of the front, as in Deb & Sundar 2006); the others are
            chosen by front and crowding.
        doubt: tasks of average credit that everybody is given in advance.
        seek_novelty: whether novelty is an objective: `originality` per task where something
            measures it, such as `Exploring`, and `surprise` per task elsewhere.

    Attributes:
        generation: generations so far.
        size: agents that every generation has, the most there have been.
        bankrupt: who died of it in the last one.

    Columns: `accuracy`, `novelty`, `cost` float64, objectives at the last ranking; `front`
    int32, Pareto front then, 0 the best.
    """

    columns: ClassVar[Mapping[str, Column]] = {
        "accuracy": Column(np.float64, default=np.nan),
        "novelty": Column(np.float64, default=np.nan),
        "cost": Column(np.float64, default=np.nan),
        "units": Column(np.float64),
        "tasks": Column(np.float64),
        "front": Column(np.int32, default=-1),
    }

    def __init__(
        self,
        every: int = 4,
        turnover: float = 0.5,
        crossover: float = 0.7,
        mutation: float = 0.06,
        step: float = 1.5,
        fading: float = 0.8,
        elite: float = 0.75,
        doubt: float = 64.0,
        seek_novelty: bool = True,
    ):
        self.every = every
        self.turnover = turnover
        self.crossover = crossover
        self.mutation = mutation
        self.step = step
        self.fading = fading
        self.elite = elite
        self.doubt = doubt
        self.seek_novelty = seek_novelty
        self.generation = 0
        self.size = 0
        self.bankrupt = 0

    def __call__(self, world: World) -> None:
        """At the end of a generation: rank, let die, let be born."""
        population = world.population
        self.size = max(self.size, len(population))
        answering = world.system(Reasoning).agent
        population["units"][:] += population["spent"]
        population["tasks"][:] += np.bincount(answering, minlength=len(population))
        if world.steps % self.every:
            return
        objectives = self._objectives(world)
        ranks = constrained_ranks(objectives, np.maximum(-population["profit"], 0))
        crowding = crowding_distance(objectives, ranks)
        population["front"][:] = ranks

        n = len(population)
        keep = max(self.size - round(self.turnover * self.size), 2)  # one alone has no children
        living = population["alive"]
        solvent = np.flatnonzero(living & ~population["insolvent"])
        self.bankrupt = int(living.sum()) - len(solvent)
        if len(solvent) < 2:  # a crash: the market failed, not the agents
            solvent = np.flatnonzero(living)
        survivors = self._survivors(population["accuracy"], ranks, crowding, solvent, keep)
        dead = np.ones(n, bool)
        dead[survivors] = False
        population.kill(dead)
        if len(survivors) > 1:
            self._breed(world, survivors, ranks, crowding, self.size - len(survivors))
        for system in world.systems:
            system.fade(world, self.fading)
        self.generation += 1

    def fade(self, world: World, share: float) -> None:
        """What was spent counts less from generation to generation."""
        for name in ("units", "tasks"):
            world.population[name][:] *= share

    def _objectives(self, world: World) -> np.ndarray:
        """float64[n, 3], minimised; also written to the columns."""
        population = world.population
        answered, tasks = population["answered"], population["tasks"]
        silent = answered == 0
        population["accuracy"][:] = self._shrunk(population["credits"], answered)
        measured = [name for name in ("originality", "surprise") if name in population]
        # Without a memory nothing is known, and nothing can be told apart by novelty.
        sought = self.seek_novelty and bool(measured)
        novelty = population[measured[0]] if sought else np.zeros(len(tasks))
        population["novelty"][:] = self._shrunk(novelty, tasks)
        population["cost"][:] = population["units"] / np.maximum(tasks, 1)
        population["accuracy"][silent] = population["novelty"][silent] = 0
        population["cost"][silent] = np.inf
        return np.stack(
            [-population["accuracy"], -population["novelty"], population["cost"]], axis=1
        )

    def _shrunk(self, total: np.ndarray, number: np.ndarray) -> np.ndarray:
        mean = total.sum() / max(number.sum(), 1)
        return (total + self.doubt * mean) / (number + self.doubt)

    def _survivors(
        self,
        accuracy: np.ndarray,
        ranks: np.ndarray,
        crowding: np.ndarray,
        solvent: np.ndarray,
        keep: int,
    ) -> np.ndarray:
        """Rows int64[<= keep]: the most accurate first, then by front and crowding."""
        keep = min(keep, len(solvent))
        by_accuracy = solvent[np.argsort(-accuracy[solvent], kind="stable")]
        elite = by_accuracy[: round(self.elite * keep)]
        others = np.setdiff1d(solvent, elite)
        rest = others[best_rows(ranks[others], crowding[others], keep - len(elite))]
        return np.concatenate([elite, rest])

    def _breed(
        self,
        world: World,
        parents: np.ndarray,
        ranks: np.ndarray,
        crowding: np.ndarray,
        number: int,
    ) -> None:
        if world.genome is None or not number:
            return
        rng = world.stream(self.name)
        by_accuracy = np.argsort(np.argsort(-world.population["accuracy"], kind="stable"))
        genes = {locus: world.genes(locus) for locus in world.genome.names}

        def chosen() -> np.ndarray:
            accurate = binary_tournament(by_accuracy[parents], crowding[parents], number, rng)
            spread = binary_tournament(ranks[parents], crowding[parents], number, rng)
            return parents[np.where(rng.random(number) < self.elite, accurate, spread)]

        one, other = chosen(), chosen()
        # A child has the structure of its mother, who is the fitter of the two (as in NEAT).
        fitter = by_accuracy[one] <= by_accuracy[other]
        mothers, fathers = np.where(fitter, one, other), np.where(fitter, other, one)
        children = world.genome.mutate(
            world.genome.crossover(
                world.genome.take(genes, mothers),
                world.genome.take(genes, fathers),
                rng,
                self.crossover,
            ),
            rng,
            self.mutation,
            self.step,
        )
        kinds = world.population["kind"][mothers]  # children are of their mother's kind
        for kind in np.unique(kinds):
            mine = kinds == kind
            born = {f"gene.{locus}": column[mine] for locus, column in children.items()}
            world.birth(world.kinds[kind], int(mine.sum()), **born)

    def state(self) -> dict[str, int]:
        """The generation, its size, and the bankrupt of the last one."""
        return {"generation": self.generation, "size": self.size, "bankrupt": self.bankrupt}

    def restore(self, world: World, state: dict[str, int]) -> None:  # type: ignore[override]
        """Take up the count."""
        self.generation, self.bankrupt = state["generation"], state["bankrupt"]
        self.size = state["size"]


def constrained_ranks(objectives: np.ndarray, violation: np.ndarray) -> np.ndarray:
    """Pareto fronts int64[n] of those without violation, then the others by their violation."""
    ranks = np.empty(len(objectives), np.int64)
    feasible = violation <= 0
    ranks[feasible] = pareto_ranks(objectives[feasible]) if feasible.any() else 0
    behind = np.unique(violation[~feasible], return_inverse=True)[1]
    ranks[~feasible] = ranks[feasible].max(initial=-1) + 1 + behind
    return ranks
