"""Firms: capital, shares, wages, dividends, mergers, dissolution, and who earned what."""

from economy.firms.cap_table import CapTable
from economy.firms.errors import FirmError, FirmRefusal
from economy.firms.firms import Dissolution, Firms
from economy.firms.shapley import SampledShapley, sampled_shapley, shapley, shapley_split

__all__ = [
    "CapTable",
    "Dissolution",
    "FirmError",
    "FirmRefusal",
    "Firms",
    "SampledShapley",
    "sampled_shapley",
    "shapley",
    "shapley_split",
]
