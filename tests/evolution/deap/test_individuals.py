"""Individuals as rows: copies as deep copies are, and evaluation of all at once."""

import array
import pickle
from copy import deepcopy

import numpy as np
import pytest

from evolution import VariationError
from evolution.deap import ArrayIndividual, ToolboxError, clone, map_rows
from evolution.deap.individuals import children_of, rows_of

creator = pytest.importorskip("deap.creator", reason="compares with DEAP, of the extra `test`")
base = pytest.importorskip("deap.base")
gp = pytest.importorskip("deap.gp")


@pytest.fixture(scope="module", autouse=True)
def classes():
    """Individuals as DEAP's examples make them."""
    creator.create("OursFitness", base.Fitness, weights=(-1.0, 1.0))
    fitness = creator.OursFitness
    creator.create("OursRow", ArrayIndividual, fitness=fitness, history=list)
    creator.create("OursList", list, fitness=fitness, history=list)
    creator.create("OursArray", array.array, typecode="d", fitness=fitness, history=list)
    yield
    for name in ("OursFitness", "OursRow", "OursList", "OursArray"):
        delattr(creator, name)


def individual(kind, genes=(0.5, 1.5, 2.5)):
    made = getattr(creator, kind)(genes)
    made.fitness.values = (1.0, 2.0)
    made.fitness.crowding_dist = 3.0
    made.history.append([1])
    made.age = 7
    return made


KINDS = ["OursRow", "OursList", "OursArray"]


@pytest.mark.parametrize("copier", [clone, deepcopy])
@pytest.mark.parametrize("kind", KINDS)
def test_a_clone_is_what_deepcopy_makes_of_it(kind, copier):
    original = individual(kind)
    copy = copier(original)
    assert type(copy) is type(original)
    assert list(copy) == list(original)
    assert copy.fitness.values == (1.0, 2.0)
    assert not hasattr(copy.fitness, "crowding_dist")
    assert copy.age == 7
    copy[0] = 9.0
    copy.history[0].append(2)
    copy.fitness.values = (5.0, 5.0)
    assert original[0] == 0.5
    assert original.history == [[1]]
    assert original.fitness.values == (1.0, 2.0)


@pytest.mark.parametrize("kind", KINDS)
def test_children_have_the_rows_given_and_know_whether_they_changed(kind):
    parents = [individual(kind, [i, i, i]) for i in np.arange(40.0)]
    rows = np.arange(120.0).reshape(40, 3)
    changed = [i % 3 == 0 for i in range(40)]
    children = children_of(parents, rows, changed)
    assert rows_of(children).tolist() == rows.tolist()
    assert rows_of(parents)[:, 0].tolist() == list(range(40))
    assert [not child.fitness.valid for child in children] == changed
    children[0][0] = -1.0
    assert rows[0, 0] == 0.0
    assert rows_of(children[1:]).tolist() == rows[1:].tolist()


def test_whole_numbers_among_the_parents_cut_off_nothing():
    parents = [ArrayIndividual([1, 2]), ArrayIndividual([0.5, 0.25])]
    assert rows_of(children_of(parents, rows_of(parents))).tolist() == [[1.0, 2.0], [0.5, 0.25]]


class Wide(array.array):
    """An ``array.array`` as it is, with attributes."""


@pytest.mark.parametrize("typecode", "bBhHiIlLqQfd")
def test_arrays_of_any_number_are_rows_and_children(typecode):
    parents = [Wide(typecode, genes) for genes in ([1, 2, 3], [4, 5, 6])]
    rows = rows_of(parents)
    assert rows.dtype == np.dtype(typecode)
    assert rows.tolist() == [[1, 2, 3], [4, 5, 6]]
    rows[0] = 7
    assert parents[0].tolist() == [1, 2, 3]
    children = children_of(parents, rows)
    assert [child.tolist() for child in children] == [[7, 7, 7], [4, 5, 6]]
    assert {(type(child), child.typecode) for child in children} == {(Wide, typecode)}
    assert clone(parents[1]) == parents[1]


def test_arrays_that_differ_are_no_less_rows():
    assert rows_of([Wide("d", [0.5]), Wide("i", [2])]).tolist() == [[0.5], [2.0]]
    assert rows_of([Wide("d", [0.5]), [2]]).tolist() == [[0.5], [2.0]]
    assert rows_of([Wide("d"), Wide("d")]).shape == (2, 0)
    assert children_of([Wide("d"), Wide("d")], np.empty((2, 0))) == [Wide("d"), Wide("d")]
    with pytest.raises(VariationError, match="of one length"):
        rows_of([Wide("d", [0.5]), Wide("d", [0.5, 1.5])])
    with pytest.raises(TypeError):
        children_of([Wide("i", [1])], np.array([[0.5]]))


def test_few_rows_share_memory():
    parents = [individual("OursRow") for _ in range(100)]
    children = children_of(parents, np.zeros((100, 3)))
    assert max(child.base.nbytes for child in children) <= 16 * 3 * 8


def test_a_fitness_with_more_in_it_is_copied_whole():
    kind = type("Constrained", (base.ConstrainedFitness,), {"weights": (1.0,)})
    original = creator.OursList([1.0])
    original.fitness = kind((2.0,), [0.0])
    assert clone(original).fitness.values == deepcopy(original).fitness.values == (2.0,)
    assert vars(clone(original).fitness) == vars(deepcopy(original).fitness)


def test_what_is_not_flat_is_left_to_deepcopy():
    primitives = gp.PrimitiveSet("main", 1)
    primitives.addPrimitive(np.add, 2, name="add")
    tree = gp.PrimitiveTree.from_string("add(ARG0, ARG0)", primitives)
    copy = clone(tree)
    assert type(copy) is gp.PrimitiveTree
    assert copy is not tree
    assert str(copy) == str(tree)
    plain = [1, [2]]
    assert clone(plain) == plain
    assert clone(plain)[1] is not plain[1]


def test_an_array_individual_is_pickled_with_its_attributes():
    class_ = ArrayIndividual([1.0, 2.0])
    class_.fitness = "any"
    copy = pickle.loads(pickle.dumps(class_))
    assert type(copy) is ArrayIndividual
    assert copy.tolist() == [1.0, 2.0]
    assert copy.fitness == "any"


@pytest.mark.parametrize("genes", [[1, 2], (x for x in (1.0, 2.0)), np.array([True, False])])
def test_genes_decide_the_type_and_are_copied(genes):
    made = creator.OursRow(genes)
    assert made.shape == (2,)
    assert made.dtype.kind in "ifb"
    if isinstance(genes, np.ndarray):
        made[0] = not made[0]
        assert genes[0]


@pytest.mark.parametrize("kind", KINDS)
def test_everybody_is_evaluated_in_one_call(kind):
    calls = []

    def evaluate(rows):
        calls.append(rows.shape)
        return np.column_stack([rows.sum(axis=1), rows[:, 0]])

    toolbox = base.Toolbox()
    toolbox.register("evaluate", evaluate)
    toolbox.register("map", map_rows)
    told = toolbox.map(toolbox.evaluate, [individual(kind, [i, 1.0, 2.0]) for i in (3.0, 4.0)])
    assert list(told) == [(6.0, 3.0), (7.0, 4.0)]
    assert calls == [(2, 3)]
    assert list(toolbox.map(toolbox.evaluate, [])) == []
    assert list(map_rows(lambda rows: rows[:, 0], [[1.0], [2.0]])) == [(1.0,), (2.0,)]
    with pytest.raises(ToolboxError, match=r"returned \[1, 2\]; expected \[2, M\]"):
        map_rows(lambda rows: rows[:1], [[1.0, 2.0], [3.0, 4.0]])
