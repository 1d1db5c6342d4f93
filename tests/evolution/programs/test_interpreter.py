"""The batch interpreter computes what plain Python does, and is quiet where Python raises."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution.programs import Function, PrimitiveSet, Program, ProgramError, Terminal, evaluate
from evolution.programs.functions import OPERATIONS
from tests.evolution.programs.plain import FUNCTIONS, MATHS, TYPED, tree, value

seeds = st.integers(0, 2**32)


def assert_as_python(locus, column, cases):
    primitives = locus.primitives
    terminals = {leaf.name: leaf.value for leaf in primitives.terminals}
    values = locus.evaluate(column, cases)
    assert values.shape == (len(column), len(cases))
    for row, given_values in zip(column, values, strict=True):
        node = tree(locus, row)
        for case, got in zip(cases.tolist(), given_values.tolist(), strict=True):
            arguments = dict(zip(primitives.arguments, case, strict=True))
            try:
                expected = float(value(node, arguments, terminals))
            except (ValueError, OverflowError):  # sin(inf)
                continue
            assert got == expected or (math.isnan(got) and math.isnan(expected))


@settings(max_examples=40, deadline=None)
@given(seed=seeds, cases=st.integers(1, 6), scale=st.sampled_from([1.0, 100.0, 1e200]))
def test_random_programs_give_what_python_gives(seed, cases, scale):
    rng = np.random.default_rng(seed)
    for primitives in (MATHS, TYPED):
        locus = Program(primitives, ramp=(0, 6))
        inputs = rng.normal(0, scale, (cases, len(primitives.arguments)))
        inputs[rng.random(inputs.shape) < 0.2] = 0.0
        assert_as_python(locus, locus.sample(15, rng), inputs)


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_function(name):
    arity = len(OPERATIONS[name].takes)
    arguments = ("a", "b", "c")[:arity]
    locus = Program(PrimitiveSet(arguments, (name,)))
    special = [0.0, -0.0, 1.0, -1.5, 0.3, 2.0, 1e308, -1e308]
    cases = np.array(np.meshgrid(*[special] * arity)).reshape(arity, -1).T
    got = locus.evaluate(locus.encode([[name, *arguments]]), cases)[0]
    for case, result in zip(cases.tolist(), got.tolist(), strict=True):
        try:
            expected = float(FUNCTIONS[name](*case))
        except (ZeroDivisionError, ValueError, OverflowError):
            assert not math.isfinite(result)
            continue
        assert result == pytest.approx(expected, rel=1e-15, abs=0)


def test_max_and_min_choose_as_python_does_where_one_is_not_a_number():
    locus = Program(PrimitiveSet(("a", "b"), ("max", "min")))
    cases = np.array([[np.nan, 1.0], [1.0, np.nan]])
    got = locus.evaluate(locus.encode([["max", "a", "b"], ["min", "a", "b"]]), cases)
    for row, function in zip(got, (max, min), strict=True):
        np.testing.assert_array_equal(row, [function(*case) for case in cases.tolist()])


def test_infinities_and_failures_are_quiet():
    locus = Program(PrimitiveSet(("x",), ("div", "log", "exp", "sqrt", "sub")))
    programs = [["div", "x", "x"], ["log", "x"], ["exp", "exp", "exp", "exp", "x"]]
    programs += [["sqrt", "sub", "x", "exp", "x"], ["log", "sub", "x", "x"]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = locus.evaluate(locus.encode(programs), [[0.0], [2.0]])
    assert np.isnan(got[0, 0])
    assert got[1, 0] == -np.inf
    assert got[2, 1] == np.inf
    assert np.isnan(got[3]).all()
    assert (got[4] == -np.inf).all()


@pytest.mark.parametrize("cases", [1, 255, 256, 257, 600])
def test_a_result_depends_on_nothing_but_its_program_and_case(cases):
    locus = Program(MATHS)
    rng = np.random.default_rng(1)
    column, inputs = locus.sample(20, rng), rng.normal(size=(cases, 2))
    whole = locus.evaluate(column, inputs)
    shuffled, order = rng.permutation(cases), rng.permutation(20)
    again = locus.evaluate(column[order], inputs[shuffled])
    np.testing.assert_array_equal(again, whole[order][:, shuffled])
    alone = np.concatenate([locus.evaluate(column, case[np.newaxis]) for case in inputs[-2:]], 1)
    np.testing.assert_array_equal(alone, whole[:, -2:])


def test_a_function_of_columns_is_called_on_columns():
    seen = []

    def smooth(a, b):
        seen.append((a.shape, b.shape))
        return np.hypot(a, b)

    hypot = Function("smooth", ("number", "number"), "number", vectorised=smooth)
    one = Function("one", ("number",), "number", vectorised=lambda a: 1)
    primitives = PrimitiveSet(("x", "y"), (hypot, one, "add", "if"), (Terminal("three", 3.0),))
    locus = Program(primitives)
    programs = [["add", "smooth", "x", "three", "y"], ["if", "one", "x", "y", "x"]]
    column = locus.encode(programs)
    inputs = np.random.default_rng(1).normal(size=(300, 2))
    got = locus.evaluate(column, inputs)
    np.testing.assert_array_equal(got[0], np.hypot(inputs[:, 0], 3.0) + inputs[:, 1])
    np.testing.assert_array_equal(got[1], inputs[:, 1])
    assert seen == [((300,), (300,))]
    assert locus.describe(column[0]) == "(smooth(x, three) + y)"


def test_built_in_functions_give_the_same_beside_one_of_columns():
    unused = Function("unused", ("number",), "number", vectorised=np.abs)
    names = tuple(name for name in OPERATIONS)
    plain, mixed = PrimitiveSet(("x", "y"), names), PrimitiveSet(("x", "y"), (*names, unused))
    rng = np.random.default_rng(1)
    locus = Program(plain)
    column, inputs = locus.sample(200, rng), rng.normal(size=(50, 2))
    # The extra function is the last one, so that arguments move up by one symbol.
    moved = np.where(column[:, : locus.places] > len(names), 1, 0)
    shifted = column.copy()
    shifted[:, : locus.places] += moved
    expected = evaluate(column, plain, inputs)
    np.testing.assert_array_equal(evaluate(shifted, mixed, inputs), expected)


def test_cases_have_a_column_for_each_argument():
    locus = Program(MATHS)
    column = locus.sample(2, np.random.default_rng(1))
    with pytest.raises(ProgramError, match=r"expected \[cases, 2\], a row per case of x, y"):
        locus.evaluate(column, np.zeros((5, 3)))
    for wrong in (column[0], column[:, :-1]):
        with pytest.raises(ProgramError, match=r"expected \[n, 2·places\]"):
            locus.evaluate(wrong, np.zeros((5, 2)))


def test_equal_programs_get_equal_values():
    locus = Program(MATHS)
    rng = np.random.default_rng(1)
    column, inputs = locus.sample(10, rng), rng.normal(size=(700, 2))
    again = np.repeat(column, 3, axis=0)[rng.permutation(30)]
    apart = np.concatenate([locus.evaluate(row[np.newaxis], inputs) for row in again])
    np.testing.assert_array_equal(locus.evaluate(again, inputs), apart)


@pytest.mark.parametrize(
    "symbols",
    [[], [1, 2], [12, 12], [99], [1, 12, 12, 12], [np.inf], [1e300], [0.5], [-1], [np.nan]],
)
@pytest.mark.parametrize("extra", [(), (Function("f", ("number",), "number", vectorised=np.abs),)])
def test_what_is_no_program_is_not_run(symbols, extra):
    primitives = PrimitiveSet(("x",), ("add", "sub", *extra))
    column = np.zeros((2, 20))
    column[0, 0] = len(primitives.names) - 1
    column[1, : len(symbols)] = [s if s >= 99 or s != s else min(s, column[0, 0]) for s in symbols]
    with pytest.raises(ProgramError, match="row 1 is no program"):
        evaluate(column, primitives, [[1.0]])
    assert evaluate(column[:1], primitives, [[1.0]]).tolist() == [[1.0]]
    assert evaluate(column[:1], primitives, np.zeros((0, 1))).shape == (1, 0)
