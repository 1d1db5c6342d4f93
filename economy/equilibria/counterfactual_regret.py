"""Counterfactual regret minimisation: play oneself, and regret less.

M. Zinkevich, M. Johanson, M. Bowling & C. Piccione, "Regret minimization in games with incomplete
information", NIPS 2007 (CFR); O. Tammelin, "Solving large imperfect information games using CFR+",
arXiv:1407.5042, 2014 (CFR+); N. Brown & T. Sandholm, "Solving imperfect-information games via
discounted regret minimization", AAAI 2019 (discounted and linear CFR). At each information set
the next strategy is proportional to the positive regrets; the *average* strategy converges to an
equilibrium of a zero-sum game of two players. With more players, or other payoffs, nothing is
promised, though it often does well.

All variants take turns: a player's regrets see what the players before it have just changed. They
differ in how regrets fade and how much later strategies count in the average. With t = 1, 2, ...
and after iteration t's regrets are added,

    positive regrets × t^α / (t^α + 1), negative ones × t^β / (t^β + 1), weight max(t − delay, 0)^γ

    CFR  α = β = ∞, γ = 0      CFR+  α = ∞, β = −∞, γ = 1, delay
    linear  α = β = γ = 1      discounted  α = 3/2, β = 0, γ = 2

An iteration is, for each player, one pass over the entries of the sequence form and two over the
player's information sets: O(players² · leaves).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.equilibria.checks import EquilibriumError, Floats, count
from economy.equilibria.game_tree import GameTree
from economy.equilibria.regret_tables import RegretTables
from economy.equilibria.sequence_form import reaches

LARGEST_WEIGHT = 1e300


class DiscountedCFR(RegretTables):
    """A run of counterfactual regret minimisation on a tree, going on as long as one likes.

    Args:
        tree: the game.
        alpha: how slowly positive regrets fade; infinite: never.
        beta: how slowly negative regrets fade; minus infinity: at once.
        gamma: how much more later strategies count in the average, >= 0.
        delay: first iterations that the average leaves out.

    Raises ``EquilibriumError`` for settings out of range.
    """

    def __init__(
        self,
        tree: GameTree,
        *,
        alpha: float = 1.5,
        beta: float = 0.0,
        gamma: float = 2.0,
        delay: int = 0,
    ) -> None:
        if math.isnan(alpha) or math.isnan(beta) or not 0 <= gamma < math.inf or delay < 0:
            raise EquilibriumError(
                "alpha and beta are numbers or ±infinity, gamma and delay 0 or more; got "
                f"{alpha=}, {beta=}, {gamma=}, {delay=}"
            )
        super().__init__(tree)
        self.alpha, self.beta, self.gamma, self.delay = alpha, beta, gamma, count("delay", delay)
        self._columns = _columns(tree)

    def run(self, iterations: int) -> None:
        """Do more iterations, all in one compiled call."""
        iterations = count("iterations", iterations)
        t = np.arange(self.iterations + 1, self.iterations + 1 + iterations, dtype=np.float64)
        weight = np.maximum(t - self.delay, 0.0)
        weight = np.where(weight > 0, weight**self.gamma, 0.0)
        if iterations and not weight[-1] < LARGEST_WEIGHT:
            raise EquilibriumError(
                f"weights overflow with gamma = {self.gamma}; take a smaller one"
            )
        _iterate(
            *self._columns,
            self._strategy,
            self._regret,
            self._total,
            reaches(self.tree.sequences, self._strategy),
            np.stack([_kept(t, self.alpha), _kept(t, self.beta), weight]),
        )
        self.iterations += iterations


class CFR(DiscountedCFR):
    """Plain counterfactual regret minimisation, taking turns.

    solver = CFR(GameTree.from_rules(Kuhn()))
    solver.run(1_000)
    solver.nash_conv()  # 0.0019
    """

    def __init__(self, tree: GameTree) -> None:
        super().__init__(tree, alpha=math.inf, beta=math.inf, gamma=0.0)


class CFRPlus(DiscountedCFR):
    """CFR+: regrets never below 0, and an average that weights iteration t by t − delay."""

    def __init__(self, tree: GameTree, delay: int = 0) -> None:
        super().__init__(tree, alpha=math.inf, beta=-math.inf, gamma=1.0, delay=delay)


def _kept(t: Floats, exponent: float) -> Floats:
    """t^exponent / (t^exponent + 1), with its limits 1 and 0 taken at once."""
    if math.isinf(exponent):
        return np.full(len(t), 1.0 if exponent > 0 else 0.0)
    return 1.0 / (1.0 + t**-exponent)


def _columns(tree: GameTree) -> tuple[NDArray, ...]:
    """The sequence form as the kernel reads it: entries by player, sorted by own sequence."""
    form = tree.sequences
    own, others, payoff = [], [], []
    for player in range(tree.players):
        order = np.argsort(form.reached[:, player], kind="stable")
        own.append(form.reached[order, player])
        others.append(np.delete(form.reached[order], player, axis=1))
        payoff.append(form.payoff[order, player])
    return form.first, form.before, form.owner, np.array(own), np.array(others), np.array(payoff)


@njit(cache=True, nogil=True)
def _iterate(
    first: NDArray[np.int32],
    before: NDArray[np.int32],
    owner: NDArray[np.int8],
    own: NDArray[np.int32],
    others: NDArray[np.int32],
    payoff: Floats,
    strategy: Floats,
    regret: Floats,
    total: Floats,
    reach: Floats,
    schedule: Floats,
) -> None:
    gain = np.zeros(len(reach))
    for t in range(schedule.shape[1]):
        for player in range(own.shape[0]):
            gain[-1] = 0.0
            for entry in range(own.shape[1]):
                weight = payoff[player, entry]
                for other in range(others.shape[2]):
                    weight *= reach[others[player, entry, other]]
                gain[own[player, entry]] += weight
            for infoset in range(len(before) - 1, -1, -1):
                if owner[infoset] == player:
                    _learn(
                        first[infoset],
                        first[infoset + 1],
                        before[infoset],
                        strategy,
                        regret,
                        total,
                        reach,
                        gain,
                        schedule[:, t],
                    )
            for infoset in range(len(before)):
                if owner[infoset] == player:
                    past = reach[before[infoset]]
                    for sequence in range(first[infoset], first[infoset + 1]):
                        reach[sequence] = past * strategy[sequence]


@njit(cache=True, nogil=True)
def _learn(
    first: int,
    end: int,
    before: int,
    strategy: Floats,
    regret: Floats,
    total: Floats,
    reach: Floats,
    gain: Floats,
    schedule: Floats,
) -> None:
    """Regrets and next strategy of one information set; its gains are used up."""
    value = 0.0
    for sequence in range(first, end):
        value += strategy[sequence] * gain[sequence]
    positive = 0.0
    for sequence in range(first, end):
        total[sequence] += schedule[2] * reach[before] * strategy[sequence]
        regretted = regret[sequence] + gain[sequence] - value
        if regretted > 0:
            regretted *= schedule[0]
            positive += regretted
        else:
            regretted *= schedule[1]
        regret[sequence] = regretted
        gain[sequence] = 0.0
    gain[before] += value
    for sequence in range(first, end):
        if positive > 0:
            strategy[sequence] = max(regret[sequence], 0.0) / positive
        else:
            strategy[sequence] = 1.0 / (end - first)
