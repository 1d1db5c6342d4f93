"""The writing of facts: many at once, or one by one."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.batch import columns_of, explain
from swarm.memory.facts.columns import AUTHOR_MAX, FOREVER, FactError, different
from swarm.memory.facts.staging import ROW, ROWS
from swarm.memory.facts.store import Store
from swarm.memory.facts.superseding import successors

Ids = NDArray[np.int64]
_NO_ENDS = np.empty(0, np.int64), np.empty(0, np.int64)


class Appending(Store):
    """Facts behind those that there are; `Facts` says what becomes of them."""

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
        given = {
            "subject": subject,
            "relation": relation,
            "object": object,
            "author": author,
            "tick": tick,
            "valid_from": tick if valid_from is None else valid_from,
            "valid_to": valid_to,
            "engine": engine,
            "encoder": encoder,
            "confidence": confidence,
            "credence": credence,
        }
        return self._put(given, evidence)

    def add(
        self,
        subject: int,
        relation: int,
        object: int,
        *,
        author: int,
        tick: int,
        confidence: float = 1.0,
        credence: float = 1.0,
        engine: int = 0,
        valid_from: int | None = None,
        valid_to: int = FOREVER,
        encoder: int = 0,
        evidence: Sequence[int] = (),
    ) -> int:
        """Write one fact and return its id; as `append`, and faster for one.

        It is checked now and put into the columns with others, before anything is read or appended.

        Raises:
            FactError: as `append`; nothing is written then.
        """
        if valid_from is None:
            valid_from = tick
        staged = self._staged
        try:
            if not (
                0 <= subject < self.entities
                and 0 <= object < self.entities
                and 0 <= relation < self.relations
                and 0 <= author <= AUTHOR_MAX
                and self._last <= tick < FOREVER
                and 0 <= valid_from < FOREVER
                and valid_from < valid_to <= FOREVER
                and 0.0 <= confidence <= 1.0
                and 0.0 <= credence <= 1.0
                and 0 <= engine <= 127
                and 0 <= encoder < 2**15
            ):
                raise FactError
            if evidence:
                self._grounds.checked(evidence, len(evidence), self._size + staged, 1)
            # fmt: off
            ROW.pack_into(
                self._staging.room, staged * ROW.size, subject, relation, object, author, tick,
                valid_from, valid_to, engine, encoder, confidence, credence,
            )
            # fmt: on
        except (FactError, TypeError, ValueError, struct.error):
            self._flush()
            # fmt: off
            given = {
                "subject": subject, "relation": relation, "object": object, "author": author,
                "tick": tick, "valid_from": valid_from, "valid_to": valid_to, "engine": engine,
                "encoder": encoder, "confidence": confidence, "credence": credence,
            }
            # fmt: on
            if evidence:
                self._grounds.checked(evidence, len(evidence), self._size, 1)
            explain(given, self._last, self.entities, self.relations)
        if evidence:
            self._staging.cite(staged, evidence)
        self._last = int(tick)
        self._staged = staged + 1
        if self._staged == ROWS:
            self._flush()
            return self._size - 1
        return self._size + staged

    # -- within -----------------------------------------------------------------------------

    def _put(
        self,
        given: Mapping[str, Any],
        evidence: tuple[ArrayLike, ArrayLike] | None,
        gives_way: Literal["author", "everyone"] | None = None,
    ) -> Ids:
        """Write a batch, and end what it supersedes: all of it, or nothing if it is refused.

        Args:
            gives_way: whose facts of the same subject and relation end; None for nobody's.
        """
        if self._staged:
            self._flush()
        read = columns_of(given)
        if read is None:
            explain(given, self._last, self.entities, self.relations)
        batch, size = read
        cited = None if evidence is None else self._grounds.checked(*evidence, self._size, size)
        self._write(given, batch, size)
        ends = _NO_ENDS
        if gives_way is not None:
            ends = self._superseded(size, everyone=gives_way == "everyone")
        self._before_entering(batch, size, cited, ends)
        if cited is not None:
            self._grounds.append(self._size, *cited)
        self._enter(size)
        if ends[0].size:
            self._end(*ends)
        return np.arange(self._size - size, self._size)

    def _before_entering(
        self,
        batch: Mapping[str, Any],
        size: int,
        cited: tuple[Ids, Ids] | None,
        ends: tuple[Ids, Ids],
    ) -> None:
        """Called when a batch is checked and about to count: what raises here refuses it.

        Its rows stand behind the facts that there are, in `_table` from `_size` on.

        Args:
            batch: as `columns_of` made it.
            cited: its evidence, as `Grounds.checked` returns it.
            ends: ids of what it supersedes, and ticks.
        """

    def _before_ending(self, ids: Ids, tick: int) -> None:
        """Called when facts that stand are about to end: what raises here refuses it."""

    def _superseded(self, size: int, *, everyone: bool) -> tuple[Ids, Ids]:
        """What a batch supersedes that was written but does not count yet: ids, and ticks."""
        table, new = self._table, np.arange(self._size, self._size + size)
        pair = table.subject[new].astype(np.int64) * self.relations + table.relation[new]
        asked = different(pair)
        offsets, old = self.match_many(*np.divmod(asked, self.relations))
        ids = np.concatenate([old, new])
        of_old = np.repeat(np.arange(asked.size), np.diff(offsets))
        groups = np.concatenate([of_old, np.searchsorted(asked, pair)])
        if not everyone:
            groups = groups * (AUTHOR_MAX + 1) + table.author[ids]
        ended, by = successors(ids, groups, self._size)
        return ended, table.tick[by].astype(np.int64)
