"""The shared memory: what agents found, with its provenance, in columns that only grow.

A fact (subject, relation, object) says who wrote it, when, from what, how sure, and for how long it
holds. Its id is its row. Facts are never removed: one that is superseded or withdrawn is given an
end, so that what memory said at any earlier tick can still be asked (transaction time and valid
time as in R. Snodgrass, "The TSQL2 temporal query language", 1995).

Who writes is stamped by the store: a `Writer` is made for one author and cannot speak for another.

A fact is private to its author, and to whoever heard the rumour, for an embargo of some ticks
and public thereafter. Ticks never decrease along the column, so the public facts are always a
prefix, and one number (`Facts.public_count`) says all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import (
    AUTHOR_MAX,
    COLUMNS,
    FOREVER,
    IDS_MAX,
    FactError,
    share,
    whole,
)
from swarm.memory.facts.discovery import discoveries
from swarm.memory.facts.lists import NONE, follow, link, number_by_author

if TYPE_CHECKING:
    import pandas as pd

_ROOM_AT_FIRST = 1024
Ids = NDArray[np.int64]


class Facts:
    """Facts about `entities` things and `relations` kinds of link between them.

    >>> memory = Facts(entities=135, relations=46)
    >>> memory.append([3, 5], 7, [9, 9], author=12, tick=0, confidence=0.8)
    array([0, 1])
    >>> memory.match(object=9, relation=7)
    array([0, 1])

    Columns (`columns()`), one row a fact:
        subject, relation, object: int32, the relation in its canonical direction.
        author, sequence: int32, who wrote it, and how many the author had written before.
        tick, ended: int32, ticks in which it was written, and in which it was superseded or
            withdrawn; FOREVER if it stands.
        valid_from, valid_to: int32, the first tick it holds in, and the first no longer.
        confidence, credence: float32 in [0, 1], how sure the author was, and how far its word was
            believed then.
        engine: int8, what proposed it. encoder: int16, version of what encoded it.
    Beside them `evidence`: the ids of the facts that each was derived from.
    """

    def __init__(self, entities: int, relations: int) -> None:
        if not (1 <= entities < 2**31 and 1 <= relations < 2**31):
            raise FactError(
                "a memory needs 1 or more entities and relations, fewer than 2^31, such as "
                f"Facts(entities=135, relations=46); got {entities} and {relations}."
            )
        self.entities = entities
        self.relations = relations
        self._size = 0
        self._columns = {name: np.empty(0, dtype) for name, dtype in COLUMNS.items()}
        self._evidence = np.empty(0, np.int32)
        self._evidence_stop = np.zeros(1, np.int64)
        self._written = np.empty(0, np.int32)
        self._older = np.empty((0, 2), np.int32)
        self._newest = np.full((2, entities), NONE, np.int32)

    def __len__(self) -> int:
        return self._size

    def append(
        self,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        *,
        author: ArrayLike,
        tick: ArrayLike,
        confidence: ArrayLike = 1.0,
        credence: ArrayLike = 1.0,
        engine: ArrayLike = 0,
        valid_from: ArrayLike | None = None,
        valid_to: ArrayLike = FOREVER,
        encoder: ArrayLike = 0,
        evidence: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> Ids:
        """Write a batch of m facts; scalars hold for the whole batch.

        Args:
            subject, object: 0..entities−1.
            relation: 0..relations−1.
            author: id of the agent, 0..2²⁷−1. Whoever may be lied to about it gives out `Writer`s.
            tick: when it was found, 0..2³¹−2, never less than the one before.
            confidence, credence: in [0, 1].
            engine: 0..127.
            valid_from, valid_to: ticks, from < to; from `tick` on without end if left out.
            encoder: 0..2¹⁵−1.
            evidence: ids of the facts that these were derived from, all written before, one after
                the other, and how many of them each new fact has, int[m].

        Returns:
            int64[m], the ids of the new facts, ascending.

        Raises:
            FactError: for values out of range, time running backwards, or lengths that do not
                match; nothing is written then.
        """
        batch = {
            "subject": whole("subject", subject, 0, self.entities - 1),
            "relation": whole("relation", relation, 0, self.relations - 1),
            "object": whole("object", object, 0, self.entities - 1),
            "author": whole("author", author, 0, AUTHOR_MAX),
            "tick": whole("tick", tick, 0, FOREVER - 1),
            "valid_from": whole(
                "valid_from", tick if valid_from is None else valid_from, 0, FOREVER - 1
            ),
            "valid_to": whole("valid_to", valid_to, 1, FOREVER),
            "confidence": share("confidence", confidence),
            "credence": share("credence", credence),
            "engine": whole("engine", engine, 0, 127),
            "encoder": whole("encoder", encoder, 0, 2**15 - 1),
        }
        size = _common_size(batch)
        self._check_times(batch, size)
        grounds, counts = self._check_evidence(evidence, size)
        self._write(batch, size, grounds, counts)
        return np.arange(self._size - size, self._size)

    def _write(self, batch: Mapping[str, NDArray], size: int, grounds: Ids, counts: Ids) -> None:
        start, stop = self._size, self._size + size
        self._make_room(stop, int(batch["author"].max(initial=NONE)) + 1)
        for name, values in batch.items():
            self._columns[name][start:stop] = values
        self._columns["ended"][start:stop] = FOREVER
        used = self._evidence_stop[start]
        self._evidence_stop[start + 1 : stop + 1] = used + np.cumsum(counts)
        self._evidence = _room(self._evidence, used + len(grounds))
        self._evidence[used : used + len(grounds)] = grounds
        columns = self._columns
        number_by_author(columns["author"], start, stop, self._written, columns["sequence"])
        for which, name in enumerate(("subject", "object")):
            link(columns[name], start, stop, which, self._older, self._newest)
        self._size = stop

    def columns(self) -> dict[str, NDArray]:
        """Return every column by name: read-only views of the facts so far, no copies."""
        views = {name: column[: self._size] for name, column in self._columns.items()}
        for view in views.values():
            view.flags.writeable = False
        return views

    def evidence(self, ids: ArrayLike) -> tuple[Ids, Ids]:
        """Return what facts were derived from: ids, one fact's after another's, and counts[m]."""
        chosen = self._check_ids(ids)
        start, stop = self._evidence_stop[chosen], self._evidence_stop[chosen + 1]
        counts = stop - start
        first = np.repeat(start - np.cumsum(counts) + counts, counts)
        return self._evidence[first + np.arange(counts.sum())].astype(np.int64), counts

    def match(
        self,
        subject: int | None = None,
        relation: int | None = None,
        object: int | None = None,
        *,
        author: int | None = None,
        min_confidence: float = 0.0,
        as_of: int | None = None,
        valid_at: int | None = None,
        ended: bool = False,
        before: int | None = None,
    ) -> Ids:
        """Return the ids of the facts that fit, ascending; what is left out fits all.

        Args:
            subject, relation, object, author: what a fact has to say, and who.
            min_confidence: least confidence times credence.
            as_of: what memory said at the end of this tick; now, if left out.
            valid_at: facts that hold in this tick.
            ended: take those too that were superseded or withdrawn (by then).
            before: look at ids 0..before−1 alone, such as the public ones.

        Raises:
            FactError: for a subject, relation or object that there cannot be.

        >>> memory.match(subject=3, relation=7, min_confidence=0.5)
        """
        for name, value, count in (
            ("subject", subject, self.entities),
            ("relation", relation, self.relations),
            ("object", object, self.entities),
        ):
            if value is not None and not 0 <= value < count:
                raise FactError(f"{name} must lie in 0..{count - 1}; got {value}.")
        if subject is not None:
            ids = follow(self._newest[0, subject], self._older, 0)[::-1]
        elif object is not None:
            ids = follow(self._newest[1, object], self._older, 1)[::-1]
        else:
            ids = np.arange(self._size)
        if before is not None:
            ids = ids[: np.searchsorted(ids, before)]
        columns = self._columns
        fits = np.ones(len(ids), bool)
        for name, value in (
            ("subject", subject),
            ("relation", relation),
            ("object", object),
            ("author", author),
        ):
            if value is not None:
                fits &= columns[name][ids] == value
        if min_confidence > 0:
            fits &= columns["confidence"][ids] * columns["credence"][ids] >= min_confidence
        if as_of is not None:
            fits &= columns["tick"][ids] <= as_of
        if not ended:
            fits &= columns["ended"][ids] > (FOREVER - 1 if as_of is None else as_of)
        if valid_at is not None:
            fits &= (columns["valid_from"][ids] <= valid_at) & (valid_at < columns["valid_to"][ids])
        return ids[fits].astype(np.int64)

    def end(self, ids: ArrayLike, tick: int) -> Ids:
        """End facts at a tick: superseded or withdrawn; returns those that stood until now.

        Raises:
            FactError: for unknown ids, or a tick before one in which they were written.
        """
        chosen = np.unique(self._check_ids(ids))
        standing = chosen[self._columns["ended"][chosen] == FOREVER]
        written = self._columns["tick"][standing].max(initial=0)
        if not written <= tick < FOREVER:
            raise FactError(
                f"facts end in or after the tick in which they were written, {written}; got {tick}."
            )
        self._columns["ended"][standing] = tick
        return standing

    def discoveries(
        self,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        before: int | None = None,
        most: int = 1,
    ) -> Ids:
        """Return who said facts first, as ids int64[m, most], earliest first, -1 for no more.

        Args:
            subject, relation, object: int[m], facts, in their canonical direction.
            before: look at ids 0..before−1 alone, such as the public ones; all if left out.
            most: how many of each fact, 1 or more, no two by one author.

        Raises:
            FactError: for facts out of range, or of lengths that differ.
        """
        facts = (
            np.atleast_1d(whole("subject", subject, 0, self.entities - 1)),
            np.atleast_1d(whole("relation", relation, 0, self.relations - 1)),
            np.atleast_1d(whole("object", object, 0, self.entities - 1)),
        )
        if len({column.size for column in facts}) > 1 or most < 1:
            raise FactError(
                "facts are three columns of one length, and most is 1 or more; got lengths "
                f"{[column.size for column in facts]} and {most}."
            )
        ids: Ids = discoveries(
            *(np.require(column, np.int64, ("C", "W")) for column in facts),
            len(self) if before is None else before,
            most,
            self._newest,
            self._older,
            self._columns["relation"],
            self._columns["object"],
            self._columns["author"],
            self._columns["ended"],
        )
        return ids

    def public_count(self, tick: int, embargo: int) -> int:
        """Count the facts that everybody may read at `tick`: they are ids 0..count−1.

        A fact of tick t is public from tick t + embargo on; with embargo 0, at once.

        Raises:
            FactError: for a negative embargo.
        """
        if embargo < 0:
            raise FactError(f"embargo must be 0 or more ticks; got {embargo}.")
        # In the column's own type: a wider one would make numpy copy the whole column.
        newest = np.int32(min(max(tick - embargo, -1), 2**31 - 1))
        return int(np.searchsorted(self._columns["tick"][: self._size], newest, side="right"))

    def state(self) -> dict[str, NDArray]:
        """Return all that must be saved: the columns, trimmed and copied, and the evidence."""
        columns = {name: view.copy() for name, view in self.columns().items()}
        counts = np.diff(self._evidence_stop[: self._size + 1])
        evidence = self._evidence[: self._evidence_stop[self._size]].copy()
        return columns | {"evidence": evidence, "evidence_count": counts}

    def restore(self, state: Mapping[str, NDArray]) -> None:
        """Become what `state` was taken from; indexes are built again.

        Raises:
            FactError: for a state that lacks columns or does not fit this memory; nothing
                changes then.
        """
        if set(state) != {*COLUMNS, "evidence", "evidence_count"}:
            raise FactError(
                f"a saved memory has the columns {sorted({*COLUMNS, 'evidence', 'evidence_count'})}"
                f"; got {sorted(state)}."
            )
        given: dict[str, Any] = {k: state[k] for k in COLUMNS if k not in ("sequence", "ended")}
        saved = Facts(self.entities, self.relations)
        saved.append(**given, evidence=(state["evidence"], state["evidence_count"]))
        ended = whole("ended", state["ended"], 0, FOREVER)
        if (
            ended.shape != saved._columns["tick"][: len(saved)].shape
            or (ended < state["tick"]).any()
        ):
            raise FactError("ended must hold a tick for each fact, none before it was written.")
        if not np.array_equal(state["sequence"], saved.columns()["sequence"]):
            raise FactError("sequence must count what each author wrote, 0, 1, 2 and so on.")
        saved._columns["ended"][: len(saved)] = ended
        vars(self).update(vars(saved))

    def to_frame(self) -> pd.DataFrame:
        """Return the facts as a pandas frame, its index named `id`."""
        import pandas as pd

        return pd.DataFrame(
            {name: view.copy() for name, view in self.columns().items()},
            index=pd.RangeIndex(self._size, name="id"),
        )

    def _make_room(self, facts: int, authors: int) -> None:
        """Grow by doubling, so that appends stay O(1) on average."""
        for name, column in self._columns.items():
            self._columns[name] = _room(column, facts)
        self._older = _room(self._older, facts)
        self._evidence_stop = _room(self._evidence_stop, facts + 1)
        known = self._written.size
        if authors > known:
            self._written = _room(self._written, authors)
            self._written[known:] = 0

    def _check_ids(self, ids: ArrayLike) -> Ids:
        column = np.atleast_1d(whole("ids", ids, 0, self._size - 1))
        return column.astype(np.int64)

    def _check_times(self, batch: Mapping[str, NDArray], size: int) -> None:
        if not size:
            return
        last = int(self._columns["tick"][self._size - 1]) if self._size else 0
        series = np.concatenate(([last], batch["tick"].ravel()))
        if (np.diff(series) < 0).any():
            at = int(np.argmax(np.diff(series) < 0))
            raise FactError(
                f"time runs forward: a fact of tick {series[at + 1]} cannot follow one of "
                f"tick {series[at]}. Append facts in the order in which they were made."
            )
        if (batch["valid_from"] >= batch["valid_to"]).any():
            raise FactError(
                "a fact holds from valid_from up to, and not in, valid_to, such as 3 and 9; got "
                "one that begins when it has ended."
            )

    def _check_evidence(
        self, evidence: tuple[ArrayLike, ArrayLike] | None, size: int
    ) -> tuple[Ids, Ids]:
        if evidence is None:
            return np.empty(0, np.int64), np.zeros(size, np.int64)
        grounds = np.atleast_1d(whole("evidence", evidence[0], 0, IDS_MAX)).astype(np.int64)
        counts = np.atleast_1d(whole("counts of evidence", evidence[1], 0, IDS_MAX))
        counts = counts.astype(np.int64)
        if len(counts) != size or counts.sum() != len(grounds):
            raise FactError(
                "evidence is the ids of grounds, one fact's after another's, and how many each of "
                f"the {size} facts has, such as ([4, 7, 4], [2, 1]); got {len(grounds)} ids and "
                f"{len(counts)} counts that add up to {counts.sum()}."
            )
        own = self._size + np.repeat(np.arange(size), counts)
        if (grounds >= own).any():
            at = int(np.argmax(grounds >= own))
            raise FactError(
                f"a fact is derived from earlier ones: {grounds[at]} cannot be evidence of "
                f"{own[at]}."
            )
        return grounds, counts


def _common_size(batch: Mapping[str, NDArray]) -> int:
    try:
        (size,) = np.broadcast_shapes((1,), *(values.shape for values in batch.values()))
    except ValueError:
        lengths = {name: values.size for name, values in batch.items()}
        raise FactError(
            f"the columns of a batch must have one length, or be scalars; got {lengths}."
        ) from None
    return size


def _room(column: NDArray, rows: int) -> NDArray:
    """The same column with room for as many rows; what is beyond is yet to be written."""
    room = column.shape[0]
    if rows <= room:
        return column
    longer = np.empty((max(rows, 2 * room, _ROOM_AT_FIRST), *column.shape[1:]), column.dtype)
    longer[:room] = column
    return longer
