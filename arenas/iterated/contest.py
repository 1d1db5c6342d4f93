"""Contests of iterated matches: players of all kinds in one, played a batch at a time.

Plain classes, machines and networks meet each other. Where both players of a match are machines
(or networks without memory, which are machines: `arenas.iterated.networks`), all such matches of a
batch run in one kernel; the others are played turn by turn. Either way a match is decided by its
two players and its seed, and the points are the same as those of `IteratedMatch.play`.

This is a contest as `arenas.tournaments` plays them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from arenas.iterated.batch import (
    check_actions,
    checked_pairs,
    checked_seeds,
    count_outcomes,
)
from arenas.iterated.games import PRISONERS_DILEMMA, Floats, IteratedError, MatrixGame
from arenas.iterated.machines import Integers, MachinePlayer, Machines
from arenas.iterated.match import IteratedMatch, Played
from arenas.iterated.players import Player
from arenas.iterated.stepping import Words

Entrant = Player | Machines


class Forfeited(NamedTuple):
    """A match that a player could not finish: its row, the pair, the seed, and why."""

    player: int
    pair: tuple[int, int]
    seed: int
    reason: str


class IteratedContest:
    """n players, any two of whom can meet in an iterated match.

    >>> from arenas.iterated import Defector, TitForTat, memory_one
    >>> contest = IteratedContest([TitForTat(), Defector(), memory_one([[1, 0, 0, 1]])], turns=9)
    >>> contest([[0, 1], [2, 0]], [7, 8]).tolist()
    [[8.0, 13.0], [27.0, 27.0]]

    Args:
        players: plain players, and whole populations of `Machines`, each of which is an entrant.
            Names that repeat get a number: "tit for tat (2)".
        game, turns, noise, ending: as `IteratedMatch`.

    Attributes:
        names: of the n players.
        match: the rules.
        forfeits: list of `Forfeited`, of the batches that were played in this process.

    Raises:
        IteratedError: if there are no players, or machines for another number of actions.
    """

    def __init__(
        self,
        players: Iterable[Entrant],
        game: MatrixGame = PRISONERS_DILEMMA,
        turns: int = 200,
        noise: float = 0.0,
        ending: float = 0.0,
    ) -> None:
        self.match = IteratedMatch(game, turns, noise, ending)
        self.forfeits: list[Forfeited] = []
        self._players: list[Player] = []
        # Rows of the machines among the players, which kernels play; -1 for the others.
        parts: list[Machines] = []
        rows: list[int] = []
        below = 0
        for entrant in players:
            machines = _machines_of(entrant)
            if machines is None:
                rows.append(-1)
            else:
                check_actions(machines, game)
                rows += range(below, below + len(machines))
                parts.append(machines)
                below += len(machines)
            if isinstance(entrant, Machines):
                self._players += map(entrant.player, range(len(entrant)))
            else:
                self._players.append(entrant)
        if not self._players:
            raise IteratedError("a contest needs players, such as [TitForTat(), Defector()]")
        self.names = _told_apart([player.name for player in self._players])
        self._row = np.array(rows)
        self._machines = Machines.concatenate(parts) if parts else None

    def __len__(self) -> int:
        return len(self._players)

    @property
    def noise(self) -> float:
        """The noise of the matches, for those who report results."""
        return self.match.noise

    def __call__(self, pairs: npt.ArrayLike, seeds: npt.ArrayLike) -> Floats:
        """Play m matches.

        Args:
            pairs: int64[m, 2], rows of `names`; both may be the same player.
            seeds: uint64[m], each the only chance of its match.

        Returns:
            float64[m, 2], the sum of each player's payoffs; NaN for a player that forfeits.
        """
        who = checked_pairs(pairs, len(self))
        chance = checked_seeds(seeds, len(who))
        fast = (self._row[who] >= 0).all(axis=1)
        points = np.empty((len(who), 2))
        if fast.any():
            points[fast] = self.match.points(self._counts(who[fast], chance[fast]))
        for m in np.flatnonzero(~fast).tolist():
            points[m] = self._played(who[m], int(chance[m])).points
        return points

    def play(self, first: int, second: int, seed: int) -> Played:
        """One match with all its moves, between two rows of `names`."""
        return self.match.play(self._players[first], self._players[second], seed)

    def outcomes(self, pairs: npt.ArrayLike, seeds: npt.ArrayLike) -> Integers:
        """How often actions met: int64[m, A, A], first player's action by the second's.

        Args as those of the call. Matches that are forfeited count up to there.
        """
        who = checked_pairs(pairs, len(self))
        chance = checked_seeds(seeds, len(who))
        fast = (self._row[who] >= 0).all(axis=1)
        A = len(self.match.game)
        counts = np.zeros((len(who), A, A), np.int64)
        if fast.any():
            counts[fast] = self._counts(who[fast], chance[fast])
        for m in np.flatnonzero(~fast).tolist():
            actions = self._played(who[m], int(chance[m])).actions
            np.add.at(counts[m], (actions[:, 0], actions[:, 1]), 1)
        return counts

    def _counts(self, who: Integers, seeds: Words) -> Integers:
        assert self._machines is not None  # a row of it was found
        return count_outcomes(self._machines, self.match, self._row[who], seeds)

    def _played(self, pair: Integers, seed: int) -> Played:
        first, second = pair.tolist()
        played = self.play(first, second, seed)
        for player, reason in zip((first, second), played.forfeits, strict=True):
            if reason is not None:
                self.forfeits.append(Forfeited(player, (first, second), seed, reason))
        return played


def _machines_of(entrant: object) -> Machines | None:
    """An entrant that kernels can play, or None for any other player."""
    if isinstance(entrant, Machines):
        return entrant
    if not isinstance(entrant, Player):
        raise IteratedError(
            f"{entrant!r} is no player; enter instances of Player, such as TitForTat(), "
            "and populations of Machines"
        )
    return entrant.machine() if type(entrant) is MachinePlayer else None


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """The names, with a number to those that were there before."""
    told: dict[str, None] = {}
    latest: dict[str, int] = {}
    for name in names:
        given, number = name, latest.get(name, 1)
        while given in told:
            number += 1
            given = f"{name} ({number})"
        told[given], latest[name] = None, number
    return tuple(told)
