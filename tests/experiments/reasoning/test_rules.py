"""Rules that evolve for the inductive engine."""

from dataclasses import replace

import numpy as np
import pytest

from evolution.programs import Rules, measure_rules
from experiments.reasoning.rules import bodies_of, evolve_rules, pose_with_rules
from swarm.reasoning import Evidence, GraphError, KnowledgeGraph, load_graph
from swarm.reasoning.engines import Inductive
from swarm.reasoning.faculties import standardise


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    """Relation 0 of four mostly follows 1, then 2 backwards, then 3."""
    rng = np.random.default_rng(4)
    cube = rng.random((4, 40, 40)) < 0.04
    walks = cube[1].astype(int) @ cube[2].T.astype(int) @ cube[3].astype(int)
    cube[0] = (walks > 0) & (rng.random((40, 40)) < 0.9)
    relation, head, tail = np.nonzero(cube)
    return Evidence(np.stack([head, relation, tail], axis=1), 40, 4)


PLANTED = (1, 6, 3)


def test_a_planted_rule_is_found_and_used(evidence: Evidence) -> None:
    rules = evolve_rules(evidence, np.random.default_rng(0), heads=(0,))
    assert tuple(rules.body[0].tolist()) == PLANTED
    assert (rules.head == 0).all()
    asked = Inductive(bodies=bodies_of(rules)).compile(evidence)[0] > 0
    assert asked.sum() > (Inductive().compile(evidence)[0] > 0).sum()


def test_rules_come_surest_first_each_once_and_borne_out(evidence: Evidence) -> None:
    rules = evolve_rules(evidence, np.random.default_rng(1), generations=4, keep=7, support_min=3)
    measures = measure_rules(rules, evidence.cube)
    assert measures.support.min() >= 3
    for head in range(evidence.directions):
        sure = measures.confidence()[rules.head == head]
        assert len(sure) <= 7
        assert (np.diff(sure) <= 0).all()
    together = np.column_stack([rules.head, rules.body])
    assert len(np.unique(together, axis=0)) == len(together)


def test_the_engine_counts_as_the_search_did(evidence: Evidence) -> None:
    rules = evolve_rules(evidence, np.random.default_rng(2), generations=4)
    bodies = bodies_of(rules)
    mined = evidence.bodies
    longer = mined.longer(bodies, evidence.cube)
    places = [len(mined) + bodies.index(tuple(body)) for body in rules.body.tolist()]
    measures = measure_rules(rules, evidence.cube)
    np.testing.assert_array_equal(longer.size[places], measures.groundings)
    np.testing.assert_array_equal(longer.support[places, rules.head], measures.support)


def test_the_same_generator_gives_the_same_rules(evidence: Evidence) -> None:
    one, same, other = (
        evolve_rules(evidence, np.random.default_rng(seed), 3, heads=(0, 5)) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one.body, same.body)
    assert one.body.tolist() != other.body.tolist()


def test_a_graph_without_long_rules_has_none() -> None:
    lonely = Evidence(np.array([[0, 0, 1]]), 3, 1)
    rules = evolve_rules(lonely, np.random.default_rng(0), generations=2)
    assert rules.body.shape == (0, 3)
    assert bodies_of(rules) == ()


def test_bodies_are_told_once_in_the_order_found() -> None:
    rules = Rules(np.array([0, 1, 1]), np.array([[2, 1, 0], [0, 0, 1], [2, 1, 0]]))
    assert bodies_of(rules) == ((2, 1, 0), (0, 0, 1))


def test_nothing_to_search_for_is_refused(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match=r"keep 0 must be at least 1"):
        evolve_rules(evidence, np.random.default_rng(0), keep=0)


def small() -> KnowledgeGraph:
    """Four relations of Nations, split anew."""
    whole = load_graph("nations")
    facts, nothing = whole.facts[whole.facts[:, 1] < 4], np.empty((0, 3), np.int32)
    graph = KnowledgeGraph("small", whole.entities, whole.relations[:4], facts, nothing, nothing)
    return graph.resplit((0.5, 0.2, 0.3), seed=0)


def test_a_posed_problem_has_one_variant_more_and_knows_no_other_facts() -> None:
    """Rules are those that the train part alone leads to."""
    graph = small()
    problem = pose_with_rules(graph, np.random.default_rng(0), generations=2)
    at = problem.faculties.names.index("inductive")
    *before, last = problem.faculties.variants[at]
    assert tuple(before) == Inductive.variants()
    assert last == Inductive(bodies=last.bodies)
    assert len(last.bodies) > 0
    assert np.diff(problem.table.first)[at] == len(before) + 1
    new = int(problem.table.first[at + 1]) - 1
    block = problem.table.block
    said = standardise(last.score(last.compile(problem.evidence), block), block.open)
    np.testing.assert_array_equal(problem.table.scores[:, new], said)
    alone = Evidence(graph.train, len(graph.entities), len(graph.relations))
    assert bodies_of(evolve_rules(alone, np.random.default_rng(0), 2)) == last.bodies


def test_a_graph_too_large_for_a_cube_is_refused_before_it_is_posed() -> None:
    large = replace(small(), entities=tuple(map(str, range(3000))))
    with pytest.raises(
        GraphError, match="small-50: 3,000 entities are too many to evolve rules for"
    ):
        pose_with_rules(large, np.random.default_rng(0))
