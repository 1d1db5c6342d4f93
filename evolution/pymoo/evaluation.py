"""pymoo's evaluator without a call per individual and attribute."""

from __future__ import annotations

from typing import Any

import numpy as np
from pymoo.core.evaluator import Evaluator

from evolution.pymoo.columns import allow, rows_apart, variables
from evolution.variation import Column


class ColumnEvaluator(Evaluator):  # type: ignore[misc]
    """Takes the place of ``pymoo.core.evaluator.Evaluator`` where variables are numbers."""

    def values(
        self, problem: Any, X: Column, values_of: list[str], **kwargs: Any
    ) -> dict[str, Column]:
        """What the problem says of these variables ``[n, n_var]``, counted as evaluations."""
        self.n_eval += len(X)
        return self._told(problem, X, values_of, **kwargs)

    def _told(
        self, problem: Any, X: Column, values_of: list[str], **kwargs: Any
    ) -> dict[str, Column]:
        told: dict[str, Column] = problem.evaluate(
            X, return_values_of=values_of, return_as_dictionary=True, **kwargs
        )
        return told

    def _eval(self, problem: Any, pop: Any, evaluate_values_of: list[str], **kwargs: Any) -> None:
        told = self._told(problem, variables(pop), evaluate_values_of, **kwargs)
        for name, values in told.items():
            # Constraints that a problem does not have are as they were: none.
            if np.size(values):
                for individual, row in zip(pop, rows_apart(values), strict=True):
                    individual.set(name, row)
        for individual in pop:
            individual.evaluated.update(told)
        if not problem.has_constraints():
            allow(pop)
