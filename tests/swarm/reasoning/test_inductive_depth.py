"""Induction in depth: redundancy, learned weights, surprise, hypotheses, both ends."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.engines import Inductive
from swarm.reasoning.engines.redundancy import clusters
from swarm.reasoning.engines.rule_weights import hypotheses, learned_scores
from tests.swarm.reasoning import reference_engines as reference
from tests.swarm.reasoning.reference import Graph, small_graphs

few = st.sampled_from([1, 2, 3, 5, 600])
GENES = st.one_of(
    st.builds(
        Inductive,
        aggregation=st.just("non-redundant"),
        redundancy=st.sampled_from([0.05, 0.3, 0.6, 1.0]),
        top=few,
        support_min=st.sampled_from([1.0, 2.0]),
    ),
    st.builds(
        Inductive, aggregation=st.just("noisy-or"), surprise=st.integers(1, 3), top=st.just(600)
    ),
    st.builds(
        Inductive,
        aggregation=st.just("learned"),
        ridge=st.sampled_from([1.0, 10.0, 100.0]),
        top=few,
        rounds=st.integers(1, 2),
        grow=st.sampled_from([0.0, 0.5, 1.0]),
    ),
    st.builds(Inductive, unary=st.just(True), both_ends=st.booleans(), top=few),
)


@settings(max_examples=60, deadline=None)
@given(small_graphs(), GENES)
def test_any_deeper_genes_score_as_defined(graph: Graph, engine: Inductive) -> None:
    scores = engine.compile(graph.evidence)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, reference.inductive(graph, engine), rtol=1e-3, atol=2e-4)


def echoes(copies: int) -> tuple[Graph, int, int, int]:
    """R follows from Q six times in ten; from each of many copies of P, always together, three.

    Returns the graph, the source asked about, who only the copies reach, and who Q reaches.
    """
    r, q, n = 0, 1, 0
    facts = []
    for i in range(10):
        facts += [(n, q, n + 1)] + [(n, r, n + 1)] * (i < 6)
        n += 2
    for i in range(10):
        facts += [(n, 2 + copy, n + 1) for copy in range(copies)] + [(n, r, n + 1)] * (i < 3)
        n += 2
    source, echoed, told = n, n + 1, n + 2
    facts += [(source, q, told)] + [(source, 2 + copy, echoed) for copy in range(copies)]
    return Graph.of(facts), source, echoed, told


@pytest.mark.parametrize(
    "engine",
    [
        Inductive(aggregation="non-redundant"),
        Inductive(aggregation="learned", ridge=0.5),
        Inductive(aggregation="maximum"),
    ],
    ids=lambda engine: engine.aggregation,
)
def test_saying_the_same_six_times_convinces_noisy_or_alone(engine: Inductive) -> None:
    graph, source, echoed, told = echoes(copies=6)
    naive = Inductive(aggregation="noisy-or").compile(graph.evidence)[0, source]
    assert naive[echoed] > naive[told] > 0
    scores = engine.compile(graph.evidence)[0, source]
    assert scores[told] > scores[echoed] > 0


def test_independent_reasons_still_add_up() -> None:
    """Three bodies that overlap in nothing but the answer: here the best one alone is misled."""
    r, n = 0, 0
    facts = []
    for body, held in ((1, 5), (2, 4), (3, 4), (4, 4)):
        for i in range(10):
            facts += [(n, body, n + 1)] + [(n, r, n + 1)] * (i < held)
            n += 2
    source, one, three = n, n + 1, n + 2
    facts += [(source, 1, one), *((source, body, three) for body in (2, 3, 4))]
    evidence = Graph.of(facts).evidence
    best = Inductive(aggregation="maximum").compile(evidence)[r, source]
    assert best[one] > best[three]
    scores = Inductive(aggregation="non-redundant").compile(evidence)[r, source]
    assert scores[three] > scores[one]


def test_a_cluster_is_led_by_its_best_rule() -> None:
    graph, *_ = echoes(copies=3)
    bodies = graph.evidence.bodies
    single = np.array([1, 2, 3, 4])
    cells = graph.entities**2
    np.testing.assert_array_equal(
        clusters(bodies.start, bodies.pairs, single, cells, 0.9), [0, 1, 1, 1]
    )


def test_learned_weights_hear_what_speaks_against() -> None:
    """P goes with R half of the time, and never together with Q."""
    r, p, q, n = 0, 1, 2, 0
    facts = []
    for i in range(20):
        facts += [(n, p, n + 1)] + ([(n, r, n + 1)] if i % 2 else [(n, q, n + 1)])
        n += 2
    source, free, forbidden = n, n + 1, n + 2
    facts += [(source, p, free), (source, p, forbidden), (source, q, forbidden)]
    evidence = Graph.of(facts).evidence
    scores = Inductive(aggregation="learned", ridge=1.0).compile(evidence)[r, source]
    assert scores[free] > 0.5
    assert abs(scores[forbidden]) < 0.1
    confident = Inductive(aggregation="noisy-or").compile(evidence)[r, source]
    assert confident[forbidden] >= confident[free]


@settings(max_examples=30, deadline=None)
@given(small_graphs())
def test_a_fact_does_not_support_its_own_rule(graph: Graph) -> None:
    """Nothing else speaks for a lone fact, or for a lone loop: learned, they have no score."""
    relation = graph.relations
    n = graph.entities
    facts = graph.facts | {(n, relation, n + 1), (n + 2, relation, n + 2)}
    alone = Graph(n + 3, relation + 1, facts).evidence
    scores = learned_scores(alone, ridge=1.0, top=600)
    assert alone.cube[relation, n, n + 1]
    assert scores[relation, n, n + 1] == 0
    assert scores[2 * relation + 1, n + 1, n] == 0
    assert scores[relation, n + 2, n + 2] == 0


def test_surprise_finds_the_rule_of_the_anomalies() -> None:
    """Most R go by P, and noise goes along; the few that are left go by Q, without P."""
    r, p, q, noise, n = range(5)
    facts = []
    for i in range(40):  # explained by P; noise goes along
        facts += [(n, p, n + 1), (n, r, n + 1)] + [(n, noise, n + 1)] * (i < 12)
        n += 2
    for _ in range(20):  # noise without R
        facts += [(n, noise, n + 1)]
        n += 2
    for i in range(20):  # anomalies: Q without P
        facts += [(n, q, n + 1)] + [(n, r, n + 1)] * (i < 6)
        n += 2
    source, by_noise, by_anomaly = n, n + 1, n + 2
    facts += [(source, noise, by_noise), (source, q, by_anomaly)]
    evidence = Graph.of(facts).evidence
    plain = Inductive(aggregation="noisy-or").compile(evidence)[r, source]
    assert plain[by_noise] > plain[by_anomaly] > 0
    keen = Inductive(aggregation="noisy-or", surprise=3).compile(evidence)[r, source]
    assert keen[by_anomaly] > keen[by_noise]


@settings(max_examples=40, deadline=None)
@given(small_graphs(), st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_hypotheses_are_the_likeliest_unknown_facts(graph: Graph, number: int, seed: int) -> None:
    R, E = graph.relations, graph.entities
    scores = np.random.default_rng(seed).random((2 * R, E, E)).astype(np.float32)
    found = hypotheses(scores.copy(), graph.evidence, number)
    unknown = [(r, x, y) for r, x, y in graph.cells() if r < R and (r, x, y) not in graph.known]
    unknown.sort(key=lambda cell: -float(scores[cell] + scores[cell[0] + R, cell[2], cell[1]]))
    assert [(r, x, y) for x, r, y in found.tolist()] == unknown[:number]


def test_what_is_concluded_leads_further() -> None:
    """R is P after P; S is R after T. Where R itself is missing, S needs the hypothesis."""
    p, r, s, t, n = range(5)
    facts = []
    for i in range(12):
        a, b, c, d = range(n, n + 4)
        n += 4
        facts += [(a, p, b), (b, p, c), (c, t, d)]
        facts += [(a, r, c), (a, s, d)] * (i > 0)
    evidence = Graph.of(facts).evidence
    genes = Inductive(aggregation="learned", ridge=1.0, grow=1 / len(facts))
    assert hypotheses(genes.compile(evidence), evidence, 1).tolist() == [[4, r, 6]]
    once = genes.compile(evidence)[s, 4]
    again = replace(genes, rounds=2).compile(evidence)[s, 4]
    assert again[7] > once[7] + 0.1


def test_both_ends_ask_what_goes_with_the_answer() -> None:
    """Who has badge P is mostly asked by one source; of it nothing else is known."""
    r, p, badge = 0, 1, 0
    asked, forgotten, source = range(1, 9), 9, 30
    facts = [(y, p, badge) for y in (*asked, forgotten)]
    facts += [(source, r, y) for y in asked]
    evidence = Graph.of([*facts, (20, 2, 21)]).evidence
    one = Inductive(unary=True).compile(evidence)[r, source]
    both = Inductive(unary=True, both_ends=True).compile(evidence)[r, source]
    assert one[forgotten] == 0
    assert both[forgotten] == pytest.approx(8 / (9 + 5), rel=0.05)


@pytest.mark.parametrize(
    ("genes", "lesson"),
    [
        ({"surprise": 1}, r"surprise goes with aggregation 'noisy-or', not 'maximum'"),
        ({"rounds": 2}, r"rounds goes with aggregation 'learned'"),
        ({"aggregation": "learned", "unary": True}, r"another scale: Inductive"),
    ],
)
def test_genes_that_do_not_go_together_are_refused(genes: dict[str, object], lesson: str) -> None:
    with pytest.raises(ValueError, match=lesson):
        Inductive(**genes)  # type: ignore[arg-type]
