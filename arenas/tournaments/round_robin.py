"""Round robin: everybody meets everybody, in both seats, as often as asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from arenas.tournaments.contest import Contest, Floats, Rows, TournamentError
from arenas.tournaments.play import Workers
from arenas.tournaments.results import Results
from arenas.tournaments.tournament import Matches, Tournament, at_least

COUNTS = ("score", "points")


class RoundRobin(Tournament):
    """Every pair meets in every round.

    Args:
        contest: who plays what.
        rounds: how often everybody meets everybody, at least 1.
        seed: 0 ... 2^63 - 1.
        both_seats: whether a pair meets twice a round, in both orders; if not, once, and the
            seats change from round to round.
        self_play: whether everybody also meets a copy of itself, once a round. That counts for
            mean points (as in Axelrod's tournaments), never for score or ratings.
        count: what places players: "score" (wins, draws as halves) or "points" (the mean points
            that the contest gives).
        seeding, mirror: as `Tournament`.

    Raises:
        TournamentError: for settings outside these.
    """

    def __init__(
        self,
        contest: Contest,
        rounds: int = 1,
        seed: int = 0,
        both_seats: bool = True,
        self_play: bool = False,
        count: str = "score",
        seeding: Sequence[int] | None = None,
        mirror: bool = False,
    ) -> None:
        at_least(1, rounds=rounds)
        counting(count)
        super().__init__(
            contest,
            seed,
            seeding,
            mirror,
            rounds=int(rounds),
            both_seats=bool(both_seats),
            self_play=bool(self_play),
            count=count,
        )

    def _next(self) -> Matches | None:
        played = self._round
        if played >= self.settings["rounds"]:
            return None
        everybody = np.arange(self.players)
        matches = meet_all(everybody, played, self.settings["both_seats"])
        if not self.settings["self_play"]:
            return matches if len(matches.first) else None
        first = np.concatenate([matches.first, everybody])
        second = np.concatenate([matches.second, everybody])
        return Matches(np.full(len(first), played), first, second, np.zeros_like(first))

    def _ranking(self) -> dict[str, Floats]:
        return totals_by(self.settings["count"], self)

    def _title(self) -> str:
        seats = "both seats" if self.settings["both_seats"] else "seats in turn"
        return f"round robin, rounds: {self.settings['rounds']}, {seats}" + (
            ", with self-play" if self.settings["self_play"] else ""
        )


def round_robin(
    contest: Contest,
    rounds: int = 1,
    seed: int = 0,
    workers: Workers = 1,
    both_seats: bool = True,
    self_play: bool = False,
    count: str = "score",
    seeding: Sequence[int] | None = None,
    mirror: bool = False,
) -> Results:
    """Play a whole `RoundRobin`; the table is the same for any number of workers.

    >>> from arenas.tournaments import WinChances
    >>> table = round_robin(WinChances.of_ratings([0, 200, 400]), rounds=50, seed=1)
    >>> table.standings()["name"]
    ['player 2', 'player 1', 'player 0']
    """
    tournament = RoundRobin(contest, rounds, seed, both_seats, self_play, count, seeding, mirror)
    return tournament.play(workers)


def meet_all(players: Rows, round_: int, both_seats: bool) -> Matches:
    """Every pair of some players, once or in both seats."""
    i, j = np.triu_indices(len(players), 1)
    if both_seats:
        first, second = np.stack([i, j], 1).ravel(), np.stack([j, i], 1).ravel()
    else:  # neighbours in the order of play have the first seat in turn
        turned = (i + j + round_) % 2 == 0
        first, second = np.where(turned, j, i), np.where(turned, i, j)
    zeros = np.zeros(len(first), np.int64)
    return Matches(zeros + round_, players[first], players[second], zeros)


def totals_by(count: str, tournament: Tournament) -> dict[str, Floats]:
    """Score or mean points first, the other second; who has no points is last."""
    score = tournament.games.totals(tournament.players)
    points = np.nan_to_num(tournament.games.points(tournament.players), nan=-np.inf)
    points = np.round(points, 9)  # means of the same points may differ by rounding
    both = {"score": score, "points": points}
    return both if count == "score" else dict(reversed(both.items()))


def counting(count: str) -> None:
    """Refuse a count that is neither score nor points."""
    if count not in COUNTS:
        raise TournamentError(f"count is {count!r}; players are placed by {' or '.join(COUNTS)}")
