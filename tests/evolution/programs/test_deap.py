"""DEAP's primitive sets and trees: the same values, and the same trees back."""

import math
import operator
import random
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

gp = pytest.importorskip("deap.gp")

from deap import algorithms, base, creator, tools  # noqa: E402

from evolution.programs import Ephemeral, Program, ProgramError  # noqa: E402
from evolution.programs.deap import (  # noqa: E402
    batch_map,
    evaluate,
    from_deap,
    to_column,
    to_trees,
)


def protected_division(left, right):
    try:
        return left / right
    except ZeroDivisionError:
        return 1


def if_then_else(condition, left, right):
    return left if condition else right


def untyped():
    """The set of DEAP's symbolic regression example, and a named constant."""
    pset = gp.PrimitiveSet("MAIN", 1)
    for function in (operator.add, operator.sub, operator.mul, protected_division):
        pset.addPrimitive(function, 2)
    for function in (operator.neg, math.cos, math.sin):
        pset.addPrimitive(function, 1)
    pset.addTerminal(math.pi, name="pi")
    pset.addTerminal(2.5)
    pset.addEphemeralConstant("noosphere_101", partial(random.randint, -1, 1))
    pset.renameArguments(ARG0="x")
    return pset


def typed():
    pset = gp.PrimitiveSetTyped("MAIN", [float, bool], float, "IN")
    for function in (operator.add, operator.mul, max):
        pset.addPrimitive(function, [float, float], float, name=function.__name__)
    pset.addPrimitive(operator.lt, [float, float], bool)
    for function in (operator.and_, operator.xor):
        pset.addPrimitive(function, [bool, bool], bool)
    pset.addPrimitive(operator.not_, [bool], bool)
    pset.addPrimitive(if_then_else, [bool, float, float], float)
    pset.addTerminal(True, bool)
    pset.addEphemeralConstant("noosphere_u", partial(random.uniform, -2, 2), float)
    return pset


UNTYPED, TYPED = untyped(), typed()


def called(trees, pset, cases):
    """DEAP's own values; NaN where they are none or raise."""
    values = np.full((len(trees), len(cases)), np.nan)
    for i, tree in enumerate(trees):
        function = gp.compile(tree, pset)
        for j, case in enumerate(cases):
            try:
                values[i, j] = function(*case)
            except (ValueError, OverflowError):
                continue
    return values


def assert_agree(trees, pset, cases):
    ours = evaluate(trees, from_deap(pset), np.array(cases, float))
    theirs = called(trees, pset, cases)
    told = np.isfinite(theirs)
    assert told.mean() > 0.5
    assert (ours[told] == theirs[told]).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), scale=st.sampled_from([1.0, 30.0]))
def test_the_values_are_those_of_deaps_compiled_functions(seed, scale):
    rng = np.random.default_rng(seed)
    column = Program(from_deap(UNTYPED)).sample(20, rng)
    cases = [(x,) for x in (scale * rng.normal(size=6)).tolist()] + [(0.0,)]
    assert_agree(to_trees(column, from_deap(UNTYPED), UNTYPED), UNTYPED, cases)
    column = Program(from_deap(TYPED)).sample(20, rng)
    cases = [(x, b) for x, b in zip(rng.normal(size=6).tolist(), [True, False] * 3, strict=True)]
    assert_agree(to_trees(column, from_deap(TYPED), TYPED), TYPED, cases)


def test_trees_that_deap_made_give_deaps_values():
    before = random.getstate()
    random.seed(1)
    trees = [gp.PrimitiveTree(gp.genHalfAndHalf(UNTYPED, 1, 5)) for _ in range(100)]
    trees = [gp.mutUniform(t, partial(gp.genFull, min_=0, max_=2), UNTYPED)[0] for t in trees]
    random.setstate(before)
    assert_agree(trees, UNTYPED, [(x / 5,) for x in range(-5, 5)])
    assert_agree(
        [gp.PrimitiveTree.from_string("add(mul(x, 7.25), pi)", UNTYPED)], UNTYPED, [(2.0,)]
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_trees_come_back_as_they_were_and_draw_nothing(seed):
    for pset in (UNTYPED, TYPED):
        locus = Program(from_deap(pset))
        column = locus.sample(20, np.random.default_rng(seed))
        before = random.getstate()
        trees = to_trees(column, locus.primitives, pset)
        assert random.getstate() == before
        assert (to_column(trees, locus) == column).all()
        again = to_trees(to_column(trees, locus), locus.primitives, pset)
        assert [str(tree) for tree in trees] == [str(tree) for tree in again]
        assert [tree.height for tree in trees] == locus.heights(column).tolist()
        assert [str(gp.PrimitiveTree.from_string(str(tree), pset)) for tree in trees] == [
            str(tree) for tree in trees
        ]


def test_a_run_of_deaps_is_the_same_with_one_line_changed():
    creator.create("NoosphereError", base.Fitness, weights=(-1.0,))
    creator.create("NoosphereTree", gp.PrimitiveTree, fitness=creator.NoosphereError)
    cases = [(x / 5,) for x in range(-5, 5)]

    def error(tree):
        # Steps of 1/1024, so that the order of summation plays no part.
        values = np.array([gp.compile(tree, UNTYPED)(*case) for case in cases])
        return (scored(values[np.newaxis])[0],)

    def scored(values):
        apart = np.abs(values - np.array(cases)[:, 0] ** 2).max(axis=1)
        return np.round(np.minimum(apart, 99.0) * 1024)

    def run(batched):
        toolbox = base.Toolbox()
        toolbox.register("expr", gp.genHalfAndHalf, pset=UNTYPED, min_=1, max_=2)
        toolbox.register("individual", tools.initIterate, creator.NoosphereTree, toolbox.expr)
        toolbox.register("evaluate", error)
        toolbox.register("select", tools.selTournament, tournsize=3)
        toolbox.register("mate", gp.cxOnePoint)
        toolbox.register("mutate", gp.mutNodeReplacement, pset=UNTYPED)
        if batched:
            toolbox.register("map", batch_map(from_deap(UNTYPED), cases, scored))
        random.seed(3)
        people = [toolbox.individual() for _ in range(30)]
        people, _ = algorithms.eaSimple(people, toolbox, 0.5, 0.2, 5, verbose=False)
        return [(str(tree), tree.fitness.values) for tree in people]

    before = random.getstate()
    try:
        assert run(batched=True) == run(batched=False)
    finally:
        random.setstate(before)
        del creator.NoosphereTree, creator.NoosphereError


def test_what_is_read():
    primitives = from_deap(UNTYPED)
    assert primitives.arguments == ("x",)
    operations = {f.name: f.operation for f in primitives.functions}
    assert operations["protected_division"] == "protected_div"
    assert operations["sin"] == "sin"
    assert [(t.name, t.value) for t in primitives.terminals] == [("pi", math.pi), ("2.5", 2.5)]
    assert primitives.ephemerals == (Ephemeral("noosphere_101", -1, 1, True, "object"),)
    primitives = from_deap(TYPED)
    operations = {f.name: f.operation for f in primitives.functions}
    assert operations["if_then_else"] == "if"
    assert primitives.types == ("float", "bool")


def test_a_narrower_type_may_stand_for_a_wider_one():
    pset = gp.PrimitiveSetTyped("MAIN", [bool, int], int)
    pset.addPrimitive(operator.add, [int, int], int)
    pset.addPrimitive(operator.not_, [bool], bool)
    locus = Program(from_deap(pset), ramp=(1, 4))
    assert locus.primitives.narrower == (("bool", "int"),)
    trees = to_trees(locus.sample(200, np.random.default_rng(1)), locus.primitives, pset)
    assert any("add(not_" in str(tree) for tree in trees)
    assert not any("not_(ARG1" in str(tree) or "not_(add" in str(tree) for tree in trees)
    assert_agree(trees, pset, [(True, 3), (False, -2)])


def test_a_protected_division_of_another_kind_is_not_taken_for_ours():
    def protected_div(left, right):
        return left / right if abs(right) > 1e-6 else 0.0

    pset = gp.PrimitiveSet("MAIN", 2)
    pset.addPrimitive(protected_div, 2)
    with pytest.raises(ProgramError, match=r"vectorised=.*lambda a, b"):
        from_deap(pset)

    def columns(left, right):
        safe = np.where(np.abs(right) > 1e-6, right, 1.0)
        return np.where(np.abs(right) > 1e-6, left / safe, 0.0)

    primitives = from_deap(pset, vectorised={"protected_div": columns})
    trees = to_trees(Program(primitives).sample(30, np.random.default_rng(1)), primitives, pset)
    cases = [(1.0, 2.0), (3.0, 0.0), (-1.0, 1e-7)]
    ours = evaluate(trees, primitives, cases)
    assert (ours == called(trees, pset, cases)).all()
    assert from_deap(pset, operations={"protected_div": "div"}).functions[0].operation == "div"


def test_numpys_functions_are_called_on_columns():
    pset = gp.PrimitiveSet("MAIN", 1)
    pset.addPrimitive(np.arctan, 1)
    tree = gp.PrimitiveTree.from_string("arctan(arctan(ARG0))", pset)
    cases = np.linspace(-3, 3, 50)[:, np.newaxis]
    expected = np.arctan(np.arctan(cases[:, 0]))
    np.testing.assert_array_equal(evaluate([tree], from_deap(pset), cases)[0], expected)


def test_what_cannot_be_read():
    pset = gp.PrimitiveSet("MAIN", 1)
    pset.addEphemeralConstant("noosphere_odd", partial(random.gauss, 0, 1))
    with pytest.raises(ProgramError, match="ephemerals="):
        from_deap(pset)
    told = from_deap(pset, ephemerals={"noosphere_odd": Ephemeral("any", -3, 3)})
    assert told.ephemerals == (Ephemeral("noosphere_odd", -3, 3, type="object"),)
    pset = gp.PrimitiveSet("MAIN", 1)
    pset.addTerminal(print, name="act")
    with pytest.raises(ProgramError, match="compute with numbers"):
        from_deap(pset)
    pset = gp.PrimitiveSet("MAIN", 1)
    pset.addADF(gp.PrimitiveSet("ADF0", 2))
    with pytest.raises(ProgramError, match="automatically defined"):
        from_deap(pset)


def test_trees_that_do_not_fit():
    locus = Program(from_deap(UNTYPED), places=3, height=2, ramp=(0, 1))
    tree = gp.PrimitiveTree.from_string("add(x, add(x, x))", UNTYPED)
    with pytest.raises(ProgramError, match="places=5"):
        to_column([tree], locus)
    lone = gp.PrimitiveTree.from_string("ARG0", gp.PrimitiveSet("OTHER", 1))
    with pytest.raises(ProgramError, match="no primitive 'ARG0'"):
        evaluate([lone], locus.primitives, [[1.0]])
