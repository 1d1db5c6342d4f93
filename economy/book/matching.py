"""The kernel of an exchange: messages served one after the other, matched and settled.

An incoming order meets the best price first, the oldest order at a price first, and trades at the
resting order's price. Resting orders are paid for: their funds lie in escrow. What an incoming
order trades at once it pays from its own account, so only what comes to rest passes through
escrow, a trade is one movement of cash and one of goods, and a better price than the limit costs
less from the start instead of being paid back.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from economy.book.machine import fetch
from economy.book.messages import (
    Kind,
    Messages,
    Movement,
    OrderRefusal,
    Outcome,
    SelfTrade,
    Side,
    Terms,
)
from economy.book.queues import NOBODY, Queues, join, leave, next_above, next_below
from economy.columns import LARGEST
from economy.ledger import Books, post

# Plain integers: numba would keep the enums themselves in its cache.
BUY, SELL = (int(side) for side in Side)
LIMIT, IMMEDIATE, ALL_OR_NONE, POST_ONLY, MARKET, CANCEL, REDUCE = (int(kind) for kind in Kind)
OK = int(OrderRefusal.OK)
KIND, ACCOUNT, SIDE, QUANTITY, PRICE = (int(OrderRefusal(code)) for code in range(1, 6))
OVERFLOW, INSUFFICIENT, WOULD_TRADE, NOT_FILLABLE, UNKNOWN_ORDER, NOT_OWNER = (
    int(OrderRefusal(code)) for code in range(6, 12)
)
CANCEL_RESTING = int(SelfTrade.CANCEL_RESTING)
RESERVE, TRADE, RELEASE = (int(entry) for entry in Movement)

AHEAD = 12  # messages; what they will touch is fetched this early
SLOT_BITS = 2**32 - 1

# What the progress of an outcome says.
TRADES = 0  # rows of trades written
UNDER_WAY = 1  # 1 while a message waits for more room


@njit(cache=True, nogil=True, _nrt=False)
def serve(
    book: Queues,
    cash: Books,
    goods: Books,
    terms: Terms,
    messages: Messages,
    outcome: Outcome,
    begin: int,
    end: int,
) -> int:
    """Serve messages from ``begin`` to before ``end``, in order; return the first not yet served.

    That is ``end``, unless the journals or the trades ran out of room: a message may then be
    under way, and goes on where it was when served again with more room.
    """
    for i in range(begin, end):
        if i + AHEAD < end:
            _fetch(book, cash, goods, terms, messages, i + AHEAD)
        if not outcome.progress[UNDER_WAY]:
            if _is_full(cash, goods, outcome):
                return i
            outcome.orders[i] = NOBODY
            outcome.filled[i] = 0
            if CANCEL <= messages.kind[i] <= REDUCE:
                outcome.refusals[i] = _withdraw(book, cash, goods, terms, messages, i)
                continue
            refusal = _refused(book, cash, goods, terms, messages, i)
            outcome.refusals[i] = refusal
            if refusal != OK:
                continue
        if not _match(book, cash, goods, terms, messages, outcome, i):
            outcome.progress[UNDER_WAY] = 1
            return i
        outcome.progress[UNDER_WAY] = 0
    return end


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _match(
    book: Queues,
    cash: Books,
    goods: Books,
    terms: Terms,
    messages: Messages,
    outcome: Outcome,
    i: int,
) -> bool:
    """Trade an accepted order and let what is left rest; False if room ran out on the way."""
    account, side, kind = messages.account[i], messages.side[i], messages.kind[i]
    limit = _limit(book, terms, messages, i)
    left = messages.quantity[i] - outcome.filled[i]
    while left > 0:
        row = book.marks[1 - side]
        if row > limit if side == BUY else row < limit:
            break
        if _is_full(cash, goods, outcome):
            return False
        slot = book.queues[row].first
        order = book.slots[slot]
        if order.account == account:
            if terms.self_trade != CANCEL_RESTING:
                return True
            _release(cash, goods, terms, side ^ 1, account, row + terms.lowest, order.left)
            leave(book, slot)
            continue
        price = row + terms.lowest
        quantity = min(left, order.left)
        if kind == MARKET:
            funds = cash.available[account] // price if side == BUY else goods.available[account]
            quantity = min(quantity, funds)
            if quantity == 0:
                return True
        _trade(cash, goods, terms, side, account, order.account, price, quantity)
        trade = outcome.trades[outcome.progress[TRADES]]
        trade.message = i
        trade.order = (np.int64(order.generation) << 32) | slot
        trade.buyer = account if side == BUY else order.account
        trade.seller = order.account if side == BUY else account
        trade.price = price
        trade.quantity = quantity
        outcome.progress[TRADES] += 1
        left -= quantity
        outcome.filled[i] += quantity
        if quantity == order.left:
            leave(book, slot)
        else:
            order.left -= quantity
    if left > 0 and (kind in (LIMIT, POST_ONLY)):
        code = terms.code + RESERVE
        if side == BUY:
            _pay(cash, account, terms.cash_escrow, messages.price[i] * left, code)
        else:
            _pay(goods, account, terms.goods_escrow, left, code)
        outcome.orders[i] = join(book, side, limit, account, left)
    return True


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _pay(books: Books, debit: int, credit: int, amount: int, code: int) -> None:
    """Make a transfer that was found affordable; apart, so that `post` is compiled once here."""
    post(books, debit, credit, amount, code)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _trade(
    cash: Books,
    goods: Books,
    terms: Terms,
    side: int,
    account: int,
    other: int,
    price: int,
    quantity: int,
) -> None:
    """Settle a trade of an incoming order with the resting one of another account."""
    code = terms.code + TRADE
    if side == BUY:
        _pay(cash, account, other, price * quantity, code)
        _pay(goods, terms.goods_escrow, account, quantity, code)
    else:
        _pay(cash, terms.cash_escrow, account, price * quantity, code)
        _pay(goods, account, other, quantity, code)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _release(
    cash: Books, goods: Books, terms: Terms, side: int, account: int, price: int, quantity: int
) -> None:
    """Give back what a resting order had reserved for a quantity."""
    code = terms.code + RELEASE
    if side == BUY:
        _pay(cash, terms.cash_escrow, account, price * quantity, code)
    else:
        _pay(goods, terms.goods_escrow, account, quantity, code)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _withdraw(
    book: Queues, cash: Books, goods: Books, terms: Terms, messages: Messages, i: int
) -> int:
    """Cancel a resting order, or take a quantity off it; returns an `OrderRefusal`."""
    reducing = messages.kind[i] == REDUCE
    if reducing and messages.quantity[i] <= 0:
        return QUANTITY
    slot = messages.order[i] & SLOT_BITS
    if messages.order[i] < 0 or slot >= book.slots.size:
        return UNKNOWN_ORDER
    order = book.slots[slot]
    if order.left == 0 or order.generation != messages.order[i] >> 32:
        return UNKNOWN_ORDER
    if order.account != messages.account[i]:
        return NOT_OWNER
    quantity = min(messages.quantity[i], order.left) if reducing else order.left
    price = np.int64(order.row) + terms.lowest
    _release(cash, goods, terms, order.side, order.account, price, quantity)
    if quantity == order.left:
        leave(book, slot)
    else:
        order.left -= quantity
    return OK


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _refused(
    book: Queues, cash: Books, goods: Books, terms: Terms, messages: Messages, i: int
) -> int:
    """Why an order cannot be accepted, an `OrderRefusal`; 0 if it can."""
    kind, account, side = messages.kind[i], messages.account[i], messages.side[i]
    price, quantity = messages.price[i], messages.quantity[i]
    if not LIMIT <= kind <= MARKET:
        return KIND
    if not 0 < account < min(cash.available.size, goods.available.size):
        return ACCOUNT
    if account == terms.cash_escrow or account == terms.goods_escrow:
        return ACCOUNT
    if side != BUY and side != SELL:
        return SIDE
    if quantity <= 0:
        return QUANTITY
    if kind == MARKET:
        return OK
    if price < terms.lowest or price - terms.lowest >= book.queues.size:
        return PRICE
    if side == BUY:
        # The division is slow, and rarely needed.
        if (price | quantity) >> 31 and quantity > LARGEST // price:
            return OVERFLOW
        if cash.available[account] < price * quantity:
            return INSUFFICIENT
    elif goods.available[account] < quantity:
        return INSUFFICIENT
    if kind in (LIMIT, IMMEDIATE):
        return OK
    if kind == POST_ONLY:
        best = book.marks[1 - side]
        crosses = best <= price - terms.lowest if side == BUY else best >= price - terms.lowest
        return WOULD_TRADE if crosses else OK
    return OK if _fillable(book, terms, messages, i) else NOT_FILLABLE


@njit(cache=True, nogil=True, _nrt=False)
def _fillable(book: Queues, terms: Terms, messages: Messages, i: int) -> bool:
    """Whether an order with a limit could be filled whole at once."""
    account, side, left = messages.account[i], messages.side[i], messages.quantity[i]
    limit = messages.price[i] - terms.lowest
    row = book.marks[1 - side]
    while row <= limit and row < book.queues.size if side == BUY else row >= limit:
        slot = book.queues[row].first
        while slot != NOBODY:
            order = book.slots[slot]
            if order.account != account:
                left -= min(left, order.left)
                if left == 0:
                    return True
            elif terms.self_trade != CANCEL_RESTING:
                return False
            slot = order.later
        row = next_above(book, row) if side == BUY else next_below(book, row)
    return False


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _limit(book: Queues, terms: Terms, messages: Messages, i: int) -> int:
    """The row of the worst price that an order accepts."""
    if messages.kind[i] == MARKET:
        return book.queues.size - 1 if messages.side[i] == BUY else 0
    return messages.price[i] - terms.lowest


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _fetch(
    book: Queues, cash: Books, goods: Books, terms: Terms, messages: Messages, i: int
) -> None:
    """Have on its way what a message will touch."""
    fetch(cash.available, messages.account[i])
    fetch(goods.available, messages.account[i])
    if messages.kind[i] >= CANCEL:
        fetch(book.slots, messages.order[i] & SLOT_BITS)
    else:
        fetch(book.queues, messages.price[i] - terms.lowest)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _is_full(cash: Books, goods: Books, outcome: Outcome) -> bool:
    """Whether a step, and the rest that may follow it, could find no room."""
    return (
        cash.made[0] + 2 > cash.debit.size
        or goods.made[0] + 2 > goods.debit.size
        or outcome.progress[TRADES] == outcome.trades.size
    )
