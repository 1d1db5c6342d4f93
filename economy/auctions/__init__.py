"""Auctions: many bids, one clearing."""

from economy.auctions.uniform_price import AuctionError, Clearing, uniform_price_auction

__all__ = ["AuctionError", "Clearing", "uniform_price_auction"]
