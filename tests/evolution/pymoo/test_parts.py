"""Each part does in pymoo what pymoo's own does, on its own and in a run."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("pymoo", reason="compares with pymoo, which the extra `test` installs")

import pymoo.algorithms.moo.nsga2 as theirs
from pymoo.algorithms.moo.nsga3 import NSGA3
from pymoo.algorithms.moo.spea2 import SPEA2, SPEA2Survival as TheirSPEA2Survival
from pymoo.core.duplicate import DefaultDuplicateElimination
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.operators.crossover.sbx import SimulatedBinaryCrossover
from pymoo.operators.mutation.pm import PolynomialMutation
from pymoo.operators.selection.tournament import TournamentSelection
from pymoo.operators.survival.rank_and_crowding import RankAndCrowding as TheirRankAndCrowding
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from pymoo.util.ref_dirs import get_reference_directions

from evolution import ObjectiveError, VariationError
from evolution.pymoo import (
    PM,
    SBX,
    BinaryTournament,
    ExactDuplicateElimination,
    RankAndCrowding,
    ReferenceDirectionSurvival,
    SPEA2Survival,
)
from tests.evolution.deap.samples import assert_same_distribution, assert_same_frequencies

FREE = Problem(n_var=4, n_obj=2, xl=0.0, xu=1.0)
CONSTRAINED = Problem(n_var=4, n_obj=2, n_ieq_constr=1, xl=0.0, xu=1.0)


def generator(seed=1):
    return np.random.default_rng(seed)


def population(F, broken=None):
    """Individuals with these objectives; where ``broken`` is above 0, they break constraints."""
    people = Population.new("X", np.arange(4.0 * len(F)).reshape(len(F), 4), "F", np.asarray(F))
    people.set("name", np.arange(len(F)))
    if broken is not None:
        people.set("G", np.asarray(broken, float)[:, None])
    return people


def names(people):
    return people.get("name").tolist()


@pytest.mark.parametrize("M", [1, 2, 3])
@pytest.mark.parametrize("n_survive", [1, 30, 59, 60])
def test_survivors_have_the_ranks_and_crowding_that_pymoo_gives(M, n_survive):
    F = generator(n_survive).random((60, M))
    ours = RankAndCrowding().do(FREE, population(F), n_survive=n_survive, random_state=generator())
    expected = TheirRankAndCrowding().do(
        FREE, population(F), n_survive=n_survive, random_state=generator()
    )
    remembered = [
        {i.get("name"): (i.get("rank"), i.get("crowding")) for i in people}
        for people in (ours, expected)
    ]
    alone = set(remembered[0]) ^ set(remembered[1])
    # Of the equally crowded, the ends of a front, pymoo draws some.
    assert all(remembered[0].get(i, remembered[1].get(i))[1] == np.inf for i in alone)
    # Unlike pymoo's, our crowding in the last front counts those that do not survive.
    whole = max(rank for rank, _ in remembered[0].values())
    for i in set(remembered[0]) & set(remembered[1]):
        assert remembered[0][i][0] == remembered[1][i][0]
        if remembered[0][i][0] < whole:
            np.testing.assert_allclose(*(r[i][1] for r in remembered), rtol=1e-12)
    order = [(rank, -crowding) for rank, crowding in remembered[0].values()]
    assert order == sorted(order)


@pytest.mark.parametrize(
    "survival", [RankAndCrowding(), SPEA2Survival(), ReferenceDirectionSurvival(np.eye(2) + 0.1)]
)
def test_who_breaks_constraints_least_fills_up(survival):
    rng = generator(2)
    broken = np.where(rng.random(40) < 0.5, rng.random(40), 0.0)
    fine = np.count_nonzero(broken == 0)
    people = population(rng.random((40, 2)), broken)
    kept = names(survival.do(CONSTRAINED, people, n_survive=fine + 4, random_state=rng))
    assert sorted(kept[:fine]) == np.flatnonzero(broken == 0).tolist()
    assert kept[fine:] == [i for i in np.argsort(broken, kind="stable") if broken[i] > 0][:4]


@pytest.mark.parametrize("survival", [RankAndCrowding(), SPEA2Survival()])
def test_a_failed_evaluation_survives_last(survival):
    F = generator().random((20, 2))
    F[[3, 8]] = np.nan
    kept = names(survival.do(FREE, population(F), n_survive=18, random_state=generator()))
    assert not {3, 8} & set(kept)
    assert len(survival.do(FREE, population(F * np.nan), n_survive=5)) == 5


@pytest.mark.parametrize("seed", range(5))
def test_spea2_thins_as_pymoo_does(seed):
    first = np.sort(generator(seed).random(50))
    people = population(np.column_stack([first, 1.0 - first**0.5]))
    ours = SPEA2Survival().do(FREE, people, n_survive=20)
    expected = TheirSPEA2Survival(normalize=False).do(FREE, people, n_survive=20)
    assert sorted(names(ours)) == sorted(names(expected))


@pytest.mark.parametrize("rank_first", [False, True])
@pytest.mark.parametrize("problem", [FREE, CONSTRAINED])
def test_tournaments_are_won_as_often_as_in_pymoo(rank_first, problem):
    rng = generator(3)
    broken = np.where(rng.random(16) < 0.4, rng.integers(1, 3, 16), 0)
    people = population(rng.integers(0, 4, (16, 2)).astype(float), broken)
    if problem is FREE:
        people.set("G", np.zeros((16, 0)))
    RankAndCrowding().do(problem, people)
    kind = "comp_by_rank_and_crowding" if rank_first else "comp_by_dom_and_crowding"
    algorithm = SimpleNamespace(tournament_type=kind, random_state=generator(5))
    chosen = [
        selection.do(
            problem, people, 1500, 2, to_pop=False, algorithm=algorithm, random_state=generator(5)
        )
        for selection in (
            BinaryTournament(),
            TournamentSelection(func_comp=theirs.binary_tournament),
        )
    ]
    assert chosen[0].shape == (1500, 2)
    assert_same_frequencies(*(rows.ravel().tolist() for rows in chosen))


def test_a_tournament_needs_a_survival_first():
    with pytest.raises(ObjectiveError, match="no 'crowding': a survival has to see"):
        BinaryTournament().do(FREE, population(generator().random((8, 2))), 4, 2)


@pytest.mark.parametrize("settings", [{}, {"prob": 0.5, "prob_exch": 0.4, "eta": 3}])
def test_children_by_sbx_are_distributed_as_pymoos(settings):
    n = 4000
    bounded = Problem(n_var=3, n_obj=1, xl=np.array([0.0, 0.0, 0.3]), xu=np.array([1.0, 0.8, 0.3]))
    parents = np.tile([[0.2, 0.5, 0.3], [0.7, 0.48, 0.3]], (n, 1))
    matings = np.arange(2 * n).reshape(n, 2)
    ours, expected = (
        crossover.do(bounded, Population.new("X", parents), matings, random_state=generator(i))
        .get("X")
        .reshape(2, n, 3)
        for i, crossover in enumerate([SBX(**settings), SimulatedBinaryCrossover(**settings)])
    )
    assert (ours[..., 2] == 0.3).all()
    assert ours[..., 1].max() <= 0.8
    for gene in range(2):
        for child in range(2):
            assert_same_distribution(ours[child, :, gene], expected[child, :, gene])
        gaps = [np.abs(sample[0, :, gene] - sample[1, :, gene]) for sample in (ours, expected)]
        assert_same_distribution(*gaps)


def test_one_child_may_be_wanted():
    parents = Population.new("X", np.tile([[0.2] * 4, [0.7] * 4], (2000, 1)))
    matings = np.arange(4000).reshape(-1, 2)
    ours, expected = (
        crossover.do(FREE, parents, matings, random_state=generator(i)).get("X")
        for i, crossover in enumerate(
            [SBX(n_offsprings=1), SimulatedBinaryCrossover(n_offsprings=1)]
        )
    )
    assert ours.shape == (2000, 4)
    assert_same_distribution(ours[:, 0], expected[:, 0])


@pytest.mark.parametrize("settings", [{}, {"prob": 0.6, "prob_var": 0.4, "eta": 3}])
def test_mutants_are_distributed_as_pymoos(settings):
    start = np.tile([0.0, 0.02, 0.5, 0.9], (5000, 1))
    ours, expected = (
        mutation.do(FREE, Population.new("X", start), random_state=generator(i)).get("X")
        for i, mutation in enumerate([PM(**settings), PolynomialMutation(**settings)])
    )
    assert ours.min() >= 0.0
    assert ours.max() <= 1.0
    for gene in range(4):
        assert_same_distribution(ours[:, gene], expected[:, gene])


def test_mutation_at_least_once_and_of_copies_is_pymoos_own():
    people = Population.new("X", np.full((50, 4), 0.5))
    kept = PM(prob=1.0).do(FREE, people, inplace=False, random_state=generator())
    assert (people.get("X") == 0.5).all()
    assert not (kept.get("X") == 0.5).all()
    once = PM(prob=1.0, at_least_once=True).do(FREE, people, random_state=generator())
    assert (once.get("X") != 0.5).any(axis=1).all()


def test_operators_need_bounds():
    unbounded = Problem(n_var=2, n_obj=1)
    people = Population.new("X", np.zeros((4, 2)))
    with pytest.raises(VariationError, match="has no bounds for a row of numbers"):
        SBX(prob=1.0).do(unbounded, people, np.array([[0, 1], [2, 3]]), random_state=generator())


@pytest.mark.parametrize("seed", range(5))
def test_duplicates_are_those_that_pymoo_finds(seed):
    rng = generator(seed)
    X, others = (rng.integers(0, 3, (40, 3)) / 2.0 for _ in range(2))
    X[:3] = [[0.0, 1.0, 0.5], [-0.0, 1.0, 0.5], [np.nan, 0.0, 0.0]]
    X[5] = X[2]
    people, earlier = Population.new("X", X), Population.new("X", others)
    for args in ((), (earlier,), (earlier, people[:0])):
        ours, expected = (
            elimination.do(people, *args, return_indices=True)[1]
            for elimination in (ExactDuplicateElimination(), DefaultDuplicateElimination())
        )
        assert ours == expected
    assert ExactDuplicateElimination().do(people, earlier, to_itself=False).shape == (
        DefaultDuplicateElimination().do(people, earlier, to_itself=False).shape
    )


def test_mixed_variables_have_no_bytes_to_compare():
    people = Population.new("X", np.array([[{"a": 1}], [{"a": 1}]]))
    with pytest.raises(VariationError, match="ElementwiseDuplicateElimination"):
        ExactDuplicateElimination().do(people)


def test_a_run_of_pymoo_is_the_same_with_our_elimination_of_duplicates():
    problem = get_problem("zdt1", n_var=6)
    runs = [
        minimize(problem, theirs.NSGA2(20, eliminate_duplicates=own), ("n_gen", 15), seed=1)
        for own in (ExactDuplicateElimination(), True)
    ]
    assert (runs[0].pop.get("X") == runs[1].pop.get("X")).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda directions: NSGA3(directions, survival=ReferenceDirectionSurvival(directions)),
        lambda directions: SPEA2(28, survival=SPEA2Survival()),
        lambda directions: theirs.NSGA2(28, survival=RankAndCrowding()),
    ],
)
def test_survivals_work_in_pymoos_algorithms(make):
    directions = get_reference_directions("das-dennis", 3, n_partitions=6)
    result = minimize(get_problem("dtlz2"), make(directions), ("n_gen", 60), seed=1)
    # The front of DTLZ2 is the part of the unit sphere where nothing is negative.
    assert np.median(np.linalg.norm(result.F, axis=1)) < 1.1
    assert len(result.F) > 10
