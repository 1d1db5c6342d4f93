"""The seven engines against their definitions, on random small graphs."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from swarm.reasoning import ENGINES, Engine
from swarm.reasoning.engines import (
    Abductive,
    Analogical,
    Causal,
    Counterfactual,
    Deductive,
    Inductive,
    Probabilistic,
)
from tests.swarm.reasoning import (
    reference_depth_cases as depth,
    reference_depth_rules as deep,
    reference_engines as reference,
)
from tests.swarm.reasoning.reference import Graph, small_graphs

VARIANTS = [
    setting
    for engine in ENGINES
    for setting in engine.variants()
    if isinstance(setting, engine)  # what wraps or stands in for it has tests of its own
]

few = st.sampled_from([1, 2, 3, 5, 600])
pseudo_counts = st.sampled_from([1.0, 5.0])
supports = st.sampled_from([1.0, 2.0, 3.0])
GENES: dict[type[Engine], st.SearchStrategy[Any]] = {
    Deductive: st.builds(
        Deductive,
        threshold=st.sampled_from([0.1, 0.3, 0.5]),
        rounds=st.integers(1, 4),
        support_min=supports,
        pseudo_count=pseudo_counts,
        top=few,
        decay=st.floats(0.1, 1),
    ),
    Inductive: st.builds(
        Inductive,
        top=few,
        aggregation=st.sampled_from(["noisy-or", "maximum"]),
        unary=st.booleans(),
        support_min=supports,
        pseudo_count=pseudo_counts,
    ),
    Abductive: st.builds(
        Abductive,
        confidence_min=st.sampled_from([0.02, 0.05, 0.2]),
        miss=st.floats(0, 1),
        prior=st.floats(0, 4),
        top=few,
        support_min=supports,
        pseudo_count=pseudo_counts,
        parsimony=st.sampled_from([0.0, 1.0]),
        plausibility=st.sampled_from([0.0, 2.0]),
    ),
    Causal: st.builds(
        Causal, kinds=st.integers(1, 5), top=few, support_min=supports, shrinkage=pseudo_counts
    ),
    Counterfactual: st.builds(
        Counterfactual,
        penalty=st.floats(0, 1),
        top=few,
        support_min=supports,
        pseudo_count=pseudo_counts,
    ),
    Probabilistic: st.builds(
        Probabilistic,
        temperature=st.floats(0.05, 1),
        smoothing=st.floats(0.1, 2),
        both_sides=st.booleans(),
        model=st.sampled_from(["features", "kinds"]),
        kinds=st.integers(1, 4),
        drafts=st.integers(1, 2),
        company=st.sampled_from([0.0, 1.0]),
    ),
    Analogical: st.sampled_from(
        [
            (level, mapping)
            for level in ("surface", "structural", "pragmatic")
            for mapping in ("ends", "pairs", "smooth")
            if (level, mapping) != ("pragmatic", "pairs")
        ]
    ).flatmap(
        lambda kind: st.builds(
            Analogical,
            level=st.just(kind[0]),
            mapping=st.just(kind[1]),
            sharpness=st.floats(1, 8),
            neighbours=st.integers(1, 8),
            source_share=st.floats(0, 1),
            rounds=st.integers(1, 3),
            hops=st.integers(1, 3),
            systematicity=st.floats(0, 16),
            ridge=st.sampled_from([1.0, 3.0, 10.0]),
            rivalry=st.sampled_from([0.0, 0.5, 1.0]),
        )
    ),
}


def by_definition(graph: Graph, engine: Engine) -> np.ndarray:
    match engine:
        case Deductive():
            return reference.deductive(graph, engine)
        case Inductive():
            return reference.inductive(graph, engine)
        case Abductive():
            return reference.abductive(graph, engine)
        case Causal():
            strata = [kind.tolist() for kind in engine.strata(graph.evidence)]
            return deep.causal(graph, engine, strata)
        case Counterfactual():
            return deep.counterfactual(graph, engine)
        case Probabilistic():
            return reference.probabilistic(graph, engine)
        case Analogical():
            return reference.analogical(graph, engine)
    raise AssertionError(f"no reference for {engine}")


def check(graph: Graph, engine: Engine) -> None:
    scores = engine.compile(graph.evidence)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, by_definition(graph, engine), rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("engine", VARIANTS, ids=str)
@settings(max_examples=10, deadline=None)
@given(graph=small_graphs())
def test_every_variant_scores_as_defined(engine: Engine, graph: Graph) -> None:
    check(graph, engine)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ENGINES, ids=lambda kind: kind.name)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_genes_score_as_defined(kind: type[Engine], data: st.DataObject) -> None:
    graph, engine = data.draw(small_graphs()), data.draw(GENES[kind])
    if isinstance(engine, Analogical):
        rows = [row for r in graph.directions for row in depth.likeness(graph, engine, r)]
        for row in rows:
            nearest = np.sort(row)[::-1]
            edge = nearest[engine.neighbours] if engine.neighbours < len(row) else 0.0
            # Rounding decides who is kept when two neighbours are almost equally far.
            assume(edge < 1e-6 or (np.abs(row - edge) < 1e-5).sum() == 1)
    check(graph, engine)


def test_an_engine_without_a_body_is_refused_before_it_is_asked() -> None:
    class Silent(Engine):
        name = "silent"
        cost = 1.0

    with pytest.raises(TypeError, match=r"Silent .*compile"):
        Silent()  # type: ignore[abstract]


def test_engines_are_values() -> None:
    """Equal genes make equal engines, so that artefacts can be shared."""
    for engine in ENGINES:
        settings_ = engine.variants()
        assert len(set(settings_)) == len(settings_)
        assert engine.variants() == settings_
