"""Questions to a memory, whether to all of it or to the part that a reader may see."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import FactError, whole
from swarm.memory.facts.discovery import first_of_each_author
from swarm.memory.facts.hops import (
    Direction,
    Neighbourhoods,
    Ragged,
    sides,
    two_hops,
    woven,
)
from swarm.memory.facts.question import ANY, ENDED_TOO, STANDING, Question, find, scan

if TYPE_CHECKING:
    from swarm.memory.facts.store import Store

Ids = NDArray[np.int64]


class Conditions(TypedDict, total=False):
    """What else facts have to be like, in every query; what is left out fits all.

    author: who wrote them.
    min_confidence: least confidence times credence.
    as_of: what memory said at the end of this tick; now, if left out.
    valid_at: facts that hold in this tick.
    ended: take those too that were superseded or withdrawn (by then).
    before: look at ids 0..before−1 alone, such as the public ones.
    """

    author: int | None
    min_confidence: float
    as_of: int | None
    valid_at: int | None
    ended: bool
    before: int | None


class Queries(ABC):
    """The questions that can be asked; who asks may see what `_sight` says."""

    @abstractmethod
    def _sight(self) -> tuple[Store, int, Ids]:
        """The memory, its columns up to date; how many of its facts may be seen; and which also."""

    def match(
        self,
        subject: int | None = None,
        relation: int | None = None,
        object: int | None = None,
        **conditions: Unpack[Conditions],
    ) -> Ids:
        """Return the ids of the facts that fit, ascending; what is left out fits all.

        Facts of a subject, an object or an author are found in an index (of an author: made by the
        first such question); others by a look at every fact.

        Args:
            subject, relation, object: what a fact has to say.
            **conditions: see `Conditions`.

        Raises:
            FactError: for a subject, relation or object that there cannot be.

        >>> memory.match(subject=3, relation=7, min_confidence=0.5)
        """
        memory, question = self._question(conditions)
        subject = _within("subject", subject, memory.entities)
        relation = _within("relation", relation, memory.relations)
        object = _within("object", object, memory.entities)
        columns = memory._table
        if subject != ANY and (object == ANY or memory._is_shorter(subject, object)):
            asked = "subject", subject, object, columns.object
        elif object != ANY:
            asked = "object", object, subject, columns.subject
        elif question.author != ANY:
            asked = "author", question.author, ANY, columns.object
        else:
            seen = int(question.also[-1]) + 1 if question.also.size else 0
            return scan(relation, max(question.before, seen), columns.relation, question)
        rows = memory._index(asked[0])
        if asked[1] >= rows.keys:
            return np.empty(0, np.int64)
        row = np.array([[asked[1]], [relation], [asked[2]]])
        return find(*row, asked[3], rows.index, columns.relation, question)[1].copy()

    def match_many(
        self,
        subject: ArrayLike | None = None,
        relation: ArrayLike | None = None,
        object: ArrayLike | None = None,
        **conditions: Unpack[Conditions],
    ) -> Ragged:
        """Answer many `match`es at once, each of a subject or an object: ragged ids, ascending.

        Args:
            subject, relation, object: int[m], or scalars for all; a subject or object is needed.
            **conditions: see `Conditions`; the same for all.

        Raises:
            FactError: for values that there cannot be, or lengths that do not match.

        >>> offsets, ids = memory.match_many(subject=[3, 5], relation=7)
        """
        memory, question = self._question(conditions)
        given = {
            "subject": (subject, memory.entities),
            "relation": (relation, memory.relations),
            "object": (object, memory.entities),
        }
        asked = {
            name: np.int64(ANY) if values is None else whole(name, values, 0, count - 1)
            for name, (values, count) in given.items()
        }
        if subject is None and object is None:
            raise FactError("match_many needs subjects or objects, such as subject=[3, 5].")
        try:
            table = np.broadcast_arrays(np.empty(1), *asked.values())[1:]
        except ValueError:
            lengths = {name: values.size for name, values in asked.items()}
            raise FactError(
                f"what is asked for must have one length, or be scalars; got {lengths}."
            ) from None
        subjects, relations, objects = (column.astype(np.int64) for column in table)
        columns = memory._table
        if subject is not None:
            question_of = subjects, relations, objects, columns.object
            index = memory._index("subject").index
        else:
            question_of = objects, relations, subjects, columns.subject
            index = memory._index("object").index
        offsets, ids = find(*question_of, index, columns.relation, question)
        return Ragged(offsets, ids.copy())

    def neighbours(
        self,
        entities: ArrayLike,
        relation: int | None = None,
        direction: Direction = "out",
        **conditions: Unpack[Conditions],
    ) -> Neighbourhoods:
        """Return what facts link entities with, and the ids of those facts; ragged.

        Args:
            entities: int[m].
            relation: of the facts; any if left out.
            direction: "out" from subject to object, "in" from object to subject, or "both".
            **conditions: see `Conditions`.

        Returns:
            `(offsets, neighbours, ids)`: fact `ids[k]` links entity q with `neighbours[k]`, for k
            in offsets[q]..offsets[q + 1]−1, ids ascending. A neighbour comes once for each fact.

        Raises:
            FactError: for entities, a relation or a direction that there cannot be.

        >>> offsets, others, ids = memory.neighbours([3, 5], direction="both")
        """
        start, near = self._walk(entities, relation, direction, conditions)
        return near(start)

    def two_hops(
        self,
        entities: ArrayLike,
        relation: int | None = None,
        direction: Direction = "out",
        nearer: bool = False,
        **conditions: Unpack[Conditions],
    ) -> Ragged:
        """Return the distinct entities at the ends of walks over exactly two facts; ragged.

        The entity itself is never among them.

        Args:
            entities: int[m].
            relation: of both facts; any if left out.
            direction: of both facts: "out" from subject to object, "in", or "both".
            nearer: take those over one fact too, so that it is at most two.
            **conditions: see `Conditions`; both facts have to meet them.

        Returns:
            `(offsets, values)`: entities int64, those of q at offsets[q]..offsets[q + 1]−1,
            ascending.

        Raises:
            FactError: for entities, a relation or a direction that there cannot be.
        """
        start, near = self._walk(entities, relation, direction, conditions)
        return two_hops(start, near, bool(nearer))

    def discoveries(
        self,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        before: int | None = None,
        most: int = 1,
    ) -> Ids:
        """Return who said facts first, as ids int64[m, most], earliest first, -1 for no more.

        Those that were superseded or withdrawn do not count.

        Args:
            subject, relation, object: int[m], facts, in their canonical direction.
            before: look at ids 0..before−1 alone, such as the public ones; all if left out.
            most: how many of each fact, 1 or more, no two by one author.

        Raises:
            FactError: for facts out of range, or of lengths that differ.
        """
        lengths = [np.size(column) for column in (subject, relation, object)]
        if len(set(lengths)) > 1 or most < 1:
            raise FactError(
                "facts are three columns of one length, and most is 1 or more; got lengths "
                f"{lengths} and {most}."
            )
        offsets, ids = self.match_many(subject, relation, object, before=before)
        memory = self._sight()[0]
        found = np.full((offsets.size - 1, most), -1, np.int64)
        first_of_each_author(offsets, ids, memory._table.author, found)
        return found

    def _walk(
        self, entities: ArrayLike, relation: int | None, direction: str, conditions: Conditions
    ) -> tuple[Ids, Callable[[Ids], Neighbourhoods]]:
        """Entities to start from, and what says the neighbours of any."""
        memory, question = self._question(conditions)
        column = np.atleast_1d(whole("entities", entities, 0, memory.entities - 1))
        start = np.require(column, np.int64, ("C", "W"))
        link = np.array([_within("relation", relation, memory.relations)])
        any_other, columns = np.array([ANY]), memory._table
        ends = {"subject": columns.object, "object": columns.subject}
        walked = [(memory._index(side).index, ends[side]) for side in sides(direction)]

        def near(keys: Ids) -> Neighbourhoods:
            found = []
            for index, other in walked:
                offsets, ids = find(keys, link, any_other, other, index, columns.relation, question)
                found.append(Neighbourhoods(offsets, other[ids].astype(np.int64), ids))
            return found[0] if len(found) == 1 else Neighbourhoods(*woven(*map(tuple, found)))

        return start, near

    def _question(self, conditions: Conditions) -> tuple[Store, Question]:
        memory, before, also = self._sight()
        author, valid_at = conditions.get("author"), conditions.get("valid_at")
        as_of, asked = conditions.get("as_of"), conditions.get("before")
        end = STANDING if memory._ends else ENDED_TOO
        if as_of is not None:
            # Ticks never decrease: what was written by then is a prefix.
            asked = min(memory.public_count(as_of, 0), memory._size if asked is None else asked)
            end = max(operator.index(as_of), 0)
        if conditions.get("ended"):
            end = ENDED_TOO
        if (author is not None and author < 0) or (valid_at is not None and valid_at < 0):
            asked = 0  # nobody, and never
        if asked is not None:
            before = max(min(before, operator.index(asked)), 0)
            also = also[: np.searchsorted(also, asked)]
        least = np.float32(conditions.get("min_confidence", 0.0))
        author = ANY if author is None else operator.index(author)
        valid_at = ANY if valid_at is None else operator.index(valid_at)
        plain = author == valid_at == ANY and not least > 0 and before >= memory._size
        kinds = plain and end == ENDED_TOO, plain and end == STANDING
        table = memory._table
        return memory, Question(
            before,
            also,
            author,
            end,
            valid_at,
            least,
            *kinds,
            memory._gone,
            table.author,
            table.ended,
            table.valid_from,
            table.valid_to,
            table.confidence,
            table.credence,
        )


def _within(name: str, value: int | None, count: int) -> int:
    if value is None:
        return ANY
    if not 0 <= value < count:
        raise FactError(f"{name} must lie in 0..{count - 1}; got {value}.")
    return operator.index(value)
