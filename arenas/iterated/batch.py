"""Batches of matches between machines, from their rows and seeds to how often actions met."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from arenas.iterated.games import IteratedError, MatrixGame
from arenas.iterated.machines import Integers, Machines
from arenas.iterated.match import IteratedMatch
from arenas.iterated.stepping import Words, play_all


def count_outcomes(
    machines: Machines,
    match: IteratedMatch,
    pairs: npt.ArrayLike,
    seeds: npt.ArrayLike,
    shortcut: bool = True,
) -> Integers:
    """Play machines against machines: the kernel, without the rest of a contest.

    >>> from arenas.iterated import Defector, IteratedMatch, Machines, TitForTat
    >>> machines = Machines.of_players([TitForTat(), Defector()])
    >>> match = IteratedMatch(turns=200)
    >>> match.points(count_outcomes(machines, match, [[0, 1], [0, 0]], [7, 8])).tolist()
    [[199.0, 204.0], [600.0, 600.0]]

    Args:
        machines: those that meet.
        match: the rules.
        pairs: int64[m, 2], rows of the machines.
        seeds: uint64[m], each the only chance of its match.
        shortcut: whether matches that go round in circles are cut short; changes no result.

    Returns:
        int64[m, A, A], how often each pair of actions was played, the first player's by the
        second's. One turn costs a few nanoseconds; of matches without chance only those before
        the first repetition, at most S T of machines of S and T states, times a small constant.

    Raises:
        IteratedError: for rows that there are not, or machines for another number of actions.
    """
    check_actions(machines, match.game)
    who, chance = checked_pairs(pairs, len(machines)), checked_seeds(seeds, len(np.asarray(pairs)))
    A, room = machines.actions, 1 << machines.tables.bits
    counts = np.zeros((len(who), room * room), np.int64)
    play_all(machines.tables, match.rules, who, chance, shortcut, counts)
    return np.ascontiguousarray(counts.reshape(-1, room, room)[:, :A, :A])


def check_actions(machines: Machines, game: MatrixGame) -> None:
    """Raise `IteratedError` unless the machines play as many actions as the game has."""
    if machines.actions != len(game):
        raise IteratedError(
            f"machines for {machines.actions} actions, such as {machines.names[:1]}; "
            f"{game.name} has {len(game)}"
        )


def checked_pairs(pairs: npt.ArrayLike, n: int) -> Integers:
    """The pairs as int64[m, 2], rows of n players; `IteratedError` where they are not."""
    who = np.asarray(pairs)
    if who.ndim != 2 or who.shape[1] != 2 or (who.size and who.dtype.kind not in "iu"):
        raise IteratedError(
            f"pairs are {who.dtype}{list(who.shape)}; expected int64[m, 2], such as [[0, 1]]"
        )
    if who.size and not (who.min() >= 0 and who.max() < n):
        raise IteratedError(f"pairs name rows 0..{n - 1}; got {who.min()}..{who.max()}")
    return np.ascontiguousarray(who, np.int64)


def checked_seeds(seeds: npt.ArrayLike, m: int) -> Words:
    """The seeds as uint64[m]; `IteratedError` where they are not."""
    given = np.asarray(seeds)
    if given.shape != (m,) or (m and given.dtype.kind not in "iu"):
        raise IteratedError(
            f"seeds are {given.dtype}{list(given.shape)}; expected uint64[{m}], one a match"
        )
    return np.ascontiguousarray(given).astype(np.uint64)
