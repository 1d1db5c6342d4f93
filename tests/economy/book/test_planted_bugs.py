"""Bugs planted in the kernel of the exchange: the comparison with the plain one catches each.

The kernel's own source runs here uncompiled, changed in one place, so that a bug costs no
compiling. Unchanged it must pass, or a bug caught would prove nothing.
"""

import inspect
from unittest.mock import patch

import numpy as np
import pytest

from economy.book import OrderError, SelfTrade, exchange as exchange_room, matching, queues
from economy.ledger import posting
from tests.economy.book.plain import scenario

BUGS = {
    "time priority broken: the newest order at a price is met first": (
        matching,
        "slot = book.queues[row].first\n        order = book.slots[slot]",
        "slot = book.queues[row].last\n        order = book.slots[slot]",
    ),
    "a bid pays more than the trade says": (
        matching,
        "_pay(cash, account, other, price * quantity, code)",
        "_pay(cash, account, other, (price + 1) * quantity, code)",
    ),
    "the resting order trades at the incoming one's price": (
        matching,
        "price = row + terms.lowest\n",
        "price = limit + terms.lowest\n",
    ),
    "a cancel leaks funds: one unit stays in escrow": (
        matching,
        "order.side, order.account, price, quantity)",
        "order.side, order.account, price, max(1, quantity - 1))",
    ),
    "a cancel by anybody": (
        matching,
        "if order.account != messages.account[i]:",
        "if order.account < 0:",
    ),
    "trading with oneself is allowed": (
        matching,
        "if order.account == account:\n            if terms",
        "if order.account < 0:\n            if terms",
    ),
    "a withdrawn resting order keeps its funds in escrow": (
        matching,
        "            _release(cash, goods, terms, side ^ 1, account,",
        "            0 and _release(cash, goods, terms, side ^ 1, account,",
    ),
    "orders need no funds": (
        matching,
        "if cash.available[account] < price * quantity:",
        "if cash.available[account] < 0:",
    ),
    "the next best bid is off by one": (
        queues,
        "row -= 64 - highest_bit(below)",
        "row -= 65 - highest_bit(below)",
    ),
    "the best ask is not moved on": (
        queues,
        "elif order.row == marks[BEST_ASK]:",
        "elif order.row < 0:",
    ),
    "a bid that is level with the ask does not trade": (
        matching,
        "if row > limit if side == BUY else row < limit:",
        "if row >= limit if side == BUY else row < limit:",
    ),
    "a slot is used again under the same id": (
        queues,
        "order.generation += 1",
        "order.generation += 0",
    ),
    "an order cancelled in mid-queue cuts off those behind it": (
        queues,
        "slots[order.earlier].later = order.later",
        "slots[order.earlier].later = NOBODY",
    ),
    "an all-or-none order may be filled in part": (
        matching,
        "return OK if _fillable(book, terms, messages, i) else NOT_FILLABLE",
        "return OK",
    ),
}

STAND_INS = {
    "lowest_bit": lambda word: (int(word) & -int(word)).bit_length() - 1,
    "highest_bit": lambda word: int(word).bit_length() - 1,
    "fetch": lambda column, row: None,
}


def uncompiled(bug=None):
    """The kernel `serve` as plain Python, with a bug (module, old, new) in its source."""
    room = dict(STAND_INS)
    for module in (posting, queues, matching):
        source = inspect.getsource(module)
        if bug and bug[0] is module:
            assert source.count(bug[1]) == 1, "the kernel has changed: plant the bug anew"
            source = source.replace(bug[1], bug[2])
        # What is not compiled stays: constants, shapes of rows. Names of kernels are made anew.
        room.update(
            (name, found)
            for name, found in vars(module).items()
            if name not in STAND_INS and not hasattr(found, "py_func")
        )
        room["njit"] = lambda **options: lambda function: function
        exec(source[source.index("\n@njit(") :], room)
    serve, is_full = room["serve"], room["_is_full"]
    steps = iter(range(3_000))

    def is_full_or_lost(*arguments):
        next(steps)  # a broken book may turn in circles: StopIteration ends it
        return is_full(*arguments)

    room["_is_full"] = is_full_or_lost

    def run(book, cash, goods, terms, messages, outcome, begin, end):
        view = {name: getattr(book, name).view(np.recarray) for name in ("queues", "slots")}
        traded = outcome._replace(trades=outcome.trades.view(np.recarray))
        return serve(book._replace(**view), cash, goods, terms, messages, traded, begin, end)

    return run


def lives():
    for seed, self_trade in ((1, SelfTrade.CANCEL_RESTING), (2, SelfTrade.CANCEL_INCOMING)):
        with np.errstate(over="ignore"):
            scenario(seed, self_trade, batches=12, size=25)


def test_the_uncompiled_kernel_passes():
    with patch.object(exchange_room, "serve", uncompiled()):
        lives()


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught(bug):
    serve = uncompiled(BUGS[bug])
    # The comparison fails, or the exchange's own audit, or the books break altogether.
    noticed = (AssertionError, OrderError, IndexError, StopIteration)
    with patch.object(exchange_room, "serve", serve), pytest.raises(noticed):
        lives()
