"""Where the vector of every item lies and what made it: columns indexed by the item's id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.chance import GAMMA
from swarm.memory.encoders.encoder import EncoderError, Identity

Ids = NDArray[np.int64]

NOWHERE = -1
# Ids index the columns: 2²⁷ of them fill 1.5 GiB.
ID_MAX = 2**27 - 1
_ROOM_AT_FIRST = 1024


class History:
    """For every id: its generation, the encoder that made its vector, when, and adapters since.

    Attributes:
        generation: int32[room], -1 for ids that are unknown.
        made_by: int16[room], a row of `encoders`.
        tick: int32[room], when the vector was made.
        adapters: int8[room], how many have mapped the vector since.
        encoders: identities, in the order in which they first wrote.
    """

    def __init__(self) -> None:
        self.generation = np.full(0, NOWHERE, np.int32)
        self.made_by = np.zeros(0, np.int16)
        self.tick = np.zeros(0, np.int32)
        self.adapters = np.zeros(0, np.int8)
        self.encoders: list[Identity] = []

    def checked(self, ids: ArrayLike) -> Ids:
        """Distinct ids 0..`ID_MAX` as int64[m]; one number is one id.

        Raises:
            EncoderError: for anything else.
        """
        given = np.atleast_1d(np.asarray(ids))
        if given.size == 0:
            given = given.astype(np.int64)
        if given.ndim != 1 or given.dtype.kind not in "iu":
            raise EncoderError(
                "ids must be a column of whole numbers, such as [3, 5]; got "
                f"{given.dtype} of shape {given.shape}."
            )
        numbers = given.astype(np.int64)
        if numbers.size and not (numbers.min() >= 0 and numbers.max() <= ID_MAX):
            raise EncoderError(
                f"ids must lie in 0..{ID_MAX}, for they index columns; got "
                f"{numbers.min()}..{numbers.max()}."
            )
        if np.unique(numbers).size != numbers.size:
            raise EncoderError("each id must come once; try np.unique(ids).")
        return numbers

    def known(self, ids: ArrayLike) -> Ids:
        """The same, all of which have a vector.

        Raises:
            EncoderError: naming some that have none.
        """
        numbers = self.checked(ids)
        unknown = numbers[self.generations(numbers) == NOWHERE]
        if unknown.size:
            raise EncoderError(f"no vectors are known of ids {unknown[:5].tolist()}; write them.")
        return numbers

    def generations(self, ids: Ids) -> NDArray[np.int32]:
        """The generation of each id, -1 for the unknown."""
        inside = ids < self.generation.size
        found = np.full(ids.shape, NOWHERE, np.int32)
        found[inside] = self.generation[ids[inside]]
        return found

    def written(self, ids: Ids, generation: int, encoder: Identity, tick: int) -> None:
        """New vectors of these ids were made."""
        self._make_room(int(ids.max(initial=-1)) + 1)
        if encoder not in self.encoders:
            self.encoders.append(encoder)
        self.generation[ids] = generation
        self.made_by[ids] = self.encoders.index(encoder)
        self.tick[ids] = tick
        self.adapters[ids] = 0

    def adapted(self, ids: Ids, generation: int) -> None:
        """The vectors of these ids went through an adapter."""
        self.generation[ids] = generation
        self.adapters[ids] += 1

    def stale(self, generation: int) -> Ids:
        """All ids that lie in other generations, spread evenly: ascending by id · 2⁶⁴/φ mod 2⁶⁴.

        By the golden ratio every beginning of this order has its share of every stretch of ids
        (Knuth 1998, The Art of Computer Programming 3, section 6.4, theorem S), so that ids
        given in the order of time or topic are no less a fair sample.
        """
        ids = np.flatnonzero((self.generation != generation) & (self.generation != NOWHERE))
        return ids[np.argsort(ids.astype(np.uint64) * GAMMA)]

    def origin(self, ids: Ids) -> dict[str, NDArray]:
        """Columns name, version, tick and adapters of known ids."""
        made_by = self.made_by[ids]
        names = np.array([name for name, _ in self.encoders], dtype=object)
        versions = np.array([version for _, version in self.encoders], dtype=np.int64)
        return {
            "name": names[made_by],
            "version": versions[made_by],
            "tick": self.tick[ids],
            "adapters": self.adapters[ids],
        }

    def state(self, numbers: list[int]) -> dict[str, Any]:
        """The columns of known ids; generations as their places in `numbers`."""
        ids = np.flatnonzero(self.generation != NOWHERE)
        places = np.full(max(numbers) + 1, NOWHERE, np.int32)
        places[numbers] = np.arange(len(numbers))
        return {
            "ids": ids,
            "generation": places[self.generation[ids]],
            "made_by": self.made_by[ids],
            "ticks": self.tick[ids],
            "adapters": self.adapters[ids],
            "encoders": [[name, version] for name, version in self.encoders],
        }

    def restore(self, state: Mapping[str, Any], generations: int) -> None:
        """Take the columns of a state whose generations are 0..generations−1.

        Raises:
            EncoderError: for columns that do not fit; nothing changes then.
        """
        read = History()
        ids = read.checked(state["ids"])
        encoders = [(str(name), int(version)) for name, version in state["encoders"]]
        bounds = {
            "generation": generations - 1,
            "made_by": len(encoders) - 1,
            "ticks": 2**31 - 1,
            "adapters": 127,
        }
        for name, most in bounds.items():
            column = np.asarray(state[name])
            inside = column.size == 0 or (column.min() >= 0 and column.max() <= most)
            if column.shape != ids.shape or not inside:
                raise EncoderError(
                    f"the saved column {name} must have {ids.size} numbers in 0..{most}; got shape "
                    f"{column.shape} beginning {column.ravel()[:5].tolist()}."
                )
        read._make_room(int(ids.max(initial=-1)) + 1)
        read.generation[ids] = state["generation"]
        read.made_by[ids] = state["made_by"]
        read.tick[ids] = state["ticks"]
        read.adapters[ids] = state["adapters"]
        read.encoders = encoders
        vars(self).update(vars(read))

    def _make_room(self, size: int) -> None:
        """Grow by doubling, so that writing stays O(1) on average."""
        room = self.generation.size
        if size <= room:
            return
        more = max(size, 2 * room, _ROOM_AT_FIRST) - room
        self.generation = np.pad(self.generation, (0, more), constant_values=NOWHERE)
        self.made_by = np.pad(self.made_by, (0, more))
        self.tick = np.pad(self.tick, (0, more))
        self.adapters = np.pad(self.adapters, (0, more))
