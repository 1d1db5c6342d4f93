"""Behaviour strategies of a game tree set against each other, exactly or by the hand.

A strategy is a table float64[I, A] for all seats, as ``GameTree`` describes it; it plays whichever
seat it is given. Both forms are for games of two players.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.equilibria import CHANCE, EquilibriumError, GameTree
from swarm.chance import seeded, uniform

Floats = NDArray[np.float64]


def payoff_matrix(
    tree: GameTree, strategies: Iterable[ArrayLike], *, seats: str = "both"
) -> Floats:
    """What each of n strategies gets from each other on average, float64[n, n], exactly.

    Args:
        tree: a game of two players.
        strategies: n tables float64[I, A].
        seats: "both", the mean over who sits first; or "first", the row strategy sits first.

    Raises ``EquilibriumError``. O(n·leaves + n²·sequences), one matrix product.
    """
    if seats not in ("both", "first"):
        raise EquilibriumError(f'seats must be "both" or "first"; got {seats!r}')
    from scipy import sparse

    form, tables = tree.sequences, _tables(tree, strategies)
    sequences = int(form.first[-1]) + 1
    reach = np.ones((len(tables), sequences))
    for infoset, (begin, end) in enumerate(pairwise(form.first)):
        reach[:, begin:end] = reach[:, form.before[infoset], None] * tables[:, begin:end]
    # For each pair of sequences what both together are paid, then for each pair of strategies.
    shape, pairs = (sequences, sequences), (form.reached[:, 0], form.reached[:, 1])
    paid = [sparse.csr_array((form.payoff[:, seat], pairs), shape) for seat in (0, 1)]
    first = reach @ (paid[0] @ reach.T)
    if seats == "first":
        return first
    return (first + (reach @ (paid[1] @ reach.T)).T) / 2


class TreeContest:
    """A contest between strategies of a tree, played by the hand: what tournaments take.

    A match is ``hands`` hands; the first-named player sits first in hands 0, 2, ..., second in
    the others. A player's points are its mean payoff a hand. All chance of a match comes from its
    own seed, so points do not depend on what else is played.

    Args:
        tree: a game of two players.
        strategies: a table float64[I, A] for each name.
        hands: how many a match has, >= 1; an even number is fair to both.

    Raises ``EquilibriumError``.
    """

    def __init__(self, tree: GameTree, strategies: Mapping[str, ArrayLike], hands: int = 2) -> None:
        if hands < 1 or hands != int(hands):
            raise EquilibriumError(f"a match is a whole number of hands, 1 or more; got {hands}")
        self.tree, self.hands = tree, int(hands)
        self.names = tuple(strategies)
        self._tables = _tables(tree, strategies.values())
        payoff = np.zeros((len(tree.parent), 2))
        payoff[tree.leaf] = tree.utility
        self._columns = (
            tree.first_child,
            tree.player,
            tree.infoset,
            tree.probability,
            payoff,
            tree.sequences.first,
        )

    def __call__(self, pairs: ArrayLike, seeds: ArrayLike) -> Floats:
        """Play matches: int64[m, 2] players, uint64[m] seeds; float64[m, 2] points.

        Raises ``EquilibriumError`` for players that do not exist or columns that do not fit.
        """
        given, drawn = np.atleast_2d(pairs), np.atleast_1d(seeds)
        given = given.reshape(0, 2) if not given.size else given
        fits = given.ndim == 2 and given.shape[1] == 2 and drawn.ndim == 1
        whole = all(not column.size or column.dtype.kind in "iu" for column in (given, drawn))
        if not (fits and whole) or (drawn.size and drawn.min() < 0):
            raise EquilibriumError(
                "pairs are int64[m, 2], such as [[0, 1]], and seeds uint64[m], such as [7]; got "
                f"{given.dtype}{list(given.shape)} and {drawn.dtype}{list(drawn.shape)}"
            )
        players = np.array(given, dtype=np.int64, order="C")
        streams = drawn.astype(np.uint64)
        if len(streams) != len(players):
            raise EquilibriumError(
                f"each match has a pair and a seed; got {len(players)} pairs, {len(streams)} seeds"
            )
        if players.size and not 0 <= players.min() <= players.max() < len(self.names):
            raise EquilibriumError(
                f"players are 0 .. {len(self.names) - 1}; got {players.min()} .. {players.max()}"
            )
        points = np.zeros(players.shape)
        _play(*self._columns, self._tables, players, streams, self.hands, points)
        return points


def _tables(tree: GameTree, strategies: Iterable[ArrayLike]) -> Floats:
    """The legal entries of each strategy, float64[n, K]."""
    if tree.players != 2:
        raise EquilibriumError(f"only games of two players; this one has {tree.players}")
    tables = [tree.strategy(table)[tree.legal] for table in strategies]
    return np.array(tables, np.float64).reshape(len(tables), int(tree.legal.sum()))


@njit(cache=True, nogil=True)
def _play(
    first_child: NDArray[np.int32],
    player: NDArray[np.int8],
    infoset: NDArray[np.int32],
    probability: Floats,
    payoff: Floats,
    first: NDArray[np.int32],
    tables: Floats,
    pairs: NDArray[np.int64],
    seeds: NDArray[np.uint64],
    hands: int,
    points: Floats,
) -> None:
    for match in range(len(pairs)):
        stream = seeded(seeds[match])
        for hand in range(hands):
            node = 0
            while first_child[node] < first_child[node + 1]:
                # The last child takes what rounding leaves, unless it is never chosen.
                luck, chosen = uniform(stream), -1
                for child in range(first_child[node], first_child[node + 1]):
                    if player[node] == CHANCE:
                        chance = probability[child]
                    else:
                        place = first[infoset[node]] + child - first_child[node]
                        chance = tables[pairs[match, player[node] ^ (hand & 1)], place]
                    if chance > 0:
                        chosen = child
                        luck -= chance
                        if luck < 0:
                            break
                node = chosen
            for seat in range(2):
                points[match, seat ^ (hand & 1)] += payoff[node, seat] / hands
