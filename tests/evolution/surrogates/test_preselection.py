"""Preselection: fewer evaluations for the same result, nothing unevaluated shown, resuming."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import kendalltau

from evolution import (
    NSGA2,
    AskTellError,
    Evaluated,
    GenomeError,
    GenomeSpec,
    Lexicase,
    ObjectiveError,
    Permutation,
    Real,
)
from evolution.strategies import CMAES
from evolution.surrogates import ForestEnsemble, Preselection, RidgeEnsemble
from evolution.surrogates.preselection import concordance

SPEC = GenomeSpec({"x": Real(4, -100.0, 100.0, initial=3.0)})


def sphere(x):
    return (x * x).sum(axis=1)


def rosenbrock(x):
    return (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1)


def noise(x):
    """A hash of the genes: nothing to be learned."""
    return np.mod(np.abs(x).sum(axis=1) * 1e7, 1.0)


def two(x):
    return np.column_stack([sphere(x), sphere(x - 1.0)])


def strategy(seed=1):
    return CMAES(SPEC, seed, sigma=1.0)


def assisted(seed=1, **arguments):
    return Preselection(strategy(seed), RidgeEnsemble(members=5), seed, **arguments)


def run(search, function, target, most=6_000):
    while search.evaluations < most:
        objectives = function(search.ask()["x"])
        search.tell(objectives)
        if objectives.min() < target:
            break
    return search.evaluations


def same(first, second):
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.parametrize(("function", "saved"), [(sphere, 0.7), (rosenbrock, 0.3)])
def test_the_same_result_costs_fewer_evaluations(function, saved):
    plain = [run(strategy(seed), function, 1e-6) for seed in range(3)]
    fewer = [run(assisted(seed), function, 1e-6) for seed in range(3)]
    assert np.median(fewer) < (1 - saved) * np.median(plain)


def test_where_nothing_can_be_learned_nearly_everything_is_evaluated():
    search = assisted()
    run(search, noise, -1.0, 600)
    assert search.saved < 0.1 * search.evaluations


def test_without_trust_it_is_the_search_within_in_another_order():
    search = assisted(agreement=2.0)
    alone = strategy()
    while search.inner.generation < 12:
        search.tell(rosenbrock(search.ask()["x"]))
    for _ in range(12):
        alone.tell(rosenbrock(alone.ask()["x"]))
    assert search.saved == 0
    same(search.inner.ask(), alone.ask())


def test_residents_have_been_evaluated_and_predictions_beat_none_of_them():
    search = assisted()
    known = {}
    best = []
    for _ in range(150):
        x = search.ask()["x"]
        objectives = rosenbrock(x)
        known |= {row.tobytes(): value for row, value in zip(x, objectives, strict=True)}
        search.tell(objectives)
        genomes, values, _ = search.residents
        assert [known[row.tobytes()] for row in genomes["x"]] == values[:, 0].tolist()
        best.append(search.best.objectives[0, 0])
    assert search.saved > 0
    assert best[-1] == min(known.values())
    assert all(after <= before for before, after in pairwise(best))
    # The strategy's own best is a true one as well.
    assert search.inner.best.objectives[0, 0] == known[search.inner.best.genomes["x"][0].tobytes()]


def test_it_counts_what_it_evaluates_and_what_it_saves():
    search = assisted()
    for _ in range(120):
        search.tell(sphere(search.ask()["x"]))
    while search.inner.asked is not None:
        search.tell(sphere(search.ask()["x"]))
    assert search.evaluations + search.saved == search.inner.evaluations


def test_only_evaluated_genomes_survive_among_several_objectives():
    spec = GenomeSpec({"x": Real(5)})
    search = Preselection(
        NSGA2(spec, 20, 1), ForestEnsemble(members=10), 2, rest="failed", agreement=0.5
    )
    evaluated = set()
    for _ in range(40):
        x = search.ask()["x"]
        evaluated |= {row.tobytes() for row in x}
        search.tell(two(x))
    assert search.saved > 0
    assert {row.tobytes() for row in search.inner.residents.genomes["x"]} <= evaluated
    assert {row.tobytes() for row in search.residents.genomes["x"]} <= evaluated


def test_orders_can_be_preselected_too():
    spec = GenomeSpec({"order": Permutation(7)})
    search = Preselection(
        NSGA2(spec, 20, 1), ForestEnsemble(members=10), 2, rest="failed", agreement=0.5
    )
    for _ in range(80):
        order = search.ask()["order"]
        search.tell(np.abs(np.argsort(order, axis=1) - np.arange(7)).sum(axis=1))
    assert search.saved > 0
    assert search.best.objectives[0, 0] <= 4


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.floats(-1, 1)), min_size=2, max_size=20),
)
def test_concordance_is_kendalls(pairs):
    first, second = np.array(pairs, dtype=float).T
    expected = kendalltau(first, second).statistic
    assert concordance(first, second) == pytest.approx(0.0 if np.isnan(expected) else expected)


# Failures


def test_failed_evaluations_break_nothing():
    def failing(x):
        values = rosenbrock(x)
        values[x[:, 0] > 2.0] = np.nan
        return values

    search = assisted()
    for _ in range(4):
        search.tell(np.full(len(search.ask()["x"]), np.nan))
    assert run(search, failing, 1e-3) < 3_000
    for _ in range(20):
        search.tell(np.full(len(search.ask()["x"]), np.nan))
    assert np.isfinite(search.best.objectives).all()


def test_a_few_that_did_not_fail_do_not_earn_trust():
    """Nothing can be learned, but of two or three any order agrees now and then."""

    def mostly_failing(x):
        values = noise(x)
        values[np.mod(values * 1e3, 1.0) < 0.85] = np.nan
        return values

    search = assisted(window=400)
    run(search, mostly_failing, -1.0, 600)
    assert search.saved < 0.05 * search.evaluations


@pytest.mark.parametrize("genes", [1, 2])
def test_few_genes_need_no_window(genes):
    spec = GenomeSpec({"x": Real(genes, -9.0, 9.0, initial=3.0)})
    search = Preselection(CMAES(spec, 1, sigma=1.0), RidgeEnsemble(members=5), 1)
    run(search, sphere, 1e-6, 1_000)
    assert search.saved > 0


# Guests


def test_guests_that_do_not_belong_leave_no_trace():
    search = assisted()
    search.tell(sphere(search.ask()["x"]))
    before = search.state()
    for x, objectives, error in (
        (np.full((1, 4), 500.0), np.zeros((1, 1)), GenomeError),
        (np.ones((1, 4)), np.zeros((1, 2)), ObjectiveError),
    ):
        with pytest.raises(error):
            search.receive(Evaluated({"x": x}, objectives))
    same(search.state()[0], before[0])
    assert search.state()[1] == before[1]


def test_where_the_search_within_takes_no_guests_none_are_taken():
    inner = Lexicase(SPEC, 8, cases=10, rng=1, downsample=0.5)
    assert not Preselection(inner, RidgeEnsemble(), 1).receives


def test_guests_reach_the_search_within_even_in_the_middle_of_a_generation():
    search = assisted()
    for _ in range(60):
        search.tell(rosenbrock(search.ask()["x"]))
    while search.inner.asked is None:
        search.tell(rosenbrock(search.ask()["x"]))
    optimum = np.ones((1, 4))
    search.receive(Evaluated({"x": optimum}, rosenbrock(optimum)[:, np.newaxis]))
    assert search.best.objectives == 0.0
    while search.inner.asked is not None:
        search.tell(rosenbrock(search.ask()["x"]))
    assert search.inner.best.objectives == 0.0


# Resuming


@pytest.mark.parametrize("pending", [False, True])
@pytest.mark.parametrize("tells", [2, 57, 58])
def test_a_restored_search_goes_on_bit_for_bit(tells, pending):
    first, second = assisted(1), assisted(2)
    for i in range(tells):
        first.tell(rosenbrock(first.ask()["x"]))
        if i == tells - 2:
            first.receive(first.residents)
    if pending:
        first.ask()
    arrays, facts = first.state()
    second.restore((arrays, json.loads(json.dumps(facts))))
    for search in (first, second):
        if pending:
            search.tell(rosenbrock(search.asked["x"]))
        for i in range(25):
            search.tell(rosenbrock(search.ask()["x"]))
            if i % 9 == 0:
                search.receive(search.residents)
    same(first.ask(), second.ask())
    same(first.residents.genomes, second.residents.genomes)
    assert (first.evaluations, first.saved) == (second.evaluations, second.saved)


def test_another_surrogate_does_not_take_the_state():
    other = Preselection(strategy(), RidgeEnsemble("fourier", members=5), 1)
    with pytest.raises(AskTellError, match="fourier"):
        other.restore(assisted().state())


def test_the_surrogate_that_was_given_stays_as_it_is():
    surrogate = RidgeEnsemble()
    search = Preselection(strategy(), surrogate, 1)
    run(search, sphere, 1e-3)
    assert not len(surrogate.rows)


# Errors that teach


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"share": 0.0}, "share is 0"), ({"rest": "guessed"}, "guessed"), ({"window": 5}, "least 15")],
)
def test_settings_that_cannot_be(arguments, message):
    with pytest.raises(AskTellError, match=message):
        assisted(**arguments)


def test_a_search_that_waits_for_objectives_is_not_taken_over():
    inner = strategy()
    inner.ask()
    with pytest.raises(AskTellError, match="waits for tell"):
        Preselection(inner, RidgeEnsemble(), 1)
