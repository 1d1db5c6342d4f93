"""What a concentrated pool is made of: boundaries, positions and swaps, all plain integers."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import NamedTuple

Q128 = 2**128
"""Fees per unit of liquidity are counted in 2**-128 tokens."""

LARGEST_LIQUIDITY = 2**128 - 1

Range = tuple[int, int, int]
"""Owner, lower tick, upper tick: what names a position."""


@dataclass(slots=True)
class Boundary:
    """A tick where positions begin or end."""

    gross: int = 0
    """Liquidity of all positions that begin or end here."""
    net: int = 0
    """Liquidity that comes in when the price rises past here."""
    outside: tuple[int, int] = (0, 0)
    """Fees per liquidity earned on the other side of this tick, as seen from the price."""


@dataclass(slots=True)
class Position:
    """Liquidity of one owner between two ticks, and what the pool owes to it."""

    liquidity: int = 0
    inside: tuple[int, int] = (0, 0)
    """Fees per liquidity earned in the range when this position was last touched."""
    owed: tuple[int, int] = (0, 0)
    """Tokens to collect: fees, and liquidity withdrawn."""


class Swap(NamedTuple):
    """What a swap does: amounts, and the pool after it."""

    amounts: tuple[int, int]
    """Tokens 0 and 1 that the pool receives; negative: that it pays."""
    sqrt_price: int
    tick: int
    liquidity: int
    fees: tuple[int, int]
    """The pool's fees per liquidity after the swap."""
    crossed: tuple[tuple[int, tuple[int, int]], ...]
    """The ticks crossed, each with the pool's fees per liquidity at that moment."""
    before: int
    """How often the pool had changed when this was quoted."""


def whole_row(row: object, size: int) -> list[int]:
    """Return a row of a saved state as plain ints; ``ValueError`` unless there are ``size``."""
    if not isinstance(row, list | tuple) or len(row) != size:
        raise ValueError(f"a row of {size} whole numbers was expected; got {row!r}")
    return [operator.index(value) for value in row]


def rows_of(rows: object, size: int) -> list[list[int]]:
    """Return the rows of a saved state, each as `whole_row`."""
    if not isinstance(rows, list | tuple):
        raise ValueError(f"a list of rows was expected; got {rows!r}")
    return [whole_row(row, size) for row in rows]
