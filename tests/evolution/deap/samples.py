"""What the tests of the DEAP drop-ins share: individuals with given fitnesses, and statistics."""

from types import SimpleNamespace

import numpy as np

WEIGHTS = {"minimise": (-1.0, -1.0), "maximise": (1.0, 1.0), "mixed": (-1.0, 2.5, -0.1)}


def population(F, weights):
    """Individuals with DEAP's fitness, named by their rows."""
    from deap import base

    kind = type("Weighted", (base.Fitness,), {"weights": weights})
    individuals = []
    for i, values in enumerate(F.tolist()):
        fitness = kind()
        fitness.values = values
        individuals.append(SimpleNamespace(name=i, fitness=fitness))
    return individuals


def near_front(rng, n, M):
    F = np.abs(rng.standard_normal((n, M)))
    return F / np.linalg.norm(F, axis=1, keepdims=True) * rng.uniform(1.0, 1.2, (n, 1))


def names(individuals):
    return [individual.name for individual in individuals]


def assert_same_frequencies(ours, theirs):
    """Chi-square of two samples of names being of one distribution, as a z-score."""
    size = max(*ours, *theirs) + 1
    counts = np.stack([np.bincount(sample, minlength=size) for sample in (ours, theirs)])
    counts = counts[:, counts.sum(axis=0) > 0]
    assert counts.shape[1] > 1
    expected = counts.sum(axis=0) * counts.sum(axis=1, keepdims=True) / counts.sum()
    freedom = counts.shape[1] - 1
    z = (((counts - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom)
    assert abs(z) < 4, counts


def assert_same_distribution(ours, theirs):
    """Kolmogorov and Smirnov's test of two samples: √(nm/(n+m))·D beyond 2.1 has p < 3e-4."""
    both = np.sort(np.concatenate([ours, theirs]))
    below = [np.searchsorted(np.sort(sample), both, side="right") for sample in (ours, theirs)]
    gap = np.abs(below[0] / len(ours) - below[1] / len(theirs)).max()
    assert gap * np.sqrt(len(ours) * len(theirs) / (len(ours) + len(theirs))) < 2.1, gap
