"""What came of a tournament: the games, the table, and how far the table can be trusted.

Players are placed by what their format counts; ratings are shown beside it, each with what is
known of its error: Bradley-Terry from all games at once, Elo, Glicko-2 with a period a round, and
a Gaussian skill. Elo and the skill take the games of a round in an order drawn by lot. Only who
had more points of a match is looked at by all of these, not by how many.

Guarantees: everything follows from the record and the seed. Places are shared by players whom the
format's own count does not tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from arenas.ratings import (
    Cycles,
    Elo,
    GaussianSkill,
    Glicko2,
    OnlineRating,
    Ratings,
    cycles,
    groups,
    rate,
)
from arenas.tournaments.contest import Floats, Rows
from arenas.tournaments.games import Games
from arenas.tournaments.pair_tests import PairTests, pair_tests

AnyRating = TypeVar("AnyRating", bound=OnlineRating)

ALPHA = 0.05
"""The level at which players are told apart, adjusted for all pairs by Holm."""


@dataclass(frozen=True)
class Results:
    """A tournament's results; `str` is its table.

    Attributes:
        names: of the n players.
        games: the record, as columns of m matches.
        title: the format and its settings.
        policy: what the format decided where players might ask; may be empty.
        ranking: what players are placed by, the first first; more is better; float64[n] each.
        seeding: int64[n], players from the strongest believed; the last word on the order.
        seed: of the tournament.
        noise: what the contest says of its own; None if it says nothing.
    """

    names: tuple[str, ...]
    games: Games
    title: str
    ranking: Mapping[str, Floats]
    seeding: Rows
    seed: int = 0
    policy: str = ""
    noise: Any = None

    def __str__(self) -> str:
        """The table, at most 100 columns wide."""
        from arenas.tournaments.report import table

        return table(self)

    # What was counted

    @cached_property
    def order(self) -> Rows:
        """int64[n], players by place; equal ones by rating, then by seeding."""
        keys = [*self.ranking.values(), np.round(self.ratings.elo, 6), -np.argsort(self.seeding)]
        return np.lexsort(tuple(-key for key in reversed(keys)))

    @cached_property
    def place(self) -> Rows:
        """int64[n], the place of each player, from 1; equal ones share the better."""
        counts = np.stack([*self.ranking.values()])[:, self.order]
        new = np.ones(len(self.names), bool)
        new[1:] = (counts[:, 1:] != counts[:, :-1]).any(axis=0)
        place = np.empty(len(self.names), np.int64)
        place[self.order] = np.maximum.accumulate(np.where(new, np.arange(len(new)) + 1, 1))
        return place

    @cached_property
    def wins(self) -> Floats:
        """float64[n, n], games that row won against column, draws as halves."""
        return self._tally(self.games.scores())

    @cached_property
    def draws(self) -> Floats:
        """float64[n, n], games that row and column drew."""
        drawn = (self.games.scores()[0] == 0.5).astype(np.float64)
        return self._tally((drawn, drawn))

    def score_matrix(self) -> Floats:
        """float64[n, n], the mean score of row against column; NaN where they never met."""
        met = self.wins + self.wins.T
        mean = np.full_like(met, np.nan)
        return np.divide(self.wins, met, out=mean, where=met > 0)

    # Ratings

    @cached_property
    def ratings(self) -> Ratings:
        """Bradley-Terry, from all games at once; the mean player has 0."""
        return rate(self.wins)

    @cached_property
    def elo(self) -> Elo:
        """Elo, K = 32, from 1500."""
        return self._learnt(Elo(len(self.names)))

    @cached_property
    def glicko2(self) -> Glicko2:
        """Glicko-2, from 1500, a rating period a round."""
        return self._learnt(Glicko2(len(self.names)))

    @cached_property
    def skill(self) -> GaussianSkill:
        """A Gaussian skill, from 25."""
        return self._learnt(GaussianSkill(len(self.names)))

    # How far to trust it

    @cached_property
    def cycles(self) -> Cycles:
        """How much the players run in circles, with a bootstrap from the tournament's seed."""
        return cycles(self.wins, self.draws, seed=self.seed)

    @property
    def warning(self) -> str:
        """Why one number a player means little, if so; else empty."""
        return self.cycles.warning(self.names)

    def pair_tests(self, kind: str | None = None) -> PairTests:
        """Whether any two players differ.

        Args:
            kind: "games", "ratings" or "points", see `PairTests`. If left out it is points where
                they place the players; else games, where every pair met so often that winning
                all would be significant among all pairs, and ratings where they did not. Games
                of a pair that share a seed count as one.
        """
        if kind is None:
            kind = "points" if next(iter(self.ranking)) == "points" else "wins"
        return pair_tests(self.games, self.ratings, kind, ALPHA, self.seed)

    @cached_property
    def tests(self) -> PairTests:
        """`pair_tests`, of the kind that suits the games."""
        return self.pair_tests()

    @cached_property
    def groups(self) -> list[list[int]]:
        """Players that cannot be told apart: runs of neighbouring places; see `groups`."""
        return groups(self.tests.holm, self.order.tolist(), ALPHA)

    # To take away

    def standings(self) -> dict[str, Any]:
        """The table as columns of n, by place.

        Columns: `place`, `player` int64; `name`; `games`, `won`, `drawn`, `lost`, `forfeits`,
        `byes` int64; `score` float64 (wins, draws as halves, and byes); `points` float64, the
        mean a match as the contest gave them; `rating`, `rating_low`, `rating_high` float64,
        Bradley-Terry in Elo points with its 95% interval; `elo`, `glicko2` and `skill` float64,
        each with `_error`, its standard error; `group`, the group or groups by letter.
        """
        n, order = len(self.names), self.order
        games, (low, high) = self.games, self.ratings.interval.T
        byes = np.bincount(games.first[games.bye], minlength=n)
        forfeits = sum(
            np.bincount(seat[out], minlength=n)
            for seat, out in (
                (games.first, games.forfeit_first),
                (games.second, games.forfeit_second),
            )
        )
        columns: dict[str, npt.NDArray] = {
            "place": self.place,
            "player": np.arange(n),
            **self._counts(),
            "forfeits": np.asarray(forfeits),
            "byes": byes,
            "score": games.totals(n),
            "points": games.points(n),
            **{name: column for name, column in self.ranking.items() if name != "score"},
            "rating": self.ratings.elo,
            "rating_low": low,
            "rating_high": high,
        }
        for name, rating in (("elo", self.elo), ("glicko2", self.glicko2), ("skill", self.skill)):
            columns |= {name: rating.rating, f"{name}_error": rating.error}
        letters = self._letters()
        table: dict[str, Any] = {"place": columns.pop("place")[order]}
        table["name"] = [self.names[player] for player in order]
        table |= {name: column[order] for name, column in columns.items()}
        return table | {"group": [letters[player] for player in order]}

    def to_json(self, indent: int | None = None) -> str:
        """Everything as JSON: table, games, score matrix, tests, groups, cycles and warning.

        NaN and infinities become null; rows and columns of tables are players in `names`.
        """
        from arenas.tournaments.report import as_json

        return as_json(self, indent)

    # Counting

    @cached_property
    def _by_lot(self) -> Rows:
        """Rated rows by round, within it in the order of their seeds: a lot."""
        rows = np.flatnonzero(self.games.rated)
        return rows[np.lexsort((self.games.seed[rows], self.games.round[rows]))]

    def _learnt(self, rating: AnyRating) -> AnyRating:
        rows, games = self._by_lot, self.games
        score = games.scores()[0][rows]
        rating.update(games.first[rows], games.second[rows], score, games.round[rows])
        return rating

    def _tally(self, scores: tuple[Floats, Floats]) -> Floats:
        n, rows = len(self.names), self.games.rated
        first, second = self.games.first[rows], self.games.second[rows]
        table = np.zeros(n * n)
        table += np.bincount(first * n + second, scores[0][rows], n * n)
        table += np.bincount(second * n + first, scores[1][rows], n * n)
        return table.reshape(n, n)

    def _counts(self) -> dict[str, Rows]:
        n, games = len(self.names), self.games
        met = ~(games.bye | games.self_play)
        seats = np.concatenate([games.first[met], games.second[met]])
        scores = np.concatenate([column[met] for column in games.scores()])

        def count(rows: npt.NDArray[np.bool_]) -> Rows:
            return np.bincount(seats[rows], minlength=n)

        return {
            "games": count(scores >= 0),
            "won": count(scores == 1),
            "drawn": count(scores == 0.5),
            "lost": count(scores == 0),
        }

    def _letters(self) -> list[str]:
        """The groups of each player by letter; groups are runs, so a player's are too."""
        member: list[list[str]] = [[] for _ in self.names]
        for number, group in enumerate(self.groups):
            for player in group:
                member[player].append(_letter(number))
        return [each[0] if len(each) == 1 else f"{each[0]}-{each[-1]}" for each in member]


def _letter(number: int) -> str:
    """a ... z, aa, ab, and so on."""
    text = chr(ord("a") + number % 26)
    return text if number < 26 else _letter(number // 26 - 1) + text
