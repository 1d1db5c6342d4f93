"""Causation in depth: inverse effects, hidden causes, bounds of probabilities of causation."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.engines import Causal
from swarm.reasoning.engines.blocks import blocks_of
from swarm.reasoning.engines.bounds import BOTH, NECESSITY, SUFFICIENCY, causation
from tests.swarm.reasoning import reference_depth_rules as reference
from tests.swarm.reasoning.reference import Graph, small_graphs

kinds = st.sampled_from(["effect", "necessity", "sufficiency", "both"])
common = {
    "kinds": st.integers(1, 4),
    "top": st.sampled_from([1, 3, 600]),
    "support_min": st.sampled_from([1.0, 2.0]),
    "hidden": st.integers(0, 2),
}
GENES = st.one_of(
    st.builds(Causal, inverse=st.sampled_from([0.0, 0.3, 1.0]), **common),
    st.builds(Causal, aggregation=kinds, bound=st.sampled_from([0.0, 0.4, 1.0]), **common),
)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=60, deadline=None)
@given(small_graphs(), GENES)
def test_any_deeper_genes_score_as_defined(graph: Graph, engine: Causal) -> None:
    models = [kind.tolist() for kind in engine.strata(graph.evidence)]
    assert len(models) == max(engine.hidden, 1)
    wanted = reference.causal(graph, engine, models)
    np.testing.assert_allclose(engine.compile(graph.evidence), wanted, rtol=1e-3, atol=1e-4)


# Bounds

rates = st.floats(0.01, 0.99)


@given(rates, rates)
def test_bounds_hold_for_every_way_that_responses_can_be_coupled(x: float, y: float) -> None:
    """Units respond always, never, only if treated, or only if not (Balke & Pearl 1997).

    Of the couplings that give these rates the two extreme ones meet the bounds.
    """
    for always in (max(0.0, x + y - 1), min(x, y)):
        helped, harmed = x - always, y - always
        values = {
            NECESSITY: helped / x,
            SUFFICIENCY: helped / (helped + 1 - always - helped - harmed),
            BOTH: helped,
        }
        for kind, value in values.items():
            low, high = causation(kind, x, y, 0.0), causation(kind, x, y, 1.0)
            assert low - 1e-9 <= value <= high + 1e-9
            assert min(abs(value - low), abs(value - high)) < 1e-9


def test_bounds_by_hand() -> None:
    assert causation(NECESSITY, 0.8, 0.4, 0) == pytest.approx(0.5)
    assert causation(SUFFICIENCY, 0.8, 0.4, 0) == pytest.approx(2 / 3)
    assert causation(BOTH, 0.8, 0.4, 0) == pytest.approx(0.4)
    assert causation(BOTH, 0.8, 0.4, 1) == pytest.approx(0.6)
    assert causation(NECESSITY, 0.0, 0.4, 0) == 0
    assert causation(SUFFICIENCY, 1.0, 1.0, 0) == 0


# Planted causes


def crowds() -> tuple[Graph, int, int, int]:
    """In one crowd Q and R are common, and go together for no reason but the crowd.

    Outside it P brings about R, and Q does not. Another crowd has a relation of its own.
    """
    r, q, p, other, n = 0, 1, 2, 3, 16
    facts = []
    for i, j in product(range(8), repeat=2):
        facts += [(i, q, j)] * ((i + j) % 2) + [(i, r, j)] * ((i // 2 + j // 2) % 2)
        facts += [(8 + i, other, 8 + j)] * ((i + j) % 2)
    for k in range(16):
        facts += [(n, p, n + 1)] * (k < 10) + [(n, r, n + 1)] * (k < 5)
        facts += [(n, q, n + 1)] * (k >= 10)
        n += 2
    source, confounded, caused = n, n + 1, n + 2
    return (
        Graph.of([*facts, (source, q, confounded), (source, p, caused)]),
        source,
        confounded,
        caused,
    )


@pytest.mark.parametrize("aggregation", ["effect", "sufficiency", "both"])
def test_hidden_crowds_explain_away_what_only_goes_along(aggregation: str) -> None:
    graph, source, confounded, caused = crowds()
    naive = Causal(kinds=1, aggregation=aggregation)  # type: ignore[arg-type]
    scores = naive.compile(graph.evidence)[0, source]
    assert scores[confounded] > scores[caused]
    hidden = Causal(kinds=3, hidden=3, aggregation=aggregation)  # type: ignore[arg-type]
    scores = hidden.compile(graph.evidence)[0, source]
    assert scores[caused] > 2 * scores[confounded]


@pytest.mark.parametrize("seed", range(5))
def test_blocks_are_found_by_whom_entities_relate_to(seed: int) -> None:
    """Three moieties marry in a ring: everybody is as busy, only the partners differ."""
    rng = np.random.default_rng(seed)
    facts = [
        (x, 0, y)
        for x, y in product(range(30), repeat=2)
        if (y // 10 - x // 10) % 3 == 1 and rng.random() < 0.6
    ]
    block = blocks_of(Graph.of(facts).evidence, 3, seed)
    groups = [set(block[10 * i : 10 * i + 10].tolist()) for i in range(3)]
    assert [len(group) for group in groups] == [1, 1, 1]
    assert len(set.union(*groups)) == 3


def test_inverse_causation_prefers_the_body_that_the_head_brings_about() -> None:
    """P is a rare way to R; Q comes with every R, and often without."""
    r, p, q, n = range(4)
    facts = []
    for i in range(30):
        facts += [(n, r, n + 1), (n, q, n + 1)] + [(n, p, n + 1)] * (i < 6)
        n += 2
    for _ in range(30):
        facts += [(n, q, n + 1)]
        n += 2
    source, by_way, by_trace = n, n + 1, n + 2
    facts += [(source, p, by_way), (source, q, by_trace)]
    evidence = Graph.of(facts).evidence
    forward = Causal(kinds=1, top=2).compile(evidence)[r, source]
    assert forward[by_way] > forward[by_trace]
    inverse = Causal(kinds=1, top=2, inverse=1.0).compile(evidence)[r, source]
    assert inverse[by_trace] > inverse[by_way]


def test_the_inverse_of_a_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"mixture of effects, not of 'both'"):
        Causal(aggregation="both", inverse=0.5)
