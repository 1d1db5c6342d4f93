"""A call auction that settles: orders are gathered and paid for, then traded at one price.

What exchanges do at their openings and closings, and markets with few traders all day long (P.
Handa and R. Schwartz 1996, see ``call``): bids and asks come in as messages, each reserves at once
what it may cost, and `clear` trades all of them at the price that ``call_auction`` finds.

Guarantees, held by the tests:

* Whatever waits is paid for: price times quantity in cash for a bid, the quantity in goods for an
  ask lie on the auction's own accounts, exactly that much.
* Everybody who trades pays, or gets, the one price; what a bid reserved beyond it falls back.
* Both ledgers conserve their tokens and journal every movement.
* A refused order, and a failed `clear`, moves nothing. Ids of orders are never reused.

Errors: ``AuctionError`` for wrong columns and states. An order that cannot be paid for is no error:
it has a ``Refusal`` of the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.auctions.call import BUY, SELL, Call, Rationing, call_auction
from economy.auctions.uniform_price import AuctionError
from economy.columns import LARGEST, whole_numbers
from economy.ledger import Ledger, Refusal

COLUMNS = ("order", "account", "side", "price", "quantity")
NO_ORDER = -1


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """What became of orders that were sent."""

    ids: NDArray[np.int64]
    """Their ids, int64[n]; -1 for those that were refused."""
    refusals: NDArray[np.uint8]
    """Why, uint8[n] of ``Refusal``."""


@dataclass(frozen=True, slots=True, eq=False)
class Cleared:
    """What was traded when the auction cleared."""

    call: Call
    """Price, volume, demand and supply, and ``filled`` for each order below."""
    orders: dict[str, NDArray[np.int64]]
    """The orders that were waiting, a column each: order, account, side, price, quantity."""


class CallAuction:
    """Gathers orders of accounts of two ledgers for one good, and clears them at one price.

    Prices are whole tokens a unit. A trader has the same account number in both ledgers.
    ``rationing`` says who is served where the worst price that trades has not enough for all;
    time is the order in which messages came. ``code`` is that of the journals for what is
    reserved; ``code + 1`` for what falls back, ``code + 2`` for what is paid and delivered.

    >>> cash, goods = Ledger(), Ledger()
    >>> auction = CallAuction(cash, goods)
    >>> (ann, ben), _ = cash.open(2), goods.open(2)
    >>> cash.mint(ann, 100); goods.mint(ben, 8)
    >>> auction.bid(ann, price=10, quantity=4).ids.tolist()
    [0]
    >>> auction.ask(ben, price=6, quantity=3).ids.tolist()
    [1]
    >>> auction.clear().call.price
    8
    >>> cash.balance(ben), goods.balance(ann), len(auction)
    (24, 3, 1)
    """

    def __init__(
        self,
        cash: Ledger,
        goods: Ledger,
        *,
        rationing: Rationing | str = Rationing.TIME,
        code: int = 0,
    ) -> None:
        if cash is goods:
            raise AuctionError("cash and goods must be two ledgers: one token cannot be both")
        if rationing not in list(Rationing):
            raise AuctionError(
                f"rationing is one of {[rule.value for rule in Rationing]}; got {rationing!r}"
            )
        if not -(2**15) <= code <= 2**15 - 3:
            raise AuctionError(f"code, code + 1 and code + 2 must fit int16; got {code}")
        self.cash, self.goods = cash, goods
        self.rationing, self.code = Rationing(rationing), int(code)
        self.escrow = int(cash.open()[0]), int(goods.open()[0])
        self._orders = {name: np.empty(0, np.int64) for name in COLUMNS}
        self._next = 0

    def __len__(self) -> int:
        """How many orders wait."""
        return self._orders["order"].size

    @property
    def orders(self) -> dict[str, NDArray[np.int64]]:
        """The orders that wait, in the order they came, a column each: copies."""
        return {name: column.copy() for name, column in self._orders.items()}

    # Messages

    def bid(self, account: ArrayLike, price: ArrayLike, quantity: ArrayLike) -> Orders:
        """Send orders to buy; see ``submit``."""
        return self.submit(account, BUY, price, quantity)

    def ask(self, account: ArrayLike, price: ArrayLike, quantity: ArrayLike) -> Orders:
        """Send orders to sell; see ``submit``."""
        return self.submit(account, SELL, price, quantity)

    def submit(
        self, account: ArrayLike, side: ArrayLike, price: ArrayLike, quantity: ArrayLike
    ) -> Orders:
        """Send orders, each a column int64[n] or a scalar for all.

        ``side`` is 0 to buy and 1 to sell, ``price`` 1 token a unit or more, ``quantity`` 1 unit or
        more. An order whose account cannot pay for it is refused, and those after it still come
        in. Raises ``AuctionError`` for wrong columns, and for a bid that costs 2**63 tokens or
        more; then nothing has moved.
        """
        given = {"account": account, "side": side, "price": price, "quantity": quantity}
        sent = {name: whole_numbers(name, column, AuctionError) for name, column in given.items()}
        sizes = {column.size for column in sent.values()} - {1}
        if len(sizes) > 1:
            shapes = ", ".join(f"{name} {column.size}" for name, column in sent.items())
            raise AuctionError(f"columns have one length or are scalars; got lengths {shapes}")
        n = sizes.pop() if sizes else 1
        sent = {name: np.resize(column, n) for name, column in sent.items()}
        if n and not (
            np.isin(sent["side"], (BUY, SELL)).all()
            and min(sent["price"].min(), sent["quantity"].min()) >= 1
        ):
            raise AuctionError("side is 0 (a bid) or 1 (an ask), price and quantity are 1 or more")
        buys = sent["side"] == BUY
        if (sent["price"][buys] > LARGEST // sent["quantity"][buys]).any():
            raise AuctionError("a bid costs price times quantity, which must be below 2**63 tokens")
        refusals = np.empty(n, np.uint8)
        for ledger, place, mine, amount in self._sides(sent):
            refusals[mine] = ledger.transfer(sent["account"][mine], place, amount, code=self.code)
        taken = refusals == Refusal.OK
        ids = np.full(n, NO_ORDER, np.int64)
        ids[taken] = self._next + np.arange(np.count_nonzero(taken))
        self._next += int(np.count_nonzero(taken))
        came = {"order": ids, **sent}
        self._orders = {
            name: np.concatenate([self._orders[name], came[name][taken]]) for name in COLUMNS
        }
        return Orders(ids, refusals)

    def cancel(self, order: ArrayLike) -> NDArray[np.bool_]:
        """Withdraw orders by id; returns bool[n], False where no such order waits."""
        wanted = whole_numbers("order", order, AuctionError)
        known = np.isin(wanted, self._orders["order"])
        leaving = np.isin(self._orders["order"], wanted)
        self._release(leaving, self._orders["quantity"])
        self._keep(~leaving)
        return known

    # Trading

    def clear(self, keep: bool = True) -> Cleared:
        """Trade what can be traded, at one price; O(n).

        With ``keep`` what was not traded waits on, in its turn; otherwise it falls back.
        """
        waiting = self.orders
        call = call_auction(
            waiting["side"], waiting["price"], waiting["quantity"], rationing=self.rationing
        )
        if call.price is not None:
            self._settle(call, call.price)
        self._orders["quantity"] = waiting["quantity"] - call.filled
        self._keep(self._orders["quantity"] > 0)
        if not keep:
            self.cancel(self._orders["order"])
        return Cleared(call, waiting)

    def _settle(self, call: Call, price: int) -> None:
        """Pay and deliver what was filled; what bids had reserved beyond the price falls back."""
        orders, filled = self._orders, call.filled
        bought = (orders["side"] == BUY) & (filled > 0)
        sold = (orders["side"] == SELL) & (filled > 0)
        cash, goods = self.escrow
        saved = (orders["price"] - price) * filled
        refunded = bought & (saved > 0)
        _move(self.cash, cash, orders["account"][sold], price * filled[sold], self.code + 2)
        _move(self.goods, goods, orders["account"][bought], filled[bought], self.code + 2)
        _move(self.cash, cash, orders["account"][refunded], saved[refunded], self.code + 1)

    def _release(self, rows: NDArray[np.bool_], quantity: NDArray[np.int64]) -> None:
        """Give back what orders have reserved."""
        leaving = {name: column[rows] for name, column in self._orders.items()}
        leaving["quantity"] = quantity[rows]
        for ledger, place, mine, amount in self._sides(leaving):
            _move(ledger, place, leaving["account"][mine], amount, self.code + 1)

    def _sides(
        self, orders: Mapping[str, NDArray[np.int64]]
    ) -> list[tuple[Ledger, int, NDArray[np.bool_], NDArray[np.int64]]]:
        """For buyers and sellers: ledger, escrow account, rows, and what each row reserves."""
        buys = orders["side"] == BUY
        cash, goods = self.escrow
        return [
            (self.cash, cash, buys, orders["price"][buys] * orders["quantity"][buys]),
            (self.goods, goods, ~buys, orders["quantity"][~buys]),
        ]

    def _keep(self, rows: NDArray[np.bool_]) -> None:
        self._orders = {name: column[rows] for name, column in self._orders.items()}

    # Audit and state

    def check(self) -> None:
        """Raise ``AuctionError`` unless what waits is paid for, exactly."""
        for ledger, place, _, amount in self._sides(self._orders):
            needed, there = sum(amount.tolist()), ledger.balance(place)
            if needed != there:
                raise AuctionError(
                    f"waiting orders need {needed} tokens in escrow account {place}, which has "
                    f"{there}: only the auction may move these tokens"
                )

    def state(self) -> dict[str, NDArray[np.int64]]:
        """The auction as plain arrays (copies), without the ledgers: save these beside."""
        return {**self.orders, "terms": np.array([*self.escrow, self._next], np.int64)}

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        """Become the auction that wrote ``state``; on ``AuctionError`` this one is unchanged.

        The ledgers are restored apart, before this; rationing and code are the constructor's.
        """
        names = [*COLUMNS, "terms"]
        if missing := [name for name in names if name not in state]:
            raise AuctionError(f"not the state of a call auction: {missing} missing; needs {names}")
        columns = {name: whole_numbers(name, state[name], AuctionError).copy() for name in names}
        terms = columns.pop("terms").tolist()
        if len(terms) != 3 or len({column.size for column in columns.values()}) > 1:
            raise AuctionError(
                "not the state of a call auction: columns have one length, and terms are the two "
                f"escrow accounts and the next id; got terms {terms}"
            )
        before = self._orders, self.escrow, self._next
        if not (0 < terms[0] < len(self.cash) and 0 < terms[1] < len(self.goods)):
            raise AuctionError(f"the escrow accounts {terms[:2]} are not in the ledgers")
        ids = columns["order"]
        if ids.size and not ((np.diff(ids) > 0).all() and ids[0] >= 0 and ids[-1] < terms[2]):
            raise AuctionError("ids of waiting orders ascend, and the next id is above all of them")
        self._orders, self.escrow, self._next = columns, (terms[0], terms[1]), terms[2]
        try:
            self.check()
        except AuctionError:
            self._orders, self.escrow, self._next = before
            raise


def _move(
    ledger: Ledger,
    escrow: int,
    account: NDArray[np.int64],
    amount: NDArray[np.int64],
    code: int,
) -> None:
    """Pay out of escrow, all of it or nothing."""
    refusals = ledger.transfer(escrow, account, amount, code=code, linked=True)
    if refusals.any():
        raise AuctionError(
            f"escrow account {escrow} could not pay {amount.sum()} tokens: only the auction may "
            "move what waits there"
        )
