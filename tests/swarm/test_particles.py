"""Particle swarms against a plain reference, and on landscapes with known floors."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from benchmarks.motion import searched, within
from swarm.chance import seed_from, seeded, uniform
from swarm.motion.landscapes import LANDSCAPES, rastrigin, rosenbrock, sphere
from swarm.motion.particles import (
    ACCELERATION,
    CONSTRICTION,
    ParticleError,
    ParticleSwarm,
    Topology,
    minimise,
)


def reference_history(
    bounds: tuple[float, float], dimensions: int, particles: int, ring: bool, moves: int, seed: int
) -> list[float]:
    """The equation of the module, a number at a time, on Rastrigin's landscape."""
    rng = np.random.default_rng(seed)
    low, high = bounds
    x = rng.uniform(low, high, (particles, dimensions)).tolist()
    v = rng.uniform(low, high, (particles, dimensions)).tolist()
    v = [[(b - a) / 2 for a, b in zip(xs, vs, strict=True)] for xs, vs in zip(x, v, strict=True)]
    stream = seeded(seed_from(rng))
    best = [list(row) for row in x]
    worth = [math.inf] * particles
    history = []
    for move in range(moves):
        if move:
            heads = []
            for i in range(particles):
                friends = [i, (i - 1) % particles, (i + 1) % particles]
                heads.append(min(friends if ring else range(particles), key=lambda j: worth[j]))
            for i in range(particles):
                for d in range(dimensions):
                    own = 2.05 * uniform(stream) * (best[i][d] - x[i][d])
                    others = 2.05 * uniform(stream) * (best[heads[i]][d] - x[i][d])
                    v[i][d] = 0.72984 * (v[i][d] + own + others)
                    x[i][d] += v[i][d]
        for i in range(particles):
            value = sum(a * a - 10 * math.cos(2 * math.pi * a) + 10 for a in x[i])
            if all(low <= a <= high for a in x[i]) and value < worth[i]:
                worth[i], best[i] = value, list(x[i])
        history.append(min(worth))
    return history


@settings(deadline=None, max_examples=60)
@given(
    dimensions=st.integers(1, 4),
    particles=st.integers(1, 6),
    topology=st.sampled_from(["global", "ring"]),
    seed=st.integers(0, 2**32),
)
def test_a_swarm_moves_as_the_reference_does(
    dimensions: int, particles: int, topology: Topology, seed: int
) -> None:
    bounds = (-2.0, 5.0)
    found = minimise(
        rastrigin,
        [bounds] * dimensions,
        np.random.default_rng(seed),
        particles,
        12 * particles,
        topology,
    )
    expected = reference_history(bounds, dimensions, particles, topology == "ring", 12, seed)
    np.testing.assert_allclose(found.history, expected, rtol=1e-7, atol=1e-9)
    assert found.evaluations == 12 * particles
    assert found.value == found.history[-1]
    assert rastrigin(found.place[None])[0] == pytest.approx(found.value, abs=1e-9)


def test_constriction_is_that_of_clerc_and_kennedy() -> None:
    phi = 2 * ACCELERATION
    chi = 2 / abs(2 - phi - math.sqrt(phi * phi - 4 * phi))
    assert pytest.approx(chi, abs=5e-6) == CONSTRICTION


@pytest.mark.parametrize("name", sorted(LANDSCAPES))
def test_landscapes_have_their_floor_where_they_say(name: str) -> None:
    land = LANDSCAPES[name]
    assert land.function(np.full((1, 30), land.optimum))[0] == 0.0
    elsewhere = np.random.default_rng(1).uniform(*land.domain, (500, 30))
    assert (land.function(elsewhere) > 0).all()
    assert not land.start[0] <= land.optimum <= land.start[1]


def test_landscapes_equal_their_formulas() -> None:
    places = np.random.default_rng(2).uniform(-3, 3, (20, 5))
    for x, a, b, c in zip(
        places, sphere(places), rosenbrock(places), rastrigin(places), strict=True
    ):
        assert a == pytest.approx(sum(t * t for t in x))
        pairs = pairwise(x)
        assert b == pytest.approx(sum(100 * (n - t * t) ** 2 + (1 - t) ** 2 for t, n in pairs))
        assert c == pytest.approx(sum(t * t - 10 * math.cos(2 * math.pi * t) + 10 for t in x))


@pytest.mark.parametrize("topology", ["global", "ring"])
@pytest.mark.parametrize(
    ("name", "goal"), [("sphere", 1e-40), ("rosenbrock", 30), ("rastrigin", 140)]
)
def test_landscapes_are_searched_with_the_standard_budget(
    name: str, goal: float, topology: Topology
) -> None:
    # Bratton & Kennedy 2007: 50 particles, 30 dimensions, 300,000 evaluations.
    land = LANDSCAPES[name]
    found = [
        minimise(
            land.function,
            [land.domain] * 30,
            np.random.default_rng(seed),
            topology=topology,
            start=land.start,
        )
        for seed in range(2)
    ]
    assert all(each.evaluations == 300_000 for each in found)
    assert all((np.diff(each.history) <= 0).all() for each in found)
    assert np.mean([each.value for each in found]) < goal


def test_news_spreads_at_once_or_along_the_ring() -> None:
    # One particle alone knows a good place; the others are drawn there as soon as they hear of it.
    cases: list[tuple[Topology, list[int]]] = [("global", [9, 9, 9]), ("ring", [2, 4, 6])]
    for topology, heard in cases:
        swarm = ParticleSwarm([(0, 1)] * 2, np.random.default_rng(1), 10, topology, at_rest=True)
        moved = []
        places = swarm.ask()
        worth = np.where(np.arange(10) == 0, 0.0, 1.0)
        swarm.tell(worth)
        for _ in range(3):
            now = swarm.ask()
            moved.append(int((now != places).any(axis=1)[1:].sum()))
            swarm.tell(np.where((now != places).any(axis=1), 0.5, worth))
        assert moved == heard


def test_places_out_of_bounds_are_neither_evaluated_nor_kept() -> None:
    seen = []

    def slope(places: NDArray[np.float64]) -> NDArray[np.float64]:
        seen.append(places)
        return places.sum(axis=1)  # falls beyond the bounds

    bounds = np.array([[-1.0, 2.0], [0.5, 0.75]])
    found = minimise(slope, bounds, np.random.default_rng(3), 20, 4000)
    inside = np.concatenate(seen)
    assert len(inside) < 4000 == found.evaluations
    assert ((inside >= bounds[:, 0]) & (inside <= bounds[:, 1])).all()
    assert found.value == pytest.approx(-0.5, abs=0.01)


def test_ask_and_tell_equals_minimise_and_equal_generators_equal_swarms() -> None:
    swarm = ParticleSwarm([(-5, 5)] * 4, np.random.default_rng(8), particles=10)
    for _ in range(30):
        swarm.tell(sphere(swarm.ask()))
    runs = [minimise(sphere, [(-5, 5)] * 4, np.random.default_rng(s), 10, 300) for s in (8, 8, 9)]
    assert swarm.best.history.tolist() == runs[0].history.tolist() == runs[1].history.tolist()
    assert runs[0].history.tolist() != runs[2].history.tolist()


def test_values_that_are_no_numbers_are_never_best() -> None:
    swarm = ParticleSwarm([(-5, 5)] * 2, np.random.default_rng(0), particles=3)
    swarm.ask()
    swarm.tell([np.nan, 4.0, np.inf])
    assert swarm.best.value == 4.0
    blind = minimise(lambda x: np.full(len(x), np.nan), [(0, 1)], np.random.default_rng(0), 5, 50)
    assert math.isinf(blind.value)
    assert np.isnan(blind.place).all()


def test_errors_say_what_is_allowed() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ParticleError, match=r"bounds must be float\[d, 2\]"):
        ParticleSwarm([1.0, 2.0, 3.0], rng)
    with pytest.raises(ParticleError, match="no least value above"):
        ParticleSwarm([(5, -5)], rng)
    with pytest.raises(ParticleError, match="'global' or 'ring'"):
        ParticleSwarm([(0, 1)], rng, topology="star")  # type: ignore[arg-type]
    with pytest.raises(ParticleError, match=r"start must be float\[d, 2\]"):
        ParticleSwarm([(0, 1)] * 3, rng, start=[(0, 1)] * 2)
    swarm = ParticleSwarm([(0, 1)], rng, particles=4)
    with pytest.raises(ParticleError, match="told before asked"):
        swarm.tell(np.zeros(4))
    swarm.ask()
    with pytest.raises(ParticleError, match="asked twice"):
        swarm.ask()
    with pytest.raises(ParticleError, match=r"float\[4\]"):
        swarm.tell(np.zeros(3))
    with pytest.raises(ParticleError, match="evaluations must pay"):
        minimise(sphere, [(0, 1)], rng, 50, 49)
    with pytest.raises(ParticleError, match="as many values"):
        minimise(lambda x: x, [(0, 1)] * 2, rng)


def test_counts_are_whole() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ParticleError, match="particles must be a whole number"):
        minimise(sphere, [(-1, 1)], rng, particles=50.0)  # type: ignore[arg-type]
    with pytest.raises(ParticleError, match="evaluations must be a whole number"):
        minimise(sphere, [(-1, 1)], rng, evaluations=1e4)  # type: ignore[arg-type]


def test_the_benchmark_counts_the_places_that_were_called() -> None:
    found, calls = searched(LANDSCAPES["rastrigin"], 0, 2_000, "global")
    assert found.evaluations == 2_000
    assert 0 < calls < 2_000  # some left the bounds and were not evaluated
    assert within([calls], 2_000)
    assert not within([calls], calls - 1)
    assert not within([0], 2_000)
