"""Where graphs get small: one relation, one entity, no facts, nothing left to propose."""

import warnings

import numpy as np
import pytest

from swarm.reasoning import ENGINES, Evidence, Faculties, KnowledgeGraph, Problem, ask
from swarm.reasoning.engines import Abductive
from swarm.reasoning.engines.blocks import blocks_of
from swarm.reasoning.engines.causal import kinds_of
from swarm.reasoning.engines.exclusion import Exclusive
from swarm.reasoning.proposals import Views

SMALL = {
    "one fact": ([(0, 0, 1)], 2, 1),
    "one loop": ([(0, 0, 0)], 1, 1),
    "nothing known": ([], 3, 2),
    "relations without facts": ([(0, 0, 1), (1, 0, 2), (2, 0, 0)], 4, 3),
    "everything known": ([(i, 0, j) for i in range(3) for j in range(3)], 3, 1),
    "loops alone": ([(0, 0, 0), (1, 0, 1), (2, 1, 2)], 3, 2),
}


def evidence_of(name: str) -> Evidence:
    facts, entities, relations = SMALL[name]
    return Evidence(np.array(facts, np.int32).reshape(-1, 3), entities, relations)


@pytest.mark.parametrize("name", SMALL)
def test_every_engine_has_something_finite_to_say(name: str) -> None:
    evidence = evidence_of(name)
    every = np.indices((evidence.entities, evidence.relations, evidence.entities))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        faculties = Faculties(evidence)
        table = faculties.table(ask(every.reshape(3, -1).T.astype(np.int32), evidence))
    for column in (table.scores, table.against, table.inverted, table.features, faculties.echo):
        assert column.dtype == np.float32
        assert np.isfinite(column).all()
    assert faculties.echo.shape[:2] == (len(ENGINES), evidence.directions)


def test_engines_out_of_order_say_what_they_say_in_order() -> None:
    evidence = evidence_of("relations without facts")
    block = ask(evidence.facts, evidence)
    order = (6, 2, 4)
    usual, other = Faculties(evidence), Faculties(evidence, tuple(ENGINES[e] for e in order))
    one, two = usual.table(block), other.table(block)
    np.testing.assert_array_equal(other.echo, usual.echo[list(order)])
    assert other.names == tuple(usual.names[e] for e in order)
    np.testing.assert_array_equal(other.costs[:-2], usual.costs[list(order)])
    for place, e in enumerate(order):
        mine = two.scores[:, two.first[place] : two.first[place + 1]]
        np.testing.assert_array_equal(mine, one.scores[:, one.first[e] : one.first[e + 1]])


def test_clusters_that_stay_empty_are_not_remarked_upon() -> None:
    """Blocks and kinds may stay empty; nobody who asks a question wants to hear of it."""
    head = np.arange(12)
    facts = np.stack([np.where(head < 8, 0, 1), 0 * head, head], axis=1)
    evidence = Evidence(facts, 12, 1)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for seed in range(30):
            blocks_of(evidence, 9, seed)
        for kinds in range(2, 12):
            kinds_of(evidence, kinds)
    assert [str(warning.message) for warning in heard] == []


def test_an_engine_that_says_nothing_of_a_relation_does_not_say_it_exclusively() -> None:
    """All answers alike up to rounding is silence; it must not be blown up to a deviation of 1."""
    rng = np.random.default_rng(2)
    facts = np.unique(rng.integers(0, (14, 3, 14), (60, 3)), axis=0).astype(np.int32)
    evidence = Evidence(facts, 14, 4)  # of the last relation nothing is known
    engine = Abductive(confidence_min=0.05, miss=0.1, prior=4.0)
    scores = engine.compile(evidence)
    silent = scores[[3, 7]]
    assert (silent == silent[0, 0, 0]).all()
    np.testing.assert_array_equal(
        Exclusive(engine).read(scores, evidence),
        Exclusive(engine).read(np.where(scores == silent[0, 0, 0], 0, scores), evidence),
    )


def test_proposals_where_nothing_is_open_are_silent() -> None:
    facts = np.array([(0, 0, c) for c in range(4)] + [(1, 0, 2), (2, 0, 3)], np.int32)
    asked = np.array([(0, 0, 1), (1, 0, 0)], np.int32)
    graph = KnowledgeGraph("g", tuple("abcd"), ("r",), facts, asked, asked[:1])
    problem = Problem.pose(graph)
    views = Views.of(problem.table, problem.evidence)
    assert not views.open[0].any()
    assert np.isneginf(views.slates[0]).all()
    np.testing.assert_allclose(np.exp(views.slates[1]).sum(axis=-1), 1, atol=1e-5)
