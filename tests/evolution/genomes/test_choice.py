"""Loci with operators of the user's choice, by name or as values."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import (
    Categorical,
    GenomeError,
    GenomeSpec,
    Integer,
    Permutation,
    Real,
    Simplex,
    VariationError,
    variation,
)
from evolution.genomes.adaptive import SelfAdaptive
from evolution.genomes.crossovers import (
    CROSSOVERS,
    IntervalCrossover,
    MultiPointCrossover,
    SimulatedBinaryCrossover,
    UniformCrossover,
)
from evolution.genomes.mutations import (
    MUTATIONS,
    GaussianMutation,
    Mutation,
    PolynomialMutation,
    SimplexMutation,
)

MAKE = {
    "Real": lambda **chosen: Real(5, (-1.0, 0.0, 2.0, 3.0, 3.0), 3.0, **chosen),
    "Integer": lambda **chosen: Integer(5, -7, 12, **chosen),
    "Categorical": lambda **chosen: Categorical(5, (1, 2, 3, 4, 30), **chosen),
    "Permutation": lambda **chosen: Permutation(5, **chosen),
    "Simplex": lambda **chosen: Simplex(5, **chosen),
}
PAIRS = [
    (kind, mutation, recombination)
    for kind in MAKE
    for mutation, how in MUTATIONS.items()
    for recombination, mix in CROSSOVERS.items()
    if kind in how.suits and kind in mix.suits
]


def generator(seed=1):
    return np.random.default_rng(seed)


def test_every_operator_suits_a_kind_and_the_usual_ones_suit_theirs():
    assert {m for _, m, _ in PAIRS} == set(MUTATIONS)
    assert {c for _, _, c in PAIRS} == set(CROSSOVERS)
    for kind, make in MAKE.items():
        locus = make()
        assert (kind, locus.mutation, locus.recombination) in PAIRS
        named = make(mutation=locus.mutation, recombination=locus.recombination)
        assert named == locus


@pytest.mark.parametrize(("kind", "mutation", "recombination"), PAIRS)
def test_chosen_operators_keep_genomes_valid_and_inputs_alone(kind, mutation, recombination):
    locus = MAKE[kind](mutation=mutation, recombination=recombination)
    spec = GenomeSpec({"x": locus})
    values = MAKE[kind](mutation=MUTATIONS[mutation](), recombination=CROSSOVERS[recombination]())
    for scale in (0.1, 1.0, 10.0):
        rng = generator()
        mothers, fathers = spec.sample(40, rng), spec.sample(40, rng)
        before = mothers["x"].tobytes(), fathers["x"].tobytes()
        children = spec.crossover(mothers, fathers, rng, 1.0)
        mutants = spec.mutate(children, rng, 0.5, scale)
        spec.validate(children)
        spec.validate(mutants)
        assert (mutants["x"] != children["x"]).any()
        assert (children["x"] != mothers["x"]).any()
        assert (mothers["x"].tobytes(), fathers["x"].tobytes()) == before
        # The name and the operator that it names do the same.
        rng = generator()
        mothers, fathers = (values.sample(40, rng) for _ in range(2))
        rng.random(40)  # which pairs the spec crosses
        again = values.mutate(values.crossover(mothers, fathers, rng), rng, 0.5, scale)
        np.testing.assert_array_equal(again, mutants["x"])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 2.0, 15.0]), st.sampled_from([0.0, 0.5, 1.0]))
def test_parameters_reach_the_operators(seed, eta, share):
    locus = Real(
        4,
        mutation=PolynomialMutation(eta),
        recombination=SimulatedBinaryCrossover(eta, share),
    )
    mothers, fathers = generator(seed).random((2, 20, 4))
    np.testing.assert_array_equal(
        locus.crossover(mothers, fathers, generator(seed)),
        variation.simulated_binary_crossover(mothers, fathers, 0, 1, generator(seed), eta, share),
    )
    np.testing.assert_array_equal(
        locus.mutate(mothers, generator(seed), 0.5, 1.0),
        variation.polynomial_mutation(mothers, 0, 1, generator(seed), 0.5, eta),
    )


def test_scale_multiplies_the_chosen_step():
    rows = np.full((40_000, 1), 0.5)
    for mutation, mean in (
        (GaussianMutation(0.02), 0.02 * np.sqrt(2 / np.pi)),
        (PolynomialMutation(48), 1 / 50),
    ):
        for scale in (0.5, 2.0):
            steps = np.abs(Real(mutation=mutation).mutate(rows, generator(), 1.0, scale) - 0.5)
            z = (steps.mean() - scale * mean) / (steps.std() / np.sqrt(len(steps)))
            assert abs(z) < 4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Real(3, mutation="swap"), "mutation is 'swap'; allowed: 'polynomial', 'gaussian'"),
        (lambda: Real(3, mutation=0.1), r"mutation is 0\.1; .* e\.g\. PolynomialMutation\(eta=20"),
        (lambda: Permutation(3, recombination="uniform"), "allowed: 'order', 'partially-mapped'"),
        (lambda: Permutation(3, recombination=UniformCrossover()), "allowed: 'order'"),
        (lambda: Simplex(3, mutation=GaussianMutation()), "allowed: 'log-normal'"),
        (lambda: Real(3, recombination=GaussianMutation()), "allowed: 'simulated-binary'"),
        (lambda: Real(recombination="one-point"), "Real: points is 1; rows of 1 genes"),
        (lambda: Integer(3, 0, 9, recombination=MultiPointCrossover(3)), "points is 3"),
        (lambda: Real(3, recombination=SimulatedBinaryCrossover(-1)), "Real: eta is -1"),
        (lambda: Real(3, recombination=IntervalCrossover(-1)), "Real: alpha is -1"),
        (lambda: Real(3, mutation=GaussianMutation(-1)), "Real: deviation is -1"),
        (lambda: Simplex(3, mutation=SimplexMutation(-1)), "Simplex: deviation is -1"),
    ],
)
def test_operators_that_do_not_suit_are_refused_before_a_run(make, message):
    with pytest.raises(GenomeError, match=message):
        make()


def test_an_eta_below_zero_is_refused():
    with pytest.raises(VariationError, match="eta is -3"):
        PolynomialMutation(-3)


@dataclass(frozen=True)
class Flip(Mutation):
    """An operator of a user's own: a gene jumps to its mirror image."""

    suits: ClassVar[tuple[str, ...]] = ("Real",)

    def __call__(self, locus, column, rng, rate, scale):
        low, high = locus.bounds
        return np.where(rng.random(column.shape) < rate, low + high - column, column)


def test_an_operator_of_a_users_own():
    locus = Real(3, 0.0, 4.0, mutation=Flip())
    mutant = locus.mutate(np.array([[1.0, 2.0, 4.0]]), generator(), 1.0, 1.0)
    assert mutant.tolist() == [[3.0, 2.0, 0.0]]
    with pytest.raises(GenomeError, match="mutation is Flip"):
        Integer(3, 0, 4, mutation=Flip())


# The self-adaptive locus


@pytest.mark.parametrize("steps", ["one", "each"])
def test_self_adaptive_genes_stay_valid_and_apart_from_their_steps(steps):
    locus = SelfAdaptive(3, (0.0, -1.0, 5.0), (1.0, 1.0, 5.0), steps=steps, step=0.2)
    spec = GenomeSpec({"x": locus})
    rng = generator()
    mothers, fathers = spec.sample(500, rng), spec.sample(500, rng)
    assert (mothers["x"][:, 3:] == 0.2).all()
    for _ in range(5):
        mothers = spec.mutate(spec.crossover(mothers, fathers, rng), rng, 1.0)
        spec.validate(mothers)
    values = locus.values(mothers["x"])
    assert values.shape == (500, 3)
    assert mothers["x"].shape == (500, 4 if steps == "one" else 6)
    assert len(np.unique(mothers["x"][:, 3])) > 400
    row = {"x": mothers["x"].copy()}
    row["x"][7, 3] = 0.0
    with pytest.raises(GenomeError, match=r"row 7, gene 3: value 0\.0; allowed: 3 genes from"):
        spec.validate(row)


def test_self_adaptive_children_have_the_mean_step_of_their_parents():
    locus = SelfAdaptive(2, steps="each")
    mothers, fathers = np.array([[0.1, 0.2, 0.01, 0.5]]), np.array([[0.3, 0.4, 0.03, 0.7]])
    seen = {tuple(locus.crossover(mothers, fathers, generator(s))[0].round(9)) for s in range(40)}
    assert {genes[2:] for genes in seen} == {(0.02, 0.6)}
    assert {genes[:2] for genes in seen} == {(a, b) for a in (0.1, 0.3) for b in (0.2, 0.4)}
    described = locus.describe(mothers[0])
    assert described == "0.1 0.2, steps 0.01 0.5"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"genes": 0}, "genes is 0"),
        ({"steps": "none"}, "allowed: 'one', 'each'"),
        ({"step": 0.0}, "step is 0.0"),
        ({"learning": -1.0}, "learning is -1.0"),
        ({"low": 2.0}, "low at most high"),
        ({"genes": 2, "high": (1.0, 2.0, 3.0)}, "expected one number, or 2 numbers"),
    ],
)
def test_contradictory_self_adaptive_loci_are_refused(options, message):
    with pytest.raises(GenomeError, match=message):
        SelfAdaptive(**options)
