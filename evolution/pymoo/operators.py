"""pymoo's simulated binary crossover and polynomial mutation on columns.

Arguments and distributions are those of ``pymoo.operators``: Deb & Agrawal 1995, Deb & Goyal 1996.
They draw from the ``random_state`` that pymoo hands them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymoo.operators.crossover.sbx
import pymoo.operators.mutation.pm
from pymoo.core.variable import get
from pymoo.util import default_random_state

from evolution.chance import stream_of
from evolution.pymoo.columns import bounds, population_of, rows_apart, variables
from evolution.search import Floats, Integers
from evolution.variation import Column
from evolution.variation.pairs import mate_rows, mutate_rows


class SBX(pymoo.operators.crossover.sbx.SBX):  # type: ignore[misc]
    """Takes the place of ``pymoo.operators.crossover.sbx.SBX``."""

    @default_random_state
    def do(
        self,
        problem: Any,
        pop: Any,
        parents: Any = None,
        *args: Any,
        random_state: np.random.Generator,
        **kwargs: Any,
    ) -> Any:
        """A population of children of the matings ``pop[n, 2]``, or of ``pop[parents]``."""
        matings = np.asarray(pop if parents is None else pop[np.asarray(parents)], dtype=object)
        first, second = (variables(side) for side in matings.T)
        return population_of(self.children(problem, first, second, random_state))

    def children(
        self, problem: Any, mothers: Column, fathers: Column, rng: np.random.Generator
    ) -> Floats:
        """The children of pairs of rows ``[n, n_var]``: all first ones, then all second ones."""
        first, second = mothers.astype(np.float64), fathers.astype(np.float64)
        n = len(first)
        crossed = np.flatnonzero(rng.random(n) < get(self.prob))
        pair = first[crossed], second[crossed]
        may_exchange = rng.random(len(crossed)) <= get(self.prob_exch)
        exchange = np.where(may_exchange, get(self.prob_bin), 0.0)
        if len(crossed):
            eta, share = float(get(self.eta)), float(get(self.prob_var))
            mate_rows(*pair, *bounds(problem), eta, share, exchange, stream_of(rng))
        first[crossed], second[crossed] = pair
        if self.n_offsprings == 1:
            return np.where(rng.random((n, 1)) < 0.5, second, first)
        return np.concatenate([first, second])


class PM(pymoo.operators.mutation.pm.PM):  # type: ignore[misc]
    """Takes the place of ``pymoo.operators.mutation.pm.PM``."""

    @default_random_state
    def do(
        self,
        problem: Any,
        pop: Any,
        inplace: bool = True,
        *args: Any,
        random_state: np.random.Generator,
        **kwargs: Any,
    ) -> Any:
        """The population with mutated variables."""
        if self.at_least_once or not inplace:
            return super().do(problem, pop, inplace, *args, random_state=random_state, **kwargs)
        mutated, rows = self.mutants(problem, variables(pop), random_state)
        for individual, row in zip(pop[mutated], rows_apart(rows), strict=True):
            individual.X = row
        return pop

    def mutants(self, problem: Any, X: Column, rng: np.random.Generator) -> tuple[Integers, Floats]:
        """Which rows of ``X[n, n_var]`` mutate, and what they become."""
        mutated = np.flatnonzero(rng.random(len(X)) <= get(self.prob))
        rows = X[mutated].astype(np.float64)
        if len(mutated):
            eta, rate = float(get(self.eta)), float(self.get_prob_var(problem))
            mutate_rows(rows, *bounds(problem), eta, rate, stream_of(rng))
        return mutated, rows
