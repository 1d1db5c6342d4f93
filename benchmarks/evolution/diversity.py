"""MAP-Elites and novelty search beside pyribs, and a maze that the objective does not solve.

MAP-Elites runs on the sphere of Fontaine et al. 2020, "Covariance matrix adaptation for the rapid
illumination of behavior space": 100 genes, their sums as two measures, 100 × 100 cells. Ours and
the peer's runs take turns, seed by seed; times are processor time in ask and tell, one BLAS
thread. First the same batches go into both archives, which must come to hold the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from ribs.archives import CVTArchive, GridArchive, ProximityArchive
from ribs.emitters import EvolutionStrategyEmitter, GaussianEmitter, IsoLineEmitter
from ribs.schedulers import Scheduler
from threadpoolctl import threadpool_limits

from benchmarks.evolution.maze import controllers, deceptive_maze
from benchmarks.rows import Row
from evolution import Evaluated, GenomeSpec, Real
from evolution.diversity import (
    CMA,
    CVT,
    Elites,
    Emitter,
    Gaussian,
    Genetic,
    Grid,
    IsoLine,
    MAPElites,
    NeighbourArchive,
    NoveltySearch,
    Tessellation,
)
from evolution.genetic import GeneticAlgorithm
from evolution.search import Search

Floats = npt.NDArray[np.float64]

GENES, BATCH, SIDE = 100, 540, 100
REACH = 5.12 * GENES / 2
RANGES = [(-REACH, REACH)] * 2
# pyribs' genes have no bounds here; ours are so wide that they are never met.
BOUND = 1000.0
NEIGHBOURS = 15


class Outcome(NamedTuple):
    """What a run came to: its seconds in ask and tell, its solutions, and the archive's figures."""

    seconds: float
    solutions: int
    coverage: float
    score: float


Run = Callable[[int, int], Outcome]


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of MAP-Elites, of novelty, and of the maze."""
    with threadpool_limits(1):
        yield same_archive()
        generations, seeds = (60, 3) if quick else (1000, 5)
        sigma, iso, line = 0.5, 0.1, 0.2
        grid = Grid(RANGES, SIDE)
        share = sigma / (2 * BOUND)
        gaussian = partial(ours, grid, [Gaussian(share)])
        peer = partial(theirs, grid_peer, partial(gaussian_peer, sigma))
        yield from beside("MAP-Elites, Gaussian", gaussian, peer, generations, seeds)
        lines = partial(ours, grid, [IsoLine(iso / (2 * BOUND), line)])
        peer = partial(theirs, grid_peer, partial(line_peer, iso, line))
        yield from beside("MAP-Elites, iso-line", lines, peer, generations, seeds)
        if not quick:
            yield from beside_cvt(share, sigma, generations, 3)
            strategies = partial(ours, grid, [CMA(share)] * 15)
            peer = partial(theirs, grid_peer, partial(cma_peer, sigma))
            yield from beside("CMA-ME, 15 emitters", strategies, peer, 200, 4, same=False)
        yield from neighbours(20_000 if quick else 100_000)
        yield from maze(*((2, 30) if quick else (20, 100)))


# --- MAP-Elites -------------------------------------------------------------------------------


def sphere(x: Floats) -> tuple[Floats, Floats]:
    """The score, from 0 to 100 and larger is better, and the two measures."""
    shift = 5.12 * 0.4
    worst = (-5.12 - shift) ** 2 * GENES
    score = (1.0 - ((x - shift) ** 2).sum(axis=1) / worst) * 100.0
    clipped = np.where(np.abs(x) > 5.12, 5.12 / np.where(x == 0.0, 1.0, x), x)
    return score, clipped.reshape(len(x), 2, GENES // 2).sum(axis=2)


def same_archive() -> Row:
    """The elites of both archives after the same 200 batches."""
    rng, spec = np.random.default_rng(1), GenomeSpec({"x": Real(2, -10, 10)})
    elites = Elites(spec, Grid([(-1, 1)] * 2, 50), {"x": np.empty((0, 2))})
    peer = GridArchive(solution_dim=2, dims=(50, 50), ranges=[(-1, 1)] * 2)
    same = True
    for _ in range(200):
        x = rng.normal(0.0, 0.5, (100, 2))
        values = np.round((x**2).sum(axis=1), 2)  # ties abound
        added = elites.add(Evaluated({"x": x}, values[:, np.newaxis], x))
        told = peer.add(x, -values, x)
        same &= bool((added.status == told["status"]).all())
        same &= bool((added.gain == told["value"]).all())
    held = peer.data(["index", "solution"], return_type="dict")
    order, own = np.argsort(held["index"]), np.argsort(elites.cell_of)
    same &= np.array_equal(held["index"][order], elites.cell_of[own])
    same &= np.array_equal(held["solution"][order], elites.genomes["x"][own])
    checks = {"same status, gain and elites as ribs": bool(same)}
    return Row("archive, 20,000 insertions, cells filled", elites.size, len(peer), None, checks)


def ours(cells: Tessellation, emitters: Sequence[Emitter], generations: int, seed: int) -> Outcome:
    """A run of `MAPElites`, which like the peer's begins around 0."""
    spec = GenomeSpec({"x": Real(GENES, -BOUND, BOUND, initial=0.0)})
    search = MAPElites(
        spec, cells, seed, emitters=emitters, batch=BATCH, founders={"x": np.zeros((1, GENES))}
    )
    score, measures = sphere(search.ask()["x"])
    search.tell(-score, measures)
    seconds = 0.0
    for _ in range(generations):
        began = time.process_time()
        x = search.ask()["x"]
        seconds += time.process_time() - began
        score, measures = sphere(x)
        began = time.process_time()
        search.tell(-score, measures)
        seconds += time.process_time() - began
    return Outcome(seconds, generations * BATCH, search.coverage, search.qd_score())


def theirs(
    archive: Callable[[int], Any],
    emitters: Callable[[Any, int], list[Any]],
    generations: int,
    seed: int,
) -> Outcome:
    """The same with pyribs."""
    held = archive(seed)
    scheduler = Scheduler(held, emitters(held, seed))
    seconds = 0.0
    for _ in range(generations):
        began = time.process_time()
        x = scheduler.ask()
        seconds += time.process_time() - began
        score, measures = sphere(x)
        began = time.process_time()
        scheduler.tell(score, measures)
        seconds += time.process_time() - began
    stats = held.stats
    return Outcome(seconds, generations * BATCH, float(stats.coverage), float(stats.qd_score))


def grid_peer(seed: int) -> Any:
    """pyribs' grid."""
    return GridArchive(solution_dim=GENES, dims=(SIDE, SIDE), ranges=RANGES, seed=seed)


def gaussian_peer(sigma: float, archive: Any, seed: int) -> list[Any]:
    """pyribs' Gaussian emitter, one for the whole batch, which is its fastest way."""
    x0 = np.zeros(GENES)
    return [GaussianEmitter(archive, sigma=sigma, x0=x0, batch_size=BATCH, seed=seed)]


def line_peer(iso: float, line: float, archive: Any, seed: int) -> list[Any]:
    """pyribs' iso-line emitter."""
    x0 = np.zeros(GENES)
    return [
        IsoLineEmitter(archive, iso_sigma=iso, line_sigma=line, x0=x0, batch_size=BATCH, seed=seed)
    ]


def cma_peer(sigma: float, archive: Any, seed: int) -> list[Any]:
    """pyribs' fifteen improvement emitters of CMA-ME."""
    return [
        EvolutionStrategyEmitter(
            archive,
            x0=np.zeros(GENES),
            sigma0=sigma,
            ranker="2imp",
            batch_size=BATCH // 15,
            seed=100 * seed + i,
        )
        for i in range(15)
    ]


def beside_cvt(share: float, sigma: float, generations: int, seeds: int) -> Iterator[Row]:
    """Both with the same ten thousand centroids."""
    began = time.process_time()
    cells = CVT(RANGES, SIDE * SIDE, rng=1)
    seconds = time.process_time() - began

    def archive(seed: int) -> Any:
        return CVTArchive(solution_dim=GENES, centroids=cells.centroids, ranges=RANGES, seed=seed)

    own = partial(ours, cells, [Gaussian(share)])
    peer = partial(theirs, archive, partial(gaussian_peer, sigma))
    notes = {"seconds for our centroids": seconds}
    yield from beside("MAP-Elites, CVT, Gaussian", own, peer, generations, seeds, notes=notes)


def beside(
    name: str,
    own: Run,
    peer: Run,
    generations: int,
    seeds: int,
    *,
    same: bool = True,
    notes: dict[str, Any] | None = None,
) -> Iterator[Row]:
    """Coverage and score within noise, or where not the ``same`` no lower; then the speed."""
    began = time.process_time()
    own(2, 0)
    warm = {"generations": generations, "compile_s": time.process_time() - began, **(notes or {})}
    pairs = [(own(generations, seed), peer(generations, seed)) for seed in range(1, seeds + 1)]
    for figure in ("coverage", "score"):
        mine, other = (
            np.array([getattr(run, figure) for run in side]) for side in zip(*pairs, strict=True)
        )
        gap = float(mine.mean() - other.mean())
        # Few seeds tell their own spread badly: never less than 2% counts as noise.
        noise = max(
            float(np.sqrt((mine.var(ddof=1) + other.var(ddof=1)) / seeds)), 0.02 * other.mean()
        )
        z = gap / noise
        held = abs(z) < 4.0 if same else z > -4.0
        checks = {"within noise" if same else "no lower": bool(held), "z": z}
        ratio = float(mine.mean() / other.mean())
        yield Row(f"{name}: {figure}", float(mine.mean()), float(other.mean()), ratio, checks)
    rates = [tuple(run.solutions / run.seconds for run in pair) for pair in pairs]
    mine, other = np.median(rates, axis=0)
    ratio = float(np.median([a / b for a, b in rates]))
    unit = "solutions a second in ask and tell"
    goal = 2.0 if same else None
    yield Row(f"{name}: {unit}", float(mine), float(other), ratio, goal=goal, notes=warm)


# --- novelty ----------------------------------------------------------------------------------


def neighbours(size: int) -> Iterator[Row]:
    """15-nearest-neighbour novelty in 32 dimensions, as the archive grows."""
    rng, dimensions, batch = np.random.default_rng(1), 32, 200
    points = rng.normal(size=(size, dimensions))
    archive = NeighbourArchive(dimensions)
    archive.add(points[: size // 2])
    archive.nearest(points[:2], NEIGHBOURS)
    began = time.process_time()
    for first in range(size // 2, size, batch):
        archive.add(points[first : first + batch])
    adding = (time.process_time() - began) / (size - size // 2) * 1e6
    peer = ProximityArchive(
        solution_dim=1,
        measure_dim=dimensions,
        k_neighbors=NEIGHBOURS,
        novelty_threshold=0.0,
        initial_capacity=size,
    )
    peer.add(np.zeros((size, 1)), np.zeros(size), points)
    queries = rng.normal(size=(batch, dimensions))
    fewer = queries[:20]
    best = min(_seconds(lambda: archive.nearest(queries, NEIGHBOURS)) for _ in range(3)) / batch
    alone = min(_seconds(lambda: archive.nearest(queries[:1], NEIGHBOURS)) for _ in range(9))
    theirs_best = _seconds(lambda: peer.compute_novelty(fewer)) / len(fewer)
    mean = archive.nearest(fewer, NEIGHBOURS)[0].mean(axis=1)
    gap = float(np.abs(mean - peer.compute_novelty(fewer)).max())
    yield Row(
        f"novelty, 15-NN, 32 dimensions, archive {size:,}, batch 200: µs a query",
        best * 1e6,
        theirs_best * 1e6,
        theirs_best / best,
        {"same as ribs": gap < 1e-9, "under 500 µs": best < 500e-6, "µs to add one": adding},
        notes={"µs of a query alone": alone * 1e6},
    )


def _seconds(call: Callable[[], Any]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


# --- the maze ---------------------------------------------------------------------------------


def maze(seeds: int, generations: int) -> Iterator[Row]:
    """How many of the seeds find the way, with the same genomes, variation and evaluations."""
    population, spec, ranges = 200, controllers(), deceptive_maze().ranges
    makers: dict[str, Callable[[int], Search]] = {
        "objective, GA": lambda seed: GeneticAlgorithm(spec, population, seed),
        "novelty search": lambda seed: NoveltySearch(spec, population, seed),
        "MAP-Elites": lambda seed: MAPElites(
            spec, Grid(ranges, 20), seed, batch=population, emitters=[Genetic()]
        ),
    }
    intervals: dict[str, tuple[float, float]] = {}
    for name, make in makers.items():
        solved = [_solve(make(seed), generations) for seed in range(seeds)]
        found = [when for when in solved if when is not None]
        low, high = intervals[name] = wilson(len(found), seeds)
        checks: dict[str, bool | float] = {"from": low, "to": high}
        if seeds >= 20:
            objective = intervals["objective, GA"]
            checks |= (
                {"few": high < 0.5}
                if name == "objective, GA"
                else {"most, beyond the GA's interval": low > objective[1]}
            )
        yield Row(
            f"deceptive maze, {name}: share of {seeds} seeds that find the goal",
            len(found) / seeds,
            checks=checks,
            notes={
                "evaluations": generations * population,
                "median evaluations of those": float(np.median(found)) if found else None,
            },
        )


def _solve(search: Search, generations: int) -> int | None:
    """The evaluations until the goal is found, if it is."""
    problem = deceptive_maze()
    for _ in range(generations):
        distance, places = problem.evaluate(search.ask()["weights"])
        search.tell(distance, places)
        if (distance == 0.0).any():
            return search.evaluations
    return None


def wilson(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95% interval of a share."""
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    spread = share * (1 - share) / trials + z * z / (4 * trials * trials)
    half = z * spread**0.5 / (1 + z * z / trials)
    return middle - half, middle + half
