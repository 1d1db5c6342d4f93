"""Facts as steps of a walk from entity to entity."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import FactError, whole
from swarm.memory.facts.facts import Facts

Direction = Literal["out", "in", "both"]


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
) -> Steps:
    """Return the steps that the facts of a memory allow, by id; arguments as `paths` has them.

    Raises:
        FactError: for unknown relations, or another direction than "out", "in" and "both".
    """
    if direction not in ("out", "in", "both"):
        raise FactError(f"direction must be 'out', 'in' or 'both'; got {direction!r}.")
    ids = facts.match(min_confidence=min_confidence, as_of=as_of, valid_at=valid_at, before=before)
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
