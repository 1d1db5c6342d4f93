"""Kuhn poker: the smallest poker in which one has to bluff.

H. W. Kuhn, "A simplified two-person poker", Contributions to the Theory of Games 1, 1950; for n
players as in N. Abou Risk & D. Szafron, "Using counterfactual regret minimization to create
competitive multiplayer poker agents", AAMAS 2010. Each of n players antes 1 and gets one of n + 1
different cards. In turn, everybody passes or bets 1; after the first bet each other player, in
turn, once passes (folds) or bets (calls). The best card of those who bet wins the pot; of all, if
nobody bet. With two players the first one loses 1/18 a game, if both play perfectly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from economy.equilibria import CHANCE, LEAF, EquilibriumError

PASS, BET = 0, 1


class KuhnState(NamedTuple):
    """Cards dealt so far, by player, and moves so far, in turn."""

    cards: tuple[int, ...] = ()
    moves: tuple[int, ...] = ()


@dataclass(frozen=True)
class Kuhn:
    """The rules for ``players`` players, 2 or more; cards are 0 .. players, the highest best.

    An observation is the own card and all moves so far.
    """

    players: int = 2
    name = "Kuhn poker"
    actions = 2

    def __post_init__(self) -> None:
        if self.players < 2:
            raise EquilibriumError(f"Kuhn poker needs 2 players or more; got {self.players}")

    @property
    def observation_size(self) -> int:
        """A card and the longest game: all but one pass, one bets, the others answer."""
        return 2 * self.players

    def initial(self) -> KuhnState:
        """No cards, no moves."""
        return KuhnState()

    def player(self, state: KuhnState) -> int:
        """Who moves; everybody has a turn, and those before the first bet a second one."""
        if len(state.cards) < self.players:
            return CHANCE
        turns = self.players
        if BET in state.moves:
            turns += state.moves.index(BET)
        return LEAF if len(state.moves) == turns else len(state.moves) % self.players

    def legal(self, state: KuhnState) -> tuple[int, ...]:
        """Pass and bet; for chance, the cards still in the deck."""
        if len(state.cards) < self.players:
            return tuple(c for c in range(self.players + 1) if c not in state.cards)
        return (PASS, BET)

    def chance(self, state: KuhnState) -> tuple[float, ...]:
        """All cards in the deck alike."""
        left = self.players + 1 - len(state.cards)
        return (1 / left,) * left

    def next(self, state: KuhnState, action: int) -> KuhnState:
        """Deal a card, or move."""
        if len(state.cards) < self.players:
            return state._replace(cards=(*state.cards, action))
        return state._replace(moves=(*state.moves, action))

    def returns(self, state: KuhnState) -> tuple[float, ...]:
        """What each player won, less what it paid."""
        bettors = {turn % self.players for turn, move in enumerate(state.moves) if move == BET}
        paid = [2.0 if player in bettors else 1.0 for player in range(self.players)]
        winner = max(bettors or range(self.players), key=lambda player: state.cards[player])
        return tuple(sum(paid) * (player == winner) - paid[player] for player in range(len(paid)))

    def observation(self, state: KuhnState, player: int) -> tuple[int, ...]:
        """Own card, then the moves."""
        card = state.cards[player] if player < len(state.cards) else -1
        return (card, *state.moves, *[-1] * (self.observation_size - 1 - len(state.moves)))
