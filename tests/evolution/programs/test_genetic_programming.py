"""Genetic programming solves what it should, keeps programs small, and goes on where it stopped."""

import json

import numpy as np
import pytest

from evolution import AskTellError, Evaluated, GenomeSpec, Lexicase, Real
from evolution.programs import GeneticProgramming, PrimitiveSet, Program
from tests.evolution.programs.plain import MATHS

MIX = ("add", "sub", "mul", "protected_div", "neg", "sin", "cos")
LOCUS = Program(PrimitiveSet(("x",), MIX), places=64, height=8, ramp=(1, 3))
SPEC = GenomeSpec({"program": LOCUS})
CASES = np.arange(-10, 10)[:, np.newaxis] / 10
TARGETS = (CASES + CASES**2 + CASES**3 + CASES**4)[:, 0]


def errors(genomes):
    with np.errstate(all="ignore"):
        return np.square(LOCUS.evaluate(genomes["program"], CASES) - TARGETS)


def run(search, generations):
    for _ in range(generations):
        search.tell(errors(search.ask()).mean(axis=1))
    return search


def same(a, b):
    arrays, facts = a.state()
    others, other_facts = b.state()
    assert facts == other_facts
    assert arrays.keys() == others.keys()
    assert all(arrays[name].tobytes() == others[name].tobytes() for name in arrays)


def test_the_quartic_is_found():
    search = run(GeneticProgramming(SPEC, 300, rng=1), 40)
    assert search.best.objectives[0, 0] < 1e-30
    x = np.linspace(-3, 3, 50)[:, np.newaxis]
    found = LOCUS.evaluate(search.best.genomes["program"], x)[0]
    np.testing.assert_allclose(found, (x + x**2 + x**3 + x**4)[:, 0], rtol=1e-9, atol=1e-9)


def test_a_restored_search_goes_on_bit_for_bit():
    whole = run(GeneticProgramming(SPEC, 60, rng=1, parsimony=0.01), 4)
    arrays, facts = whole.state()
    part = GeneticProgramming(SPEC, 60, rng=9, parsimony=0.01)
    part.restore((arrays, json.loads(json.dumps(facts))))
    same(whole, part)
    same(run(whole, 4), run(part, 4))
    whole.ask()  # also while objectives are due
    part.restore(whole.state())
    for search in (whole, part):
        search.tell(errors(search.asked).mean(axis=1))
    same(run(whole, 2), run(part, 2))


def test_of_equals_the_smaller_ones_come_first_and_stay():
    search = GeneticProgramming(SPEC, 100, rng=1, elites=10)
    for _ in range(12):
        search.ask()
        search.tell(np.zeros(100))
        sizes = search.sizes(search.genomes)
        assert (np.diff(sizes) >= 0).all()
    assert sizes.mean() < 2


def test_parsimony_counts_nodes_when_parents_are_chosen():
    def mean_size(parsimony):
        search = GeneticProgramming(SPEC, 100, rng=1, parsimony=parsimony)
        for _ in range(10):
            search.tell(-LOCUS.sizes(search.ask()["program"]))  # larger is better
        return search.sizes(search.genomes).mean()

    assert mean_size(0.0) > 20 > 4 > mean_size(2.0)


def test_failed_evaluations_rank_last_and_a_generation_of_them_is_survived():
    search = GeneticProgramming(SPEC, 30, rng=1)
    search.ask()
    search.tell(np.full(30, np.nan))
    F = np.where(np.arange(30) < 20, np.nan, np.arange(30.0))
    search.ask()
    search.tell(F)
    told = search.residents.objectives[:, 0]
    assert told[:10].tolist() == list(range(20, 30))
    assert np.isnan(told[10:]).all()
    run(search, 3)


def test_immigrants_take_the_places_of_the_worst():
    search = GeneticProgramming(SPEC, 20, rng=1)
    search.ask()
    search.tell(np.arange(20.0))
    search.receive(Evaluated(SPEC.sample(3, search.rng), np.array([[0.5], [30.0], [7.5]])))
    told = search.residents.objectives[:, 0].tolist()
    assert told == sorted([*range(17), 0.5, 7.5, 30.0])
    assert (search.sizes(search.genomes) > 0).all()


def test_a_genome_may_hold_more_than_a_program():
    spec = GenomeSpec({"program": LOCUS, "shift": Real(1), "other": Program(MATHS)})
    search = GeneticProgramming(spec, 20, rng=1)
    genomes = search.ask()
    expected = LOCUS.sizes(genomes["program"]) + spec.loci["other"].sizes(genomes["other"])
    assert (search.sizes(genomes) == expected).all()


def test_lexicase_knows_programs_too():
    search = Lexicase(SPEC, 60, rng=1, cases=20, mutation_rate=0.3)
    first = np.inf
    for generation in range(15):
        told = errors(search.ask())
        first = np.nanmin(told.sum(axis=1)) if generation == 0 else first
        search.tell(told)
    assert search.best.objectives.sum() < first


def test_errors_teach():
    with pytest.raises(AskTellError, match="no program among the loci"):
        GeneticProgramming(GenomeSpec({"x": Real(1)}), 10, rng=1)
    with pytest.raises(AskTellError, match="0 or more a node"):
        GeneticProgramming(SPEC, 10, rng=1, parsimony=-1.0)
    search = run(GeneticProgramming(SPEC, 10, rng=1), 1)
    with pytest.raises(AskTellError, match="parsimony"):
        GeneticProgramming(SPEC, 10, rng=1, parsimony=1.0).restore(search.state())
