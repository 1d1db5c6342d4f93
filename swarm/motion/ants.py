"""Ant colony optimisation of tours: Ant Colony System and MAX–MIN Ant System.

Ants build tours city by city; edge (r, s) draws them by τ(r, s)·η(r, s)^β, its pheromone and its
nearness η = 1 / distance. The two systems differ in who lays pheromone down and when:

- `AntColonySystem` (Dorigo & Gambardella 1997, "Ant colony system: a cooperative learning approach
  to the traveling salesman problem", IEEE Trans. Evol. Comput. 1): the pseudo-random proportional
  rule (eq. 3), the global rule for the best tour so far (eq. 4), and the local rule by which an
  ant that crosses an edge makes it less attractive to those after it (eq. 5).
- `MaxMinAntSystem` (Stützle & Hoos 2000, "MAX–MIN Ant System", Future Generation Computer Systems
  16): the best ant of an iteration alone lays pheromone down, between limits τ_min and τ_max
  (eqs. 7 and 11) that keep every edge possible; trails that have converged are begun afresh.

Cities beyond the candidate list, the nearest few, are thought of only when all of these have been
visited. A local search may improve every tour (`swarm/motion/local_search.py`).

Guarantees: a tour visits every city once and its length is what the distances say; the best so
far never grows; trails are symmetric and stay within the limits of their paper; equal generators
give equal tours on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.chance import below, seed_from, seeded, uniform
from swarm.motion.local_search import improve
from swarm.motion.tsplib import Instance, tour_length

LocalSearch = Literal["none", "2-opt", "2.5-opt"]

_SEARCHES = ("none", "2-opt", "2.5-opt")
_BRANCHES = 0.05
"""A trail counts as a branch from this share of the way between a city's least and most (λ)."""


class AntError(ValueError):
    """Distances or settings that no ant can walk by."""


@dataclass(frozen=True, eq=False)
class Tour:
    """The best tour that was found.

    Attributes:
        order: int64[n], the cities from 0 on, towards the smaller of its two neighbours.
        length: of the closed tour.
        history: int64[iterations], the best length so far after each iteration.
        trails: float64[n, n], the pheromone τ that is left in the end.
    """

    order: NDArray[np.int64]
    length: int
    history: NDArray[np.int64]
    trails: NDArray[np.float64]


@dataclass(frozen=True)
class AntColonySystem:
    """Ant Colony System, with the settings of its paper (sections II and III).

    Attributes:
        ants: m, tours built side by side in an iteration.
        beta: weight of nearness.
        q0: probability of taking the best edge instead of drawing one.
        rho: share of the trail that the best tour replaces (α in the paper).
        xi: share that crossing an edge replaces by τ0 = 1 / (n·L_nn) (ρ in the paper).
        candidates: nearest cities looked at first.
        local_search: "none", "2-opt" or "2.5-opt", for every tour built.

    >>> AntColonySystem().solve(load_instance("eil51"), np.random.default_rng(1), 1000).length
    """

    ants: int = 10
    beta: float = 2.0
    q0: float = 0.9
    rho: float = 0.1
    xi: float = 0.1
    candidates: int = 15
    local_search: LocalSearch = "none"

    def __post_init__(self) -> None:
        _check_counts(ants=self.ants, candidates=self.candidates)
        _check_choice(self.beta, self.local_search)
        _check_shares(q0=self.q0, rho=self.rho, xi=self.xi)

    def solve(
        self, instance: Instance | ArrayLike, rng: np.random.Generator, iterations: int
    ) -> Tour:
        """Search for a short tour.

        Args:
            instance: an `Instance`, or distances int[n, n], symmetric, n ≥ 3.
            rng: one draw seeds all the chance there is.
            iterations: ≥ 1, each of `ants` tours.

        Raises:
            AntError: for distances that are not so, or no iterations.

        Costs O(iterations · ants · n · candidates), without a local search.
        """
        colony = _Colony(instance, rng, iterations, self.candidates, self.beta, self.local_search)
        tau0 = 1.0 / (len(colony.distances) * max(colony.length, 1))
        tau = np.full(colony.distances.shape, tau0)
        for _ in range(iterations):
            colony.send(self.ants, tau, self.q0, self.xi, tau0)
            _lay(tau, colony.best, self.rho, self.rho / max(colony.length, 1))
        return colony.tour(tau)


@dataclass(frozen=True)
class MaxMinAntSystem:
    """MAX–MIN Ant System, with the settings of its paper (α = 1 is built in).

    Attributes:
        ants: tours in an iteration; as many as there are cities when None.
        beta: weight of nearness.
        rho: share of all trails that evaporates in an iteration (1 − ρ in the paper).
        p_best: probability of building the best tour again once trails have converged.
        candidates: nearest cities looked at first.
        best_every: the best tour so far lays pheromone down in every so many iterations, and
            the iteration's best in all others.
        restart_after: iterations without a new best before trails that have converged are
            set back to τ_max.
        local_search: "none", "2-opt" or "2.5-opt"; with one, the paper takes 25 ants or fewer
            and rho = 0.2.
    """

    ants: int | None = None
    beta: float = 2.0
    rho: float = 0.02
    p_best: float = 0.05
    candidates: int = 20
    best_every: int = 25
    restart_after: int = 250
    local_search: LocalSearch = "none"

    def __post_init__(self) -> None:
        ants = 1 if self.ants is None else self.ants
        _check_counts(ants=ants, candidates=self.candidates, best_every=self.best_every)
        _check_choice(self.beta, self.local_search)
        _check_shares(rho=self.rho, p_best=self.p_best)
        if self.rho == 0.0 or self.p_best == 0.0:
            raise AntError("rho and p_best bound the trails and must be above 0, such as 0.02.")

    def solve(
        self, instance: Instance | ArrayLike, rng: np.random.Generator, iterations: int
    ) -> Tour:
        """Search for a short tour; see `AntColonySystem.solve`, of which all holds here."""
        colony = _Colony(instance, rng, iterations, self.candidates, self.beta, self.local_search)
        cities = len(colony.distances)
        ants = cities if self.ants is None else self.ants
        tau = np.full(colony.distances.shape, self.limits(colony.length, cities)[1])
        since = 0  # the last new best, or fresh start
        for iteration in range(1, iterations + 1):
            known = colony.length
            chosen, length = colony.send(ants, tau, 0.0, 0.0, 0.0)
            since = 0 if colony.length < known else since + 1
            if iteration % self.best_every == 0:
                chosen, length = colony.best, colony.length
            least, most = self.limits(colony.length, cities)
            _evaporate(tau, self.rho)
            _lay(tau, chosen, 0.0, 1.0 / max(length, 1))
            np.clip(tau, least, most, out=tau)
            if since >= self.restart_after and _branching(tau, colony.near) < 2.0 + 1e-4:
                tau[:] = most
                since = 0
        return colony.tour(tau)

    def limits(self, length: int, cities: int) -> tuple[float, float]:
        """τ_min and τ_max (eqs. 11 and 7) while the best tour of so many cities is so long."""
        most = 1.0 / (self.rho * max(length, 1))
        root = self.p_best ** (1.0 / cities)
        least = most * (1.0 - root) / max((cities / 2.0 - 1.0) * root, 1.0 - root)
        return least, most


class _Colony:
    """What both systems share: the map, the ants' chance, and the best tour so far."""

    def __init__(
        self,
        instance: Instance | ArrayLike,
        rng: np.random.Generator,
        iterations: int,
        candidates: int,
        beta: float,
        search: LocalSearch,
    ) -> None:
        distances = instance.distances if isinstance(instance, Instance) else instance
        self.distances = _check_distances(distances)
        _check_counts(iterations=iterations)
        nearest = np.where(np.eye(len(self.distances), dtype=bool), -1, self.distances)
        by_distance = np.argsort(nearest, axis=1, kind="stable")[:, 1:]  # all but the city itself
        self.near = np.ascontiguousarray(by_distance[:, :candidates])
        # Cities in one place are as near as a tenth of the least distance that can be told.
        self.nearness = np.maximum(self.distances, 0.1) ** -beta
        self.search = search
        self.stream = seeded(seed_from(rng))
        self.best = _nearest_neighbours(self.distances)
        self.length = tour_length(self.distances, self.best)
        self.history: list[int] = []

    def send(
        self, ants: int, tau: NDArray[np.float64], q0: float, xi: float, tau0: float
    ) -> tuple[NDArray[np.int64], int]:
        """Let the ants build their tours; the best of this iteration and its length."""
        tours = _build(ants, tau, self.nearness, self.near, q0, xi, tau0, self.stream)
        if self.search != "none":
            improve(tours, self.distances, self.near, self.search == "2.5-opt")
        lengths = self.distances[tours, np.roll(tours, -1, axis=1)].sum(axis=1)
        first = int(lengths.argmin())
        chosen, length = tours[first], int(lengths[first])
        if length < self.length:
            self.best, self.length = chosen, length
        self.history.append(self.length)
        return chosen, length

    def tour(self, trails: NDArray[np.float64]) -> Tour:
        order = np.roll(self.best, -int(np.flatnonzero(self.best == 0)[0]))
        if order[-1] < order[1]:
            order[1:] = order[:0:-1].copy()
        return Tour(order, self.length, np.array(self.history, dtype=np.int64), trails)


# Building


@njit(cache=True, nogil=True)
def _nearest_neighbours(distances: NDArray[np.int64]) -> NDArray[np.int64]:
    """From city 0 always to the nearest that is left."""
    cities = len(distances)
    tour = np.arange(cities)
    for step in range(1, cities):
        nearest = step
        for other in range(step + 1, cities):
            if distances[tour[step - 1], tour[other]] < distances[tour[step - 1], tour[nearest]]:
                nearest = other
        tour[step], tour[nearest] = tour[nearest], tour[step]
    return tour


@njit(cache=True, nogil=True)
def _build(
    ants: int,
    tau: NDArray[np.float64],
    nearness: NDArray[np.float64],
    near: NDArray[np.int64],
    q0: float,
    xi: float,
    tau0: float,
    stream: NDArray[np.uint64],
) -> NDArray[np.int64]:
    """Tours int64[ants, n], all growing a city at a time; crossing changes `tau` if ξ > 0."""
    cities = len(tau)
    tours = np.empty((ants, cities), np.int64)
    left = np.ones((ants, cities), np.bool_)
    pull = np.empty(near.shape[1])
    for ant in range(ants):
        tours[ant, 0] = below(stream, cities)
        left[ant, tours[ant, 0]] = False
    for step in range(1, cities + 1):
        for ant in range(ants):
            here = tours[ant, step - 1]
            if step < cities:
                there = _next(here, left[ant], tau, nearness, near, q0, pull, stream)
                tours[ant, step] = there
                left[ant, there] = False
            else:
                there = tours[ant, 0]
            if xi > 0.0:  # eq. 5
                tau[here, there] = tau[there, here] = (1.0 - xi) * tau[here, there] + xi * tau0
    return tours


@njit(cache=True, nogil=True)
def _next(
    here: int,
    left: NDArray[np.bool_],
    tau: NDArray[np.float64],
    nearness: NDArray[np.float64],
    near: NDArray[np.int64],
    q0: float,
    pull: NDArray[np.float64],
    stream: NDArray[np.uint64],
) -> np.int64:
    """Choose a candidate by eq. 3 of the colony system, or the best of the rest if none is left."""
    total, strongest, best = 0.0, -1.0, np.int64(-1)
    for c in range(near.shape[1]):
        city = near[here, c]
        pull[c] = tau[here, city] * nearness[here, city] if left[city] else 0.0
        total += pull[c]
        if left[city] and pull[c] > strongest:
            strongest, best = pull[c], city
    if best < 0:
        for city in range(len(left)):
            if left[city] and tau[here, city] * nearness[here, city] > strongest:
                strongest, best = tau[here, city] * nearness[here, city], np.int64(city)
        return best
    if q0 > 0.0 and uniform(stream) < q0:
        return best
    lot = uniform(stream) * total
    for c in range(near.shape[1]):
        lot -= pull[c]
        if lot < 0.0 and pull[c] > 0.0:
            return near[here, c]
    return best  # rounding left a crumb of the lot


# Trails


@njit(cache=True, nogil=True)
def _lay(tau: NDArray[np.float64], tour: NDArray[np.int64], rho: float, amount: float) -> None:
    """Along a tour, replace the share ρ of the trail and add an amount, both ways alike."""
    for step in range(len(tour)):
        r, s = tour[step - 1], tour[step]
        tau[r, s] = tau[s, r] = (1.0 - rho) * tau[r, s] + amount


@njit(cache=True, nogil=True)
def _evaporate(tau: NDArray[np.float64], rho: float) -> None:
    for r in range(len(tau)):
        for s in range(len(tau)):
            tau[r, s] *= 1.0 - rho


@njit(cache=True, nogil=True)
def _branching(tau: NDArray[np.float64], near: NDArray[np.int64]) -> float:
    """Mean number of branches at a city; 2 when all ants walk one tour, and the way back."""
    branches = 0
    for r in range(len(tau)):
        least, most = np.inf, 0.0
        for s in near[r]:
            least, most = min(least, tau[r, s]), max(most, tau[r, s])
        for s in near[r]:
            branches += tau[r, s] > least + _BRANCHES * (most - least)
    return branches / len(tau)


# Checks


def _check_distances(distances: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(distances)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or len(given) < 3:
        raise AntError(
            f"distances must be int[n, n] of n ≥ 3 cities; got shape {list(given.shape)}."
        )
    if not np.issubdtype(given.dtype, np.integer):
        raise AntError(
            f"distances must be whole numbers, got {given.dtype}; scale and round them, "
            "such as np.rint(1000 * distances).astype(int)."
        )
    if (given < 0).any() or (given != given.T).any() or given.diagonal().any():
        raise AntError("distances must be 0 or more, the same both ways, and 0 on the diagonal.")
    longest = np.iinfo(np.int64).max // len(given)
    if int(given.max()) > longest:
        raise AntError(
            f"a tour of {len(given)} cities could be too long for int64: no distance may be above "
            f"{longest}; got {given.max()}. Give them in a larger unit."
        )
    return np.ascontiguousarray(given, dtype=np.int64)


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        if not isinstance(count, (int, np.integer)) or count < 1:
            raise AntError(f"{name} must be a whole number, 1 or more, such as 10; got {count}.")


def _check_choice(beta: float, search: str) -> None:
    if not 0.0 <= beta < np.inf:
        raise AntError(f"beta must be finite and 0 or more, such as 2.0; got {beta}.")
    if search not in _SEARCHES:
        raise AntError(f"local_search must be one of {', '.join(_SEARCHES)}; got {search!r}.")


def _check_shares(**shares: float) -> None:
    for name, share in shares.items():
        if not 0.0 <= share <= 1.0:
            raise AntError(f"{name} must lie in [0, 1], such as 0.1; got {share}.")
