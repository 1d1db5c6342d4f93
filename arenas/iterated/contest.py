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

from arenas.iterated.games import PRISONERS_DILEMMA, Floats, IteratedError, MatrixGame
from arenas.iterated.machines import Integers, MachinePlayer, Machines
from arenas.iterated.match import IteratedMatch, Played
from arenas.iterated.players import Player
from arenas.iterated.stepping import Words, play_all

Entrant = Player | Machines


class Forfeited(NamedTuple):
    """A match that a player could not finish: its row, the pair, the seed, and why."""

    player: int
    pair: tuple[int, int]
    seed: int
    reason: str


class IteratedContest:
    """n players, any two of whom can meet in an iterated match.

    >>> contest = IteratedContest([TitForTat(), evolved_machines, MyOwn()], turns=200, noise=0.01)
    >>> contest(pairs, seeds)  # int64[m, 2] and uint64[m] to points float64[m, 2]

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
        for entrant in players:
            if isinstance(entrant, Machines):
                self._players += [entrant.player(row) for row in range(len(entrant))]
            elif isinstance(entrant, Player):
                self._players.append(entrant)
            else:
                raise IteratedError(
                    f"{entrant!r} is no player; enter instances of Player, such as TitForTat(), "
                    "and populations of Machines"
                )
        if not self._players:
            raise IteratedError("a contest needs players, such as [TitForTat(), Defector()]")
        self.names = _told_apart([player.name for player in self._players])
        own = [i for i, each in enumerate(self._players) if type(each) is MachinePlayer]
        self._row = np.full(len(self._players), -1)
        self._row[own] = np.arange(len(own))
        self._machines = self._gathered([self._players[i] for i in own])

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
        who, chance = self._checked(pairs, seeds)
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
        who, chance = self._checked(pairs, seeds)
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

    def _gathered(self, players: Sequence[Player]) -> Machines | None:
        if not players:
            return None
        parts = [player.machine() for player in players]
        wrong = [part for part in parts if part.actions != len(self.match.game)]
        if wrong:
            raise IteratedError(
                f"{wrong[0].names[0]!r} is a machine for {wrong[0].actions} actions; "
                f"{self.match.game.name} has {len(self.match.game)}"
            )
        return Machines.concatenate(parts)

    def _checked(self, pairs: npt.ArrayLike, seeds: npt.ArrayLike) -> tuple[Integers, Words]:
        who = np.asarray(pairs)
        if who.ndim != 2 or who.shape[1] != 2 or (who.size and who.dtype.kind not in "iu"):
            raise IteratedError(
                f"pairs are {who.dtype}{list(who.shape)}; expected int64[m, 2], such as [[0, 1]]"
            )
        if who.size and not (who.min() >= 0 and who.max() < len(self)):
            raise IteratedError(f"pairs name rows 0..{len(self) - 1}; got {who.min()}..{who.max()}")
        return who.astype(np.int64), _seeds(seeds, len(who))


def count_outcomes(
    machines: Machines,
    match: IteratedMatch,
    pairs: npt.ArrayLike,
    seeds: npt.ArrayLike,
    shortcut: bool = True,
) -> Integers:
    """Play machines against machines: the kernel, without the rest of a contest.

    Args:
        machines: those that meet.
        match: the rules.
        pairs: int64[m, 2], rows of the machines.
        seeds: uint64[m].
        shortcut: whether matches that go round in circles are cut short; changes no result.

    Returns:
        int64[m, A, A], how often each pair of actions was played.
    """
    who = np.ascontiguousarray(pairs, np.int64)
    room = 1 << machines.tables.bits
    counts = np.zeros((len(who), room * room), np.int64)
    play_all(machines.tables, match.rules, who, _seeds(seeds, len(who)), shortcut, counts)
    A = machines.actions
    return np.ascontiguousarray(counts.reshape(-1, room, room)[:, :A, :A])


def _seeds(seeds: npt.ArrayLike, m: int) -> Words:
    given = np.asarray(seeds)
    if given.shape != (m,) or (m and given.dtype.kind not in "iu"):
        raise IteratedError(
            f"seeds are {given.dtype}{list(given.shape)}; expected uint64[{m}], one a match"
        )
    return np.ascontiguousarray(given).astype(np.uint64)


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """The names, with a number to those that were there before."""
    told: dict[str, None] = {}
    for name in names:
        given, number = name, 1
        while given in told:
            number += 1
            given = f"{name} ({number})"
        told[given] = None
    return tuple(told)
