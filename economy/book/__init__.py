"""An order book: price-time priority, funds reserved at entry, settled in two ledgers."""

from economy.book.exchange import Exchange
from economy.book.messages import (
    Kind,
    Movement,
    OrderError,
    OrderRefusal,
    Report,
    SelfTrade,
    Side,
)
from economy.book.order_book import OrderBook
from economy.book.zero_intelligence import Session, zero_intelligence_session

__all__ = [
    "Exchange",
    "Kind",
    "Movement",
    "OrderBook",
    "OrderError",
    "OrderRefusal",
    "Report",
    "SelfTrade",
    "Session",
    "Side",
    "zero_intelligence_session",
]
