"""What can go wrong at a pool: errors for wrong arguments, reason codes for refused swaps."""

from __future__ import annotations

import operator
from enum import IntEnum

from economy.columns import LARGEST

WHOLE = 1_000_000
"""Fees are counted in millionths of what is paid in: 3,000 of them are 0.3 per cent."""


class PoolError(ValueError):
    """Amounts, fees, prices or a state that a pool cannot work with."""


class SwapRefusal(IntEnum):
    """Why a swap was not made; where several reasons hold, the first in this order."""

    OK = 0  # it was made
    NOT_POSITIVE = 1  # the amount paid in is below 1
    NOTHING_OUT = 2  # so little is paid in that not one token would come out
    BELOW_LIMIT = 3  # less would come out than the trader insists on
    FULL = 4  # there would be more than 2**63 - 1: paid in, or issued
    UNKNOWN_ACCOUNT = 5  # the account to pay, or to be paid, is not an ordinary one that is open
    INSUFFICIENT = 6  # the paying account holds less than the amount


def tokens(name: str, value: int, least: int = 0) -> int:
    """Return a number of tokens as a plain int; ``PoolError`` below ``least`` or beyond int64."""
    found = whole(name, value)
    if not least <= found <= LARGEST:
        raise PoolError(f"{name} is {least} to 2**63 - 1 tokens; got {found}")
    return found


def whole(name: str, value: int) -> int:
    """Return a whole number of any size as a plain int, which cannot overflow; or ``PoolError``."""
    try:
        return operator.index(value)
    except TypeError:
        raise PoolError(f"{name} must be a whole number; got {value!r}") from None


def millionths(fee: int) -> int:
    """Return a fee as a plain int; ``PoolError`` unless it is 0 to 999,999 millionths."""
    try:
        found = operator.index(fee)
    except TypeError:
        found = -1
    if not 0 <= found < WHOLE:
        raise PoolError(f"fee is 0 to 999,999 millionths, as in fee=3000 for 0.3%; got {fee!r}")
    return found
