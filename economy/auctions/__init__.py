"""Auctions: many bids, one clearing; one good, two sides, sealed envelopes, bundles."""

from economy.auctions.bids import BidRefusal
from economy.auctions.call import Call, Rationing, call_auction
from economy.auctions.coalitions import Coalitions, best_coalitions, coalitions_among
from economy.auctions.combinatorial import Allocation, Payment, combinatorial_auction
from economy.auctions.gathering import CallAuction, Cleared
from economy.auctions.house import AuctionHouse, Outcome
from economy.auctions.sealed import (
    BilateralOutcome,
    SealedOutcome,
    double_auction,
    first_price_auction,
    second_price_auction,
)
from economy.auctions.uniform_price import AuctionError, Clearing, uniform_price_auction

__all__ = [
    "Allocation",
    "AuctionError",
    "AuctionHouse",
    "BidRefusal",
    "BilateralOutcome",
    "Call",
    "CallAuction",
    "Cleared",
    "Clearing",
    "Coalitions",
    "Outcome",
    "Payment",
    "Rationing",
    "SealedOutcome",
    "best_coalitions",
    "call_auction",
    "coalitions_among",
    "combinatorial_auction",
    "double_auction",
    "first_price_auction",
    "second_price_auction",
    "uniform_price_auction",
]
