"""What can go wrong at a market for compute: errors, and reasons why units were not served."""

from __future__ import annotations

from enum import IntEnum


class ComputeError(ValueError):
    """Capacities, prices, bids, leases or a state that a market for compute cannot work with."""


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
