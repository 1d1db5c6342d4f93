"""Who meets whom, what it is worth, and what a coevolution promises."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from arenas.coevolution import (
    Coevolution,
    CoevolutionError,
    HallOfFame,
    Interval,
    NumbersGame,
    cycling,
    mean_interval,
    mean_score,
    shared_score,
)
from evolution import NEAT, AskTellError, GeneticAlgorithm, GenomeSpec, Real
from evolution.neat import FeedForward, NetworkConfig, NetworkSpec
from tests.arenas.coevolution.planted import cyclic, genetic, transitive

REAL = GenomeSpec({"x": Real(3)})


class Recorded:
    """A contest of numbers that keeps who met whom."""

    def __init__(self):
        self.calls = []

    def __call__(self, one, other, seed):
        self.calls.append((one["x"].copy(), other["x"].copy(), seed))
        return 1 / (1 + np.exp(-np.subtract.outer(one["x"].sum(1), other["x"].sum(1))))


def make(seed=1, sides=2, contest=None, **chosen):
    searches = [
        GeneticAlgorithm(REAL, 12, rng=np.random.default_rng([seed, side]), elites=0)
        for side in range(sides)
    ]
    other = searches[1] if sides == 2 else None
    return Coevolution(searches[0], other, contest or Recorded(), rng=seed, **chosen)


def rows_in(some, all_of):
    return [any((row == each).all() for each in all_of) for row in some]


# Who meets whom


def test_both_sides_meet_rivals_of_this_generation_and_ancestors_of_the_past():
    contest = Recorded()
    run = make(contest=contest, rivals=4, ancestors=3).run(6)
    for generation in range(6):
        (mine, met_by_one, seed), (met_by_other, theirs, again) = contest.calls[
            2 * generation : 2 * generation + 2
        ]
        assert seed == again
        assert len(mine) == len(theirs) == 12
        past = min(generation, 3)
        assert len(met_by_one) == len(met_by_other) == 4 + past
        assert all(rows_in(met_by_one[:4], theirs))
        assert all(rows_in(met_by_other[:4], mine))
        one, other = (side.champions["x"][:generation] for side in run.sides)
        assert all(rows_in(met_by_one[4:], other))
        assert all(rows_in(met_by_other[4:], one))


def test_a_population_against_itself_meets_its_own():
    contest = Recorded()
    run = make(sides=1, contest=contest, rivals=None, ancestors=2).run(3)
    assert len(contest.calls) == 3
    mine, met, _ = contest.calls[2]
    np.testing.assert_array_equal(met[:12], mine)
    assert all(rows_in(met[12:], run.sides[0].champions["x"][:2]))
    assert run.mean.shape == run.spread.shape == (3, 1)


def test_champions_are_the_best_of_their_generation():
    contest = Recorded()
    run = make(contest=contest, ancestors=0, rivals=None).run(4)
    for generation in range(4):
        mine, theirs, _ = contest.calls[2 * generation]
        for side, population in zip(run.sides, (mine, theirs), strict=True):
            best = population[population.sum(axis=1).argmax()]
            np.testing.assert_array_equal(side.champions["x"][generation], best)
    outcomes = Recorded()({"x": mine}, {"x": theirs}, 0)
    assert run.mean[3] == pytest.approx([outcomes.mean(), 1 - outcomes.mean()])
    assert run.spread[3] == pytest.approx([outcomes.mean(1).var(), outcomes.mean(0).var()])


def test_the_matrix_is_champions_against_champions():
    run = transitive(1, 2).run(10)
    one, other = (run.contest.numbers(side.champions).sum(axis=1) for side in run.sides)
    plain = 0.5 + 0.5 * np.sign(np.subtract.outer(one, other))
    np.testing.assert_array_equal(run.ciao(seed=1), plain)


def test_networks_of_any_size_coevolve_too():
    """A search whose genomes have a layout of their own: the larger answer wins."""
    spec = NetworkSpec(NetworkConfig(num_inputs=2, num_outputs=1))

    def contest(mine, theirs, seed):
        one, other = (FeedForward(spec, each)(np.ones((1, 2)))[:, 0, 0] for each in (mine, theirs))
        return 1 / (1 + np.exp(-np.subtract.outer(one, other)))

    run, copy = (
        Coevolution(NEAT(spec, 12, seed), NEAT(spec, 10, seed + 1), contest, rng=3, ancestors=2)
        for seed in (1, 5)
    )
    copy.restore(run.run(4).state())
    np.testing.assert_array_equal(copy.run(3).ciao(0), run.run(3).ciao(0))
    strangers = spec.sample(20, np.random.default_rng(9))
    assert run.held_out(strangers, 0, side=1).outcomes.shape == (1, 20)


# Fitness


@settings(max_examples=40, deadline=None)
@given(arrays(float, (4, 6), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0])))
def test_sharing_against_plain_sums(known):
    plain = [
        sum(row[j] / known[:, j].sum() for j in range(6) if known[:, j].sum()) for row in known
    ]
    np.testing.assert_allclose(shared_score(known), plain)
    np.testing.assert_allclose(mean_score(known), [sum(row) / 6 for row in known])


def test_sharing_honours_who_beats_what_few_can():
    known = np.array([[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1.0]])
    assert shared_score(known).tolist() == [1, 1, 1, 1]
    assert mean_score(known).argmin() == 3


# State


def same(a, b):
    (arrays, facts), (others, of_others) = a.state(), b.state()
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name], err_msg=name)
    assert json.dumps(facts) == json.dumps(of_others)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("chosen", [{}, {"sharing": True, "hall_limit": 3}, {"ancestors": 0}])
@pytest.mark.parametrize("lived", [0, 6])
def test_a_restored_run_goes_on_bit_for_bit(sides, chosen, lived):
    whole = make(1, sides, **chosen).run(lived)
    arrays, facts = whole.state()
    kept = {name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(facts))
    for array in arrays.values():  # what was handed out is the caller's
        array.fill(0)
    copy = make(1, sides, **chosen).run(2)
    copy.restore(kept)
    same(copy, whole)
    same(copy.run(4), whole.run(4))
    same(make(1, sides, **chosen).run(lived + 4), whole)


def test_a_refused_state_leaves_the_run_as_it_was():
    run, untouched = make().run(3), make().run(3)
    arrays, facts = make(2).run(4).state()
    damaged = dict(arrays)
    del damaged["1.met"]
    short = arrays | {"mean": arrays["mean"][:2]}
    for state, says in (
        (make(2, rivals=3).run(1).state(), "rivals"),
        (make(2, sides=1).run(1).state(), "sides"),
        ((damaged, facts), "damaged"),
        ((short, facts), "damaged"),
        ("nonsense", "not what state"),
    ):
        with pytest.raises(CoevolutionError, match=says):
            run.restore(state)
        same(run, untouched)


def test_a_step_that_failed_can_be_taken_again():
    class Fragile(Recorded):
        fails = False

        def __call__(self, one, other, seed):
            if self.fails:
                raise RuntimeError("the lights went out")
            return super().__call__(one, other, seed)

    run = make(contest=Fragile()).run(2)
    run.contest.fails = True
    with pytest.raises(RuntimeError, match="lights"):
        run.step()
    assert run.generation == 2
    run.contest.fails = False
    assert run.run(2).generation == 4
    assert [side.search.generation for side in run.sides] == [4, 4]


@pytest.mark.parametrize(
    ("gives", "says"),
    [
        (lambda n, k: np.zeros((k, n + 1)), "expected"),
        (lambda n, k: np.full((n, k), 1.5), "1.5 for row 0 against column 0"),
        (lambda n, k: np.full((n, k), np.nan), "nan"),
    ],
)
def test_outcomes_are_checked(gives, says):
    run = make(contest=lambda one, other, seed: gives(len(one["x"]), len(other["x"])))
    with pytest.raises(CoevolutionError, match=says):
        run.step()
    assert run.generation == 0


def test_settings_are_checked():
    search = genetic(REAL, 1)
    with pytest.raises(CoevolutionError, match="other=None"):
        Coevolution(search, search, Recorded(), rng=1)
    for chosen in ({"rivals": 0}, {"ancestors": -1}):
        with pytest.raises(CoevolutionError, match="at least 1"):
            make(**chosen)
    with pytest.raises(CoevolutionError, match="limit is 0"):
        make(hall_limit=0)
    with pytest.raises(CoevolutionError, match="before the first step"):
        make().ciao(1)
    with pytest.raises(AskTellError):
        make(2).sides[0].search.tell([0.0])


# The hall of fame


def one_row(value):
    return {"x": np.full((1, 3), value)}


def test_a_hall_with_a_limit_is_an_even_sample_of_all():
    counts = np.zeros(12)
    rng = np.random.default_rng(1)
    for _ in range(1500):
        hall = HallOfFame(REAL, limit=4)
        for generation in range(12):
            hall.add(one_row(generation / 12), generation, rng)
        counts[hall.generations] += 1
        np.testing.assert_allclose(hall.members["x"][:, 0] * 12, hall.generations)
    assert counts.sum() == 4 * 1500
    assert ((counts - 500) ** 2 / (500 * 2 / 3)).sum() < 11 + 4 * math.sqrt(22)


def test_samples_are_different_members():
    hall, rng = HallOfFame(REAL), np.random.default_rng(1)
    assert hall.sample(3, rng) is None
    for generation in range(5):
        hall.add(one_row(generation / 5), generation, rng)
    for k, number in ((3, 3), (9, 5)):
        drawn = hall.sample(k, rng)["x"][:, 0]
        assert len(set(drawn.tolist())) == len(drawn) == number
    with pytest.raises(CoevolutionError, match="singly"):
        hall.add({"x": np.zeros((2, 3))}, 5, rng)
    with pytest.raises(CoevolutionError, match="empty"):
        HallOfFame(REAL).members  # noqa: B018
    arrays, facts = hall.state()
    with pytest.raises(CoevolutionError, match="damaged"):
        hall.restore((arrays, facts | {"given": 2}))
    assert len(hall) == 5


def remembered(seed, ancestors):
    """True worth of late champions, and intransitivity among them, in the intransitive game."""
    game = NumbersGame("intransitive", bits=50)
    run = Coevolution(
        genetic(game.spec(), seed), None, game, rng=seed, rivals=5, ancestors=ancestors
    )
    run.run(150)
    worth = game.numbers(run.sides[0].champions).sum(axis=1)[-30:].mean()
    return worth, cycling(run.ciao(0)[-100:, -100:], np.random.default_rng(0)).intransitivity


@pytest.mark.slow
def test_the_hall_of_fame_helps_against_cycling():
    """Over seeds: with the hall there is less intransitivity among champions, and more worth."""
    seeds = range(12)
    gain = np.array([np.subtract(remembered(s, 15), remembered(s, 0)) for s in seeds])
    assert mean_interval(gain[:, 0], 0.99).low > 0
    assert mean_interval(gain[:, 1], 0.99).high < 0


# Intervals


def test_intervals_against_known_values():
    known = mean_interval([1.0, 2.0, 3.0])  # t of 2 degrees of freedom at 97.5 % is 4.302653
    assert known == pytest.approx((2.0, 2 - 4.302653 / math.sqrt(3), 2 + 4.302653 / math.sqrt(3)))
    assert mean_interval([0.25] * 4) == Interval(0.25, 0.25, 0.25)
    assert mean_interval([0.25]) == (0.25, -math.inf, math.inf)
    rng = np.random.default_rng(1)
    held = np.mean([mean_interval(rng.normal(3, 2, 5), 0.8).holds(3) for _ in range(1000)])
    assert abs(held - 0.8) < 4 * math.sqrt(0.16 / 1000)
    for values, level in (([], 0.9), ([math.nan], 0.9), ([1.0], 1.0)):
        with pytest.raises(CoevolutionError):
            mean_interval(values, level)


def test_cyclic_runs_repeat():
    np.testing.assert_array_equal(cyclic(4, 2).run(9).ciao(1), cyclic(4, 2).run(9).ciao(1))


def test_sides_that_are_not_there_and_damaged_states_are_refused():
    game = NumbersGame(bits=4)
    searches = (GeneticAlgorithm(game.spec(), 4, rng=seed, elites=0) for seed in (1, 2))
    run = Coevolution(*searches, game, rng=3).run(2)
    strangers = game.spec(ones=True).sample(5, np.random.default_rng(9))
    for side in (2, -1):
        with pytest.raises(CoevolutionError, match="side is"):
            run.held_out(strangers, 1, side=side)
    arrays_, facts = run.state()
    for damaged in (
        None,
        (1, 2),
        (arrays_ | {"mean": [1]}, facts),
        (arrays_ | {"mean": arrays_["mean"] * np.nan}, facts),
        (arrays_, facts | {"rng": {"bit_generator": "PCG64", "state": 5}}),
    ):
        with pytest.raises(CoevolutionError):
            run.restore(damaged)
    for name, column in run.state()[0].items():
        assert np.array_equal(column, arrays_[name])
    with pytest.raises(CoevolutionError, match="whole"):
        NumbersGame(bits=2.5)
