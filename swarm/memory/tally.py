"""How often an answer is already known, and how strongly: the measure of novelty.

A query is (source, relation) with relations 0..2R−1, where relation + R asks in the inverse
direction; every entity is a candidate answer. The tally counts, for each query and answer, the
facts that say so and adds up their weights, confidence times credence. It holds what was said
and nothing else, so that a graph of 100,000 facts costs no more than a small one. It is derived:
the same facts give the same bits in whatever order they came, so it is rebuilt and not saved.

`surprisal` is self-information (Shannon 1948) under Laplace's rule of succession.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts import Facts
from swarm.memory.said import Said, look_up, tally_up, total

Scalar = TypeVar("Scalar", bound=np.generic)

CELLS_MAX = 200_000_000
_BYTES_A_CELL = 8


class TallyError(ValueError):
    """Queries, counts or facts that do not fit the tally."""


class MemoryLimitError(ValueError):
    """A dense cube would be too large for memory."""


class Tally:
    """Counts and summed weights of what some facts say.

    Queries that were ever answered stand in a hash table; each has a list of its answers. An
    answer is found in O(different answers of its query).

    Attributes:
        absorbed: how many facts are counted.
    """

    def __init__(self, entities: int, relations: int) -> None:
        if entities < 1 or relations < 1:
            raise TallyError(
                "a tally needs 1 or more entities and relations, such as "
                f"Tally(entities=135, relations=46); got {entities} and {relations}."
            )
        self.entities = entities
        self.relations = relations
        self.absorbed = 0
        self._said = Said.empty()
        self._queries = 0
        self._answers = 0

    @property
    def count(self) -> NDArray[np.int32]:
        """int32[2R, E, E], read-only: `count[relation, source, answer]` facts say so.

        Made anew by each call, for small graphs; `rows` looks up a block of queries.

        Raises:
            MemoryLimitError: for more than `CELLS_MAX` cells.
        """
        return _read_only(self._cubes()[0])

    @property
    def weight(self) -> NDArray[np.float32]:
        """float32[2R, E, E], read-only: the sum of their weights; as `count`."""
        return _read_only(self._cubes()[1])

    def absorb(self, facts: Facts, ids: ArrayLike) -> None:
        """Count some facts, each in both directions.

        Args:
            facts: a memory of as many entities and relations.
            ids: int[m], of facts that are not counted yet; the tally cannot tell.

        Raises:
            TallyError: for ids that the memory does not have, or a memory of another size.
        """
        self._count(facts, ids, 1)

    def forget(self, facts: Facts, ids: ArrayLike) -> None:
        """Take back facts that were counted, such as withdrawn ones; as `absorb`."""
        self._count(facts, ids, -1)

    def _count(self, facts: Facts, ids: ArrayLike, times: int) -> None:
        if (facts.entities, facts.relations) != (self.entities, self.relations):
            raise TallyError(
                f"this tally is of {self.entities} entities and {self.relations} relations; the "
                f"facts are of {facts.entities} and {facts.relations}."
            )
        chosen = np.atleast_1d(np.asarray(ids, np.int64))
        if chosen.size and not (chosen.min() >= 0 and chosen.max() < len(facts)):
            raise TallyError(
                f"ids of facts are 0..{len(facts) - 1}; got {chosen.min()}..{chosen.max()}."
            )
        more = 2 * len(chosen)
        self._said = self._said.with_room(self._queries + more, self._answers + more)
        columns = facts.columns()
        self._queries, self._answers = tally_up(
            columns["subject"],
            columns["relation"],
            columns["object"],
            columns["confidence"],
            columns["credence"],
            chosen,
            times,
            self.entities,
            self.relations,
            self._said,
            self._queries,
            self._answers,
        )
        self.absorbed += times * len(chosen)

    def rows(
        self, source: ArrayLike, relation: ArrayLike, answer: ArrayLike | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return what is known about a block of Q queries.

        Args:
            source: int[Q], 0..E−1.
            relation: int[Q], 0..2R−1; R and above ask in the inverse direction.
            answer: int[Q, C], entities to look up, ascending in each row; −1 for none, which may
                stand only at the end. All E entities if left out.

        Returns:
            count int32[Q, C] and weight float32[Q, C] of the answers: copies.

        Raises:
            TallyError: for queries or answers out of range, or answers that do not ascend.
        """
        sources, relations = np.broadcast_arrays(source, relation)
        _check_range("source", sources, self.entities)
        _check_range("relation", relations, 2 * self.relations)
        keys = relations.astype(np.int64) * self.entities + sources
        listed = np.empty((keys.size, 0), np.int64)
        places = self.entities
        if answer is not None:
            listed = np.asarray(answer)
            self._check_answers(listed, keys.shape)
            places = listed.shape[-1]
        count = np.zeros((keys.size, places), np.int32)
        weight = np.zeros((keys.size, places), np.float32)
        listed = listed.reshape(keys.size, listed.shape[-1])
        look_up(keys.ravel(), answer is None, listed, self._said, count, weight)
        shape = (*keys.shape, places)
        return count.reshape(shape), weight.reshape(shape)

    def totals(self, source: ArrayLike, relation: ArrayLike) -> NDArray[np.int64]:
        """Return how many facts there are about each of Q queries, int64[Q]."""
        sources, relations = np.broadcast_arrays(source, relation)
        _check_range("source", sources, self.entities)
        _check_range("relation", relations, 2 * self.relations)
        keys = relations.astype(np.int64) * self.entities + sources
        number: NDArray[np.int64] = total(keys.ravel(), self._said)
        return number.reshape(keys.shape)

    def _check_answers(self, answer: NDArray, queries: tuple[int, ...]) -> None:
        if answer.shape[:-1] != queries:
            raise TallyError(
                f"answers have a row for each query: shape {(*queries, 'C')}, got {answer.shape}."
            )
        if answer.size and not (answer.min() >= -1 and answer.max() < self.entities):
            raise TallyError(
                f"answer must lie in 0..{self.entities - 1}, or be -1 for none; got "
                f"{answer.min()}..{answer.max()}."
            )
        behind = np.where(answer < 0, self.entities, answer)
        step, listed = np.diff(behind), behind[..., :-1] < self.entities
        if (step < listed).any():  # more than the one before, unless that is none
            raise TallyError(
                "answers must ascend in each row, with -1 for none at the end, such as [3, 8, -1]."
            )

    def _cubes(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        cells = 2 * self.relations * self.entities**2
        if cells > CELLS_MAX:
            raise MemoryLimitError(
                f"2 × {self.relations} relations × {self.entities}² entities = {cells:,} cells "
                f"({cells * _BYTES_A_CELL / 2**30:.1f} GiB), but a cube holds at most "
                f"{CELLS_MAX:,} ({CELLS_MAX * _BYTES_A_CELL / 2**30:.1f} GiB). Look a block of "
                "queries up instead: Tally.rows(source, relation, answer)."
            )
        relation, source = np.indices((2 * self.relations, self.entities))
        return self.rows(source, relation)


def surprisal(
    count_of_answer: ArrayLike, count_of_query_total: ArrayLike, entities: int
) -> NDArray[np.float64]:
    """Return how new answers are: 1 for one never given, towards 0 for what memory always says.

    −log((c + 1) / (t + E)) / log(t + E), where c of the t facts about the query give the
    answer, out of E candidates.

    Args:
        count_of_answer: c, such as count[Q, E] of `Tally.rows`.
        count_of_query_total: t ≥ c, such as `Tally.totals(...)[:, None]`; broadcast to c.
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


def _read_only(column: NDArray[Scalar]) -> NDArray[Scalar]:
    view = column.view()
    view.flags.writeable = False
    return view


def _check_range(name: str, values: NDArray, bound: int) -> None:
    if values.size and not (values.min() >= 0 and values.max() < bound):
        raise TallyError(f"{name} must lie in 0..{bound - 1}; got {values.min()}..{values.max()}.")
