"""Pools that trade tokens by formula: constant product, concentrated liquidity, bonding curves."""

from economy.pools.bonding_curve import BondingCurve
from economy.pools.concentrated import ConcentratedPool
from economy.pools.constant_product import (
    MINIMUM_LIQUIDITY,
    ConstantProduct,
    amount_in,
    amount_out,
)
from economy.pools.curve_desk import CurveDesk
from economy.pools.errors import PoolError, SwapRefusal
from economy.pools.impermanent_loss import impermanent_loss
from economy.pools.liquidity_pool import LiquidityPool
from economy.pools.positions import Position, Swap
from economy.pools.steps import Step, swap_step
from economy.pools.swaps import swap_batch
from economy.pools.ticks import sqrt_price_at, tick_at
from economy.pools.till import Till

__all__ = [
    "MINIMUM_LIQUIDITY",
    "BondingCurve",
    "ConcentratedPool",
    "ConstantProduct",
    "CurveDesk",
    "LiquidityPool",
    "PoolError",
    "Position",
    "Step",
    "Swap",
    "SwapRefusal",
    "Till",
    "amount_in",
    "amount_out",
    "impermanent_loss",
    "sqrt_price_at",
    "swap_batch",
    "swap_step",
    "tick_at",
]
