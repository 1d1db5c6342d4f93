"""Genomes as columns: what a spec samples, checks, crosses, mutates and writes down."""

import json
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import (
    Categorical,
    GenomeError,
    GenomeSpec,
    Integer,
    Locus,
    Permutation,
    Real,
    Simplex,
)
from evolution.genomes import SelfAdaptive

SPEC = GenomeSpec(
    {
        "weights": Simplex(3),
        "order": Permutation(7),
        "gates": Categorical(2, (3, 5)),
        "depth": Integer(2, (0, -5), (10, 5)),
        "bias": Real(2, -1.0, (1.0, 3.0)),
        "small": Real(1, 0.1, 0.7, precision="float32"),
    }
)


def generator(seed=1):
    return np.random.default_rng(seed)


def assert_mean(sample, expected):
    z = (sample.mean() - expected) / (sample.std(ddof=1) / np.sqrt(len(sample)))
    assert abs(z) < 4, (sample.mean(), expected)


def as_bytes(genomes):
    return {name: column.tobytes() for name, column in genomes.items()}


def test_columns_have_a_row_per_genome_and_the_dtype_of_the_locus():
    genomes = SPEC.sample(10, generator())
    assert tuple(genomes) == SPEC.names
    assert SPEC.size == 17
    assert {name: (column.dtype.name, column.shape) for name, column in genomes.items()} == {
        "weights": ("float64", (10, 3)),
        "order": ("int8", (10, 7)),
        "gates": ("int16", (10, 2)),
        "depth": ("int32", (10, 2)),
        "bias": ("float64", (10, 2)),
        "small": ("float32", (10, 1)),
    }
    SPEC.validate(genomes)
    assert Permutation(128).dtype == np.int8
    assert Permutation(129).dtype == np.int16
    GenomeSpec({"long": Permutation(129)}).validate(
        {"long": Permutation(129).sample(3, generator())}
    )


def test_samples_are_even():
    genomes = SPEC.sample(20_000, generator())
    assert_mean(genomes["bias"][:, 1], 1.0)
    assert_mean(genomes["bias"][:, 1] ** 2, 1.0 + 16 / 12)
    assert_mean((genomes["depth"][:, 0] == 10).astype(float), 1 / 11)
    assert_mean((genomes["gates"][:, 1] == 4).astype(float), 1 / 5)
    assert_mean((genomes["order"][:, 2] == 6).astype(float), 1 / 7)
    # The flat Dirichlet distribution: each share is Beta(1, size - 1).
    assert_mean(genomes["weights"][:, 0], 1 / 3)
    assert_mean(genomes["weights"][:, 0] ** 2, 1 / 6)


def test_a_locus_begins_at_its_initial():
    spec = GenomeSpec(
        {
            "w": Real(2, initial=0.4),
            "k": Integer(2, 0, 9, initial=(3, 4)),
            "c": Categorical(1, 3, initial=2),
            "o": Permutation(3, initial=(2, 0, 1)),
            "s": Simplex(2, initial=(0.25, 0.75)),
        }
    )
    genomes = spec.sample(2, generator())
    spec.validate(genomes)
    assert {name: column.tolist()[1] for name, column in genomes.items()} == {
        "w": [0.4, 0.4],
        "k": [3, 4],
        "c": [2],
        "o": [2, 0, 1],
        "s": [0.25, 0.75],
    }


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(0, 12),
    rate=st.floats(0, 1),
    scale=st.floats(0.01, 10),
)
def test_variation_gives_valid_new_columns_and_spares_its_inputs(seed, n, rate, scale):
    rng = generator(seed)
    mothers, fathers = SPEC.sample(n, rng), SPEC.sample(n, rng)
    before = as_bytes(mothers), as_bytes(fathers)
    children = SPEC.crossover(mothers, fathers, rng, rate)
    unmutated = as_bytes(children)
    mutants = SPEC.mutate(children, rng, rate, scale)
    for genomes in (children, mutants):
        SPEC.validate(genomes)
        assert SPEC.count(genomes) == n
    assert (as_bytes(mothers), as_bytes(fathers)) == before
    assert as_bytes(children) == unmutated
    for name in SPEC.names:
        assert not np.shares_memory(children[name], mothers[name])
        assert not np.shares_memory(mutants[name], children[name])


@pytest.mark.parametrize("rate", [0.3, 0.9])
def test_a_pair_is_crossed_at_every_locus_or_at_none(rate):
    rng = generator()
    mothers, fathers = SPEC.sample(4000, rng), SPEC.sample(4000, rng)
    children = SPEC.crossover(mothers, fathers, rng, rate)
    differs = np.array([(children[n] != mothers[n]).any(axis=1) for n in SPEC.names]).T
    blended = differs[:, 0]  # a blend always moves
    assert_mean(blended.astype(float), rate)
    assert not differs[~blended].any()
    assert as_bytes(SPEC.crossover(mothers, fathers, rng, 0.0)) == as_bytes(mothers)


def test_mutation_hits_one_gene_of_a_genome_by_default():
    spec = GenomeSpec({"a": Real(30), "b": Categorical(10, 4)})
    genomes = spec.sample(5000, generator())
    mutants = spec.mutate(genomes, generator())
    hits = sum((mutants[name] != genomes[name]).sum(axis=1) for name in spec.names)
    assert_mean(hits.astype(float), 1.0)


def test_scale_multiplies_the_customary_steps():
    n = 20_000
    spec = GenomeSpec(
        {
            "real": Real(1, -50, 50, initial=0.0),
            "integer": Integer(1, -5000, 5000, initial=0),
            "shares": Simplex(2, initial=(0.5, 0.5)),
        }
    )
    for scale in (0.5, 1.0, 2.0):
        mutants = spec.mutate(spec.sample(n, generator()), generator(), 1.0, scale)
        assert_mean(np.abs(mutants["real"]).ravel(), scale * 100 / 22)
        # A step of mean 1 + range/20, folded at the bounds beyond 5000, which is rare here.
        if scale < 2.0:
            assert_mean(np.abs(mutants["integer"]).ravel(), scale * 500 + 1)
        ratio = np.log(mutants["shares"][:, 0] / mutants["shares"][:, 1])
        assert_mean(ratio**2, 2 * (0.3 * scale) ** 2)


def test_take_and_concatenate():
    genomes = SPEC.sample(5, generator())
    twice = SPEC.concatenate(genomes, SPEC.take(genomes, np.array([4, 0])))
    assert SPEC.count(twice) == 7
    np.testing.assert_array_equal(twice["order"][5], genomes["order"][4])
    odd = SPEC.take(genomes, np.arange(5) % 2 == 1)
    np.testing.assert_array_equal(odd["bias"], genomes["bias"][1::2])
    whole = SPEC.take(genomes, slice(None))
    whole["bias"][:] = 9.0
    assert (genomes["bias"] < 9.0).all()
    assert SPEC.count(SPEC.take(genomes, np.array([], dtype=int))) == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_json_is_read_back_bit_for_bit(seed):
    genomes = SPEC.sample(3, generator(seed))
    again = SPEC.from_json(SPEC.to_json(genomes, 2))
    assert as_bytes(again) == as_bytes(SPEC.take(genomes, np.array([2])))
    assert {n: c.dtype for n, c in again.items()} == {n: c.dtype for n, c in genomes.items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order": [0, 1, 2, 3, 4, 5, 5]}, r"'order', row 0, gene 6: value 5; allowed: each of 0"),
        ({"depth": [1.5, 0]}, r"whole numbers that fit int32"),
        ({"depth": [2**31, 0]}, r"whole numbers that fit int32"),
        ({"depth": [10**30, 0]}, r"expected one number, or 2 numbers"),
        ({"gates": ["a", "b"]}, r"expected one number, or 2 numbers"),
        ({"gates": [1, 2, 0]}, r"expected one number, or 2 numbers"),
        ({"gates": [1, [2]]}, r"not a genome"),
        ({"bias": [0, float("nan")]}, r"'bias', row 0, gene 1: value nan"),
        ({"more": [1]}, r"the spec has"),
    ],
)
def test_json_that_is_no_genome_is_refused(change, message):
    genome = json.loads(SPEC.to_json(SPEC.sample(1, generator()))) | change
    with pytest.raises(GenomeError, match=message):
        SPEC.from_json(json.dumps(genome))


@pytest.mark.parametrize("text", ["", "[1, 2]", "{}", "3"])
def test_text_that_is_no_genome_is_answered_with_an_example(text):
    with pytest.raises(GenomeError, match=r'expected e\.g\. \{"weights": \['):
        SPEC.from_json(text)


@pytest.mark.parametrize(
    ("name", "row", "gene", "value", "allowed"),
    [
        ("bias", 2, 1, 3.5, r"float64 from -1\.0 to \(1\.0, 3\.0\)"),
        ("bias", 0, 0, np.nan, "float64 from"),
        ("depth", 1, 1, -6, r"int32 from \(0, -5\) to \(10, 5\)"),
        ("gates", 3, 0, 3, r"categories from 0 to choices-1, where choices is \(3, 5\)"),
        ("gates", 3, 0, -1, "categories from 0"),
        ("order", 1, 4, 7, "each of 0 to 6 exactly once"),
        ("order", 1, 4, -1, "each of 0 to 6 exactly once"),
        ("weights", 2, 1, -0.1, "3 shares of at least 0 that sum to 1"),
    ],
)
def test_validate_names_locus_row_value_and_what_is_allowed(name, row, gene, value, allowed):
    genomes = SPEC.sample(4, generator())
    genomes[name][row, gene] = value
    where = f"locus '{name}', row {row}, gene "
    with pytest.raises(GenomeError, match=f"{where}.*; allowed: {allowed}"):
        SPEC.validate(genomes)


def test_validate_finds_repeats_and_sums():
    genomes = SPEC.sample(4, generator())
    genomes["order"][3] = [0, 1, 2, 2, 4, 5, 6]
    with pytest.raises(GenomeError, match="row 3, gene 3: value 2;"):
        SPEC.validate(genomes)
    genomes = SPEC.sample(4, generator())
    genomes["weights"][1] *= 1.001
    with pytest.raises(GenomeError, match="'weights', row 1"):
        SPEC.validate(genomes)


def test_shapes_dtypes_and_names_are_checked():
    genomes = SPEC.sample(4, generator())
    with pytest.raises(GenomeError, match=r"'depth' is int64\[4, 2\]; expected int32\[4, 2\]"):
        SPEC.validate(genomes | {"depth": genomes["depth"].astype(np.int64)})
    with pytest.raises(GenomeError, match=r"'order' is int8\[3, 7\]; expected int8\[4, 7\]"):
        SPEC.mutate(genomes | {"order": genomes["order"][:3]}, generator())
    with pytest.raises(GenomeError, match="the spec has"):
        SPEC.validate({"order": genomes["order"]})
    with pytest.raises(GenomeError, match=r"loci are ndarray; .*a dict of columns"):
        SPEC.validate(genomes["order"])
    with pytest.raises(GenomeError, match="'order' is list; expected int8"):
        SPEC.validate(genomes | {"order": genomes["order"].tolist()})
    with pytest.raises(GenomeError, match="4 mothers but 2 fathers"):
        SPEC.crossover(genomes, SPEC.sample(2, generator()), generator())
    with pytest.raises(GenomeError, match=r"rate is 1\.5"):
        SPEC.mutate(genomes, generator(), 1.5)
    with pytest.raises(GenomeError, match="scale is 0"):
        SPEC.mutate(genomes, generator(), 0.5, 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GenomeSpec({}), "at least one locus"),
        (lambda: GenomeSpec([Real(3)]), "expected a dict of loci by name"),
        (lambda: GenomeSpec({"x": 3}), "expected a dict of loci by name"),
        (lambda: Real(0), "Real: size is 0"),
        (lambda: Real(2, 1.0, 0.0), "low at most high"),
        (lambda: Real(2, 0.0, np.inf), "must be finite"),
        (lambda: Real(2, -1e308, 1e308), "their distance must be finite"),
        (lambda: SelfAdaptive(2, -1e308, 1e308), "their distance must be finite"),
        (lambda: Real(2, (0.0, 0.0, 0.0)), "low is .* expected one number, or 2 numbers"),
        (lambda: Real(precision="float16"), "allowed: 'float64', 'float32'"),
        (lambda: Real(initial=1.5), r"initial is 1\.5; allowed: float64 from 0\.0 to 1\.0"),
        (lambda: Integer(1, 0, 2**31), "whole numbers that fit int32"),
        (lambda: Integer(1, 0, 2.5), "whole numbers"),
        (lambda: Integer(1, 3, 2), "low at most high"),
        (lambda: Categorical(2, (3, 0)), "choices is .*allowed: 1 to 32768"),
        (lambda: Categorical(1, 2, initial=2), "initial is 2"),
        (lambda: Permutation(3, initial=(0, 0, 1)), "each of 0 to 2 exactly once"),
        (lambda: Permutation(40_000), "allowed: 1 to 32768"),
        (lambda: Simplex(2, initial=(0.5, 0.6)), "sum to 1"),
    ],
)
def test_contradictory_loci_are_refused(make, message):
    with pytest.raises(GenomeError, match=message):
        make()


def test_a_genome_in_words():
    genomes = SPEC.from_json(
        '{"weights": [0.5, 0.25, 0.25], "order": [6, 5, 4, 3, 2, 1, 0], "gates": [2, 4],'
        ' "depth": [10, -5], "bias": [0.123456, 3], "small": 0.5}'
    )
    assert SPEC.describe(genomes).splitlines() == [
        "weights  50.0% 25.0% 25.0%",
        "order    6 5 4 3 2 1 0",
        "gates    2 4",
        "depth    10 -5",
        "bias     0.1235 3",
        "small    0.5",
    ]


def test_a_difference_in_words():
    one = SPEC.from_json(
        '{"weights": [0.5, 0.25, 0.25], "order": [6, 5, 4, 3, 2, 1, 0], "gates": [2, 4],'
        ' "depth": [10, -5], "bias": [0.5, 3], "small": 0.5}'
    )
    other = SPEC.from_json(
        '{"weights": [0.4, 0.35, 0.25], "order": [6, 2, 4, 3, 5, 1, 0], "gates": [2, 3],'
        ' "depth": [7, -5], "bias": [1.0, 3], "small": 0.5}'
    )
    assert SPEC.diff(one, 0, one, 0) == "the same"
    assert SPEC.diff(SPEC.concatenate(other, one), 1, other, 0).splitlines() == [
        "7 of 17 genes differ, in 5 of 6 loci",
        "weights  gene 0: 50.0% → 40.0% (-10 points); gene 1: 25.0% → 35.0% (+10 points)",
        "order    2: place 4 → 1; 5: place 1 → 4",
        "gates    gene 1: 4 → 3",
        "depth    gene 0: 10 → 7 (-3)",
        "bias     gene 0: 0.5 → 1 (+0.5, 25.0% of the range)",
    ]


def test_a_long_difference_is_cut_short():
    spec = GenomeSpec({"k": Integer(20, 0, 9)})
    zeros, ones = {"k": np.zeros((1, 20), np.int32)}, {"k": np.ones((1, 20), np.int32)}
    head, line = spec.diff(zeros, 0, ones, 0).splitlines()
    assert head == "20 of 20 genes differ, in 1 of 1 loci"
    assert line.startswith("k  gene 0: 0 → 1 (+1); gene 1")
    assert line.endswith("; gene 7: 0 → 1 (+1); and 12 more")


def test_a_population_in_words():
    genomes = {
        "weights": np.array([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]]),
        "order": np.array([[0, 1, 2, 3, 4, 5, 6], [1, 0, 2, 3, 4, 5, 6]], np.int8),
        "gates": np.array([[2, 1], [2, 4]], np.int16),
        "depth": np.array([[10, 0], [4, 0]], np.int32),
        "bias": np.array([[0.0, 1.0], [0.0, 1.0]]),
        "small": np.array([[0.25], [0.5]], np.float32),
    }
    places = 2 * np.log(2) / (7 * np.log(7))
    gates = np.log(2) / (np.log(3) + np.log(5))
    assert SPEC.summarise(genomes).splitlines() == [
        "2 genomes of 17 genes",
        "weights  2 different; mean 50.0% 25.0% 25.0%, deviation 16.7 points",
        f"order    2 different; most common 0 0 2 3 4 5 6, entropy {places:.0%} of the most "
        "possible",
        f"gates    2 different; most common 2 1, entropy {gates:.0%} of the most possible",
        "depth    2 different; mean 3.5 (genes 0 to 7), deviation 1.5",
        "bias     1 different; mean 0.5 (genes 0 to 1), deviation 0",
        "small    2 different; mean 0.375 (genes 0.375 to 0.375), deviation 0.125",
    ]
    assert SPEC.summarise(SPEC.take(genomes, slice(0, 0))) == "no genomes of 17 genes"


def test_bounds_may_come_in_any_sequence():
    plain = GenomeSpec({"x": Real(2, (0.0, 1.0), (1.0, 2.0))})
    other = GenomeSpec({"x": Real(np.int64(2), np.array([0.0, 1.0]), [1.0, np.float64(2.0)])})
    assert plain == other
    assert repr(plain) == repr(other)
    assert hash(plain.loci["x"]) == hash(other.loci["x"])


def test_specs_are_values():
    assert pickle.loads(pickle.dumps(SPEC)) == SPEC
    loci = {"x": Real(2)}
    spec = GenomeSpec(loci)
    loci["y"] = Real(3)
    assert spec.names == ("x",)


@dataclass(frozen=True)
class Bits(Locus):
    """A kind of locus of a user's own."""

    @property
    def dtype(self):
        return np.dtype(np.uint8)

    @property
    def allowed(self):
        return "0 or 1"

    def draw(self, n, rng):
        return rng.integers(0, 2, (n, self.size), dtype=np.uint8)

    def wrong(self, column):
        return column > 1

    def mutate(self, column, rng, rate, scale):
        return column ^ (rng.random(column.shape) < rate)


def test_a_new_kind_of_locus_is_a_subclass():
    spec = GenomeSpec({"bits": Bits(8), "x": Real(2)})
    rng = generator()
    genomes = spec.mutate(spec.sample(20, rng), rng, 1.0)
    children = spec.crossover(genomes, spec.sample(20, rng), rng)
    spec.validate(children)
    assert as_bytes(spec.from_json(spec.to_json(children)))["bits"] == children["bits"][0].tobytes()
    children["bits"][3, 1] = 2
    with pytest.raises(GenomeError, match="'bits', row 3, gene 1: value 2; allowed: 0 or 1"):
        spec.validate(children)
