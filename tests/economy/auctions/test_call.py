"""The call auction against a plain reference, and what its mechanism promises."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.auctions import AuctionError
from economy.auctions.call import call_auction

LARGEST = 2**63 - 2


def demand_and_supply(rows, at):
    bid = sum(q for s, p, q in rows if s == 0 and p >= at)
    return bid, sum(q for s, p, q in rows if s == 1 and p <= at)


def plain_price(rows):
    """Try every price where demand or supply can change, and the runs between them."""
    starts = sorted({p for s, p, q in rows for p in (p, p + 1)})
    best, run = None, None
    for i, start in enumerate(starts):
        end = starts[i + 1] - 1 if i + 1 < len(starts) else start
        bid, asked = demand_and_supply(rows, start)
        rank = min(bid, asked), -abs(bid - asked)
        if rank[0] > 0 and (best is None or rank > best):
            best, run = rank, [start, end]
        elif rank == best:
            assert start == run[1] + 1  # the best prices are one run
            run[1] = end
    return None if run is None else sum(run) // 2


def plain_call(rows, rationing, priority):
    """Serve each side from its best price on; return price and filled."""
    price, filled = plain_price(rows), [0] * len(rows)
    if price is None:
        return None, filled
    volume = min(demand_and_supply(rows, price))
    for side, better in ((0, -1), (1, 1)):
        left = volume
        eligible = [
            i for i, (s, p, q) in enumerate(rows) if s == side and (p - price) * better <= 0
        ]
        for level in sorted({rows[i][1] for i in eligible}, key=lambda p: p * better):
            at = sorted((i for i in eligible if rows[i][1] == level), key=lambda i: priority[i])
            total = sum(rows[i][2] for i in at)
            if total > left and rationing == "pro rata":
                ideal = {i: Fraction(left * rows[i][2], total) for i in at}
                for i in at:
                    filled[i] = int(ideal[i])
                rest = left - sum(filled[i] for i in at)
                for i in sorted(at, key=lambda i: filled[i] - ideal[i])[:rest]:
                    filled[i] += 1
            else:
                rest = left
                for i in at:
                    filled[i] = min(rows[i][2], rest)
                    rest -= filled[i]
            left -= sum(filled[i] for i in at)
        assert left == 0
    return price, filled


def most_gains(rows):
    """Match the highest bids with the lowest asks while there is something to gain."""
    bids = sorted(([p, q] for s, p, q in rows if s == 0 and q), reverse=True)
    asks = sorted([p, q] for s, p, q in rows if s == 1 and q)
    gains = 0
    while bids and asks and bids[0][0] > asks[0][0]:
        units = min(bids[0][1], asks[0][1])
        gains += units * (bids[0][0] - asks[0][0])
        for queue in (bids, asks):
            queue[0][1] -= units
            if not queue[0][1]:
                queue.pop(0)
    return gains


def books(prices, quantities, size=14):
    return st.lists(st.tuples(st.integers(0, 1), prices, quantities), max_size=size)


cases = st.one_of(
    books(st.integers(0, 6), st.integers(0, 5)),  # many ties
    books(st.integers(0, 30), st.integers(0, 5)),  # wide runs
    books(st.integers(0, LARGEST), st.integers(0, 2**48)),  # every digit of the radix
    books(st.sampled_from([0, 1, 2**11 - 1, 2**11, 2**22, 2**62, LARGEST]), st.integers(0, 3)),
)


@given(rows=cases, rationing=st.sampled_from(["time", "pro rata"]), data=st.data())
@settings(max_examples=100, deadline=None)
def test_equals_the_plain_auction_and_keeps_its_promises(rows, rationing, data):
    priority = data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    side, price, quantity = (list(c) for c in zip(*rows, strict=True)) if rows else ([], [], [])
    call = call_auction(side, price, quantity, rationing=rationing, priority=priority)
    filled = call.filled.tolist()
    assert (call.price, filled) == plain_call(rows, rationing, priority)
    assert all(0 <= f <= q for f, q in zip(filled, quantity, strict=True))
    for which in (0, 1):
        assert sum(f for s, f in zip(side, filled, strict=True) if s == which) == call.volume
    if call.price is None:
        assert call.volume == 0
        assert most_gains(rows) == 0
        return
    assert (call.demand, call.supply) == demand_and_supply(rows, call.price)
    # Nobody trades at a price worse than their own, and all gains from trade are made.
    sign = [1 if s == 0 else -1 for s in side]
    traded = list(zip(sign, price, filled, strict=True))
    assert all(s * (p - call.price) >= 0 for s, p, f in traded if f)
    assert sum(s * (p - call.price) * f for s, p, f in traded) == most_gains(rows)
    # On each side, nobody is served while somebody with a better price is short.
    for s in (1, -1):
        own = [
            (s * p, f, q)
            for t, p, f, q in zip(sign, price, filled, quantity, strict=True)
            if t == s
        ]
        served = [p for p, f, q in own if f]
        short = [p for p, f, q in own if f < q]
        assert not served or not short or min(served) >= max(short)


def test_equals_the_plain_auction_on_thousands_of_rows():
    rng = np.random.default_rng(4)
    for spread in (50, 10**9):
        side, price = rng.integers(0, 2, 600), rng.integers(0, spread, 600)
        quantity, priority = rng.integers(0, 40, 600), rng.permutation(600)
        rows = list(zip(side.tolist(), price.tolist(), quantity.tolist(), strict=True))
        for rationing in ("time", "pro rata"):
            call = call_auction(side, price, quantity, rationing=rationing, priority=priority)
            expected = plain_call(rows, rationing, priority.tolist())
            assert (call.price, call.filled.tolist()) == expected


def test_the_three_rules_of_the_price():
    # Volume first: 4 units trade at 7 to 8, 3 at 6, nothing above 10.
    call = call_auction([0, 0, 1, 1], [10, 8, 6, 7], [2, 2, 3, 2])
    assert (call.price, call.volume) == (7, 4)
    # Then the imbalance: from 5 to 8 one unit trades, from 7 on only one is wanted.
    call = call_auction([0, 0, 1], [8, 6, 5], [1, 1, 1])
    assert (call.price, call.demand, call.supply) == (7, 1, 1)
    # Then the midpoint, rounded down.
    assert call_auction([0, 1], [9, 4], [1, 1]).price == 6


def test_errors_say_what_is_allowed():
    with pytest.raises(AuctionError, match="one side, price and quantity"):
        call_auction([0, 1], [3], [1, 1])
    with pytest.raises(AuctionError, match="0 \\(a bid\\) or 1"):
        call_auction([2], [3], [1])
    with pytest.raises(AuctionError, match="2\\*\\*63 - 2"):
        call_auction([0], [2**63 - 1], [1])
    with pytest.raises(AuctionError, match=r"2\*\*53"):
        call_auction([0, 0], [3, 3], [2**53 - 1, 1])
    with pytest.raises(AuctionError, match="pro rata"):
        call_auction([0], [3], [1], rationing="lottery")
    with pytest.raises(AuctionError, match="priorities"):
        call_auction([0], [3], [1], priority=[1, 2])
