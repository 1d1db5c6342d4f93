"""Horn rules as programs: what they say of a graph, and that evolution finds a planted one."""

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import GenomeSpec
from evolution.programs import (
    GeneticProgramming,
    HornRules,
    ProgramError,
    RuleBook,
    Rules,
    grounded,
    measure_rules,
)


def with_inverses(adjacency):
    return np.concatenate([adjacency, adjacency.transpose(0, 2, 1)])


def connected(body, cube):
    """Pairs joined by a path that meets nobody twice, path by path."""
    E = cube.shape[1]
    pairs = np.zeros((E, E), np.bool_)
    paths = [(x,) for x in range(E)]
    for relation in body:
        paths = [
            (*path, y)
            for path in paths
            for y in np.flatnonzero(cube[relation, path[-1]])
            if y not in path
        ]
    for path in paths:
        pairs[path[0], path[-1]] = True
    return pairs


def rules_of(*rules):
    body = [[*body, *[-1] * (3 - len(body))] for _, body in rules]
    return Rules(np.array([head for head, _ in rules]), np.array(body))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), entities=st.sampled_from([1, 5, 12, 64, 70]))
def test_measures_count_pairs(seed, entities):
    rng = np.random.default_rng(seed)
    density = min(1.0, 2.0 / entities)
    cube = with_inverses(rng.random((3, entities, entities)) < density)
    horn = HornRules(3)
    column = horn.locus.sample(10, rng)
    rules = horn.read(horn.locus.crossover(column, horn.locus.mutate(column, rng, 1, 1), rng))
    measures = measure_rules(rules, cube)
    others = ~np.eye(entities, dtype=bool)
    for i, (head, body) in enumerate(zip(rules.head, rules.body, strict=True)):
        reached, holds = connected(body[body >= 0], cube), cube[head] & others
        assert (grounded(body, cube)[0] == reached).all()
        if body.tolist() == [head, -1, -1]:
            reached[:] = False
        assert measures.groundings[i] == reached.sum()
        assert measures.support[i] == (reached & holds).sum()
        assert measures.facts[i] == holds.sum()


def test_where_nothing_walks_back_a_measure_is_that_of_matrix_products():
    # Layers that only lead onwards, so no path can meet an entity twice.
    rng = np.random.default_rng(1)
    layer = np.arange(80) // 20
    onwards = layer[:, None] + 1 == layer[None, :]
    cube = with_inverses((rng.random((4, 80, 80)) < 0.2) & onwards)
    A = cube.astype(np.int64)
    reached = (A[1] @ A[2] @ A[3]) > 0
    cube[0] = reached & (rng.random((80, 80)) < 0.8)
    measures = measure_rules(rules_of((0, [1, 2, 3])), cube)
    support, groundings = (reached & cube[0]).sum(), reached.sum()
    assert (measures.support[0], measures.groundings[0]) == (support, groundings)
    assert measures.confidence()[0] == support / (groundings + 5)
    assert measures.coverage()[0] == 1.0


def test_rules_are_read_written_and_described():
    horn = HornRules(3, names=("uncle", "parent", "brother"))
    rules = rules_of((0, [1, 2]), (3, [5]), (2, [4, 0, 1]))
    again = horn.read(horn.write(rules))
    assert (again.head == rules.head).all()
    assert (again.body == rules.body).all()
    assert [horn.describe(rules, row) for row in range(3)] == [
        "uncle(x, y) <- parent(x, z), brother(z, y)",
        "uncle(y, x) <- brother(y, x)",
        "brother(x, y) <- parent(z, x), uncle(z, w), parent(w, y)",
    ]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32), length=st.integers(1, 3), heads=st.sampled_from([(), (2,), (0, 5)])
)
def test_evolved_rules_are_rules(seed, length, heads):
    horn = HornRules(4, heads, length)
    rng = np.random.default_rng(seed)
    column = horn.locus.sample(20, rng)
    for _ in range(4):
        column = horn.locus.crossover(column, column[::-1], rng)
        column = horn.locus.mutate(column, rng, 0.5, 1.0)
    rules = horn.read(column)
    assert set(rules.head) <= set(heads or range(8))
    assert rules.body.shape == (20, length)
    assert (rules.body[:, 0] >= 0).all()
    assert (np.diff((rules.body >= 0).astype(int), axis=1) <= 0).all()
    assert rules.body.max() < 8
    assert (horn.read(horn.write(rules)).body == rules.body).all()


def planted(seed):
    """A graph whose relation 0 mostly follows 1, then 2 backwards, then 3."""
    rng = np.random.default_rng(seed)
    adjacency = rng.random((10, 60, 60)) < 0.04
    # 4 to 6 are 1 to 3 and as many chance pairs again, so a rule may be half right.
    adjacency[4:7] |= adjacency[1:4]
    follows = grounded(np.array([1, 12, 3]), with_inverses(adjacency))[0]
    adjacency[0] = follows & (rng.random((60, 60)) < 0.9)
    return with_inverses(adjacency)


def test_a_planted_rule_is_found():
    cube = planted(1)
    horn = HornRules(10, heads=(0,))
    spec = GenomeSpec({"rule": horn.locus})
    rates = {"crossover_rate": 0.5, "mutation_rate": 0.8}
    search = GeneticProgramming(spec, 60, rng=1, tournament=2, elites=15, **rates)
    book = RuleBook()
    for _ in range(40):
        rules = horn.read(search.ask()["rule"])
        measures = measure_rules(rules, cube)
        search.tell(np.where(book.add(rules, measures), -measures.confidence(), np.inf))
    best = horn.read(search.best.genomes["rule"])
    assert horn.describe(best) == "r0(x, y) <- r1(x, z), r2(w, z), r3(w, y)"
    # Chance would have to look at half of all rules.
    assert len(book.found) < (20 + 20**2 + 20**3) / 4
    ranked, measures = book.best()
    assert ranked.body[0].tolist() == [1, 12, 3]
    confidence = measures.confidence()
    assert (np.diff(confidence) <= 0).all()
    assert confidence[0] > 0.8
    assert measures.support.min() >= 2


def test_rules_are_saved_as_any_locus():
    spec = GenomeSpec({"rule": HornRules(4, heads=(2,)).locus})
    assert GenomeSpec.from_schema(json.loads(json.dumps(spec.schema))) == spec


def test_a_book_counts_a_rule_once():
    rules = rules_of((0, [1]), (0, [1, 2]), (0, [1]))
    measures = measure_rules(rules, planted(1))
    book = RuleBook()
    assert book.add(rules, measures).tolist() == [True, True, False]
    assert not book.add(rules, measures).any()
    assert len(book.found) == 2


def test_errors_teach():
    with pytest.raises(ProgramError, match="length 1 to 3"):
        HornRules(3, length=4)
    with pytest.raises(ProgramError, match="0 to 5"):
        HornRules(3, heads=(6,))
    with pytest.raises(ProgramError, match="2 names for 3"):
        HornRules(3, names=("a", "b"))
    with pytest.raises(ProgramError, match=r"expected \[2R, E, E\]"):
        measure_rules(rules_of((0, [1])), np.zeros((4, 5), np.bool_))
    with pytest.raises(ProgramError, match="this graph has 4"):
        measure_rules(rules_of((0, [4])), np.zeros((4, 5, 5), np.bool_))
    cube = np.zeros((4, 5, 5), np.bool_)
    for body in ([-1], [-1, 2], [1, -1, 2], [-2], [0, 9]):
        with pytest.raises(ProgramError, match="-1 behind shorter bodies only"):
            measure_rules(Rules(np.array([0]), np.array([body])), cube)
        with pytest.raises(ProgramError, match="-1 behind shorter bodies only"):
            grounded(np.array([body]), cube)
    with pytest.raises(ProgramError, match="1 to 3"):
        grounded(np.zeros((1, 4), np.int64), cube)
    for heads in ([-1], [4], [0, 1]):
        with pytest.raises(ProgramError, match="expected one each, from 0 to 3"):
            measure_rules(Rules(np.array(heads), np.array([[0]])), cube)
    horn = HornRules(2)
    column = horn.locus.sample(2, np.random.default_rng(1))
    with pytest.raises(ProgramError, match="row 1 is no rule"):
        horn.read(column * [[1.0], [3.0]])
    with pytest.raises(ProgramError, match="nothing computes rule, then"):
        horn.locus.evaluate(column, np.zeros((3, 0)))
