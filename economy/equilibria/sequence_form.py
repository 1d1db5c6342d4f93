"""The sequence form: a game tree as sums over the players' own sequences of actions.

D. Koller, N. Megiddo & B. von Stengel, "Efficient computation of equilibria for extensive
two-person games", Games and Economic Behavior 14, 1996. Who never forgets what they did has, at
each information set, one past: the sequence of their own actions. A strategy reaches a sequence
with the product of its probabilities, and a leaf with the product of chance's and all players'
reach. So nothing has to walk the tree: values, best responses and regrets are one pass over the
leaves and one over the information sets.

Sequences are numbered by their last action: the legal actions of information set 0, of 1, and so
on, K in all, which is how ``table[tree.legal]`` lays out a strategy; number K is the empty one.
Leaves that all players reach by the same sequences differ by chance only, and are one entry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.equilibria.checks import EquilibriumError, Floats

Numbers = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class SequenceForm:
    """A game of E entries, K sequences and I information sets.

    Attributes:
        first: int32[I + 1], the sequences of information set i are first[i] .. first[i + 1] - 1.
        before: int32[I], the sequence that leads to an information set, K for the empty one.
        owner: int8[I], whose it is.
        reached: int32[E, players], the sequence of each player at an entry.
        payoff: float64[E, players], chance's probability times what is paid.
    """

    first: Numbers
    before: Numbers
    owner: NDArray[np.int8]
    reached: Numbers
    payoff: Floats

    @classmethod
    def of(
        cls,
        parent: Numbers,
        player: NDArray[np.int8],
        infoset: Numbers,
        action: Numbers,
        probability: Floats,
        leaf: Numbers,
        utility: Floats,
        owner: NDArray[np.int8],
        legal: NDArray[np.bool_],
    ) -> SequenceForm:
        """Of a tree's columns, as ``GameTree`` describes them; raises ``EquilibriumError``."""
        number = np.cumsum(legal).reshape(legal.shape) - 1  # of a sequence, by its last action
        empty = int(legal.sum())
        reached = np.full((len(parent), utility.shape[1]), empty, np.int32)
        chance = np.ones(len(parent))
        for generation in _generations(parent):
            above = parent[generation]
            reached[generation] = reached[above]
            chance[generation] = chance[above] * probability[generation]
            own = player[above] >= 0
            reached[generation[own], player[above[own]]] = number[
                infoset[above[own]], action[generation[own]]
            ]
        before = np.full(len(owner), empty, np.int32)
        moves = np.flatnonzero(player >= 0)
        past = reached[moves, player[moves]]
        before[infoset[moves]] = past
        forgotten = before[infoset[moves]] != past
        if forgotten.any():
            node = int(moves[np.argmax(forgotten)])
            raise EquilibriumError(
                f"player {player[node]} has forgotten own actions: information set "
                f"{infoset[node]} has nodes with different pasts, such as node {node}; let "
                "observation() tell the player all it has seen and done"
            )
        entries, where = np.unique(reached[leaf], axis=0, return_inverse=True)
        payoff = np.zeros(entries.shape)
        np.add.at(payoff, where.ravel(), chance[leaf, None] * utility)
        first = np.concatenate([[0], np.cumsum(legal.sum(axis=1))]).astype(np.int32)
        return cls(first, before, owner, entries, payoff)


def _generations(parent: Numbers) -> list[NDArray[np.intp]]:
    """The nodes at depth 1, 2 and so on; a breadth-first order has each in one run."""
    found, end = [], 1
    while end < len(parent):
        stop = int(np.searchsorted(parent, end))  # parents ascend; those before `end` are above
        found.append(np.arange(end, stop))
        end = stop
    return found


def reaches(form: SequenceForm, strategy: Floats) -> Floats:
    """With which probability the players play each sequence, float64[K + 1].

    ``strategy`` is float64[K], a table's legal entries; the empty sequence has 1.
    """
    reach = np.ones(len(strategy) + 1)
    _reach(form.first, form.before, strategy, reach)
    return reach


def expected_values(form: SequenceForm, strategy: Floats) -> Floats:
    """What each player gets on average, float64[players]; ``strategy`` is float64[K]."""
    return reaches(form, strategy)[form.reached].prod(axis=1) @ form.payoff


def best_response(form: SequenceForm, strategy: Floats, player: int) -> tuple[float, Floats]:
    """The best that a player gets against the others, and its sure actions, float64[K]."""
    reach = reaches(form, strategy)
    others = np.delete(form.reached, player, axis=1)
    weight = reach[others].prod(axis=1) * form.payoff[:, player]
    gain = np.bincount(form.reached[:, player], weight, len(reach))
    chosen = np.zeros(len(strategy))
    _best(form.first, form.before, form.owner, player, gain, chosen)
    return float(gain[-1]), chosen


@njit(cache=True, nogil=True)
def _reach(first: Numbers, before: Numbers, strategy: Floats, reach: Floats) -> None:
    for infoset in range(len(before)):
        past = reach[before[infoset]]
        for sequence in range(first[infoset], first[infoset + 1]):
            reach[sequence] = past * strategy[sequence]


@njit(cache=True, nogil=True)
def _best(
    first: Numbers,
    before: Numbers,
    owner: NDArray[np.int8],
    player: int,
    gain: Floats,
    chosen: Floats,
) -> None:
    """Hand the best gain of each information set up to the sequence that leads to it."""
    for infoset in range(len(before) - 1, -1, -1):
        if owner[infoset] == player:
            best = first[infoset]
            for sequence in range(first[infoset] + 1, first[infoset + 1]):
                if gain[sequence] > gain[best]:
                    best = sequence
            chosen[best] = 1.0
            gain[before[infoset]] += gain[best]
