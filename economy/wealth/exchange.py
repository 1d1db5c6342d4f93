"""How chance alone makes rich and poor: pairs of agents exchange whole tokens.

Three rules, each a stream of exchanges between two different agents drawn evenly:

* `exchange_units`: one pays the other a token, if it has one (A. Dragulescu & V. Yakovenko,
  "Statistical mechanics of money", European Physical Journal B 17, 2000). All divisions of the
  tokens become equally likely: with m tokens a head, geometric, Gini (1 + m) / (1 + 2 m).
* `split_pairs`: two put together what they have and split it at an even random point (the same
  paper). Exponential; the expected Gini of n agents with many tokens is (n - 1) / (2 n).
* `trade_yard_sale`: each wins or loses, at even odds, a part of what the poorer of the two has
  (A. Chakraborti, "Distributions of money in model markets of economy", International Journal of
  Modern Physics C 13, 2002; B. Boghosian, Physical Review E 89, 2014). Though every trade is
  fair, nothing stops one agent from ending up with almost everything.

A sweep is as many exchanges as there are agents, so that each takes part in two on average.
Tokens are int64 and their sum never changes. One seed drawn from ``rng`` drives a call: equal
generators give equal results on every machine.
"""

from __future__ import annotations

import operator
from fractions import Fraction

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.columns import LARGEST, whole_numbers
from economy.wealth.errors import WealthError
from swarm.chance import below, draw, seeded

FINEST_PART = 1000
"""The largest denominator of a yard-sale stake."""


def exchange_units(holdings: ArrayLike, sweeps: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return holdings, int64[n], after sweeps of one-token payments; O(n sweeps).

    The payer of each exchange is drawn evenly; one that has nothing pays nothing. Raises
    ``WealthError``.
    """
    held, seed = _prepared(holdings, sweeps, rng)
    _exchange_units(held, held.size * sweeps, seed)
    return held


def split_pairs(holdings: ArrayLike, sweeps: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return holdings, int64[n], after sweeps of pairs splitting what they have; O(n sweeps).

    Of a pair's t tokens, one receives 0 to t, each equally likely, and the other the rest. Raises
    ``WealthError``.
    """
    held, seed = _prepared(holdings, sweeps, rng)
    _split_pairs(held, held.size * sweeps, seed)
    return held


def trade_yard_sale(
    holdings: ArrayLike,
    sweeps: int,
    rng: np.random.Generator,
    *,
    part: Fraction | float = Fraction(1, 5),
) -> NDArray[np.int64]:
    """Return holdings, int64[n], after sweeps of fair bets; O(n sweeps).

    The stake is ``part`` (0 to 1, denominator up to 1000) of what the poorer has, rounded down to
    whole tokens: with few tokens a head, the poor soon have nothing to lose. Raises
    ``WealthError``.
    """
    try:
        exact = Fraction(part)
    except (TypeError, ValueError, OverflowError):  # not finite, or no number
        exact = Fraction(-1)
    stake = exact.limit_denominator(FINEST_PART)
    if not 0 <= stake <= 1 or abs(stake - exact) > Fraction(1, 10**12):
        raise WealthError(f"part is 0 to 1, as in Fraction(1, 5) or 0.2; got {part!r}")
    held, seed = _prepared(holdings, sweeps, rng)
    _trade_yard_sale(held, held.size * sweeps, *stake.as_integer_ratio(), seed)
    return held


def _prepared(
    holdings: ArrayLike, sweeps: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], int]:
    held = whole_numbers("holdings", holdings, WealthError).copy()
    if not 2 <= held.size <= 2**32:
        raise WealthError(f"exchange takes 2 to 2**32 agents; got {held.size}")
    if held.min() < 0 or sum(held.tolist()) > LARGEST:
        raise WealthError("holdings are 0 tokens or more and at most 2**63 - 1 together")
    try:
        exchanges = operator.index(sweeps) * held.size
    except TypeError:
        exchanges = -1
    if not 0 <= exchanges <= LARGEST:
        raise WealthError(f"sweeps is a whole number, 0 or more; got {sweeps!r}")
    return held, int(rng.integers(2**63))


@njit(cache=True, nogil=True)
def _pair(stream: NDArray[np.uint64], n: int) -> tuple[int, int]:
    """Two different agents, in an order that is drawn too."""
    first, second = below(stream, n), below(stream, n - 1)
    return first, second + 1 if second >= first else second


@njit(cache=True, nogil=True)
def _exchange_units(held: NDArray[np.int64], exchanges: int, seed: int) -> None:
    stream = seeded(seed)
    for _ in range(exchanges):
        payer, payee = _pair(stream, held.size)
        if held[payer] > 0:
            held[payer] -= 1
            held[payee] += 1


@njit(cache=True, nogil=True)
def _split_pairs(held: NDArray[np.int64], exchanges: int, seed: int) -> None:
    stream = seeded(seed)
    for _ in range(exchanges):
        one, other = _pair(stream, held.size)
        total = held[one] + held[other]
        # Whole draws are even up to a bias of total / 2**64.
        held[one] = np.int64(draw(stream) % (np.uint64(total) + np.uint64(1)))
        held[other] = total - held[one]


@njit(cache=True, nogil=True)
def _trade_yard_sale(
    held: NDArray[np.int64], exchanges: int, part: int, whole: int, seed: int
) -> None:
    stream = seeded(seed)
    for _ in range(exchanges):
        winner, loser = _pair(stream, held.size)  # drawn in an even order: a fair coin
        poorer = min(held[winner], held[loser])
        stake = poorer // whole * part + poorer % whole * part // whole
        held[winner] += stake
        held[loser] -= stake
