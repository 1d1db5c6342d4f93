"""The division-of-labour index: how much knowing the worker tells about the task.

Gorelick, Bertram, Killeen & Fewell 2004, "Normalized mutual entropy in biology: quantifying
division of labor", American Naturalist 164:677–682. A matrix holds how much each individual did
of each task. The mutual information of individual and task, divided by the entropy of either, or
by the geometric mean of both, lies in 0..1 whatever the numbers of individuals and tasks.

Guarantees: the index depends neither on the unit of time, nor on the order of individuals or
tasks, nor on individuals and tasks that nothing was done by or of; it is nan, never 0, where it
is undefined: without work, or where there is only one task (or individual) to tell.

Little work looks divided: of ten acts by ten individuals none is done by the same one twice, and
the index is 1. `division_against_chance` tells how much that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.chance import seed_from, seeded, shuffle
from swarm.emergence.against_chance import AgainstChance, check_draws
from swarm.emergence.contingency import TableError, check_table, information

Normalisation = Literal["by_task", "by_individual", "symmetric"]


@dataclass(frozen=True)
class DivisionOfLabour:
    """Division of labour in a colony; each index lies in 0..1, or is nan if undefined.

    Attributes:
        by_task: I/H(task), how well the individual tells the task: 1 if everybody has one task
            only, 0 if all divide their work alike. This is the specialisation of individuals.
        by_individual: I/H(individual), how well the task tells the individual: 1 if every task
            is one individual's; with n individuals and m < n tasks of equal share at most
            log m / log n.
        symmetric: I/√(H(individual)·H(task)).
        information: I, bits.
        individuals, tasks: entropies H, bits.
    """

    by_task: float
    by_individual: float
    symmetric: float
    information: float
    individuals: float
    tasks: float


def division_of_labour(work: ArrayLike) -> DivisionOfLabour:
    """Measure division of labour.

    Args:
        work: int or float[individuals, tasks] ≥ 0, times or numbers of acts.

    Raises:
        TableError: for another shape, or values below 0 or not finite.
    """
    bits = information(work)
    both = np.sqrt(bits.rows * bits.columns)
    return DivisionOfLabour(
        by_task=_share(bits.mutual, bits.columns),
        by_individual=_share(bits.mutual, bits.rows),
        symmetric=_share(bits.mutual, float(both)),
        information=bits.mutual,
        individuals=bits.rows,
        tasks=bits.columns,
    )


def division_against_chance(
    acts: ArrayLike,
    rng: np.random.Generator,
    draws: int = 200,
    index: Normalisation = "by_task",
) -> AgainstChance:
    """Compare the index with what it is when who performs an act is permuted over all acts.

    Every surrogate keeps how many acts each individual performed, and how many each task took;
    only who did what is left to chance. Costs O(draws · acts).

    The acts have to be free to be permuted. Ticks of work are not, where a task that was begun is
    gone on with: pass how often each was *taken up*, or stickiness looks like specialisation.

    Args:
        acts: int[individuals, tasks] ≥ 0, numbers of acts.
        rng: draws the surrogates.
        draws: how many, ≥ 2.
        index: which of the indices of `DivisionOfLabour`.

    Returns:
        The comparison; its statistics are nan where the index is undefined.

    Raises:
        TableError: for another shape, numbers below 0, or numbers that are not whole.
        ValueError: for an unknown index, or draws < 2 or not whole.
    """
    if index not in get_args(Normalisation):
        known = ", ".join(get_args(Normalisation))
        raise ValueError(f"index must be one of {known}; got {index!r}")
    check_draws(draws)
    counts = _check_acts(acts)
    observed = getattr(division_of_labour(counts), index)
    if np.isnan(observed):
        return AgainstChance.of(np.nan, np.full(draws, np.nan))
    tables = _tables_alike(counts, draws, seed_from(rng))
    return AgainstChance.of(
        observed, [getattr(division_of_labour(table), index) for table in tables]
    )


@njit(cache=True, nogil=True)
def _tables_alike(counts: NDArray[np.int64], draws: int, seed: int) -> NDArray[np.int64]:
    """int64[draws, n, m], tables with the same sums: every act is dealt to some performer."""
    individuals, tasks = counts.shape
    acts = np.repeat(np.arange(tasks), counts.sum(axis=0))
    number = counts.sum(axis=1)
    stream = seeded(seed)
    alike = np.zeros((draws, individuals, tasks), np.int64)
    for table in alike:
        shuffle(acts, stream)
        act = 0
        for i in range(individuals):
            for _ in range(number[i]):
                table[i, acts[act]] += 1
                act += 1
    return alike


def _check_acts(acts: ArrayLike) -> NDArray[np.int64]:
    counts = check_table(acts)
    if (counts != np.floor(counts)).any():
        raise TableError(
            "who performed an act can only be permuted over whole acts, such as [[5, 0], [1, 4]]; "
            f"got {counts[counts != np.floor(counts)][0]}. Count how often each task was taken up"
        )
    return counts.astype(np.int64)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan
