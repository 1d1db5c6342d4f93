"""Sealed-bid auctions as an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from arenas.environments.errors import missing_extra
from arenas.environments.simultaneous import Simultaneous
from economy.auctions import AuctionError, first_price_auction, second_price_auction

try:
    from gymnasium.spaces import Box, Discrete
except ModuleNotFoundError as error:
    raise missing_extra(error) from None


class SealedBid(Simultaneous):
    """Bidders with private values, one auction after the other.

    A bidder observes its value of this auction's item, int64[1], drawn evenly from 0 to `highest`,
    and moves its bid, a whole number of tokens from 0 to `highest`. Who wins is paid the value less
    the price; the others 0. Among equal bids the earlier seat wins.

    Args:
        bidders: how many, 2 or more.
        auctions: of an episode, which is truncated then.
        highest: the highest value and bid, tokens.
        second_price: the winner pays the next highest bid (Vickrey), not its own.
        render_mode: see `Simultaneous`.
    """

    metadata: ClassVar[dict[str, Any]] = {**Simultaneous.metadata, "name": "sealed_bid_v0"}

    def __init__(
        self,
        bidders: int = 3,
        auctions: int = 10,
        highest: int = 100,
        second_price: bool = False,
        render_mode: str | None = None,
    ):
        if bidders < 2 or auctions < 1 or highest < 1:
            raise AuctionError(
                "an environment of auctions has 2 bidders or more, 1 auction and a highest value "
                f"of 1, such as 3, 10 and 100; got {bidders}, {auctions} and {highest}"
            )
        self.auctions, self.highest, self.second_price = auctions, highest, second_price
        seats = [f"bidder_{seat}" for seat in range(bidders)]
        seen = {seat: Box(0, highest, (1,), np.int64) for seat in seats}
        moves = {seat: Discrete(highest + 1) for seat in seats}
        super().__init__(seats, seen, moves, render_mode)

    def _begin(self, rng: np.random.Generator) -> None:
        self._held = 0
        self._price = 0
        self._values = self._draw(rng)

    def _draw(self, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(0, self.highest + 1, len(self.possible_agents))

    def _observe(self, agent: str) -> np.ndarray:
        seat = self.possible_agents.index(agent)
        return self._values[seat : seat + 1].copy()

    def _play(
        self, moves: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[Mapping[str, float], set[str], set[str]]:
        bids = np.array([[int(moves[seat]) for seat in self.possible_agents]])
        sell = second_price_auction if self.second_price else first_price_auction
        outcome = sell(bids)
        winner, self._price = int(outcome.winner[0]), int(outcome.price[0])
        gain = float(self._values[winner] - self._price)
        self._held += 1
        self._values = self._draw(rng)
        cut = set(self.possible_agents) if self._held >= self.auctions else set()
        return {self.possible_agents[winner]: gain}, set(), cut

    def _line(self) -> str:
        return f"auction {self._held} of {self.auctions}: sold at {self._price}"
