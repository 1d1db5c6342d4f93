"""Stagnation, places and parents: neat-python's where it has an answer, and ours where it fails."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution.chance import stream_of
from evolution.neat import NEATConfig
from evolution.neat.config import SPECIES_FITNESS
from evolution.neat.grouping import grouped
from evolution.neat.reproduction import adjusted_fitness, family, places, usable_fitness
from evolution.neat.stagnation import species_fitness, stagnant

neat = pytest.importorskip("neat")

sizes = st.lists(st.integers(1, 40), min_size=1, max_size=12)


@settings(deadline=None, max_examples=60)
@given(sizes, st.integers(1, 300), st.integers(0, 5), st.data())
def test_places_are_those_of_neat_python(previous, population, least, data):
    fitness = st.sampled_from([0.0, 0.1, 0.5, 1.0]) | st.floats(0.0, 1.0)
    adjusted = data.draw(st.lists(fitness, min_size=len(previous), max_size=len(previous)))
    shares = places(np.array(adjusted), np.array(previous), population, least)
    assert shares.sum() == population
    if len(previous) * least > population:
        # neat-python fails; here the fittest species have what there is.
        fed = shares > 0
        assert shares[fed].min() >= min(least, population)
        assert fed.sum() == max(population // least, 1)
        assert max(np.array(adjusted)[~fed], default=0.0) <= min(np.array(adjusted)[fed])
        return
    reproduction = neat.DefaultReproduction(SimpleNamespace(min_species_size=least), None, None)
    try:
        expected = reproduction.compute_spawn(adjusted, previous, population, least)
        expected = reproduction._adjust_spawn_exact(expected, population, least)
    except (RuntimeError, ZeroDivisionError):
        # It also fails where taking away needs a second round, and where nobody has a place.
        assert shares.min() >= least
    else:
        assert shares.tolist() == expected


def test_neat_python_does_fail_where_species_outnumber_the_places():
    reproduction = neat.DefaultReproduction(SimpleNamespace(min_species_size=2), None, None)
    with pytest.raises(RuntimeError, match="Cannot satisfy"):
        reproduction._adjust_spawn_exact([2] * 6, 10, 2)
    shares = places(np.array([0.1, 0.5, 0.2, 0.9, 0.4, 0.3]), np.ones(6, np.int64), 10, 2)
    assert shares.tolist() == [0, 2, 2, 2, 2, 2]


class Everybody:
    """Species as neat-python's stagnation looks at them."""

    def __init__(self, histories):
        self.species = {}
        for key, history in enumerate(histories):
            species = neat.species.Species(key, 0)
            species.fitness_history = history[:-1]
            species.members = {}
            species.last_improved = 0
            best = -np.inf
            for generation, fitness in enumerate(history[:-1]):
                if fitness > best:
                    best, species.last_improved = fitness, generation
            species.get_fitnesses = lambda now=history[-1]: [now]
            self.species[key] = species


@settings(deadline=None, max_examples=80)
@given(
    st.integers(2, 8).flatmap(
        lambda age: st.lists(
            st.lists(st.integers(0, 5).map(float), min_size=age, max_size=age), min_size=1
        )
    ),
    st.integers(0, 6),
    st.integers(0, 4),
)
def test_the_stagnant_are_those_of_neat_python(histories, longest, spared):
    told = SimpleNamespace(
        species_fitness_func="max", max_stagnation=longest, species_elitism=spared
    )
    generation = len(histories[0]) - 1
    expected = neat.DefaultStagnation(told, None).update(Everybody(histories), generation)
    now = np.array([history[-1] for history in histories])
    first = [history.index(max(history)) for history in histories]
    dying, rising = stagnant(now, np.array(first), generation, longest, spared)
    assert rising.tolist() == [key for key, _, _ in expected]
    assert dying[rising].tolist() == [dies for _, _, dies in expected]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-9, 9)), min_size=4), st.data())
def test_the_fitness_of_a_species_is_that_of_neat_python(rows, data):
    labels = np.array([label for label, _ in rows] + [0, 1, 2, 3])
    fitness = np.array([value for _, value in rows] + [1.0, 2.0, 3.0, 4.0])
    order = np.argsort(-fitness, kind="stable")
    members = grouped(labels, order, 4)
    name = data.draw(st.sampled_from(SPECIES_FITNESS))
    ours = species_fitness(SPECIES_FITNESS.index(name), fitness, *members)
    theirs = neat.math_util.stat_functions[name]
    for species in range(4):
        values = fitness[labels == species].tolist()
        assert ours[species] == pytest.approx(theirs(values), rel=1e-12, abs=1e-12)
        rows_of = members[0][members[1][species] : members[1][species + 1]]
        assert sorted(rows_of.tolist()) == np.flatnonzero(labels == species).tolist()
        assert (np.diff(fitness[rows_of]) <= 0).all()


def test_failures_share_the_worst_fitness_and_infinities_the_ends():
    F = np.array([1.0, np.nan, -2.0, np.inf, -np.inf])
    assert usable_fitness(F).tolist() == [-1.0, -1.0, 2.0, -1.0, 2.0]
    assert usable_fitness(np.array([np.nan, np.inf])).tolist() == [0.0, 0.0]
    assert usable_fitness(np.array([np.nan])).tolist() == [0.0]


def test_adjusted_fitness_by_hand():
    fitness = np.array([0.0, 4.0, 6.0, 8.0, 100.0])
    members = grouped(np.array([0, 0, 1, 1, 2]), np.arange(5), 3)
    adjusted = adjusted_fitness(fitness, *members, np.array([1, 0]))
    assert adjusted.tolist() == [7.0 / 8.0, 2.0 / 8.0]


def bred(F, labels, shares, seed=0, **settings_of_neat):
    order = len(F) - 1 - np.argsort(F[::-1], kind="stable")
    members = grouped(np.array(labels), order, max(labels) + 1)
    stream = stream_of(np.random.default_rng(seed))
    config = NEATConfig(**settings_of_neat)
    return family(config, members, F, np.arange(len(shares)), np.array(shares), stream)


def test_the_elite_goes_on_and_the_fittest_are_parents():
    F = np.array([5.0, 1.0, np.nan, 3.0, 1.0, 2.0, 7.0, 6.0, 9.0, 8.0, 0.5, 0.4])
    labels = [0] * 10 + [1] * 2
    told = bred(F, labels, [200, 3], elitism=2, survival_threshold=0.3)
    assert told.kept == 4
    assert told.mothers[:4].tolist() == [1, 4, 10, 11]  # by row, the best two of each
    assert told.births.tolist() == [0, 0, 1, 1] + [0] * 198 + [1]
    first = told.births[4:] == 0
    mothers, fathers = told.mothers[4:][first], told.fathers[4:][first]
    assert set(mothers) == set(fathers) == {1, 4, 5}  # three of ten
    assert (F[mothers] <= F[fathers]).all()


def test_a_lone_member_is_both_parents_and_small_shares_limit_the_elite():
    told = bred(np.array([1.0, 2.0, 3.0]), [0, 1, 1], [2, 1], elitism=2, survival_threshold=0.0)
    assert told.mothers.tolist() == [0, 1, 0]
    assert told.fathers.tolist() == [0, 1, 0]
    assert told.kept == 2
