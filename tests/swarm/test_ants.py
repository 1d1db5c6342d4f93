"""Ants against plain references, exact search on small maps, and the optima of TSPLIB."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from swarm.chance import below, seeded, uniform
from swarm.motion.ants import (
    AntColonySystem,
    AntError,
    LocalSearch,
    MaxMinAntSystem,
    Tour,
    _build,
)
from swarm.motion.local_search import improve
from swarm.motion.tsplib import load_instance, tour_length

System = AntColonySystem | MaxMinAntSystem


def random_map(cities: int, seed: int, side: int = 1000) -> NDArray[np.int64]:
    places = np.random.default_rng(seed).integers(0, side, (cities, 2))
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    return np.rint(apart).astype(np.int64)


def nearest(distances: NDArray[np.int64], number: int) -> NDArray[np.int64]:
    ranked = np.argsort(distances + np.diag(np.full(len(distances), -9)), axis=1, kind="stable")
    return np.ascontiguousarray(ranked[:, 1 : number + 1])


def shortest(distances: NDArray[np.int64]) -> int:
    rest = permutations(range(1, len(distances)))
    return min(tour_length(distances, [0, *order]) for order in rest if order[0] < order[-1])


def reference_tours(
    ants: int,
    tau: NDArray[np.float64],
    nearness: NDArray[np.float64],
    near: NDArray[np.int64],
    q0: float,
    xi: float,
    tau0: float,
    seed: int,
) -> list[list[int]]:
    """Ants take turns; each chooses among its open candidates, or the best of all the rest."""
    stream = seeded(seed)
    cities = len(tau)
    tours = [[int(below(stream, cities))] for _ in range(ants)]
    for _ in range(cities - 1):
        for tour in tours:
            here = tour[-1]
            pulls = {int(c): tau[here, c] * nearness[here, c] for c in near[here] if c not in tour}
            if not pulls:
                rest = {c: tau[here, c] * nearness[here, c] for c in range(cities) if c not in tour}
                there = max(rest, key=lambda c: rest[c])
            elif q0 > 0 and uniform(stream) < q0:
                there = max(pulls, key=lambda c: pulls[c])
            else:
                lot = uniform(stream) * sum(pulls.values())
                for city, pull in pulls.items():
                    there = city
                    lot -= pull
                    if lot < 0:
                        break
            tour.append(there)
            if xi > 0:
                tau[here, there] = tau[there, here] = (1 - xi) * tau[here, there] + xi * tau0
    if xi > 0:
        for tour in tours:
            r, s = tour[-1], tour[0]
            tau[r, s] = tau[s, r] = (1 - xi) * tau[r, s] + xi * tau0
    return tours


@settings(deadline=None, max_examples=60)
@given(
    cities=st.integers(3, 12),
    ants=st.integers(1, 4),
    candidates=st.integers(1, 11),
    q0=st.sampled_from([0.0, 0.5, 1.0]),
    xi=st.sampled_from([0.0, 0.1, 1.0]),
    seed=st.integers(0, 2**32),
)
def test_tours_are_built_as_the_reference_builds_them(
    cities: int, ants: int, candidates: int, q0: float, xi: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    distances = random_map(cities, seed)
    tau = rng.random((cities, cities))
    tau += tau.T
    nearness = np.maximum(distances, 0.1) ** -2.0
    near = nearest(distances, candidates)
    expected_tau = tau.copy()
    expected = reference_tours(ants, expected_tau, nearness, near, q0, xi, 0.1, seed)
    found = _build(ants, tau, nearness, near, q0, xi, 0.1, seeded(seed))
    assert found.tolist() == expected
    np.testing.assert_allclose(tau, expected_tau)


def test_cities_are_drawn_by_trail_and_nearness() -> None:
    pull = np.array([[0.0, 1, 2, 5], [1, 0, 1, 1], [2, 1, 0, 1], [5, 1, 1, 0]])
    near = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
    tours = _build(40_000, pull, np.ones((4, 4)), near, 0.0, 0.0, 0.0, seeded(7))
    seconds = tours[tours[:, 0] == 0, 1]
    shares = np.bincount(seconds, minlength=4)[1:] / len(seconds)
    expected = np.array([1, 2, 5]) / 8
    error = np.sqrt(expected * (1 - expected) / len(seconds))
    assert (np.abs(shares - expected) < 4 * error).all()
    starts = np.bincount(tours[:, 0]) / 40_000
    assert (np.abs(starts - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 40_000)).all()


@settings(deadline=None, max_examples=60)
@given(cities=st.integers(3, 14), seed=st.integers(0, 2**32), insertion=st.booleans())
def test_a_local_search_leaves_no_move_that_shortens(
    cities: int, seed: int, insertion: bool
) -> None:
    rng = np.random.default_rng(seed)
    distances = random_map(cities, seed)
    before = np.array([rng.permutation(cities) for _ in range(3)])
    tours = before.copy()
    improve(tours, distances, nearest(distances, cities - 1), insertion)
    for old, tour in zip(before, tours, strict=True):
        assert sorted(tour.tolist()) == list(range(cities))
        length = tour_length(distances, tour)
        assert length <= tour_length(distances, old)
        for i in range(cities):
            for j in range(i + 2, cities + 1):
                turned = np.concatenate((tour[:i], tour[i:j][::-1], tour[j:]))
                assert tour_length(distances, turned) >= length


def test_moving_single_cities_shortens_further() -> None:
    lengths = []
    for insertion in (False, True):
        total = 0
        for seed in range(40):
            distances = random_map(60, seed)
            tours = np.random.default_rng(seed).permutation(60)[None]
            improve(tours, distances, nearest(distances, 10), insertion)
            assert sorted(tours[0].tolist()) == list(range(60))
            total += tour_length(distances, tours[0])
        lengths.append(total)
    assert lengths[1] < 0.99 * lengths[0]


def check(tour: Tour, distances: NDArray[np.int64], iterations: int) -> None:
    assert sorted(tour.order.tolist()) == list(range(len(distances)))
    assert tour.order[0] == 0
    assert tour.order[1] < tour.order[-1]
    assert tour.length == tour_length(distances, tour.order) == tour.history[-1]
    assert tour.history.shape == (iterations,)
    assert (np.diff(tour.history) <= 0).all()
    assert (tour.trails == tour.trails.T).all()


@pytest.mark.parametrize("search", ["none", "2-opt", "2.5-opt"])
@pytest.mark.parametrize("cities", [3, 4, 5, 8])
def test_small_maps_are_solved_exactly(cities: int, search: LocalSearch) -> None:
    for seed in range(3):
        distances = random_map(cities, seed)
        best = shortest(distances)
        both: list[System] = [
            AntColonySystem(local_search=search, xi=0.3),
            MaxMinAntSystem(local_search=search),
        ]
        for system in both:
            tour = system.solve(distances, np.random.default_rng(seed), 150)
            check(tour, distances, 150)
            assert tour.length == best


@pytest.mark.parametrize("name", ["berlin52", "eil51"])
@pytest.mark.parametrize(
    ("system", "iterations", "gap"),
    [
        (MaxMinAntSystem(), 600, 0.02),
        (MaxMinAntSystem(ants=25, rho=0.2, local_search="2.5-opt"), 200, 0.005),
        (AntColonySystem(local_search="2.5-opt"), 300, 0.005),
    ],
)
def test_tours_come_near_the_optimum_and_never_below(
    name: str, system: System, iterations: int, gap: float
) -> None:
    instance = load_instance(name)
    assert instance.optimum is not None
    lengths = []
    for seed in range(2):
        tour = system.solve(instance, np.random.default_rng(seed), iterations)
        check(tour, instance.distances, iterations)
        assert tour.length >= instance.optimum
        lengths.append(tour.length)
    assert np.mean(lengths) <= (1 + gap) * instance.optimum


def test_the_optimum_of_berlin52_is_found() -> None:
    system = MaxMinAntSystem(ants=25, rho=0.2, local_search="2.5-opt")
    assert system.solve(load_instance("berlin52"), np.random.default_rng(1), 300).length == 7542


def test_ant_colony_system_alone_comes_within_two_percent_on_eil51() -> None:
    instance = load_instance("eil51")
    lengths = [
        AntColonySystem().solve(instance, np.random.default_rng(seed), 3000).length
        for seed in range(4)
    ]
    assert min(lengths) >= 426
    assert np.mean(lengths) <= 1.02 * 426


@pytest.mark.parametrize("search", ["none", "2-opt"])
def test_trails_stay_within_their_limits(search: LocalSearch) -> None:
    distances = random_map(20, 5)
    between = ~np.eye(20, dtype=bool)
    keen = MaxMinAntSystem(rho=0.3, local_search=search)
    tour = keen.solve(distances, np.random.default_rng(2), 200)
    least, most = keen.limits(tour.length, 20)
    assert tour.trails.max() <= most
    assert tour.trails.min() >= least
    assert tour.trails[between].min() == least  # some trail has run dry
    assert tour.trails[tour.order, np.roll(tour.order, -1)].mean() > 0.5 * most

    # In the colony system between τ0 and 1 / L of the best tour (Dorigo & Gambardella 1997).
    colony = AntColonySystem(local_search=search)
    tour = colony.solve(distances, np.random.default_rng(2), 200)
    assert tour.trails[between].max() <= 1 / tour.length * (1 + 1e-12)
    assert tour.trails[between].min() >= 1 / (20 * 2 * tour.length)  # L_nn is below twice the best


def test_limits_are_those_of_the_paper() -> None:
    least, most = MaxMinAntSystem(rho=0.02, p_best=0.05).limits(426, 51)
    root = 0.05 ** (1 / 51)
    assert most == pytest.approx(1 / 0.02 / 426)
    assert least == pytest.approx(most * (1 - root) / ((51 / 2 - 1) * root))
    assert MaxMinAntSystem(p_best=1e-9).limits(100, 3)[0] <= 1 / 0.02 / 100


def test_converged_trails_are_begun_afresh() -> None:
    distances = random_map(12, 1)
    steady = MaxMinAntSystem(rho=0.5, restart_after=10**9)
    restless = MaxMinAntSystem(rho=0.5, restart_after=20)
    spread = [
        {
            system.solve(distances, np.random.default_rng(3), iterations).trails.std().round(9)
            for iterations in range(100, 140)
        }
        for system in (steady, restless)
    ]
    assert 0.0 in spread[1]  # level again, at τ_max
    assert 0.0 not in spread[0]


@pytest.mark.parametrize("system", [AntColonySystem(), MaxMinAntSystem(local_search="2-opt")])
def test_equal_generators_give_equal_tours(system: System) -> None:
    distances = random_map(30, 9)
    one, two, other = (system.solve(distances, np.random.default_rng(s), 30) for s in (4, 4, 5))
    assert one.order.tolist() == two.order.tolist()
    assert one.history.tolist() == two.history.tolist()
    assert (one.trails == two.trails).all()
    assert one.trails.tolist() != other.trails.tolist()


def test_cities_in_one_place_are_visited_together() -> None:
    places = np.repeat([0, 100, 250], 3)
    distances = np.abs(places[:, None] - places)
    for system in (AntColonySystem(), MaxMinAntSystem(local_search="2.5-opt")):
        assert system.solve(distances, np.random.default_rng(0), 50).length == 500
        assert system.solve(np.zeros((4, 4), int), np.random.default_rng(0), 5).length == 0


def test_errors_say_what_is_allowed() -> None:
    rng = np.random.default_rng(0)
    ring = random_map(5, 0)
    with pytest.raises(AntError, match="n ≥ 3"):
        AntColonySystem().solve([[0, 1], [1, 0]], rng, 10)
    with pytest.raises(AntError, match="whole numbers, got float64"):
        AntColonySystem().solve(ring + 0.5, rng, 10)
    with pytest.raises(AntError, match="same both ways"):
        MaxMinAntSystem().solve(np.triu(ring), rng, 10)
    with pytest.raises(AntError, match="iterations must be a whole number, 1 or more"):
        MaxMinAntSystem().solve(ring, rng, 0)
    with pytest.raises(AntError, match=r"q0 must lie in \[0, 1\]"):
        AntColonySystem(q0=1.5)
    with pytest.raises(AntError, match="local_search must be one of"):
        AntColonySystem(local_search="3-opt")  # type: ignore[arg-type]
    with pytest.raises(AntError, match="1 or more"):
        MaxMinAntSystem(ants=0)
    with pytest.raises(AntError, match="above 0"):
        MaxMinAntSystem(rho=0.0)


def test_counts_are_whole_and_distances_and_beta_can_be_reckoned_with() -> None:
    rng = np.random.default_rng(0)
    ring = random_map(5, 0)
    for setting in ("ants", "candidates"):
        with pytest.raises(AntError, match=f"{setting} must be a whole number"):
            AntColonySystem(**{setting: 10.0})  # type: ignore[arg-type]
        with pytest.raises(AntError, match=f"{setting} must be a whole number"):
            MaxMinAntSystem(**{setting: 10.0})  # type: ignore[arg-type]
    with pytest.raises(AntError, match="best_every must be a whole number"):
        MaxMinAntSystem(best_every=2.5)  # type: ignore[arg-type]
    with pytest.raises(AntError, match="iterations must be a whole number"):
        AntColonySystem().solve(ring, rng, 10.0)  # type: ignore[arg-type]
    for beta in (float("nan"), float("inf"), -1.0):
        with pytest.raises(AntError, match="beta must be finite"):
            AntColonySystem(beta=beta)
        with pytest.raises(AntError, match="beta must be finite"):
            MaxMinAntSystem(beta=beta)
    most = (2**63 - 1) // 4
    far = most * (1 - np.eye(4, dtype=np.int64))
    assert AntColonySystem().solve(far, rng, 2).length == 4 * most
    with pytest.raises(AntError, match="too long for int64"):
        AntColonySystem().solve(far + 1 - np.eye(4, dtype=np.int64), rng, 2)
    with pytest.raises(AntError, match="too long for int64"):
        AntColonySystem().solve(far.astype(np.uint64) * np.uint64(6), rng, 2)
