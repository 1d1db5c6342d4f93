"""Pools, leases and exchange of wealth in compiled batches, beside plain Python loops.

The loops do the same in plain integers, and give the same results: to the last token for pools
and leases, the same Gini within noise for the models of wealth, whose loops draw their pairs from
numpy in bulk. Rates are per CPU second, the best of several runs, with arrays in and arrays out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Row
from economy.compute import Leases, SpotMarket
from economy.ledger import Ledger
from economy.pools import LiquidityPool, swap_batch
from economy.wealth import exchange_units, gini, split_pairs, trade_yard_sale

Whole = NDArray[np.int64]


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of pools, of leases and the spot market, then of wealth."""
    yield from pools(quick)
    yield from leases(quick)
    yield from market(quick)
    yield from wealth(quick)
    yield from market_world(quick)


def market_world(quick: bool) -> Iterator[Row]:
    """Rows of a whole market world, agents trading each tick: to be filled in."""
    yield from ()


# Pools


def pools(quick: bool) -> Iterator[Row]:
    """Swaps against one constant-product pool: the arithmetic alone, then settled in ledgers."""
    n = 100_000 if quick else 1_000_000
    rng = np.random.default_rng(1)
    paid = rng.integers(1, 10**9, n)
    direction = rng.random(n) < 0.5
    reserves = (10**15, 3 * 10**14)  # their product needs 99 bits
    compile_s, _ = _timed(lambda: swap_batch(reserves, direction[:2], paid[:2]))
    seconds, (after, out, _) = _best(5, lambda: swap_batch(reserves, direction, paid))
    peer_s, (plain_after, plain_out) = _timed(lambda: _plain_swaps(reserves, direction, paid))
    yield Row(
        f"{n:,} swaps in a constant-product pool, M/s (Python integers)",
        n / seconds / 1e6,
        n / peer_s / 1e6,
        peer_s / seconds,
        {"same to the last token": after.tolist() == plain_after and out.tolist() == plain_out},
        notes={"compile_s": round(compile_s, 2)},
    )
    traders = rng.integers(0, 1000, n)
    compile_s, _ = _timed(_settled_swaps, reserves, direction[:2], paid[:2], traders[:2])
    best, after, balances, all_made = _settled_swaps(reserves, direction, paid, traders)
    peer_s, (plain_after, plain_balances) = _timed(
        lambda: _plain_settled(reserves, direction, paid, traders)
    )
    checks: dict[str, bool | float] = {
        "same reserves": after == plain_after,
        "same balances": balances == plain_balances,
        "all made": all_made,
    }
    yield Row(
        f"{n:,} swaps, both legs settled and journalled, M/s (Python integers)",
        n / best / 1e6,
        n / peer_s / 1e6,
        peer_s / best,
        checks,
        notes={"compile_s": round(compile_s, 2)},
    )


def _plain_swaps(
    reserves: tuple[int, int], direction: NDArray[np.bool_], paid: Whole
) -> tuple[list[int], list[int]]:
    """Uniswap v2's formula, swap by swap."""
    held, outs = list(reserves), []
    for zero_for_one, amount in zip(direction.tolist(), paid.tolist(), strict=True):
        x, y = (0, 1) if zero_for_one else (1, 0)
        kept = amount * 997
        out = kept * held[y] // (held[x] * 1000 + kept)
        held[x] += amount
        held[y] -= out
        outs.append(out)
    return held, outs


FUNDS = 10**13


def _settled_swaps(
    reserves: tuple[int, int], direction: NDArray[np.bool_], paid: Whole, traders: Whole
) -> tuple[float, list[int], list[list[int]], bool]:
    """Seconds of the best of four batches; after the first, reserves and the traders' balances."""
    tokens = Ledger(), Ledger()
    accounts = [token.open(1000) for token in tokens]
    provider = int(tokens[0].open()[0]), int(tokens[1].open()[0])
    for token, ids, account, amount in zip(tokens, accounts, provider, reserves, strict=True):
        token.mint(ids, FUNDS)
        token.mint(account, amount)
    pool = LiquidityPool(*tokens)
    pool.provide(int(pool.shares.open()[0]), provider, reserves)
    columns = direction, accounts[0][traders], accounts[1][traders], paid
    best, (_, refusals) = _timed(pool.swap, *columns)
    after = list(pool.reserves)
    balances = [token.balance(ids).tolist() for token, ids in zip(tokens, accounts, strict=True)]
    for _ in range(3):
        for token in tokens:
            token.drain()
        best = min(best, _timed(pool.swap, *columns)[0])
    return best, after, balances, not refusals.any()


def _plain_settled(
    reserves: tuple[int, int], direction: NDArray[np.bool_], paid: Whole, traders: Whole
) -> tuple[list[int], list[list[int]]]:
    held, balances = list(reserves), [[FUNDS] * 1000, [FUNDS] * 1000]
    journals: list[list[tuple[int, int, int]]] = [[], []]
    columns = zip(direction.tolist(), paid.tolist(), traders.tolist(), strict=True)
    for zero_for_one, amount, trader in columns:
        x, y = (0, 1) if zero_for_one else (1, 0)
        kept = amount * 997
        out = kept * held[y] // (held[x] * 1000 + kept)
        if balances[x][trader] < amount or held[y] < out:
            continue
        balances[x][trader] -= amount
        balances[y][trader] += out
        journals[x].append((trader, -1, amount))
        journals[y].append((-1, trader, out))
        held[x] += amount
        held[y] -= out
    return held, balances


# Compute


def leases(quick: bool) -> Iterator[Row]:
    """A tick of metered leases, each drawing on one of as many accounts."""
    compile_s, _ = _timed(lambda: _leased(10).settle())
    for n in (100_000,) if quick else (100_000, 1_000_000):
        books = _leased(n)
        best, units = _timed(books.settle)
        balances = books.balances()
        for _ in range(3):
            books.refill()
            best = min(best, _timed(books.settle)[0])
        peer_s, (plain_units, plain_balances) = _timed(books.plain)
        same = units.tolist() == plain_units
        yield Row(
            f"a tick of {n:,} leases settled and journalled, ms (Python integers)",
            1e3 * best,
            1e3 * peer_s,
            peer_s / best,
            {"same units": same, "same balances": balances == plain_balances},
            notes={"compile_s": round(compile_s, 2)},
        )


class _leased:  # noqa: N801 - a small record of one run
    """Leases over a fresh ledger, whose accounts can mostly pay."""

    price = 3

    def __init__(self, n: int) -> None:
        rng = np.random.default_rng(2)
        self.ledger, self.leases = Ledger(), Leases()
        self.house = int(self.ledger.open()[0])
        self.accounts = self.ledger.open(n)
        self.funds, self.rates = rng.integers(1, 1000, n), rng.integers(1, 100, n)
        self.owners = rng.integers(0, n, n)
        self.ledger.mint(self.accounts, self.funds)
        self.leases.open(self.accounts[self.owners], self.rates)

    def settle(self) -> Whole:
        """The tick that is timed."""
        return self.leases.settle(self.ledger, self.price, self.house).units

    def refill(self) -> None:
        """Make ready for a later tick: the journal drained, as many leases, funds as at first."""
        self.ledger.mint(self.accounts, self.funds)
        self.ledger.drain()
        self.leases = Leases()
        self.leases.open(self.accounts[self.owners], self.rates)

    def balances(self) -> list[int]:
        """What the lessees have left."""
        return self.ledger.balance(self.accounts).tolist()

    def plain(self) -> tuple[list[int], list[int]]:
        """The same tick, lease by lease."""
        funds, units, journal = self.funds.tolist(), [], []
        for owner, rate in zip(self.owners.tolist(), self.rates.tolist(), strict=True):
            served = min(rate, funds[owner] // self.price)
            if served:
                funds[owner] -= served * self.price
                journal.append((owner, served * self.price))
            units.append(served)
        return units, funds


def market(quick: bool) -> Iterator[Row]:
    """A whole tick of the spot market: as many leases as bids, three classes, quotas."""
    n = 20_000 if quick else 200_000
    rng = np.random.default_rng(3)
    ledger = Ledger()
    accounts = ledger.open(n)
    ledger.mint(accounts, 10**9)
    market = SpotMarket(ledger, 8 * n, quota=30, classes=3, pace=64)

    def tick(keep: bool) -> Any:
        price, quantity = rng.integers(1, 1000, n), rng.integers(1, 20, n)
        ledger.drain()
        return _timed(
            lambda: market.tick(accounts, price, quantity, rank=rng.integers(0, 3, n), keep=keep)
        )

    compile_s, _ = tick(True)
    running = len(market.leases)
    best = np.inf
    for _ in range(5):
        seconds, report = tick(False)
        best = min(best, seconds)
    checks: dict[str, bool | float] = {
        "within capacity": report.drawn + report.sold <= report.capacity,
        "revenue kept": ledger.balance(market.account) + int(ledger.balance(accounts).sum())
        == ledger.supply,
        "utilisation": round(report.utilisation, 3),
    }
    yield Row(
        f"a tick of the spot market, {n:,} bids and about as many leases, ms",
        1e3 * best,
        checks=checks,
        notes={"leases at first": running, "with compiling, s": round(compile_s, 2)},
    )


# Wealth


def wealth(quick: bool) -> Iterator[Row]:
    """Exchanges a second in the three models, against loops that draw from numpy in bulk."""
    n, sweeps = 1000, 1000 if quick else 10_000
    rules: list[tuple[str, Callable[..., Whole], Callable[..., list[int]], int]] = [
        ("one-token payments, 2 a head", exchange_units, _plain_units, 2),
        ("random splits", split_pairs, _plain_splits, 10**9),
        ("yard sale, stakes of a fifth", trade_yard_sale, _plain_yard_sale, 10**12),
    ]
    for name, rule, plain, each in rules:
        start = np.full(n, each)
        compile_s, _ = _timed(rule, start, 1, np.random.default_rng(0))
        runs = [_timed(rule, start, sweeps, np.random.default_rng(4)) for _ in range(5)]
        seconds, held = min(runs, key=lambda run: run[0])
        reached = rule(start, 100, np.random.default_rng(4))
        peer_s, plain_held = _timed(plain, start, n * 100, np.random.default_rng(5))
        theirs, ours = n * 100 / peer_s, n * sweeps / seconds
        gap = gini(reached) - gini(plain_held)
        yield Row(
            f"exchange of wealth, {name}, M/s (Python and numpy)",
            ours / 1e6,
            theirs / 1e6,
            ours / theirs,
            {
                "same Gini within .04": abs(gap) < 0.04,
                "no token lost": sum(held.tolist()) == n * each == sum(plain_held),
            },
            notes={"compile_s": round(compile_s, 2)},
        )


def _pairs(n: int, exchanges: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    one, other = rng.integers(0, n, exchanges), rng.integers(0, n - 1, exchanges)
    return zip(one.tolist(), (other + (other >= one)).tolist(), strict=True)


def _plain_units(start: Whole, exchanges: int, rng: np.random.Generator) -> list[int]:
    held = start.tolist()
    for payer, payee in _pairs(len(held), exchanges, rng):
        if held[payer]:
            held[payer] -= 1
            held[payee] += 1
    return held


def _plain_splits(start: Whole, exchanges: int, rng: np.random.Generator) -> list[int]:
    held, points = start.tolist(), rng.random(exchanges).tolist()
    for (one, other), point in zip(_pairs(len(held), exchanges, rng), points, strict=True):
        total = held[one] + held[other]
        held[one] = int(point * (total + 1))
        held[other] = total - held[one]
    return held


def _plain_yard_sale(start: Whole, exchanges: int, rng: np.random.Generator) -> list[int]:
    held = start.tolist()
    for winner, loser in _pairs(len(held), exchanges, rng):
        stake = min(held[winner], held[loser]) // 5
        held[winner] += stake
        held[loser] -= stake
    return held


def _timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.process_time()
    result = work(*arguments)
    return time.process_time() - start, result


def _best(times: int, work: Callable[[], Any]) -> tuple[float, Any]:
    return min((_timed(work) for _ in range(times)), key=lambda run: run[0])
