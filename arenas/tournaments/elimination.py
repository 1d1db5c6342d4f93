"""Single and double elimination: who loses a match, or two, is out.

A match has `legs` games in which the seats change; the summed scores decide. A tie is replayed, a
game at a time, up to `replays` times; if that settles nothing the better seed goes on. Forfeits
count as in any format; where both forfeit, that is a tie too.

Guarantees: byes fall to the best seeds, are recorded and last one round. In double elimination
the loser of a first match goes on in the second bracket; if its winner also wins the final, both
have lost once, and a second final (the reset) decides.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arenas.tournaments.bracket import (
    NOBODY,
    UNKNOWN,
    Match,
    Slot,
    double_bracket,
    single_bracket,
)
from arenas.tournaments.contest import Contest, Floats, Seeds
from arenas.tournaments.games import Games
from arenas.tournaments.play import Workers
from arenas.tournaments.results import Results
from arenas.tournaments.tournament import Matches, Tournament, at_least


@dataclass
class _Outcome:
    """What is known of a match: its players, who won and lost, and the games it had."""

    one: int
    other: int
    winner: int = UNKNOWN
    loser: int = UNKNOWN
    games: int = 0


class Elimination(Tournament):
    """What single and double elimination share; see these for the arguments."""

    def __init__(
        self,
        contest: Contest,
        seed: int = 0,
        legs: int = 1,
        replays: int = 3,
        seeding: Sequence[int] | None = None,
        mirror: bool = False,
    ) -> None:
        at_least(1, legs=legs)
        at_least(0, replays=replays)
        super().__init__(contest, seed, seeding, mirror, legs=int(legs), replays=int(replays))
        self.bracket = self._bracket()

    @abstractmethod
    def _bracket(self) -> list[Match]:
        """The matches of all stages, and where their winners and losers go."""

    @property
    def champion(self) -> int | None:
        """The player who won it all; None while that is open."""
        if not self.bracket:
            return 0
        winner = self._outcomes()[-1].winner
        return None if winner == UNKNOWN else winner

    def _next(self) -> Matches | None:
        outcomes = self._outcomes()
        open_ = [
            m
            for m, outcome in enumerate(outcomes)
            if outcome.winner == UNKNOWN and UNKNOWN not in (outcome.one, outcome.other)
        ]
        if not open_:
            return None
        stage = min(self.bracket[m].stage for m in open_)
        rows = []
        for m in open_:
            if self.bracket[m].stage == stage:
                rows += self._games_of(outcomes[m], stage)
        rows += self._byes(outcomes, stage)
        return Matches(*np.array(rows, np.int64).T.copy())

    def _seeds(self, matches: Matches) -> Seeds:
        # The games of a match come in twos, one in each order of the seats.
        repetition = matches.repetition // 2 if self.mirror else matches.repetition
        return super()._seeds(matches._replace(repetition=repetition))

    def _games_of(self, outcome: _Outcome, stage: int) -> list[tuple[int, int, int, int]]:
        """Rows of the games that a match has next: its legs, or one replay."""
        number = self.settings["legs"] if outcome.games == 0 else 1
        rows = []
        for game in range(outcome.games, outcome.games + number):
            one, other = outcome.one, outcome.other
            first, second = (one, other) if game % 2 == 0 else (other, one)
            rows.append((stage, first, second, game))
        return rows

    def _byes(self, outcomes: list[_Outcome], stage: int) -> list[tuple[int, int, int, int]]:
        """Rows of the byes up to a stage that are not recorded yet."""
        byes = self.games.bye
        rounds, players = self.games.round[byes].tolist(), self.games.first[byes].tolist()
        told = set(zip(rounds, players, strict=True))
        return [
            (match.stage, outcome.winner, NOBODY, 0)
            for match, outcome in zip(self.bracket, outcomes, strict=True)
            if match.stage <= stage
            and not match.reset
            and NOBODY in (outcome.one, outcome.other)
            and outcome.winner >= 0
            and (match.stage, outcome.winner) not in told
        ]

    def _outcomes(self) -> list[_Outcome]:
        """Of every match, as far as the record goes."""
        place = np.argsort(self.seeding)
        scores = _by_match(self.games)
        outcomes: list[_Outcome] = []

        def player(slot: Slot) -> int:
            if slot.kind == "seed":
                return int(self.seeding[slot.of]) if slot.of < self.players else NOBODY
            outcome = outcomes[slot.of]
            return outcome.winner if slot.kind == "winner" else outcome.loser

        for match in self.bracket:
            outcome = _Outcome(player(match.one), player(match.other))
            outcomes.append(outcome)
            one, other = outcome.one, outcome.other
            if UNKNOWN in (one, other):
                continue
            if match.reset and other == outcomes[match.other.of].one:
                outcome.winner, outcome.loser = other, one  # the unbeaten won: nothing to reset
            elif NOBODY in (one, other):
                outcome.winner, outcome.loser = max(one, other), NOBODY
            else:
                mine, theirs, outcome.games = scores.get((match.stage, one, other), (0.0, 0.0, 0))
                enough = outcome.games >= self.settings["legs"]
                last = outcome.games >= self.settings["legs"] + self.settings["replays"]
                if enough and (mine != theirs or last):
                    better = mine > theirs or (mine == theirs and place[one] < place[other])
                    outcome.winner, outcome.loser = (one, other) if better else (other, one)
        return outcomes

    def _ranking(self) -> dict[str, Floats]:
        """By the stage in which one went out; who did not is first."""
        reached = np.full(self.players, np.inf)
        for match, outcome in zip(self.bracket, self._outcomes(), strict=True):
            if outcome.loser >= 0:
                reached[outcome.loser] = match.stage
        # A loser of the first bracket may still be in: what counts is the last match it lost,
        # and the champion, who may have lost one, is out of none.
        if self.champion is not None:
            reached[self.champion] = np.inf
        return {"stage": reached}

    def _policy(self) -> str:
        legs, replays = self.settings["legs"], self.settings["replays"]
        return (
            f"games a match: {legs}; a tie is replayed up to {replays} times, then the better "
            "seed goes on"
        )


class SingleElimination(Elimination):
    """Whoever loses a match is out; 2^k places, byes for the best seeds.

    Args:
        contest: who plays what.
        seed: 0 ... 2^63 - 1.
        legs: games of a match, the seats changing.
        replays: games to settle a tie, at most.
        seeding: as `Tournament`; it lays the bracket.
        mirror: whether every two games of a match, one in each order, share a seed.

    Raises:
        TournamentError: for fewer than one leg, or fewer than no replays.
    """

    def _bracket(self) -> list[Match]:
        return single_bracket(self.players)

    def _title(self) -> str:
        return "single elimination"


class DoubleElimination(Elimination):
    """Whoever loses two matches is out; arguments as `SingleElimination`.

    The winner of the second bracket has to beat the unbeaten one twice.
    """

    def _bracket(self) -> list[Match]:
        return double_bracket(self.players)

    def _title(self) -> str:
        return "double elimination, with a reset of the final"


def single_elimination(
    contest: Contest,
    seed: int = 0,
    workers: Workers = 1,
    legs: int = 1,
    replays: int = 3,
    seeding: Sequence[int] | None = None,
    mirror: bool = False,
) -> Results:
    """Play a whole `SingleElimination`; the table is the same for any number of workers."""
    return SingleElimination(contest, seed, legs, replays, seeding, mirror).play(workers)


def double_elimination(
    contest: Contest,
    seed: int = 0,
    workers: Workers = 1,
    legs: int = 1,
    replays: int = 3,
    seeding: Sequence[int] | None = None,
    mirror: bool = False,
) -> Results:
    """Play a whole `DoubleElimination`; the table is the same for any number of workers."""
    return DoubleElimination(contest, seed, legs, replays, seeding, mirror).play(workers)


def _by_match(games: Games) -> dict[tuple[int, int, int], tuple[float, float, int]]:
    """Stage and both players, in either order, to the summed scores and how many games."""
    found: dict[tuple[int, int, int], tuple[float, float, int]] = {}
    first, second = games.scores()
    for row in np.flatnonzero(~games.bye).tolist():
        stage, one, other = (int(c[row]) for c in (games.round, games.first, games.second))
        mine, theirs, number = found.get((stage, one, other), (0.0, 0.0, 0))
        mine, theirs = mine + first[row], theirs + second[row]
        found[stage, one, other] = mine, theirs, number + 1
        found[stage, other, one] = theirs, mine, number + 1
    return found
