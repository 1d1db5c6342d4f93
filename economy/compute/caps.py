"""Bids cut to what their accounts may have and can pay for, in compiled code."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.compute.errors import Shortfall
from economy.ledger import ISSUER

# Plain integers: numba would keep the enum itself in its cache.
NOT_POSITIVE, UNKNOWN_ACCOUNT, BELOW_PRICE, QUOTA, FUNDS = (
    int(reason) for reason in Shortfall if Shortfall.NONE < reason < Shortfall.OUTBID
)


@njit(cache=True, nogil=True)
def cap_bids(
    account: NDArray[np.int64],
    price: NDArray[np.int64],
    quantity: NDArray[np.int64],
    reserve: int,
    market: int,
    allowed: NDArray[np.int64],
    funds: NDArray[np.int64],
    wanted: NDArray[np.int64],
    shortfall: NDArray[np.uint8],
) -> None:
    """Cut bids, in order, to the quota and the funds that are left.

    ``allowed`` (units) and ``funds`` (tokens) are int64[accounts] and used up; writes ``wanted``,
    int64[n] units, and ``shortfall``, uint8[n] of `Shortfall`.
    """
    for i in range(account.size):
        wanted[i], shortfall[i] = 0, 0
        who = account[i]
        if quantity[i] < 1 or price[i] < 1:
            shortfall[i] = NOT_POSITIVE
        elif not ISSUER < who < funds.size or who == market:
            shortfall[i] = UNKNOWN_ACCOUNT
        elif price[i] < reserve:
            shortfall[i] = BELOW_PRICE
        else:
            units = quantity[i]
            if units > allowed[who]:
                units, shortfall[i] = max(allowed[who], 0), QUOTA
            if units > funds[who] // price[i]:
                units, shortfall[i] = funds[who] // price[i], FUNDS
            allowed[who] -= units
            funds[who] -= units * price[i]
            wanted[i] = units
