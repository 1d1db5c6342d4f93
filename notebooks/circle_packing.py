# %% [markdown]
# # Packing circles: a locus of your own
#
# Twenty-six circles in the unit square, none overlapping: how large can the sum of their radii be?
# The best packing known has 2.63598. Good packings are found by *memetic* search: evolution moves
# circles about, and every child is then improved by a local search. In Noosphere the second part
# is a locus whose mutation ends with the local search; searches, islands and workers need to know
# nothing of it.

# %%
import os
from dataclasses import dataclass

# Its matrices are small: threads of linear algebra would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import linprog, minimize

from evolution import GeneticAlgorithm, GenomeSpec, Islands, Real, evolve

CIRCLES = 26
BEST_KNOWN = 2.63598
ONE, OTHER = np.triu_indices(CIRCLES, 1)

# %% [markdown]
# ## The best radii for given centres
#
# With the centres fixed, the radii are a linear programme: no two together longer than their
# distance, none longer than the way to the nearest wall. Centres alone are therefore a genome.


# %%
def distances(x, y, one=ONE, other=OTHER):
    """How far the centres of pairs of circles are apart."""
    return np.hypot(x[one] - x[other], y[one] - y[other])


def to_wall(x, y):
    """How far each centre is from the nearest wall."""
    return np.minimum.reduce([x, 1 - x, y, 1 - y])


def radii(centres):
    """The radii of greatest sum; a hair smaller than the solver's, so that none overlap."""
    x, y = centres.reshape(2, CIRCLES)
    touches = np.zeros((len(ONE), CIRCLES))
    pairs = np.arange(len(ONE))
    touches[pairs, ONE] = touches[pairs, OTHER] = 1
    bounds = np.column_stack([np.zeros(CIRCLES), to_wall(x, y)])
    found = linprog(-np.ones(CIRCLES), touches, distances(x, y), bounds=bounds).x
    overlap = max(0.0, (touches @ found - distances(x, y)).max(), (found - to_wall(x, y)).max())
    return np.maximum(found - overlap, 0.0)


# %% [markdown]
# ## The local search
#
# Centres and radii together are a smooth problem with constraints, for SciPy's SLSQP. Only pairs
# that are near each other can touch, so the other constraints are left out for a while.


# %%
def improve(centres, steps=25, near=80):
    """Centres from which no small move makes the sum greater."""
    for _ in range(3):
        centres = climb(centres, steps, near)
    return centres


def climb(centres, steps, near):
    x, y = centres.reshape(2, CIRCLES)
    nearest = np.argsort(distances(x, y))[:near]
    one, other, pair = ONE[nearest], OTHER[nearest], np.arange(near)
    walls = np.vstack([np.eye(2 * CIRCLES), -np.eye(2 * CIRCLES)])
    slope = np.zeros((near + len(walls), 3 * CIRCLES))
    slope[near:, : 2 * CIRCLES] = walls
    slope[near:, 2 * CIRCLES :] = -np.tile(np.eye(CIRCLES), (4, 1))
    slope[pair, 2 * CIRCLES + one] = slope[pair, 2 * CIRCLES + other] = -1

    def room(packing):
        x, y, r = packing.reshape(3, CIRCLES)
        apart = distances(x, y, one, other) - r[one] - r[other]
        return np.concatenate([apart, x - r, y - r, 1 - x - r, 1 - y - r])

    def room_slope(packing):
        x, y, _ = packing.reshape(3, CIRCLES)
        apart = np.maximum(distances(x, y, one, other), 1e-9)
        along = (x[one] - x[other]) / apart, (y[one] - y[other]) / apart
        for axis in (0, 1):
            slope[pair, axis * CIRCLES + one] = along[axis]
            slope[pair, axis * CIRCLES + other] = -along[axis]
        return slope.copy()

    gaps = np.hypot(x[:, None] - x, y[:, None] - y) + 2 * np.eye(CIRCLES)
    start = np.concatenate([centres, np.minimum(gaps.min(axis=1) / 2, to_wall(x, y))])
    reach = [(max(c - 0.1, 0), min(c + 0.1, 1)) for c in centres] + [(0, 0.2)] * CIRCLES
    gain = np.repeat([0.0, 0.0, -1.0], CIRCLES)
    found = minimize(
        lambda packing: packing @ gain,
        start,
        jac=lambda packing: gain,
        constraints={"type": "ineq", "fun": room, "jac": room_slope},
        bounds=reach,
        method="SLSQP",
        options={"maxiter": steps, "ftol": 1e-12},
    )
    return found.x[: 2 * CIRCLES].clip(0, 1)


# %% [markdown]
# ## The locus
#
# A mutation shakes all circles, or a neighbourhood, or sends one to three of them anywhere; then
# comes the local search. Everything else a locus does, `Real` does.


# %%
@dataclass(frozen=True)
class Centres(Real):
    """The centres of circles: all x, then all y."""

    size: int = 2 * CIRCLES

    def mutate(self, column, rng, rate, scale):
        """A move, and the local search."""
        return np.array([improve(self.move(row, rng)) for row in column])

    def move(self, row, rng):
        """Circles somewhere else."""
        centres = row.reshape(2, CIRCLES).copy()
        kind = rng.integers(6)
        if kind < 2:
            centres += rng.normal(0, 0.03, centres.shape)
        elif kind < 5:
            sent = rng.permutation(CIRCLES)[: kind - 1]
            centres[:, sent] = rng.random((2, len(sent)))
        else:
            spot = rng.random((2, 1))
            near = np.argsort(np.hypot(*(centres - spot)))[:7]
            centres[:, near] += rng.normal(0, 0.08, (2, 7))
        return centres.ravel().clip(0.02, 0.98)


def evaluate(genomes):
    """Objectives are minimised."""
    return [-radii(centres).sum() for centres in genomes["centres"]]


# %% [markdown]
# ## Four islands
#
# Recombining two packings rarely makes a good one, so there is no crossover: on each of four
# islands the best of four begets the next four. Whoever is not there after twenty generations is
# caught in the second best packing, 2.63429, most likely; then others begin anew. That takes ten
# seconds a try on one core, and about every second try succeeds.

# %%
spec = GenomeSpec({"centres": Centres()})


def archipelago(seed):
    """Four islands that send each other their best."""
    islands = [
        GeneticAlgorithm(spec, 4, 1000 * seed + i, crossover_rate=0.0, tournament=4)
        for i in range(4)
    ]
    return Islands(islands, rng=seed, every=15, migrants=1)


sums, best = [], None
for seed in range(1, 9):
    search = archipelago(seed)
    while search.generation < 21:
        evolve(search, evaluate, 1)
        found = search.best
        if best is None or found.objectives < best.objectives:
            best = found
        sums.append(-best.objectives[0, 0])
        if sums[-1] >= BEST_KNOWN:
            break
    print(f"try {seed}: {-found.objectives[0, 0]:.6f}")
    if sums[-1] >= BEST_KNOWN:
        break

# %% [markdown]
# ## How it came about, and the packing

# %%
centres = best.genomes["centres"][0]
x, y = centres.reshape(2, CIRCLES)
r = radii(centres)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 5))
left.plot(range(1, len(sums) + 1), sums)
left.axhline(BEST_KNOWN, color="0.6", linewidth=1, linestyle="--")
left.set(xlabel="generation", ylabel="sum of radii, best so far", ylim=(2.55, 2.64))
for circle in zip(x, y, r, strict=True):
    right.add_patch(plt.Circle(circle[:2], circle[2], facecolor="tab:blue", alpha=0.4))
right.plot(x, y, ".", color="tab:blue", markersize=2)
right.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title=f"sum of radii {r.sum():.6f}")
figure.tight_layout()
