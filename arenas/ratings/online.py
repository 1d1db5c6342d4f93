"""What the online ratings share: columns of games in, ratings with errors out, state and restore.

An online rating looks at each game once, in the order given, and can go on from there for ever;
the batch fit of `bradley_terry` looks at all games at once and knows no order.

Guarantees: the games of one `update` may as well come in several (Glicko-2: cut between
periods), with the same ratings to the last bit; `state` perturbs nothing and `restore` goes on
bit-identically.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from arenas.ratings.bradley_terry import NORMAL_95, Floats, RatingError

Rows = npt.NDArray[np.int64]

ABOVE_ZERO = ("variance", "phi", "volatility")
"""Columns that say how uncertain something is."""


class Games(NamedTuple):
    """Columns of m games, checked.

    Attributes:
        first, second: int64[m], rows of two different players.
        score: float64[m], what the first player made of it: 1 won, 0 lost, a half drawn.
        period: int64[m] that never falls, or None: a rating period, such as a tournament round.
    """

    first: Rows
    second: Rows
    score: Floats
    period: Rows | None


def games_of(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    score: npt.ArrayLike,
    period: npt.ArrayLike | None,
    players: int,
) -> Games:
    """Check columns of games between `players` players.

    Raises:
        RatingError: for columns of different lengths, players outside 0 ... players - 1 or
            against themselves, scores outside 0 ... 1, or periods that fall.
    """
    one, other = _whole("first", first), _whole("second", second)
    points = np.asarray(score, np.float64)
    when = None if period is None else _whole("period", period)
    lengths = [column.shape for column in (one, other, points, when) if column is not None]
    if any(len(shape) != 1 or shape != lengths[0] for shape in lengths):
        raise RatingError(
            f"games have columns of {[list(shape) for shape in lengths]}; expected one length m "
            "for first, second, score and period"
        )
    if not one.size:
        return Games(one, other, points, when)
    rows = min(one.min(), other.min()), max(one.max(), other.max())
    if rows[0] < 0 or rows[1] >= players:
        raise RatingError(
            f"players are rows 0..{players - 1}; got {rows[0]}..{rows[1]}. Say how many there "
            f"are when the rating is made, as in Elo({rows[1] + 1})"
        )
    if (one == other).any():
        game = int(np.argmax(one == other))
        raise RatingError(
            f"game {game} is player {one[game]} against itself; self-play says nothing of who "
            "is better: leave it out"
        )
    if not ((points >= 0) & (points <= 1)).all():
        game = int(np.argmin((points >= 0) & (points <= 1)))
        raise RatingError(
            f"game {game} has score {points[game]}; a score is 1 for a win of the first player, "
            "0 for a loss, 0.5 for a draw, or a share between"
        )
    if when is not None and (np.diff(when) < 0).any():
        raise RatingError("periods never fall; sort the games by period first")
    return Games(one, other, points, when)


class OnlineRating(ABC):
    """Ratings of n players that learn from games as they come.

    Attributes:
        players: n.
        settings: the numbers that the rating was made with, by name.
    """

    columns: ClassVar[tuple[str, ...]]
    """Names of the arrays that make up what was learnt, each of n or 1."""

    def __init__(self, players: int, **settings: float) -> None:
        if players < 1:
            raise RatingError(f"there are {players} players; at least 1 can be rated")
        self.players = players
        self.settings = settings

    @property
    @abstractmethod
    def rating(self) -> Floats:
        """float64[n], a copy; more is better."""

    @property
    @abstractmethod
    def error(self) -> Floats:
        """float64[n], the standard deviation of what `rating` is believed to be, a copy."""

    @property
    def interval(self) -> Floats:
        """float64[n, 2], the 95% interval of each rating."""
        reach = NORMAL_95 * self.error
        return np.stack([self.rating - reach, self.rating + reach], axis=1)

    def update(
        self,
        first: npt.ArrayLike,
        second: npt.ArrayLike,
        score: npt.ArrayLike,
        period: npt.ArrayLike | None = None,
    ) -> Self:
        """Learn from m games, in their order.

        Args:
            first, second: int64[m], rows of the players.
            score: float64[m] in 0 ... 1, what the first player made of the game.
            period: int64[m] that never falls; only Glicko-2 looks at it.

        Returns:
            The rating itself, changed.

        Raises:
            RatingError: for games that cannot be (see `games_of`); nothing is learnt then.

        O(m), compiled.
        """
        self._update(games_of(first, second, score, period, self.players))
        return self

    @abstractmethod
    def _update(self, games: Games) -> None:
        """Learn from games that are checked."""

    @abstractmethod
    def expect(self, first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
        """float64[m], the score that the first players are expected to make."""

    def state(self) -> dict[str, Any]:
        """Everything that was learnt, as JSON values and copies of arrays."""
        return {
            "kind": type(self).__name__,
            "players": self.players,
            "settings": dict(self.settings),
            "columns": {name: getattr(self, f"_{name}").copy() for name in self.columns},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`, bit-identically.

        Raises:
            RatingError: for the state of another kind of rating, of other settings or another
                number of players, or with columns that do not fit; nothing changes then.
        """
        for name, mine in (
            ("kind", type(self).__name__),
            ("players", self.players),
            ("settings", self.settings),
        ):
            if state.get(name) != mine:
                raise RatingError(
                    f"the state has {name} {state.get(name)!r} and this rating {mine!r}; make "
                    "the rating as it was made then, and restore it"
                )
        held = state.get("columns")
        held = held if isinstance(held, Mapping) else {}
        fresh = {}
        for name in self.columns:
            own: npt.NDArray = getattr(self, f"_{name}")
            column = np.asarray(held.get(name, ()))
            numbers = column.dtype.kind in ("iu" if own.dtype.kind == "i" else "iuf")
            if not numbers or column.shape != own.shape or not np.isfinite(column).all():
                raise RatingError(
                    f"column {name!r} of the state is {column.dtype}{list(column.shape)}; "
                    f"expected finite numbers {own.dtype}[{len(own)}]"
                )
            if name in ABOVE_ZERO and not (column > 0).all():
                raise RatingError(f"column {name!r} of the state has to be above 0 throughout")
            fresh[f"_{name}"] = column.astype(own.dtype)
        for name, column in fresh.items():
            setattr(self, name, column)

    def _spread(self, name: str, value: npt.ArrayLike, positive: bool = False) -> Floats:
        """One number for all players, or one for each, as float64[n]."""
        column = np.asarray(value, np.float64)
        if column.shape not in ((), (1,), (self.players,)) or not np.isfinite(column).all():
            raise RatingError(
                f"{name} is {list(column.shape)}; expected one finite number, or one for each "
                f"of the {self.players} players"
            )
        if positive and not (column > 0).all():
            raise RatingError(f"{name} has to be more than 0; got {column.min()}")
        return np.array(np.broadcast_to(column, self.players))

    def _pairs(self, first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Rows, Rows]:
        one, other = np.broadcast_arrays(_whole("first", first), _whole("second", second))
        if one.size and (
            min(one.min(), other.min()) < 0 or max(one.max(), other.max()) >= self.players
        ):
            raise RatingError(f"players are rows 0..{self.players - 1}")
        return one, other


def positive(**numbers: float) -> dict[str, float]:
    """Settings that are finite and more than 0, as floats."""
    for name, number in numbers.items():
        if not 0 < number < np.inf:
            raise RatingError(f"{name} is {number}; it has to be a number above 0")
    return {name: float(number) for name, number in numbers.items()}


def _whole(name: str, values: npt.ArrayLike) -> Rows:
    column = np.asarray(values)
    if column.size and column.dtype.kind not in "iu":
        raise RatingError(f"{name} is {column.dtype}; expected whole numbers, int64[m]")
    return np.ascontiguousarray(column, np.int64)
