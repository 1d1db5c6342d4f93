"""The market of the headline's token: a pool in each commons, traders who follow the memory, red.

Pools are constant product (Adams et al. 2020, "Uniswap v2 Core"), by the kernel of
`economy.pools`, settled in two ledgers, leg by leg or not at all. Trades are so many tokens: what
a script holds then does not depend on how the market went, so that valuing it at par is what it is
worth on average. What a manipulated oracle is good for: Qin, Zhou, Livshits & Gervais 2021,
"Attacking the DeFi ecosystem with flash loans for fun and profit".
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.red_blue.script import Act
from economy.ledger import Books, post
from economy.ledger.posting import light, refused
from economy.pools.swaps import swap_refused

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WHOLE = 10**6
BUY, SELL, REDEEM = (int(act) for act in (Act.BUY, Act.SELL, Act.REDEEM))


@njit(cache=True, nogil=True)
def _trade(
    credits: Books,
    tokens: Books,
    reserves: Integers,
    volume: Floats,
    trader: tuple[int, int],
    till: tuple[int, int],
    amount: int,
    keep: int,
) -> int:
    """Buy (or sell: below 0) so many tokens of one pool; returns what moved, 0 if refused.

    ``reserves`` is int64[2], credits and tokens; ``volume`` float64[2] adds up what is traded.
    """
    buying = amount > 0
    if buying and amount >= reserves[1]:
        return 0
    if buying:
        rest = (reserves[1] - amount) * keep
        paid = reserves[0] * amount * WHOLE // rest + 1
        refusal, got = swap_refused(reserves[0], reserves[1], paid, amount, keep, WHOLE)
        moved_credits, moved_tokens = paid, got
    else:
        paid = -amount
        refusal, got = swap_refused(reserves[1], reserves[0], paid, 1, keep, WHOLE)
        moved_credits, moved_tokens = got, paid
    if refusal != 0:
        return 0
    payer, payee = (trader, till) if buying else (till, trader)
    if refused(credits.available, payer[0], payee[0], moved_credits) != 0:
        return 0
    if refused(tokens.available, payee[1], payer[1], moved_tokens) != 0:
        return 0
    post(credits, payer[0], payee[0], moved_credits, 0)
    post(tokens, payee[1], payer[1], moved_tokens, 0)
    sign = 1 if buying else -1
    reserves[0] += sign * moved_credits
    reserves[1] -= sign * moved_tokens
    volume[0] += moved_credits
    volume[1] += moved_tokens
    return moved_tokens


@njit(cache=True, nogil=True)
def follow(
    credits: Books,
    tokens: Books,
    reserves: Integers,
    volume: Floats,
    target: Floats,
    first: tuple[int, int],
    actors: int,
    keep: int,
) -> None:
    """Let the traders of each commons move its price half way to ``target`` float64[L]."""
    credits, tokens = light(credits), light(tokens)
    for lane in range(len(reserves)):
        product = float(reserves[lane, 0]) * float(reserves[lane, 1])
        gap = float(reserves[lane, 1]) - math.sqrt(product / target[lane])
        # Rounded towards nothing: who would trade less than a token does not trade.
        amount = int(0.5 * gap)
        if amount != 0:
            slot = lane * (actors + 2) + actors
            trader = (first[0] + slot, first[1] + slot)
            till = (trader[0] + 1, trader[1] + 1)
            _trade(credits, tokens, reserves[lane], volume[lane], trader, till, amount, keep)


@njit(cache=True, nogil=True)
def take_trades(
    credits: Books,
    tokens: Books,
    reserves: Integers,
    volume: Floats,
    lane: Integers,
    actions: Integers,
    first: tuple[int, int],
    actors: int,
    honest: int,
    unit: int,
    keep: int,
) -> None:
    """Let red buy and sell, action by action in order."""
    credits, tokens = light(credits), light(tokens)
    for i in range(len(lane)):
        kind = actions[i, 0]
        if kind != BUY and kind != SELL:
            continue
        start = lane[i] * (actors + 2)
        slot = start + honest + actions[i, 1]
        trader = (first[0] + slot, first[1] + slot)
        till = (first[0] + start + actors + 1, first[1] + start + actors + 1)
        amount = actions[i, 4] * unit if kind == BUY else -actions[i, 4] * unit
        _trade(credits, tokens, reserves[lane[i]], volume[lane[i]], trader, till, amount, keep)


@njit(cache=True, nogil=True)
def redeem(
    credits: Books,
    tokens: Books,
    oracle: Floats,
    lane: Integers,
    actions: Integers,
    first: tuple[int, int],
    treasury: tuple[int, int],
    actors: int,
    honest: int,
    unit: int,
    haircut: int,
) -> None:
    """Let the treasury take red's tokens at the oracle's price less the haircut, rounded down."""
    credits, tokens = light(credits), light(tokens)
    for i in range(len(lane)):
        if actions[i, 0] != REDEEM:
            continue
        slot = lane[i] * (actors + 2) + honest + actions[i, 1]
        given = actions[i, 4] * unit
        share = float(WHOLE - haircut) / float(WHOLE)
        paid = math.floor(given * oracle[lane[i]] * share)
        if refused(tokens.available, first[1] + slot, treasury[1], given) != 0:
            continue
        if refused(credits.available, treasury[0], first[0] + slot, paid) != 0:
            continue
        post(tokens, first[1] + slot, treasury[1], given, 0)
        post(credits, treasury[0], first[0] + slot, paid, 0)


@njit(cache=True, nogil=True)
def oracle_prices(
    prices: Floats, traded: npt.NDArray[np.float64], by_volume: Integers, window: Integers
) -> Floats:
    """float64[L], what the oracle says: a mean over the newest rows of both histories.

    ``prices`` is float64[L, W], at the end of each tick, newest last; ``traded`` float64[L, W, 2],
    credits and tokens that changed hands in it. Over a window in which nothing was traded the
    price is the last one.
    """
    said = np.empty(len(prices))
    for lane in range(len(prices)):
        last = prices.shape[1]
        start = last - window[lane]
        if by_volume[lane]:
            paid, given = 0.0, 0.0
            for k in range(start, last):
                paid += traded[lane, k, 0]
                given += traded[lane, k, 1]
            said[lane] = paid / given if given > 0.0 else prices[lane, last - 1]
        else:
            total = 0.0
            for k in range(start, last):
                total += prices[lane, k]
            said[lane] = total / window[lane]
    return said
