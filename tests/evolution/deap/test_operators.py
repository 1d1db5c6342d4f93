"""Operators on rows: DEAP's distributions, in place on individuals of any kind, pickled by name."""

import array
import pickle
import random
from copy import deepcopy

import numpy as np
import pytest

from evolution import VariationError
from evolution.deap import (
    ArrayIndividual,
    ToolboxError,
    cxOnePoint,
    cxSimulatedBinaryBounded,
    cxTwoPoint,
    cxUniform,
    mutation,
    mutFlipBit,
    mutGaussian,
    mutPolynomialBounded,
)
from evolution.deap.operators import on_rows
from tests.evolution.deap.samples import assert_same_distribution, assert_same_frequencies

tools = pytest.importorskip("deap.tools", reason="compares with DEAP, of the extra `test`")

# Genes: far apart, close, near a bound, and equal.
MOTHER, FATHER = [0.2, 0.50, 0.01, 0.3], [0.7, 0.52, 0.05, 0.3]
CROSSOVERS = [cxOnePoint, cxTwoPoint, cxUniform, cxSimulatedBinaryBounded]


def generator(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("eta", [2.0, 20.0])
@pytest.mark.parametrize(("low", "up"), [(0.0, 1.0), ([0.0, 0.4, 0.0, 0.3], [0.8, 1.0, 1.0, 0.3])])
def test_children_by_sbx_are_distributed_as_deaps(eta, low, up):
    n = 4000
    mothers, fathers = np.tile(MOTHER, (n, 1)), np.tile(FATHER, (n, 1))
    settings = {"eta": eta, "low": low, "up": up}
    ours = np.stack(cxSimulatedBinaryBounded.rows(mothers, fathers, rng=generator(), **settings))
    random.seed(1)
    pairs = [
        tools.cxSimulatedBinaryBounded(MOTHER.copy(), FATHER.copy(), **settings) for _ in range(n)
    ]
    theirs = np.array(pairs).transpose(1, 0, 2)
    assert (ours >= low).all()
    assert (ours <= up).all()
    assert (ours[:, :, 3] == 0.3).all()
    for gene in range(3):
        for child in range(2):
            assert_same_distribution(ours[child, :, gene], theirs[child, :, gene])
        # Both children of a pair hang together: their distance tells it.
        assert_same_distribution(
            np.abs(np.subtract(*ours[:, :, gene])), np.abs(np.subtract(*theirs[:, :, gene]))
        )


@pytest.mark.parametrize("eta", [2.0, 20.0])
@pytest.mark.parametrize("indpb", [0.3, 1.0])
def test_polynomial_mutants_are_distributed_as_deaps(eta, indpb):
    n, start = 6000, [0.0, 0.03, 0.5, 1.9]
    low, up = [0.0, 0.0, -1.0, 1.0], [1.0, 1.0, 1.0, 2.0]
    settings = {"eta": eta, "low": low, "up": up, "indpb": indpb}
    ours = mutPolynomialBounded.rows(np.tile(start, (n, 1)), rng=generator(2), **settings)
    random.seed(2)
    theirs = np.array([tools.mutPolynomialBounded(start.copy(), **settings)[0] for _ in range(n)])
    assert (ours >= low).all()
    assert (ours <= up).all()
    for gene in range(4):
        assert_same_distribution(ours[:, gene], theirs[:, gene])


def test_gaussian_mutants_are_distributed_as_deaps():
    n, settings = 6000, {"mu": [0.0, 1.0], "sigma": [0.5, 2.0], "indpb": 0.6}
    ours = mutGaussian.rows(np.zeros((n, 2)), rng=generator(3), **settings)
    random.seed(3)
    theirs = np.array([tools.mutGaussian([0.0, 0.0], **settings)[0] for _ in range(n)])
    for gene in range(2):
        assert_same_distribution(ours[:, gene], theirs[:, gene])


@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [
        (cxOnePoint, tools.cxOnePoint, {}),
        (cxTwoPoint, tools.cxTwoPoint, {}),
        (cxUniform, tools.cxUniform, {"indpb": 0.3}),
    ],
)
def test_genes_are_exchanged_as_by_deap(ours, theirs, settings):
    n, size = 6000, 5
    first, second = ours.rows(
        np.zeros((n, size), int), np.ones((n, size), int), rng=generator(4), **settings
    )
    assert (first + second == 1).all()
    random.seed(4)
    expected = np.array([theirs([0] * size, [1] * size, **settings)[0] for _ in range(n)])
    places = 2 ** np.arange(size)
    assert_same_frequencies((first @ places).tolist(), (expected @ places).tolist())


def test_flipped_bits_are_as_many_as_in_deap_and_of_the_same_type():
    bits = np.array([[1, 0, 1, 0]] * 5000)
    flips = (mutFlipBit.rows(bits, 0.25, rng=generator(5)) != bits).sum(axis=1)
    random.seed(5)
    pairs = [(tools.mutFlipBit([1, 0, 1, 0], 0.25)[0], [1, 0, 1, 0]) for _ in range(5000)]
    theirs = [sum(a != b for a, b in zip(*pair, strict=True)) for pair in pairs]
    assert_same_frequencies(flips.tolist(), theirs)
    truths = [True, False]
    assert mutFlipBit(truths, indpb=1.0, rng=generator())[0] is truths
    assert truths == [False, True]
    assert all(type(gene) is bool for gene in truths)


KINDS = {
    "list": list,
    "array.array": lambda genes: array.array("d", genes),
    "array individual": ArrayIndividual,
}


@pytest.mark.parametrize("kind", KINDS)
def test_individuals_of_any_kind_are_altered_in_place(kind):
    mother, father = KINDS[kind](MOTHER), KINDS[kind](FATHER)
    settings = {"eta": 5.0, "low": 0.0, "up": 1.0, "rng": generator(2)}
    pair = cxSimulatedBinaryBounded(mother, father, **settings)
    assert pair[0] is mother
    assert pair[1] is father
    assert list(mother) != MOTHER
    np.testing.assert_allclose(np.add(mother, father)[0], 0.9, atol=0.1)
    before = list(mother)
    assert mutPolynomialBounded(mother, indpb=1.0, **settings)[0] is mother
    assert type(mother[0]) in (float, np.float64)
    assert all(a != b for a, b in zip(before, mother, strict=True))


def test_individuals_of_different_lengths_mate_up_to_the_shorter_one():
    long, short = [0.1, 0.2, 0.3, 0.4], [0.6, 0.7]
    cxUniform(long, short, indpb=1.0, rng=generator())
    assert long == [0.6, 0.7, 0.3, 0.4]
    assert short == [0.1, 0.2]


@pytest.mark.parametrize("operator", CROSSOVERS)
def test_an_operator_is_shared_by_name(operator):
    assert pickle.loads(pickle.dumps(operator)) is operator
    assert deepcopy(operator) is operator
    assert operator.__name__.startswith("cx")


def test_an_operator_of_ones_own_works_on_one_and_on_all():
    from deap import base

    @mutation
    def mutNegate(rows, *, share):  # noqa: N802 - as DEAP names them
        """Negate the first genes."""
        changed = rows.copy()
        changed[:, : int(share * rows.shape[1])] *= -1
        return changed

    toolbox = base.Toolbox()
    toolbox.register("mutate", mutNegate, share=0.5)
    assert toolbox.mutate([1, 2, 3, 4]) == ([-1, -2, 3, 4],)
    assert on_rows(toolbox.mutate)(np.ones((2, 4))).tolist() == [[-1, -1, 1, 1]] * 2
    toolbox.decorate("mutate", lambda function: lambda *a, **k: function(*a, **k))
    assert on_rows(toolbox.mutate) is None


def test_what_does_not_fit_is_explained():
    settings = {"eta": 5.0, "low": [0.0], "up": 1.0, "rng": generator()}
    with pytest.raises(VariationError, match=r"low is \[1\]; expected a number, or one for each"):
        cxSimulatedBinaryBounded([0.1, 0.2], [0.3, 0.4], **settings)
    with pytest.raises(VariationError, match="1 genes; at least 2"):
        cxOnePoint([1], [2], rng=generator())
    with pytest.raises(VariationError, match="flat and of one length and type"):
        mutGaussian([[1.0], [2.0, 3.0]], 0.0, 1.0, 0.5, rng=generator())
    with pytest.raises(ToolboxError, match="cxTwoPoint has no rng"):
        cxTwoPoint([1, 2], [3, 4])
