"""Any search as an algorithm of pymoo, for ``pymoo.optimize.minimize``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pymoo.core.algorithm import Algorithm
from pymoo.util.display.multi import MultiObjectiveOutput

from evolution.genomes import GenomeSpec, Integer, Real
from evolution.pareto import pareto_ranks
from evolution.pymoo.columns import allow, bounds, objectives, population_of, rows_apart
from evolution.pymoo.evaluation import ColumnEvaluator
from evolution.search import AskTellError, Evaluated, Search, failed
from evolution.variation import VariationError


class SearchAlgorithm(Algorithm):  # type: ignore[misc]
    """Any `evolution.Search` as an algorithm of pymoo, for problems without constraints.

    >>> make = partial(evolution.NSGA2, population=100)
    >>> minimize(problem, SearchAlgorithm(make), ("n_gen", 200), seed=1)

    ``make(spec, rng=rng)`` gives the search, where the spec has one locus, ``"x"``: the variables,
    `Real` between the problem's bounds, or `Integer` if its ``vtype`` is int. While it runs and
    afterwards, ``search`` is the search, ``pop`` its residents, and ``opt`` those that nobody
    dominates. Both are made of arrays when they are looked at, which a run need not do.
    """

    is_initialized: bool

    def __init__(self, make: Callable[..., Search], output: Any = None, **arguments: Any) -> None:
        self._pop: Any = None
        self._opt: Any = None
        self.make = make
        self.search: Search | None = None
        arguments = {"evaluator": ColumnEvaluator()} | arguments
        super().__init__(output=output or MultiObjectiveOutput(), **arguments)

    @property
    def pop(self) -> Any:
        """The residents of the search, as a population."""
        if self._pop is None and self.search is not None and self.search.generation:
            self._pop = _population(self.search.residents)
        return self._pop

    @pop.setter
    def pop(self, population: Any) -> None:
        self._pop = population

    @property
    def opt(self) -> Any:
        """Those of the residents that nobody dominates; of a single objective, the best one."""
        if self._opt is None and self.pop is not None and len(self.pop):
            F = objectives(self.pop)
            best = np.flatnonzero((pareto_ranks(F) == 0) & ~failed(F))
            self._opt = self.pop[best if F.shape[1] > 1 else best[:1]]
        return self._opt

    @opt.setter
    def opt(self, optimum: Any) -> None:
        self._opt = optimum

    def next(self) -> None:
        """A generation, with no individual of pymoo where nobody looks at one."""
        if self._is_watched:
            super().next()
            return
        if not self.is_initialized:
            self._initialize()
            self.is_initialized = True
        X = self._running.ask()["x"]
        told = self.evaluator.values(self.problem, X, ["F"], algorithm=self)
        self._learn(told["F"])
        self._post_advance()
        if self.termination.has_terminated():
            self.finalize()

    @property
    def _is_watched(self) -> bool:
        """Whether somebody wants each individual that is evaluated."""
        evaluator = self.evaluator
        plain = type(evaluator) is ColumnEvaluator and evaluator.callback is None
        return not plain or self.archive is not None

    def _setup(self, problem: Any, **kwargs: Any) -> None:
        if problem.has_constraints():
            raise AskTellError(
                f"{problem.name()} has constraints, which a search does not know: put how much "
                "they are broken into the objectives, or use evolution.pymoo.NSGA2"
            )
        if problem.vtype is bool:
            raise VariationError(
                f"{problem.name()} has variables that are true or false; SearchAlgorithm knows "
                "real and whole ones: vtype=float, or vtype=int with xl=0 and xu=1"
            )
        low, high = (tuple(bound.tolist()) for bound in bounds(problem))
        locus: Real | Integer = Real(problem.n_var, low, high)
        if problem.vtype is int:
            locus = Integer(problem.n_var, tuple(map(int, low)), tuple(map(int, high)))
        self.search = self.make(GenomeSpec({"x": locus}), rng=self.random_state)

    def _initialize_infill(self) -> Any:
        return self._infill()

    def _infill(self) -> Any:
        return population_of(self._running.ask()["x"])

    def _initialize_advance(self, infills: Any = None, **kwargs: Any) -> None:
        self._advance(infills)

    def _advance(self, infills: Any = None, **kwargs: Any) -> None:
        if infills is None:
            raise AskTellError("advance(infills): infills are what the last infill() returned")
        self._learn(objectives(infills))

    def _learn(self, F: Any) -> None:
        self._running.tell(F)
        self._pop = self._opt = None

    def _set_optimum(self) -> None:
        self._opt = None

    @property
    def _running(self) -> Search:
        if self.search is None:
            raise AskTellError("no problem yet: algorithm.setup(problem, seed=1) first")
        return self.search


def _population(residents: Evaluated) -> Any:
    population = population_of(residents.genomes["x"])
    allow(population)
    for individual, row in zip(population, rows_apart(residents.objectives), strict=True):
        individual.F, individual.evaluated = row, {"F", "G", "H"}
    return population
