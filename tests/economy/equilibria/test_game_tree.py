"""Game trees, best responses and counterfactual regret against recursions over the rules."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

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


class Bad(Drawn):
    """A fair game of two moves, spoiled below."""

    def __init__(self) -> None:
        super().__init__(2, (CHANCE, 0, 0), (2, 2, 2), ((True, True),) * 3, (False,) * 3, 1)


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
