"""What providing liquidity loses against holding, when the price moves.

Pintail 2019, "Uniswap: a good deal for liquidity providers?": half of a constant-product pool is
of each token at every price, so where the price has become r times what it was, the position is
worth 2 sqrt(r) / (1 + r) of the tokens held instead. Fees are not counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.pools.errors import PoolError


def impermanent_loss(price_ratio: ArrayLike) -> NDArray[np.float64]:
    """Return 2 sqrt(r) / (1 + r) - 1, float64 of the shape of ``price_ratio``: 0 or a loss.

    ``price_ratio`` is the price now over the price at entry, above 0 (``PoolError``).

    >>> impermanent_loss([1, 4]).tolist()
    [0.0, -0.19999999999999996]
    """
    r = np.asarray(price_ratio, np.float64)
    if not (np.isfinite(r) & (r > 0)).all():
        raise PoolError(f"price ratios are finite and above 0; got {r.tolist()}")
    return 2.0 * np.sqrt(r) / (1.0 + r) - 1.0
