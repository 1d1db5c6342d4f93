"""NSGA-II of our parts, for ``pymoo.optimize.minimize``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymoo.algorithms.moo.nsga2

from evolution.pymoo.duplicates import ExactDuplicateElimination
from evolution.pymoo.evaluation import ColumnEvaluator
from evolution.pymoo.mating import ColumnMating
from evolution.pymoo.operators import PM, SBX
from evolution.pymoo.selection import BinaryTournament
from evolution.pymoo.survival import RankAndCrowding
from evolution.variation import VariationError


class NSGA2(pymoo.algorithms.moo.nsga2.NSGA2):  # type: ignore[misc]
    """Takes the place of ``pymoo.algorithms.moo.nsga2.NSGA2``, with all of its arguments.

    Constraints, callbacks, sampling and operators of one's own work as in pymoo.
    """

    mating: Any

    def __init__(self, pop_size: int = 100, **arguments: Any) -> None:
        ours = {
            "selection": BinaryTournament(),
            "crossover": SBX(eta=15, prob=0.9),
            "mutation": PM(eta=20),
            "survival": RankAndCrowding(),
            "eliminate_duplicates": ExactDuplicateElimination(),
            "evaluator": ColumnEvaluator(),
        }
        if arguments.get("eliminate_duplicates") is True:
            del arguments["eliminate_duplicates"]
        super().__init__(pop_size=pop_size, **ours | arguments)
        if arguments.get("mating") is None:
            theirs = self.mating
            self.mating = ColumnMating(
                theirs.selection,
                theirs.crossover,
                theirs.mutation,
                repair=theirs.repair,
                eliminate_duplicates=theirs.eliminate_duplicates,
                n_max_iterations=theirs.n_max_iterations,
            )

    def _setup(self, problem: Any, **kwargs: Any) -> None:
        if getattr(problem, "vars", None) and isinstance(self.mating, ColumnMating):
            raise VariationError(
                f"{type(problem).__name__} has variables of several kinds, which are no columns of "
                "numbers; give mating=MixedVariableMating(...) and its sampling, as in pymoo, or "
                "take evolution.NSGA2 over a GenomeSpec of such loci"
            )
        super()._setup(problem, **kwargs)

    def _set_optimum(self, **kwargs: Any) -> None:
        if self.problem.has_constraints():
            super()._set_optimum(**kwargs)
        else:
            ranks = np.array([individual.data.get("rank") for individual in self.pop])
            self.opt = self.pop[ranks == 0]
