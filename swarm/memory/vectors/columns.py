"""The vectors themselves, side by side, and which slot holds which id.

A vector keeps its slot until `compact`; removing only marks. Beside every vector stand two numbers
from which, with the product q·x, its order by distance follows (`nearest`): a slot that is empty
has an infinite `shift`, so no search ever takes it.

Guarantees: an id has at most one slot; slots are given in the order of adding, and `compact` keeps
that order. Finding a slot costs O(log n); adding O(1) amortised, whatever the ids.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm.memory.vectors.generations import Generation
from swarm.memory.vectors.index import NOBODY, Floats, Ids, Metric, VectorError

SMALLEST_MERGE = 1024


class Columns:
    """Growing columns of vectors and ids.

    Attributes:
        size: slots in use, those of removed vectors included.
        live: slots that hold a vector.
        next_id: one above the largest id that was ever used.
        reach: no vector that was ever here is longer.
    """

    def __init__(self, dimensions: int, metric: Metric) -> None:
        self.dimensions = dimensions
        self.metric: Metric = metric
        self.size = self.live = self.next_id = 0
        self.reach = 0.0
        self._vectors: Floats = np.empty((0, dimensions), dtype=np.float32)
        self._ids: Ids = np.empty(0, dtype=np.int64)
        self._alive: NDArray[np.bool_] = np.empty(0, dtype=bool)
        self._shift: Floats = np.empty(0, dtype=np.float32)
        self._scale: Floats = np.empty(0, dtype=np.float32)
        # As long as ids are slots, as they are by default, nothing has to be looked up. Otherwise
        # most are in sorted columns, and those added since in a dictionary that wins over them.
        self._plain = True
        self._sorted_ids: Ids = np.empty(0, dtype=np.int64)
        self._sorted_slots: Ids = np.empty(0, dtype=np.int64)
        self._recent: dict[int, int] = {}

    @property
    def vectors(self) -> Floats:
        """float32[size, d] by slot."""
        return self._vectors[: self.size]

    @property
    def ids(self) -> Ids:
        """int64[size] by slot, of removed ones too."""
        return self._ids[: self.size]

    @property
    def alive(self) -> NDArray[np.bool_]:
        """bool[size] by slot."""
        return self._alive[: self.size]

    @property
    def shift(self) -> Floats:
        """float32[size]: half the squared length under l2, else 0; infinite in an empty slot."""
        return self._shift[: self.size]

    @property
    def scale(self) -> Floats:
        """float32[size]: 1 over the length under cosine, else 1."""
        return self._scale[: self.size]

    def append(self, vectors: Floats, ids: Ids) -> None:
        """Give slots to checked vectors of checked, unknown ids."""
        first, total = self.size, self.size + len(ids)
        if not len(ids):
            return
        self._reserve(total)
        squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
        self._vectors[first:total] = vectors
        self._ids[first:total] = ids
        self._alive[first:total] = True
        self._shift[first:total] = squares / 2 if self.metric == "l2" else 0.0
        with np.errstate(divide="ignore"):
            self._scale[first:total] = 1 / np.sqrt(squares) if self.metric == "cosine" else 1.0
        self.reach = max(self.reach, float(np.sqrt(squares.max())))
        self.size, self.live = total, self.live + len(ids)
        self.next_id = max(self.next_id, int(ids.max()) + 1)
        if self._plain and not np.array_equal(ids, np.arange(first, total)):
            self._plain = False
            self._sort()
        elif not self._plain:
            self._recent.update(zip(ids.tolist(), range(first, total), strict=True))
            if len(self._recent) > max(SMALLEST_MERGE, len(self._sorted_ids) // 8):
                self._sort()

    def mark_removed(self, slots: Ids) -> None:
        """Empty slots."""
        self._alive[slots] = False
        self._shift[slots] = np.inf
        self.live -= len(slots)

    def compact(self) -> None:
        """Move the living together, their order kept, and give room back."""
        kept = np.flatnonzero(self.alive)
        for name in ("_vectors", "_ids", "_alive", "_shift", "_scale"):
            setattr(self, name, getattr(self, name)[kept])
        self.size = len(kept)
        self._plain = bool(np.array_equal(self._ids, np.arange(self.size)))
        self._sort()

    def slots(self, ids: Ids) -> Ids:
        """The slot of each id, -1 where it is unknown."""
        if self._plain:
            inside = ids < self.size
            slots = np.where(inside, ids, NOBODY)
            return np.where(inside & self._alive_at(slots), slots, NOBODY)
        if len(self._sorted_ids):
            places = np.searchsorted(self._sorted_ids, ids)
            places[places == len(self._sorted_ids)] = 0
            known = self._sorted_ids[places] == ids
            slots = np.where(known, self._sorted_slots[places], NOBODY)
            slots = np.where(known & self._alive_at(slots), slots, NOBODY)
        else:
            slots = np.full(len(ids), NOBODY, dtype=np.int64)
        if self._recent:
            recent = self._recent
            for i in np.flatnonzero(slots == NOBODY).tolist():
                slot = recent.get(int(ids[i]), NOBODY)
                slots[i] = slot if slot != NOBODY and self._alive[slot] else NOBODY
        return slots

    def known_slots(self, ids: Ids) -> Ids:
        """The slot of each id.

        Raises:
            VectorError: naming an id that is unknown.
        """
        slots = self.slots(ids)
        if len(slots) and slots.min() < 0:
            unknown = ids[slots < 0]
            raise VectorError(
                f"{len(unknown)} of {len(ids)} ids are unknown, such as {unknown[0]}; "
                "index.ids() shows those there are"
            )
        return slots

    def refuse_known(self, ids: Ids) -> None:
        """Raise VectorError if one of these ids has a slot."""
        if len(ids) and ids.min() < self.next_id:
            known = ids[self.slots(ids) >= 0]
            if len(known):
                raise VectorError(
                    f"{len(known)} of {len(ids)} ids are known already, such as {known[0]}; "
                    "remove(ids) first to replace their vectors"
                )

    def allowed_mask(self, allowed: NDArray[np.bool_] | Ids) -> NDArray[np.bool_]:
        """bool[size], the living slots that a checked filter allows."""
        if allowed.dtype != np.bool_:
            mask = np.zeros(self.size, dtype=bool)
            mask[self.allowed_slots(allowed)] = True
            return mask
        marked, mask = allowed.astype(np.bool_, copy=False), self.alive.copy()
        if self._plain:
            inside = min(len(marked), self.size)
            mask[:inside] &= marked[:inside]
            mask[inside:] = False
        else:
            mask &= self.ids < len(marked)
            mask[mask] = marked[self.ids[mask]]
        return mask

    def allowed_slots(self, allowed: NDArray[np.bool_] | Ids) -> Ids:
        """int64[m], the slots that a checked filter allows, each once."""
        if allowed.dtype == np.bool_:
            return np.flatnonzero(self.allowed_mask(allowed))
        slots = self.slots(allowed.astype(np.int64, copy=False))
        return slots[slots >= 0]

    def living_ids(self) -> Ids:
        """int64[live], ascending."""
        return np.sort(self.ids[self.alive])

    def holds(self, id: object) -> bool:
        """Whether this is the id of a vector; False for what can be none."""
        if isinstance(id, bool) or not isinstance(id, int | np.integer):
            return False
        inside = 0 <= int(id) < self.next_id
        return inside and bool(self.slots(np.array([id], dtype=np.int64))[0] >= 0)

    def save(self, files: Generation) -> None:
        """Write the living and the dead, as plain arrays."""
        for name in ("vectors", "ids", "alive"):
            write_array(files.fresh(f"{name}.npy"), getattr(self, name))

    @classmethod
    def load(cls, files: Generation, dimensions: int, metric: Metric, next_id: int) -> Columns:
        """Read what `save` wrote; raises VectorError naming a file that is damaged."""
        vectors = read_array(files.path("vectors.npy"), np.float32, (None, dimensions))
        ids = read_array(files.path("ids.npy"), np.int64, (len(vectors),))
        alive = read_array(files.path("alive.npy"), np.bool_, (len(vectors),))
        living = np.sort(ids[alive])
        if (len(ids) and not 0 <= ids.min() <= ids.max() < next_id) or (
            len(living) and (living[1:] == living[:-1]).any()
        ):
            raise VectorError(f"{files.path('ids.npy')} is damaged: ids repeat or are too large")
        if not np.isfinite(vectors).all():
            raise VectorError(f"{files.path('vectors.npy')} is damaged: not all are finite")
        columns = cls(dimensions, metric)
        columns.append(vectors, ids)
        columns.mark_removed(np.flatnonzero(~alive))
        columns.next_id = next_id
        columns._sort()
        return columns

    def _alive_at(self, slots: Ids) -> NDArray[np.bool_]:
        return self._alive[slots] if self.size else np.zeros(len(slots), dtype=bool)

    def _sort(self) -> None:
        slots = np.empty(0, dtype=np.int64) if self._plain else np.flatnonzero(self.alive)
        ids = self._ids[slots]
        order = np.argsort(ids, kind="stable")
        self._sorted_ids, self._sorted_slots = ids[order], slots[order]
        self._recent = {}

    def _reserve(self, total: int) -> None:
        if total <= len(self._ids):
            return
        room = max(total, 2 * len(self._ids))
        for name in ("_vectors", "_ids", "_alive", "_shift", "_scale"):
            old = getattr(self, name)
            new = np.empty((room, *old.shape[1:]), dtype=old.dtype)
            new[: self.size] = old[: self.size]
            setattr(self, name, new)


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write a file as np.save does, which does not say so if the disk has no room for the end."""
    whole = np.ascontiguousarray(array)
    with path.open("wb") as file:
        described = np.lib.format.header_data_from_array_1_0(whole)
        np.lib.format.write_array_header_1_0(file, described)
        file.write(whole.data)


def read_array(path: Path, dtype: type[np.generic], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Read a file and check its type and shape (None: any length).

    Raises:
        VectorError: naming the file, if it is missing, damaged or otherwise shaped.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as problem:
        raise VectorError(f"{path} is missing or damaged") from problem
    fits = len(array.shape) == len(shape) and all(
        want in (None, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not isinstance(array, np.ndarray) or array.dtype != dtype or not fits:
        wanted = ", ".join("any" if each is None else str(each) for each in shape)
        raise VectorError(
            f"{path} is damaged: expected {np.dtype(dtype)}[{wanted}]; got "
            f"{array.dtype}{list(array.shape)}"
        )
    return array
