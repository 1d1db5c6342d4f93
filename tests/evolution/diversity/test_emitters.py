"""Emitters: the distribution of their steps, the bounds, and how far they get."""

import numpy as np
import pytest

from evolution import Categorical, Evaluated, GenomeSpec, Real
from evolution.diversity import (
    CMA,
    DiversityError,
    Elites,
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


def two_elites(spec, genes):
    """An archive with two elites that have these genes throughout."""
    measures = np.array([[0.5], [1.5]])
    columns = {
        name: np.array([np.full(locus.size, gene) for gene in genes], dtype=locus.dtype)
        for name, locus in spec.loci.items()
    }
    elites = Elites(spec, Grid([(0, 2)], 2), spec.take(columns, slice(0, 0)))
    elites.add(Evaluated(columns, np.zeros((2, 1)), measures))
    return elites


def test_gaussian_steps_have_their_deviation_and_keep_the_bounds():
    wide = GenomeSpec({"x": Real(2, (-50, -500), (50, 500))})
    elites, n = two_elites(wide, [0.0, 0.0]), 20_000
    x = Gaussian(0.02).emit(elites, n, np.random.default_rng(1))["x"]
    assert (abs(x.mean(axis=0)) < 4 * np.array([2, 20]) / np.sqrt(n)).all()
    np.testing.assert_allclose(x.std(axis=0), [2, 20], rtol=4 / np.sqrt(2 * n))
    edge = two_elites(spec, [5.12, -5.12])
    children = Gaussian(0.5).emit(edge, 200, np.random.default_rng(1))
    spec.validate(children)
    assert (children["x"] == 5.12).any()
    assert children["y"].dtype == np.float32


def test_lines_lead_from_elite_to_elite():
    wide = GenomeSpec({"x": Real(3, -100, 100), "y": Real(1, -100, 100)})
    elites, n = two_elites(wide, [0.0, 10.0]), 40_000
    children = IsoLine(0.0, 0.5).emit(elites, n, np.random.default_rng(1))
    x = children["x"]
    # All genes of a child lie on the line, at the same place.
    assert np.ptp(np.column_stack([x, children["y"]]), axis=1).max() < 1e-9
    # Half the pairs are of one elite with itself, and stay there.
    np.testing.assert_allclose((np.isin(x[:, 0], [0.0, 10.0])).mean(), 0.5, atol=4 * 0.0025)
    moved = x[~np.isin(x[:, 0], [0.0, 10.0]), 0]
    # From 0 or 10, by normal steps of 5: variance 25 + 25 about the middle.
    np.testing.assert_allclose(moved.mean(), 5.0, atol=4 * np.sqrt(50 / len(moved)))
    np.testing.assert_allclose(moved.var(), 50.0, rtol=0.05)
    around = IsoLine(0.01, 0.0).emit(elites, n, np.random.default_rng(1))["x"]
    offset = around - np.where(around < 5.0, 0.0, 10.0)
    np.testing.assert_allclose(offset.std(), 2.0, rtol=0.02)


def test_the_cma_emitter_climbs_and_starts_afresh():
    search = MAPElites(
        spec, Grid([(-5.12, 5.12)] * 2, 20), 1, emitters=[CMA(0.1), CMA(0.1)], batch=40
    )
    run(search, 150)
    # The same evaluations leave normal steps at about 2, with a worse score.
    assert search.best.objectives[0, 0] < 0.5
    assert search.coverage > 0.99
    assert search.qd_score(offset=400.0) > 148_500
    assert sum(emitter.restarts for emitter in search.emitters) > 0


@pytest.mark.parametrize(("rate", "best", "least"), [(0.0, 1e-9, 0.3), (0.02, 2.0, 0.95)])
def test_a_soft_archive_lies_between_climbing_and_covering(rate, best, least):
    # At rate 0 thresholds stay where they are, and what is left is plain CMA-ES.
    search = MAPElites(
        spec,
        Grid([(-5.12, 5.12)] * 2, 20),
        1,
        emitters=[CMA(0.1), CMA(0.1)],
        batch=40,
        learning_rate=rate,
        threshold=420.0,
    )
    run(search, 150)
    assert search.best.objectives[0, 0] < best
    assert search.coverage > least


def test_other_loci_have_the_genetic_emitter():
    mixed = GenomeSpec({"x": Real(2), "kind": Categorical(4, choices=3)})
    search = MAPElites(mixed, Grid(UNIT, 5), 1, batch=20)
    assert search.emitters == [Genetic()]
    run(search, 30, lambda g: (g["kind"].sum(axis=1), g["x"]))
    assert search.coverage == 1.0
    assert (search.elites.values == 0.0).mean() > 0.8
    with pytest.raises(DiversityError, match="kind"):
        MAPElites(mixed, Grid(UNIT, 5), 1, emitters=[IsoLine()])
