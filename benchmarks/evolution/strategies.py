"""CMA-ES beside pycma, ribs and cmaes: evaluations to a target first, then time a generation.

Every search starts at the same mean with the same step size and its own customary population.
Times are processor time with one BLAS thread, unless the row says otherwise; the best of
interleaved blocks of generations, long enough to hold several decompositions.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial

import cma
import cmaes
import numpy as np
import numpy.typing as npt
from ribs.emitters.opt import CMAEvolutionStrategy
from threadpoolctl import threadpool_limits

from benchmarks.rows import Row
from evolution import GenomeSpec, Real
from evolution.strategies import CMAES

Rows = npt.NDArray[np.float64]
Function = Callable[[Rows], Rows]
# One generation on a function: how many evaluations it took, and the best objective.
Generation = Callable[[Function], tuple[int, float]]
Maker = Callable[[int, float, float, int], Generation]

# Dimension to generations in a block of the timing.
BLOCKS = {10: 400, 100: 120, 1000: 80}
TARGET = 1e-9
MOST = 20_000


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of evaluations, then those of time."""
    warnings.filterwarnings("ignore", module="cma")
    with threadpool_limits(1):
        yield _evaluations("sphere", sphere, 3.0, 1.0, seeds=7 if quick else 25)
        if not quick:
            yield _evaluations("Rosenbrock", rosenbrock, 0.0, 0.5, seeds=25)
            yield _separable(seeds=3)
        for n, block in BLOCKS.items():
            yield _milliseconds(n, block // 2 if quick else block, 1 if quick else 5)
        yield _milliseconds_separable(1000, 40)
    if not quick:
        with threadpool_limits(2):
            yield _milliseconds(1000, BLOCKS[1000] // 2, 2, threads=2)


def sphere(x: Rows) -> Rows:
    """Σ x²."""
    values: Rows = (x * x).sum(axis=1)
    return values


def rosenbrock(x: Rows) -> Rows:
    """A bent valley."""
    values: Rows = (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1)
    return values


def ellipsoid(x: Rows) -> Rows:
    """Axes that differ in curvature by up to 10⁶."""
    values: Rows = x**2 @ np.logspace(0, 6, x.shape[1])
    return values


def ours(n: int, start: float, sigma: float, seed: int, separable: bool = False) -> Generation:
    """`evolution.strategies.CMAES`, with bounds so wide that there are none."""
    spec = GenomeSpec({"x": Real(n, -1e6, 1e6, initial=start)})
    search = CMAES(spec, seed, sigma=sigma, separable=separable)

    def generation(function: Function) -> tuple[int, float]:
        objectives = function(search.ask()["x"])
        search.tell(objectives)
        return len(objectives), float(objectives.min())

    return generation


def pycma(n: int, start: float, sigma: float, seed: int, diagonal: bool = False) -> Generation:
    """The package cma."""
    options = {"seed": seed + 1, "verbose": -9, "CMA_diagonal": diagonal}
    search = cma.CMAEvolutionStrategy(n * [start], sigma, options)

    def generation(function: Function) -> tuple[int, float]:
        asked = search.ask()
        objectives = function(np.asarray(asked))
        search.tell(asked, objectives.tolist())
        return len(objectives), float(objectives.min())

    return generation


def ribs(n: int, start: float, sigma: float, seed: int) -> Generation:
    """The CMA-ES inside the package ribs, without its archive."""
    search = CMAEvolutionStrategy(sigma, n, None, seed)
    search.reset(np.full(n, start))

    def generation(function: Function) -> tuple[int, float]:
        objectives = function(search.ask())
        order = np.argsort(objectives)
        search.tell(order, objectives[:, np.newaxis], len(objectives) // 2)
        return len(objectives), float(objectives.min())

    return generation


def cmaes_package(n: int, start: float, sigma: float, seed: int) -> Generation:
    """The package cmaes, which asks for one genome at a time."""
    search = cmaes.CMA(np.full(n, start), sigma, seed=seed)

    def generation(function: Function) -> tuple[int, float]:
        asked = [search.ask() for _ in range(search.population_size)]
        objectives = function(np.asarray(asked))
        search.tell(list(zip(asked, objectives.tolist(), strict=True)))
        return len(objectives), float(objectives.min())

    return generation


PEERS: dict[str, Maker] = {"pycma": pycma, "ribs": ribs, "cmaes": cmaes_package}


def _needed(generation: Generation, function: Function, target: float, most: int) -> int:
    """Evaluations until the target is met; ``most`` if it is not."""
    done = 0
    while done < most:
        evaluations, best = generation(function)
        done += evaluations
        if best < target:
            return done
    return most


def _evaluations(name: str, function: Function, start: float, sigma: float, seeds: int) -> Row:
    counts = {
        who: np.array(
            [_needed(make(10, start, sigma, i), function, TARGET, MOST) for i in range(seeds)]
        )
        for who, make in {"ours": ours, **PEERS}.items()
    }
    medians = {who: float(np.median(each)) for who, each in counts.items()}
    return Row(
        f"CMA-ES, {name} in 10 dimensions, evaluations to 1e-9 (median)",
        medians["ours"],
        medians["pycma"],
        medians["pycma"] / medians["ours"],
        {
            "within a tenth of pycma": 0.9 < medians["ours"] / medians["pycma"] < 1.1,
            **{f"{who} failed": float((each >= MOST).sum()) for who, each in counts.items()},
        },
        0.9,
        {"start": start, "sigma": sigma, "seeds": seeds, **medians},
    )


def _separable(seeds: int) -> Row:
    n, target, most = 200, 1e-6, 100_000

    def median(make: Callable[[int], Generation]) -> float:
        return float(np.median([_needed(make(i), ellipsoid, target, most) for i in range(seeds)]))

    mine = median(lambda seed: ours(n, 1.0, 1.0, seed, separable=True))
    peer = median(lambda seed: pycma(n, 1.0, 1.0, seed, diagonal=True))
    return Row(
        f"separable CMA-ES, ellipsoid in {n} dimensions, evaluations to 1e-6",
        mine,
        peer,
        peer / mine,
        {"within a tenth of pycma": 0.9 < mine / peer < 1.1},
        0.9,
        {"seeds": seeds},
    )


def _best_times(
    makers: dict[str, Callable[[], Generation]],
    block: int,
    repeats: int,
    clock: Callable[[], float],
) -> dict[str, float]:
    """Milliseconds a generation: of each, the best of blocks that take turns."""
    searches = {who: make() for who, make in makers.items()}
    best = dict.fromkeys(searches, np.inf)
    for generation in searches.values():
        generation(sphere)
    for _ in range(repeats):
        for who, generation in searches.items():
            began = clock()
            for _ in range(block):
                generation(sphere)
            best[who] = min(best[who], (clock() - began) / block * 1e3)
    return best


def _milliseconds(n: int, block: int, repeats: int, threads: int = 1) -> Row:
    makers = {"ours": ours, **PEERS}
    if n > 100:
        # Seconds a generation: it decomposes its matrix in every one.
        del makers["cmaes"]
    best = _best_times(
        {who: partial(make, n, 0.5, 0.3, 1) for who, make in makers.items()},
        block,
        repeats,
        time.process_time if threads == 1 else time.perf_counter,
    )
    fastest = min((who for who in best if who != "ours"), key=best.__getitem__)
    suffix = "" if threads == 1 else f", {threads} BLAS threads, on the wall"
    return Row(
        f"CMA-ES, {n} dimensions, ms a generation{suffix}",
        best["ours"],
        best[fastest],
        best[fastest] / best["ours"],
        {},
        1.0,
        # Whatever the number of threads, ribs keeps to one.
        {"fastest peer": fastest, **best},
    )


def _milliseconds_separable(n: int, block: int) -> Row:
    best = _best_times(
        {
            "ours": lambda: ours(n, 0.5, 0.3, 1, separable=True),
            "pycma": lambda: pycma(n, 0.5, 0.3, 1, diagonal=True),
        },
        block,
        3,
        time.process_time,
    )
    return Row(
        f"separable CMA-ES, {n} dimensions, ms a generation",
        best["ours"],
        best["pycma"],
        best["pycma"] / best["ours"],
        {},
        1.0,
    )
