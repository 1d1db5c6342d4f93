"""Games to try trees with: drawn at random, nested, and a fair one that others spoil."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from economy.equilibria import CHANCE, LEAF, GameTree

State = tuple[int, ...]


@dataclass(frozen=True)
class Drawn:
    """A drawn game: at each depth one mover, whose action some see; action 0 may end the game.

    Players know the depth, what they did and what they saw, so they never forget.
    """

    players: int
    movers: tuple[int, ...]
    sizes: tuple[int, ...]
    seen: tuple[tuple[bool, ...], ...]  # [depth][player]
    ends: tuple[bool, ...]
    seed: int
    zero_sum: bool = False

    def initial(self) -> State:
        return ()

    def player(self, state: State) -> int:
        over = len(state) == len(self.movers)
        if state and state[-1] == 0 and self.ends[len(state) - 1]:
            over = True
        return LEAF if over else self.movers[len(state)]

    def legal(self, state: State) -> tuple[int, ...]:
        return tuple(range(self.sizes[len(state)]))

    def chance(self, state: State) -> tuple[float, ...]:
        drawn = np.random.default_rng([self.seed, len(state), *state]).random(
            len(self.legal(state))
        )
        return tuple((drawn + 0.1) / (drawn + 0.1).sum())

    def next(self, state: State, action: int) -> State:
        return (*state, action)

    def returns(self, state: State) -> tuple[float, ...]:
        paid = np.random.default_rng([self.seed, 99, len(state), *state]).normal(size=self.players)
        return (paid[0], -paid[0]) if self.zero_sum else tuple(paid)

    def observation(self, state: State, player: int) -> tuple[int, ...]:
        return tuple(
            action if self.movers[depth] == player or self.seen[depth][player] else -1
            for depth, action in enumerate(state)
        )


@st.composite
def games(draw: st.DrawFn, zero_sum: bool = False) -> Drawn:
    players = 2 if zero_sum else draw(st.integers(1, 3))
    depth = draw(st.integers(0, 5))
    movers = st.integers(CHANCE, players - 1)
    return Drawn(
        players,
        tuple(draw(movers) for _ in range(depth)),
        tuple(draw(st.integers(1, 3)) for _ in range(depth)),
        tuple(tuple(draw(st.booleans()) for _ in range(players)) for _ in range(depth)),
        tuple(draw(st.booleans()) for _ in range(depth)),
        draw(st.integers(0, 2**32)),
        zero_sum,
    )


NESTED = Drawn(  # everybody moves twice, sees a part, and chance comes between
    2,
    (CHANCE, 0, 1, CHANCE, 0, 1),
    (2, 2, 2, 2, 3, 2),
    ((True, False), (True, False), (True, True), (False, True), (True, True), (True, True)),
    (False, True, True, False, False, False),
    11,
)


def drawn_strategy(tree: GameTree, seed: int) -> np.ndarray:
    table = np.random.default_rng(seed).random(tree.legal.shape) * tree.legal
    return table / table.sum(axis=1, keepdims=True)


class Bad(Drawn):
    """A fair game of two moves, spoiled below."""

    def __init__(self) -> None:
        super().__init__(2, (CHANCE, 0, 0), (2, 2, 2), ((True, True),) * 3, (False,) * 3, 1)
