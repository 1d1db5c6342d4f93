"""Accuracy against compute: what an answer of each kind costs, and what the living do for less.

A world ends with agents of all prices. Those whom nobody alive beats in validation credit
without costing more are its front; only they are asked the held-out queries, to report on them.
For any budget, the agent to send is the one on the front that validates best among those who
can be paid: that is chosen on validation too, so it can be set beside any rival at its own price.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from experiments.reasoning.baselines import Exam, answer_all, examine_strategies
from swarm.genes import decode
from swarm.reasoning import Problem
from swarm.world import World

Point = Mapping[str, float]


def living_front(
    world: World, problem: Problem, held_out: Callable[[], Exam]
) -> list[dict[str, float]]:
    """The front of those alive, cheapest first.

    Returns:
        For each agent on it `cost` (mean compute units a validation query), `valid` (mean
        validation credit) and the figures of the held-out exam.
    """
    living = decode(world.genes)
    credit, cost = examine_strategies(
        living, Exam(problem.table, problem.referee), problem.faculties
    )
    rows = undominated(cost, credit)
    exam, figures = held_out(), []
    for _, answers in answer_all(living.take(rows), exam.table, problem.faculties):
        for scores in answers.scores.reshape(-1, *exam.table.block.open.shape):
            figures.append(exam.figures(scores))
    return [
        {"cost": float(cost[row]), "valid": float(credit[row]), **figure}
        for row, figure in zip(rows, figures, strict=True)
    ]


def undominated(cost: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Rows int64[n] that no other beats in value float[N] at no more cost float[N].

    Cheapest first; of equals the first is kept. O(N log N).
    """
    order = np.lexsort((np.arange(len(cost)), -value, cost))
    above = np.concatenate([[-np.inf], np.maximum.accumulate(value[order])[:-1]])
    return order[value[order] > above]


def affordable(front: Sequence[Point], budget: float) -> Point | None:
    """The point that validates best among those that cost no more than a budget."""
    paid = [point for point in front if point["cost"] <= budget]
    return max(paid, key=lambda point: point["valid"], default=None)


def prices(
    fronts: Sequence[Sequence[Point]], rows: Mapping[str, Any], figure: str
) -> list[dict[str, Any]]:
    """Each rival beside the agents of its price, cheapest first.

    Args:
        fronts: the front of each run.
        rows: name to figures over the runs, as `benchmarks.summary` has them.
        figure: which figure is compared.

    Returns:
        Dictionaries of name, the rival's `cost` and figure (means over runs), and `evolved` and
        `paid`, the figure and cost of the agent to send for that price in each run. A run in
        which nobody is as cheap leaves both empty.
    """
    found = []
    for name, row in rows.items():
        if "cost" not in row:
            continue
        budgets = row["cost"]["values"]
        sent = [affordable(front, budget) for front, budget in zip(fronts, budgets, strict=True)]
        points = [point for point in sent if point is not None]
        whole = points if len(points) == len(fronts) else []
        found.append(
            {
                "name": name,
                "cost": row["cost"]["mean"],
                figure: row[figure]["mean"],
                "evolved": [point[figure] for point in whole],
                "paid": [point["cost"] for point in whole],
            }
        )
    return sorted(found, key=lambda each: each["cost"])
