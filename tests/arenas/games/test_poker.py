"""Kuhn and Leduc poker: published values and strategies, and strategies set against each other."""

import numpy as np
import pytest

from arenas.games import Kuhn, Leduc, SequentialGame, TreeContest, after_chance, payoff_matrix
from arenas.games.leduc import CALL, FOLD, RAISE, LeducState
from economy.equilibria import (
    CHANCE,
    LEAF,
    CFRPlus,
    EquilibriumError,
    GameTree,
    solve_zero_sum_tree,
)
from swarm.chance import seeded, uniform

KUHN, LEDUC = GameTree.from_rules(Kuhn()), GameTree.from_rules(Leduc())


def kuhn_equilibrium(bluff: float) -> np.ndarray:
    """Kuhn's equilibria, one for each share 0 .. 1/3 of bluffs with the lowest card."""
    table = np.zeros(KUHN.legal.shape)
    bets = {  # by player, card and the moves so far (0 pass, 1 bet)
        (0, (0, -1, -1, -1)): bluff,
        (0, (1, -1, -1, -1)): 0.0,
        (0, (2, -1, -1, -1)): 3 * bluff,
        (0, (0, 0, 1, -1)): 0.0,
        (0, (1, 0, 1, -1)): bluff + 1 / 3,
        (0, (2, 0, 1, -1)): 1.0,
        (1, (0, 0, -1, -1)): 1 / 3,
        (1, (1, 0, -1, -1)): 0.0,
        (1, (2, 0, -1, -1)): 1.0,
        (1, (0, 1, -1, -1)): 0.0,
        (1, (1, 1, -1, -1)): 1 / 3,
        (1, (2, 1, -1, -1)): 1.0,
    }
    assert set(bets) == set(KUHN.keys)
    for row, key in enumerate(KUHN.keys):
        table[row] = 1 - bets[key], bets[key]  # type: ignore[index]
    return table


def drawn(tree: GameTree, number: int, seed: int) -> np.ndarray:
    tables = np.random.default_rng(seed).random((number, *tree.legal.shape)) ** 3 * tree.legal
    return tables / tables.sum(axis=2, keepdims=True)


def test_kuhn_is_worth_minus_one_eighteenth() -> None:
    assert KUHN.legal.shape == (12, 2)
    assert KUHN.nash_conv(KUHN.uniform()) == pytest.approx(0.916667, abs=5e-7)
    for bluff in (0, 0.2, 1 / 3):
        table = kuhn_equilibrium(bluff)
        assert KUHN.values(table) == pytest.approx([-1 / 18, 1 / 18])
        assert KUHN.nash_conv(table) == pytest.approx(0, abs=1e-12)
    assert KUHN.nash_conv(kuhn_equilibrium(0.3) * 0.9 + KUHN.uniform() * 0.1) > 0.01
    value, strategy = solve_zero_sum_tree(KUHN)
    assert value == pytest.approx(-1 / 18)
    assert KUHN.exploitability(strategy) < 1e-9
    solver = CFRPlus(KUHN)
    solver.run(2_000)
    assert solver.nash_conv() < 2e-4
    assert KUHN.values(solver.average_strategy())[0] == pytest.approx(-1 / 18, abs=2e-4)


def test_leduc_and_its_published_figures() -> None:
    assert LEDUC.legal.shape == (288, 3)
    assert LEDUC.nash_conv(LEDUC.uniform()) == pytest.approx(4.747222, abs=5e-7)
    value, strategy = solve_zero_sum_tree(LEDUC)
    assert value == pytest.approx(-0.0856, abs=5e-5)
    assert LEDUC.nash_conv(strategy) < 1e-9
    solver = CFRPlus(LEDUC)
    solver.run(300)
    assert solver.nash_conv() < 5e-3
    assert LEDUC.values(solver.average_strategy())[0] == pytest.approx(value, abs=2.5e-3)


def test_three_at_the_table() -> None:
    tree = GameTree.from_rules(Kuhn(players=3))
    assert tree.legal.shape == (48, 2)  # 4 cards × 4 situations × 3 players
    assert tree.utility.sum(axis=1).tolist() == [0.0] * len(tree.leaf)
    solver = CFRPlus(tree)
    solver.run(1_000)
    # Not promised with three, but published to work: Abou Risk & Szafron 2010.
    assert solver.nash_conv() < 1e-3


def leduc_after(*moves: int, hands: tuple[int, int], board: int) -> LeducState:
    """Play moves; the board is laid open when its time comes."""
    game = Leduc()
    state = LeducState(hands)
    for move in moves:
        if game.player(state) == CHANCE:
            state = game.next(state, board)
        assert move in game.legal(state)
        state = game.next(state, move)
    return state


@pytest.mark.parametrize(
    ("moves", "hands", "board", "paid"),
    [
        ((CALL, CALL, CALL, CALL), (2, 0), 1, 1),  # the higher rank
        ((CALL, CALL, CALL, CALL), (2, 0), 0, -1),  # the pair
        ((CALL, CALL, CALL, CALL), (1, 1), 0, 0),  # shared
        ((RAISE, FOLD), (0, 2), -1, 1),
        ((CALL, RAISE, FOLD), (2, 0), -1, -1),
        ((RAISE, RAISE, FOLD), (2, 0), -1, -3),
        ((RAISE, CALL, CALL, RAISE, CALL), (2, 0), 1, 7),
        ((CALL, RAISE, RAISE, CALL, RAISE, RAISE, CALL), (0, 1), 0, 13),
        ((CALL, RAISE, RAISE, CALL, RAISE, RAISE, FOLD), (0, 1), 0, -9),
    ],
)
def test_leduc_pays(moves: tuple[int, ...], hands: tuple[int, int], board: int, paid: int) -> None:
    game = Leduc()
    state = leduc_after(*moves, hands=hands, board=board)
    assert game.player(state) == LEAF
    assert game.returns(state) == (paid, -paid)


def test_leduc_allows() -> None:
    game = Leduc()
    assert game.legal(LeducState((0, 1))) == (CALL, RAISE)
    assert game.legal(leduc_after(RAISE, hands=(0, 1), board=-1)) == (FOLD, CALL, RAISE)
    assert game.legal(leduc_after(RAISE, RAISE, hands=(0, 1), board=-1)) == (FOLD, CALL)
    dealt = leduc_after(CALL, CALL, hands=(1, 1), board=-1)
    assert game.legal(dealt) == (0, 2)
    assert game.chance(dealt) == (0.5, 0.5)
    assert game.chance(LeducState((1,))) == (0.4, 0.2, 0.4)
    assert leduc_after(CALL, CALL, RAISE, hands=(0, 1), board=2).moves == ((1, 1), (2,))


@pytest.mark.parametrize("game", [Kuhn(), Kuhn(3), Leduc()], ids=["kuhn", "kuhn-3", "leduc"])
def test_games_can_be_stepped(game: SequentialGame) -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        state = after_chance(game, game.initial(), rng)
        while game.player(state) != LEAF:
            for player in range(game.players):
                assert len(game.observation(state, player)) == game.observation_size
            assert set(game.legal(state)) <= set(range(game.actions))
            state = after_chance(game, game.next(state, rng.choice(game.legal(state))), rng)
        assert sum(game.returns(state)) == 0


def test_chance_deals_all_cards_alike() -> None:
    game, rng, number = Kuhn(), np.random.default_rng(5), 3_000
    dealt = [after_chance(game, game.initial(), rng).cards for _ in range(number)]
    _, counts = np.unique(np.array(dealt), axis=0, return_counts=True)
    assert len(counts) == 6
    assert (np.abs(counts - number / 6) < 4 * np.sqrt(number * 5 / 36)).all()


def test_payoff_matrix_equals_values_of_the_tree() -> None:
    tables = drawn(LEDUC, 3, 1)
    first = payoff_matrix(LEDUC, tables, seats="first")
    both = payoff_matrix(LEDUC, tables)
    for i in range(3):
        for j in range(3):
            mixed = np.where((LEDUC.infoset_player == 0)[:, None], tables[i], tables[j])
            assert first[i, j] == pytest.approx(LEDUC.values(mixed)[0])
    np.testing.assert_allclose(both, (first - first.T) / 2, atol=1e-12)
    # In equilibrium nobody wins on average.
    equilibrium = kuhn_equilibrium(0.1)
    against = payoff_matrix(KUHN, [equilibrium, *drawn(KUHN, 20, 2)])
    assert (against[0] > -1e-12).all()


def test_contest_is_fair_to_the_exact_payoffs() -> None:
    tables = drawn(LEDUC, 3, 3)
    contest = TreeContest(LEDUC, {"a": tables[0], "b": tables[1], "c": tables[2]}, hands=4)
    assert contest.names == ("a", "b", "c")
    pairs = np.repeat([[0, 1], [1, 2], [2, 2]], 4_000, axis=0)
    seeds = np.random.default_rng(6).integers(2**64, size=len(pairs), dtype=np.uint64)
    points = contest(pairs, seeds)
    np.testing.assert_allclose(points.sum(axis=1), 0, atol=1e-12)
    exact = payoff_matrix(LEDUC, tables)
    for match, (i, j) in enumerate([(0, 1), (1, 2), (2, 2)]):
        some = points[4_000 * match : 4_000 * (match + 1), 0]
        assert abs(some.mean() - exact[i, j]) < 4 * some.std() / np.sqrt(len(some))
    # A match draws from its own seed only: alone, or in another order, it is the same.
    order = np.random.default_rng(7).permutation(len(pairs))[:50]
    assert (contest(pairs[order], seeds[order]) == points[order]).all()
    assert (contest(pairs[7], seeds[7]) == points[7]).all()


def test_contest_equals_stepping_through_the_rules() -> None:
    game, tables, hands = Leduc(), drawn(LEDUC, 2, 8), 3
    rows = [dict(zip(LEDUC.keys, table.tolist(), strict=True)) for table in tables]
    seeds = np.random.default_rng(9).integers(2**64, size=150, dtype=np.uint64)
    points = TreeContest(LEDUC, {"a": tables[0], "b": tables[1]}, hands)([[0, 1]] * 150, seeds)
    for seed, (first, second) in zip(seeds, points, strict=True):
        stream, won = seeded(seed), 0.0
        for hand in range(hands):
            state = game.initial()
            while (mover := game.player(state)) != LEAF:
                if mover == CHANCE:
                    chances = game.chance(state)
                else:
                    row = rows[mover ^ (hand % 2)][mover, game.observation(state, mover)]
                    chances = tuple(row[action] for action in game.legal(state))
                chosen = int(np.searchsorted(np.cumsum(chances), uniform(stream), side="right"))
                state = game.next(state, game.legal(state)[min(chosen, len(chances) - 1)])
            won += game.returns(state)[hand % 2]
        assert first == pytest.approx(won / hands)
        assert second == pytest.approx(-won / hands)


def test_first_hand_seats_the_first_named_first() -> None:
    never, always = np.zeros((2, 12, 2))
    never[:, 0], always[:, 1] = 1, 1
    contest = TreeContest(KUHN, {"never": never, "always": always}, hands=1)
    seeds = np.arange(200, dtype=np.uint64)
    # Who never bets passes, and folds to the bet: -1 whatever the cards, in either seat.
    assert set(contest(np.tile([0, 1], (200, 1)), seeds)[:, 0]) == {-1.0}
    assert set(contest(np.tile([1, 0], (200, 1)), seeds)[:, 1]) == {-1.0}
    assert set(contest(np.tile([1, 1], (200, 1)), seeds)[:, 0]) == {-2.0, 2.0}
    first = np.where((KUHN.infoset_player == 0)[:, None], always, never)
    lopsided = TreeContest(KUHN, {"first": first, "never": never}, hands=1)
    assert set(lopsided(np.tile([0, 1], (200, 1)), seeds)[:, 0]) == {1.0}
    assert set(lopsided(np.tile([1, 0], (200, 1)), seeds)[:, 0]) == {-1.0, 1.0}


def test_misuse_is_explained() -> None:
    with pytest.raises(EquilibriumError, match="2 players"):
        Kuhn(players=1)
    with pytest.raises(EquilibriumError, match="seats"):
        payoff_matrix(KUHN, [KUHN.uniform()], seats="last")
    with pytest.raises(EquilibriumError, match="two players"):
        TreeContest(GameTree.from_rules(Kuhn(3)), {})
    contest = TreeContest(KUHN, {"uniform": KUHN.uniform()})
    with pytest.raises(EquilibriumError, match="players are"):
        contest([[0, 1]], [1])
    with pytest.raises(EquilibriumError, match="a seed"):
        contest([[0, 0]], [1, 2])
    with pytest.raises(EquilibriumError, match="hand"):
        TreeContest(KUHN, {}, hands=0)


def test_four_players_take_turns_and_pay_each_other() -> None:
    game, rng = Kuhn(4), np.random.default_rng(4)
    for _ in range(200):
        state, movers = after_chance(game, game.initial(), rng), []
        while (mover := game.player(state)) != LEAF:
            movers.append(mover)
            state = game.next(state, int(rng.integers(2)))
        assert movers == [turn % 4 for turn in range(len(movers))]
        assert sum(game.returns(state)) == 0
        assert max(game.returns(state)) >= 3


def test_columns_of_other_kinds_are_explained() -> None:
    contest = TreeContest(KUHN, {"a": KUHN.uniform(), "b": KUHN.uniform()})
    for pairs, seeds in (
        ([[0, 1]], [-1]),
        ([[0.7, 1]], [1]),
        ([0, 1, 1, 0], [1, 2]),
        ([[0, 1, 1]], [1]),
    ):
        with pytest.raises(EquilibriumError, match="pairs are"):
            contest(pairs, seeds)
    assert contest(np.zeros((0, 2), np.int64), np.zeros(0, np.uint64)).shape == (0, 2)
    assert payoff_matrix(KUHN, []).shape == (0, 0)
    with pytest.raises(EquilibriumError, match="whole number of hands"):
        TreeContest(KUHN, {"a": KUHN.uniform()}, hands=2.5)  # type: ignore[arg-type]
