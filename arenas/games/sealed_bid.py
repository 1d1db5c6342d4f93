"""The sealed-bid auction as a game between bidding strategies, and how far they can be exploited.

Each bidder knows only its own value, drawn evenly from 0 to 1, and bids by a strategy: a function
of the value, here a table of bids at evenly spaced values, straight between them. The highest bid
wins and pays itself (first price) or the next highest (second price). At first price, n bidders
who each bid (n - 1) / n of the value are in equilibrium; at second price, all who bid the value
(W. Vickrey 1961; V. Krishna, "Auction Theory", ch. 2).

How good a profile of strategies is, is told by NashConv (M. Lanctot et al. 2017, "A unified
game-theoretic approach to multiagent reinforcement learning"): what the bidders would gain in all
if each switched to its best response. It is 0 at an equilibrium and positive elsewhere, while a
win rate depends on who else is there.

Errors: ``BiddingError`` (a ``ValueError``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.chance import below, seeded, uniform

Floats = NDArray[np.float64]


class BiddingError(ValueError):
    """Strategies, seats or seeds that no auction can be played with."""


@dataclass(frozen=True, slots=True, eq=False)
class BiddingExploitability:
    """What bidders gain on average from an auction, and what they could gain."""

    gains: Floats
    """Of each bidder with its own strategy, float64[n]."""
    best: Floats
    """Of each bidder with its best response to the others, float64[n]."""

    @property
    def nash_conv(self) -> float:
        """What all could gain by switching, each alone: 0 at an equilibrium."""
        return float((self.best - self.gains).sum())


def shading(parts: ArrayLike) -> Floats:
    """Strategies that bid a part of the value, float64[n, 2], from their parts, float64[n].

    >>> shading([0.8, 1.0]).tolist()
    [[0.0, 0.8], [0.0, 1.0]]
    """
    part = _numbers(parts).reshape(-1)
    return _tables(np.column_stack((np.zeros_like(part), part)))


def play_auctions(
    strategies: ArrayLike,
    seats: ArrayLike,
    seeds: ArrayLike,
    *,
    auctions: int = 1,
    second_price: bool = False,
) -> Floats:
    """Play matches of some auctions each; return the mean gain of every seat, float64[m, n].

    ``strategies`` is float64[s, knots], the bids at values evenly spaced from 0 to 1; ``seats``
    int64[m, n] the strategies of each match's n bidders; ``seeds`` uint64[m]. A match draws its
    values from its own seed, and among equal bids the winner. O(m n auctions log knots). Raises
    ``BiddingError``.
    """
    tables, chairs = _tables(strategies), np.asarray(seats)
    streams = np.asarray(seeds)
    if chairs.ndim != 2 or chairs.dtype.kind not in "iu" or chairs.shape[1] < 1:
        raise BiddingError(f"seats are int64[matches, bidders]; got shape {chairs.shape}")
    if streams.shape != chairs.shape[:1] or streams.dtype.kind not in "iu":
        raise BiddingError(f"seeds are uint64, one for each of {len(chairs)} matches")
    if chairs.size and not 0 <= chairs.min() <= chairs.max() < len(tables):
        raise BiddingError(f"strategies are 0 to {len(tables) - 1}; seats name {chairs.max()}")
    if streams.size and streams.min() < 0:
        raise BiddingError(f"seeds are 0 or more, uint64; got {streams.min()}")
    auctions = _auctions(auctions)
    chairs, streams = np.ascontiguousarray(chairs, np.int64), streams.astype(np.uint64)
    return _play(tables, chairs, streams, auctions, bool(second_price))


class BiddingContest:
    """Bidding strategies as players of a tournament: two bidders, some auctions a match.

    The points of a match are the mean gains of the two.

    >>> contest = BiddingContest(shading([0.5, 0.9]), auctions=1000)
    >>> points = contest(np.array([[0, 1]]), np.array([7], np.uint64))
    >>> bool(points[0, 0] > points[0, 1])
    True
    """

    def __init__(
        self,
        strategies: ArrayLike,
        names: Iterable[str] | None = None,
        *,
        auctions: int = 200,
        second_price: bool = False,
    ) -> None:
        self.strategies = _tables(strategies)
        shown = (f"bidder {i}" for i in range(len(self.strategies))) if names is None else names
        self.names: Sequence[str] = tuple(shown)
        if len(set(self.names)) != len(self.strategies) or len(self.names) != len(self.strategies):
            raise BiddingError(f"{len(self.strategies)} strategies need as many different names")
        self.auctions, self.second_price = _auctions(auctions), second_price

    def __call__(self, pairs: NDArray[np.int64], seeds: NDArray[np.uint64]) -> Floats:
        """Play matches, int64[m, 2] with seeds uint64[m]; return points float64[m, 2]."""
        return play_auctions(
            self.strategies,
            pairs,
            seeds,
            auctions=self.auctions,
            second_price=self.second_price,
        )


def bidding_exploitability(
    profile: ArrayLike, *, second_price: bool = False, points: int = 1000
) -> BiddingExploitability:
    """What each bidder of a profile gains and could gain, by integration over the values.

    ``profile`` is float64[n, knots], one strategy for each of n >= 2 bidders. Own values are taken
    at ``points`` midpoints, and best responses among at least as many bids; what the others do is
    exact. The error of NashConv is of the order of 1 / points**2. O(n**2 points**2). Raises
    ``BiddingError``, also for a strategy that bids the same over a stretch of values: ties would
    then have to be broken by chance; give it a small slope.

    >>> round(bidding_exploitability(shading([0.8] * 5)).nash_conv, 6)
    0.0
    >>> round(bidding_exploitability(shading([1.0] * 5)).nash_conv, 6)
    0.068267
    """
    tables = _tables(profile)
    if len(tables) < 2:
        raise BiddingError(f"an auction has 2 bidders or more; got {len(tables)}")
    if points < 2:
        raise BiddingError(f"points is 2 or more; got {points}")
    flat = (np.diff(tables, axis=1) == 0).any(axis=1)
    if flat.any():
        raise BiddingError(
            f"strategy {np.argmax(flat)} bids the same for different values, so that bids could "
            "tie; give it a small slope, as in shading([1e-9])"
        )
    value = (np.arange(points) + 0.5) / points
    knots = np.linspace(0.0, 1.0, tables.shape[1])
    gains, best = np.empty((2, len(tables)))
    for i, table in enumerate(tables):
        own = np.interp(value, knots, table)
        others = np.delete(tables, i, axis=0)
        bids = np.union1d(np.linspace(0.0, others.max(), points + 1), own)
        win = np.prod([_part_below(other, bids) for other in others], axis=0)
        # At second price, what is saved between the bid and the price: the integral of `win`.
        saved = np.zeros_like(bids)
        if second_price:
            saved[1:] = np.cumsum((win[1:] + win[:-1]) / 2 * np.diff(bids))
        at = np.searchsorted(bids, own)
        gains[i] = ((value - own) * win[at] + saved[at]).mean()
        best[i] = (np.outer(value, win) + (saved - bids * win)).max(axis=1).mean()
    return BiddingExploitability(gains, best)


def _part_below(table: Floats, bids: Floats) -> Floats:
    """For which part of the values a strategy bids at most so much, exactly."""
    low = np.minimum(table[:-1], table[1:])
    width = np.abs(np.diff(table))
    return np.clip((bids[:, np.newaxis] - low) / width, 0.0, 1.0).mean(axis=1)


def _auctions(number: int) -> int:
    if not isinstance(number, int | np.integer) or number < 1:
        raise BiddingError(f"a match is a whole number of auctions, 1 or more; got {number!r}")
    return int(number)


def _numbers(values: ArrayLike) -> Floats:
    try:
        return np.require(values, np.float64, ("C", "W"))
    except (TypeError, ValueError) as error:
        raise BiddingError(f"bids are numbers, as in shading([0.8]); {error}") from None


def _tables(strategies: ArrayLike) -> Floats:
    tables = _numbers(strategies)
    if tables.ndim != 2 or tables.shape[1] < 2:
        raise BiddingError(
            f"strategies are float64[n, knots], bids at 2 or more evenly spaced values, as in "
            f"shading([0.8]); got shape {tables.shape}"
        )
    if not (np.isfinite(tables) & (tables >= 0)).all():
        raise BiddingError("bids are finite and 0 or more; some are not")
    return tables


@njit(cache=True, nogil=True)
def _play(
    tables: Floats,
    seats: NDArray[np.int64],
    seeds: NDArray[np.uint64],
    auctions: int,
    second_price: bool,
) -> Floats:
    """Mean gains, match by match; the last segment of a table also serves the value 1."""
    gains = np.zeros(seats.shape)
    segments = tables.shape[1] - 1
    for m in range(seats.shape[0]):
        stream = seeded(seeds[m])
        for _ in range(auctions):
            winner, tied, top, second, worth = -1, 1, 0.0, 0.0, 0.0
            for seat in range(seats.shape[1]):
                value = uniform(stream)
                k = min(int(value * segments), segments - 1)
                left, right = tables[seats[m, seat], k], tables[seats[m, seat], k + 1]
                bid = left + (right - left) * (value * segments - k)
                better = winner < 0 or bid > top
                if better or bid == top:
                    tied = 1 if better else tied + 1
                    second = top  # 0 before the first bid; the same where they tie
                    if better or below(stream, tied) == 0:
                        winner, top, worth = seat, bid, value
                elif bid > second:
                    second = bid
            gains[m, winner] += worth - (second if second_price else top)
    return gains / auctions
