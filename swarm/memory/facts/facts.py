"""The shared memory: what agents found, with its provenance, in columns that only grow.

A fact (subject, relation, object) says who wrote it, when, from what, how sure, and for how long it
holds. Its id is its row. Facts are never removed: one that is superseded or withdrawn is given an
end, so that what memory said at any earlier tick can still be asked (transaction time and valid
time as in R. Snodgrass, "The TSQL2 temporal query language", 1995).

Who writes is stamped by the memory: a `Writer` is made for one author and cannot speak for another.
Who reads sees what it may: a `Reader` is made for a prefix of the facts and some others.

A fact is private to its author, and to whoever heard the rumour, for an embargo of some ticks
and public thereafter. Ticks never decrease along the column, so the public facts are always a
prefix, and one number (`Facts.public_count`) says all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.appending import Appending
from swarm.memory.facts.batch import columns_of
from swarm.memory.facts.columns import (
    AUTHOR_MAX,
    COLUMNS,
    FOREVER,
    FactError,
    different,
    whole,
)
from swarm.memory.facts.reader import Reader
from swarm.memory.facts.writer import Said, Writer

if TYPE_CHECKING:
    import pandas as pd

Ids = NDArray[np.int64]


class Facts(Appending):
    """Facts about `entities` things and `relations` kinds of link between them.

    Args:
        entities, relations: how many there are, fewer than 2³¹.
        room: facts to make room for at once, so that columns need not be copied as they grow. Room
            takes no memory before it is used.

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

    Writing is that of `Appending`: `append`, `add`. Queries are those of `Queries`: `match`,
    `match_many`, `neighbours`, `two_hops`, `discoveries`. `Store` says how many bytes it takes.
    """

    # -- writing in place of others ---------------------------------------------------------

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
        """Write facts in place of earlier ones of the same subject and relation.

        Those that stood until now, and earlier ones of this batch, end at the tick of the first
        that supersedes them; the facts of other subjects and relations stay as they are. O(facts
        ever written of these subjects and relations).

        Args:
            subject, relation, object, author, tick, credence, **said: as for `append`.
            everyone: whether the facts of all authors end, and not just those of the same one.

        Returns:
            int64[m], the ids of the new facts, ascending.

        Raises:
            FactError: as `append`; nothing is written and nothing ends then.

        >>> memory.supersede(3, 7, 8, author=12, tick=5)
        """
        if not said.keys() <= Said.__optional_keys__:
            raise TypeError(f"an author says {sorted(Said.__optional_keys__)}; got {sorted(said)}.")
        given: dict[str, Any] = {
            "subject": subject,
            "relation": relation,
            "object": object,
            "author": author,
            "tick": tick,
            "valid_from": tick,
            "valid_to": FOREVER,
            "engine": 0,
            "encoder": 0,
            "confidence": 1.0,
            "credence": credence,
            **said,
        }
        evidence = given.pop("evidence", None)
        return self._put(given, evidence, "everyone" if everyone else "author")

    def end(self, ids: ArrayLike, tick: int) -> Ids:
        """End facts at a tick: superseded or withdrawn; returns those that stood until now.

        Raises:
            FactError: for unknown ids, or a tick before one in which they were written.
        """
        chosen = different(self._known(ids))
        standing = chosen[self._table.ended[chosen] == FOREVER]
        written = self._table.tick[standing].max(initial=0)
        if not written <= tick < FOREVER:
            raise FactError(
                f"facts end in or after the tick in which they were written, {written}; got {tick}."
            )
        whole("tick", tick, 0, FOREVER)  # not half a one
        self._before_ending(standing, tick)
        self._end(standing, tick)
        return standing

    def writer(self, author: int, credence: float = 1.0) -> Writer:
        """Return what writes in the name of one author, and nobody else's.

        Args:
            author: 0..2²⁷−1.
            credence: how far its word is believed, in [0, 1]; stamped on all that it writes.

        Raises:
            FactError: for an author or credence that there cannot be.
        """
        explained = columns_of({"author": author, "credence": credence})
        if explained is None or explained[1] != 1 or not 0 <= author <= AUTHOR_MAX:
            raise FactError(f"an author is one of 0..{AUTHOR_MAX}, such as 12; got {author!r}.")
        if not 0.0 <= credence <= 1.0:
            raise FactError(f"credence must lie in [0, 1]; got {credence!r}.")
        return Writer(self, int(author), float(credence))

    def reader(self, before: int, also: ArrayLike = ()) -> Reader:
        """Return a view for whoever may read facts 0..before−1, and the ids of `also`.

        Raises:
            FactError: for facts that there are not.

        >>> memory.reader(memory.public_count(tick=9, embargo=4), memory.match(author=12))
        """
        return Reader(self, before, also)

    # -- saving -----------------------------------------------------------------------------

    def state(self) -> dict[str, NDArray]:
        """Return all that must be saved: the columns, trimmed and copied, and the evidence."""
        columns = {name: view.copy() for name, view in self.columns().items()}
        evidence, counts = self.evidence(np.arange(self._size))
        return columns | {"evidence": evidence.astype(np.int32), "evidence_count": counts}

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
        saved = Facts(self.entities, self.relations, room=np.size(state["subject"]))
        saved.append(**given, evidence=(state["evidence"], state["evidence_count"]))
        ended = whole("ended", state["ended"], 0, FOREVER)
        if ended.shape != (len(saved),) or (ended < saved._table.tick[: len(saved)]).any():
            raise FactError("ended must hold a tick for each fact, none before it was written.")
        if not np.array_equal(state["sequence"], saved.columns()["sequence"]):
            raise FactError("sequence must count what each author wrote, 0, 1, 2 and so on.")
        gone = np.flatnonzero(ended != FOREVER)
        saved._end(gone, ended[gone])
        vars(self).update(vars(saved))

    def to_frame(self) -> pd.DataFrame:
        """Return the facts as a pandas frame, its index named `id`."""
        import pandas as pd

        return pd.DataFrame(
            {name: view.copy() for name, view in self.columns().items()},
            index=pd.RangeIndex(self._size, name="id"),
        )
