"""Facts as steps of a walk from entity to entity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import FactError, different, whole
from swarm.memory.facts.facts import Facts
from swarm.memory.facts.hops import Direction
from swarm.memory.facts.queries import Conditions

_NEAR_MAX = 0.25
"""Share of the facts: to look up more of them takes longer than to look at all."""


class Steps(NamedTuple):
    """Steps from `start` to `stop`, with the fact that allows each, and its weight.

    A weight is confidence times credence. A fact that may be walked either way is two steps.
    """

    fact: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    weight: NDArray[np.float64]

    def only(self, kept: NDArray) -> Steps:
        """Return some of the steps: bool[steps] or places."""
        return Steps(*(column[kept] for column in self))


def chosen_steps(
    facts: Facts,
    relations: ArrayLike | None,
    min_confidence: float,
    direction: Direction,
    as_of: int | None,
    valid_at: int | None,
    before: int | None,
    near: tuple[int, int, int] | None = None,
) -> Steps:
    """Return the steps that the facts of a memory allow, by id; arguments as `paths` has them.

    Args:
        near: a source, a target and a number of steps: no others than those of walks from one to
            the other in so many steps are needed.

    Raises:
        FactError: for unknown relations, or another direction than "out", "in" and "both".
    """
    if direction not in ("out", "in", "both"):
        raise FactError(f"direction must be 'out', 'in' or 'both'; got {direction!r}.")
    conditions: Conditions = {
        "min_confidence": min_confidence,
        "as_of": as_of,
        "valid_at": valid_at,
        "before": before,
    }
    found = None if near is None else _near(facts, *near, direction, conditions)
    ids = facts.match(**conditions) if found is None else found
    columns = facts.columns()
    if relations is not None:
        allowed = whole("relations", relations, 0, facts.relations - 1)
        ids = ids[np.isin(columns["relation"][ids], allowed)]
    tail, head = (columns[name][ids].astype(np.int64) for name in ("subject", "object"))
    weight = columns["confidence"][ids].astype(np.float64) * columns["credence"][ids]
    if direction == "out":
        return Steps(ids, tail, head, weight)
    if direction == "in":
        return Steps(ids, head, tail, weight)
    ends = np.column_stack((tail, head))
    return Steps(np.repeat(ids, 2), ends.ravel(), ends[:, ::-1].ravel(), np.repeat(weight, 2))


def _near(
    facts: Facts, source: int, target: int, length: int, direction: Direction, asked: Conditions
) -> NDArray[np.int64] | None:
    """The facts of all walks of up to `length` steps, and others; None if that is much of memory.

    The first half of a walk is near its source, and the second half near its target.
    """
    against: Direction = {"out": "in", "in": "out", "both": "both"}[direction]  # type: ignore
    found, size = [np.empty(0, np.int64)], 0
    halves = (source, direction, (length + 1) // 2), (target, against, length // 2)
    for end, towards, steps in halves:
        reached = frontier = np.array([end])
        for _ in range(steps):
            _, others, ids = facts.neighbours(frontier, direction=towards, **asked)
            found.append(ids)
            size += ids.size
            if size > _NEAR_MAX * len(facts):
                return None
            frontier = np.setdiff1d(others, reached)
            reached = np.concatenate((reached, frontier))
    return different(np.concatenate(found))
