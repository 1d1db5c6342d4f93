"""What every format shares: rounds are paired, played and recorded until nobody is to meet.

A format says who meets next, from the record of what was played; nothing else is remembered.
So a tournament can be stopped after any round, saved as its record, and gone on with.

Guarantees: the same contest, seed and settings give the same record, for any number of workers
and however often it was stopped; `state` perturbs nothing; `restore` pairs the rounds again and
refuses a record that this tournament would not have paired.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from arenas.tournaments.contest import Contest, Floats, Rows, Seeds, TournamentError, names_of
from arenas.tournaments.games import NOBODY, Games
from arenas.tournaments.play import Play, Workers, match_seeds, playing
from arenas.tournaments.results import Results


class Matches(NamedTuple):
    """Who meets next: int64[m] each, as in `Games`; byes have the second player -1."""

    round: Rows
    first: Rows
    second: Rows
    repetition: Rows


class Tournament(ABC):
    """A tournament over a contest, from its first round to its table.

    Attributes:
        contest: who plays what.
        names: of the n players.
        seed: from which every match's seed follows.
        seeding: int64[n], players from the strongest believed to the weakest: it breaks ties
            and says who meets first.
    """

    def __init__(
        self,
        contest: Contest,
        seed: int = 0,
        seeding: Sequence[int] | None = None,
        mirror: bool = False,
        **settings: Any,
    ) -> None:
        """Prepare; see the formats for their own settings.

        Args:
            contest: who plays what.
            seed: 0 ... 2^63 - 1.
            seeding: all players, the strongest first; drawn by lot from the seed if left out.
            mirror: whether both orders of a pair share a seed in the same round.
            settings: of the format, kept for the state and the report.
        """
        self.contest = contest
        self.names = names_of(contest)
        whole = _whole(seed)
        if whole is None or not 0 <= whole < 2**63:
            raise TournamentError(f"seed is {seed!r}; expected a whole number, 0 ... 2^63 - 1")
        self.seed = whole
        n = len(self.names)
        if seeding is None:
            self.seeding = np.random.default_rng([self.seed, 1]).permutation(n)
        else:
            given = np.asarray(seeding)
            if given.dtype.kind not in "iu" or not np.array_equal(np.sort(given), np.arange(n)):
                raise TournamentError(
                    f"seeding has to name each of the players 0..{n - 1} once, the strongest "
                    f"first; got {given.tolist()}"
                )
            self.seeding = given.astype(np.int64)
        self.mirror = bool(mirror)
        self.settings = settings
        self._parts = [Games.none()]  # joined when they are looked at

    @property
    def games(self) -> Games:
        """The record so far."""
        if len(self._parts) > 1:
            self._parts = [Games.joined(self._parts)]
        return self._parts[0]

    @property
    def players(self) -> int:
        """How many players there are."""
        return len(self.names)

    @property
    def over(self) -> bool:
        """Whether everything was played."""
        return self._next() is None

    def play(self, workers: Workers = 1, steps: int | None = None) -> Results:
        """Play to the end, or for some steps.

        Args:
            workers: how many processes play, or an executor (see `playing`); the record does
                not depend on it.
            steps: how many times to pair and play; to the end if left out. A step is a round,
                or the replays of one.

        Returns:
            The results of all that was played, also before.

        Raises:
            TournamentError: for a contest that gives something else than points. What a
                contest raises itself comes through, but for Forfeit; the round is then not
                recorded.
        """
        with playing(self.contest, workers) as play:
            done = 0
            while steps is None or done < steps:
                matches = self._next()
                if matches is None:
                    break
                self._parts.append(self._played(matches, play))
                done += 1
        return self.results()

    def results(self) -> Results:
        """The table of what was played so far."""
        return Results(
            names=self.names,
            games=self.games,
            title=self._title(),
            policy=self._policy(),
            ranking=self._ranking(),
            seeding=self.seeding,
            seed=self.seed,
            noise=getattr(self.contest, "noise", None),
        )

    def state(self) -> dict[str, Any]:
        """All that a tournament is, as plain arrays and JSON values; copies."""
        return {**self._made(), "games": self.games.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state` (or from JSON made from it) as if never stopped.

        Raises:
            TournamentError: for the state of another tournament, or a record that it would not
                have paired; the tournament is as before then.
        """
        for name, mine in self._made().items():
            if state.get(name) != mine:
                raise TournamentError(
                    f"the state has {name} {state.get(name)!r} and this tournament {mine!r}; "
                    "make the tournament as it was made then, and restore it"
                )
        record = Games.of_state(state.get("games", {}))
        before, self._parts = self._parts, [Games.none()]
        try:
            begin = 0
            while begin < len(record):
                begin += self._replay(record, begin)
        except BaseException:
            self._parts = before
            raise

    @property
    def _round(self) -> int:
        """The round to come, in formats that play one after the other."""
        last = self._parts[-1].round
        return int(last[-1]) + 1 if len(last) else 0

    # What a format says

    @abstractmethod
    def _next(self) -> Matches | None:
        """Who meets next, by the record; None if nobody does."""

    @abstractmethod
    def _title(self) -> str:
        """The format and its settings, in a few words."""

    @abstractmethod
    def _ranking(self) -> dict[str, Floats]:
        """By what players are placed, more being better: name to float64[n], the first first."""

    def _policy(self) -> str:
        """What the format decides where players might ask."""
        return ""

    # Playing

    def _played(self, matches: Matches, play: Play) -> Games:
        seeds = self._seeds(matches)
        met = matches.second != NOBODY
        points = np.full((len(seeds), 2), np.nan)
        pairs = np.stack([matches.first, matches.second], axis=1)
        points[met], why = play(pairs[met], seeds[met])
        rows = np.flatnonzero(met)
        reasons = {int(rows[row]): reason for row, reason in why.items()}
        return Games(
            matches.round,
            matches.first,
            matches.second,
            matches.repetition,
            seeds,
            points[:, 0],
            points[:, 1],
            reasons,
        )

    def _seeds(self, matches: Matches) -> Seeds:
        seeds = match_seeds(self.seed, *matches, mirror=self.mirror)
        seeds[matches.second == NOBODY] = 0
        return seeds

    def _replay(self, record: Games, begin: int) -> int:
        """Take the next matches from a record, if they are those that would be paired.

        Returns:
            How many they are.
        """
        matches = self._next()
        part = record.rows(begin, begin + (0 if matches is None else len(matches.first)))
        paired = None if matches is None else (*matches, self._seeds(matches))
        names = ("round", "first", "second", "repetition", "seed")
        if paired is None or not all(
            np.array_equal(column, getattr(part, name))
            for name, column in zip(names, paired, strict=True)
        ):
            raise TournamentError(
                f"from row {begin} on the record is not what this tournament pairs; it was "
                "changed, or its last round is not whole"
            )
        self._parts.append(part)
        return len(part)

    def _made(self) -> dict[str, Any]:
        return {
            "format": type(self).__name__,
            "names": list(self.names),
            "seed": self.seed,
            "seeding": self.seeding.tolist(),
            "mirror": self.mirror,
            "settings": dict(self.settings),
        }


def at_least(least: int, **numbers: int) -> None:
    """Refuse settings below a least whole number."""
    for name, number in numbers.items():
        whole = _whole(number)
        if whole is None or whole < least:
            raise TournamentError(f"{name} is {number!r}; expected a whole number from {least} on")


def _whole(number: Any) -> int | None:
    """The number as an int; None if it is none, or a fraction."""
    try:
        whole = int(number)
    except (TypeError, ValueError, OverflowError):
        return None
    return whole if whole == number else None
