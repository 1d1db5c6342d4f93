"""The loop around a search: ask, evaluate, tell, on one core or on several.

Guarantee: where ``evaluate`` looks at each genome alone, the result is the same, to the bit, for
any number of workers. If ``evaluate`` fails, its error comes out and the search still waits for
the objectives of what it asked.
"""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from evolution.genomes.spec import Genomes
from evolution.search import AskTellError, Representation, Search

Told = npt.ArrayLike | tuple[npt.ArrayLike, npt.ArrayLike]
Evaluate = Callable[[Genomes], Told]
AnySearch = TypeVar("AnySearch", bound=Search)


def evolve(
    search: AnySearch,
    evaluate: Evaluate,
    generations: int,
    *,
    workers: int = 1,
    pool: Executor | None = None,
    observe: Callable[[AnySearch], object] | None = None,
) -> AnySearch:
    """Let a search live for so many generations; returns the same search.

    Args:
        search: any `Search`; one that waits for objectives goes on from there.
        evaluate: genomes to objectives ``[n]`` or ``[n, M]``, minimised, or to a pair of them and
            measures ``[n, K]``. With several workers a function at the top of a module, which gets
            parts of a generation.
        generations: how many more.
        workers: processes that evaluate; 1 evaluates here.
        pool: an executor of your own that evaluates in as many parts as there are ``workers``;
            without one, processes are started, and ended with the last generation.
        observe: called with the search after each generation; it may raise to stop.

    >>> search = evolve(GeneticAlgorithm(spec, 100, rng=1), sphere, 200, workers=4)
    """
    with workers_for(evaluate, workers, pool) as executor:
        for _ in range(generations):
            genomes = search.asked if search.asked is not None else search.ask()
            if executor is None:
                told = evaluate(search.spec.take(genomes, slice(None)))
            else:
                told = _shared_out(executor, workers, evaluate, search.spec, genomes)
            _tell(search, told)
            if observe is not None:
                observe(search)
    return search


def advance(search: Search, evaluate: Evaluate, generations: int) -> Search:
    """`evolve` on one core, in the form that a worker takes."""
    return evolve(search, evaluate, generations)


@contextmanager
def workers_for(
    task: object, workers: int, pool: Executor | None = None
) -> Iterator[Executor | None]:
    """The pool, or one of this many processes that can run the task, or None for one worker."""
    if workers < 1:
        raise AskTellError(f"workers is {workers}; at least 1, e.g. os.cpu_count()")
    if workers == 1 or pool is not None:
        yield pool
        return
    try:
        pickle.dumps(task)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise AskTellError(
            f"{task!r} cannot be sent to {workers} workers ({error}); define it with def at the "
            "top of a module, not as a lambda or inside another function, or use workers=1"
        ) from error
    # Forking would copy the locks of the compiled code's threads in whatever state they are.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as processes:
        yield processes


def _shared_out(
    pool: Executor,
    workers: int,
    evaluate: Evaluate,
    spec: Representation,
    genomes: Genomes,
) -> Told:
    """Evaluate consecutive parts of a generation side by side, and put them together in order."""
    n = spec.count(genomes)
    parts = [
        spec.take(genomes, rows) for rows in np.array_split(np.arange(n), workers) if len(rows)
    ]
    told = list(pool.map(evaluate, parts))
    if isinstance(told[0], tuple):
        objectives, measures = zip(*told, strict=True)
        return np.concatenate(objectives), np.concatenate(measures)
    return np.concatenate([np.asarray(part) for part in told])


def _tell(search: Search, told: Told) -> None:
    if isinstance(told, tuple):
        search.tell(*told)
    else:
        search.tell(told)
