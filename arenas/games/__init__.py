"""Games of turns and hidden cards: rules to read, and strategies set against each other."""

from arenas.games.kuhn import Kuhn, KuhnState
from arenas.games.leduc import Leduc, LeducState
from arenas.games.play import TreeContest, payoff_matrix
from arenas.games.sequential import SequentialGame, after_chance

__all__ = [
    "Kuhn",
    "KuhnState",
    "Leduc",
    "LeducState",
    "SequentialGame",
    "TreeContest",
    "after_chance",
    "payoff_matrix",
]
