"""Leduc hold'em: two rounds, a shared card, and still small enough to solve.

F. Southey, M. Bowling, B. Larson, C. Piccione, N. Burch, D. Billings & C. Rayner, "Bayes' bluff:
opponent modelling in poker", UAI 2005. Six cards, two each of three ranks. Two players ante 1 and
get a card each; a round of betting with raises of 2; a card is laid open; a round with raises of
4. In a round, which player 0 opens, there are at most two raises. Who has the open card's rank
wins the pot, else the higher rank; equal ranks share.

Suits never matter, so cards are dealt by rank: 288 information sets instead of the 936 of games
that tell suits apart, with the same values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from economy.equilibria import CHANCE, LEAF

FOLD, CALL, RAISE = 0, 1, 2

ANTE = 1
RAISES = (2, 4)
RAISES_MAX = 2
RANKS, SUITS = 3, 2
ROUND_MOVES_MAX = 4  # check, raise, raise, call


class LeducState(NamedTuple):
    """Ranks dealt so far, by player, the open rank, and the moves of both rounds."""

    hands: tuple[int, ...] = ()
    board: int = -1
    moves: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


@dataclass(frozen=True)
class Leduc:
    """The rules. Ranks are 0 .. 2, the highest best.

    An observation is the own rank, the open rank, and four places for each round's moves.
    """

    players = 2
    name = "Leduc hold'em"
    actions = 3
    observation_size = 2 + 2 * ROUND_MOVES_MAX

    def initial(self) -> LeducState:
        """No cards, no moves."""
        return LeducState()

    def player(self, state: LeducState) -> int:
        """Who moves: player 0 opens each round."""
        if len(state.hands) < 2:
            return CHANCE
        if FOLD in state.moves[0] + state.moves[1]:
            return LEAF
        if state.board < 0:
            return CHANCE if _over(state.moves[0]) else len(state.moves[0]) % 2
        return LEAF if _over(state.moves[1]) else len(state.moves[1]) % 2

    def legal(self, state: LeducState) -> tuple[int, ...]:
        """Fold against a raise, call or check, raise if any is left; for chance, ranks left."""
        if self.player(state) == CHANCE:
            return tuple(rank for rank in range(RANKS) if _left(state, rank))
        moves = state.moves[state.board >= 0]
        fold = (FOLD,) if RAISE in moves else ()
        return (*fold, CALL, RAISE) if moves.count(RAISE) < RAISES_MAX else (*fold, CALL)

    def chance(self, state: LeducState) -> tuple[float, ...]:
        """All cards in the deck alike, so ranks by how many are left."""
        left = [_left(state, rank) for rank in self.legal(state)]
        return tuple(cards / sum(left) for cards in left)

    def next(self, state: LeducState, action: int) -> LeducState:
        """Deal a card, or move."""
        if len(state.hands) < 2:
            return state._replace(hands=(*state.hands, action))
        first, second = state.moves
        if state.board >= 0:
            return state._replace(moves=(first, (*second, action)))
        if _over(first):
            return state._replace(board=action)
        return state._replace(moves=((*first, action), second))

    def returns(self, state: LeducState) -> tuple[float, ...]:
        """What each player won, less what it paid."""
        stakes = [_stakes(moves, size) for moves, size in zip(state.moves, RAISES, strict=True)]
        paid = [ANTE + first + second for first, second in zip(*stakes, strict=True)]
        for moves in state.moves:
            if moves and moves[-1] == FOLD:
                loser = (len(moves) - 1) % 2
                return _won_by(1 - loser, paid[loser])
        strength = [RANKS * (rank == state.board) + rank for rank in state.hands]
        if strength[0] == strength[1]:
            return (0.0, 0.0)
        return _won_by(int(strength[1] > strength[0]), paid[0])

    def observation(self, state: LeducState, player: int) -> tuple[int, ...]:
        """Own rank, open rank, then the moves of each round."""
        rank = state.hands[player] if player < len(state.hands) else -1
        padded = [(*moves, *[-1] * (ROUND_MOVES_MAX - len(moves))) for moves in state.moves]
        return (rank, state.board, *padded[0], *padded[1])


def _over(moves: tuple[int, ...]) -> bool:
    """Whether nobody has to answer any more."""
    return len(moves) >= 2 and moves[-1] == CALL


def _left(state: LeducState, rank: int) -> int:
    return SUITS - state.hands.count(rank)


def _stakes(moves: tuple[int, ...], size: int) -> tuple[int, int]:
    """What both put in during a round: a raise matches the other's stake and adds `size`."""
    stakes = [0, 0]
    for turn, move in enumerate(moves):
        if move != FOLD:
            stakes[turn % 2] = max(stakes) + (size if move == RAISE else 0)
    return stakes[0], stakes[1]


def _won_by(winner: int, amount: float) -> tuple[float, float]:
    return (float(amount), -float(amount)) if winner == 0 else (-float(amount), float(amount))
