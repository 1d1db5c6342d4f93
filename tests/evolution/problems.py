"""Test problems, on genomes of one real locus x; at the top of a module, so workers find them."""

import numpy as np


def sphere(genomes):
    return (genomes["x"] ** 2).sum(axis=1)


def zdt1(genomes):
    x = genomes["x"]
    g = 1 + 9 * x[:, 1:].mean(axis=1)
    return np.column_stack([x[:, 0], g * (1 - np.sqrt(x[:, 0] / g))])


def dtlz2(genomes):
    """Three objectives."""
    x = genomes["x"]
    g = 1 + ((x[:, 2:] - 0.5) ** 2).sum(axis=1)
    a, b = x[:, 0] * np.pi / 2, x[:, 1] * np.pi / 2
    return np.column_stack([g * np.cos(a) * np.cos(b), g * np.cos(a) * np.sin(b), g * np.sin(a)])
