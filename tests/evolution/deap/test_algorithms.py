"""Loops and variation: DEAP's steps and distributions, and the same result for the same seed."""

import pickle
import random
from copy import copy, deepcopy
from types import SimpleNamespace

import numpy as np
import pytest

from evolution import VariationError
from evolution.deap import (
    ArrayIndividual,
    ToolboxError,
    clone,
    cxSimulatedBinaryBounded,
    cxTwoPoint,
    cxUniform,
    eaMuCommaLambda,
    map_rows,
    mutFlipBit,
    mutPolynomialBounded,
    seeded,
    selNSGA2,
    varAnd,
    varOr,
)
from tests.evolution.deap.samples import assert_same_frequencies

deap = pytest.importorskip("deap.algorithms", reason="compares with DEAP, of the extra `test`")
base = pytest.importorskip("deap.base")
tools = pytest.importorskip("deap.tools")


class Minimised(base.Fitness):
    weights = (-1.0, -1.0)


class Maximised(base.Fitness):
    weights = (1.0,)


def individual(kind, genes, fitness=Maximised):
    made = kind(genes)
    made.fitness = fitness()
    return made


class Listed(list):
    """A list that takes attributes, as those of DEAP's creator."""


def generator(seed=1):
    return np.random.default_rng(seed)


def bit_toolbox(rng, mate=cxUniform, mutate=mutFlipBit):
    toolbox = base.Toolbox()
    toolbox.register("mate", mate, indpb=0.5, rng=rng)
    toolbox.register("mutate", mutate, indpb=0.5, rng=rng)
    return toolbox


def deap_toolbox():
    toolbox = base.Toolbox()
    toolbox.register("mate", tools.cxUniform, indpb=0.5)
    toolbox.register("mutate", tools.mutFlipBit, indpb=0.5)
    return toolbox


def valued(n, kind=Listed):
    """Individuals of three bits, their fitness known."""
    made = [individual(kind, [i >> bit & 1 for bit in range(3)]) for i in range(n)]
    for i in made:
        i.fitness.values = (1.0,)
    return made


def outcomes(children):
    """What each became: its place, bits, and whether its fitness is still known."""
    return [
        (i % 8) * 16 + int(np.dot(child, [1, 2, 4])) * 2 + child.fitness.valid
        for i, child in enumerate(children)
    ]


@pytest.mark.parametrize("decorated", [False, True])
def test_neighbours_mate_and_mutate_as_often_as_in_deap(decorated):
    toolbox = bit_toolbox(generator(1))
    if decorated:  # one individual after the other
        toolbox.decorate("mutate", lambda function: lambda *a, **k: function(*a, **k))
    repeats = 1500 if not decorated else 300
    ours, theirs = [], []
    random.seed(1)
    parents, rng = valued(8), generator(2)
    for _ in range(repeats):
        ours += outcomes(varAnd(parents, toolbox, 0.6, 0.3, rng=rng))
        theirs += outcomes(deap.varAnd(parents, deap_toolbox(), 0.6, 0.3))
    for place in range(8):
        of_place = [[o for o in sample if o // 16 == place] for sample in (ours, theirs)]
        assert_same_frequencies(*of_place)
    assert [list(p) for p in parents] == [list(p) for p in valued(8)]
    assert all(parent.fitness.valid for parent in parents)


def test_children_are_mated_or_mutated_or_copied_as_often_as_in_deap():
    parents, rng = valued(3), generator(3)
    random.seed(3)
    ours = varOr(parents, bit_toolbox(generator(4)), 12_000, 0.5, 0.2, rng=rng)
    theirs = deap.varOr(parents, deap_toolbox(), 12_000, 0.5, 0.2)
    kinds = [
        [int(np.dot(child, [1, 2, 4])) * 2 + child.fitness.valid for child in children]
        for children in (ours, theirs)
    ]
    assert_same_frequencies(*kinds)
    assert not {id(child) for child in ours} & {id(parent) for parent in parents}


@pytest.mark.parametrize("kind", [Listed, ArrayIndividual])
def test_children_keep_the_kind_of_their_parents(kind):
    children = varAnd(valued(6, kind), bit_toolbox(generator()), 1.0, 0.0, rng=generator())
    assert all(type(child) is kind for child in children)
    assert all(type(gene) in (int, np.int64) for child in children for gene in child)


def test_a_clone_of_ones_own_is_used():
    cloned = []

    def marking(parent):
        cloned.append(parent)
        return clone(parent)

    toolbox = bit_toolbox(generator())
    toolbox.register("clone", marking)
    parents = valued(6)
    varAnd(parents, toolbox, 0.5, 0.5, rng=generator())
    assert cloned == parents


def test_parents_of_different_lengths_vary_one_after_the_other():
    toolbox = base.Toolbox()
    toolbox.register("mate", cxTwoPoint, rng=generator())
    toolbox.register("mutate", mutFlipBit, indpb=0.5, rng=generator())
    parents = [individual(Listed, [0] * size) for size in (2, 5, 3, 4)]
    children = varAnd(parents, toolbox, 1.0, 1.0, rng=generator())
    assert [len(child) for child in children] == [2, 5, 3, 4]
    assert any(any(child) for child in children)


def test_without_mating_no_mate_need_be_registered():
    toolbox = base.Toolbox()
    toolbox.register("mutate", mutFlipBit, indpb=1.0, rng=generator())
    children = varAnd(valued(4), toolbox, 0.0, 1.0, rng=generator())
    assert [list(child) for child in children] == [[1 - g for g in p] for p in valued(4)]
    assert varAnd([], toolbox, 0.5, 0.5, rng=generator()) == []


@pytest.mark.parametrize("cxpb", [0.0, 1.0])
def test_individuals_that_are_no_rows_are_left_to_their_own_operators(cxpb):
    toolbox = base.Toolbox()
    toolbox.register("mate", lambda a, b: (b, a))
    toolbox.register("mutate", lambda one: (one,))
    parents = [individual(lambda name: SimpleNamespace(name=name), name) for name in "abcd"]
    children = varAnd(parents, toolbox, cxpb, 0.5, rng=generator())
    assert "".join(child.name for child in children) == ("abcd" if cxpb == 0.0 else "badc")


def test_settings_that_cannot_be_are_explained():
    rng = generator()
    with pytest.raises(ToolboxError, match=r"cxpb \+ mutpb is 1.2; at most 1"):
        varOr(valued(4), bit_toolbox(rng), 4, 0.6, 0.6, rng=rng)
    with pytest.raises(ToolboxError, match="1 individuals; at least 2"):
        varOr(valued(1), bit_toolbox(rng), 4, 0.6, 0.2, rng=rng)
    with pytest.raises(ToolboxError, match="varAnd has no rng"):
        varAnd(valued(4), bit_toolbox(rng), 0.5, 0.5)
    with pytest.raises(ToolboxError, match="cxUniform has no rng"):
        varAnd(valued(4), bit_toolbox(None), 1.0, 0.5, rng=rng)
    with pytest.raises(ToolboxError, match="4 children for 8 places"):
        eaMuCommaLambda(valued(8), bit_toolbox(rng), 8, 4, 0.5, 0.5, 1, rng=rng)
    texts = [individual(Listed, ["a", [1]]) for _ in range(2)]
    with pytest.raises(VariationError, match="flat and of one length and type"):
        varAnd(texts, bit_toolbox(rng), 1.0, 0.0, rng=rng)


def one_max(seed, loop):
    """The best of a run of a loop on the count of ones, its logbook, and its last bits."""
    ours, algorithms = seeded(seed)
    rng = generator(seed)
    toolbox = base.Toolbox()
    toolbox.register("evaluate", lambda one: (float(sum(one)),))
    toolbox.register("mate", ours.cxTwoPoint)
    toolbox.register("mutate", ours.mutFlipBit, indpb=0.02)
    toolbox.register("select", ours.selTournament, tournsize=3)
    population = [individual(Listed, rng.integers(0, 2, 60).tolist()) for _ in range(80)]
    best = ours.HallOfFame(1)
    stats = ours.Statistics(lambda i: i.fitness.values)
    stats.register("max", np.max)
    settings = {"stats": stats, "halloffame": best, "verbose": False}
    if loop == "eaSimple":
        found, book = algorithms.eaSimple(population, toolbox, 0.6, 0.3, 40, **settings)
    else:
        run = getattr(algorithms, loop)
        found, book = run(population, toolbox, 80, 120, 0.6, 0.3, 30, **settings)
    assert found is population
    assert len(found) == 80
    return best[0].fitness.values[0], book, [list(i) for i in found]


@pytest.mark.parametrize("loop", ["eaSimple", "eaMuPlusLambda", "eaMuCommaLambda"])
def test_a_loop_climbs_and_repeats_itself_and_leaves_global_chance_alone(loop):
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002 - the global one is what is watched
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    best, book, bits = one_max(1, loop)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert best >= 57
    assert book.select("gen") == list(range(len(book)))
    assert book[0]["nevals"] == 80
    assert 0 < book[1]["nevals"] < 120
    assert book[-1]["max"] > book[0]["max"]
    assert one_max(1, loop)[2] == bits
    assert one_max(2, loop)[2] != bits


def test_the_loop_of_deap_takes_our_operators():
    rng = generator(7)
    toolbox = bit_toolbox(rng)
    toolbox.register("evaluate", lambda rows: rows.sum(axis=1))
    toolbox.register("map", map_rows)
    toolbox.register("select", seeded(7)[0].selTournament, tournsize=3)
    toolbox.register("clone", clone)
    random.seed(7)
    population, _ = deap.eaSimple(valued(40, ArrayIndividual), toolbox, 0.5, 0.1, 10, verbose=False)
    assert np.mean(population) > 0.8


def test_seeded_tools_are_deaps_but_for_ours():
    ours, algorithms = seeded(1)
    assert ours.HallOfFame is tools.HallOfFame
    assert ours.selNSGA2 is selNSGA2
    assert algorithms.eaGenerateUpdate is deap.eaGenerateUpdate
    assert set(ours.ours) <= set(dir(tools))
    assert set(algorithms.ours) <= set(dir(deap))
    assert {*dir(tools), *ours.ours} <= set(dir(ours))
    assert repr(ours).startswith("<deap.tools with selTournament")
    assert ours.cxTwoPoint.__name__ == "cxTwoPoint"
    with pytest.raises(AttributeError, match="no attribute 'selNobody'"):
        ours.selNobody  # noqa: B018 - it is looked for


@pytest.mark.parametrize("copier", [copy, deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_seeded_tools_are_copied_with_their_generator(copier):
    ours, _ = seeded(1)
    people = valued(10)
    for rank, one in enumerate(people):
        one.fitness.values = (float(rank),)
    chosen = copier(seeded(1)[0]).selTournament(people, 5, tournsize=2)
    assert chosen == ours.selTournament(people, 5, tournsize=2)
    assert copier(ours).HallOfFame is tools.HallOfFame


def zdt1(rows):
    g = 1.0 + 9.0 * rows[:, 1:].mean(axis=1)
    return np.column_stack([rows[:, 0], g * (1.0 - np.sqrt(rows[:, 0] / g))])


def test_nsga2_of_these_parts_comes_as_far_as_deaps():
    def run(seed, ours):
        rng = generator(seed)
        random.seed(seed)
        mine, algorithms = seeded(rng) if ours else (tools, deap)
        toolbox = base.Toolbox()
        toolbox.register("evaluate", zdt1)
        toolbox.register("map", map_rows)
        toolbox.register("mate", mine.cxSimulatedBinaryBounded, eta=20.0, low=0.0, up=1.0)
        toolbox.register("mutate", mine.mutPolynomialBounded, eta=20.0, low=0, up=1, indpb=0.1)
        toolbox.register("clone", clone)
        population = [individual(ArrayIndividual, row, Minimised) for row in rng.random((40, 10))]
        for i, values in zip(population, toolbox.map(toolbox.evaluate, population), strict=True):
            i.fitness.values = values
        population = mine.selNSGA2(population, 40)
        for _ in range(25):
            offspring = algorithms.varAnd(mine.selTournamentDCD(population, 40), toolbox, 0.9, 1.0)
            for i, values in zip(offspring, toolbox.map(toolbox.evaluate, offspring), strict=True):
                i.fitness.values = values
            population = mine.selNSGA2(population + offspring, 40)
        moocore = pytest.importorskip("moocore")
        return moocore.hypervolume(np.array([i.fitness.values for i in population]), ref=[1.1, 1.1])

    ours, theirs = (np.array([run(seed, own) for seed in range(6)]) for own in (True, False))
    error = np.sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / 6)
    assert abs(ours.mean() - theirs.mean()) < 4 * error
    assert ours.min() > 0.2


def test_the_operators_of_real_numbers_are_registered_by_deaps_names():
    for operator in (cxSimulatedBinaryBounded, mutPolynomialBounded):
        assert hasattr(tools, operator.__name__)
