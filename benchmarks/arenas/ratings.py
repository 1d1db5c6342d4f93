"""Ratings beside openskill: games rated a second, after checking that both rate them the same.

openskill's BradleyTerryFull and PlackettLuce are `WengLin` for two players, and its
ThurstoneMostellerFull with a gamma of 1 and our margin of draws is `GaussianSkill`. Both rate the
same games between the same players in the same order; openskill a game at a time, as its users
call it. Elo and Glicko-2 stand beside a plain loop in Python, as openskill has neither, and all
four are timed alone on a million games. Times are CPU seconds, the fastest of several.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from arenas.ratings import Elo, GaussianSkill, Glicko2, OnlineRating, WengLin
from benchmarks.rows import Row

PLAYERS = 1_000
PER_PERIOD = 5_000
Columns = tuple[np.ndarray, ...]
ONE_GAME: Columns = (np.array([0]), np.array([1]), np.array([1.0]))


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows against openskill, those against plain loops, and ours alone."""
    import openskill
    from openskill.models import BradleyTerryFull, PlackettLuce, ThurstoneMostellerFull

    number = 1_000 if quick else 20_000
    goal = None if quick else 50.0
    games, decided = _games(number, True), _games(number, False)
    margin = _draw_margin(0.1)
    probit = ThurstoneMostellerFull(epsilon=margin, gamma=lambda *_, **__: 1.0)
    cases: list[tuple[str, Callable[[int], OnlineRating], Any, Columns]] = [
        ("WengLin (openskill BradleyTerryFull)", WengLin, BradleyTerryFull(), games),
        ("WengLin (openskill PlackettLuce)", WengLin, PlackettLuce(), decided),
        ("GaussianSkill (openskill ThurstoneMostellerFull)", GaussianSkill, probit, games),
    ]
    for name, ours, peer, played in cases:
        compile_s, _ = _timed(_rated, ours, 2, ONE_GAME)
        first = _agree_on_one(ours, peer)
        seconds, rating = _fastest(3, _rated, ours, PLAYERS, played)
        theirs, (mean, deviation) = _timed(_openskill, peer, played)
        apart = max(np.abs(rating.rating - mean).max(), np.abs(rating.error - deviation).max())
        yield Row(
            f"{name}, {number:,} games, games/s",
            number / seconds,
            number / theirs,
            theirs / seconds,
            {"one game": first, "all within 1e-6": bool(apart < 1e-6), "apart": float(apart)},
            goal,
            {"compile_s": round(compile_s, 2), "openskill": openskill.__version__},
        )
    yield from _against_loops(number)
    yield from _alone(100_000 if quick else 1_000_000)


def _against_loops(number: int) -> Iterator[Row]:
    games = _games(number, True)
    cases: list[tuple[str, Callable[[int], OnlineRating], Callable[[Columns], np.ndarray]]] = [
        ("Elo", Elo, _plain_elo),
        ("Glicko-2", Glicko2, _plain_glicko2),
    ]
    for name, ours, plain in cases:
        _rated(ours, 2, ONE_GAME)
        seconds, rating = _fastest(3, _rated, ours, PLAYERS, games)
        theirs, expected = _timed(plain, games)
        apart = float(np.abs(rating.rating - expected).max())
        yield Row(
            f"{name} (a plain loop), {number:,} games, games/s",
            number / seconds,
            number / theirs,
            theirs / seconds,
            {"same ratings": apart < 1e-3, "apart": apart},
        )


def _alone(number: int) -> Iterator[Row]:
    games = _games(number, True)
    for ours in (Elo, Glicko2, GaussianSkill, WengLin):
        seconds, rating = _fastest(3, _rated, ours, PLAYERS, games)
        finite = bool(np.isfinite(rating.interval).all())
        title = f"{ours.__name__}, {number:,} games, million games/s"
        yield Row(title, number / seconds / 1e6, checks={"finite": finite})


def _games(number: int, draws: bool) -> Columns:
    """First, second, score and period of games between players of different strength."""
    rng = np.random.default_rng(1)
    strength = rng.normal(0, 1, PLAYERS)
    first = rng.integers(PLAYERS, size=number)
    second = (first + rng.integers(1, PLAYERS, size=number)) % PLAYERS
    won = rng.random(number) < 1 / (1 + np.exp(strength[second] - strength[first]))
    score = won.astype(np.float64)
    if draws:
        score[rng.random(number) < 0.1] = 0.5
    return first, second, score, np.arange(number) // PER_PERIOD


def _agree_on_one(ours: Callable[[int], OnlineRating], peer: Any) -> bool:
    """Whether one game of newcomers is rated the same."""
    rating = _rated(ours, 2, ONE_GAME)
    (winner,), (loser,) = peer.rate([[peer.rating()], [peer.rating()]])
    mean, deviation = [winner.mu, loser.mu], [winner.sigma, loser.sigma]
    return bool(np.allclose(rating.rating, mean) and np.allclose(rating.error, deviation))


def _openskill(model: Any, games: Columns) -> tuple[np.ndarray, np.ndarray]:
    held = [model.rating() for _ in range(PLAYERS)]
    ranks = {1.0: [1, 2], 0.5: [1, 1], 0.0: [2, 1]}
    columns = (column.tolist() for column in games[:3])
    for first, second, score in zip(*columns, strict=True):
        teams = [[held[first]], [held[second]]]
        (held[first],), (held[second],) = model.rate(teams, ranks=ranks[score])
    return np.array([each.mu for each in held]), np.array([each.sigma for each in held])


def _plain_elo(games: Columns) -> np.ndarray:
    rating = [1500.0] * PLAYERS
    for i, j, score in zip(*(column.tolist() for column in games[:3]), strict=True):
        moved = 32 * (score - 1 / (1 + 10 ** ((rating[j] - rating[i]) / 400)))
        rating[i] += moved
        rating[j] -= moved
    return np.array(rating)


def _plain_glicko2(games: Columns) -> np.ndarray:
    """The paper's steps, a period at a time, with dictionaries; volatility by bisection."""
    mu, phi, sigma = ([value] * PLAYERS for value in (0.0, 350 / 173.7178, 0.06))
    for period in range(int(games[3].max()) + 1):
        met: dict[int, list[tuple[int, float]]] = {}
        part = (column[games[3] == period].tolist() for column in games[:3])
        for i, j, score in zip(*part, strict=True):
            met.setdefault(i, []).append((j, score))
            met.setdefault(j, []).append((i, 1 - score))
        new = {}
        for i in range(PLAYERS):
            if i not in met:
                new[i] = mu[i], min(math.hypot(phi[i], sigma[i]), 350 / 173.7178), sigma[i]
                continue
            information = total = 0.0
            for j, score in met[i]:
                g = 1 / math.sqrt(1 + 3 * phi[j] ** 2 / math.pi**2)
                e = 1 / (1 + math.exp(-g * (mu[i] - mu[j])))
                information += g * g * e * (1 - e)
                total += g * (score - e)
            s = _plain_volatility(total / information, phi[i], 1 / information, sigma[i])
            narrowed = 1 / math.sqrt(1 / (phi[i] ** 2 + s**2) + information)
            new[i] = mu[i] + narrowed**2 * total, narrowed, s
        for i, (m, p, s) in new.items():
            mu[i], phi[i], sigma[i] = m, p, s
    return 1500 + 173.7178 * np.array(mu)


def _plain_volatility(delta: float, phi: float, v: float, sigma: float, tau: float = 0.5) -> float:
    a = math.log(sigma**2)

    def slope(x: float) -> float:
        d = phi**2 + v + math.exp(x)
        return math.exp(x) * (delta**2 - d) / (2 * d * d) - (x - a) / tau**2

    low, high = a - 5, a + 5
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return math.exp(low / 2)


def _draw_margin(draws: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((draws + 1) / 2) * math.sqrt(2) * 25 / 6)


def _rated(kind: Callable[[int], OnlineRating], players: int, games: Columns) -> OnlineRating:
    return kind(players).update(*games)


def _timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.process_time()
    result = work(*arguments)
    return time.process_time() - start, result


def _fastest(times: int, work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    timed = [_timed(work, *arguments) for _ in range(times)]
    return min(seconds for seconds, _ in timed), timed[-1][1]
