"""How often an answer is already known, and how strongly: the measure of novelty.

A query is (source, relation) with relations 0..2R−1, where relation + R asks in the inverse
direction; every entity is a candidate answer. The tally counts, for each query and answer, the
findings that say so and adds up their confidences. It is derived: absorbing the same findings
gives the same bits however they were batched, so it is rebuilt and not saved.

`surprisal` is self-information (Shannon 1948) under Laplace's rule of succession.
"""

from typing import TypeVar

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.memory.findings import Findings

Scalar = TypeVar("Scalar", bound=np.generic)

CELLS_MAX = 200_000_000
_BYTES_A_CELL = 8


class TallyError(ValueError):
    """Queries, counts or findings that do not fit the tally."""


class MemoryLimitError(ValueError):
    """A dense tally would be too large for memory."""


class Tally:
    """Dense counts and summed confidences of what a prefix of the findings says.

    Attributes:
        count: int32[2R, E, E], read-only: `count[relation, source, answer]` findings say so.
        weight: float32[2R, E, E], read-only: the sum of their confidences.
        absorbed: how many findings have been absorbed: ids 0..absorbed−1.

    Raises:
        MemoryLimitError: for more than `CELLS_MAX` cells (8 bytes each).
    """

    def __init__(self, entities: int, relations: int) -> None:
        if entities < 1 or relations < 1:
            raise TallyError(
                "a tally needs 1 or more entities and relations, such as "
                f"Tally(entities=135, relations=46); got {entities} and {relations}."
            )
        cells = 2 * relations * entities**2
        if cells > CELLS_MAX:
            raise MemoryLimitError(
                f"2 × {relations} relations × {entities}² entities = {cells:,} cells "
                f"({cells * _BYTES_A_CELL / 2**30:.1f} GiB), but a dense tally holds at most "
                f"{CELLS_MAX:,} ({CELLS_MAX * _BYTES_A_CELL / 2**30:.1f} GiB). Use fewer entities, "
                "or look findings up one query at a time: Findings.lookup."
            )
        self.entities = entities
        self.relations = relations
        self.absorbed = 0
        self._count = np.zeros((2 * relations, entities, entities), np.int32)
        self._weight = np.zeros((2 * relations, entities, entities), np.float32)
        self.count = _read_only(self._count)
        self.weight = _read_only(self._weight)

    def absorb(self, findings: Findings, start: int, stop: int) -> None:
        """Add the findings start..stop−1, each in both directions, in the order of their ids.

        Args:
            findings: a memory of as many entities and relations.
            start: where the last call stopped (`absorbed`), 0 at first: none twice, none left out.
            stop: start..len(findings), such as `findings.public_count(tick, embargo)`.

        Raises:
            TallyError: for another start or stop, or a memory of another size.
        """
        if (findings.entities, findings.relations) != (self.entities, self.relations):
            raise TallyError(
                f"this tally is of {self.entities} entities and {self.relations} relations; the "
                f"findings are of {findings.entities} and {findings.relations}."
            )
        if start != self.absorbed or not start <= stop <= len(findings):
            raise TallyError(
                f"the next findings to absorb start at {self.absorbed} and stop at no more than "
                f"{len(findings)}; got {start}..{stop}. To begin anew, make a new Tally."
            )
        columns = findings.columns()
        _absorb(
            columns["head"],
            columns["relation"],
            columns["tail"],
            columns["confidence"],
            start,
            stop,
            self._count,
            self._weight,
        )
        self.absorbed = stop

    def rows(
        self, source: ArrayLike, relation: ArrayLike
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return what is known about a block of Q queries.

        Args:
            source: int[Q], 0..E−1.
            relation: int[Q], 0..2R−1; R and above ask in the inverse direction.

        Returns:
            count int32[Q, E] and weight float32[Q, E] of every answer: copies.

        Raises:
            TallyError: for queries out of range.
        """
        sources, relations = np.broadcast_arrays(source, relation)
        _check_range("source", sources, self.entities)
        _check_range("relation", relations, 2 * self.relations)
        return self._count[relations, sources], self._weight[relations, sources]


def surprisal(
    count_of_answer: ArrayLike, count_of_query_total: ArrayLike, entities: int
) -> NDArray[np.float64]:
    """Return how new answers are: 1 for one never given, towards 0 for what memory always says.

    −log((c + 1) / (t + E)) / log(t + E), where c of the t findings about the query give the
    answer, out of E candidates.

    Args:
        count_of_answer: c, such as count[Q, E] of `Tally.rows`.
        count_of_query_total: t ≥ c, such as `count.sum(axis=1, keepdims=True)`; broadcast to c.
        entities: E ≥ 2.

    Returns:
        float64 in [0, 1], in the broadcast shape (zero dimensions for scalars).

    Raises:
        TallyError: for fewer than two entities, or counts outside 0 ≤ c ≤ t.
    """
    if entities < 2:
        raise TallyError(f"surprise needs 2 or more possible answers; got {entities=}.")
    count = np.asarray(count_of_answer)
    total = np.asarray(count_of_query_total)
    if (count < 0).any() or (count > total).any():
        raise TallyError(
            "the count of an answer lies in 0..the total of its query, such as 2 of 5; got counts "
            f"up to {count.max()} of totals from {total.min()}."
        )
    ceiling = np.log(total + float(entities))
    new: NDArray[np.float64] = (ceiling - np.log1p(count, dtype=np.float64)) / ceiling
    return new


@njit(cache=True, nogil=True)
def _absorb(
    head: NDArray[np.int32],
    relation: NDArray[np.int32],
    tail: NDArray[np.int32],
    confidence: NDArray[np.float32],
    start: int,
    stop: int,
    count: NDArray[np.int32],
    weight: NDArray[np.float32],
) -> None:
    # One by one in the order of ids: float sums then do not depend on the batches.
    relations = count.shape[0] // 2
    for i in range(start, stop):
        h, r, t = head[i], relation[i], tail[i]
        count[r, h, t] += 1
        weight[r, h, t] += confidence[i]
        count[r + relations, t, h] += 1
        weight[r + relations, t, h] += confidence[i]


def _read_only(column: NDArray[Scalar]) -> NDArray[Scalar]:
    view = column.view()
    view.flags.writeable = False
    return view


def _check_range(name: str, values: NDArray, bound: int) -> None:
    if values.size and not (values.min() >= 0 and values.max() < bound):
        raise TallyError(f"{name} must lie in 0..{bound - 1}; got {values.min()}..{values.max()}.")
