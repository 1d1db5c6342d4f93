"""Mating of our parts on arrays, with one population at the end instead of one at each step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pymoo.core.mating import Mating
from pymoo.core.population import Population
from pymoo.core.repair import NoRepair

from evolution.pymoo.columns import population_of, variables
from evolution.pymoo.duplicates import ExactDuplicateElimination, first_of_their_kind, keys_of
from evolution.pymoo.operators import PM, SBX
from evolution.pymoo.selection import BinaryTournament


class ColumnMating(Mating):  # type: ignore[misc]
    """Takes the place of ``pymoo.core.mating.Mating``: the same children, from the same draws.

    Where a part is not ours, or repairs or rounds its children, it is pymoo's own mating.
    """

    def do(
        self,
        problem: Any,
        pop: Any,
        n_offsprings: int,
        random_state: Any = None,
        n_max_iterations: int | None = None,
        algorithm: Any = None,
        **kwargs: Any,
    ) -> Any:
        """A population of as many children that are no duplicates, or fewer after many tries."""
        tries = self.n_max_iterations if n_max_iterations is None else n_max_iterations
        if not self._is_ours or kwargs:
            kwargs |= {"n_max_iterations": tries, "algorithm": algorithm}
            return super().do(problem, pop, n_offsprings, random_state=random_state, **kwargs)
        X = variables(pop)
        standing = self.selection.standing(problem, pop, algorithm)
        seen = set(keys_of(X))
        found = np.empty((0, X.shape[1]))
        for _ in range(tries):
            matings = math.ceil((n_offsprings - len(found)) / self.crossover.n_offsprings)
            first, second = standing.winners(2 * matings, random_state).reshape(-1, 2).T
            children = self.crossover.children(problem, X[first], X[second], random_state)
            mutated, rows = self.mutation.mutants(problem, children, random_state)
            children[mutated] = rows
            found = np.concatenate([found, children[first_of_their_kind(children, seen)]])
            if len(found) >= n_offsprings:
                break
        return population_of(found[:n_offsprings]) if len(found) else Population.create()

    @property
    def _is_ours(self) -> bool:
        parts = self.selection, self.crossover, self.mutation, self.eliminate_duplicates
        ours = BinaryTournament, SBX, PM, ExactDuplicateElimination
        return (
            tuple(map(type, parts)) == ours
            and type(self.repair) is NoRepair
            and all(part.repair is None and part.vtype is None for part in parts[:3])
            and self.eliminate_duplicates.func is variables
            and not self.mutation.at_least_once
        )
