"""Vectors that outlive their encoder: every one knows what made it, and none is lost on the way.

A store holds one vector for each item, with the identity of the encoder that made it and the tick.
When the encoder is replaced, new vectors are made little by little: of what searches come upon
(lazy migration on read) and by a pass in the background, `migrate(budget)`. Until then an item is
found by its old vector:

- through an adapter (old → new), if there is one: all old vectors are mapped at once, and asked
  with the mean of two forms of the query, by the new encoder, and by the old one through the
  adapter (see `passage`); adapters are kept, and at the next replacement another comes behind;
- without one, the old index is asked with the old encoder.

Either way distances of two generations are no one measure, and their answers are merged *by rank*:
a neighbour's place is the share of its own index that is nearer (see `merging`). An old encoder is
called until its last vector has gone (`encoders` says which are); where adapters have mapped all
its vectors it may `retire` before, and they are asked by the new one alone.

What is re-encoded on read is compared truly, in the new space, in the same search; if that is all
that came up for a query, what else is old comes behind what is new. Encoders may be replaced again
while a migration is under way, or changed back: every generation is searched until it is empty.

Guarantees: an item that was written and not removed is found at every moment, once; `migrate` takes
items in an order that is spread evenly over the ids, so that new and old are fair samples of them,
and killed and resumed from a state it leaves the same bytes as if it had never stopped; a call that
raises changes nothing. One thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.encoders.adapters import Adapter
from swarm.memory.encoders.answers import Found, came_up, together
from swarm.memory.encoders.encoder import (
    Encoder,
    EncoderError,
    Floats,
    Identity,
    Items,
    encoded,
    whole,
)
from swarm.memory.encoders.generations import Generations, Make
from swarm.memory.encoders.history import NOWHERE, History
from swarm.memory.encoders.saving import opened, saved
from swarm.memory.vectors.exact import Exact

Ids = NDArray[np.int64]
Read = Callable[[Ids], Items]


class VersionedVectors:
    """A vector for each item, by whichever encoder; searched as one.

    >>> store = VersionedVectors(HashedNgrams(64), lambda ids: [texts[id] for id in ids])
    >>> store.write(np.arange(1000))
    >>> store.replace_encoder(HashedNgrams(128, version=2))
    >>> found = store.search(["a red fox"], k=10)
    >>> while store.migrate(100): ...

    Attributes:
        read: from ids int64[m] to the m items; it is asked for every item that was written.
        tick: the time that new vectors are stamped with, 0..2³¹−1; set by the caller.
        lazy: how many items a search may re-encode, ≥ 0; its first queries are served first.
    """

    def __init__(self, encoder: Encoder, read: Read, *, make: Make = Exact, lazy: int = 64) -> None:
        """Begin with nothing.

        Args:
            encoder: of queries and of what is written.
            read, lazy: as above.
            make: an empty index of a width, by default `Exact` by squared Euclidean distance.
        """
        self.read = read
        self.tick = 0
        self.lazy = whole("lazy", lazy, 0, 64)
        self._generations = Generations(encoder, make)
        self._history = History()
        self._due: Ids | None = None  # what is to be migrated, in order; some of it may be

    # What there is

    @property
    def encoder(self) -> Encoder:
        """The present encoder: of queries, and of all that is written."""
        return self._generations.encoder

    @property
    def encoders(self) -> list[Identity]:
        """All encoders that queries are encoded by: old ones, and the present one last."""
        return list(self._generations.callable)

    @property
    def stale(self) -> int:
        """How many items are yet to be re-encoded."""
        return len(self) - len(self._generations.present.index)

    def __len__(self) -> int:
        return len(self._generations)

    def __contains__(self, id: object) -> bool:
        return any(id in each.index for each in self._generations.by_number.values())

    def ids(self) -> Ids:
        """All ids, int64[n], ascending."""
        return np.flatnonzero(self._history.generation != NOWHERE)

    def origin(self, ids: ArrayLike) -> dict[str, NDArray]:
        """What is known of the vectors of known ids, column by column.

        Returns:
            name (object) and version (int64) of the encoder that made the vector; tick (int32),
            when; adapters (int64), how many have mapped it since.

        Raises:
            EncoderError: for an unknown id, or one that comes twice.
        """
        known = self._history.known(ids)
        columns = self._generations.origin(self._history.generations(known))
        return {**columns, "tick": self._history.tick[known]}

    def vectors(self, ids: ArrayLike) -> Floats:
        """The vectors of known ids in the present space, float32[m, d].

        Raises:
            EncoderError: for an unknown id, or one whose vector still lies in an old space.
        """
        wanted = self._history.known(ids)
        return self._generations.vectors(wanted, self._history.generations(wanted))

    # Writing

    def write(self, ids: ArrayLike) -> None:
        """Encode items by the present encoder; what was there of them is replaced.

        Raises:
            EncoderError: for ids that are no column of distinct numbers 0..2²⁷−1, or if `read` or
                the encoder does not answer them all.
        """
        self._renew(self._history.checked(ids))

    def remove(self, ids: ArrayLike) -> None:
        """Forget items.

        Raises:
            EncoderError: for an unknown id, or one that comes twice.
        """
        leaving = self._history.known(ids)
        self._generations.take_out(leaving, self._history.generations(leaving))
        self._generations.drop_empty()
        self._history.generation[leaving] = NOWHERE

    def replace_encoder(self, new: Encoder, adapter: Adapter | None = None) -> None:
        """Let another encoder take over, for queries and for what is written.

        Args:
            new: of another identity; one that was replaced before may come back.
            adapter: from the vectors of the present encoder to those of `new`. It is applied to
                all vectors in the present space now, adapted ones among them, which are indexed
                anew; and to queries, until those are migrated.

        Raises:
            EncoderError: for the present encoder, or an adapter of other widths or of a kind that
                `restored_adapter` does not know.
        """
        self._generations.succeed(new, adapter)
        self._due = None

    def retire(self, encoder: Identity) -> None:
        """Encode queries by an old encoder no more, because it cannot be called any longer.

        Vectors that adapters have mapped from its space, or into it, are then asked by the other
        end of their way alone, which finds less of them. It may come back by `replace_encoder`.

        Args:
            encoder: its identity, (name, version).

        Raises:
            EncoderError: for the present encoder, one that is not called anyway, or one by which
                alone some vectors are found.
        """
        self._generations.retire(encoder)

    def migrate(self, budget: int) -> int:
        """Re-encode up to `budget` old items, in an order that is spread evenly over the ids.

        Returns:
            How many were; 0 when all is new.

        Raises:
            EncoderError: for a budget below 1, or if `read` or the encoder does not answer.
        """
        most = whole("budget", budget, 1, 100)
        newest = self._generations.newest
        due = self._history.stale(newest) if self._due is None else self._due
        stale, due = self._history.first_stale(due, newest, most)
        self._renew(stale)
        self._due = due
        return int(stale.size)

    def pairs(self, new: Encoder, size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Items encoded twice, to train an adapter from: by the present encoder, and by `new`.

        Args:
            new: the encoder to come.
            size: how many, 2 or more; all if there are fewer.
            rng: draws them from what the present encoder has made itself.

        Returns:
            float32[m, d_old] and float32[m, d_new].
        """
        index = self._generations.present.index
        ids = index.ids()
        if ids.size < 2:
            raise EncoderError(
                f"pairs are two items or more that {self.encoder.identity} has encoded itself; "
                f"there are {ids.size}. Draw them before it is replaced, or migrate first."
            )
        drawn = np.sort(rng.choice(ids, min(whole("size", size, 2, 2000), ids.size), replace=False))
        return index.vectors(drawn), encoded(new, self._items(drawn))

    # Reading

    def search(self, queries: Items, k: int, allowed: ArrayLike | None = None) -> Found:
        """Find the k nearest items of each query.

        Args:
            queries: Q items, such as texts; they are encoded here.
            k: how many, ≥ 1.
            allowed: int64 ids, or a bool mask indexed by id; None for all.

        Up to `lazy` of the old items that come up are re-encoded first.
        """
        generations = self._generations
        asked: dict[Identity, Floats] = {}
        found = generations.answers(queries, k, allowed, asked)
        first, all_of_it = came_up(found, generations.newest, self.lazy)
        if first.size:
            self._renew(first)
            found = generations.answers(queries, k, allowed, asked)
        sizes = generations.sizes() if allowed is None else self._history.sizes(allowed)
        return together(found, generations.newest, sizes, all_of_it & (self.lazy > 0), k)

    def _renew(self, ids: Ids) -> None:
        """Give items vectors of the present encoder; all that may fail comes first."""
        if ids.size == 0:
            return
        tick = whole("tick", self.tick, 0, 7, most=2**31 - 1)
        vectors = encoded(self.encoder, self._items(ids))
        self._generations.check_storable(vectors)
        self._generations.take_out(ids, self._history.generations(ids))
        self._generations.present.index.add(vectors, ids)
        self._generations.drop_empty()
        self._history.written(ids, self._generations.newest, tick)

    def _items(self, ids: Ids) -> Items:
        items = self.read(ids.copy())
        if len(items) != ids.size:
            raise EncoderError(
                f"read must give an item for each of {ids.size} ids; got {len(items)}. Remove "
                "from the store what is gone elsewhere."
            )
        return items

    # Saving

    def state(self) -> dict[str, Any]:
        """All vectors and what is known of them, as plain arrays and JSON values.

        Encoders and items are not in it: `restore` is given them again.
        """
        return saved(self._generations, self._history, self.tick)

    def restore(
        self,
        state: Mapping[str, Any],
        encoders: Iterable[Encoder] = (),
        retired: Iterable[Identity] = (),
    ) -> None:
        """Become what `state` was taken from. Indexes are built again from their vectors.

        Args:
            state: of a store whose last encoder is the present one here, or among `encoders`.
            encoders: those that older generations are asked with; ones that had retired stay so.
            retired: identities of those that cannot be called any longer, as by `retire`.

        Raises:
            EncoderError: for a state that does not fit, or names an encoder that is neither given
                nor retired; nothing changes then.
        """
        known = {each.identity: each for each in (*encoders, self.encoder)}
        self._generations, self._history, self.tick = opened(
            state, known, set(retired), self._generations.make
        )
        self._due = None
