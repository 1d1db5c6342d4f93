"""Tokens and the ways they change hands: ledger, auction, exact shares.

Amounts are whole tokens (int64) everywhere. Nothing here knows of worlds or agents: accounts,
bids and claims come in as columns and go out as columns.
"""

from economy.auctions import AuctionError, Clearing, uniform_price_auction
from economy.bankruptcy import waterfall
from economy.book import Exchange, OrderError, OrderRefusal, Side
from economy.book import Report as OrderReport
from economy.ledger import ISSUER, Ledger, LedgerError, Refusal, replay
from economy.reputation import StakedReputation
from economy.split import SplitError, split_exactly

__all__ = [
    "ISSUER",
    "AuctionError",
    "Clearing",
    "Exchange",
    "Ledger",
    "LedgerError",
    "OrderError",
    "OrderRefusal",
    "OrderReport",
    "Refusal",
    "Side",
    "SplitError",
    "StakedReputation",
    "replay",
    "split_exactly",
    "uniform_price_auction",
    "waterfall",
]
