"""What every search promises, held for all of them: one table, one test for each promise."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest

from evolution import AskTellError, Islands, ObjectiveError, Search, evolve
from tests.evolution.cases import CASES, Case


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def same(a: Search, b: Search) -> None:
    (arrays, facts), (others, of_others) = a.state(), b.state()
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        assert array.dtype == others[name].dtype, name
        np.testing.assert_array_equal(array, others[name], err_msg=name)
    assert json.dumps(facts) == json.dumps(of_others)


def through_json(state):
    arrays, facts = state
    return {name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(facts))


def failures(case: Case, share: float) -> Callable:
    """The problem of a case, with this share of the first evaluations failed."""

    def evaluate(genomes):
        told = case.evaluate(genomes)
        objectives = np.array(told[0] if isinstance(told, tuple) else told, dtype=float)
        objectives[: round(share * len(objectives))] = np.nan
        return (objectives, told[1]) if isinstance(told, tuple) else objectives

    return evaluate


def test_it_solves_its_standard_problem(case):
    search = case.make(1)
    evolve(search, case.evaluate, 1)
    assert case.measure(search) > case.solved  # it is no problem that chance solves
    evolve(search, case.evaluate, case.generations)
    assert case.measure(search) <= case.solved


@pytest.mark.parametrize("waiting", [False, True])
@pytest.mark.parametrize("lived", [0, 1, 5])
def test_a_restored_search_goes_on_bit_for_bit(case, lived, waiting):
    search = evolve(case.make(1), case.evaluate, lived)
    if waiting:
        search.ask()
    copy = case.make(1)
    evolve(copy, case.evaluate, 2)
    copy.rng = np.random.default_rng(99)
    copy.restore(through_json(search.state()))
    same(copy, search)
    for _ in range(3):
        evolve(search, case.evaluate, 1)
        evolve(copy, case.evaluate, 1)
        same(copy, search)


def test_saving_never_perturbs_a_run(case):
    silent, saved = case.make(1), case.make(1)
    for _ in range(4):
        told = case.evaluate(silent.ask())
        silent.tell(*told if isinstance(told, tuple) else (told,))
        saved.state()
        asked = saved.ask()
        saved.state()
        told = case.evaluate(asked)
        saved.tell(*told if isinstance(told, tuple) else (told,))
        arrays, _ = saved.state()
        # What was handed out and taken in is the caller's, to alter as he likes.
        for array in (
            *asked.values(),
            *arrays.values(),
            *(told if isinstance(told, tuple) else ()),
        ):
            array.fill(0)
    same(silent, saved)


def test_the_result_is_the_same_with_any_number_of_workers(case, pool):
    alone = evolve(case.make(1), case.evaluate, 3)
    for workers in (2, 4):
        same(evolve(case.make(1), case.evaluate, 3, workers=workers, pool=pool), alone)


@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("lived", [0, 2])
def test_failed_evaluations_never_stop_a_search(case, lived, share):
    search = evolve(case.make(1), case.evaluate, lived)
    evolve(search, failures(case, share), 2)
    genomes = search.ask()
    search.spec.validate(genomes)
    assert search.spec.count(genomes)
    evolve(search, case.evaluate, 3)
    assert not np.isnan(search.best.objectives).any()


def test_calls_out_of_turn_teach_and_change_nothing(case):
    search = case.make(1)
    with pytest.raises(AskTellError, match="has been evaluated yet"):
        _ = search.best
    with pytest.raises(AskTellError, match=r"tell\(F\) before ask"):
        search.tell(np.zeros(3))
    genomes = search.ask()
    waiting = search.state()
    with pytest.raises(AskTellError, match=r"ask\(\) twice"):
        search.ask()
    told = case.evaluate(genomes)
    objectives, *rest = told if isinstance(told, tuple) else (told,)
    with pytest.raises(ObjectiveError, match="expected"):
        search.tell(objectives[1:], *rest)
    with pytest.raises(ObjectiveError, match="measures are"):
        search.tell(objectives, np.zeros((len(objectives) + 1, 1)))
    with pytest.raises(ObjectiveError, match="no array of numbers"):
        search.tell([[1.0, 2.0], [3.0]], *rest)
    if search.measures_needed:
        with pytest.raises(ObjectiveError, match="looks at behaviour"):
            search.tell(objectives)
    copy = case.make(1)
    copy.restore(waiting)
    same(copy, search)
    search.tell(objectives, *rest)
    assert search.generation == 1
    assert search.evaluations == len(objectives)


def test_nobody_is_received_out_of_turn(case):
    guests = evolve(case.make(2), case.evaluate, 2).residents
    search = case.make(1)
    untouched = case.make(1)
    with pytest.raises(AskTellError, match=r"receive\(immigrants\) out of turn"):
        search.receive(guests)
    same(search, untouched)
    evolve(search, case.evaluate, 1)
    search.ask()
    with pytest.raises(AskTellError, match=r"receive\(immigrants\) out of turn"):
        search.receive(guests)


def test_a_state_of_another_run_is_refused(case):
    search = evolve(case.make(1), case.evaluate, 1)
    arrays, facts = search.state()
    facts["settings"] = facts["settings"] | {"spec": "another"}
    with pytest.raises(AskTellError, match="the state is of a search with"):
        search.restore((arrays, facts))
    for state in (None, ({}, {}), (arrays, None), arrays):
        with pytest.raises(AskTellError, match="no state of a search"):
            search.restore(state)


def test_a_damaged_state_changes_nothing(case):
    search, other = (evolve(case.make(1), case.evaluate, lived) for lived in (2, 4))
    before, (arrays, facts) = search.state(), other.state()
    # Whatever is read last: everything before it has been taken over by then.
    for missing in arrays:
        damaged = {name: array for name, array in arrays.items() if name != missing}
        with suppress(ValueError):  # what is not needed may be missing
            search.restore((damaged, facts))
            search.restore(before)
        copy = case.make(1)
        copy.restore(before)
        same(copy, search)
    with pytest.raises((TypeError, ValueError)):
        search.restore((arrays, facts | {"rng": {"bit_generator": "PCG64"}}))
    same(copy, search)


def test_immigrants_are_taken_in(case):
    home, abroad = (evolve(case.make(seed), case.evaluate, 3) for seed in (1, 2))
    evolve(abroad, case.evaluate, case.generations // 2)
    before = case.measure(home)
    home.receive(abroad.residents)
    home.receive(abroad.best)  # which may be of no generation that lives
    assert case.measure(home) < before
    evolve(home, case.evaluate, 2)
    assert case.measure(home) < before


def test_islands_stand_around_it(case):
    def islands() -> Islands:
        return Islands([case.make(1), case.make(2)], 3, every=2, migrants=3)

    search = evolve(islands(), case.evaluate, 5)
    other = evolve(islands(), case.evaluate, 3)
    alone = evolve(case.make(1), case.evaluate, 5)
    assert search.residents.objectives.shape[1] == alone.residents.objectives.shape[1]
    copy = islands()
    copy.restore(through_json(other.state()))
    same(evolve(copy, case.evaluate, 2), search)
    same(islands().run(case.evaluate, 5), search)
