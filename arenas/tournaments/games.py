"""The record of a tournament: a row a match, and what is counted for it.

Guarantees: a tournament is decided by its record alone, so the record is also its state. A
forfeit is a loss for the player that forfeits and a win for the other; where both do, both lose
(0 to 0) and nobody is rated by it. In mean points a forfeited seat has the lowest points that
anybody had. A bye is worth BYE to who has it, and no win and no rating.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from arenas.tournaments.contest import Floats, Rows, Seeds, TournamentError, in_range

Flags = npt.NDArray[np.bool_]

NOBODY = -1
"""The second player of a bye."""
BYE = 1.0
"""What a bye counts, as a win does."""
EQUAL = 1e-9
"""Points that differ by less, relative to the larger or to 1, are a draw."""


@dataclass(frozen=True)
class Games:
    """Columns of m matches, in the order in which they were paired.

    Attributes:
        round: int64[m], from 0.
        first, second: int64[m], players by seat; `second` is -1 for a bye.
        repetition: int64[m], which meeting of the two in that round, from 0.
        seed: uint64[m], from which the match drew its chance; 0 for a bye.
        points_first, points_second: float64[m], as the contest gave them; NaN for who forfeited
            and for a bye.
        reasons: row to why it was forfeited, where the contest said so.
    """

    round: Rows
    first: Rows
    second: Rows
    repetition: Rows
    seed: Seeds
    points_first: Floats
    points_second: Floats
    reasons: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def none(cls) -> Self:
        """No matches yet."""
        whole, points = np.empty(0, np.int64), np.empty(0)
        return cls(whole, whole, whole, whole, np.empty(0, np.uint64), points, points)

    def __len__(self) -> int:
        return len(self.first)

    @property
    def bye(self) -> Flags:
        """bool[m], rows that are byes."""
        return self.second == NOBODY

    @property
    def forfeit_first(self) -> Flags:
        """bool[m], whether the first player forfeited."""
        return np.isnan(self.points_first) & ~self.bye

    @property
    def forfeit_second(self) -> Flags:
        """bool[m], whether the second player forfeited."""
        return np.isnan(self.points_second) & ~self.bye

    @property
    def self_play(self) -> Flags:
        """bool[m], matches of a player against itself: they count for points only."""
        return self.first == self.second

    @property
    def rated(self) -> Flags:
        """bool[m], matches that say who is better: of two players, not both forfeiting."""
        return ~(self.bye | self.self_play | (self.forfeit_first & self.forfeit_second))

    def scores(self) -> tuple[Floats, Floats]:
        """float64[m] each: 1 for a win, a half for a draw, 0 for a loss; BYE for a bye.

        Matches of a player against itself score 0 for both seats.
        """
        one, other = np.nan_to_num(self.points_first), np.nan_to_num(self.points_second)
        size = np.maximum(np.maximum(np.abs(one), np.abs(other)), 1.0)
        margin = np.where(np.abs(one - other) <= EQUAL * size, 0.0, np.sign(one - other))
        first = 0.5 + 0.5 * margin
        second = 1 - first
        out_first, out_second = self.forfeit_first, self.forfeit_second
        first[out_second], second[out_first] = 1.0, 1.0
        first[out_first], second[out_second] = 0.0, 0.0
        first[self.bye], second[self.bye] = BYE, 0.0
        first[self.self_play] = second[self.self_play] = 0.0
        return first, second

    def totals(self, players: int, rows: Flags | None = None) -> Floats:
        """float64[n], the summed scores of every player, of all rows or some."""
        kept = np.ones(len(self), bool) if rows is None else rows
        first, second = self.scores()
        totals = np.zeros(players)
        totals += np.bincount(self.first[kept], first[kept], players)
        met = kept & ~self.bye
        totals += np.bincount(self.second[met], second[met], players)
        return totals

    def points(self, players: int, rows: Flags | None = None) -> Floats:
        """float64[n], mean points a match; NaN for who played none.

        A forfeited seat has the lowest points of the whole record, so that nobody gains by
        leaving. Matches of a player against itself count, once for each seat.
        """
        kept = ~self.bye if rows is None else rows & ~self.bye
        both = np.concatenate([self.points_first, self.points_second])
        lowest = np.nanmin(both) if not np.isnan(both).all() else 0.0
        total, number = np.zeros(players), np.zeros(players)
        for seat, points in ((self.first, self.points_first), (self.second, self.points_second)):
            told = np.where(np.isnan(points), lowest, points)[kept]
            total += np.bincount(seat[kept], told, players)
            number += np.bincount(seat[kept], minlength=players)
        mean = np.full(players, np.nan)
        return np.divide(total, number, out=mean, where=number > 0)

    @classmethod
    def joined(cls, parts: Sequence[Games]) -> Self:
        """The matches of some records, at least one, in their order."""
        columns = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS
        }
        reasons: dict[int, str] = {}
        begin = 0
        for part in parts:
            reasons |= {begin + row: reason for row, reason in part.reasons.items()}
            begin += len(part)
        return cls(**columns, reasons=reasons)

    def rows(self, begin: int, end: int) -> Games:
        """Matches begin ... end - 1."""
        reasons = {row - begin: text for row, text in self.reasons.items() if begin <= row < end}
        return Games(**{name: getattr(self, name)[begin:end] for name in COLUMNS}, reasons=reasons)

    def columns(self) -> dict[str, npt.NDArray]:
        """Every column by name, copies: those of the record, and the flags that follow."""
        flags = ("forfeit_first", "forfeit_second", "bye")
        return {name: getattr(self, name).copy() for name in (*COLUMNS, *flags)}

    def state(self) -> dict[str, Any]:
        """Plain arrays and JSON values; copies."""
        held: dict[str, Any] = {name: getattr(self, name).copy() for name in COLUMNS}
        return held | {"reasons": {str(row): text for row, text in self.reasons.items()}}

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The record of a `state`, or of JSON made from it.

        Raises:
            TournamentError: for columns that are missing or of different lengths, or points
                beyond POINTS_MAX.
        """
        kinds = {"seed": np.uint64, "points_first": np.float64, "points_second": np.float64}
        try:
            columns: dict[str, npt.NDArray] = {
                name: np.array(state[name], kinds.get(name, np.int64)) for name in COLUMNS
            }
            in_range(np.stack([columns["points_first"], columns["points_second"]]))
            reasons = {int(row): str(text) for row, text in state["reasons"].items()}
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise TournamentError(f"the record of games cannot be read: {error!r}") from error
        if len({column.shape for column in columns.values()}) != 1 or columns["first"].ndim != 1:
            raise TournamentError("the columns of a record have one length")
        return cls(**columns, reasons=reasons)


COLUMNS = tuple(each.name for each in fields(Games) if each.name != "reasons")
"""The columns of a record; all else follows from them."""
