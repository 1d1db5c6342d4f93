"""A price that is published ahead and follows demand, by a rule that everybody can check.

The rule of EIP-1559 (V. Buterin, E. Conner, R. Dudley, M. Slipper, I. Norden & A. Bakhta 2019;
T. Roughgarden 2021, "Transaction fee mechanism design"), with equal steps up and down: the price
of the next tick is this tick's, moved by 1/pace of itself times how far demand was from its
target, in parts of the target and at most by one whole part; at least one token if demand was off
target at all, and never below the reserve. A price that is known before anybody bids cannot be
moved by the bids it holds for.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from economy.compute.errors import ComputeError, part_of_whole, whole

LARGEST_PRICE = 2**53
"""Tokens per unit that the published price stays at."""


class SpotPrice:
    """The published price, tokens per unit, and how it moves.

    ``reserve`` is the least price, ``target`` the part of the capacity that should be asked for,
    ``pace`` how many ticks of double demand multiply the price by about 2.7.

    >>> spot = SpotPrice(reserve=10, target=0.5, pace=8, price=80)
    >>> spot.follow(demand=100, capacity=100), spot.follow(demand=25, capacity=100)
    (90, 85)
    """

    def __init__(
        self,
        reserve: int = 1,
        *,
        target: Fraction | float = Fraction(4, 5),
        pace: int = 8,
        price: int | None = None,
    ) -> None:
        self.reserve = whole("reserve", reserve, 1, LARGEST_PRICE)
        self.pace = whole("pace", pace, 1)
        self.target = part_of_whole("target", target, 1000)
        lowest = self.reserve
        self.price = lowest if price is None else whole("price", price, lowest, LARGEST_PRICE)

    def follow(self, demand: int, capacity: int) -> int:
        """Publish the next tick's price after a tick's demand, both in units; return it."""
        demand, capacity = whole("demand", demand, 0), whole("capacity", capacity, 0)
        goal = max(int(capacity * self.target), 1)
        off = min(abs(demand - goal), goal)
        if off:
            step = max(self.price * off // (goal * self.pace), 1)
            moved = self.price + (step if demand > goal else -step)
            self.price = min(max(moved, self.reserve), LARGEST_PRICE)
        return self.price

    def state(self) -> dict[str, object]:
        """Everything, as JSON values."""
        target = list(self.target.as_integer_ratio())
        return {
            "reserve": self.reserve,
            "target": target,
            "pace": self.pace,
            "price": self.price,
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Become the price that wrote ``state``; on ``ComputeError`` this one is unchanged."""
        match state:
            case {
                "reserve": int(reserve),
                "target": [int(part), int(whole)],
                "pace": int(pace),
                "price": int(price),
            } if whole > 0:
                found = SpotPrice(reserve, target=Fraction(part, whole), pace=pace, price=price)
                vars(self).update(vars(found))
            case _:
                raise ComputeError(
                    "not the state of a spot price: needs reserve, target [part, whole], pace and "
                    f"price; got {dict(state)}"
                )
