"""Games of turns, hidden cards and sealed bids: rules to read, and strategies set against others.

Poker is played over a ``GameTree``, and what does not fit its tree raises ``EquilibriumError``;
auctions have a continuum of values, and a ``BiddingError`` of their own.
"""

from arenas.games.kuhn import Kuhn, KuhnState
from arenas.games.leduc import Leduc, LeducState
from arenas.games.play import TreeContest, payoff_matrix
from arenas.games.sealed_bid import (
    BiddingContest,
    BiddingError,
    BiddingExploitability,
    bidding_exploitability,
    play_auctions,
    shading,
)
from arenas.games.sequential import SequentialGame, after_chance

__all__ = [
    "BiddingContest",
    "BiddingError",
    "BiddingExploitability",
    "Kuhn",
    "KuhnState",
    "Leduc",
    "LeducState",
    "SequentialGame",
    "TreeContest",
    "after_chance",
    "bidding_exploitability",
    "payoff_matrix",
    "play_auctions",
    "shading",
]
