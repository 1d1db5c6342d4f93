"""The rule of a call auction, read plainly: every price is tried."""

from typing import Any

Bid = tuple[int, int, Any]
"""Price, lot (the lower first among equals), and who."""
Ask = tuple[int, int, Any, int]
"""The same of a seller, and how many units."""


def plain_call(bids: list[Bid], asks: list[Ask]) -> tuple[int, list[tuple[Any, Any]]]:
    """The price, and who bought (in the order of the bids) from whom; 0 and nobody if none do."""
    best: list[tuple[tuple[int, int], int]] = []
    prices = {price for price, *_ in [*bids, *asks]}
    for price in sorted({p + d for p in prices for d in (-1, 0, 1)}):
        demand = sum(bid >= price for bid, *_ in bids)
        supply = sum(units for ask, _, _, units in asks if ask <= price)
        best.append(((min(demand, supply), -abs(demand - supply)), price))
    if not best or max(best)[0][0] == 0:
        return 0, []
    volume = max(best)[0][0]
    run = [price for merit, price in best if merit == max(best)[0]]
    buying = sorted(range(len(bids)), key=lambda i: (-bids[i][0], bids[i][1]))[:volume]
    units = [
        i for i in sorted(range(len(asks)), key=lambda i: asks[i][:2]) for _ in [0] * asks[i][3]
    ]
    selling = sorted(units[:volume])
    pairs = zip(sorted(buying), selling, strict=True)
    return (min(run) + max(run)) // 2, [(bids[i][2], asks[j][2]) for i, j in pairs]
