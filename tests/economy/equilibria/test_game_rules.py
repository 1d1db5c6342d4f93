"""Rules that are broken, and misuse of trees and solvers, are explained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from economy.equilibria import (
    CFR,
    DiscountedCFR,
    EquilibriumError,
    GameTree,
    SampledCFR,
    solve_zero_sum_tree,
)
from tests.economy.equilibria.drawn_games import NESTED, Bad, Drawn, State


class Forgets(Bad):
    def observation(self, state: State, player: int) -> State:
        return (len(state),)


class Confuses(Bad):
    def legal(self, state: State) -> State:
        return (0, 1) if len(state) != 1 or state[0] else (0,)

    def observation(self, state: State, player: int) -> State:
        return state[1:]


class Unordered(Bad):
    def legal(self, state: State) -> State:
        return (1, 0)


class Unlikely(Bad):
    def chance(self, state: State) -> tuple[float, ...]:
        return (0.5, 0.4)


class Strangers(Bad):
    def player(self, state: State) -> int:
        return 2


class Unpaid(Bad):
    def returns(self, state: State) -> tuple[float, ...]:
        return (0.0,) * (1 + len(set(state)))


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (Forgets, "forgotten"),
        (Confuses, "show the player the difference"),
        (Unordered, "ascending"),
        (Unlikely, "sum 1"),
        (Strangers, "CHANCE"),
        (Unpaid, "finite number"),
    ],
)
def test_broken_rules_are_explained(rules: Callable[[], Bad], says: str) -> None:
    with pytest.raises(EquilibriumError, match=says):
        GameTree.from_rules(rules())


def test_misuse_is_explained() -> None:
    tree = GameTree.from_rules(Bad())
    with pytest.raises(EquilibriumError, match="nodes_max"):
        GameTree.from_rules(Bad(), nodes_max=5)
    with pytest.raises(EquilibriumError, match=r"tree.uniform"):
        tree.values(np.ones((1, 2)))
    with pytest.raises(EquilibriumError, match="sum to 1"):
        tree.values(np.ones(tree.legal.shape))
    with pytest.raises(EquilibriumError, match="player"):
        tree.best_response(tree.uniform(), 2)
    with pytest.raises(EquilibriumError, match="zero-sum"):
        solve_zero_sum_tree(tree)
    with pytest.raises(EquilibriumError, match="gamma"):
        DiscountedCFR(tree, gamma=-1)
    with pytest.raises(EquilibriumError, match="iterations"):
        CFR(tree).run(-1)


def test_regrets_refuse_a_damaged_state_and_a_sample_of_nobody() -> None:
    tree = GameTree.from_rules(NESTED)
    solver = CFR(tree)
    solver.run(3)
    saved = solver.state()
    for damage in (
        {"strategy": saved["strategy"] * 5},
        {"total": -1.0 - saved["total"]},
        {"iterations": 2.5},
        {"regret": "none"},
    ):
        with pytest.raises(EquilibriumError):
            solver.restore(saved | damage)
    sampled = SampledCFR(tree, np.random.default_rng(1))
    with pytest.raises(EquilibriumError, match="uint64"):
        sampled.restore(sampled.state() | {"stream": np.array([1.5])})
    with pytest.raises(EquilibriumError, match="iterations"):
        sampled.run(2.5)  # type: ignore[arg-type]
    alone = GameTree.from_rules(Drawn(1, (0,), (2,), ((True,),), (False,), 1))
    with pytest.raises(EquilibriumError, match="one alone"):
        SampledCFR(alone, np.random.default_rng(1))


class Halves(Bad):
    def legal(self, state: State) -> State:
        return (0.5, 1.5)  # type: ignore[return-value]


class Enormous(Bad):
    def legal(self, state: State) -> State:
        return (0, 10**9)


class Lists(Bad):
    def observation(self, state: State, player: int) -> State:
        return [1]  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("rules", "says"), [(Halves, "whole"), (Enormous, "65535"), (Lists, "hashable")]
)
def test_columns_that_cannot_be_are_explained(rules: Callable[[], Bad], says: str) -> None:
    with pytest.raises(EquilibriumError, match=says):
        GameTree.from_rules(rules())
