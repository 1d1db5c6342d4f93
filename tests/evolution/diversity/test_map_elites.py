"""MAP-Elites: restore, failures, immigrants, scores and convergence."""

import json

import numpy as np
import pytest

from evolution import AskTellError, Evaluated, GenomeSpec, ObjectiveError, Real
from evolution.diversity import (
    CMA,
    CVT,
    DiversityError,
    Gaussian,
    Genetic,
    Grid,
    IsoLine,
    MAPElites,
)

UNIT = [(0.0, 1.0), (0.0, 1.0)]
spec = GenomeSpec({"x": Real(6, -5.12, 5.12), "y": Real(2, -5.12, 5.12, precision="float32")})


def sphere(genomes):
    genes = np.concatenate([genomes["x"], genomes["y"]], axis=1)
    return ((genes - 2.0) ** 2).sum(axis=1), genes[:, [0, 6]]


def run(search, generations, evaluate=sphere):
    for _ in range(generations):
        search.tell(*evaluate(search.ask()))


def searches():
    grid, cvt = Grid([(-5.12, 5.12)] * 2, 15), CVT([(-5.12, 5.12)] * 2, 150, samples=10)
    several = [Gaussian(0.1), IsoLine(), CMA(0.1), Genetic()]
    soft = {"learning_rate": 0.1, "threshold": 400.0}
    return {
        "grid": lambda rng: MAPElites(spec, grid, rng, batch=30),
        "cvt": lambda rng: MAPElites(spec, cvt, rng, batch=31, emitters=several),
        "soft": lambda rng: MAPElites(spec, grid, rng, batch=30, emitters=several, **soft),
    }


@pytest.mark.parametrize("kind", searches())
@pytest.mark.parametrize("before", [0, 1, 6])
@pytest.mark.parametrize("asked", [False, True])
def test_a_restored_search_goes_on_bit_for_bit(kind, before, asked):
    make = searches()[kind]
    search, other = make(1), make(2)
    run(search, before)
    if asked:
        search.ask()
    arrays, facts = search.state()
    search.state()  # perturbs nothing
    other.restore((arrays, json.loads(json.dumps(facts))))
    for each in (search, other):
        if asked:
            each.tell(*sphere(each.asked))
        run(each, 8)
    assert_same(search.state(), other.state())


def assert_same(state, other):
    assert state[1] == other[1]
    assert state[0].keys() == other[0].keys()
    for name, array in state[0].items():
        assert array.tobytes() == other[0][name].tobytes(), name


def test_a_state_of_other_cells_is_refused():
    state = MAPElites(spec, Grid(UNIT, 5), 1).state()
    with pytest.raises(AskTellError):
        MAPElites(spec, Grid(UNIT, 6), 1).restore(state)


@pytest.mark.parametrize("kind", searches())
def test_failed_evaluations_enter_no_cell(kind):
    search = searches()[kind](1)
    n = search.batch
    for objective, measure in [(np.nan, 0.0), (1.0, np.nan), (1.0, np.inf), (np.nan, 1.0)]:
        search.ask()
        search.tell(np.full(n, objective), np.full((n, 2), measure))
        assert search.coverage == 0.0
        assert len(search.residents.objectives) == 0
    for _ in range(5):
        f, measures = sphere(search.ask())
        search.tell(np.where(np.arange(n) % 2, np.nan, f), measures)
    assert search.elites.size > 0
    assert np.isfinite(search.elites.values).all()


def test_immigrants_are_offered_to_their_cells():
    home, abroad = searches()["grid"](1), searches()["cvt"](2)
    run(home, 5)
    run(abroad, 5)
    before = home.coverage
    home.receive(abroad.residents)
    assert home.coverage > before
    assert set(abroad.residents.objectives[:1, 0]) <= set(home.elites.values)
    with pytest.raises(ObjectiveError, match="measures"):
        home.receive(Evaluated(abroad.residents.genomes, abroad.residents.objectives))


def test_residents_are_the_elites_best_first_and_copies():
    search = searches()["grid"](1)
    run(search, 10)
    genomes, objectives, measures = search.residents
    assert (np.diff(objectives[:, 0]) >= 0.0).all()
    np.testing.assert_array_equal(sphere(genomes)[0], objectives[:, 0])
    before = search.state()
    for array in (*genomes.values(), objectives, measures):
        array[:] = 0.0
    assert_same(before, search.state())


def test_scores_by_hand():
    tag = GenomeSpec({"x": Real(1, 0, 1)})
    founders = {"x": np.array([[0.1], [0.2], [0.6]])}
    search = MAPElites(tag, Grid([(0, 1)], 4), 1, batch=3, founders=founders)
    search.ask()
    search.tell([3.0, 1.0, 4.0], founders["x"])
    assert search.coverage == 0.5
    assert search.qd_score(offset=10.0) == (10 - 1) + (10 - 4)
    assert search.best.genomes["x"].tolist() == [[0.2]]


@pytest.mark.parametrize(
    ("emitter", "least"), [(Gaussian(0.05), 0.95), (IsoLine(0.01, 0.2), 0.95), (Genetic(), 0.9)]
)
def test_convergence_on_the_sphere(emitter, least):
    search = MAPElites(spec, Grid([(-5.12, 5.12)] * 2, 20), 1, emitters=[emitter], batch=100)
    run(search, 300)
    assert search.coverage > least
    # The best of each cell: only the two measured genes are not free.
    centres = search.elites.cells.centres[search.elites.cell_of]
    best = np.maximum(np.abs(centres - 2.0) - 0.256, 0.0) ** 2
    assert np.median(search.elites.values - best.sum(axis=1)) < 2.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Grid([(1, 0)], 5), "low below high"),
        (lambda: Grid([0, 1], 5), "a .low, high. per measure"),
        (lambda: Grid(UNIT, (5, 5, 5)), "resolution"),
        (lambda: Grid(UNIT, 2.5), "whole number"),
        (lambda: Grid([(0, 1)] * 20, 10), "use CVT"),
        (lambda: CVT(UNIT, 0), "cells is 0"),
        (lambda: CVT.at([[np.nan]]), "all finite"),
        (lambda: Gaussian(-1.0), "sigma is -1"),
        (lambda: CMA(0.0), "sigma is 0"),
        (lambda: MAPElites(spec, 100, 1), "cells is 100; expected a tessellation"),
        (lambda: MAPElites(spec, Grid(UNIT, 5), 1, emitters=[]), "0 emitters"),
        (lambda: MAPElites(spec, Grid(UNIT, 5), 1, emitters=[CMA()], batch=1), "at least 2"),
        (lambda: MAPElites(spec, Grid(UNIT, 5), 1, learning_rate=0.5), "give a threshold"),
        (lambda: MAPElites(spec, Grid(UNIT, 5), 1, learning_rate=2.0), "rate is from 0 to 1"),
        (lambda: Grid(UNIT, 5).index_of([[1.0]]), r"expected \[n, 2\]"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(DiversityError, match=message):
        make()


def test_measures_are_needed_and_of_the_right_width():
    search = searches()["grid"](1)
    search.ask()
    with pytest.raises(ObjectiveError, match="looks at behaviour"):
        search.tell(np.zeros(30))
    with pytest.raises(ObjectiveError, match=r"expected \[30, 2\]"):
        search.tell(np.zeros(30), np.zeros((30, 3)))
