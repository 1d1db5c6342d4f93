"""Surrogates: how well they know what they do not know, and what they save at equal fitness.

What a search saves is one less the ratio of its evaluations, with a surrogate and without, until
the same objective is reached: the mean over pairs of runs of the same seed, of the ratio's
logarithm, with its 95% interval by Student's t. A run that does not get there counts with all it
was allowed; how many there were stands among the checks. A negative figure is a loss.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import moocore
import numpy as np
import numpy.typing as npt
from scipy.stats import t as student
from sklearn.ensemble import ExtraTreesRegressor
from threadpoolctl import threadpool_limits

from benchmarks.rows import Row
from evolution import NSGA2, GenomeSpec, Real, Search
from evolution.strategies import CMAES
from evolution.surrogates import (
    ForestEnsemble,
    NeuralEnsemble,
    Preselection,
    RidgeEnsemble,
    Surrogate,
)

Rows = npt.NDArray[np.float64]
Function = Callable[[Rows], Rows]

KINDS: dict[str, Callable[[], Surrogate]] = {
    "ridge, quadratic": RidgeEnsemble,
    "ridge, Fourier": lambda: RidgeEnsemble("fourier"),
    "forest": ForestEnsemble,
    "neural": NeuralEnsemble,
}
WIDE = GenomeSpec({"x": Real(10, -1e6, 1e6, initial=3.0)})
VALLEY = GenomeSpec({"x": Real(10, -1e6, 1e6, initial=0.0)})
UNIT = GenomeSpec({"x": Real(10)})


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of calibration, of the forest's time, then of evaluations saved."""
    with threadpool_limits(1):
        for kind in ("ridge, quadratic", "forest") if quick else KINDS:
            yield _calibration(kind, repeats=2 if quick else 5)
        yield _forest()
        for task in TASKS[:1] if quick else TASKS:
            yield _saved(task, seeds=4 if quick else 10)


def sphere(x: Rows) -> Rows:
    """Σ x²."""
    values: Rows = (x * x).sum(axis=1)
    return values


def rosenbrock(x: Rows) -> Rows:
    """A bent valley."""
    values: Rows = (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1)
    return values


def rastrigin(x: Rows) -> Rows:
    """A bowl full of smaller ones."""
    values: Rows = 10 * x.shape[1] + (x * x - 10 * np.cos(2 * np.pi * x)).sum(axis=1)
    return values


def zdt1(x: Rows) -> Rows:
    """Two objectives."""
    g = 1 + 9 * x[:, 1:].mean(axis=1)
    return np.column_stack([x[:, 0], g * (1 - np.sqrt(x[:, 0] / g))])


@dataclass(frozen=True)
class Task:
    """A search and a problem, and what is to be reached with how many evaluations."""

    name: str
    make: Callable[[int], Search]
    function: Function
    reached: Callable[[Search], bool]
    most: int
    surrogate: Callable[[], Surrogate] = RidgeEnsemble
    share: float = 0.1
    rest: str = "predicted"


def _below(target: float) -> Callable[[Search], bool]:
    return lambda search: bool(search.best.objectives[0, 0] < target)


def _covers(hypervolume: float) -> Callable[[Search], bool]:
    def reached(search: Search) -> bool:
        return moocore.hypervolume(search.residents.objectives, ref=[1.1, 1.1]) > hypervolume

    return reached


def _nsga2(seed: int) -> Search:
    return NSGA2(UNIT, 40, seed)


TASKS = (
    Task(
        "CMA-ES, sphere-10 to 1e-9, quadratic",
        lambda seed: CMAES(WIDE, seed, sigma=1.0),
        sphere,
        _below(1e-9),
        5_000,
    ),
    Task(
        "CMA-ES, Rosenbrock-10 to 1e-9, quadratic",
        lambda seed: CMAES(VALLEY, seed, sigma=0.5),
        rosenbrock,
        _below(1e-9),
        10_000,
    ),
    Task(
        "CMA-ES, Rastrigin-10 to 30, quadratic",
        lambda seed: CMAES(WIDE, seed, sigma=1.0),
        rastrigin,
        _below(30.0),
        2_500,
    ),
    Task(
        "NSGA-II, ZDT1 of 10 genes to hypervolume .8, quadratic",
        _nsga2,
        zdt1,
        _covers(0.8),
        4_000,
        share=0.25,
        rest="failed",
    ),
    Task(
        "NSGA-II, ZDT1 of 10 genes to hypervolume .8, forest",
        _nsga2,
        zdt1,
        _covers(0.8),
        4_000,
        ForestEnsemble,
        share=0.25,
        rest="failed",
    ),
)


def _evaluations(search: Search, task: Task) -> int:
    while search.evaluations < task.most:
        search.tell(task.function(search.ask()["x"]))
        if task.reached(search):
            return search.evaluations
    return task.most


def _saved(task: Task, seeds: int) -> Row:
    plain = np.array([_evaluations(task.make(seed), task) for seed in range(seeds)])
    began = time.process_time()
    assisted = np.array(
        [
            _evaluations(
                Preselection(
                    task.make(seed), task.surrogate(), seed, share=task.share, rest=task.rest
                ),
                task,
            )
            for seed in range(seeds)
        ]
    )
    seconds = time.process_time() - began
    logarithms = np.log(assisted / plain)
    error = logarithms.std(ddof=1) / np.sqrt(seeds) * student.ppf(0.975, seeds - 1)
    middle, low, high = (
        float(1 - np.exp(logarithms.mean() + shift)) for shift in (0.0, error, -error)
    )
    return Row(
        f"{task.name}, evaluations",
        float(np.median(assisted)),
        float(np.median(plain)),
        1 / (1 - middle),
        {
            "share saved": middle,
            "at least": low,
            "at most": high,
            "not reached": float((assisted >= task.most).sum()),
            "not reached without": float((plain >= task.most).sum()),
        },
        None,
        {"seeds": seeds, "ms an evaluation": seconds / assisted.sum() * 1e3},
    )


def _calibration(kind: str, repeats: int) -> Row:
    """On fresh genomes, which nothing was fitted to."""
    inside, left = [], []
    began = time.process_time()
    for repeat in range(repeats):
        rng = np.random.default_rng(repeat)
        X, fresh = rng.normal(size=(200, 10)), rng.normal(size=(1_000, 10))
        truth = rosenbrock(fresh)
        mean, deviation = KINDS[kind]().fit(X, rosenbrock(X), repeat).predict(fresh)
        inside.append((np.abs(truth - mean) < 2 * deviation).mean())
        left.append(((truth - mean) ** 2).mean() / truth.var())
    coverage = float(np.mean(inside))
    return Row(
        f"surrogate, {kind}: truths within two deviations, Rosenbrock-10",
        coverage,
        0.9545,
        coverage / 0.9545,
        {"calibrated": 0.9 < coverage < 0.995, "variance explained": 1 - float(np.mean(left))},
        None,
        {"examples": 200, "s a fit": (time.process_time() - began) / repeats},
    )


def _forest() -> Row:
    """Our forest beside scikit-learn's, which has no deviations."""
    rng = np.random.default_rng(1)
    X, fresh = rng.normal(size=(500, 10)), rng.normal(size=(1_000, 10))
    y, truth = rosenbrock(X), rosenbrock(fresh)
    ForestEnsemble().fit(X, y, 1).predict(fresh)

    def ours() -> Rows:
        return ForestEnsemble().fit(X, y, 1).predict(fresh).mean

    def peer() -> Rows:
        model = ExtraTreesRegressor(50, min_samples_leaf=2, random_state=1)
        return np.asarray(model.fit(X, y).predict(fresh))

    best = {}
    for name, run in (("ours", ours), ("peer", peer)):
        times = []
        for _ in range(3):
            began = time.process_time()
            predicted = run()
            times.append((time.process_time() - began) * 1e3)
        best[name] = min(times), float(1 - ((truth - predicted) ** 2).mean() / truth.var())
    (mine, explained), (theirs, peer_explained) = best["ours"], best["peer"]
    return Row(
        "surrogate, forest of 50 on 500 examples, ms to fit and ask",
        mine,
        theirs,
        theirs / mine,
        {
            "explains as much": abs(explained - peer_explained) < 0.1,
            "ours": explained,
            "scikit-learn's": peer_explained,
        },
    )
