"""The rules of staking, row by row: which stakes are accepted, and what the truth does to them.

Every stake forfeits the part of it that its report was wrong by, by the quadratic score (G. Brier,
"Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950);
a part of what was forfeited on a claim is shared out among all stakes on it, in proportion
(N. Lambert, J. Langford et al., "Self-financed wagering mechanisms for forecasting", EC 2008).
Nothing here looks at who owns a name.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Column = NDArray[np.int64]

CERTAIN = 1000
"""Reports and truths are per mille: 0 is certainly false, 1000 certainly true."""
UNIT = CERTAIN**2
"""The loss, in its own unit, of a report that could not be more wrong."""
PARTS = 1024
"""Rates are given in parts of 1024."""
LARGEST_CLAIM = 2**42
"""The largest sum of stakes on one claim, in tokens: up to here its sums fit int64."""
OPEN, CLOSED, SETTLED = range(3)


class StakeRefusal(IntEnum):
    """Why a row was refused; where several reasons hold, the first in this order."""

    OK = 0  # it was done
    NOT_POSITIVE = 1  # the amount or stake is below 1
    UNKNOWN_NAME = 2  # no such name
    UNKNOWN_CLAIM = 3  # no such claim
    NOT_OPEN = 4  # the claim is closed or settled
    BAD_REPORT = 5  # the report is not 0 to 1000
    INSUFFICIENT = 6  # the account, or the free part of the bond, holds less
    TOO_LARGE = 7  # more than 2**42 tokens would be staked on the claim


# Plain integers: numba would keep the enum itself in its cache.
OK, NOT_POSITIVE, UNKNOWN_NAME, UNKNOWN_CLAIM, NOT_OPEN, BAD_REPORT, INSUFFICIENT, TOO_LARGE = (
    int(refusal) for refusal in StakeRefusal
)


class Settlement(NamedTuple):
    """What the truth does to stakes, row by row: int64[m] tokens each."""

    forfeited: Column
    shared: Column
    earned: Column


def settle(
    position: Column, report: Column, stake: Column, truth: Column, shared: int, earning: int
) -> Settlement:
    """Settle stakes on claims whose truths are known.

    ``position`` is int64[m], the row of ``truth`` (int64[k], per mille) of each stake; ``shared``
    and ``earning`` are parts of 1024. On each claim no more is shared than is forfeited.
    """
    wrong = (report - truth[position]) ** 2
    losses, stakes = np.zeros(truth.size, np.int64), np.zeros(truth.size, np.int64)
    np.add.at(losses, position, stake * wrong)
    np.add.at(stakes, position, stake)
    mean = parts(losses // np.maximum(stakes, 1), shared)
    return Settlement(
        forfeited=-(-stake * wrong // UNIT),  # rounded up
        shared=stake * mean[position] // UNIT,
        earned=parts(stake * (UNIT - wrong) // UNIT, earning),
    )


def parts(amount: Column, rate: int) -> Column:
    """Return floor(amount * rate / 1024), for amounts up to 2**63 - 1 and rates up to 1024."""
    return amount // PARTS * rate + amount % PARTS * rate // PARTS


@njit(cache=True, nogil=True)
def place(
    name: Column,
    claim: Column,
    report: Column,
    stake: Column,
    bond: Column,
    staked: Column,
    status: Column,
    stakes: Column,
    refusals: NDArray[np.uint8],
) -> None:
    """Place stakes in order, in place: writes staked, stakes by claim, and refusals."""
    for i in range(name.size):
        j, k = name[i], claim[i]
        if stake[i] < 1:
            refusals[i] = NOT_POSITIVE
        elif not 0 <= j < bond.size:
            refusals[i] = UNKNOWN_NAME
        elif not 0 <= k < status.size:
            refusals[i] = UNKNOWN_CLAIM
        elif status[k] != OPEN:
            refusals[i] = NOT_OPEN
        elif not 0 <= report[i] <= CERTAIN:
            refusals[i] = BAD_REPORT
        elif stake[i] > bond[j] - staked[j]:
            refusals[i] = INSUFFICIENT
        elif stake[i] > LARGEST_CLAIM - stakes[k]:
            refusals[i] = TOO_LARGE
        else:
            refusals[i] = OK
            staked[j] += stake[i]
            stakes[k] += stake[i]


@njit(cache=True, nogil=True)
def release(
    name: Column, amount: Column, bond: Column, staked: Column, refusals: NDArray[np.uint8]
) -> None:
    """Take free tokens out of bonds in order, in place."""
    for i in range(name.size):
        j = name[i]
        if amount[i] < 1:
            refusals[i] = NOT_POSITIVE
        elif not 0 <= j < bond.size:
            refusals[i] = UNKNOWN_NAME
        elif amount[i] > bond[j] - staked[j]:
            refusals[i] = INSUFFICIENT
        else:
            refusals[i] = OK
            bond[j] -= amount[i]
