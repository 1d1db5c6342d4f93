"""Pairing a Swiss round: a matching of least cost, with costs in strict order of importance.

The rules are those that FIDE's Dutch system (FIDE Handbook C.04.3) names: nobody meets twice,
nobody has a second bye, nobody is forced into a third same seat in a row or a seat difference of
three, players of equal score meet, and in a score group the upper half meets the lower. Here they
are the digits of one number that a pair costs, most important first, and the round is a perfect
matching of least sum (J. Edmonds, "Paths, trees, and flowers", 1965, as in networkx).

Guarantees: deterministic. A meeting or a bye is repeated only where no round without repeats
exists, and seats clash only where every round with as few repeats has as many clashes. Up to
EVERY players all digits are exactly least; beyond, players are matched in windows from the top
down, and all at once only if that leaves a repeat or a clash.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arenas.tournaments.contest import Floats, Rows
from arenas.tournaments.games import NOBODY, Games

EVERY = 64
"""Up to so many players every possible pair is weighed."""
WINDOW = 48
"""Beyond that, so many players are matched at a time, from the top."""


@dataclass(frozen=True)
class Seats:
    """Which seats n players have had: their balance and their last two.

    Attributes:
        balance: int64[n], first seats less second seats.
        last, before: int64[n], the latest seat and the one before: 1 first, -1 second, 0 none.
    """

    balance: Rows
    last: Rows
    before: Rows

    @classmethod
    def of(cls, games: Games, players: int) -> Seats:
        """Seats in a record; byes have none."""
        balance, last, before = (np.zeros(players, np.int64) for _ in range(3))
        for first, second in zip(games.first.tolist(), games.second.tolist(), strict=True):
            if second != NOBODY:
                for player, seat in ((first, 1), (second, -1)):
                    balance[player] += seat
                    before[player], last[player] = last[player], seat
        return cls(balance, last, before)

    @property
    def wanted(self) -> Rows:
        """int64[n], the seat that evens out: 1 first, -1 second, 0 where none was had yet."""
        return np.where(self.balance != 0, -np.sign(self.balance), -self.last)

    @property
    def needed(self) -> Rows:
        """int64[n], the seat that a player must have, lest it has three in a row or three more
        of one; 0 where both will do."""
        twice = (self.last == self.before) & (self.last != 0)
        return np.where(twice, -self.last, np.where(np.abs(self.balance) >= 2, self.wanted, 0))

    def first_of(self, upper: int, lower: int, board: int) -> tuple[int, int]:
        """The two in the order of their seats; whoever needs a seat more has it.

        Where both want the same as much the upper has it; where nobody wants any, in turn.
        """
        needed = self.needed

        def strength(player: int) -> tuple[bool, int, bool]:
            balance = abs(int(self.balance[player]))
            return bool(needed[player]), balance, bool(self.last[player])

        upper_first = strength(upper) >= strength(lower)
        chooser, other = (upper, lower) if upper_first else (lower, upper)
        seat = needed[chooser] or self.wanted[chooser] or (1 if board % 2 == 0 else -1)
        return (chooser, other) if seat > 0 else (other, chooser)


def pair_round(
    order: Rows, score: Floats, met: Rows, byes: Rows, seats: Seats
) -> tuple[list[tuple[int, int]], int]:
    """Pair everybody once.

    Args:
        order: int64[n], players by place, best first.
        score: float64[n], so far, in halves.
        met: int64[n, n], how often each pair has met.
        byes: int64[n], how many byes each has had.
        seats: that they have had.

    Returns:
        Pairs by seat, the highest-placed first, and the player with the bye, or -1.
    """
    digits = _digits(order, score, met, byes, seats)
    matched = _cheapest(digits, _folded(score[order], digits.shape[1]))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    pairs: list[tuple[int, int]] = []
    bye = NOBODY
    for one, other in sorted((min(pair), max(pair)) for pair in matched):
        # Rows and columns of the digits are places; the last place beyond the players is a bye.
        if other == len(order):
            bye = int(order[one])
        else:
            pairs.append(seats.first_of(int(order[one]), int(order[other]), len(pairs)))
    return pairs, bye


def _digits(order: Rows, score: Floats, met: Rows, byes: Rows, seats: Seats) -> npt.NDArray:
    """What each pair of places costs, int64[6, N, N], most important first; N is even."""
    n = len(order)
    N = n + n % 2
    halves = np.rint(2 * score[order]).astype(np.int64)
    need, want = seats.needed[order], seats.wanted[order]
    digits = np.zeros((6, N, N), np.int64)
    repeats, clashes, bye_high, gap, same, fold = digits
    repeats[:n, :n] = met[np.ix_(order, order)]
    clashes[:n, :n] = (need[:, None] == need) & (need != 0)
    gap[:n, :n] = (halves[:, None] - halves) ** 2
    same[:n, :n] = (want[:, None] == want) & (want != 0)
    # In a score group the best meets the first of the lower half, and so on.
    equal = halves[:, None] == halves
    half = (equal.sum(axis=1) // 2)[:, None]
    apart = np.abs(np.arange(n)[:, None] - np.arange(n))
    fold[:n, :n] = np.where(equal, np.abs(apart - half), apart)
    if n < N:  # the bye: first who had none, then the lowest score, then the lowest place
        repeats[n, :n] = repeats[:n, n] = byes[order]
        bye_high[n, :n] = bye_high[:n, n] = halves - halves.min()
        fold[n, :n] = fold[:n, n] = n - 1 - np.arange(n)
    return digits


def _cheapest(digits: npt.NDArray, beside: Rows) -> list[tuple[int, int]]:
    """The perfect matching of places with the least sums of digits; `beside` as `_folded`."""
    N = digits.shape[1]
    if N > EVERY:
        found: list[tuple[int, int]] = []
        waiting = beside
        while len(waiting):
            window, rest = waiting[:WINDOW], waiting[WINDOW:]
            pairs = _matching(digits, window)
            # The end of a window is matched again with who comes next.
            sure = set(window[: WINDOW // 2 if len(rest) else WINDOW].tolist())
            pairs = [pair for pair in pairs if sure & set(pair)]
            found += pairs
            gone = {place for pair in pairs for place in pair}
            waiting = np.array([place for place in waiting.tolist() if place not in gone], int)
        one, other = np.array(found).T
        if not digits[:2, one, other].any():
            return found
    return _matching(digits, np.arange(N))


def _folded(score: Floats, N: int) -> Rows:
    """Places 0 ... N - 1 so that those who would like to meet are neighbours, int64[N].

    Args:
        score: float64[n], by place, falling; a place beyond them is the bye's.
        N: how many places there are.
    """
    order: list[int] = []
    begin = 0
    while begin < len(score):
        end = begin + int(np.count_nonzero(score[begin:] == score[begin]))
        half = begin + (end - begin + 1) // 2
        for upper in range(begin, half):
            order += [upper] if upper + half - begin >= end else [upper, upper + half - begin]
        begin = end
    return np.array([*order, *range(len(score), N)], np.int64)


def _matching(digits: npt.NDArray, places: Rows) -> list[tuple[int, int]]:
    """A perfect matching of some places, an even number, of the least sums of digits."""
    import networkx as nx

    size = len(places)
    # Digits become one number of any length; a whole round of one digit is less than one more of
    # the digit before it.
    worth, cost = 1, np.zeros((size, size), object)
    for digit in digits[::-1, places[:, None], places]:
        cost += worth * digit.astype(object)
        worth *= int(digit.max()) * size + 1
    graph: nx.Graph = nx.Graph()
    for one, other in zip(*np.triu_indices(size, 1), strict=True):
        graph.add_edge(int(one), int(other), weight=-cost[one, other])
    matched = nx.max_weight_matching(graph, maxcardinality=True)
    return [(int(places[one]), int(places[other])) for one, other in matched]
