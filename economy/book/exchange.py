"""An exchange: an order book for one good, settled in a ledger of cash and a ledger of goods.

A continuous double auction with price-time priority (D. Friedman and J. Rust, eds., "The Double
Auction Market", 1993): an incoming order trades with the best resting price first and with the
oldest order at a price first, at the price of the resting order; what is left of it rests.

Guarantees, held by the tests:

* Whatever rests is paid for: a bid's price times quantity in cash, an ask's quantity in goods lie
  on the escrow accounts, and exactly that much.
* Nobody pays more than their limit or sells below it, and nobody's account falls below zero.
* Both ledgers conserve their tokens and journal every movement.
* A refused message changes nothing. A batch means the same as its messages sent one by one.
* Ids of orders are never reused, and the book is never crossed.

Errors: ``OrderError`` (a ``ValueError``) for wrong arguments, for a state that is none and for an
escrow account that somebody else has emptied. A message that cannot be served is no error: its
``OrderRefusal`` says why.
"""

import operator
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.book.matching import TRADES, serve
from economy.book.messages import (
    TRADE,
    Kind,
    Messages,
    OrderError,
    Outcome,
    Report,
    SelfTrade,
    Side,
    Terms,
)
from economy.book.order_book import OrderBook
from economy.book.queues import (
    MOST_PRICES,
    empty_queues,
    with_room,
)
from economy.book.saving import COLUMNS, queues_of, saved
from economy.columns import LARGEST, whole_numbers
from economy.ledger import ISSUER, Books, Ledger

ACCOUNTS_MAX = 2**31 - 1
BLOCK = 2**13  # messages served between two looks at the room that is left


class Exchange(OrderBook):
    """A market where the accounts of two ledgers trade one good for cash, in whole ticks.

    Prices are whole tokens a unit, from ``lowest`` to ``highest``, at most 2**24 of them. A trader
    has the same account number in both ledgers. ``code`` begins the three codes of the journals,
    see ``Movement``. ``self_trade`` says what happens where an account would trade with itself.

    >>> cash, goods = Ledger(), Ledger()
    >>> exchange = Exchange(cash, goods, highest=1000)
    >>> (ann, ben), _ = cash.open(2), goods.open(2)
    >>> cash.mint(ann, 100); goods.mint(ben, 8)
    >>> exchange.sell(ben, price=9, quantity=5).orders.tolist()  # it rests as order 0
    [0]
    >>> exchange.buy(ann, price=10, quantity=3).trades["price"].tolist()
    [9]
    >>> cash.balance(ann), goods.balance([ann, ben]).tolist(), exchange.best_ask
    (73, [3, 3], 9)
    """

    def __init__(
        self,
        cash: Ledger,
        goods: Ledger,
        *,
        highest: int,
        lowest: int = 1,
        self_trade: SelfTrade = SelfTrade.CANCEL_RESTING,
        code: int = 0,
    ) -> None:
        if cash is goods:
            raise OrderError("cash and goods must be two ledgers: one token cannot be both")
        first, last = operator.index(lowest), operator.index(highest)
        if not (1 <= first <= last <= LARGEST and last - first < MOST_PRICES):
            raise OrderError(
                f"prices run from lowest >= 1 to highest <= 2**63 - 1, at most {MOST_PRICES:,} of "
                f"them, as in highest=1000; got {lowest} to {highest}"
            )
        if not -(2**15) <= operator.index(code) <= 2**15 - 3:
            raise OrderError(f"code, code + 1 and code + 2 must fit int16; got {code}")
        self.cash, self.goods = cash, goods
        self._terms = Terms(
            first, int(cash.open()[0]), int(goods.open()[0]), int(code), int(SelfTrade(self_trade))
        )
        self._book = empty_queues(last - first + 1, 64)
        self._reserved = (0, 0)
        self._accounts = len(cash), len(goods)

    # -- messages ---------------------------------------------------------------------------

    def submit(
        self,
        account: ArrayLike,
        side: ArrayLike = 0,
        price: ArrayLike = 0,
        quantity: ArrayLike = 0,
        *,
        kind: ArrayLike = Kind.LIMIT,
        order: ArrayLike = -1,
    ) -> Report:
        """Serve messages in order; each argument is a column int64[n] or a scalar for all.

        ``kind`` is a ``Kind``. Orders need account, ``side`` (0 buys, 1 sells), quantity and,
        but for market orders, ``price``: the account must hold price times quantity in cash, or
        the quantity in goods, even where better prices would cost less. Market orders trade as
        far as their account's funds reach. To withdraw an order takes its account and ``order``,
        its id; to reduce one also the ``quantity`` to take off, which withdraws it if it is all.

        An order that rests reserves its funds at entry. Where an account would trade with itself
        the exchange's ``SelfTrade`` decides; a post-only order is refused before it comes to that.

        O(1) for each message and trade, whatever the number of orders and prices. Raises
        ``OrderError`` for wrong columns and for an emptied escrow; then nothing has moved.
        """
        arguments = {
            "kind": kind,
            "account": account,
            "side": side,
            "price": price,
            "quantity": quantity,
            "order": order,
        }
        columns = {name: whole_numbers(name, arguments[name], OrderError) for name in arguments}
        lengths = {column.size for column in columns.values()} - {1}
        if len(lengths) > 1:
            shapes = ", ".join(f"{name} {column.size}" for name, column in columns.items())
            raise OrderError(f"columns must have one length or be scalars; got lengths {shapes}")
        n = lengths.pop() if lengths else 1
        messages = Messages(
            **{name: c if c.size == n else np.full(n, c) for name, c in columns.items()}
        )
        return self._serve(messages, n)

    def buy(self, account: int, price: int, quantity: int, kind: int = Kind.LIMIT) -> Report:
        """Send one order to buy; see ``submit``."""
        return self.submit(account, Side.BUY, price, quantity, kind=kind)

    def sell(self, account: int, price: int, quantity: int, kind: int = Kind.LIMIT) -> Report:
        """Send one order to sell; see ``submit``."""
        return self.submit(account, Side.SELL, price, quantity, kind=kind)

    def cancel(self, account: ArrayLike, order: ArrayLike) -> NDArray[np.uint8]:
        """Withdraw the orders of these ids; returns uint8[n] of ``OrderRefusal``."""
        return self.submit(account, kind=Kind.CANCEL, order=order).refusals

    def _serve(self, messages: Messages, n: int) -> Report:
        if max(len(self.cash), len(self.goods)) > ACCOUNTS_MAX:
            raise OrderError(f"an exchange serves ledgers of at most {ACCOUNTS_MAX} accounts")
        self._insist_on_escrow()
        self._accounts = len(self.cash), len(self.goods)
        outcome = Outcome(
            np.empty(n, np.uint8),
            np.empty(n, np.int64),
            np.empty(n, np.int64),
            np.empty(n + 16, TRADE),
            np.zeros(2, np.int64),
        )
        done = 0
        while done < n:
            block = min(n - done, BLOCK)
            self._book = with_room(self._book, block)
            if outcome.trades.size - int(outcome.progress[TRADES]) < block:
                trades = np.resize(outcome.trades, 2 * outcome.trades.size)
                outcome = outcome._replace(trades=trades)
            done = self._serve_block(messages, outcome, done, done + block)
        trades = outcome.trades[: outcome.progress[TRADES]]
        columns = {name: trades[name] for name in TRADE.names or ()}
        return Report(outcome.refusals, outcome.orders, outcome.filled, columns)

    def _serve_block(self, messages: Messages, outcome: Outcome, begin: int, end: int) -> int:
        """Serve messages while the journals have room; returns the first that was not served."""
        room = 2 * (end - begin) + 8
        cash, goods = self.cash.open_books(room), self.goods.open_books(room)
        before = self._in_escrow(cash, goods)
        try:
            return serve(self._book, cash, goods, self._terms, messages, outcome, begin, end)
        finally:
            after, held = self._in_escrow(cash, goods), self._reserved
            self._reserved = held[0] + after[0] - before[0], held[1] + after[1] - before[1]
            self.cash.close_books(cash)
            self.goods.close_books(goods)

    # -- escrow -----------------------------------------------------------------------------

    @property
    def escrow(self) -> tuple[int, int]:
        """The exchange's own accounts: in the ledger of cash and in that of goods."""
        return self._terms.cash_escrow, self._terms.goods_escrow

    @property
    def reserved(self) -> tuple[int, int]:
        """What resting orders have reserved: tokens of cash for the bids, of goods for the asks."""
        return self._reserved

    # -- audit and state --------------------------------------------------------------------

    def check(self) -> None:
        """Raise ``OrderError`` unless what rests is in order, uncrossed and covered by escrow."""
        orders = self.orders()
        bids, needed = orders["side"] == Side.BUY, self._needed()
        if needed != self._reserved:
            raise OrderError(f"resting orders need {needed}, reserved are {self._reserved}")
        top = max(orders["price"][bids].tolist(), default=None)
        bottom = min(orders["price"][~bids].tolist(), default=None)
        if (top, bottom) != (self.best_bid, self.best_ask):
            raise OrderError(
                f"the best prices are {top} and {bottom}, not {self.best_bid} and {self.best_ask}"
            )
        if top is not None and bottom is not None and top >= bottom:
            raise OrderError(f"the book is crossed: {top} is bid, {bottom} is asked")
        self._insist_on_escrow()

    def _needed(self) -> tuple[int, int]:
        """What the resting orders must have in escrow, added up without bounds."""
        orders = self.orders()
        bids = orders["side"] == Side.BUY
        prices, quantities = orders["price"][bids].tolist(), orders["quantity"][bids].tolist()
        return sum(map(operator.mul, prices, quantities)), sum(orders["quantity"][~bids].tolist())

    def _in_escrow(self, cash: Books, goods: Books) -> tuple[int, int]:
        return (
            int(cash.available[self._terms.cash_escrow]),
            int(goods.available[self._terms.goods_escrow]),
        )

    def _insist_on_escrow(self) -> None:
        accounts = len(self.cash), len(self.goods)
        if accounts[0] < self._accounts[0] or accounts[1] < self._accounts[1]:
            # Whoever has an order in the book might be one of those that are gone.
            raise OrderError(
                f"the ledgers have {accounts} accounts and had {self._accounts}: they were "
                "restored to an earlier state; restore the exchange to its own of that time"
            )
        held = self._in_escrow(self.cash.open_books(0), self.goods.open_books(0))
        if held[0] < self._reserved[0] or held[1] < self._reserved[1]:
            raise OrderError(
                f"the escrow accounts {self.escrow} hold {held} of cash and goods, but resting "
                f"orders have reserved {self._reserved}: only the exchange may move these tokens"
            )

    def state(self) -> dict[str, NDArray[np.int64]]:
        """Return the exchange as plain arrays (copies), without the ledgers: save these beside."""
        terms = np.array([*self._terms, self.highest], np.int64)
        return {"terms": terms, **saved(self._book)}

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        """Become the exchange that wrote ``state``; on ``OrderError`` this one is unchanged.

        The ledgers are restored apart, before this.
        """
        names = ["terms", *COLUMNS]
        if missing := [name for name in names if name not in state]:
            raise OrderError(f"not the state of an exchange: {missing} missing; needs {names}")
        columns = {name: whole_numbers(name, state[name], OrderError) for name in names}
        if columns["terms"].size != len(Terms._fields) + 1:
            raise OrderError(f"terms are {Terms._fields} and highest; got {columns['terms']}")
        *values, highest = columns.pop("terms").tolist()
        terms = Terms(*values)
        if terms.self_trade not in list(SelfTrade):
            raise OrderError(f"self_trade is one of {list(SelfTrade)}; got {terms.self_trade}")
        restored = Exchange(
            Ledger(),
            Ledger(),
            lowest=terms.lowest,
            highest=highest,
            self_trade=SelfTrade(terms.self_trade),
            code=terms.code,
        )
        restored.cash, restored.goods, restored._terms = self.cash, self.goods, terms
        if not (
            0 < terms.cash_escrow < len(self.cash) and 0 < terms.goods_escrow < len(self.goods)
        ):
            raise OrderError(f"the escrow accounts {restored.escrow} are not in the ledgers")
        try:
            restored._book = queues_of(columns, highest - terms.lowest + 1)
        except ValueError as wrong:
            raise OrderError(f"not the state of an exchange: {wrong}") from None
        restored._reserved = restored._needed()
        restored._accounts = len(self.cash), len(self.goods)
        known = min(restored._accounts)
        holders = columns["account"]
        if not ((holders > ISSUER) & (holders < known) & ~np.isin(holders, restored.escrow)).all():
            raise OrderError(
                f"orders belong to accounts 1 to {known - 1}, opened in both ledgers, but not to "
                f"the escrow accounts {restored.escrow}; got {np.unique(holders).tolist()}"
            )
        restored.check()
        vars(self).update(vars(restored))
