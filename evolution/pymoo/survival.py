"""Survivors by NSGA-II, NSGA-III and SPEA2 as pymoo's ``Survival``; see `evolution.pareto`.

As in pymoo, who breaks constraints survives only where those who do not leave room, those who
break them least first. A NaN objective ranks behind all others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pymoo.core.survival import Survival

from evolution.pareto import (
    ReferenceSurvival,
    best_rows,
    crowding_distance,
    pareto_ranks,
)
from evolution.pareto.strength import spea2_survivors
from evolution.pymoo.columns import objectives, remember


class RankAndCrowding(Survival):  # type: ignore[misc]
    """NSGA-II: takes the place of ``pymoo.operators.survival.rank_and_crowding.RankAndCrowding``.

    Survivors come best first and remember their ``rank`` and ``crowding``. Of the equally crowded
    the first survive, where pymoo draws.
    """

    def __init__(self) -> None:
        super().__init__(filter_infeasible=True)

    def _do(
        self, problem: Any, pop: Any, *args: Any, n_survive: int | None = None, **kwargs: Any
    ) -> Any:
        F = objectives(pop)
        ranks = pareto_ranks(F)
        crowding = crowding_distance(F, ranks)
        rows = best_rows(ranks, crowding, len(pop) if n_survive is None else n_survive)
        survivors = pop[rows]
        remember(survivors, rank=ranks[rows], crowding=crowding[rows])
        return survivors


class ReferenceDirectionSurvival(Survival):  # type: ignore[misc]
    """NSGA-III: takes the place of ``pymoo.algorithms.moo.nsga3.ReferenceDirectionSurvival``.

    ``NSGA3(ref_dirs, survival=ReferenceDirectionSurvival(ref_dirs))``. Survivors remember their
    ``rank``, ``niche`` and ``dist_to_niche``; ``opt`` are those of the first front that are
    nearest to their direction.
    """

    def __init__(self, ref_dirs: npt.ArrayLike) -> None:
        super().__init__(filter_infeasible=True)
        self.ref_dirs = np.asarray(ref_dirs, np.float64)
        self.niching = ReferenceSurvival(self.ref_dirs)
        self.opt: Any = None

    def _do(
        self,
        problem: Any,
        pop: Any,
        *args: Any,
        n_survive: int | None = None,
        random_state: Any = None,
        **kwargs: Any,
    ) -> Any:
        k = len(pop) if n_survive is None else n_survive
        survivors = pop[self.niching.select(objectives(pop), k, random_state)]
        ranks, niches, distances = self.niching.ranks, self.niching.niches, self.niching.distances
        remember(survivors, rank=ranks, niche=niches, dist_to_niche=distances)
        # Each niche by distance: its first is the nearest.
        order = np.lexsort((distances, niches))
        nearest = order[np.r_[True, np.diff(niches[order]) > 0]]
        best = nearest[ranks[nearest] == 0]
        self.opt = survivors[best if len(best) else ranks == 0]
        return survivors


class SPEA2Survival(Survival):  # type: ignore[misc]
    """SPEA2: takes the place of ``pymoo.algorithms.moo.spea2.SPEA2Survival``.

    ``SPEA2(pop_size=100, survival=SPEA2Survival())``. Survivors remember their ``SPEA_F``. The
    distances are between the objectives as they are, as with pymoo's ``normalize=False``.
    """

    def __init__(self) -> None:
        super().__init__(filter_infeasible=True)

    def _do(
        self, problem: Any, pop: Any, *args: Any, n_survive: int | None = None, **kwargs: Any
    ) -> Any:
        k = len(pop) if n_survive is None else n_survive
        rows, fitness = spea2_survivors(objectives(pop), k)
        survivors = pop[rows]
        remember(survivors, SPEA_F=fitness)
        return survivors
