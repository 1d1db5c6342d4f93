"""Order search: every order of the engines on one problem, each shared prefix walked once."""

from swarm.reasoning.orders.balance import Stealing, longest_first, lower_bound
from swarm.reasoning.orders.cache import Cache, Rate
from swarm.reasoning.orders.search import OrderSearch, search_orders
from swarm.reasoning.orders.session import OrderSession
from swarm.reasoning.orders.trial import OrdersError, Trial, all_orders

__all__ = [
    "Cache",
    "OrderSearch",
    "OrderSession",
    "OrdersError",
    "Rate",
    "Stealing",
    "Trial",
    "all_orders",
    "longest_first",
    "lower_bound",
    "search_orders",
]
