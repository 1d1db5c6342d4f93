"""The table of scores, the council's objections and the inversion, against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning import COST_UNITS, ENGINES, Faculties, ask
from swarm.reasoning.engines import Analogical, Deductive, Inductive
from swarm.reasoning.faculties import CLIP, standardise
from swarm.reasoning.inversion import inverted_scores
from swarm.reasoning.objections import objections
from tests.swarm.reasoning import reference
from tests.swarm.reasoning.reference import Graph, small_graphs

examples = settings(max_examples=40, deadline=None)


@examples
@given(small_graphs())
def test_objections_are_those_of_the_definition(graph: Graph) -> None:
    found = objections(graph.evidence)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, reference.objections(graph), rtol=1e-5, atol=1e-6)


def test_objections_by_hand() -> None:
    """One capital each, never both ways, never of itself; 3 has not been a capital."""
    graph = Graph(5, 1, frozenset([(0, 0, 1), (2, 0, 4)]))
    against = objections(graph.evidence)[0]
    held = 2 / (2 + 2)  # two cases, by the rule of succession
    expected = 2 * 2 / 25  # pairs in the relation and its inverse, if they had nothing to do
    apart = expected / (expected + 2)
    assert against[3, 1] == 0
    assert against[3, 0] == 1  # never seen as an answer
    assert against[0, 4] == pytest.approx(2 / 3)  # 0 has its answer already
    assert against[1, 0] == pytest.approx(1 + held + apart)  # known the other way round
    assert against[3, 3] == pytest.approx(1 + held)  # and nothing is its own capital


@examples
@given(
    small_graphs(),
    st.sampled_from([1, 3, 600]),
    st.sampled_from([1.0, 2.0]),
    st.sampled_from([1.0, 5.0]),
)
def test_inversion_is_that_of_the_definition(
    graph: Graph, top: int, support_min: float, pseudo_count: float
) -> None:
    np.testing.assert_allclose(
        inverted_scores(graph.evidence, top, support_min, pseudo_count),
        reference.inverted(graph, top, support_min, pseudo_count),
        rtol=1e-4,
        atol=1e-5,
    )


def test_inversion_hides_the_favourite_assumption() -> None:
    """R leans on P eight times and on Q three: what P alone says is gone, what Q says stays."""
    p, q, r = range(3)
    facts, n = [], 0
    for body, times in ((p, 8), (q, 3)):
        for _ in range(times):
            facts += [(n, body, n + 1), (n, r, n + 1)]
            n += 2
    source, by_favourite, by_other = n, n + 1, n + 2
    facts += [(source, p, by_favourite), (source, q, by_other)]
    evidence = Graph.of(facts).evidence
    plain = Inductive(aggregation="noisy-or").compile(evidence)[r, source]
    hidden = inverted_scores(evidence)[r, source]
    assert plain[by_favourite] > plain[by_other] > 0
    assert hidden[by_favourite] == 0
    assert hidden[by_other] == pytest.approx(plain[by_other])


# Standard scores


def random_scores(seed: int, queries: int, candidates: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(rng.uniform(-3, 3), rng.uniform(0.1, 5), (queries, candidates))
    scores[rng.random(scores.shape) < 0.05] *= 50  # so that the clip has something to do
    return scores.astype(np.float32), rng.random(scores.shape) < 0.8


@examples
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 80))
def test_standard_scores_are_those_of_the_definition(
    seed: int, queries: int, candidates: int
) -> None:
    scores, open_ = random_scores(seed, queries, candidates)
    wanted = [
        reference.standardise(row.tolist(), free.tolist())
        for row, free in zip(scores, open_, strict=True)
    ]
    if (open_.sum(axis=1) > 1).all():  # a single candidate: see the constant below
        np.testing.assert_allclose(standardise(scores, open_), wanted, rtol=1e-3, atol=1e-4)


@examples
@given(st.integers(0, 2**32 - 1))
def test_standard_scores_have_moments_and_keep_the_order(seed: int) -> None:
    scores, open_ = random_scores(seed, 4, 60)
    standard = standardise(scores, open_)
    assert standard.dtype == np.float32
    assert (standard[~open_] == 0).all()
    assert CLIP[0] <= standard.min() and standard.max() <= CLIP[1]  # noqa: PT018
    for row, free, raw in zip(standard, open_, scores, strict=True):
        values, raw_values = row[free], raw[free]
        assert (np.diff(values[np.argsort(raw_values)]) >= 0).all()
        if values.min() > CLIP[0] and values.max() < CLIP[1]:
            assert values.mean() == pytest.approx(0, abs=1e-4)
            assert values.std() == pytest.approx(1, abs=1e-4)


def test_known_answers_do_not_dwarf_what_is_asked() -> None:
    scores = np.array([[1000, 1, 2, 3]], np.float32)
    open_ = np.array([[False, True, True, True]])
    np.testing.assert_allclose(
        standardise(scores, open_), [[0, -(1.5**0.5), 0, 1.5**0.5]], rtol=1e-6
    )


@pytest.mark.parametrize("constant", [0.1, -2.3025851])
@pytest.mark.parametrize("candidates", [5, 135])
def test_who_says_the_same_of_all_says_nothing(constant: float, candidates: int) -> None:
    scores = np.full((1, candidates), constant, np.float32)
    standard = standardise(scores, np.ones(scores.shape, bool))
    np.testing.assert_allclose(standard, 0, atol=1e-3)


# The table


@settings(max_examples=6, deadline=None)
@given(small_graphs())
@pytest.mark.filterwarnings("ignore")
def test_the_table_holds_what_every_variant_says(graph: Graph) -> None:
    facts = np.array(sorted(graph.facts), np.int32)
    kept = Graph(graph.entities, graph.relations, frozenset(sorted(graph.facts)[1::2]))
    if not kept.facts:
        return
    evidence = kept.evidence
    faculties = Faculties(evidence)
    block = ask(facts[::2], evidence)
    table = faculties.table(block)
    flat = [setting for engine in ENGINES for setting in engine.variants()]

    assert len(table) == len(block)
    assert table.scores.shape == (len(block), len(flat), graph.entities)
    for e, engine in enumerate(ENGINES):
        assert flat[table.first[e] : table.first[e + 1]] == list(engine.variants())
    assert table.first[-1] == len(flat)
    for v, setting in enumerate(flat):
        raw = setting.compile(evidence)[block.relation, block.source]
        np.testing.assert_array_equal(table.scores[:, v], standardise(raw, block.open))
    for q in range(len(block)):
        candidates = np.flatnonzero(block.open[q])
        best = candidates[table.scores[q][:, candidates].argmax(axis=1)]
        np.testing.assert_array_equal(table.favourite[q], best)
    asked = block.relation, block.source
    np.testing.assert_array_equal(table.against, objections(evidence)[asked])
    inverted = standardise(inverted_scores(evidence)[asked], block.open)
    np.testing.assert_array_equal(table.inverted, inverted)
    for column, values, index in (
        (0, np.log1p(evidence.fan_out), block.relation),
        (1, np.log1p(evidence.degree), block.source),
    ):
        spread = values.std()
        wanted = (values - values.mean()) / spread if spread > 1e-6 else np.zeros(len(values))
        if spread > 1e-6:
            np.testing.assert_allclose(table.features[:, column], wanted[index], atol=1e-4)
    assert np.isfinite(table.scores).all()
    assert np.isfinite(table.features).all()


def test_costs_are_whole_units_of_the_weights_of_the_engines() -> None:
    faculties = Faculties(Graph.of([(0, 0, 1)]).evidence)
    weights = {
        "counterfactual": 2.5,
        "abductive": 2.2,
        "causal": 1.8,
        "probabilistic": 1.5,
        "analogical": 1.3,
        "inductive": 1.2,
        "deductive": 1.0,
        "council": 1.0,
        "inversion": 1.2,
    }
    names = (*faculties.names, "council", "inversion")
    assert dict(zip(names, faculties.costs / COST_UNITS, strict=True)) == weights
    assert faculties.costs.dtype == np.int32


def test_a_faculty_is_compiled_once() -> None:
    faculties = Faculties(Graph.of([(0, 0, 1), (1, 0, 2)]).evidence, (Deductive, Analogical))
    assert faculties.names == ("deductive", "analogical")
    assert len(faculties.costs) == 2 + 2
    assert faculties.artefact(Analogical()) is faculties.artefact(Analogical())
    assert faculties.artefact(Analogical()) is not faculties.artefact(Analogical(sharpness=2))
