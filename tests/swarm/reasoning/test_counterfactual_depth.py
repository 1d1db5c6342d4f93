"""Counterfactuals in depth: what a family brings about, and what constraints forbid."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import spearmanr

from swarm.reasoning import Evidence, ask, load_graph
from swarm.reasoning.engines import Counterfactual, Inductive
from swarm.reasoning.engines.constraints import KINDS, constraints
from swarm.reasoning.objections import objections
from tests.swarm.reasoning import reference_depth_rules as reference
from tests.swarm.reasoning.reference import Graph, small_graphs

GENES = st.builds(
    Counterfactual,
    penalty=st.floats(0, 1),
    top=st.sampled_from([1, 3, 600]),
    support_min=st.sampled_from([1.0, 2.0]),
    aggregation=st.sampled_from(["survival", "necessity", "sufficiency", "both"]),
    strictness=st.sampled_from([0.0, 1.0, 4.0]),
    relief=st.sampled_from([0.0, 0.5, 1.0]),
)


@settings(max_examples=60, deadline=None)
@given(small_graphs(), GENES)
def test_any_deeper_genes_score_as_defined(graph: Graph, engine: Counterfactual) -> None:
    scores = engine.compile(graph.evidence)
    wanted = reference.counterfactual(graph, engine)
    np.testing.assert_allclose(scores, wanted, rtol=1e-3, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(small_graphs())
def test_constraints_are_the_objections_one_by_one(graph: Graph) -> None:
    each = constraints(graph.evidence)
    assert each.dtype == np.float32
    assert len(each) == len(KINDS)
    for r, x, y in graph.cells():
        broken = reference.broken_constraints(graph, r, x, y)
        np.testing.assert_allclose(each[:, r, x, y], broken, rtol=1e-6)
    np.testing.assert_allclose(each.sum(axis=0), objections(graph.evidence), rtol=1e-5, atol=1e-6)


def test_an_echo_brings_nothing_about() -> None:
    """Q comes with P, where R mostly follows; Q without P never goes with R."""
    r, p, q, n = range(4)
    facts = []
    for i in range(20):
        facts += [(n, p, n + 1)] + [(n, q, n + 1)] * (i % 2) + [(n, r, n + 1)] * (i % 4 < 2)
        n += 2
    for _ in range(4):
        facts += [(n, q, n + 1)]
        n += 2
    source, by_cause, by_echo = n, n + 1, n + 2
    facts += [(source, p, by_cause), (source, q, by_echo)]
    evidence = Graph.of(facts).evidence
    believed = Inductive(aggregation="noisy-or").compile(evidence)[r, source]
    assert believed[by_cause] > 0
    assert believed[by_echo] > believed[by_cause] / 2
    for aggregation in ("necessity", "sufficiency", "both"):
        scores = Counterfactual(aggregation=aggregation).compile(evidence)[r, source]
        assert scores[by_cause] > 0.3
        assert scores[by_echo] == 0


def test_relief_frees_what_a_single_constraint_forbids() -> None:
    """One capital each, never of itself: a second is forbidden once, oneself twice."""
    capital, p = 0, 1
    facts = [(2 * i, capital, 2 * i + 1) for i in range(8)] + [
        (2 * i, p, 2 * i + 1) for i in range(8)
    ]
    facts += [(0, p, 3), (0, p, 0)]
    evidence = Graph.of(facts).evidence
    support = Counterfactual().compile(evidence)[capital, 0]
    strict = Counterfactual(strictness=2.0).compile(evidence)[capital, 0]
    freed = Counterfactual(strictness=2.0, relief=1.0).compile(evidence)[capital, 0]
    assert support[3] > 0
    assert strict[3] < support[3]
    assert freed[3] == pytest.approx(support[3])
    assert strict[0] < freed[0] < support[0]


def test_what_families_bring_about_is_not_noisy_or_again() -> None:
    """Rank correlation with induction on UMLS-30: what survives .998, the variants under .75."""
    graph = load_graph("umls").resplit((0.3, 0.2, 0.5), seed=1)
    evidence = Evidence(graph.train, len(graph.entities), len(graph.relations))
    block = ask(graph.valid[:150], evidence)
    noisy_or = Inductive(aggregation="noisy-or").compile(evidence)

    def correlation(engine: Counterfactual) -> float:
        scores = engine.compile(evidence)
        asked = block.relation, block.source
        return float(spearmanr(scores[asked][block.open], noisy_or[asked][block.open])[0])

    assert correlation(Counterfactual(penalty=0.6, top=600)) > 0.98
    for engine in Counterfactual.variants():
        if not isinstance(engine, Counterfactual):
            continue
        assert correlation(engine) < 0.8, engine
