"""Whole algorithms in pymoo's ``minimize``: results as pymoo's, of any search, reproducible."""

import random
from functools import partial

import moocore
import numpy as np
import pytest

pytest.importorskip("pymoo", reason="compares with pymoo, which the extra `test` installs")

import pymoo.algorithms.moo.nsga2 as theirs
from pymoo.core.callback import Callback
from pymoo.core.mating import Mating
from pymoo.core.population import Population
from pymoo.core.problem import ElementwiseProblem, Problem
from pymoo.core.variable import Integer, Real
from pymoo.operators.crossover.pntx import TwoPointCrossover
from pymoo.operators.mutation.bitflip import BitflipMutation
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import BinaryRandomSampling, IntegerRandomSampling
from pymoo.optimize import minimize
from pymoo.problems import get_problem

import evolution
from evolution import AskTellError, ObjectiveError, VariationError
from evolution.pymoo import (
    NSGA2,
    PM,
    SBX,
    BinaryTournament,
    ColumnEvaluator,
    ColumnMating,
    ExactDuplicateElimination,
    SearchAlgorithm,
)

SEARCH = partial(evolution.NSGA2, population=40)


def hypervolumes(make, problem, seeds, generations=40):
    runs = (minimize(problem, make(), ("n_gen", generations), seed=seed) for seed in seeds)
    return np.array([moocore.hypervolume(run.F, ref=[1.1, 1.1]) for run in runs])


def test_nsga2_comes_as_far_as_pymoos():
    problem = get_problem("zdt1", n_var=10)
    ours, expected = (
        hypervolumes(partial(kind, 40), problem, range(8), 20) for kind in (NSGA2, theirs.NSGA2)
    )
    error = np.sqrt((ours.var(ddof=1) + expected.var(ddof=1)) / 8)
    assert abs(ours.mean() - expected.mean()) < 4 * error
    assert ours.min() > 0.1


def test_any_search_comes_far_on_zdt1():
    problem = get_problem("zdt1", n_var=10)
    assert hypervolumes(lambda: SearchAlgorithm(SEARCH), problem, range(3), 60).min() > 0.75


@pytest.mark.parametrize("make", [partial(NSGA2, 40), lambda: SearchAlgorithm(SEARCH)])
def test_a_run_repeats_itself_and_leaves_global_chance_alone(make):
    problem = get_problem("zdt2", n_var=5)
    np.random.seed(1)  # noqa: NPY002 - the global one is what is watched
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    first, again, other = (minimize(problem, make(), ("n_gen", 8), seed=s) for s in (1, 1, 2))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert (first.pop.get("X") == again.pop.get("X")).all()
    assert not np.array_equal(first.pop.get("X"), other.pop.get("X"))
    assert first.algorithm.evaluator.n_eval == 8 * 40


@pytest.mark.parametrize("name", ["bnh", "tnk"])
def test_constraints_are_kept_as_in_pymoo(name):
    problem = get_problem(name)
    ours, expected = (
        minimize(problem, kind(40), ("n_gen", 30), seed=1) for kind in (NSGA2, theirs.NSGA2)
    )
    assert (ours.CV <= 0).all()
    # Nearly all that pymoo found is dominated by nothing that we did not find, and vice versa.
    reference = np.maximum(ours.F.max(axis=0), expected.F.max(axis=0)) + 1.0
    found = [moocore.hypervolume(run.F, ref=reference) for run in (ours, expected)]
    assert abs(found[0] / found[1] - 1.0) < 0.15


@pytest.mark.parametrize("name", ["zdt1", "bnh"])
@pytest.mark.parametrize("offsprings", [{}, {"n_offsprings": 7}])
def test_mating_at_once_gives_the_children_of_pymoos_mating(name, offsprings):
    problem = get_problem(name)
    parts = {
        "eliminate_duplicates": ExactDuplicateElimination(),
        "crossover": SBX(prob=0.6),
        "mutation": PM(prob=0.5),
    }
    step_by_step = Mating(selection=BinaryTournament(), **parts)
    runs = [
        minimize(problem, NSGA2(20, mating=mating, **parts, **offsprings), ("n_gen", 8), seed=1)
        for mating in (None, step_by_step)
    ]
    kinds = [type(run.algorithm.mating) for run in runs]
    assert kinds == [ColumnMating, Mating]
    assert (runs[0].pop.get("X") == runs[1].pop.get("X")).all()


def test_without_new_children_there_are_fewer():
    class Nothing(Problem):
        def _evaluate(self, X, out, *args, **kwargs):
            out["F"] = X[:, :2]

    fixed = Nothing(n_var=2, n_obj=2, xl=0.5, xu=0.5)
    result = minimize(fixed, NSGA2(8), ("n_gen", 5), seed=1)
    assert len(result.pop) == 1


def test_whole_numbers_and_bits_by_pymoos_means():
    class Sum(Problem):
        def _evaluate(self, X, out, *args, **kwargs):
            out["F"] = np.column_stack([X.sum(axis=1), (9 - X).sum(axis=1) + X.max(axis=1)])

    whole = {"vtype": float, "repair": RoundingRepair()}
    result = minimize(
        Sum(n_var=4, n_obj=2, xl=0, xu=9, vtype=int),
        NSGA2(
            20,
            sampling=IntegerRandomSampling(),
            crossover=SBX(prob=1.0, eta=3.0, **whole),
            mutation=PM(prob=1.0, eta=3.0, **whole),
        ),
        ("n_gen", 15),
        seed=1,
    )
    assert (result.X.round() == result.X).all()
    bits = minimize(
        Sum(n_var=12, n_obj=2, xl=0, xu=1, vtype=bool),
        NSGA2(
            20,
            sampling=BinaryRandomSampling(),
            crossover=TwoPointCrossover(),
            mutation=BitflipMutation(),
            eliminate_duplicates=True,
        ),
        ("n_gen", 15),
        seed=1,
    )
    assert bits.X.dtype == bool
    result = minimize(
        Sum(n_var=4, n_obj=2, xl=0, xu=9, vtype=int), SearchAlgorithm(SEARCH), ("n_gen", 5), seed=1
    )
    assert result.X.dtype.kind == "i"


class Sphere(ElementwiseProblem):
    """One objective, evaluated one by one; some evaluations fail."""

    def __init__(self):
        super().__init__(n_var=3, n_obj=1, xl=np.array([-1.0, -2.0, 0.5]), xu=np.array([2.0] * 3))

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = np.nan if x[0] > 1.5 else float(np.sum(x**2))


def test_a_single_objective_has_one_best_within_its_bounds():
    result = minimize(Sphere(), SearchAlgorithm(SEARCH), ("n_gen", 40), seed=1)
    assert result.F.shape == (1,)
    assert result.X.shape == (3,)
    np.testing.assert_allclose(result.X, [0.0, 0.0, 0.5], atol=0.05)


class Watching(Callback):
    """Keeps what a callback of pymoo sees."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def notify(self, algorithm):
        self.seen.append((algorithm.n_gen, len(algorithm.pop), len(algorithm.opt)))


@pytest.mark.parametrize("make", [partial(NSGA2, 40), lambda: SearchAlgorithm(SEARCH)])
def test_callbacks_history_and_output_see_each_generation(make, capsys):
    callback = Watching()
    result = minimize(
        get_problem("zdt1", n_var=5),
        make(),
        ("n_gen", 4),
        seed=1,
        callback=callback,
        save_history=True,
        verbose=True,
    )
    assert [(gen, n) for gen, n, _ in callback.seen] == [(i, 40) for i in range(1, 5)]
    assert [len(step.pop) for step in result.history] == [40] * 4
    assert capsys.readouterr().out.count("\n") >= 5
    F = result.pop.get("F")
    assert moocore.is_nondominated(F, keep_weakly=True).sum() == len(result.F)


def test_ask_and_tell_and_a_watched_run_are_the_same_run():
    problem = get_problem("zdt1", n_var=5)
    quick = minimize(problem, SearchAlgorithm(SEARCH), ("n_gen", 6), seed=3)
    seen = []
    watched = SearchAlgorithm(SEARCH, evaluator=ColumnEvaluator(callback=seen.append))
    slow = minimize(problem, watched, ("n_gen", 6), seed=3)
    assert [len(people) for people in seen] == [40] * 6
    asked = SearchAlgorithm(SEARCH).setup(problem, termination=("n_gen", 6), seed=3)
    while asked.has_next():
        people = asked.ask()
        asked.evaluator.eval(problem, people)
        asked.tell(infills=people)
    for run in (slow, asked.result()):
        assert (run.pop.get("X") == quick.pop.get("X")).all()
        assert (run.F == quick.F).all()
    assert asked.search.generation == 6


def test_what_a_search_cannot_do_is_explained():
    with pytest.raises(AskTellError, match=r"BNH has constraints.*evolution\.pymoo\.NSGA2"):
        minimize(get_problem("bnh"), SearchAlgorithm(SEARCH), ("n_gen", 2))
    with pytest.raises(VariationError, match="has no bounds"):
        minimize(Problem(n_var=2, n_obj=1), SearchAlgorithm(SEARCH), ("n_gen", 2))
    bits = Problem(n_var=2, n_obj=1, xl=0, xu=1, vtype=bool)
    with pytest.raises(VariationError, match=r"true or false.*vtype=int with xl=0"):
        minimize(bits, SearchAlgorithm(SEARCH), ("n_gen", 2))
    with pytest.raises(AskTellError, match=r"setup\(problem, seed=1\) first"):
        SearchAlgorithm(SEARCH).tell(infills=Population.new("F", np.ones((4, 2))))
    algorithm = SearchAlgorithm(SEARCH).setup(Sphere(), termination=("n_gen", 2), seed=1)
    assert algorithm.pop is None
    assert algorithm.opt is None
    algorithm.ask()
    with pytest.raises((AskTellError, ObjectiveError), match="last infill"):
        algorithm.tell(infills=None)


class Menu(ElementwiseProblem):
    def __init__(self):
        super().__init__(vars={"n": Integer(bounds=(0, 9)), "x": Real(bounds=(0, 1))}, n_obj=2)

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = [x["x"], x["n"]]


def test_variables_of_several_kinds_are_refused_in_words():
    with pytest.raises(VariationError, match="variables of several kinds"):
        minimize(Menu(), NSGA2(pop_size=8), ("n_gen", 2), seed=1)
