"""A whole world of traders: settled transactions a second, everything counted.

The model that ships as `market`, with 10,000 agents that bid and ask their values, all of which
change in every tick, so that nearly four in five agents trade. A transaction is a trade of a unit
against tokens, reserved, matched,
settled in two ledgers and journalled; the tick includes the agents' decisions, the withdrawal of
what rests at its end, and the checks of conservation.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.rows import Row
from experiments.models.market import Market
from swarm import GoodsMarket

TRADERS, WARM_UP, REPEATS = 10_000, 5, 3
GOAL = 1e6


def rows(quick: bool) -> Iterator[Row]:
    """One row: transactions per second of processor time, the best of three."""
    ticks = 50 if quick else 400
    begun = time.process_time()
    world = Market(TRADERS, fickle=1.0, greed=0.0, seed=1)
    market = world.system(GoodsMarket)
    for _ in range(WARM_UP):
        world.step()
    compiled = time.process_time() - begun
    best, movements, traded = 0.0, 0, 0
    for _ in range(REPEATS):
        begun, settled, moved = time.process_time(), 0, 0
        for _ in range(ticks):
            world.step()
            settled += market.traded
            moved += world.ledger.entries + market.goods.entries
        seconds = time.process_time() - begun
        traded, movements = settled, moved
        best = max(best, settled / seconds)
    market.goods.verify()
    world.ledger.verify()
    yield Row(
        f"market world, {TRADERS:,} traders, settled transactions/s",
        best,
        goal=GOAL,
        checks={
            "tokens_and_goods_conserved": (world.ledger.supply, market.goods.supply)
            == (TRADERS * 1_000_000, TRADERS // 2),
            "trades_a_tick": traded / ticks,
            "movements_a_trade": movements / traded,
            "ticks_per_second": best * ticks / traded,
        },
        notes={"warm_up_and_compile_s": round(compiled, 2), "ticks": ticks},
    )
