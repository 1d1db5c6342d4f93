"""Regret minimisation that looks at a sample of the tree: external-sampling Monte Carlo CFR.

M. Lanctot, K. Waugh, M. Zinkevich & M. Bowling, "Monte Carlo sampling for regret minimization in
extensive games", NIPS 2009, sec. 3.2. For each player in turn, chance and the others' actions are
drawn and all own actions are tried, so an iteration visits about the root of the tree's leaves.
Its regrets are those of CFR on average. It needs more iterations but often less time to a rough
answer, the more so the larger the game; for an exact one take ``CFRPlus``.

The average strategy collects what the others play where they are visited, which is right with two
players; with more, their sets are weighted by who else led to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.equilibria.checks import EquilibriumError, Floats, count
from economy.equilibria.game_tree import CHANCE, LEAF, GameTree
from economy.equilibria.regret_tables import RegretTables
from swarm.chance import uniform

Numbers = NDArray[np.int32]


class SampledCFR(RegretTables):
    """A run of external-sampling CFR, going on as long as one likes; ``rng`` is drawn from once.

        solver = SampledCFR(GameTree.from_rules(Kuhn()), np.random.default_rng(1))
        solver.run(10_000)

    Raises ``EquilibriumError`` for a game of one player, who nobody could sample the actions of.
    """

    def __init__(self, tree: GameTree, rng: np.random.Generator) -> None:
        if tree.players < 2:
            raise EquilibriumError(
                "the average is of what is sampled of other players, and this game has one alone; "
                "take CFRPlus(tree), or tree.best_response(tree.uniform(), 0)"
            )
        super().__init__(tree)
        self._stream = rng.integers(2**64, size=1, dtype=np.uint64)
        payoff = np.zeros((len(tree.parent), tree.players))
        payoff[tree.leaf] = tree.utility
        self._columns = (
            tree.first_child,
            tree.player,
            tree.infoset,
            tree.probability,
            payoff,
            tree.sequences.first,
        )

    def run(self, iterations: int) -> None:
        """Do more iterations, all in one compiled call."""
        more = count("iterations", iterations)
        _sample(*self._columns, self._strategy, self._regret, self._total, self._stream, more)
        self.iterations += more

    def state(self) -> dict[str, Any]:
        """What ``restore`` takes to go on bit-identically; copies."""
        return {**super().state(), "stream": self._stream.copy()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state of a run on the same tree.

        Raises ``EquilibriumError``, which leaves this run as it was.
        """
        stream = np.asarray(state.get("stream", ()))
        if stream.shape != (1,) or stream.dtype != np.uint64:
            raise EquilibriumError(
                f"a state has a stream, uint64[1]; got {stream.dtype}{list(stream.shape)}"
            )
        super().restore(state)
        self._stream = stream.copy()


@njit(cache=True, nogil=True)
def _sample(
    first_child: Numbers,
    player: NDArray[np.int8],
    infoset: Numbers,
    probability: Floats,
    payoff: Floats,
    first: Numbers,
    strategy: Floats,
    regret: Floats,
    total: Floats,
    stream: NDArray[np.uint64],
    iterations: int,
) -> None:
    # The visited nodes, parents first: which they are, by whom led to, how, and what they pay.
    node = np.zeros(len(player), np.int32)
    above = np.zeros(len(player), np.int32)
    sequence = np.zeros(len(player), np.int32)
    worth = np.zeros(len(player))
    for _ in range(iterations):
        for own in range(payoff.shape[1]):
            visited, place = 1, 0
            node[0] = 0
            while place < visited:
                at = node[place]
                mover = player[at]
                begin, end = first_child[at], first_child[at + 1]
                worth[place] = payoff[at, own] if mover == LEAF else 0.0
                start = first[infoset[at]] if mover >= 0 else -1
                if mover >= 0:
                    _match(regret, strategy, start, start + end - begin)
                if mover != own and mover != LEAF:
                    if mover != CHANCE:
                        for action in range(end - begin):
                            total[start + action] += strategy[start + action]
                        begin += _drawn(strategy[start : start + end - begin], stream)
                    else:
                        begin += _drawn(probability[begin:end], stream)
                    end = begin + 1
                for child in range(begin, end):
                    node[visited], above[visited] = child, place
                    sequence[visited] = start + child - begin if mover == own else -1
                    visited += 1
                place += 1
            for place in range(visited - 1, 0, -1):
                weight = strategy[sequence[place]] if sequence[place] >= 0 else 1.0
                worth[above[place]] += weight * worth[place]
            for place in range(1, visited):
                if sequence[place] >= 0:
                    regret[sequence[place]] += worth[place] - worth[above[place]]
    for each in range(len(first) - 1):
        _match(regret, strategy, first[each], first[each + 1])


@njit(cache=True, nogil=True)
def _drawn(chances: Floats, stream: NDArray[np.uint64]) -> int:
    """A place drawn with these chances; the last possible one takes what rounding leaves."""
    chosen, luck = 0, uniform(stream)
    for place in range(len(chances)):
        if chances[place] > 0:
            chosen = place
            luck -= chances[place]
            if luck < 0:
                break
    return chosen


@njit(cache=True, nogil=True)
def _match(regret: Floats, strategy: Floats, begin: int, end: int) -> None:
    """The strategy of an information set from its regrets."""
    positive = 0.0
    for each in range(begin, end):
        positive += max(regret[each], 0.0)
    for each in range(begin, end):
        strategy[each] = max(regret[each], 0.0) / positive if positive > 0 else 1.0 / (end - begin)
