"""One iterated match: two players, a matrix game, many turns.

R. Axelrod, "Effective choice in the prisoner's dilemma", Journal of Conflict Resolution 24, 1980:
both move at the same time, know all that was played, and meet for 200 turns; or the match ends
after each turn with a fixed probability (his second tournament, same volume). Noise is a trembling
hand (R. Selten 1975): what was meant is not what is played, and everybody sees what is played.

Here any two `Player` objects meet, a turn at a time; `arenas.iterated.contest` plays batches, and
gives the same for the same seeds. Who raises an exception, or moves what is no action of the game,
forfeits: the match ends before that turn, its points are NaN, and the opponent keeps what it had.
Time is not limited.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arenas.iterated.chance import Chance, streams_of
from arenas.iterated.games import PRISONERS_DILEMMA, Floats, IteratedError, MatrixGame
from arenas.iterated.players import Player
from arenas.iterated.stepping import Rules, score, trembled, turns_of

TURNS_MAX = 2**40


@dataclass(frozen=True)
class Played:
    """What came of a match.

    Attributes:
        actions: int8[turns, 2], as they were played.
        points: float64[2], the sum over the turns; NaN for who forfeited.
        forfeits: why each player forfeited, or None.
    """

    actions: npt.NDArray[np.int8]
    points: Floats
    forfeits: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True, eq=False)
class IteratedMatch:
    """The rules of a match.

    >>> from arenas.iterated import Defector, TitForTat
    >>> IteratedMatch(turns=200).play(TitForTat(), Defector(), seed=1).points.tolist()
    [199.0, 204.0]

    Attributes:
        game: whose payoffs are added up.
        turns: of a match, 1 or more; where `ending` > 0, at most so many.
        noise: the probability 0..1 that a move trembles: one of the other actions, each as likely,
            is played in its place.
        ending: the probability 0..1 that a turn is the last one.

    Raises:
        IteratedError: for other values.
    """

    game: MatrixGame = PRISONERS_DILEMMA
    turns: int = 200
    noise: float = 0.0
    ending: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.game, MatrixGame):
            raise IteratedError(f"game is {self.game!r}; expected a MatrixGame")
        if not 1 <= self.turns <= TURNS_MAX:
            raise IteratedError(f"turns is {self.turns}; allowed: 1 to 2^40, such as 200")
        for name in ("noise", "ending"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise IteratedError(f"{name} is {getattr(self, name)}; it is a probability, 0 to 1")

    @property
    def rules(self) -> Rules:
        """The match as kernels take it."""
        return Rules(len(self.game), int(self.turns), float(self.noise), float(self.ending))

    @property
    def known_turns(self) -> int | None:
        """How many turns a player may count on; None where the match ends by chance."""
        return None if self.ending else self.turns

    def points(self, counts: npt.NDArray[np.int64]) -> Floats:
        """Points float64[m, 2] of m matches in which actions met counts int64[m, A, A] times."""
        points = np.empty((len(counts), 2))
        score(counts, self.game.payoffs, points)
        return points

    def play(self, first: Player, second: Player, seed: int) -> Played:
        """Play one match between copies of the players, with the chance of this seed."""
        mine, theirs, referee = streams_of(seed)
        turns = turns_of(self.turns, float(self.ending), np.uint64(int(seed) % 2**64))
        if self.ending:
            referee.draw()
        seats = [_Seat(first, self, mine), _Seat(second, self, theirs)]
        played: list[tuple[int, int]] = []
        while len(played) < turns:
            meant = [seat.ask(len(self.game)) for seat in seats]
            if any(seat.fault for seat in seats):
                break
            if self.noise:
                meant = [self._trembled(action, referee) for action in meant]
            played.append((meant[0], meant[1]))
            for seat, (own, other) in zip(seats, (meant, meant[::-1]), strict=True):
                seat.mine.append(own)
                seat.theirs.append(other)
        return self._ended(played, seats)

    def _trembled(self, action: int, referee: Chance) -> int:
        return int(trembled(np.uint64(action), referee.random(), self.noise, len(self.game)))

    def _ended(self, played: list[tuple[int, int]], seats: Sequence[_Seat]) -> Played:
        A = len(self.game)
        actions = np.array(played, np.int8).reshape(-1, 2)
        pairs = actions[:, 0].astype(np.int64) * A + actions[:, 1]
        points = self.points(np.bincount(pairs, minlength=A * A).reshape(1, A, A))[0]
        faults = (seats[0].fault, seats[1].fault)
        points[[fault is not None for fault in faults]] = np.nan
        return Played(actions, points, faults)


class _Seat:
    """One side of a match: a player, what it sees, and what it did wrong."""

    def __init__(self, player: Player, match: IteratedMatch, chance: Chance) -> None:
        self.mine: list[int] = []
        self.theirs: list[int] = []
        self.fault: str | None = None
        try:
            self.player = player.fresh()
            self.player.match, self.player.rng = match, chance
            self.player.reset()
        except Exception as error:
            self.fault = f"{player.name} raised {error!r} before the first turn"

    def ask(self, actions: int) -> int:
        """The player's next action, or -1 and a fault."""
        if self.fault:
            return -1
        try:
            given = self.player.move(self.mine, self.theirs)
        except Exception as error:
            self.fault = f"{self.player.name} raised {error!r} in turn {len(self.mine) + 1}"
            return -1
        try:
            action = operator.index(given)
        except TypeError:
            action = -1
        if 0 <= action < actions:
            return action
        self.fault = (
            f"{self.player.name} moved {given!r} in turn {len(self.mine) + 1}; "
            f"actions are the whole numbers 0 to {actions - 1}"
        )
        return -1
