"""What every regret minimiser keeps of a game tree: regrets, and the average strategy.

S. Hart & A. Mas-Colell, "A simple adaptive procedure leading to correlated equilibrium",
Econometrica 68, 2000 (regret matching): at each information set the strategy is proportional to
the positive regrets, and uniform where none is positive.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from economy.equilibria.checks import ROUNDING, EquilibriumError, Floats, count, numbers
from economy.equilibria.game_tree import GameTree


class RegretTables:
    """Regrets and strategies of the K sequences of a tree, as its sequence form numbers them."""

    def __init__(self, tree: GameTree) -> None:
        self.tree = tree
        self.iterations = 0
        """How many have been done."""
        actions = tree.legal.sum(axis=1)
        self._strategy = 1.0 / np.repeat(actions, actions)
        self._regret = np.zeros(len(self._strategy))
        self._total = np.zeros(len(self._strategy))

    def strategy(self) -> Floats:
        """The strategy of the next iteration, float64[I, A]; it need not converge."""
        return self._table(self._strategy)

    def average_strategy(self) -> Floats:
        """The weighted average of all strategies so far, float64[I, A]: what converges.

        Uniform where it was never reached.
        """
        table = self._table(self._total)
        total = table.sum(axis=1, keepdims=True)
        return np.where(total > 0, table / np.where(total > 0, total, 1), self.tree.uniform())

    def nash_conv(self) -> float:
        """How far the average strategy is from an equilibrium, in the units of the payoffs."""
        return self.tree.nash_conv(self.average_strategy())

    def state(self) -> dict[str, Any]:
        """What ``restore`` takes to go on bit-identically; copies."""
        return {
            "iterations": self.iterations,
            "strategy": self._strategy.copy(),
            "regret": self._regret.copy(),
            "total": self._total.copy(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state of a run on the same tree, with the same settings.

        Raises ``EquilibriumError``, which leaves this run as it was.
        """
        mine = self.state()
        if set(state) != set(mine):
            raise EquilibriumError(f"a state has {', '.join(mine)}; got {[*state]}")
        names = ("strategy", "regret", "total")
        columns = [numbers(name, state[name]) for name in names]
        if any(column.shape != self._strategy.shape for column in columns):
            raise EquilibriumError(
                f"the state is of another game: this one has {len(self._strategy)} sequences, "
                f"the state {[column.shape for column in columns]}"
            )
        iterations = count("iterations", state["iterations"])
        if not all(np.isfinite(column).all() for column in columns):
            raise EquilibriumError("the state's columns must be finite")
        strategy, _, total = columns
        sums = self._table(strategy).sum(axis=1)
        if (
            min(strategy.min(initial=0), total.min(initial=0)) < 0
            or not (np.abs(sums - 1) <= ROUNDING).all()
        ):
            raise EquilibriumError(
                "the state's strategy must hold probabilities that sum to 1 at each information "
                "set, and its total nothing negative"
            )
        self._strategy, self._regret, self._total = columns
        self.iterations = iterations

    def _table(self, compact: Floats) -> Floats:
        table = np.zeros(self.tree.legal.shape)
        table[self.tree.legal] = compact
        return table
