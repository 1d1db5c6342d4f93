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
from evolution.search import AskTellError, ObjectiveError, Representation, Search

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
        evaluate: all genomes at once to objectives ``[n]`` or ``[n, M]``, minimised (return minus
            what is to be maximised), or to a pair of them and measures ``[n, K]``. With several
            workers a function at the top of a module, which gets parts of a generation.
        generations: how many more.
        workers: processes that evaluate; 1 evaluates here.
        pool: an executor of your own that evaluates in as many parts as there are ``workers``;
            without one, processes are started, and ended with the last generation.
        observe: called with the search after each generation; it may raise to stop.

    >>> search = evolve(GeneticAlgorithm(spec, 100, rng=1), sphere, 200, workers=4)
    """
    check_generations(generations)
    with workers_for(evaluate, workers, pool) as executor:
        for _ in range(generations):
            genomes = search.asked if search.asked is not None else search.ask()
            if executor is None:
                search.tell(*_pair(evaluate(search.spec.take(genomes, slice(None)))))
            else:
                search.tell(*_shared_out(executor, workers, evaluate, search.spec, genomes))
            if observe is not None:
                observe(search)
    return search


def advance(search: Search, evaluate: Evaluate, generations: int) -> Search:
    """`evolve` on one core, in the form that a worker takes."""
    return evolve(search, evaluate, generations)


def check_generations(generations: int) -> None:
    """Raise `AskTellError` unless this is a number of generations."""
    if generations < 0:
        raise AskTellError(f"generations is {generations}; at least 0, how many more, e.g. 100")


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
) -> tuple[npt.ArrayLike, npt.ArrayLike | None]:
    """Evaluate consecutive parts of a generation side by side, and put them together in order."""
    n = spec.count(genomes)
    parts = [
        spec.take(genomes, rows) for rows in np.array_split(np.arange(n), workers) if len(rows)
    ]
    told = [_pair(each) for each in pool.map(evaluate, parts)]
    for part, pair in zip(parts, told, strict=True):
        for rows in pair:
            if rows is not None and np.shape(rows)[:1] != (spec.count(part),):
                raise ObjectiveError(
                    f"evaluate(genomes) gave {list(np.shape(rows))} for a part of "
                    f"{spec.count(part)} genomes; expected a row per genome: [n], [n, M] or a pair"
                )
    objectives = np.concatenate([np.asarray(each) for each, _ in told])
    measures = [np.asarray(each) for _, each in told if each is not None]
    return objectives, np.concatenate(measures) if measures else None


def _pair(told: Told) -> tuple[npt.ArrayLike, npt.ArrayLike | None]:
    """Objectives, and measures if there are any."""
    if not isinstance(told, tuple):
        return told, None
    if len(told) != 2:
        raise ObjectiveError(
            f"evaluate(genomes) gave a tuple of {len(told)}; expected an array of objectives [n] "
            "or [n, M], or a pair of it and measures [n, K]"
        )
    objectives, measures = told
    return objectives, measures
