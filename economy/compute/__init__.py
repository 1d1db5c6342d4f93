"""Markets for compute: a published price, leases by the tick, auctions with classes and quotas."""

from economy.compute.errors import ComputeError, LeaseEnd, Shortfall
from economy.compute.leases import LEASES, Leases, Settled
from economy.compute.priority_auction import ClassClearing, priority_auction
from economy.compute.spot_market import Report, SpotMarket
from economy.compute.spot_price import SpotPrice

__all__ = [
    "LEASES",
    "ClassClearing",
    "ComputeError",
    "LeaseEnd",
    "Leases",
    "Report",
    "Settled",
    "Shortfall",
    "SpotMarket",
    "SpotPrice",
    "priority_auction",
]
