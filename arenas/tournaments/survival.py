"""Survival: everybody alive meets everybody, the lowest leave, and so on with those who are left.

Guarantees: a round counts for itself; nobody lives on old points. Of equals at the border those
leave who are lower in the summed score of all rounds, then in mean points, then in the seeding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from arenas.tournaments.contest import Contest, Floats, Rows, TournamentError
from arenas.tournaments.games import Flags
from arenas.tournaments.play import Workers
from arenas.tournaments.results import Results
from arenas.tournaments.round_robin import counting, meet_all
from arenas.tournaments.tournament import Matches, Tournament, at_least


class Survival(Tournament):
    """Rounds in which the lowest leave.

    Args:
        contest: who plays what.
        seed: 0 ... 2^63 - 1.
        cull: the share of those alive who leave after a round, 0 ... 1, rounded down; but at
            least one, and never more than would leave `survivors`.
        survivors: at which number it ends, at least 1.
        repetitions: how often a pair meets in each seat, a round.
        count: who is lowest: by "score" or by mean "points".
        seeding, mirror: as `Tournament`.

    Raises:
        TournamentError: for settings outside these.
    """

    def __init__(
        self,
        contest: Contest,
        seed: int = 0,
        cull: float = 0.0,
        survivors: int = 1,
        repetitions: int = 1,
        count: str = "score",
        seeding: Sequence[int] | None = None,
        mirror: bool = False,
    ) -> None:
        at_least(1, survivors=survivors, repetitions=repetitions)
        counting(count)
        if not 0 <= cull < 1:
            raise TournamentError(f"cull is {cull}, a share of those alive: 0 ... 1, such as 0.25")
        super().__init__(
            contest,
            seed,
            seeding,
            mirror,
            cull=float(cull),
            survivors=int(survivors),
            repetitions=int(repetitions),
            count=count,
        )

    @property
    def alive(self) -> Rows:
        """int64, players who are still in, ascending."""
        return np.flatnonzero(np.isinf(self._left()))

    def _next(self) -> Matches | None:
        alive = self.alive
        if len(alive) <= self.settings["survivors"] or len(alive) < 2:
            return None
        played = self._round
        times = self.settings["repetitions"]
        once = meet_all(alive, played, both_seats=True)
        repetition = np.repeat(np.arange(times), len(once.first))
        round_, first, second, _ = (np.tile(column, times) for column in once)
        return Matches(round_, first, second, repetition)

    def _left(self) -> Floats:
        """float64[n], the round after which each left; infinite for who is in."""
        left = np.full(self.players, np.inf)
        place = np.argsort(self.seeding)
        for number in range(self._round):
            alive = np.flatnonzero(np.isinf(left))
            now, so_far = self.games.round == number, self.games.round <= number
            lowest = (
                self.games.totals(self.players, now)
                if self.settings["count"] == "score"
                else self._points(now)
            )
            summed = self.games.totals(self.players, so_far)
            keys = (-place, self._points(so_far), summed, lowest)  # the last counts first
            order = np.lexsort(tuple(key[alive] for key in keys))
            # A share such as 0.29 of 100 is a hair less than 29 in floats.
            leave = max(int(self.settings["cull"] * len(alive) + 1e-9), 1)
            leave = min(leave, len(alive) - self.settings["survivors"])
            left[alive[order[:leave]]] = number
        return left

    def _points(self, rows: Flags) -> Floats:
        return np.nan_to_num(self.games.points(self.players, rows), nan=-np.inf)

    def _ranking(self) -> dict[str, Floats]:
        return {"rounds": self._left(), "score": self.games.totals(self.players)}

    def _title(self) -> str:
        cull = self.settings["cull"]
        who = f"the lowest {cull:.0%} leave" if cull else "the lowest leaves"
        return f"survival to {self.settings['survivors']}, {who} each round"

    def _policy(self) -> str:
        return "each round counts for itself; equals leave by all rounds' score, then by seeding"


def survival(
    contest: Contest,
    seed: int = 0,
    workers: Workers = 1,
    cull: float = 0.0,
    survivors: int = 1,
    repetitions: int = 1,
    count: str = "score",
    seeding: Sequence[int] | None = None,
    mirror: bool = False,
) -> Results:
    """Play a whole `Survival`; the table is the same for any number of workers."""
    tournament = Survival(contest, seed, cull, survivors, repetitions, count, seeding, mirror)
    return tournament.play(workers)
