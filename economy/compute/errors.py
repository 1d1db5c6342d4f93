"""What can go wrong at a market for compute: errors, and reasons why units were not served."""

from __future__ import annotations

import operator
from enum import IntEnum
from fractions import Fraction


class ComputeError(ValueError):
    """Capacities, prices, bids, leases or a state that a market for compute cannot work with."""


def whole(name: str, value: int, least: int, most: int = 2**63 - 1) -> int:
    """Return a whole number as a plain int; ``ComputeError`` unless it is ``least`` to ``most``."""
    try:
        found = operator.index(value)
    except TypeError:
        found = least - 1
    if not least <= found <= most:
        raise ComputeError(f"{name} is a whole number, {least} to {most}; got {value!r}")
    return found


def part_of_whole(name: str, value: Fraction | float, finest: int) -> Fraction:
    """Return a part in (0, 1] as a fraction, to 1 / ``finest``; ``ComputeError`` for others."""
    try:
        found = Fraction(value).limit_denominator(finest)
    except (TypeError, ValueError, OverflowError):  # not finite, or no number
        found = Fraction(0)
    if not 0 < found <= 1:
        raise ComputeError(f"{name} is above 0, up to 1, as in 0.8; got {value!r}")
    return found


class Shortfall(IntEnum):
    """Why a bid was not served in full; where several reasons hold, the last in this order."""

    NONE = 0  # it was served in full
    NOT_POSITIVE = 1  # it asks for less than one unit, or offers less than one token
    UNKNOWN_ACCOUNT = 2  # its account is no ordinary one that is open, or is the market's own
    BELOW_PRICE = 3  # it offers less than the published price
    QUOTA = 4  # its account may not have so many units at a time
    FUNDS = 5  # its account cannot pay for so many at what it offers
    OUTBID = 6  # what was left went to a class before, or to higher or equal bids


class LeaseEnd(IntEnum):
    """How a lease ended."""

    FUNDS_OUT = 1  # its account could not pay for the tick
    PREEMPTED = 2  # the published price rose above its limit
    DISPLACED = 3  # the capacity was lowered, and it no longer fitted
    RELEASED = 4  # its holder gave it up
