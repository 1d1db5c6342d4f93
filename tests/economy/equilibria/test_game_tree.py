"""Game trees, best responses and counterfactual regret against recursions over the rules."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from economy.equilibria import (
    CFR,
    CHANCE,
    LEAF,
    CFRPlus,
    DiscountedCFR,
    EquilibriumError,
    GameTree,
    SampledCFR,
    solve_zero_sum_tree,
)
from tests.economy.equilibria.drawn_games import NESTED, Bad, Drawn, State, drawn_strategy, games


class Reference:
    """Recursions over states, with strategies looked up by what players observe."""

    def __init__(self, game: Drawn, tree: GameTree, table: np.ndarray) -> None:
        self.game = game
        self.rows = dict(zip(tree.keys, table.tolist(), strict=True))

    def row(self, state: State) -> list[float]:
        mover = self.game.player(state)
        if mover == CHANCE:
            return list(self.game.chance(state))
        return self.rows[mover, self.game.observation(state, mover)]

    def value(self, state: State = ()) -> np.ndarray:
        if self.game.player(state) == LEAF:
            return np.array(self.game.returns(state))
        return sum(self.row(state)[a] * self.value((*state, a)) for a in self.game.legal(state))  # type: ignore[return-value]

    def best(self, player: int) -> float:
        """Each information set takes what is best over its states, weighed by the others."""
        sets: dict[State, list[tuple[State, float]]] = defaultdict(list)

        def visit(state: State, weight: float) -> None:
            mover = self.game.player(state)
            if mover == player:
                sets[self.game.observation(state, player)].append((state, weight))
            if mover != LEAF:
                for a in self.game.legal(state):
                    visit((*state, a), weight * (1 if mover == player else self.row(state)[a]))

        def worth(state: State) -> float:
            mover = self.game.player(state)
            if mover == LEAF:
                return self.game.returns(state)[player]
            if mover != player:
                return sum(self.row(state)[a] * worth((*state, a)) for a in self.game.legal(state))
            alike = sets[self.game.observation(state, player)]
            totals = [sum(w * worth((*s, a)) for s, w in alike) for a in self.game.legal(state)]
            return worth((*state, totals.index(max(totals))))

        visit((), 1.0)
        return worth(())


@settings(deadline=None, max_examples=40)
@given(game=games(), seed=st.integers(0, 2**32))
@example(game=NESTED, seed=1)
def test_values_and_best_responses_equal_the_recursion(game: Drawn, seed: int) -> None:
    tree = GameTree.from_rules(game)
    table = drawn_strategy(tree, seed)
    reference = Reference(game, tree, table)
    np.testing.assert_allclose(tree.values(table), reference.value(), atol=1e-12)
    conv = 0.0
    for player in range(game.players):
        best, answer = tree.best_response(table, player)
        assert best == pytest.approx(reference.best(player), abs=1e-12)
        # The answer does what it promises, and nobody else's rows have changed.
        assert tree.values(answer)[player] == pytest.approx(best, abs=1e-12)
        others = tree.infoset_player != player
        assert (answer[others] == table[others]).all()
        conv += best - reference.value()[player]
    assert tree.nash_conv(table) == pytest.approx(conv, abs=1e-11)


def test_columns_tell_the_rules() -> None:
    game = Drawn(2, (CHANCE, 0, 1), (2, 2, 3), ((True, False),) * 3, (False, True, False), 7)
    tree = GameTree.from_rules(game)
    states: list[State] = [()]
    for node in range(1, len(tree.parent)):
        states.append((*states[tree.parent[node]], int(tree.action[node])))
    for node, state in enumerate(states):
        children = range(tree.first_child[node], tree.first_child[node + 1])
        assert all(tree.parent[child] == node for child in children)
        assert tree.player[node] == game.player(state)
        if tree.player[node] == LEAF:
            place = tree.leaf.tolist().index(node)
            assert tuple(tree.utility[place]) == game.returns(state)
            continue
        assert [int(tree.action[child]) for child in children] == list(game.legal(state))
        mover = game.player(state)
        chances = game.chance(state) if mover == CHANCE else [1.0] * len(children)
        assert [tree.probability[child] for child in children] == list(chances)
        if mover >= 0:
            assert tree.keys[tree.infoset[node]] == (mover, game.observation(state, mover))
    # Player 1 sees nothing: one set of two nodes, four counting chance, less those ended.
    assert (tree.infoset_player == 1).sum() == 1
    assert (tree.infoset == np.flatnonzero(tree.infoset_player == 1)[0]).sum() == 2


def reference_cfr(
    game: Drawn,
    tree: GameTree,
    iterations: int,
    alpha: float,
    beta: float,
    gamma: float,
    delay: int,
) -> np.ndarray:
    """Counterfactual regret over states (Zinkevich et al. 2007), discounted as in Brown 2019."""
    current = Reference(game, tree, tree.uniform())
    width = tree.legal.shape[1]
    regret = {key: [0.0] * width for key in tree.keys}
    total = {key: [0.0] * width for key in tree.keys}

    def visit(state: State, player: int, own: float, others: float, weight: float) -> float:
        mover = game.player(state)
        if mover == LEAF:
            return game.returns(state)[player]
        row = current.row(state)
        if mover != player:
            return sum(
                row[a] * visit((*state, a), player, own, others * row[a], weight)
                for a in game.legal(state)
            )
        worth = [
            visit((*state, a), player, own * row[a], others, weight) for a in game.legal(state)
        ]
        value = sum(row[a] * worth[a] for a in game.legal(state))
        key = mover, game.observation(state, mover)
        for a in game.legal(state):
            regret[key][a] += others * (worth[a] - value)
            total[key][a] += weight * own * row[a]
        return value

    def kept(t: int, exponent: float) -> float:
        return float(exponent > 0) if math.isinf(exponent) else t**exponent / (t**exponent + 1)

    for t in range(1, iterations + 1):
        for player in range(game.players):
            visit((), player, 1.0, 1.0, float(max(t - delay, 0)) ** gamma if t > delay else 0.0)
            for key, legal in zip(tree.keys, tree.legal, strict=True):
                if key[0] == player:
                    regret[key] = [r * kept(t, alpha if r > 0 else beta) for r in regret[key]]
                    positive = [max(r, 0.0) for r in regret[key]]
                    total_positive = sum(positive)
                    current.rows[key] = (
                        [r / total_positive for r in positive]
                        if total_positive > 0
                        else (legal / legal.sum()).tolist()
                    )
    table = np.array([total[key] for key in tree.keys]).reshape(tree.legal.shape)
    sums = table.sum(axis=1, keepdims=True)
    return np.where(sums > 0, table / np.where(sums > 0, sums, 1), tree.uniform())


VARIANTS: list[tuple[Callable[[GameTree], DiscountedCFR], tuple[float, float, float, int]]] = [
    (CFR, (math.inf, math.inf, 0, 0)),
    (CFRPlus, (math.inf, -math.inf, 1, 0)),
    (lambda tree: CFRPlus(tree, delay=3), (math.inf, -math.inf, 1, 3)),
    (DiscountedCFR, (1.5, 0, 2, 0)),
    (lambda tree: DiscountedCFR(tree, alpha=1, beta=1, gamma=1), (1, 1, 1, 0)),
]


@settings(deadline=None, max_examples=30)
@given(game=games(), variant=st.sampled_from(VARIANTS))
@example(game=NESTED, variant=VARIANTS[0])
@example(game=NESTED, variant=VARIANTS[2])
def test_regret_minimisation_equals_the_recursion(
    game: Drawn,
    variant: tuple[Callable[[GameTree], DiscountedCFR], tuple[float, float, float, int]],
) -> None:
    tree = GameTree.from_rules(game)
    build, settings_ = variant
    solver = build(tree)
    solver.run(4)
    solver.run(3)
    expected = reference_cfr(game, tree, 7, *settings_)
    np.testing.assert_allclose(solver.average_strategy(), expected, atol=1e-9)


@settings(deadline=None, max_examples=25)
@given(game=games(zero_sum=True))
def test_solvers_agree_on_zero_sum_trees(game: Drawn) -> None:
    tree = GameTree.from_rules(game)
    value, strategy = solve_zero_sum_tree(tree)
    assert tree.nash_conv(strategy) < 1e-7
    solver = CFRPlus(tree)
    solver.run(2_000)
    conv = solver.nash_conv()
    assert -1e-12 < conv < 0.02
    assert abs(tree.values(solver.average_strategy())[0] - value) <= conv + 1e-7


def test_sampled_regrets_are_right_on_average_and_lead_to_an_equilibrium() -> None:
    tree = GameTree.from_rules(replace(NESTED, zero_sum=True))
    rng, number = np.random.default_rng(12), 2_000
    regrets = np.empty((number, int(tree.legal.sum())))
    for row in regrets:
        once = SampledCFR(tree, rng)
        once.run(1)
        row[:] = once.state()["regret"]
    exact = CFR(tree)
    exact.run(1)
    # Of player 0, since player 1's answer what player 0 has just learned.
    first = tree.infoset_player[np.nonzero(tree.legal)[0]] == 0
    error = regrets.std(axis=0)[first] / np.sqrt(number)
    gap = (regrets.mean(axis=0) - exact.state()["regret"])[first]
    assert (np.abs(gap) <= 4 * error + 1e-12).all()
    assert (error > 0).sum() >= 10

    solver = SampledCFR(tree, rng)
    convs = []
    for iterations in (100, 20_000):
        solver.run(iterations)
        convs.append(solver.nash_conv())
    assert convs[1] < 0.03 < convs[0]


@pytest.mark.parametrize(
    "build", [DiscountedCFR, lambda tree: SampledCFR(tree, np.random.default_rng(13))]
)
def test_a_restored_run_goes_on_bit_identically(
    build: Callable[[GameTree], DiscountedCFR | SampledCFR],
) -> None:
    tree = GameTree.from_rules(replace(NESTED, zero_sum=True))
    solver, again, straight = build(tree), build(tree), build(tree)
    solver.run(20)
    saved = solver.state()
    again.run(7)
    again.restore(saved)
    for each in (solver, again):
        each.run(30)
    straight.run(50)
    for name, column in straight.state().items():
        assert np.array_equal(column, solver.state()[name])
        assert np.array_equal(column, again.state()[name])
    assert (solver.strategy() == straight.strategy()).all()
    assert saved["iterations"] == 20  # a copy

    other = build(GameTree.from_rules(Drawn(2, (0,), (2,), ((True, True),), (False,), 1)))
    for broken in (
        other.state(),
        saved | {"regret": saved["regret"] * np.nan},
        {"iterations": 3},
    ):
        with pytest.raises(EquilibriumError):
            again.restore(broken)
    for name, column in straight.state().items():
        assert np.array_equal(column, again.state()[name])


class Scaled(Drawn):
    """A drawn game whose payoffs are counted in another unit."""

    unit = 1e-10

    def returns(self, state: State) -> tuple[float, ...]:
        return tuple(self.unit * paid for paid in super().returns(state))


def test_the_unit_of_payoffs_does_not_matter() -> None:
    game = replace(NESTED, zero_sum=True)
    value, _ = solve_zero_sum_tree(GameTree.from_rules(game))
    tiny, _ = solve_zero_sum_tree(GameTree.from_rules(Scaled(**vars(game))))
    assert tiny / Scaled.unit == pytest.approx(value, abs=1e-6)


def test_of_equally_good_actions_the_lowest_is_taken() -> None:
    class Indifferent(Bad):
        def returns(self, state: State) -> tuple[float, ...]:
            return (1.0, 1.0)

    tree = GameTree.from_rules(Indifferent())
    _, answer = tree.best_response(tree.uniform(), 0)
    assert (answer[:, 0] == 1.0).all()
