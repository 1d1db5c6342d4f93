"""Vectors as a context sees them: base + delta, without a copy of the base.

A context (an agent, a topic, a season) shifts some vectors of an index and leaves the others where
they are. Only the deltas are kept; a search asks the base for what is not shifted and compares
what is shifted exactly, so m deltas cost O(m · d) a context and O(m · d) a query more.

Guarantees: a search under a context finds what an index would in which those vectors were
replaced (exactly so if the base is exact); contexts do not see each other; the base is never
written; deltas follow it: where its vector changes, so does the sum, and where an id is gone from
it, so is the id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.encoders.encoder import EncoderError, Floats
from swarm.memory.encoders.merging import by_distance, without
from swarm.memory.vectors.exact import Exact
from swarm.memory.vectors.index import Neighbours, VectorIndex

Ids = NDArray[np.int64]
Context = int | str


class ContextOverlays:
    """Deltas over an index, by context.

    >>> overlays = ContextOverlays(index)
    >>> overlays.put("winter", ids, deltas)  # int64[m], float32[m, d]
    >>> overlays.search(queries, k=10, context="winter")
    """

    def __init__(self, base: VectorIndex) -> None:
        self.base = base
        self._deltas: dict[Context, tuple[Ids, Floats]] = {}

    def put(self, context: Context, ids: ArrayLike, deltas: ArrayLike) -> None:
        """Shift vectors in a context, in place of what shifted them there before.

        Args:
            context: a number or a name; a new one begins without deltas.
            ids: int64[m], each once and known to the base.
            deltas: float32[m, d], to be added to the vectors of the base.

        Raises:
            EncoderError: for ids or deltas that are not so.
            VectorError: for sums that the base could not hold, such as zeros under cosine.
        """
        if isinstance(context, bool) or not isinstance(context, int | str):
            raise EncoderError(
                f"a context is a number or a name, such as 'winter'; got {context!r}"
            )
        shifted = np.atleast_1d(np.asarray(ids, dtype=np.int64))
        rows = np.atleast_2d(np.asarray(deltas, dtype=np.float32))
        if shifted.ndim != 1 or rows.shape != (shifted.size, self.base.dimensions):
            raise EncoderError(
                f"{shifted.size} ids need deltas of shape {(shifted.size, self.base.dimensions)}; "
                f"got {rows.shape}."
            )
        unknown = [id for id in shifted.tolist() if id not in self.base]
        if unknown or np.unique(shifted).size != shifted.size:
            raise EncoderError(
                "ids must be known to the base, each once; "
                + (f"it has no {unknown[:5]}." if unknown else "some come twice.")
            )
        self._shifted(shifted, rows)
        before, kept = self._of(context)
        stay = ~np.isin(before, shifted)
        everything = np.concatenate((before[stay], shifted))
        order = np.argsort(everything)
        self._deltas[context] = (
            everything[order],
            np.concatenate((kept[stay], rows))[order],
        )

    def drop(self, context: Context, ids: ArrayLike | None = None) -> None:
        """Forget the deltas of a context, or those of some ids; what has none stays so."""
        before, kept = self._of(context)
        stay = np.zeros(before.size, bool) if ids is None else ~np.isin(before, np.asarray(ids))
        self._deltas[context] = before[stay], kept[stay]
        if not stay.any():
            del self._deltas[context]

    def contexts(self) -> list[Context]:
        """The contexts that shift anything, in the order in which they began."""
        return list(self._deltas)

    def deltas(self, context: Context) -> tuple[Ids, Floats]:
        """int64[m], ascending, and float32[m, d]: what a context shifts and by how much."""
        ids, rows = self._of(context)
        return ids.copy(), rows.copy()

    def vectors(self, ids: ArrayLike, context: Context) -> Floats:
        """The vectors of known ids as the context sees them, float32[m, d]."""
        wanted = np.atleast_1d(np.asarray(ids, dtype=np.int64))
        seen = np.array(self.base.vectors(wanted), dtype=np.float32)
        shifted, rows = self._of(context)
        place = np.minimum(np.searchsorted(shifted, wanted), max(shifted.size - 1, 0))
        hit = shifted[place] == wanted if shifted.size else np.zeros(wanted.size, bool)
        seen[hit] += rows[place[hit]]
        return seen

    def search(
        self, queries: ArrayLike, k: int, context: Context, allowed: ArrayLike | None = None
    ) -> Neighbours:
        """Find the k nearest of each query as the context sees the vectors.

        Args:
            queries, k, allowed: as `VectorIndex.search` takes them.
            context: one without deltas sees the base.
        """
        ids, rows = self._living(context)
        if ids.size == 0:
            return self.base.search(queries, k, allowed)
        shifted = self._shifted(ids, rows).search(queries, k, allowed)
        # A few shifted ones are asked for too and left out; many are masked.
        if ids.size <= 4 * k + 64:
            stayed = without(self.base.search(queries, k + ids.size, allowed), ids, k)
        else:
            stayed = self.base.search(queries, k, self._others(ids, allowed))
        return by_distance((stayed, shifted), k)

    def state(self) -> dict[str, Any]:
        """The deltas, as plain arrays and JSON values; the base is saved by whoever owns it."""
        deltas = [self.deltas(context) for context in self._deltas]
        nothing = np.zeros((0, self.base.dimensions), np.float32)
        return {
            "contexts": list(self._deltas),
            "counts": np.array([ids.size for ids, _ in deltas], np.int64),
            "ids": np.concatenate([np.zeros(0, np.int64), *(ids for ids, _ in deltas)]),
            "deltas": np.concatenate([nothing, *(rows for _, rows in deltas)]),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the deltas of a state, over a base that has their ids.

        Raises:
            EncoderError: for a state that does not fit; nothing changes then.
        """
        try:
            contexts, counts = list(state["contexts"]), np.asarray(state["counts"], np.int64)
            ids, deltas = state["ids"], state["deltas"]
        except KeyError as problem:
            raise EncoderError(
                f"saved overlays have contexts, counts, ids and deltas; got {sorted(state)}."
            ) from problem
        ends = np.cumsum(counts)
        fits = counts.shape == (len(contexts),) and len(set(contexts)) == len(contexts)
        if not fits or (counts < 0).any() or not (counts.sum() == len(ids) == len(deltas)):
            raise EncoderError("saved overlays must have a count of ids for each context, once.")
        read = ContextOverlays(self.base)
        for context, end, count in zip(contexts, ends.tolist(), counts.tolist(), strict=True):
            read.put(context, ids[end - count : end], deltas[end - count : end])
        self._deltas = read._deltas

    def _of(self, context: Context) -> tuple[Ids, Floats]:
        nothing = np.zeros(0, np.int64), np.zeros((0, self.base.dimensions), np.float32)
        return self._deltas.get(context, nothing)

    def _living(self, context: Context) -> tuple[Ids, Floats]:
        """The deltas whose ids the base still has."""
        ids, rows = self._of(context)
        there = np.fromiter((id in self.base for id in ids.tolist()), bool, ids.size)
        return (ids, rows) if there.all() else (ids[there], rows[there])

    def _shifted(self, ids: Ids, rows: Floats) -> Exact:
        """A small exact index of base + delta."""
        index = Exact(self.base.dimensions, self.base.metric)
        index.add(self.base.vectors(ids) + rows, ids)
        return index

    def _others(self, ids: Ids, allowed: ArrayLike | None) -> NDArray:
        """What the base may find: all that is allowed, but for ids."""
        if allowed is None:
            return np.setdiff1d(self.base.ids(), ids, assume_unique=True)
        given = np.asarray(allowed)
        if given.dtype != np.bool_:
            return np.setdiff1d(given, ids)
        left = given.copy()
        left[ids[ids < left.size]] = False
        return left
