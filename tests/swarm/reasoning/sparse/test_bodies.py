"""The sparse bodies of the engines against their dense forms, on random small graphs."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from swarm.reasoning import ENGINES, Block, Engine, ask, inversion, objections as council
from swarm.reasoning.engines import (
    Abductive,
    Analogical,
    Causal,
    Counterfactual,
    Deductive,
    Inductive,
    Probabilistic,
)
from swarm.reasoning.engines.causal import kinds_of as dense_kinds_of
from swarm.reasoning.faculties import Faculties
from swarm.reasoning.sparse import BODIES, SETTINGS, SparseEvidence, SparseFaculties, score
from swarm.reasoning.sparse.adding_up import inverted_scores
from swarm.reasoning.sparse.features import described
from swarm.reasoning.sparse.kinds import kinds_of
from swarm.reasoning.sparse.objections import objections
from tests.swarm.reasoning import reference_engines as reference
from tests.swarm.reasoning.reference import Graph, small_graphs

few = st.sampled_from([1, 2, 5, 600])
supports = st.sampled_from([1.0, 2.0, 3.0])
pseudo_counts = st.sampled_from([1.0, 5.0])
GENES: dict[type[Engine], st.SearchStrategy[Any]] = {
    Deductive: st.builds(
        Deductive,
        threshold=st.sampled_from([0.1, 0.3, 0.5]),
        rounds=st.integers(1, 4),
        support_min=supports,
        pseudo_count=pseudo_counts,
        top=few,
        decay=st.floats(0.1, 1),
        aggregation=st.sampled_from(["all", "strongest"]),
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
        confidence_min=st.sampled_from([0.02, 0.1, 0.3]),
        miss=st.floats(0, 1),
        prior=st.floats(0, 4),
        top=few,
        support_min=supports,
        pseudo_count=pseudo_counts,
    ),
    Causal: st.builds(
        Causal,
        kinds=st.integers(1, 4),
        top=few,
        support_min=supports,
        shrinkage=st.sampled_from([1.0, 5.0]),
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
    ),
    Analogical: st.builds(
        Analogical,
        sharpness=st.floats(1, 8),
        neighbours=st.integers(1, 8),
        source_share=st.floats(0, 1),
    ),
}


def sparse(graph: Graph, **options: int) -> SparseEvidence:
    return SparseEvidence(graph.evidence.facts, graph.entities, graph.relations, **options)


def some_candidates(graph: Graph, evidence: SparseEvidence, rng: np.random.Generator) -> Block:
    """Every query, in any order, each with candidates of its own and empty places."""
    D, E = 2 * graph.relations, graph.entities
    cells = rng.permutation(D * E)
    relation, source = (cells // E).astype(np.int32), (cells % E).astype(np.int32)
    listed = rng.random((D * E, E)) < 0.8
    places = np.where(listed, np.arange(E), E)
    candidate = np.sort(places, axis=1).astype(np.int32)
    candidate[candidate == E] = -1
    open_ = (candidate >= 0) & ~evidence.states(source, relation, candidate)
    return Block(source, relation, open_, candidate)


def on_the_list(dense: np.ndarray, block: Block) -> np.ndarray:
    """What float32[D, E, E] says of the candidates of a block, 0 where there is none."""
    assert block.candidate is not None
    rows = dense[block.relation[:, None], block.source[:, None], np.maximum(block.candidate, 0)]
    return np.where(block.candidate >= 0, rows, 0)


def check(graph: Graph, engine: Engine, rng: np.random.Generator) -> None:
    if isinstance(engine, Analogical):
        for row in np.sort(np.array(reference.likeness(graph)), axis=1)[:, ::-1]:
            edge = row[engine.neighbours] if engine.neighbours < len(row) else 0.0
            # Rounding decides who is kept when two neighbours are almost equally far.
            assume(edge < 1e-6 or (np.abs(row - edge) < 1e-5).sum() == 1)
    evidence = sparse(graph)
    block = some_candidates(graph, evidence, rng)
    dense = on_the_list(engine.compile(graph.evidence), block)
    found = score(engine, evidence, block)
    assert found.dtype == np.float32
    wanted = np.asarray(block.candidate) >= 0
    np.testing.assert_allclose(found[wanted], dense[wanted], rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ENGINES, ids=lambda kind: kind.name)
@settings(max_examples=25, deadline=None)
@given(graph=small_graphs(), data=st.data())
def test_any_genes_score_as_in_the_dense_form(
    kind: type[Engine], graph: Graph, data: st.DataObject
) -> None:
    engine = data.draw(GENES[kind])
    check(graph, engine, np.random.default_rng(data.draw(st.integers(0, 999))))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("engine", [e for each in SETTINGS.values() for e in each], ids=str)
@settings(max_examples=5, deadline=None)
@given(graph=small_graphs())
def test_every_setting_scores_as_in_the_dense_form(engine: Engine, graph: Graph) -> None:
    check(graph, engine, np.random.default_rng(0))


@settings(max_examples=30, deadline=None)
@given(graph=small_graphs(), seed=st.integers(0, 999))
def test_objections_and_inversion_are_as_in_the_dense_form(graph: Graph, seed: int) -> None:
    evidence = sparse(graph)
    block = some_candidates(graph, evidence, np.random.default_rng(seed))
    for found, dense in (
        (objections(evidence, block), council.objections(graph.evidence)),
        (inverted_scores(evidence, block, 5, 1.0), inversion.inverted_scores(graph.evidence, 5, 1)),
    ):
        np.testing.assert_allclose(found, on_the_list(dense, block), rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=30, deadline=None)
@given(graph=small_graphs(), kinds=st.integers(1, 5))
def test_kinds_are_those_of_the_dense_form(graph: Graph, kinds: int) -> None:
    wanted = dense_kinds_of(graph.evidence, kinds)
    np.testing.assert_array_equal(kinds_of(sparse(graph), kinds), wanted)


@settings(max_examples=30, deadline=None)
@given(graph=small_graphs(), seed=st.integers(0, 999))
def test_gates_see_what_they_see_on_small_graphs(graph: Graph, seed: int) -> None:
    evidence = sparse(graph)
    block = some_candidates(graph, evidence, np.random.default_rng(seed))
    whole = Block(block.source, block.relation, ~graph.evidence.cube[block.relation, block.source])
    dense = Faculties(graph.evidence)
    wanted = dense.table(whole).features
    np.testing.assert_allclose(described(evidence, block), wanted, rtol=1e-3, atol=1e-3)
    assert SparseFaculties(evidence).feature_names == dense.feature_names


@pytest.mark.filterwarnings("ignore")
def test_a_table_on_a_large_graph_has_the_shape_of_any_table() -> None:
    rng = np.random.default_rng(0)
    facts = np.unique(rng.integers(0, (40, 3, 40), (200, 3)), axis=0)
    evidence = SparseEvidence(facts, 40, 3, candidates=8)
    faculties = SparseFaculties(evidence)
    block = ask(facts[:10], evidence)
    table = faculties.table(block)
    V = sum(map(len, faculties.variants))
    assert table.scores.shape == (20, V, 8)
    assert table.first.tolist() == np.cumsum([0, *map(len, faculties.variants)]).tolist()
    assert table.favourite.shape == (20, V)
    assert table.against.shape == table.inverted.shape == block.open.shape == (20, 8)
    assert table.features.shape == (20, len(faculties.feature_names))
    assert faculties.names == tuple(engine.name for engine in ENGINES)
    assert faculties.costs.tolist() == Faculties(Graph.of([(0, 0, 1)]).evidence).costs.tolist()
    mean = (
        np.where(block.open[:, None], table.scores, 0).sum(axis=2) / block.open.sum(axis=1)[:, None]
    )
    np.testing.assert_allclose(mean, 0, atol=1e-4)


@pytest.mark.parametrize(
    ("engine", "gene"),
    [
        (Analogical(hops=2), "hops=2"),
        (Causal(hidden=1), "hidden=1"),
        (Probabilistic(company=1.0), "company=1.0"),
    ],
)
def test_genes_without_a_sparse_body_are_refused(engine: Engine, gene: str) -> None:
    graph = Graph.of([(0, 0, 1)])
    evidence = sparse(graph)
    block = some_candidates(graph, evidence, np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"{gene}\\) scores small graphs alone"):
        score(engine, evidence, block)


def test_every_engine_has_a_body_and_settings_of_its_own_kind() -> None:
    assert set(BODIES) == set(SETTINGS) == set(ENGINES)
    for kind, choices in SETTINGS.items():
        assert all(type(one) is kind for one in choices)


def test_an_engine_without_a_sparse_body_is_refused() -> None:
    class Dense(Engine):
        name = "dense"
        cost = 1.0

        def compile(self, evidence: Any) -> np.ndarray:
            return np.zeros(0, np.float32)

    graph = Graph.of([(0, 0, 1)])
    evidence = sparse(graph)
    block = some_candidates(graph, evidence, np.random.default_rng(0))
    with pytest.raises(TypeError, match="Dense scores small graphs alone"):
        score(Dense(), evidence, block)
