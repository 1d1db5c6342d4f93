"""Idempotency keys: what was made once under a key is not made again.

A key is 64 bits, 0 for none (int64 and uint64 alike: the bits count). With it the table keeps a
print of 64 bits of what was asked, to tell a repetition from a key used for something else, and
the id of the hold that came of it. Two different steps with one print (by chance 2**-64) would be
told apart no more; either way nothing moves twice.

Open addressing with linear probing (W. W. Peterson, "Addressing for random-access storage", IBM
Journal of Research and Development 1, 1957), at most half full: O(1) a key. Keys are taken back
only in the reverse order in which they came, so that emptying their slots is enough.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.ledger.errors import LedgerError
from swarm.chance import GAMMA, mixed

NO_KEY = 0


COLUMNS = ("key", "asked", "hold")
"""Of a slot: the key, 0 where it is free; the print of what was asked; the hold made, or 0."""

KEY, ASKED, HOLD = range(3)

Slots = NDArray[np.int64]
"""int64[size, 3], a slot a row, so that it is fetched at once; sizes are powers of two."""


class Keys:
    """All keys ever used with a ledger."""

    def __init__(self) -> None:
        self._used = 0
        self.slots = np.zeros((8, 3), np.int64)

    def __len__(self) -> int:
        """Return how many keys were used."""
        return self._used

    def make_room(self, more: int) -> Slots:
        """The slots, with room for so many more keys."""
        size = len(self.slots)
        while size < 2 * (self._used + more):
            size *= 2
        if size > len(self.slots):
            grown = np.zeros((size, 3), np.int64)
            _refill(grown, self.slots)
            self.slots = grown
        return self.slots

    def count(self, more: int) -> None:
        """Take note that compiled code has used so many more."""
        self._used += more

    def state(self) -> dict[str, NDArray[np.int64]]:
        """The keys in rising order and what belongs to them."""
        used = self.slots[self.slots[:, KEY] != NO_KEY]
        used = used[np.argsort(used[:, KEY])]
        return {name: used[:, i].copy() for i, name in enumerate(COLUMNS)}

    def restore(self, state: Mapping[str, NDArray[np.int64]]) -> None:
        """Hold these keys, which are distinct and not 0."""
        columns = [state[name] for name in COLUMNS]
        if len({column.size for column in columns}) > 1:
            raise LedgerError(f"keys_{', keys_'.join(COLUMNS)} must have one length")
        if np.unique(columns[KEY]).size < columns[KEY].size or (columns[KEY] == NO_KEY).any():
            raise LedgerError("keys_key must be distinct and not 0, which stands for no key")
        self._used, self.slots = 0, np.zeros((8, 3), np.int64)
        _refill(self.make_room(columns[KEY].size), np.column_stack(columns))
        self._used = columns[KEY].size


def key_column(key: ArrayLike | None) -> NDArray[np.int64]:
    """Keys as int64[n], those of uint64 by their bits; no column, int64[0], for None."""
    if key is None:
        return np.zeros(0, np.int64)
    found = np.asarray(key)
    if found.dtype == np.uint64:
        found = found.view(np.int64)
    return whole_numbers("key", found, LedgerError)


@njit(cache=True, nogil=True, inline="always")
def slot_of(slots: Slots, key: int) -> np.int64:
    """The slot that holds this key, or the free one where it would go."""
    last = slots.shape[0] - 1
    slot = np.int64(mixed(np.uint64(key) + GAMMA)) & last
    while slots[slot, KEY] != NO_KEY and slots[slot, KEY] != key:
        slot = (slot + 1) & last
    return slot


@njit(cache=True, nogil=True)
def printed(seen: int, value: int) -> np.int64:
    """Take one more number into a print."""
    return np.int64(mixed(np.uint64(seen) + GAMMA) ^ mixed(np.uint64(value)))


@njit(cache=True, nogil=True)
def _refill(slots: Slots, given: Slots) -> None:
    for i in range(given.shape[0]):
        if given[i, KEY] != NO_KEY:
            slots[slot_of(slots, given[i, KEY])] = given[i]
