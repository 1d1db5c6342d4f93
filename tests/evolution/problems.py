"""Test problems; functions at the top of a module, so that workers find them."""

import numpy as np

from evolution import Categorical, GenomeSpec, Integer, Permutation, Real, Simplex
from evolution.neat import NetworkConfig, NetworkSpec
from evolution.neat.evaluation import FeedForward
from evolution.programs import PrimitiveSet, Program

REAL = GenomeSpec({"x": Real(6, -1.0, 1.0)})
UNIT = GenomeSpec({"x": Real(8)})
MIXED = GenomeSpec(
    {
        "x": Real(3),
        "n": Integer(2, -2, 5),
        "kind": Categorical(2, 4),
        "order": Permutation(5),
        "w": Simplex(3),
    }
)
PROGRAMS = GenomeSpec({"program": Program(PrimitiveSet(("x",), ("add", "sub", "mul")))})
XOR = NetworkSpec(NetworkConfig(num_inputs=2, num_outputs=1))


def sphere(genomes):
    return (genomes["x"] ** 2).sum(axis=1)


def rosenbrock(genomes):
    """Its minimum, 0, is where all genes are 0.5."""
    x = 2 * genomes["x"]
    return (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1)


def rastrigin(genomes):
    x = 5.12 * genomes["x"]
    return (x**2 - 10 * np.cos(2 * np.pi * x) + 10).sum(axis=1)


def squares(genomes):
    """A case per gene."""
    return genomes["x"] ** 2


def mixed(genomes):
    """0 where every locus, of every kind but network and program, is as it should be."""
    return (
        genomes["x"].sum(axis=1)
        + np.abs(genomes["n"] - 3).sum(axis=1)
        + (genomes["kind"] != 2).sum(axis=1)
        + (genomes["order"] != np.arange(5)).sum(axis=1)
        + (1 - genomes["w"][:, 0])
    )


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


def placed(genomes):
    """The sphere, told where the first two genes are."""
    return sphere(genomes), genomes["x"][:, :2]


def trapped(genomes):
    """What leads down leads to 0.5; the minimum, 0, is a small place at the other end."""
    x = genomes["x"][:, 0]
    far = np.minimum(np.abs(x + 0.9) / 0.05, 1.0)
    return far * (0.5 + 0.25 * (1 - x)), x[:, np.newaxis]


def xor(genomes):
    inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    outputs = FeedForward(XOR, genomes)(inputs)[:, :, 0]
    return ((outputs - [0.0, 1.0, 1.0, 0.0]) ** 2).sum(axis=1)


def quartic(genomes):
    x = np.linspace(-1.0, 1.0, 20)
    values = PROGRAMS.loci["program"].evaluate(genomes["program"], x[:, np.newaxis])
    with np.errstate(all="ignore"):
        return np.abs(values - (x + x**2 + x**3 + x**4)).mean(axis=1)
