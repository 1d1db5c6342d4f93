"""Each detector fires on the disease that was planted, and on no other; and parts against plain."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from arenas.coevolution import (
    CoevolutionError,
    ciao_picture,
    cycling,
    disengagement,
    intransitivity,
    lag_profile,
    looking_back,
)
from arenas.coevolution.cycling import rising_fit
from tests.arenas.coevolution.planted import BEATS, cyclic, one_sided, transitive

GENERATIONS = 50
outcome = st.sampled_from([0.0, 0.25, 0.5, 1.0])


def diagnosed(run):
    run.run(GENERATIONS)
    seen = cycling(run.ciao(seed=0), np.random.default_rng(0))
    return seen, disengagement(run.mean, run.spread)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("sides", [1, 2])
def test_an_arms_race_is_healthy(seed, sides):
    cycles, apart = diagnosed(transitive(seed, sides))
    assert not cycles.found
    assert cycles.intransitivity == 0
    assert np.isnan(cycles.period)
    assert not apart.found


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("sides", [1, 2])
def test_rock_paper_scissors_cycles(seed, sides):
    cycles, apart = diagnosed(cyclic(seed, sides))
    assert cycles.found
    assert cycles.intransitivity > 0.5
    assert not apart.found


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("winner", [0, 1])
def test_a_game_that_is_won_beforehand_disengages(seed, winner):
    cycles, apart = diagnosed(one_sided(seed, winner))
    assert not cycles.found
    assert apart.found
    assert apart.stretches.tolist() == [[0, GENERATIONS]]
    assert apart.winner.tolist() == [winner]
    assert apart.share == apart.flat == 1


# Cycling


@pytest.mark.parametrize("period", [3, 6, 9])
def test_the_period_of_a_planted_cycle(period):
    champions = np.arange(60) * 3 // period % 3
    seen = cycling(BEATS[np.ix_(champions, champions)], np.random.default_rng(1))
    assert seen.found
    assert seen.period == pytest.approx(period, rel=0.05)
    # Recent opponents lose, those a third of a cycle older win.
    if period == 9:
        assert seen.profile[0, 1:3].min() > 0.5 > seen.profile[0, 5]


def test_champions_in_random_order_are_the_null():
    """Intransitive, but not in time: p-values are as even as they promise to be."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(60):
        champions = rng.integers(0, 3, 24)
        seen = cycling(BEATS[np.ix_(champions, champions)], rng, permutations=99)
        assert seen.intransitivity > 0.3
        found.append(seen.p_value)
    early = np.mean(np.array(found) <= 0.2)
    assert abs(early - 0.2) < 4 * np.sqrt(0.16 / 60)


def test_strength_that_is_lost_is_no_cycle():
    """Champions of a transitive game that get ever weaker: forgetting, but nothing cyclic."""
    strength = -np.arange(60) / 20
    matrix = 1 / (1 + np.exp(-np.subtract.outer(strength, strength)))
    seen = cycling(matrix, np.random.default_rng(1))
    assert seen.p_value <= 0.01
    assert seen.intransitivity == 0
    assert not seen.found


@settings(max_examples=40, deadline=None)
@given(arrays(float, (5, 5), elements=outcome))
def test_intransitivity_against_plain_loops(matrix):
    against = total = 0.0
    for side in (matrix, matrix.T):
        for i in range(5):
            for k in range(i):
                gaps = [a - b for a, b in zip(side[i], side[k], strict=True)]
                better, worse = sum(g for g in gaps if g > 0), -sum(g for g in gaps if g < 0)
                against, total = against + 2 * min(better, worse), total + better + worse
    assert intransitivity(matrix) == pytest.approx(against / total if total else 0.0)


def games_of_chance(chances, seed):
    """Two matrices of the same champions, each the mean of four games with luck of their own."""
    rng = np.random.default_rng(seed)
    return [rng.binomial(4, chances) / 4 for _ in range(2)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_luck_is_told_from_intransitivity(seed):
    """Champions that get weaker, in a game of strength and luck: no cycle, though it looks so."""
    strength = -np.arange(60) / 20
    lost = 1 / (1 + np.exp(-np.subtract.outer(strength, strength)))
    matrix, again = games_of_chance(lost, seed)
    assert cycling(matrix, np.random.default_rng(1)).found
    seen = cycling(matrix, np.random.default_rng(1), again=again)
    assert seen.p_value <= 0.01
    assert seen.intransitivity < 0.03
    assert not seen.found
    # A cycle that luck blurs is found all the same.
    hands = np.arange(60) // 3 % 3
    matrix, again = games_of_chance(0.25 + 0.5 * BEATS[np.ix_(hands, hands)], seed)
    seen = cycling(matrix, np.random.default_rng(1), again=again)
    assert seen.found
    assert seen.intransitivity > 0.5
    assert seen.period == pytest.approx(9, rel=0.05)


@settings(max_examples=40, deadline=None)
@given(arrays(float, 7, elements=st.floats(-3, 3)), arrays(float, 9, elements=st.floats(-3, 3)))
def test_strength_alone_is_never_intransitive(one, other):
    assert intransitivity(1 / (1 + np.exp(-np.subtract.outer(one, other)))) == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.5, 9)), min_size=1, max_size=12))
def test_the_rising_fit_against_its_formula(points):
    """Over all beginnings up to it the largest of, over all ends from it, the least mean."""
    values, weights = np.array(points).T
    n = len(values)

    def mean(a, b):
        return np.average(values[a : b + 1], weights=weights[a : b + 1])

    plain = [max(min(mean(a, b) for b in range(i, n)) for a in range(i + 1)) for i in range(n)]
    np.testing.assert_allclose(rising_fit(values, weights), plain, atol=1e-9)


# Disengagement


def test_stretches_and_their_winners():
    mean = np.full((30, 2), 0.5)
    spread = np.full((30, 2), 0.05)
    mean[3:10], mean[15:18], mean[20:25] = (1.0, 0.0), (1.0, 0.0), (0.02, 0.98)
    for start, end in ((3, 10), (15, 18), (20, 25)):
        spread[start:end] = 1e-5
    spread[27:] = 0.0  # converged at one half: flat, but nobody wins
    seen = disengagement(mean, spread)
    assert seen.stretches.tolist() == [[3, 10], [20, 25]]
    assert seen.winner.tolist() == [0, 1]
    assert seen.share == pytest.approx(12 / 30)
    assert seen.flat == pytest.approx(18 / 30)
    assert not disengagement(mean[:15], spread[:15] + 0.01).found
    assert not disengagement(np.empty((0, 2)), np.empty((0, 2))).found


# CIAO


def test_looking_back_and_ages_against_plain():
    matrix = np.random.default_rng(1).random((6, 6))
    one, other = looking_back(matrix)
    for i in range(6):
        for j in range(6):
            assert (one[i, j] == matrix[i, j]) if j <= i else np.isnan(one[i, j])
            assert (other[i, j] == 1 - matrix[j, i]) if j <= i else np.isnan(other[i, j])
    for age in range(6):
        plain = [matrix[i, i - age] for i in range(age, 6)]
        back = [1 - matrix[j - age, j] for j in range(age, 6)]
        np.testing.assert_allclose(lag_profile(matrix)[:, age], [np.mean(plain), np.mean(back)])


def test_the_picture_shows_the_matrix(tmp_path):
    matrix = np.random.default_rng(1).random((6, 6))
    figure = ciao_picture(matrix, ("cats", "mice"))
    shown = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    for panel, data in zip(shown, looking_back(matrix), strict=True):
        np.testing.assert_array_equal(np.ma.filled(panel, np.nan), data)
    assert [axes.get_title().split()[0] for axes in figure.axes[:2]] == ["cats", "mice"]
    figure.savefig(tmp_path / "ciao.png")
    assert (tmp_path / "ciao.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: cycling(np.zeros((3, 4)), np.random.default_rng()), "expected"),
        (lambda: cycling(np.full((9, 9), 2.0), np.random.default_rng()), "between 0"),
        (lambda: cycling(np.zeros((5, 5)), np.random.default_rng()), "at least 8"),
        (lambda: cycling(np.zeros((9, 9)), np.random.default_rng(), permutations=9), "p-value"),
        (lambda: cycling(np.eye(9), np.random.default_rng(), again=np.eye(8)), "same champions"),
        (lambda: disengagement(np.zeros((3, 2)), np.zeros((4, 2))), "expected"),
        (lambda: disengagement(np.zeros((3, 2)), np.zeros((3, 2)), window=0), "window 0"),
    ],
)
def test_refusals_teach(call, says):
    with pytest.raises(CoevolutionError, match=says):
        call()


def test_no_p_value_is_below_one_over_the_permutations_and_the_order_given():
    generations = np.arange(40)
    waves = 0.5 + 0.5 * np.sin(np.subtract.outer(generations, generations) * 2 * np.pi / 10)
    assert cycling(waves, np.random.default_rng(1), permutations=99).p_value == 0.01


def test_matrices_that_say_nothing_are_refused():
    known = np.random.default_rng(1).random((10, 10))
    rng = np.random.default_rng(1)
    for mistake in (
        lambda: intransitivity(known * np.nan),
        lambda: intransitivity(known, known[:3]),
        lambda: intransitivity([1, 2]),
        lambda: cycling(known, rng, level=0),
        lambda: cycling(known, rng, level=float("nan")),
        lambda: disengagement(known[:, :2] * np.nan, known[:, :2]),
    ):
        with pytest.raises(CoevolutionError):
            mistake()
