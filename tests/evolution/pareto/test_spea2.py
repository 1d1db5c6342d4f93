"""SPEA2: fitness and truncation against plain ones, DEAP and pymoo; the search on ZDT1."""

import moocore
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from evolution.genomes import GenomeSpec, Real
from evolution.pareto import SPEA2, spea2_fitness, spea2_select
from evolution.pareto.strength import spea2_survivors
from evolution.pareto.truncation import truncated
from evolution.search import ObjectiveError

coarse = st.integers(-2, 2).map(float)
fine = st.floats(-1e3, 1e3)


def objectives(values=coarse, max_points=25):
    shapes = st.tuples(st.integers(0, max_points), st.integers(1, 4))
    return shapes.flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=values))


def dominates(a, b):
    return bool((a <= b).all() and (a < b).any())


def squared(a, b):
    total = 0.0
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        total += (y - x) * (y - x)
    return total


def fitness_plain(F, k):
    everybody = range(len(F))
    strength = [sum(dominates(F[i], F[j]) for j in everybody) for i in everybody]
    fitness = []
    for i in everybody:
        raw = sum(strength[j] for j in everybody if dominates(F[j], F[i]))
        others = sorted(squared(F[i], F[j]) for j in everybody if j != i)
        fitness.append(raw + (1.0 / (others[min(k, len(others)) - 1] ** 0.5 + 2) if others else 0))
    return fitness


def truncated_plain(F, k):
    alive = list(range(len(F)))
    while len(alive) > k:
        lists = [(sorted(squared(F[i], F[j]) for j in alive if j != i)[:16], -i) for i in alive]
        alive.remove(-min(lists)[1])
    return alive


@settings(max_examples=50, deadline=None)
@given(st.one_of(objectives(), objectives(fine)), st.integers(1, 6))
def test_fitness_equals_the_plain_one(F, k):
    np.testing.assert_allclose(spea2_fitness(F, k), fitness_plain(F, k), rtol=1e-12)
    own = int(np.sqrt(len(F)))
    np.testing.assert_array_equal(spea2_fitness(F), spea2_fitness(F, max(own, 1)))


def test_fitness_by_hand():
    # The first dominates two, the second one; both dominate the last. All neighbours are 5 away.
    F = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    density = 1.0 / (5.0 + 2.0)
    assert spea2_fitness(F, 1).tolist() == [density, 2.0 + density, 3.0 + density]


@settings(max_examples=50, deadline=None)
@given(st.one_of(objectives(), objectives(fine)), st.data())
def test_truncation_equals_the_plain_one(F, data):
    k = data.draw(st.integers(0, len(F)))
    assert truncated(F, k).tolist() == truncated_plain(F, k)


@pytest.mark.parametrize("M", [2, 3])
def test_truncation_of_many_equals_the_plain_one(M):
    rng = np.random.default_rng(M)
    for F in (rng.random((60, M)), rng.integers(0, 5, (60, M)).astype(float)):
        assert truncated(F, 20).tolist() == truncated_plain(F, 20)


@settings(max_examples=50, deadline=None)
@given(st.one_of(objectives(), objectives(fine)), st.data())
def test_selection_takes_the_undominated_then_the_fittest(F, data):
    k = data.draw(st.integers(0, len(F)))
    fitness = spea2_fitness(F)
    rows = spea2_select(F, k).tolist()
    free = [i for i in range(len(F)) if fitness[i] < 1.0]
    if len(free) > k:
        free = [free[i] for i in truncated_plain(F[free], k)]
        assert rows == sorted(free, key=lambda i: (fitness[i], i))
    else:
        assert rows == sorted(range(len(F)), key=lambda i: (fitness[i], i))[:k]


def front(n, M, seed):
    rng = np.random.default_rng(seed)
    F = np.abs(rng.normal(size=(n, M)))
    return F / np.linalg.norm(F, axis=1, keepdims=True)


@pytest.mark.parametrize("M", [2, 3])
def test_truncates_as_deap_does(M):
    pytest.importorskip("deap", reason="compares with DEAP, which the extra `test` installs")
    from deap import base, tools

    class Fitness(base.Fitness):
        weights = (-1.0,) * M

    class Row(list):
        pass

    F = np.concatenate([front(80, M, 1), 2.0 + front(20, M, 2)])
    individuals = []
    for i, point in enumerate(F):
        individual = Row([i])
        individual.fitness = Fitness(point.tolist())
        individuals.append(individual)
    for k in (10, 40, 79, 80):
        theirs = sorted(individual[0] for individual in tools.selSPEA2(individuals, k))
        assert sorted(spea2_select(F, k)) == theirs


@pytest.mark.parametrize("M", [2, 4])
def test_truncates_as_pymoo_does(M):
    pytest.importorskip("pymoo", reason="compares with pymoo, which the extra `test` installs")
    from pymoo.algorithms.moo.spea2 import SPEA2Survival
    from pymoo.core.population import Population
    from pymoo.core.problem import Problem

    F = np.concatenate([front(70, M, 3), 2.0 + front(30, M, 4)])
    everybody = Population.new("F", F, "row", np.arange(len(F)))
    problem = Problem(n_var=1, n_obj=M)
    for k in (20, 69, 70):
        kept = SPEA2Survival(normalize=False).do(problem, everybody, n_survive=k)
        assert sorted(spea2_select(F, k)) == sorted(kept.get("row").tolist())


def test_failed_points_come_last_and_disturb_nobody():
    F = np.concatenate([front(10, 2, 5), 1.0 + front(10, 2, 6)])
    spoilt = np.insert(F, [0, 7, 20], np.nan, axis=0)
    fine = np.flatnonzero(~np.isnan(spoilt[:, 0]))
    assert np.isinf(spea2_fitness(spoilt)[[0, 8, 22]]).all()
    np.testing.assert_array_equal(spea2_fitness(spoilt, 4)[fine], spea2_fitness(F, 4))
    assert spea2_select(spoilt, 23).tolist()[20:] == [0, 8, 22]
    assert set(spea2_select(spoilt, 5)) == set(fine[spea2_select(F, 5)])
    lost = np.full((4, 2), np.nan)
    assert spea2_select(lost, 3).tolist() == [0, 1, 2]


def test_infinite_objectives_are_far_from_finite_ones_only():
    F = np.array([[0.0, np.inf], [0.0, np.inf], [1.0, 5.0], [2.0, 0.0]])
    assert spea2_fitness(F, 1)[0] == 0.5  # its copy is no distance away
    assert spea2_fitness(F, 2)[0] == 0.0  # the others are infinitely far away
    assert sorted(spea2_select(F, 3)) == [0, 2, 3]


def test_survivors_bring_their_fitness_among_all():
    F = np.random.default_rng(7).random((60, 3))
    rows, fitness = spea2_survivors(F, 25)
    np.testing.assert_array_equal(fitness, spea2_fitness(F)[rows])


def test_what_cannot_be_selected_is_refused():
    with pytest.raises(ObjectiveError, match="cannot select 3 of 2"):
        spea2_select([[1.0, 2.0], [2.0, 1.0]], 3)
    with pytest.raises(ObjectiveError, match="the nearest is 1"):
        spea2_fitness([[1.0, 2.0]], 0)
    with pytest.raises(ObjectiveError, match="expected"):
        spea2_select([1.0, 2.0], 1)


# The search


def zdt1(X):
    g = 1.0 + 9.0 * X[:, 1:].mean(axis=1)
    return np.column_stack([X[:, 0], g * (1.0 - np.sqrt(X[:, 0] / g))])


def test_zdt1_is_solved_and_evenly():
    search = SPEA2(GenomeSpec({"x": Real(30)}), 60, 1)
    for _ in range(250):
        search.tell(zdt1(search.ask()["x"]))
    assert moocore.hypervolume(search.objectives, ref=[1.1, 1.1]) >= 0.86  # all of it: 0.8767
    assert len(search.front) == 60
    np.testing.assert_array_equal(zdt1(search.genomes["x"]), search.objectives)
    along = search.objectives[np.argsort(search.objectives[:, 0])]
    steps = np.linalg.norm(np.diff(along, axis=0), axis=1)
    assert steps.std() / steps.mean() < 0.3  # NSGA-II's are above 0.4


def test_the_fitter_have_more_children():
    spec = GenomeSpec({"x": Real(1)})
    search = SPEA2(spec, 30, 2)
    F = np.random.default_rng(8).random((30, 2))
    search.ask()
    search.tell(F)
    parents = np.bincount(search._parents(9_000), minlength=30)
    # Everybody enters 600 tournaments; the best wins all, the worst none, others in between.
    expected = 600.0 * np.arange(29, -1, -1) / 29.0
    assert (np.diff(search.fitness) > 0).all()
    assert np.abs(parents - expected).max() < 4 * np.sqrt(600.0) / 2
