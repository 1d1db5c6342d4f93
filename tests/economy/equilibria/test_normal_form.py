"""Matrix games: values, all equilibria, fictitious play, against published games and by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.equilibria import (
    EquilibriumError,
    FictitiousPlay,
    action_values,
    expected_payoffs,
    exploitability,
    nash_conv,
    solve_zero_sum,
    support_enumeration,
)

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
HAWK_DOVE = np.array([[-1.0, 2], [0, 1]])  # V = 2, C = 4
seeds = st.integers(0, 2**32)


def reference_payoff(payoff: np.ndarray, strategies: list[np.ndarray]) -> float:
    """Over all choices of actions, one by one."""
    return sum(
        float(payoff[choice]) * np.prod([x[a] for x, a in zip(strategies, choice, strict=True)])
        for choice in product(*(range(size) for size in payoff.shape))
    )


@settings(deadline=None, max_examples=30)
@given(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=3), seed=seeds)
def test_nash_conv_equals_the_sum_over_all_choices(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(len(sizes), *sizes))
    mixed = [rng.dirichlet(np.ones(size)) for size in sizes]
    conv = 0.0
    for player, size in enumerate(sizes):
        pure = [[*mixed[:player], np.eye(size)[a], *mixed[player + 1 :]] for a in range(size)]
        worth = [reference_payoff(payoffs[player], each) for each in pure]
        np.testing.assert_allclose(action_values(payoffs, mixed)[player], worth, atol=1e-12)
        mean = reference_payoff(payoffs[player], mixed)
        assert expected_payoffs(payoffs, mixed)[player] == pytest.approx(mean, abs=1e-12)
        conv += max(worth) - mean
    assert nash_conv(payoffs, mixed) == pytest.approx(conv, abs=1e-12)
    assert exploitability(payoffs, mixed) == pytest.approx(conv / len(sizes), abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(m=st.integers(1, 6), n=st.integers(1, 6), seed=seeds)
def test_linear_programme_solves_random_zero_sum_games(m: int, n: int, seed: int) -> None:
    paid = np.random.default_rng(seed).integers(-9, 10, (m, n))
    solution = solve_zero_sum(paid)
    assert nash_conv([paid, -paid], [solution.row, solution.column]) < 1e-9
    assert solution.value == pytest.approx(solution.row @ paid @ solution.column)


def test_zero_sum_games_of_known_value() -> None:
    assert solve_zero_sum(RPS).value == pytest.approx(0)
    np.testing.assert_allclose(solve_zero_sum(RPS).row, 1 / 3)
    solution = solve_zero_sum([[3, -1], [-1, 1]])
    assert solution.value == pytest.approx(1 / 3)
    np.testing.assert_allclose(solution.column, [1 / 3, 2 / 3])


@pytest.mark.parametrize(
    ("row", "column", "equilibria"),
    [
        pytest.param(
            [[3, 0], [0, 2]],
            [[2, 0], [0, 3]],
            [([1, 0], [1, 0]), ([0, 1], [0, 1]), ([3 / 5, 2 / 5], [2 / 5, 3 / 5])],
            id="battle of the sexes",
        ),
        pytest.param(
            HAWK_DOVE,
            HAWK_DOVE.T,
            [([1, 0], [0, 1]), ([0, 1], [1, 0]), ([0.5, 0.5], [0.5, 0.5])],
            id="hawk-dove",
        ),
        pytest.param(
            [[3, 3], [2, 5], [0, 6]],
            [[3, 2], [2, 6], [3, 1]],
            [
                ([1, 0, 0], [1, 0]),
                ([4 / 5, 1 / 5, 0], [2 / 3, 1 / 3]),
                ([0, 1 / 3, 2 / 3], [1 / 3, 2 / 3]),
            ],
            id="Algorithmic game theory, eq. 3.7",
        ),
        pytest.param(RPS, -RPS, [([1 / 3] * 3, [1 / 3] * 3)], id="rock-paper-scissors"),
    ],
)
def test_published_equilibria(row: object, column: object, equilibria: list) -> None:
    found = support_enumeration(row, column)  # type: ignore[arg-type]
    assert len(found) == len(equilibria)
    assert not found.degenerate
    for x, y, (wanted_x, wanted_y) in zip(found.row, found.column, equilibria, strict=True):
        np.testing.assert_allclose(x, wanted_x, atol=1e-12)
        np.testing.assert_allclose(y, wanted_y, atol=1e-12)


def test_coordination_has_an_equilibrium_for_every_support() -> None:
    found = support_enumeration(np.eye(3), np.eye(3))
    assert len(found) == 7
    supports = {tuple(x > 0) for x in found.row}
    assert len(supports) == 7
    for x, y in zip(found.row, found.column, strict=True):
        np.testing.assert_allclose(x, (x > 0) / (x > 0).sum())
        np.testing.assert_allclose(x, y, atol=1e-12)
    assert len(support_enumeration(np.eye(7), np.eye(7))) == 127


@settings(deadline=None, max_examples=40)
@given(m=st.integers(1, 4), n=st.integers(1, 4), few=st.booleans(), seed=seeds)
def test_enumeration_finds_equilibria_and_an_odd_number(
    m: int, n: int, few: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    # Payoffs of few values make games degenerate.
    A, B = rng.integers(0, 3, (2, m, n)) if few else rng.normal(size=(2, m, n))
    found = support_enumeration(A, B)
    for x, y, payoffs in zip(found.row, found.column, found.payoffs, strict=True):
        assert nash_conv([A, B], [x, y]) < 1e-8
        np.testing.assert_allclose(payoffs, [x @ A @ y, x @ B @ y])
    supports = {(tuple(x > 0), tuple(y > 0)) for x, y in zip(found.row, found.column, strict=True)}
    assert len(supports) == len(found)
    if not found.degenerate:
        assert len(found) % 2 == 1
    pure = {
        (i, j)
        for i, j in product(range(m), range(n))
        if A[i, j] == A[:, j].max() and B[i, j] == B[i].max()
    }
    mixes = zip(found.row, found.column, strict=True)
    assert pure == {(int(x.argmax()), int(y.argmax())) for x, y in mixes if x.max() == y.max() == 1}


def test_degenerate_games_are_told() -> None:
    # Against the first column both rows are best: a continuum of equilibria.
    assert support_enumeration([[1, 0], [1, 1]], [[1, 0], [0, 1]]).degenerate
    assert support_enumeration([[1, 1], [1, 1]], [[1, 1], [1, 1]]).degenerate
    assert not support_enumeration([[2, 0], [1, 1]], [[1, 0], [0, 1]]).degenerate


def test_fictitious_play_of_rock_paper_scissors() -> None:
    play = FictitiousPlay(RPS, start=(0, 1))
    for rounds, conv in ((100, 0.168), (1_000, 0.053), (10_000, 0.0167), (100_000, 0.0053)):
        play.run(rounds - play.rounds)
        assert float(f"{play.nash_conv():.{len(str(conv)) - 2}f}") == conv


@settings(deadline=None, max_examples=30)
@given(m=st.integers(1, 4), n=st.integers(1, 4), seed=seeds, split=st.integers(0, 30))
def test_fictitious_play_equals_the_plain_rule(m: int, n: int, seed: int, split: int) -> None:
    rng = np.random.default_rng(seed)
    A, B = rng.integers(-3, 4, (2, m, n))
    start = int(rng.integers(m)), int(rng.integers(n))
    pasts: tuple[list[int], list[int]] = ([start[0]], [start[1]])
    for _ in range(30):
        row = [sum(int(A[i, j]) for j in pasts[1]) for i in range(m)]
        column = [sum(int(B[i, j]) for i in pasts[0]) for j in range(n)]
        pasts[0].append(row.index(max(row)))
        pasts[1].append(column.index(max(column)))
    first = FictitiousPlay(A, B, start)
    first.run(split)
    second = FictitiousPlay(A, B)
    second.restore(first.state())
    for play in (first, second):
        play.run(30 - split)
        for shares, past, size in zip(play.strategies(), pasts, (m, n), strict=True):
            assert shares.tolist() == (np.bincount(past, minlength=size) / 31).tolist()


def test_misuse_is_explained() -> None:
    with pytest.raises(EquilibriumError, match="transpose"):
        support_enumeration(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(EquilibriumError, match="dominated"):
        support_enumeration(np.ones((20, 20)), np.ones((20, 20)))
    with pytest.raises(EquilibriumError, match="finite"):
        solve_zero_sum([[1, np.nan]])
    with pytest.raises(EquilibriumError, match="shape"):
        nash_conv(np.ones((3, 2, 2)), [[1, 0], [1, 0]])
    with pytest.raises(EquilibriumError, match="sum to 1"):
        nash_conv([RPS, -RPS], [[1, 0, 0], [1, 1, 0]])
    with pytest.raises(EquilibriumError, match="start"):
        FictitiousPlay(RPS, start=(3, 0))
    play = FictitiousPlay(RPS)
    with pytest.raises(EquilibriumError, match="another game"):
        play.restore(FictitiousPlay(HAWK_DOVE).state())
    with pytest.raises(EquilibriumError, match="counts"):
        play.restore(play.state() | {"rounds": 5})
    assert play.rounds == 0


@pytest.mark.parametrize("unit", [1e-12, 1e-6, 1e12, 1e90])
def test_the_unit_of_payoffs_does_not_matter(unit: float) -> None:
    solution = solve_zero_sum(np.array([[3, -1], [-1, 1]]) * unit)
    assert solution.value == pytest.approx(unit / 3)
    np.testing.assert_allclose(solution.row, [1 / 3, 2 / 3])


def test_what_is_no_game_is_explained() -> None:
    for bad in ("ab", [[1, 2], [3]], [[1j]], RPS * 1e308):
        with pytest.raises(EquilibriumError):
            solve_zero_sum(bad)
        with pytest.raises(EquilibriumError):
            FictitiousPlay(bad)
    for start in ((0.5, 0), (-1, 0), (0,)):
        with pytest.raises(EquilibriumError):
            FictitiousPlay(RPS, start=start)  # type: ignore[arg-type]
    with pytest.raises(EquilibriumError, match="rounds"):
        FictitiousPlay(RPS).run(2.5)  # type: ignore[arg-type]


def test_fictitious_play_refuses_a_damaged_state() -> None:
    play = FictitiousPlay(RPS, start=(0, 1))
    play.run(7)
    saved = play.state()
    for damage in (
        {"rounds": 7.5},
        {"plays": saved["plays"][:1]},
        {"plays": [each + 0.4 for each in saved["plays"]]},
        {"worth": [each * np.nan for each in saved["worth"]]},
        {"worth": [each + 1.0 for each in saved["worth"]]},
    ):
        with pytest.raises(EquilibriumError):
            play.restore(saved | damage)
    play.restore(saved)
    assert play.state()["plays"][0].tolist() == saved["plays"][0].tolist()
