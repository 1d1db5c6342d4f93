"""Facts whose writes go to a log first.

Whatever takes `Facts` takes these: each batch and each end is checked by `Facts`, logged, applied,
and only then acknowledged by returning (write-ahead logging: C. Mohan et al., "ARIES", ACM TODS 17,
1992; there is nothing to undo, since what memory would refuse is never logged).

Besides what `Facts` refuses, these refuse ids without names in a memory that has names, and any
tick before the last in which something was written, an end or a mark too. `DurableError` says that
something could not be logged; memory is as before then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.journal import Journal
from swarm.memory.durable.operations import GIVEN, Operation
from swarm.memory.facts import FOREVER, FactError, Facts
from swarm.memory.facts.columns import whole

Ids = NDArray[np.int64]
_ADDED = 4096
"""Facts that may be added one by one before they are logged together."""


class LoggedFacts(Facts):
    """`Facts` that log what is written to them; `journal` is None while they are being rebuilt."""

    journal: Journal | None = None

    @property
    def last_tick(self) -> int:
        """The last tick that anything was written in; nothing may be written in an earlier one."""
        return self._last

    def resume(self, journal: Journal, tick: int) -> None:
        """Log from now on; nothing may be written before `tick`."""
        self.journal = journal
        self._last = max(self._last, tick)

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
            FactError: as `Facts.add`; also for ids without names in a memory that has names.
            DurableError: if it cannot be logged.
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
            if journal.names is not None:
                with suppress(TypeError):  # what is no number is refused below
                    journal.check_names(max(subject, object), relation)
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
        if journal is not None and added - journal.facts >= _ADDED:
            self.log_added()
        return added

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
        tick = int(whole("tick", tick, 0, FOREVER - 1))
        self._check_time(tick, "a mark")
        text = np.frombuffer(json.dumps(values).encode(), np.uint8)
        journal.write(Operation.MARK, tick, {"json": text})
        self._last = tick

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

    # -- what `Facts` calls before it changes --------------------------------------------------

    def _before_entering(
        self,
        batch: Mapping[str, Any],
        size: int,
        cited: tuple[Ids, Ids] | None,
        ends: tuple[Ids, Ids],
    ) -> None:
        """Log a batch: the columns of its rows, or their first value where all are the same."""
        journal = self.journal
        if journal is None:
            return
        self.log_added()
        if not size:
            return
        first, stop = self._size, self._size + size
        rows: dict[str, Any] = {
            name: column[first : stop if getattr(batch[name], "ndim", 0) else first + 1]
            for name, column in self._table._asdict().items()
            if name in GIVEN
        }
        if journal.names is not None:
            highest = max(rows["subject"].max(), rows["object"].max())
            journal.check_names(int(highest), int(rows["relation"].max()))
        if cited is not None and cited[0].size:
            rows["evidence"], rows["evidence_count"] = cited
        rows["ends"], rows["ends_tick"] = ends
        journal.write(Operation.FACTS, int(rows["tick"][-1]), rows)
        journal.facts = stop

    def _before_ending(self, ids: Ids, tick: int) -> None:
        """Log an end."""
        journal = self.journal
        if journal is None:
            return
        self.log_added()
        if ids.size:
            self._check_time(tick, "an end")
            journal.write(Operation.ENDS, tick, {"ids": ids})
            self._last = int(tick)

    def _check_time(self, tick: int, what: str) -> None:
        if tick < self._last:
            raise FactError(
                f"time runs forward: {what} of tick {tick} cannot follow what was written in tick "
                f"{self._last}. Write in the order in which things happened."
            )
