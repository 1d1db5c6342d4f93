"""Wealth: how unevenly tokens are held, and how exchange alone makes it so."""

from economy.wealth.errors import WealthError
from economy.wealth.exchange import exchange_units, split_pairs, trade_yard_sale
from economy.wealth.measures import gini, lorenz_curve, tail_index, top_share

__all__ = [
    "WealthError",
    "exchange_units",
    "gini",
    "lorenz_curve",
    "split_pairs",
    "tail_index",
    "top_share",
    "trade_yard_sale",
]
