"""Games in extensive form as columns: who moves where, what is known, what is paid.

H. W. Kuhn, "Extensive games and the problem of information", 1953. A tree is built once from a
game's rules and then only read. Nodes stand in the order of a breadth-first walk, so a parent
comes before its children, and the children of a node stand side by side: node i's are
``first_child[i] .. first_child[i + 1] - 1``, in the order of their actions.

Guarantees, checked while a tree is built: all nodes of an information set belong to one player
who has the same actions in each; nobody ever forgets what they knew or did (perfect recall);
chances are positive and sum to 1; and a player's information set comes after every other of the
same player that can lead to it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.equilibria.checks import ROUNDING, EquilibriumError, Floats, count
from economy.equilibria.sequence_form import SequenceForm, best_response, expected_values

CHANCE = -1
"""The player of a node where chance moves."""
LEAF = -2
"""The player of a node where the game is over."""

PLAYERS_MAX, ACTIONS_MAX = 127, 65_535

State = TypeVar("State")


class Rules(Protocol[State]):
    """What a game has to say so that a tree can be grown from it; states are never changed."""

    @property
    def players(self) -> int:
        """How many players there are, 1 or more."""

    def initial(self) -> State:
        """The state before anybody has moved."""

    def player(self, state: State) -> int:
        """Who moves: 0 .. players - 1, ``CHANCE`` or ``LEAF``."""

    def legal(self, state: State) -> Sequence[int]:
        """The mover's actions, or chance's outcomes: whole numbers from 0 up, ascending."""

    def chance(self, state: State) -> Sequence[float]:
        """Where chance moves: the probability of each legal outcome."""

    def next(self, state: State, action: int) -> State:
        """The state after the mover's action, or chance's outcome."""

    def returns(self, state: State) -> Sequence[float]:
        """Where the game is over: what each player gets."""

    def observation(self, state: State, player: int) -> Hashable:
        """All that a player knows, past included: states that look the same are one set."""


@dataclass(frozen=True, eq=False)
class GameTree:
    """A game of N nodes, L leaves, I information sets and up to A actions.

    A behaviour strategy is one table for all players: float64[I, A], in each row the
    probabilities of an information set's actions, 0 where an action is not legal.

    Attributes:
        players: their number.
        parent: int32[N], -1 for the root, which is node 0.
        first_child: int32[N + 1].
        player: int8[N], who moves, ``CHANCE`` or ``LEAF``.
        infoset: int32[N], what the mover knows; -1 for chance and leaves.
        action: int32[N], the action or outcome that led here; -1 for the root.
        probability: float64[N], with which chance led here; 1 where a player did.
        leaf: int32[L], the leaves' nodes.
        utility: float64[L, players], what is paid at each leaf.
        infoset_player: int8[I].
        legal: bool[I, A].
        keys: I pairs of a player and what the rules' ``observation`` said to it.
    """

    players: int
    parent: NDArray[np.int32]
    first_child: NDArray[np.int32]
    player: NDArray[np.int8]
    infoset: NDArray[np.int32]
    action: NDArray[np.int32]
    probability: Floats
    leaf: NDArray[np.int32]
    utility: Floats
    infoset_player: NDArray[np.int8]
    legal: NDArray[np.bool_]
    keys: tuple[tuple[int, Hashable], ...]

    @classmethod
    def from_rules(cls, rules: Rules[Any], nodes_max: int = 5_000_000) -> GameTree:
        """Grow the whole tree of a game.

        Raises ``EquilibriumError`` for rules that break what the module promises, and for more
        than ``nodes_max`` nodes.
        """
        growth = _Growth(rules, nodes_max)
        tree = growth.tree()
        _ = tree.sequences  # where perfect recall is checked
        return tree

    @cached_property
    def sequences(self) -> SequenceForm:
        """The same game as sums over sequences of own actions: what solvers work with."""
        return SequenceForm.of(
            self.parent,
            self.player,
            self.infoset,
            self.action,
            self.probability,
            self.leaf,
            self.utility,
            self.infoset_player,
            self.legal,
        )

    def uniform(self) -> Floats:
        """The strategy that takes all legal actions alike, float64[I, A]."""
        return self.legal / self.legal.sum(axis=1, keepdims=True)

    def strategy(self, values: ArrayLike) -> Floats:
        """Return a behaviour strategy float64[I, A]; raises ``EquilibriumError`` for others."""
        found = np.asarray(values, dtype=np.float64)
        if found.shape != self.legal.shape:
            raise EquilibriumError(
                f"a strategy of this game is a table {list(self.legal.shape)} of information sets "
                f"and actions, as tree.uniform() is; got shape {found.shape}"
            )
        wrong = (found < 0).any(axis=1) | (found * ~self.legal != 0).any(axis=1)
        wrong |= ~(np.abs(found.sum(axis=1) - 1) <= ROUNDING)
        if wrong.any():
            first = int(np.argmax(wrong))
            raise EquilibriumError(
                f"rows must hold probabilities that sum to 1, 0 where an action is not legal; row "
                f"{first}, {self.keys[first]}, with the legal actions "
                f"{np.flatnonzero(self.legal[first]).tolist()}, is {found[first].tolist()}"
            )
        return found

    def values(self, strategy: ArrayLike) -> Floats:
        """What each player gets on average, float64[players], if all play by a strategy."""
        return expected_values(self.sequences, self.strategy(strategy)[self.legal])

    def best_response(self, strategy: ArrayLike, player: int) -> tuple[float, Floats]:
        """What a player gets at best against the others' strategy, and the table that does it.

        The table is ``strategy`` with the player's own rows replaced by sure actions, the lowest
        of equally good ones; O(L + I·A).
        """
        if not 0 <= player < self.players:
            raise EquilibriumError(f"player must be 0 .. {self.players - 1}; got {player}")
        table = self.strategy(strategy).copy()
        value, chosen = best_response(self.sequences, table[self.legal], player)
        compact = table[self.legal]
        mine = self.infoset_player[np.nonzero(self.legal)[0]] == player
        compact[mine] = chosen[mine]
        table[self.legal] = compact
        return value, table

    def nash_conv(self, strategy: ArrayLike) -> float:
        """What all players together could gain by each deviating alone: 0 in an equilibrium."""
        compact = self.strategy(strategy)[self.legal]
        best = [best_response(self.sequences, compact, p)[0] for p in range(self.players)]
        return float(sum(best) - expected_values(self.sequences, compact).sum())

    def exploitability(self, strategy: ArrayLike) -> float:
        """``nash_conv`` a player: in a zero-sum game of two, the loss to a best response."""
        return self.nash_conv(strategy) / self.players


class _Growth:
    """The lists that a tree's columns are grown in."""

    def __init__(self, rules: Rules[Any], nodes_max: int) -> None:
        self.rules = rules
        if not 1 <= rules.players <= PLAYERS_MAX:
            raise EquilibriumError(f"a game has 1 to {PLAYERS_MAX} players; got {rules.players}")
        self.parent, self.action, self.probability = [-1], [-1], [1.0]
        self.first_child: list[int] = []
        self.player: list[int] = []
        self.infoset: list[int] = []
        self.leaf: list[int] = []
        self.utility: list[list[float]] = []
        self.keys: dict[tuple[int, Hashable], int] = {}
        self.actions: list[tuple[int, ...]] = []
        states = [rules.initial()]
        for node, state in enumerate(states):  # which grow meanwhile
            self.first_child.append(len(states))
            states += self._children(node, state)
            if len(states) > nodes_max:
                raise EquilibriumError(
                    f"the tree has more than {nodes_max} nodes; coarsen what players observe and "
                    "do, or raise nodes_max"
                )
        self.first_child.append(len(states))

    def _children(self, node: int, state: Any) -> list[Any]:
        rules, mover = self.rules, int(self.rules.player(state))
        if not LEAF <= mover < rules.players:
            raise EquilibriumError(
                f"player(state) must be 0 .. {rules.players - 1}, CHANCE ({CHANCE}) or LEAF "
                f"({LEAF}); got {mover} at {state}"
            )
        self.player.append(mover)
        if mover == LEAF:
            self.infoset.append(-1)
            self.leaf.append(node)
            self.utility.append(self._returns(state))
            return []
        legal = tuple(count("an action of legal(state)", each) for each in rules.legal(state))
        if not legal or legal[-1] > ACTIONS_MAX or any(a >= b for a, b in pairwise(legal)):
            raise EquilibriumError(
                "legal(state) must give at least one action, whole numbers from 0 to "
                f"{ACTIONS_MAX} in ascending order, such as (0, 2); got {legal} at {state}"
            )
        self.parent += [node] * len(legal)
        self.action += legal
        if mover == CHANCE:
            self.infoset.append(-1)
            self.probability += self._chances(state, len(legal))
        else:
            self.infoset.append(self._infoset(state, mover, legal))
            self.probability += [1.0] * len(legal)
        return [rules.next(state, action) for action in legal]

    def _returns(self, state: Any) -> list[float]:
        paid = [float(each) for each in self.rules.returns(state)]
        if len(paid) != self.rules.players or not np.isfinite(paid).all():
            raise EquilibriumError(
                f"returns(state) must give each of {self.rules.players} players a finite number; "
                f"got {paid} at {state}"
            )
        return paid

    def _chances(self, state: Any, outcomes: int) -> list[float]:
        chances = [float(each) for each in self.rules.chance(state)]
        if len(chances) != outcomes or min(chances) <= 0 or not abs(sum(chances) - 1) <= ROUNDING:
            raise EquilibriumError(
                f"chance(state) must give each of {outcomes} outcomes a probability > 0, of sum 1; "
                f"got {chances} at {state}"
            )
        return chances

    def _infoset(self, state: Any, mover: int, legal: tuple[int, ...]) -> int:
        key = (mover, self.rules.observation(state, mover))
        try:
            hash(key)
        except TypeError:
            raise EquilibriumError(
                f"observation(state, player) must be hashable, such as a tuple; got {key[1]!r}"
            ) from None
        infoset = self.keys.setdefault(key, len(self.keys))
        if infoset == len(self.actions):
            self.actions.append(legal)
        elif self.actions[infoset] != legal:
            raise EquilibriumError(
                f"player {mover} observes {key[1]} both where {self.actions[infoset]} and where "
                f"{legal} are legal; show the player the difference"
            )
        return infoset

    def tree(self) -> GameTree:
        """The columns."""
        legal = np.zeros((len(self.actions), 1 + max(map(max, self.actions), default=0)), np.bool_)
        for infoset, actions in enumerate(self.actions):
            legal[infoset, list(actions)] = True
        return GameTree(
            self.rules.players,
            np.array(self.parent, np.int32),
            np.array(self.first_child, np.int32),
            np.array(self.player, np.int8),
            np.array(self.infoset, np.int32),
            np.array(self.action, np.int32),
            np.array(self.probability),
            np.array(self.leaf, np.int32),
            np.array(self.utility).reshape(len(self.leaf), self.rules.players),
            np.array([player for player, _ in self.keys], np.int8),
            legal,
            tuple(self.keys),
        )
