"""Programs as columns: whole, typed and within their limits whatever happens to them."""

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import GenomeError, GenomeSpec, Real
from evolution.programs import (
    Ephemeral,
    Function,
    PrimitiveSet,
    Program,
    ProgramError,
    Terminal,
    variation as koza,
)
from tests.evolution.programs.plain import (
    MATHS,
    TYPED,
    height,
    replacements,
    size,
    subtrees,
    tree,
    well_typed,
)

seeds = st.integers(0, 2**32)
ONLY = {"subtree": 0.0, "point": 0.0, "hoist": 0.0, "constants": 0.0}


def generator(seed=1):
    return np.random.default_rng(seed)


def assert_share(hits, expected):
    hits = np.asarray(hits, float).ravel()
    z = (hits.mean() - expected) / np.sqrt(expected * (1 - expected) / len(hits))
    assert abs(z) < 4, (hits.mean(), expected)


@settings(max_examples=60, deadline=None)
@given(
    seed=seeds,
    primitives=st.sampled_from([MATHS, TYPED]),
    places=st.integers(13, 60),
    tallest=st.integers(2, 8),
    inner=st.sampled_from([None, 0.0, 0.9, 1.0]),
    rate=st.floats(0, 1),
    scale=st.floats(0.01, 10),
)
def test_variation_gives_valid_new_columns_and_spares_its_inputs(
    seed, primitives, places, tallest, inner, rate, scale
):
    locus = Program(primitives, places, tallest, ramp=(1, 2), inner=inner)
    rng = generator(seed)
    column = locus.sample(12, rng)
    for _ in range(4):
        before = column.copy()
        mutated = locus.mutate(column, rng, rate, scale)
        crossed = locus.crossover(mutated, column[::-1], rng)
        assert (column == before).all()
        assert not locus.wrong(mutated).any()
        assert not locus.wrong(crossed).any()
        column = crossed
    nodes = [tree(locus, row) for row in column]
    assert all(well_typed(primitives, node, "number") for node in nodes)
    assert [size(node) for node in nodes] == locus.sizes(column).tolist()
    assert [height(node) for node in nodes] == locus.heights(column).tolist()
    assert locus.heights(column).max() <= tallest


def test_a_column_depends_on_nothing_but_the_generator():
    locus = Program(TYPED)

    def made(seed):
        rng = generator(seed)
        column = locus.sample(50, rng)
        return locus.crossover(locus.mutate(column, rng, 0.5, 1.0), column[::-1], rng)

    assert made(1).tobytes() == made(1).tobytes()
    assert made(1).tobytes() != made(2).tobytes()


def test_a_column_is_one_of_a_genome_spec():
    spec = GenomeSpec({"program": Program(MATHS, places=40)})
    genomes = spec.sample(5, generator())
    again = spec.from_json(spec.to_json(genomes, 3))
    assert (again["program"] == genomes["program"][3]).all()
    assert spec.describe(spec.mutate(genomes, generator(), rate=1.0)).startswith("program  ")


@pytest.mark.parametrize("primitives", [MATHS, TYPED])
def test_a_spec_of_programs_goes_into_a_file(primitives):
    spec = GenomeSpec({"program": Program(primitives, places=40, inner=None)})
    again = GenomeSpec.from_schema(json.loads(json.dumps(spec.schema)))
    assert again == spec
    drawn = [s.sample(10, generator())["program"] for s in (spec, again)]
    assert (drawn[0] == drawn[1]).all()


def test_a_function_of_columns_does_not_go_into_a_file():
    hypot = Function("hypot", ("number", "number"), "number", vectorised=np.hypot)
    spec = GenomeSpec({"program": Program(PrimitiveSet(("x",), (hypot,)))})
    with pytest.raises(GenomeError, match="JSON cannot hold"):
        _ = spec.schema


# What is wrong


@settings(max_examples=60, deadline=None)
@given(seed=seeds, place=st.integers(0, 79), broken=st.sampled_from([-1.0, 0.5, 99.0, np.nan]))
def test_no_broken_gene_passes(seed, place, broken):
    locus = Program(TYPED, places=40)
    column = locus.sample(3, generator(seed))
    column[1, place] = broken
    wrong = locus.wrong(column).any(axis=1)
    # A constant of 0.5 or -1 may stand where an ephemeral one does.
    held = place >= 40 and column[1, place - 40] == len(TYPED.names) - 1 and abs(broken) <= 1
    assert wrong.tolist() == [False, not held, False]


@pytest.mark.parametrize(
    ("program", "fits"),
    [
        (["if", "lt", "x", "y", "x", 0.5], True),
        (["if", "x", "x", "x"], False),  # the condition is a number
        (["lt", "x", "y"], False),  # the whole is a truth
        (["add", "x"], False),
        (["x", "x"], False),
        ([], False),
    ],
)
def test_programs_are_whole_and_typed(program, fits):
    locus = Program(TYPED, places=10)
    if fits:
        assert locus.describe(locus.encode([program])[0]) == "(if (x < y) then x else 0.5)"
        return
    with pytest.raises(ProgramError, match="no program here"):
        locus.encode([program])


# How they begin


def test_they_begin_ramped_half_and_half():
    locus = Program(MATHS, places=600, ramp=(2, 5))
    column = locus.sample(4000, generator())
    heights = locus.heights(column)
    assert (heights.min(), heights.max()) == (2, 5)
    full = []
    for row in column:
        depths = leaf_depths(tree(locus, row))
        full.append(len(set(depths)) == 1)
        assert min(depths) >= 2  # nothing ends earlier
    # Half are full by intent; a grown tree of height 2 always is, of the others few are.
    tall = heights == 5
    assert np.array(full)[heights == 2].all()
    assert 0.5 < np.array(full)[tall].mean() < 0.75
    # All full trees of one drawn height have it.
    assert_share((heights[np.array(full)] == 5)[heights[np.array(full)] > 2], 1 / 3)


def leaf_depths(node, depth=0):
    if not node[2]:
        return [depth]
    return [below for child in node[2] for below in leaf_depths(child, depth + 1)]


def test_what_a_type_allows_is_drawn_evenly():
    locus = Program(TYPED, ramp=(0, 0))
    roots = [tree(locus, row)[0] for row in locus.sample(6000, generator())]
    assert set(roots) == {"x", "y", "one", "u"}
    for name in ("x", "y", "one", "u"):
        assert_share([root == name for root in roots], 1 / 4)


def test_ephemerals_are_drawn_evenly():
    locus = Program(MATHS, ramp=(0, 0))
    column = locus.sample(20000, generator())
    whole, real = len(MATHS.names) - 2, len(MATHS.names) - 1
    constants = column[:, locus.places]
    for k in (-1, 0, 1):
        assert_share(constants[column[:, 0] == whole] == k, 1 / 3)
    u = (constants[column[:, 0] == real] + 2) / 5
    assert abs(u.mean() - 0.5) * np.sqrt(12 * len(u)) < 4
    assert 0 <= u.min() < 0.01
    assert 0.99 < u.max() <= 1


# Crossover


@settings(max_examples=30, deadline=None)
@given(seed=seeds, primitives=st.sampled_from([MATHS, TYPED]))
def test_a_child_is_the_mother_with_a_part_of_the_father(seed, primitives):
    locus = Program(primitives, places=30, height=6, ramp=(1, 3))
    rng = generator(seed)
    mothers, fathers = locus.sample(10, rng), locus.sample(10, rng)
    children = locus.crossover(mothers, fathers, rng)
    for rows in zip(mothers, fathers, children, strict=True):
        mother, father, child = (tree(locus, row) for row in rows)
        made = [new for part in subtrees(father) for new in replacements(mother, part)]
        assert child in [mother, *made]


def test_places_to_cross_are_drawn_evenly_or_mostly_functions():
    locus = Program(MATHS, ramp=(3, 3))
    row = locus.encode([["add", "mul", "x", "y", "sin", "add", "x", 0.5]])[0]
    tables, rng = MATHS.tables, generator()
    inside = np.array([True, True, False, False, True, True, False, False])
    even = [koza.crossing(row, 1, 8, -1, -1.0, tables, rng) for _ in range(7000)]
    for place in range(1, 8):
        assert_share(np.array(even) == place, 1 / 7)
    mostly = np.array([koza.crossing(row, 0, 8, -1, 0.9, tables, rng) for _ in range(8000)])
    assert_share(inside[mostly], 0.9)
    for place in range(8):
        kind = mostly[inside[mostly] == inside[place]]
        assert_share(kind == place, 1 / 4)


def test_a_child_beyond_the_limits_is_its_mother():
    locus = Program(MATHS, places=9, height=3, ramp=(0, 3))
    full = locus.encode([["add", "add", "x", "x", "add", "x", "x"]] * 300)
    children = locus.crossover(full, full, generator())
    assert locus.heights(children).max() <= 3
    assert locus.sizes(children).max() <= 9
    grown = [tree(locus, row) for row in children]
    assert max(size(node) for node in grown) == 9
    assert sum(node == tree(locus, full[0]) for node in grown) > 30


# Mutation


def test_the_rate_is_a_chance_per_program():
    locus = Program(MATHS, **ONLY | {"point": 1.0})
    column = locus.sample(5000, generator())
    changed = (locus.mutate(column, generator(), 0.3, 1.0) != column).any(axis=1)
    assert_share(changed, 0.3)
    assert not (locus.mutate(column, generator(), 0.0, 1.0) != column).any()


def test_point_mutation_exchanges_one_primitive_for_any_other_of_its_kind():
    locus = Program(TYPED, **ONLY | {"point": 1.0})
    column = np.repeat(locus.encode([["add", "x", "y"]]), 6000, axis=0)
    mutated = locus.mutate(column, generator(), 1.0, 1.0)
    names = [[node[0] for node in subtrees(tree(locus, row))] for row in mutated]
    changed = np.array([[a != b for a, b in zip(n, ["add", "x", "y"], strict=True)] for n in names])
    assert (changed.sum(axis=1) == 1).all()
    for place in range(3):
        assert_share(changed[:, place], 1 / 3)
    assert all(n[0] in ("add", "mul") for n in names)
    leaves = np.array([n[1] for n in names])[changed[:, 1]]
    for name in ("y", "one", "u"):
        assert_share(leaves == name, 1 / 3)


def test_hoisting_leaves_a_part():
    locus = Program(TYPED, **ONLY | {"hoist": 1.0})
    parent = ["if", "lt", "x", "one", "add", "x", "y", "y"]
    column = np.repeat(locus.encode([parent]), 3000, axis=0)
    whole = tree(locus, column[0])
    # The condition itself is no number, what it compares is.
    parts = [part for part in subtrees(whole)[1:] if part[0] != "lt"]
    hoisted = [tree(locus, row) for row in locus.mutate(column, generator(), 1.0, 1.0)]
    assert all(node in parts for node in hoisted)
    for part in {part[0] for part in parts}:
        expected = sum(other[0] == part for other in parts) / len(parts)
        assert_share([node[0] == part for node in hoisted], expected)


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_subtree_mutation_replaces_one_part(seed):
    locus = Program(TYPED, places=40, height=6, ramp=(1, 3), mutant=(0, 1), **ONLY | {"subtree": 1})
    rng = generator(seed)
    column = locus.sample(20, rng)
    for rows in zip(column, locus.mutate(column, rng, 1.0, 1.0), strict=True):
        parent, child = (tree(locus, row) for row in rows)
        parts = [part for part in subtrees(child) if height(part) <= 2]
        assert any(child in replacements(parent, part) for part in parts)


def test_constants_move_by_normal_steps_within_their_bounds():
    locus = Program(MATHS, **ONLY | {"constants": 1.0})
    column = np.zeros((20000, locus.size))
    column[:, 0], column[:, locus.places] = len(MATHS.names) - 1, 0.5
    moved = locus.mutate(column, generator(), 1.0, 0.2)
    assert (moved[:, 0] == column[:, 0]).all()
    steps = moved[:, locus.places] - 0.5
    # Nine of ten are normal of deviation 0.02 of a range of 5, the others even over the range.
    assert_share(np.abs(steps) < 0.1, 0.9 * 0.6827 + 0.1 * 0.2 / 5)
    assert not locus.wrong(moved).any()
    column[:, 0], column[:, locus.places] = len(MATHS.names) - 2, 1.0
    whole = locus.mutate(column, generator(), 1.0, 1.0)
    assert set(whole[:, locus.places]) == {-1.0, 0.0, 1.0}


def test_what_is_no_program_stays_as_it_is():
    locus = Program(MATHS)
    broken = locus.sample(40, generator())
    broken[::4, 0] = [0, 0.5, np.inf, 99, -1, np.nan, 1e300, 3e9, 0, 0]
    broken[::4, 1] = 1.0
    before = broken.copy()
    for varied in (
        locus.mutate(broken, generator(), 1.0, 1.0),
        locus.crossover(broken, broken[::-1], generator()),
        locus.crossover(broken[1::4], broken[::4], generator()),
    ):
        assert not locus.wrong(varied[~locus.wrong(varied).any(axis=1)]).any()
        assert locus.wrong(varied).any(axis=1).sum() <= 10
    np.testing.assert_array_equal(broken, before)
    np.testing.assert_array_equal(locus.mutate(broken, generator(), 1.0, 1.0)[::4], broken[::4])


def test_a_program_is_read_as_a_whole():
    spec = GenomeSpec({"program": Program(MATHS), "x": Real(2)})
    locus = spec.loci["program"]
    genomes = {
        "program": locus.encode([["add", "x", "y"], ["x"], ["x"]]),
        "x": np.array([[0.5, 0.5]] * 3),
    }
    told = spec.diff(genomes, 0, genomes, 1)
    assert told.splitlines() == [
        f"3 of {spec.size} genes differ, in 1 of 2 loci",
        "program  (x + y) → x",
    ]
    assert spec.diff(genomes, 1, genomes, 2) == "the same"
    assert "2 different; 1 to 3 nodes, 1.67 on average; heights 0 to 1" in spec.summarise(genomes)


def test_by_default_a_program_changes_as_ten_genes_do_and_spares_the_others_theirs():
    locus, reals = Program(MATHS, subtree=0.0, point=0.0, hoist=1.0, constants=0.0), Real(30)
    spec = GenomeSpec({"program": locus, "x": reals})
    genomes = {"program": np.tile(locus.encode([["add", "x", "y"]]), (8_000, 1))}
    alone = GenomeSpec({"program": locus}).mutate(genomes, generator())
    assert_share((alone["program"] != genomes["program"]).any(axis=1), 0.1)
    genomes["x"] = np.full((8_000, 30), 0.5)
    both = spec.mutate(genomes, generator())
    assert_share((both["program"] != genomes["program"]).any(axis=1), 1 / 40)
    assert_share(both["x"] != genomes["x"], 1 / 40)


# Errors that teach


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"places": 0}, "1 or more"),
        ({"ramp": (3, 2)}, "heights rise"),
        ({"ramp": (2, 20)}, "heights rise"),
        ({"inner": 1.5}, "0 to 1, or None"),
        ({"subtree": -1.0}, "none negative"),
        ({"places": 20.5}, "whole numbers"),
        ({"primitives": "maths"}, "expected a PrimitiveSet"),
    ],
)
def test_contradictory_settings(settings, message):
    with pytest.raises(GenomeError, match=message):
        Program(**{"primitives": MATHS, **settings})


def test_sets_that_cannot_be():
    with pytest.raises(ProgramError, match="built-in"):
        PrimitiveSet(("x",), ("adds",))
    with pytest.raises(ProgramError, match="twice there are"):
        PrimitiveSet(("x", "x"), ("add",))
    with pytest.raises(ProgramError, match="can end"):
        PrimitiveSet(("x",), ("add", "not"), typed=True)
    with pytest.raises(ProgramError, match="vectorised="):
        Function("hypot", ("number", "number"), "number")
    with pytest.raises(ProgramError, match="bounds"):
        Ephemeral("k", 1, -1)
    with pytest.raises(ProgramError, match="their distance"):
        Ephemeral("k", -1e308, 1e308)
    with pytest.raises(ProgramError, match="no number"):
        Terminal("nan", np.nan)
    with pytest.raises(ProgramError, match="functions is 'add'; expected a tuple"):
        PrimitiveSet(("x",), "add")
    with pytest.raises(ProgramError, match="tuple of types"):
        Function("twice", "number", "number", "neg")
    lists = PrimitiveSet(["x"], ["add"], [Terminal("two", np.float64(2))])
    tuples = PrimitiveSet(("x",), ("add",), (Terminal("two", 2),))
    assert lists == tuples
    assert repr(lists) == repr(tuples)
    nested = Function("wrap", ("b",), "a", vectorised=np.abs)
    deeper = Function("more", ("number",), "b", vectorised=np.abs)
    chain = PrimitiveSet(("x",), (nested, deeper), returns="a")
    assert chain.tables.reach.tolist() == [2, 0, 1]
    with pytest.raises(GenomeError, match="the least of this type has height 2"):
        Program(chain, height=1, ramp=(0, 1), mutant=(0, 1))
