"""What the tests of the peers share.

A step of Mesa's first draws the order in which its agents act; `order_of` draws the same from a
copy of the generator, so that plain references can live the step again.
"""

import random
from typing import Any

from hypothesis import strategies as st

seeds = st.integers(0, 2**31)


def order_of(model: Any) -> list[Any]:
    """The agents in the order in which the next step will call them."""
    order = list(model.agents)
    same_chance(model).shuffle(order)
    return order


def same_chance(model: Any) -> random.Random:
    """A copy of the model's generator: what it draws, the model will draw."""
    chance = random.Random()
    chance.setstate(model.random.getstate())
    return chance
