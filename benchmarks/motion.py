"""Ants on two TSPLIB instances, and particle swarms beside pymoo's, on the published budget.

Ants: how far above the optimum their best tours are on average, in per cent, with Student's 95 %
interval over seeds. Swarms: the mean of the best values after 300,000 evaluations in 30
dimensions, beside what Bratton & Kennedy 2007 report (as far as memory serves: their figures are
marked †), and beside pymoo's PSO: the same function, first places, budget and seeds. pymoo's swarm
keeps its own standard settings, but for the 50 particles: other weights, which adapt, and other
first speeds. The budget counts moves of particles. Ours does not call the function where it left
the bounds, and pymoo's brings such particles back first; the places that were called are counted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.rows import Row
from swarm.motion.ants import AntColonySystem, MaxMinAntSystem
from swarm.motion.landscapes import LANDSCAPES, Function, Landscape
from swarm.motion.particles import Optimum, Topology, minimise
from swarm.motion.tsplib import OPTIMA, load_instance, tour_length

DIMENSIONS = 30
PARTICLES = 50
BUDGET = 300_000
GAP_PERCENT = 2.0
"""How far above the optimum the ants may stay on average."""

COLONIES: dict[str, tuple[AntColonySystem | MaxMinAntSystem, int]] = {
    "ACS": (AntColonySystem(), 2500),
    "ACS with 2.5-opt": (AntColonySystem(local_search="2.5-opt"), 500),
    "MMAS": (MaxMinAntSystem(), 1000),
    "MMAS with 2.5-opt": (MaxMinAntSystem(ants=25, rho=0.2, local_search="2.5-opt"), 300),
}
"""Settings of the papers, and iterations."""

PUBLISHED: dict[tuple[str, Topology], float] = {
    ("sphere", "global"): 0.0,
    ("sphere", "ring"): 0.0,
    ("rosenbrock", "global"): 8.1579,
    ("rosenbrock", "ring"): 12.6648,
    ("rastrigin", "global"): 140.4876,
    ("rastrigin", "ring"): 144.8155,
}
"""Means that Bratton & Kennedy 2007 report †."""


OUT_OF_BOUNDS = "every move of a particle costs one; ours calls nothing where it is out of bounds"
FIRST_SPEEDS = (
    "ours half way to a random place within the bounds; pymoo's drawn from 0 to 0.2 of their width"
)


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row for every colony, every swarm, and every landscape beside pymoo."""
    yield from ants(range(2) if quick else range(20))
    yield from swarms(range(2) if quick else range(30))
    yield from beside_pymoo(range(2) if quick else range(5), 6_000 if quick else BUDGET)


def ants(seeds: Sequence[int]) -> Iterator[Row]:
    """Mean gap to the optimum, for each system and instance."""
    for name, optimum in sorted(OPTIMA.items()):
        instance = load_instance(name)
        for label, (system, iterations) in COLONIES.items():
            system.solve(instance, np.random.default_rng(0), 1)  # compiles
            begun = time.process_time()
            tours = [system.solve(instance, np.random.default_rng(s), iterations) for s in seeds]
            spent = time.process_time() - begun
            lengths = np.array([tour.length for tour in tours])
            gaps = 100.0 * (lengths / optimum - 1.0)
            yield Row(
                name=f"ants, {name}, {label}, mean gap, %",
                ours=float(gaps.mean()),
                checks={
                    "never below the optimum": bool((lengths >= optimum).all()),
                    "lengths are those of the tours": all(
                        tour_length(instance.distances, tour.order) == tour.length for tour in tours
                    ),
                    "± 95 %": half_width(gaps),
                    "ms an iteration": 1e3 * spent / iterations / len(seeds),
                },
                goal=GAP_PERCENT,
                notes={"iterations": iterations, "lengths": lengths.tolist()},
            )


def swarms(seeds: Sequence[int]) -> Iterator[Row]:
    """Mean of the best values on the published budget; at rest, too, where it matters most."""
    runs = [(name, topology, False) for name, topology in PUBLISHED]
    runs += [("rastrigin", "global", True), ("rastrigin", "ring", True)]
    for name, topology, at_rest in runs:
        runs_made = [searched(LANDSCAPES[name], seed, BUDGET, topology, at_rest) for seed in seeds]
        found, calls = zip(*runs_made, strict=True)
        values = np.array([each.value for each in found])
        published = PUBLISHED[name, topology]
        yield Row(
            name=f"swarm, {name}, {topology}{', from rest' * at_rest}, mean value",
            ours=float(values.mean()),
            peer=published,
            ratio=float(values.mean()) / published if published else None,
            checks={
                "calls within the budget": within(calls, BUDGET),
                "± 95 %": half_width(values),
                "median": float(np.median(values)),
            },
            notes={
                "peer": "Bratton & Kennedy 2007 †",
                "seeds": len(seeds),
                "mean_calls": float(np.mean(calls)),
                "budget": OUT_OF_BOUNDS,
            },
        )


def beside_pymoo(seeds: Sequence[int], budget: int) -> Iterator[Row]:
    """Quality and time of our global swarm and pymoo's."""
    for name, land in LANDSCAPES.items():
        searched(land, 0, 2 * PARTICLES, "global")  # compiles
        pymoo_searched(land, 0, 2 * PARTICLES)
        begun = time.process_time()
        ours = [searched(land, seed, budget, "global") for seed in seeds]
        switched = time.process_time()
        theirs = [pymoo_searched(land, seed, budget) for seed in seeds]
        ended = time.process_time()
        mine = np.array([each.value for each, _ in ours])
        peer = np.array([each.value for each, _ in theirs])
        both = [(each.place, each.value) for each, _ in (*ours, *theirs)]
        our_calls, peer_calls = ([calls for _, calls in runs] for runs in (ours, theirs))
        checks = {
            "values are those of the places": all(
                np.isclose(land.function(place[None])[0], value) for place, value in both
            ),
            "calls within the budget": within(our_calls, budget) and within(peer_calls, budget),
        }
        notes = {
            "evaluations": budget,
            "seeds": len(seeds),
            "mean_calls": float(np.mean(our_calls)),
            "peer_mean_calls": float(np.mean(peer_calls)),
            "budget": OUT_OF_BOUNDS,
            "first_speeds": FIRST_SPEEDS,
        }
        yield Row(
            name=f"swarm beside pymoo's, {name}, mean value",
            ours=float(mine.mean()),
            peer=float(peer.mean()),
            ratio=float(peer.mean() / mine.mean()) if mine.mean() else None,
            checks={
                **checks,
                "± 95 %": half_width(mine),
                "peer's ± 95 %": half_width(peer),
            },
            notes=notes,
        )
        yield Row(
            name=f"swarm beside pymoo's, {name}, s a run",
            ours=(switched - begun) / len(seeds),
            peer=(ended - switched) / len(seeds),
            ratio=(ended - switched) / (switched - begun),
            checks=checks,
            notes=notes,
        )


def searched(
    land: Landscape, seed: int, budget: int, topology: Topology, at_rest: bool = False
) -> tuple[Optimum, int]:
    """Run our swarm; what it found, and at how many places it called the function."""
    counted = Counted(land.function)
    found = minimise(
        counted,
        [land.domain] * DIMENSIONS,
        np.random.default_rng(seed),
        PARTICLES,
        budget,
        topology,
        land.start,
        at_rest,
    )
    return found, counted.places


def pymoo_searched(land: Landscape, seed: int, budget: int) -> tuple[Optimum, int]:
    """Run pymoo's swarm from the places where ours begins; the same as `searched` returns."""
    from pymoo.algorithms.soo.nonconvex.pso import PSO
    from pymoo.core.problem import Problem
    from pymoo.optimize import minimize

    counted = Counted(land.function)

    class Posed(Problem):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(n_var=DIMENSIONS, n_obj=1, xl=land.domain[0], xu=land.domain[1])

        def _evaluate(
            self, x: NDArray[np.float64], out: dict[str, Any], *_: Any, **__: Any
        ) -> None:
            out["F"] = counted(x)[:, None]

    first = np.random.default_rng(seed).uniform(*land.start, (PARTICLES, DIMENSIONS))
    found = minimize(
        Posed(), PSO(pop_size=PARTICLES, sampling=first), ("n_eval", budget), seed=seed
    )
    spent = found.algorithm.evaluator.n_eval
    return Optimum(found.X, float(found.F[0]), np.empty(0), spent), counted.places


class Counted:
    """A function that counts the places it is called at."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.places = 0

    def __call__(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Call it at places float64[m, d]."""
        self.places += len(places)
        return self.function(places)


def within(calls: Sequence[int], budget: int) -> bool:
    """Whether every search called the function, and none more often than it may."""
    return all(0 < each <= budget for each in calls)


def half_width(values: NDArray[np.float64]) -> float:
    """Half of Student's 95 % interval for a mean; needs two values."""
    return float(stats.sem(values) * stats.t.ppf(0.975, len(values) - 1))
