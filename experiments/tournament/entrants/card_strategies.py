"""The strategies of Kuhn poker and Leduc hold'em that tournaments know by name.

Each is a table float64[I, A] of the game's tree: an equilibrium, found by linear programming, the
uniform strategy, and rules of thumb that always do the same with the same cards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from arenas.games import Kuhn, Leduc, SequentialGame
from economy.equilibria import GameTree, solve_zero_sum_tree

Floats = npt.NDArray[np.float64]
Seen = tuple[int, ...]
Thumb = Callable[[Seen, Seen], int]
"""What is observed and the legal actions, to the action."""

PASS, BET = 0, 1
FOLD, CALL, RAISE = 0, 1, 2
WORST, MIDDLE, BEST = 0, 1, 2

RULES: Mapping[str, SequentialGame[Any]] = {"kuhn": Kuhn(), "leduc": Leduc()}


def _honest_kuhn(seen: Seen, legal: Seen) -> int:
    """Bet and call with the best card only."""
    return BET if seen[0] == BEST else PASS


def _bluffing_kuhn(seen: Seen, legal: Seen) -> int:
    """Bet the best card and, if nobody has bet, the worst; call with the best."""
    return BET if seen[0] == BEST or (seen[0] == WORST and BET not in seen[1:]) else PASS


def _honest_leduc(seen: Seen, legal: Seen) -> int:
    """Raise a pair or the best card, call with the middle one, give up the worst."""
    rank, board = seen[:2]
    if rank in (board, BEST):
        return legal[-1]
    return legal[0] if rank == WORST else CALL


THUMBS: Mapping[str, Mapping[str, Thumb]] = {
    "kuhn": {
        "always bet": lambda seen, legal: BET,
        "always pass": lambda seen, legal: PASS,
        "calling station": lambda seen, legal: BET if BET in seen[1:] else PASS,
        "honest": _honest_kuhn,
        "bluffer": _bluffing_kuhn,
    },
    "leduc": {
        "always raise": lambda seen, legal: legal[-1],
        "calling station": lambda seen, legal: CALL,
        "always fold": lambda seen, legal: legal[0],
        "honest": _honest_leduc,
    },
}


def card_strategies(kind: str) -> tuple[str, ...]:
    """Names of the strategies that ship for a game, "kuhn" or "leduc"."""
    return ("equilibrium", "uniform", *THUMBS[kind])


def card_strategy(kind: str, name: str, tree: GameTree) -> Floats:
    """The table of a strategy that ships."""
    if name == "equilibrium":
        return solve_zero_sum_tree(tree)[1]
    if name == "uniform":
        return tree.uniform()
    table = np.zeros(tree.legal.shape)
    for row, (_, seen) in enumerate(tree.keys):
        legal = tuple(np.flatnonzero(tree.legal[row]).tolist())
        assert isinstance(seen, tuple)
        table[row, THUMBS[kind][name](seen, legal)] = 1
    return table
