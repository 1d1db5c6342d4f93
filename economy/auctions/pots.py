"""Whether the pots of an auction house are what its ledger holds."""

import numpy as np
from numpy.typing import NDArray

from economy.auctions.uniform_price import AuctionError
from economy.ledger import Ledger


def insist_on_pots(
    ledger: Ledger, till: int, pots: NDArray[np.int64], holds: NDArray[np.int64]
) -> None:
    """Raise ``AuctionError`` unless each pot is an open hold from its bidder to the till.

    ``pots`` are the bidders' accounts and ``holds`` the ids, int64[n] each.
    """
    state = ledger.state()
    columns = (state[f"holds_{name}"].tolist() for name in ("id", "debit", "credit"))
    known = {hold: ends for hold, *ends in zip(*columns, strict=True)}
    wanted = zip(pots.tolist(), holds.tolist(), strict=True)
    apart = np.unique(pots).size == pots.size
    if not apart or any(known.get(hold) != [bidder, till] for bidder, hold in wanted):
        raise AuctionError("the ledger does not hold the pots; restore it to the same moment")
