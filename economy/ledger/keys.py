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
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.chance import GAMMA, mixed
from economy.columns import whole_numbers
from economy.ledger.borrowing import borrowed
from economy.ledger.errors import LedgerError

NO_KEY = 0


class Slots(NamedTuple):
    """The table as compiled code uses it; sizes are powers of two.

    Attributes:
        key: int64[size], 0 where a slot is free.
        asked: int64[size], the print of what was asked.
        hold: int64[size], the hold that was made, or 0.
    """

    key: NDArray[np.int64]
    asked: NDArray[np.int64]
    hold: NDArray[np.int64]


class Keys:
    """All keys ever used with a ledger."""

    def __init__(self) -> None:
        self._used = 0
        self.slots = _empty(8)

    def __len__(self) -> int:
        """Return how many keys were used."""
        return self._used

    def make_room(self, more: int) -> Slots:
        """The slots, with room for so many more keys."""
        size = self.slots.key.size
        while size < 2 * (self._used + more):
            size *= 2
        if size > self.slots.key.size:
            grown = _empty(size)
            _refill(grown, self.slots)
            self.slots = grown
        return self.slots

    def count(self, more: int) -> None:
        """Take note that compiled code has used so many more."""
        self._used += more

    def state(self) -> dict[str, NDArray[np.int64]]:
        """The keys in rising order and what belongs to them."""
        used = np.flatnonzero(self.slots.key)
        used = used[np.argsort(self.slots.key[used])]
        return {name: column[used] for name, column in self.slots._asdict().items()}

    def restore(self, state: Mapping[str, NDArray[np.int64]]) -> None:
        """Hold these keys, which are distinct and not 0."""
        given = Slots(**{name: state[name] for name in Slots._fields})
        if len({column.size for column in given}) > 1:
            raise LedgerError(f"keys_{', keys_'.join(Slots._fields)} must have one length")
        if np.unique(given.key).size < given.key.size or (given.key == NO_KEY).any():
            raise LedgerError("keys_key must be distinct and not 0, which stands for no key")
        self._used, self.slots = 0, _empty(8)
        _refill(self.make_room(given.key.size), given)
        self._used = given.key.size


def key_column(key: ArrayLike | None) -> NDArray[np.int64]:
    """Keys as int64[n], those of uint64 by their bits; no column, int64[0], for None."""
    if key is None:
        return np.zeros(0, np.int64)
    found = np.asarray(key)
    if found.dtype == np.uint64:
        found = found.view(np.int64)
    return whole_numbers("key", found, LedgerError)


def _empty(size: int) -> Slots:
    return Slots(*(np.zeros(size, np.int64) for _ in Slots._fields))


@njit(cache=True, nogil=True)
def light_slots(slots: Slots) -> Slots:
    """The same slots, faster to pass on; not to be kept beyond the call (see `borrowing`)."""
    return Slots(borrowed(slots.key), borrowed(slots.asked), borrowed(slots.hold))


@njit(cache=True, nogil=True, inline="always")
def slot_of(slots: Slots, key: int) -> np.int64:
    """The slot that holds this key, or the free one where it would go."""
    last = slots.key.size - 1
    slot = np.int64(mixed(np.uint64(key) + GAMMA)) & last
    while slots.key[slot] != NO_KEY and slots.key[slot] != key:
        slot = (slot + 1) & last
    return slot


@njit(cache=True, nogil=True)
def printed(seen: int, value: int) -> np.int64:
    """Take one more number into a print."""
    return np.int64(mixed(np.uint64(seen) + GAMMA) ^ mixed(np.uint64(value)))


@njit(cache=True, nogil=True)
def _refill(slots: Slots, given: Slots) -> None:
    for i in range(given.key.size):
        if given.key[i] != NO_KEY:
            slot = slot_of(slots, given.key[i])
            slots.key[slot] = given.key[i]
            slots.asked[slot] = given.asked[i]
            slots.hold[slot] = given.hold[i]
