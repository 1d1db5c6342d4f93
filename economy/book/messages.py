"""What may be said to an order book, and why it may say no."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class OrderError(ValueError):
    """Wrong arguments, a state that is none, or an escrow account emptied by somebody else."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What became of a batch of messages."""

    refusals: NDArray[np.uint8]
    """uint8[n] of ``OrderRefusal``, 0 where the message was accepted."""
    orders: NDArray[np.int64]
    """int64[n], the id of the order that rests since, -1 where none does."""
    filled: NDArray[np.int64]
    """int64[n], the units that the message traded at once."""
    trades: dict[str, NDArray[np.int64]]
    """Columns int64[t] in the order they happened: message (the row of the incoming order),
    order (the id of the resting one), buyer, seller, price (tokens a unit), quantity (units)."""


class Side(IntEnum):
    """Who wants to buy and who to sell."""

    BUY = 0
    SELL = 1


class Kind(IntEnum):
    """What a message asks for."""

    LIMIT = 0  # trade at the price or better; what is left rests
    IMMEDIATE = 1  # "immediate or cancel": trade at the price or better; nothing rests
    ALL_OR_NONE = 2  # "fill or kill": the whole quantity at once at the price or better, or nothing
    POST_ONLY = 3  # rest without trading, or nothing
    MARKET = 4  # trade at any price as far as the funds reach; nothing rests
    CANCEL = 5  # withdraw a resting order
    REDUCE = 6  # take a quantity off a resting order, which keeps its place in the queue


class SelfTrade(IntEnum):
    """What happens where an order would meet a resting one of the same account."""

    CANCEL_RESTING = 0  # the resting one is withdrawn, the incoming one goes on
    CANCEL_INCOMING = 1  # the resting one stays, what is left of the incoming one is dropped


class OrderRefusal(IntEnum):
    """Why a message had no effect; where several reasons hold, the first in this order."""

    OK = 0  # it was accepted
    KIND = 1  # no such kind of message
    ACCOUNT = 2  # not opened in both ledgers, or the issuer or an escrow account
    SIDE = 3  # neither 0, buy, nor 1, sell
    QUANTITY = 4  # below 1
    PRICE = 5  # outside the range of the book
    OVERFLOW = 6  # price times quantity of a bid exceeds 2**63 - 1
    INSUFFICIENT = 7  # the account cannot pay price times quantity, or has too few goods
    WOULD_TRADE = 8  # a post-only order that would meet another
    NOT_FILLABLE = 9  # an all-or-none order that cannot be filled at once
    UNKNOWN_ORDER = 10  # the order to withdraw or to reduce does not rest
    NOT_OWNER = 11  # it belongs to another account


class Movement(IntEnum):
    """What a movement in the journal was for, above the first code of the exchange."""

    RESERVE = 0  # from a trader to the escrow account
    TRADE = 1  # to the seller (cash) or to the buyer (goods)
    RELEASE = 2  # from the escrow account back to the trader


class Messages(NamedTuple):
    """Columns int64[n] of messages; what a kind does not need is ignored.

    Attributes:
        kind: `Kind`.
        account: who sends it.
        side: `Side`, of an order.
        price: tokens a unit, of an order with a limit.
        quantity: units, of an order or to be taken off one.
        order: the id of the order to withdraw or to reduce.
    """

    kind: NDArray[np.int64]
    account: NDArray[np.int64]
    side: NDArray[np.int64]
    price: NDArray[np.int64]
    quantity: NDArray[np.int64]
    order: NDArray[np.int64]


TRADE = np.dtype(
    [
        ("message", np.int64),  # the row of the incoming order in its batch
        ("order", np.int64),  # the id of the resting order
        ("buyer", np.int64),
        ("seller", np.int64),
        ("price", np.int64),  # that of the resting order, tokens a unit
        ("quantity", np.int64),
    ]
)
"""A row of the trades of a batch."""


class Outcome(NamedTuple):
    """What compiled code writes while it serves messages.

    Attributes:
        refusals: uint8[n] of `OrderRefusal`.
        orders: int64[n], the id of the order that rests since, -1 if none does.
        filled: int64[n], units traded at once.
        trades: TRADE[room], of which the first ``progress[0]`` are written.
        progress: int64[2]: trades written; 1 while a message is under way.
    """

    refusals: NDArray[np.uint8]
    orders: NDArray[np.int64]
    filled: NDArray[np.int64]
    trades: NDArray[np.void]
    progress: NDArray[np.int64]


class Terms(NamedTuple):
    """The rules of an exchange as whole numbers, for compiled code."""

    lowest: int
    cash_escrow: int
    goods_escrow: int
    code: int
    self_trade: int
