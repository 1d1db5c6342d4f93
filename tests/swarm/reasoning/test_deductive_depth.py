"""Deduction in depth: the strongest law, and dropping assumptions one at a time."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.engines import Deductive
from swarm.reasoning.engines.assumptions import critical, drops_of
from tests.swarm.reasoning import reference_depth_rules as reference
from tests.swarm.reasoning.reference import Graph, small_graphs

GENES = st.builds(
    Deductive,
    threshold=st.sampled_from([0.1, 0.3]),
    rounds=st.integers(1, 4),
    support_min=st.sampled_from([1.0, 2.0]),
    top=st.sampled_from([1, 3, 600]),
    decay=st.floats(0.1, 1),
    aggregation=st.sampled_from(["all", "strongest"]),
    caution=st.sampled_from([0.0, 0.3, 1.0]),
)


@settings(max_examples=60, deadline=None)
@given(small_graphs(), GENES)
def test_any_deeper_genes_score_as_defined(graph: Graph, engine: Deductive) -> None:
    scores = engine.compile(graph.evidence)
    np.testing.assert_allclose(scores, reference.deductive(graph, engine), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("relations", [1, 63, 64, 65, 200])
def test_every_relation_is_an_assumption_of_its_own(relations: int) -> None:
    """Also where they do not fit one word."""
    drops = drops_of(relations)
    assert drops.shape == (relations, -(-relations // 64))
    np.testing.assert_array_equal(critical(drops, relations), 1)
    every = np.bitwise_or.reduce(drops, axis=0) if relations > 1 else drops[0]
    assert critical(every, relations) == (0 if relations > 1 else 1)
    if relations > 1:
        assert critical(drops[0] & drops[-1], relations) == 2


def lines() -> tuple[list[tuple[int, int, int]], int, int, int]:
    """R follows from S seven times in ten, from P and from Q six times in ten."""
    r, s, p, q, n = range(5)
    facts = []
    for body, held in ((s, 7), (p, 6), (q, 6)):
        for i in range(10):
            facts += [(n, body, n + 1)] + [(n, r, n + 1)] * (i < held)
            n += 2
    source, one_line, two_lines = n, n + 1, n + 2
    facts += [(source, s, one_line), (source, p, two_lines), (source, q, two_lines)]
    return facts, source, one_line, two_lines


def test_what_follows_without_any_one_assumption_comes_first() -> None:
    facts, source, one_line, two_lines = lines()
    evidence = Graph.of(facts).evidence
    genes = Deductive(threshold=0.1, rounds=1, aggregation="strongest")
    bold = genes.compile(evidence)[0, source]
    assert bold[one_line] > bold[two_lines] > 0
    careful = Deductive(threshold=0.1, rounds=1, aggregation="strongest", caution=0.3)
    scores = careful.compile(evidence)[0, source]
    assert scores[two_lines] == bold[two_lines]  # loses nothing: it follows whichever is dropped
    assert scores[one_line] == pytest.approx(0.7 * bold[one_line], rel=1e-5)
    assert scores.argmax() == two_lines


def test_assumptions_are_handed_on_along_a_chain() -> None:
    """S follows from R and T, and R from P and Q: three assumptions, with R itself four."""
    p, q, r, t, s, n = range(6)
    facts = []
    for i in range(8):
        a, b, c, d = range(n, n + 4)
        n += 4
        facts += [(a, p, b), (b, q, c), (c, t, d)]
        facts += [(a, r, c), (a, s, d)] * (i > 0)
    evidence = Graph.of(facts).evidence
    plain = Deductive(rounds=2).compile(evidence)[s, 5]
    careful = Deductive(rounds=2, caution=0.5).compile(evidence)[s, 5]
    assert plain[8] > 0
    assert careful[8] == pytest.approx(0.5**4 * plain[8], rel=1e-5)
