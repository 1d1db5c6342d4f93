"""NSGA-III: directions, scale, niches and survival by definition and with pymoo; DTLZ2."""

from math import comb

import moocore
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution.genomes import GenomeSpec, Real
from evolution.pareto import (
    NSGA3,
    ReferenceSurvival,
    associate,
    das_dennis,
    niche_select,
    pareto_ranks,
)
from evolution.search import AskTellError, ObjectiveError

# Directions


def test_the_numbers_of_directions_are_the_papers():
    # Deb & Jain 2014, table I: objectives, divisions of both layers, directions.
    for setting, count in {
        (3, 12, 0): 91,
        (5, 6, 0): 210,
        (8, 3, 2): 156,
        (10, 3, 2): 275,
        (15, 2, 1): 135,
    }.items():
        directions = das_dennis(*setting)
        assert directions.shape == (count, setting[0])
        assert (directions >= 0.0).all()
        np.testing.assert_allclose(directions.sum(axis=1), 1.0, atol=1e-12)
        assert len(np.unique(directions.round(9), axis=0)) == count


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 6))
def test_one_layer_is_all_multiples_that_sum_to_one(objectives, divisions):
    counts = np.rint(das_dennis(objectives, divisions) * divisions).astype(int)
    grid = np.indices((divisions + 1,) * objectives).reshape(objectives, -1).T
    expected = grid[grid.sum(axis=1) == divisions]
    np.testing.assert_array_equal(counts, expected)
    assert len(counts) == comb(objectives + divisions - 1, divisions)


def test_the_inner_layer_is_half_as_wide_around_the_centre():
    inner = das_dennis(4, 2, 1)[10:]
    np.testing.assert_allclose(inner.max(axis=0), 0.625)
    np.testing.assert_allclose(inner.min(axis=0), 0.125)


@pytest.mark.parametrize("wrong", [(0, 3), (3, 0), (3, 4, -1), (30, 30)])
def test_directions_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ObjectiveError, match=r"das_dennis\("):
        das_dennis(*wrong)


# Niches


def test_points_belong_to_the_nearest_line():
    rng = np.random.default_rng(1)
    points, directions = rng.random((200, 4)), rng.random((40, 4))
    niches, distances = associate(points, directions)
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    along = points @ unit.T
    every = np.linalg.norm(points[:, np.newaxis] - along[:, :, np.newaxis] * unit, axis=2)
    np.testing.assert_array_equal(niches, every.argmin(axis=1))
    np.testing.assert_allclose(distances, every.min(axis=1), rtol=1e-9)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 40), st.integers(1, 8), st.integers(0, 2**32), st.data())
def test_each_choice_is_from_a_niche_with_the_fewest(n, H, seed, data):
    k = data.draw(st.integers(0, n))
    rng = np.random.default_rng(seed)
    niches, distances = rng.integers(0, H, n), rng.random(n)
    counts = rng.integers(0, 4, H)
    before = counts.copy()
    chosen = niche_select(niches, distances, counts, k, rng)
    np.testing.assert_array_equal(counts, before)
    left = set(range(n))
    for row in chosen.tolist():
        open_niches = {niches[i] for i in left}
        assert counts[niches[row]] == min(counts[niche] for niche in open_niches)
        if counts[niches[row]] == 0:
            assert distances[row] == min(distances[i] for i in left if niches[i] == niches[row])
        counts[niches[row]] += 1
        left.remove(row)
    assert len(chosen) == k


def test_niches_and_members_are_drawn_evenly():
    rng = np.random.default_rng(2)
    niches = np.repeat(np.arange(4), 3)
    rounds = 6000
    drawn = np.zeros(12)
    for _ in range(rounds):
        drawn[niche_select(niches, np.zeros(12), np.ones(4, int), 2, rng)] += 1
    # Two of four niches, one of three members each.
    share = 2 / 12
    z = (drawn - rounds * share) / np.sqrt(rounds * share * (1 - share))
    assert np.abs(z).max() < 4


# Survival


def front(n, M, seed):
    rng = np.random.default_rng(seed)
    F = np.abs(rng.normal(size=(n, M)))
    return F / np.linalg.norm(F, axis=1, keepdims=True)


def test_the_scale_is_where_the_plane_cuts_the_axes():
    ideal, intercepts = np.array([1.0, -2.0, 5.0]), np.array([2.0, 3.0, 50.0])
    flat = np.concatenate([np.eye(3), np.random.default_rng(3).dirichlet(np.ones(3), 40)])
    survival = ReferenceSurvival(das_dennis(3, 4))
    survival.select(ideal + intercepts * flat, 20, np.random.default_rng(1))
    np.testing.assert_allclose(survival.ideal, ideal, atol=1e-12)
    np.testing.assert_allclose(survival.nadir, ideal + intercepts, rtol=1e-12)
    np.testing.assert_allclose(survival.scaled(ideal + intercepts * flat), flat, atol=1e-12)


def test_where_there_is_no_plane_the_worst_of_the_front_is_the_scale():
    # All extreme points coincide; the last objective is the same everywhere.
    along = np.linspace(0.0, 1.0, 9)
    F = np.column_stack([along, 4.0 - along, np.ones(9)])
    survival = ReferenceSurvival(das_dennis(3, 4))
    rows = survival.select(F, 5, np.random.default_rng(1))
    assert survival.nadir.tolist() == [1.0, 4.0, 1.0]
    assert np.isfinite(survival.distances).all()
    assert len(set(rows)) == 5


def test_the_scale_is_pymoos():
    pytest.importorskip("pymoo", reason="compares with pymoo, which the extra `test` installs")
    from pymoo.algorithms.moo.nsga3 import HyperplaneNormalization, associate_to_niches

    survival, theirs = ReferenceSurvival(das_dennis(3, 6)), HyperplaneNormalization(3)
    for seed in range(5):
        F = front(100, 3, seed) * (3.0 - 0.4 * seed) * np.array([1.0, 10.0, 0.2])
        survival.select(F, 100, np.random.default_rng(1))
        theirs.update(F, nds=np.flatnonzero(pareto_ranks(F) == 0))
        np.testing.assert_array_equal(survival.ideal, theirs.ideal_point)
        np.testing.assert_allclose(survival.nadir, theirs.nadir_point, rtol=1e-9)
        niches, distances, _ = associate_to_niches(
            F, survival.directions, theirs.ideal_point, theirs.nadir_point
        )
        order = np.argsort(pareto_ranks(F), kind="stable")
        np.testing.assert_array_equal(survival.niches, niches[order])
        np.testing.assert_allclose(survival.distances, distances[order], atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(2, 4), st.integers(0, 2**32), st.data())
def test_whole_fronts_survive_first(n, M, seed, data):
    rng = np.random.default_rng(seed)
    F = rng.integers(0, 5, (n, M)).astype(float)
    F[rng.random(n) < 0.1, 0] = np.nan
    k = data.draw(st.integers(0, n))
    survival = ReferenceSurvival(das_dennis(M, 3))
    rows = survival.select(F, k, rng)
    ranks = pareto_ranks(F)
    assert len(set(rows.tolist())) == k
    assert sorted(ranks[rows]) == sorted(ranks)[:k]
    np.testing.assert_array_equal(survival.ranks, ranks[rows])
    lost = np.isnan(F[rows]).any(axis=1)
    np.testing.assert_array_equal(survival.niches == -1, lost)
    np.testing.assert_array_equal(np.isinf(survival.distances), lost)


def test_the_units_of_objectives_do_not_matter():
    F = front(120, 3, 6)
    F[:40] += 0.5
    units, origin = np.array([1.0, 256.0, 2.0**-12]), np.array([0.0, 64.0, -1.0])
    chosen = [
        ReferenceSurvival(das_dennis(3, 5)).select(G, 50, np.random.default_rng(1))
        for G in (F, F * units + origin)
    ]
    np.testing.assert_array_equal(chosen[0], chosen[1])


def test_infinite_and_failed_objectives_do_no_harm():
    F = front(30, 3, 7)
    F[3, 1], F[4] = np.inf, np.nan
    survival = ReferenceSurvival(das_dennis(3, 5))
    with np.errstate(all="raise"):
        rows = survival.select(F, 20, np.random.default_rng(1))
    assert 4 not in rows
    assert np.isfinite(survival.scaled(F[rows])).all()
    lost = np.full((5, 3), np.nan)
    assert survival.select(lost, 3, np.random.default_rng(1)).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "directions", [np.empty((0, 3)), [[0.0, 0.0]], [[1.0, -1.0]], [[np.nan, 1.0]], [1.0, 2.0]]
)
def test_directions_that_lead_nowhere_are_refused(directions):
    with pytest.raises(ObjectiveError, match="directions are"):
        ReferenceSurvival(directions)


def test_objectives_of_another_number_are_refused():
    survival = ReferenceSurvival(das_dennis(3, 5))
    with pytest.raises(ObjectiveError, match="F has 2 objectives; the directions have 3"):
        survival.select(np.zeros((4, 2)), 2, np.random.default_rng(1))
    with pytest.raises(ObjectiveError, match="cannot select 5 of 4"):
        survival.select(np.zeros((4, 3)), 5, np.random.default_rng(1))


# The search


def dtlz2(X):
    radius = 1.0 + np.square(X[:, 2:] - 0.5).sum(axis=1)
    first, second = 0.5 * np.pi * X[:, 0], 0.5 * np.pi * X[:, 1]
    sides = [np.cos(first) * np.cos(second), np.cos(first) * np.sin(second), np.sin(first)]
    return np.column_stack([radius * side for side in sides])


def test_dtlz2_is_solved_with_a_point_for_each_direction():
    search = NSGA3(GenomeSpec({"x": Real(12)}), 92, 1, directions=das_dennis(3, 12))
    for _ in range(120):
        search.tell(dtlz2(search.ask()["x"]))
    # Points exactly in all 91 directions have 0.7445.
    assert moocore.hypervolume(search.objectives, ref=[1.1] * 3) >= 0.73
    assert len(np.unique(search.survival.niches)) >= 90
    assert np.median(search.survival.distances) < 0.01
    np.testing.assert_allclose(search.survival.nadir, 1.0, atol=0.05)
    assert len(search.front) == 92


def test_the_directions_say_how_many_objectives_there_are():
    search = NSGA3(GenomeSpec({"x": Real(4)}), 10, 1, directions=das_dennis(3, 3))
    search.ask()
    with pytest.raises(ObjectiveError, match=r"expected \[10, 3\]"):
        search.tell(np.zeros((10, 2)))
    state = search.state()
    with pytest.raises(AskTellError, match="the state is of a search with"):
        NSGA3(GenomeSpec({"x": Real(4)}), 10, 1, directions=das_dennis(3, 2)).restore(state)
