"""Facts whose writes go to a log first.

Whatever takes `Facts` takes these: each batch and each end is checked, logged, applied, and only
then acknowledged by returning (write-ahead logging: C. Mohan et al., "ARIES", ACM TODS 17, 1992;
there is nothing to undo, since what memory would refuse is never logged).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.intake import GIVEN, checked_batch, checked_end, superseded
from swarm.memory.durable.journal import Journal
from swarm.memory.durable.operations import BESIDE, Operation
from swarm.memory.facts import FOREVER, Facts
from swarm.memory.facts.writer import Said

Ids = NDArray[np.int64]
_ADDED = 4096
"""Facts that may be added one by one before they are logged together."""


class LoggedFacts(Facts):
    """`Facts` that log what is written to them; `journal` is None while they are being rebuilt."""

    journal: Journal | None = None

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
        """Write a batch of facts, to the log first; see `Facts.append`.

        Raises:
            FactError: as `Facts.append`; also for a tick before the last one that anything was
                written in, and for ids without names in a memory that has names.
            DurableError: if it cannot be logged; memory is as before then.
        """
        given: dict[str, Any] = {
            "subject": subject,
            "relation": relation,
            "object": object,
            "author": author,
            "tick": tick,
            "valid_from": tick if valid_from is None else valid_from,
            "valid_to": valid_to,
            "confidence": confidence,
            "credence": credence,
            "engine": engine,
            "encoder": encoder,
        }
        if self.journal is None:
            return super().append(**given, evidence=evidence)
        return self._log_batch(self.journal, given, evidence)

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
        """Write one fact; see `Facts.add`.

        With sync="always" it is logged first. Otherwise it is logged together with others that were
        added, before anything else is written and before anything is acknowledged.

        Raises:
            FactError, DurableError: as `append`.
        """
        if valid_from is None:
            valid_from = tick
        journal = self.journal
        if journal is not None:
            if journal.writable().sync == "always":
                ids = self.append(
                    subject,
                    relation,
                    object,
                    author=author,
                    tick=tick,
                    confidence=confidence,
                    credence=credence,
                    engine=engine,
                    valid_from=valid_from,
                    valid_to=valid_to,
                    encoder=encoder,
                    evidence=(evidence, [len(evidence)]),
                )
                return int(ids[0])
            journal.check_time(tick, "a fact")
            journal.check_name("entities", max(subject, object))
            journal.check_name("relations", relation)
        added = super().add(
            subject,
            relation,
            object,
            author=author,
            tick=tick,
            confidence=confidence,
            credence=credence,
            engine=engine,
            valid_from=valid_from,
            valid_to=valid_to,
            encoder=encoder,
            evidence=evidence,
        )
        if journal is not None:
            journal.tick = tick
            if added - journal.facts >= _ADDED:
                self.log_added()
        return added

    def supersede(
        self,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        *,
        author: ArrayLike,
        tick: ArrayLike,
        credence: ArrayLike = 1.0,
        everyone: bool = False,
        **said: Unpack[Said],
    ) -> Ids:
        """Write facts in place of earlier ones, in the log first, as one; see `Facts.supersede`.

        Raises:
            FactError, DurableError: as `append`.
        """
        given: dict[str, Any] = {
            "subject": subject,
            "relation": relation,
            "object": object,
            "author": author,
            "tick": tick,
            "confidence": 1.0,
            "credence": credence,
            "engine": 0,
            "valid_from": tick,
            "valid_to": FOREVER,
            "encoder": 0,
            **said,
        }
        evidence = given.pop("evidence", None)
        if self.journal is None:
            return super().supersede(**given, everyone=everyone, evidence=evidence)
        return self._log_batch(self.journal, given, evidence, supersede=True, everyone=everyone)

    def end(self, ids: ArrayLike, tick: int) -> Ids:
        """End facts at a tick, in the log first; see `Facts.end`.

        Raises:
            FactError: as `Facts.end`; also for a tick before the last one that anything was
                written in.
            DurableError: if it cannot be logged; memory is as before then.
        """
        journal = self.journal
        if journal is None:
            return super().end(ids, tick)
        self.log_added()
        standing = checked_end(self, ids, tick, journal.tick)
        if standing.size:
            journal.write(Operation.ENDS, tick, {"ids": standing})
        return super().end(standing, tick)

    def restore(self, state: Any) -> None:
        """Refused, unless the memory is being opened: its past is in its folder."""
        if self.journal is not None:
            raise DurableError(
                "a durable memory is restored by opening its folder: FactStore.open(folder). To "
                "write another memory's facts into it, append them."
            )
        super().restore(state)

    def mark(self, tick: int, values: Any) -> None:
        """Log a JSON value at this place; it is read back by `marks`, and changes no fact."""
        journal = self.journal
        if journal is None:
            return
        self.log_added()
        journal.check_time(int(tick), "a mark")
        text = np.frombuffer(json.dumps(values).encode(), np.uint8)
        journal.write(Operation.MARK, tick, {"json": text})

    def _log_batch(
        self,
        journal: Journal,
        given: dict[str, Any],
        evidence: tuple[ArrayLike, ArrayLike] | None,
        *,
        supersede: bool = False,
        everyone: bool = False,
    ) -> Ids:
        """Check, log, apply."""
        self.log_added()
        batch: dict[str, Any]
        batch, size = checked_batch(self, given, evidence, journal.tick)
        if not size:
            return np.empty(0, np.int64)
        for table, names in (("entities", ("subject", "object")), ("relations", ("relation",))):
            journal.check_name(table, max(int(batch[name].max()) for name in names))
        if supersede:
            batch["ends"], batch["ends_tick"] = superseded(self, batch, size, everyone)
        journal.write(Operation.FACTS, int(batch["tick"][-1]), batch)
        journal.facts += size
        return self._apply(batch)

    def _apply(self, batch: dict[str, Any]) -> Ids:
        given = {name: batch[name] for name in GIVEN}
        grounds, counts, ends, ticks = (batch.get(name, np.empty(0)) for name in BESIDE)
        new = super().append(**given, evidence=(grounds, counts) if grounds.size else None)
        for tick in np.unique(ticks).tolist():
            super().end(ends[ticks == tick], tick)
        return new

    def log_added(self) -> None:
        """Log what was added since the last record.

        Raises:
            DurableError: if it cannot be logged, and if facts are in the log that memory had no
                room for.
        """
        journal = self.journal
        if journal is None:
            return
        journal.writable()
        first, stop = journal.facts, len(self)
        if first == stop:
            return
        if first > stop:
            raise DurableError(
                f"{first} facts are in the log, but {stop} in memory, which had no room for the "
                "others. Open the memory again."
            )
        columns = self.columns()
        batch: dict[str, Any] = {name: columns[name][first:] for name in GIVEN}
        grounds, counts = self.evidence(np.arange(first, stop))
        if grounds.size:
            batch |= {"evidence": grounds, "evidence_count": counts}
        journal.write(Operation.FACTS, int(batch["tick"][-1]), batch)
        journal.facts = stop
