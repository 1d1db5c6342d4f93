"""Whether any two players of a tournament differ, by their games or by their ratings.

Guarantees: matches of a pair that share a round and a seed (both orders of a mirrored pair) have
their luck in common and count as one, by the sign of the summed margin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arenas.ratings import Ratings, adjusted, gap_test, sign_flip_test, sign_test
from arenas.tournaments.contest import Floats, TournamentError
from arenas.tournaments.games import Games

KINDS = ("wins", "games", "ratings", "points")
SIGNS_MAX = 100_000
"""Signs that are drawn for a test of points, at most."""


@dataclass(frozen=True)
class PairTests:
    """Whether any two of n players differ.

    Attributes:
        kind: "games", the exact sign test of the matches that the two played; "ratings", the
            Wald test of the gap between their Bradley-Terry ratings; or "points", the sign-flip
            test of their mean points, paired by round.
        p: float64[n, n], raw; NaN for pairs that did not meet (games only).
        holm: float64[n, n], adjusted for the chance of any false finding.
        benjamini_hochberg: float64[n, n], adjusted for the share of false findings.
    """

    kind: str
    p: Floats
    holm: Floats
    benjamini_hochberg: Floats


def pair_tests(
    games: Games, ratings: Ratings, kind: str, alpha: float = 0.05, seed: int = 0
) -> PairTests:
    """Test every pair.

    Args:
        games: the record.
        ratings: fitted to it, of n players.
        kind: see `PairTests`; or "wins", which is games, where every pair met so often that
            winning all would be significant at `alpha` among all pairs, and else ratings.
        alpha: the level of the adjusted values.
        seed: of the signs that are drawn in tests of points over many rounds.

    Raises:
        TournamentError: for another kind.
    """
    if kind not in KINDS:
        raise TournamentError(f"tests are of {', '.join(KINDS)}; got {kind!r}")
    n = len(ratings.elo)
    won, drawn = blocks_won(games, n)
    met = won + won.T + drawn
    if kind == "wins":
        least = min(met[np.triu_indices(n, 1)].min(initial=np.inf), 1_000)
        kind = "games" if 2.0 ** (1 - least) * n * (n - 1) / 2 <= alpha else "ratings"
    if kind == "points":
        p = _points_test(games, n, alpha, seed)
    elif kind == "games":
        p = np.where(met > 0, sign_test(won, won.T), np.nan)
    else:
        p = gap_test(ratings)
    np.fill_diagonal(p, 1.0)
    return PairTests(kind, p, adjusted(p, "holm"), adjusted(p, "benjamini-hochberg"))


def _points_test(games: Games, players: int, alpha: float, seed: int) -> Floats:
    """Sign flips of the differences of mean points, round by round, float64[n, n]."""
    rounds = np.unique(games.round)
    p = np.ones((players, players))
    first, second = np.triu_indices(players, 1)
    if not len(rounds) or not len(first):
        return p
    mean = np.stack([games.points(players, games.round == number) for number in rounds])
    # A round that one of the two did not play says nothing.
    apart = np.nan_to_num(mean[:, first] - mean[:, second])
    rng = np.random.default_rng([seed, 2])
    # Enough signs that the least p is significant among all pairs.
    permutations = min(max(math.ceil(4 * len(first) / alpha), 9_999), SIGNS_MAX)
    p[first, second] = p[second, first] = sign_flip_test(apart, rng, permutations)
    return p


def blocks_won(games: Games, players: int) -> tuple[Floats, Floats]:
    """Blocks of matches that row won against column, and that they drew, float64[n, n] each.

    A block is what a pair played with one seed in one round: a match, or two in mirrored play.
    """
    rows = games.rated
    first, second = games.first[rows], games.second[rows]
    margin = (2 * games.scores()[0][rows] - 1) * np.where(first < second, 1, -1)
    one, other = np.minimum(first, second), np.maximum(first, second)
    keys: tuple[npt.NDArray, ...] = (games.seed[rows], games.round[rows], other, one)
    order = np.lexsort(keys)
    starts = np.zeros(len(order), bool)
    starts[:1] = True
    for key in keys:
        starts[1:] |= key[order][1:] != key[order][:-1]
    total = np.zeros(int(starts.sum()))
    np.add.at(total, np.cumsum(starts) - 1, margin[order])
    low, high = one[order][starts], other[order][starts]

    won, drawn = np.zeros((players, players)), np.zeros((players, players))
    np.add.at(won, (low[total > 0], high[total > 0]), 1)
    np.add.at(won, (high[total < 0], low[total < 0]), 1)
    np.add.at(drawn, (low[total == 0], high[total == 0]), 1)
    return won, drawn + drawn.T
