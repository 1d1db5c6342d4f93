"""Whether any two players of a tournament differ, by their games or by their ratings.

Guarantees: matches of a pair that share a round and a seed (both orders of a mirrored pair) have
their luck in common and count as one, by the sign of the summed margin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arenas.ratings import Ratings, adjusted, gap_test, sign_test
from arenas.tournaments.contest import Floats, TournamentError
from arenas.tournaments.games import Games


@dataclass(frozen=True)
class PairTests:
    """Whether any two of n players differ.

    Attributes:
        kind: "games", the exact sign test of the matches that the two played, or "ratings", the
            Wald test of the gap between their Bradley-Terry ratings.
        p: float64[n, n], raw; NaN for pairs that did not meet (games only).
        holm: float64[n, n], adjusted for the chance of any false finding.
        benjamini_hochberg: float64[n, n], adjusted for the share of false findings.
    """

    kind: str
    p: Floats
    holm: Floats
    benjamini_hochberg: Floats


def pair_tests(games: Games, ratings: Ratings, kind: str | None, alpha: float) -> PairTests:
    """Test every pair.

    Args:
        games: the record.
        ratings: fitted to it, of n players.
        kind: see `PairTests`. If left out it is games, where every pair met so often that
            winning all would be significant at `alpha` among all pairs, and else ratings.
        alpha: the level of the adjusted values.

    Raises:
        TournamentError: for another kind.
    """
    if kind not in ("games", "ratings", None):
        raise TournamentError(f"tests are of games or of ratings; got {kind!r}")
    n = len(ratings.elo)
    won, drawn = blocks_won(games, n)
    met = won + won.T + drawn
    if kind is None:
        least = min(met[np.triu_indices(n, 1)].min(initial=np.inf), 1_000)
        kind = "games" if 2.0 ** (1 - least) * n * (n - 1) / 2 <= alpha else "ratings"
    p = np.where(met > 0, sign_test(won, won.T), np.nan) if kind == "games" else gap_test(ratings)
    np.fill_diagonal(p, 1.0)
    return PairTests(kind, p, adjusted(p, "holm"), adjusted(p, "benjamini-hochberg"))


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
