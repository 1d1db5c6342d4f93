"""Tokens and the ways they change hands: a ledger, and everything that settles in it.

    ledger/       accounts, transfers, holds, the journal     split.py        exact shares
    auctions/     one price, two sides, sealed, bundles       bankruptcy.py   who is paid first
    book/         an exchange with price-time priority        firms/          shares, wages
    pools/        automated market makers, bonding curves     reputation/     stakes, trust graphs
    compute/      spot price, quotas, leases                  equilibria/     best replies
    wealth/       how unequal it gets

Amounts are whole tokens (int64) everywhere. Nothing here knows of worlds or agents: accounts,
bids and claims come in as columns and go out as columns.
"""

from economy.auctions import (
    AuctionError,
    AuctionHouse,
    CallAuction,
    Clearing,
    call_auction,
    combinatorial_auction,
    double_auction,
    first_price_auction,
    second_price_auction,
    uniform_price_auction,
)
from economy.bankruptcy import BankruptcyError, DivisionRule, divide, waterfall
from economy.book import Exchange, Kind, OrderError, OrderRefusal, Report as OrderReport, Side
from economy.compute import ComputeError, Leases, SpotMarket
from economy.equilibria import (
    CFR,
    CFRPlus,
    EquilibriumError,
    FictitiousPlay,
    GameTree,
    alpha_rank,
    nash_conv,
    replicator,
    solve_zero_sum,
    support_enumeration,
)
from economy.firms import FirmError, Firms, sampled_shapley, shapley, shapley_split
from economy.ledger import ISSUER, Entry, Ledger, LedgerError, Refusal, replay
from economy.pools import (
    BondingCurve,
    ConcentratedPool,
    ConstantProduct,
    LiquidityPool,
    PoolError,
    impermanent_loss,
)
from economy.reputation import (
    ReputationError,
    StakedReputation,
    TrustGraph,
    eigentrust,
    hitting_trust,
)
from economy.split import SplitError, split_exactly, sum_groups
from economy.wealth import WealthError, gini, lorenz_curve, top_share

__all__ = [
    "CFR",
    "ISSUER",
    "AuctionError",
    "AuctionHouse",
    "BankruptcyError",
    "BondingCurve",
    "CFRPlus",
    "CallAuction",
    "Clearing",
    "ComputeError",
    "ConcentratedPool",
    "ConstantProduct",
    "DivisionRule",
    "Entry",
    "EquilibriumError",
    "Exchange",
    "FictitiousPlay",
    "FirmError",
    "Firms",
    "GameTree",
    "Kind",
    "Leases",
    "Ledger",
    "LedgerError",
    "LiquidityPool",
    "OrderError",
    "OrderRefusal",
    "OrderReport",
    "PoolError",
    "Refusal",
    "ReputationError",
    "Side",
    "SplitError",
    "SpotMarket",
    "StakedReputation",
    "TrustGraph",
    "WealthError",
    "alpha_rank",
    "call_auction",
    "combinatorial_auction",
    "divide",
    "double_auction",
    "eigentrust",
    "first_price_auction",
    "gini",
    "hitting_trust",
    "impermanent_loss",
    "lorenz_curve",
    "nash_conv",
    "replay",
    "replicator",
    "sampled_shapley",
    "second_price_auction",
    "shapley",
    "shapley_split",
    "solve_zero_sum",
    "split_exactly",
    "sum_groups",
    "support_enumeration",
    "top_share",
    "uniform_price_auction",
    "waterfall",
]
