"""Swiss system: as many rounds as asked, in each of which players of equal score meet.

Guarantees: the rules of `pairing`, in every round: nobody meets twice where that can be avoided,
seats are balanced, and with an odd number of players one has a bye, which is recorded and worth
a win, at most one each as long as that can be. A pairing is one match. In up to half as many
rounds as players nothing is ever repeated: whoever paired before, everybody has half of the others
left, so that a round without repeats exists (G. A. Dirac, "Some theorems on abstract graphs",
1952). In more it may be that none does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from arenas.tournaments.contest import Contest, Floats, Rows, names_of
from arenas.tournaments.games import NOBODY, Games
from arenas.tournaments.pairing import Seats, pair_round
from arenas.tournaments.play import Workers
from arenas.tournaments.results import Results
from arenas.tournaments.tournament import Matches, Tournament, at_least


class Swiss(Tournament):
    """A Swiss tournament.

    Placed by score, then by Buchholz (the summed scores of one's opponents), then by the rating
    that all formats fall back on.

    Args:
        contest: who plays what.
        rounds: how many. If left out, the logarithm of the number of players to base 2, and 2
            more, but no more than half the players.
        seed: 0 ... 2^63 - 1.
        seeding, mirror: as `Tournament`.

    Raises:
        TournamentError: for fewer than one round.
    """

    def __init__(
        self,
        contest: Contest,
        rounds: int | None = None,
        seed: int = 0,
        seeding: Sequence[int] | None = None,
        mirror: bool = False,
    ) -> None:
        if rounds is None:
            n = max(len(names_of(contest)), 2)
            rounds = min(math.ceil(math.log2(n)) + 2, (n + 1) // 2)
        at_least(1, rounds=rounds)
        super().__init__(contest, seed, seeding, mirror, rounds=int(rounds))

    def _next(self) -> Matches | None:
        played = self._round
        n = self.players
        if played >= self.settings["rounds"] or n < 2:
            return None
        score = self.games.totals(n)
        place = np.argsort(self.seeding)
        order = np.lexsort((place, -score))
        met, byes = meetings(self.games, n)
        pairs, bye = pair_round(order, score, met, byes, Seats.of(self.games, n))
        rows = np.array([*pairs, *([(bye, NOBODY)] if bye != NOBODY else [])], np.int64)
        zeros = np.zeros(len(rows), np.int64)
        return Matches(zeros + played, rows[:, 0].copy(), rows[:, 1].copy(), zeros)

    def _ranking(self) -> dict[str, Floats]:
        score = self.games.totals(self.players)
        return {"score": score, "buchholz": buchholz(self.games, score)}

    def _title(self) -> str:
        return f"Swiss system, rounds: {self.settings['rounds']}"

    def _policy(self) -> str:
        return "a bye is worth a win; equal scores are placed by Buchholz"


def swiss(
    contest: Contest,
    rounds: int | None = None,
    seed: int = 0,
    workers: Workers = 1,
    seeding: Sequence[int] | None = None,
    mirror: bool = False,
) -> Results:
    """Play a whole `Swiss`; the table is the same for any number of workers."""
    return Swiss(contest, rounds, seed, seeding, mirror).play(workers)


def meetings(games: Games, players: int) -> tuple[Rows, Rows]:
    """How often each pair met, int64[n, n], and how many byes each had, int64[n]."""
    met = np.zeros((players, players), np.int64)
    two = ~games.bye
    np.add.at(met, (games.first[two], games.second[two]), 1)
    return met + met.T, np.bincount(games.first[games.bye], minlength=players)


def buchholz(games: Games, score: Floats) -> Floats:
    """The summed scores of everybody's opponents, float64[n]; a bye has none."""
    met, _ = meetings(games, len(score))
    np.fill_diagonal(met, 0)
    return met @ score
