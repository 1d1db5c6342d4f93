"""What a tournament plays: a contest of n players, any two of whom can meet, in batches.

A contest is any callable with `names`; nothing has to be inherited:

    class HigherRoll:
        names = ("fair", "loaded")

        def __call__(self, pairs, seeds):
            points = np.empty((len(pairs), 2))
            for match, (pair, seed) in enumerate(zip(pairs, seeds)):
                rng = np.random.default_rng(seed)
                points[match] = [rng.integers(6) + (player == 1) for player in pair]
            return points

Its one duty is that a match draws all its chance from its own seed, so that the points do not
depend on which other matches are in the batch, nor on the number of workers. `check_contest`
looks for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Seeds = npt.NDArray[np.uint64]


POINTS_MAX = 1e150
"""The most points of a match, up or down: sums and squares of so many are still numbers."""


class TournamentError(ValueError):
    """A tournament that cannot be played as asked; the message says what would be right."""


class Forfeit(Exception):  # noqa: N818 - it is what happened in a match, not a fault of ours
    """Raised by a contest: a player of a match cannot go on (it crashed, it moved illegally).

    The match is recorded as forfeited by that player, with the message. A contest that plays
    whole batches may rather return NaN points for the player. Any other exception stops the
    tournament.

    Attributes:
        player: its row in `contest.names`; -1 if both players of the match forfeit.
        reason: what happened, for the record.
        points: what the other player is given, in the contest's own points; it wins anyway.
    """

    def __init__(self, player: int, reason: str, points: float = 0.0) -> None:
        super().__init__(player, reason, points)
        self.player = player
        self.reason = reason
        self.points = points


@runtime_checkable
class Contest(Protocol):
    """Players that can meet, two at a time.

    A contest may also have `noise`, a number or words, that results repeat: what chance it puts
    in the way of the players' own choices. And it may have `forfeits`, a list that it adds to
    while it plays: for each match with NaN points an object with `pair`, `seed` and `reason`, which
    the record then tells.

    Attributes:
        names: of the n players, each another.
    """

    @property
    def names(self) -> Sequence[str]:
        """The n players' names."""
        ...

    def __call__(self, pairs: Rows, seeds: Seeds) -> Floats:
        """Play m matches.

        Args:
            pairs: int64[m, 2], rows of `names`: who has the first seat and who the second.
                Both may be the same player, where a tournament asks for self-play.
            seeds: uint64[m]; a match draws its chance from its own seed only.

        Returns:
            float64[m, 2], points of both players of each match, more being better; NaN for a
            player that forfeits.
        """
        ...


class WinChances:
    """A contest of dice: who wins is drawn from a table of chances. To try tournaments with.

    Args:
        chance: float[n, n], the probability that the row in the first seat beats the column, in
            matches that are not drawn.
        draws: the probability that a match is drawn, whoever plays; in 0 ... 1.
        names: of the n players; "player 0" and so on if left out.

    Raises:
        TournamentError: for a table that is not square, or chances outside 0 ... 1.
    """

    def __init__(
        self, chance: npt.ArrayLike, draws: float = 0.0, names: Sequence[str] | None = None
    ) -> None:
        self.chance = np.array(chance, np.float64)
        if self.chance.ndim != 2 or self.chance.shape[0] != self.chance.shape[1]:
            raise TournamentError(
                f"chances are {list(self.chance.shape)}; expected [n, n], such as "
                "[[0.5, 0.7], [0.3, 0.5]]"
            )
        if not ((self.chance >= 0) & (self.chance <= 1)).all() or not 0 <= draws <= 1:
            raise TournamentError("chances of winning and of a draw lie in 0 ... 1")
        self.draws = draws
        given = range(len(self.chance)) if names is None else names
        self.names = tuple(f"player {each}" if names is None else str(each) for each in given)
        if len(self.names) != len(self.chance):
            raise TournamentError(
                f"{len(self.names)} names for {len(self.chance)} players; each needs one"
            )

    @classmethod
    def of_ratings(cls, elo: npt.ArrayLike, draws: float = 0.0) -> WinChances:
        """Players whose chances follow from Elo ratings, float[n]."""
        strength = np.asarray(elo, np.float64)
        return cls(1 / (1 + 10 ** ((strength - strength[:, None]) / 400)), draws)

    def __call__(self, pairs: Rows, seeds: Seeds) -> Floats:
        """Points 1, 0 or a half each; as `Contest`."""
        # Two numbers out of each seed, by the mixer of SplitMix64 (see swarm.chance).
        drawn, won = _uniform(seeds, 1), _uniform(seeds, 2)
        first = (won < self.chance[pairs[:, 0], pairs[:, 1]]).astype(np.float64)
        first[drawn < self.draws] = 0.5
        return np.stack([first, 1 - first], axis=1)


def check_contest(contest: Contest, seed: int = 0) -> None:
    """Play some matches twice, together and apart, and see that the points are the same.

    Raises:
        TournamentError: for names that repeat or are missing, points of another shape, or points
            that depend on anything but the players and the seed.
    """
    from arenas.tournaments.play import play_batch

    names = names_of(contest)
    rng = np.random.default_rng(seed)
    pairs = rng.integers(len(names), size=(6, 2))
    seeds = rng.integers(2**64, size=6, dtype=np.uint64)
    together = play_batch(contest, pairs, seeds)[0]
    rows = range(len(pairs))
    apart = [play_batch(contest, pairs[m : m + 1], seeds[m : m + 1])[0][0] for m in rows]
    backwards = play_batch(contest, pairs[::-1].copy(), seeds[::-1].copy())[0][::-1]
    for other, how in ((np.array(apart), "one by one"), (backwards, "in another order")):
        both_out = np.isnan(together) & np.isnan(other)
        wrong = np.flatnonzero(((together != other) & ~both_out).any(axis=1))
        if wrong.size:
            match = int(wrong[0])
            raise TournamentError(
                f"{names[pairs[match, 0]]} against {names[pairs[match, 1]]} gave "
                f"{together[match].tolist()} and, played {how}, {other[match].tolist()}; a match "
                "draws its chance from its own seed only, as in np.random.default_rng(seed)"
            )


def names_of(contest: Contest) -> tuple[str, ...]:
    """The names of a contest's players, checked: at least one, each another."""
    given = getattr(contest, "names", None)
    if given is None or not callable(contest):
        raise TournamentError(
            "a contest is a callable with the names of its players, such as "
            f"WinChances.of_ratings([0, 200]); got a {type(contest).__name__}"
        )
    names = tuple(str(name) for name in given)
    if not names or len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise TournamentError(
            f"a contest has at least one player and no name twice; got {len(names)} names"
            + (f", among them {twice[0]!r} more than once" if twice else "")
        )
    return names


def played(contest: Contest, pairs: Rows, seeds: Seeds) -> Floats:
    """Points of a batch, float64[m, 2], checked for their shape and size."""
    given = contest(pairs, seeds)
    try:
        points = np.asarray(given, np.float64 if not np.iscomplexobj(given) else None)
        points = points.astype(np.float64, casting="safe", copy=False)
    except (TypeError, ValueError) as error:
        raise TournamentError(
            f"{len(pairs)} matches gave no points ({error}); expected float64[{len(pairs)}, 2], "
            "those of both players of each match"
        ) from None
    if points.shape != (len(pairs), 2):
        raise TournamentError(
            f"{len(pairs)} matches gave points {list(points.shape)}; expected "
            f"[{len(pairs)}, 2], those of both players of each match"
        )
    return in_range(points)


def in_range(points: Floats) -> Floats:
    """The same points; refused where they are infinite or beyond POINTS_MAX."""
    if (np.abs(points) > POINTS_MAX).any():
        raise TournamentError(
            f"points are finite, -{POINTS_MAX:g} to {POINTS_MAX:g}, or NaN for a player that "
            "forfeits"
        )
    return points


def _uniform(seeds: Seeds, which: int) -> Floats:
    """Draw number `which` of each seed, in [0, 1)."""
    state = seeds + np.uint64((which * 0x9E3779B97F4A7C15) % 2**64)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53
