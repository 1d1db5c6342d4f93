"""An order book: price-time priority, funds reserved at entry, settled in two ledgers."""

from economy.book.exchange import Exchange, OrderError, Report
from economy.book.messages import Kind, Movement, OrderRefusal, SelfTrade, Side

__all__ = [
    "Exchange",
    "Kind",
    "Movement",
    "OrderError",
    "OrderRefusal",
    "Report",
    "SelfTrade",
    "Side",
]
