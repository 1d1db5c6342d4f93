"""A graph of 100,000 facts: it loads, is posed in bounded memory, and what is planted is found."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from swarm.reasoning import KnowledgeGraph, ask, judge, load_graph
from swarm.reasoning.sparse import SparseEvidence, SparseFaculties, pose, sample_of
from tests.swarm.reasoning.sparse.generated import ENTITIES, FACTS, write_graph


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    return load_graph(write_graph(tmp_path_factory.mktemp("large") / "graph"))


@pytest.fixture(scope="module")
def evidence(graph: KnowledgeGraph) -> SparseEvidence:
    return SparseEvidence(graph.train, len(graph.entities), len(graph.relations))


def of_kind(graph: KnowledgeGraph, facts: np.ndarray, name: str) -> np.ndarray:
    """The facts whose relation's name begins like this."""
    named = [i for i, relation in enumerate(graph.relations) if relation.startswith(name)]
    return facts[np.isin(facts[:, 1], named)]


def test_the_graph_is_as_large_as_it_says(graph: KnowledgeGraph) -> None:
    assert len(graph.facts) == FACTS
    assert 0.99 * ENTITIES < len(graph.entities) <= ENTITIES
    assert 2 * len(graph.relations) * len(graph.entities) ** 2 > 10**10


def test_a_planted_rule_is_found(graph: KnowledgeGraph, evidence: SparseEvidence) -> None:
    rules = evidence.rules
    number = {name: i for i, name in enumerate(graph.relations)}
    for i in range(5):
        head = number[f"planted_{i}"]
        mine = np.flatnonzero(rules.head == head)
        best = mine[rules.confidence(5.0)[mine].argmax()]
        steps = number[f"first_{i}"], number[f"second_{i}"]
        assert (rules.first[best], rules.second[best]) == steps
        assert rules.confidence(5.0)[best] > 0.85


def test_and_it_is_used(graph: KnowledgeGraph, evidence: SparseEvidence) -> None:
    """Nothing but the rule tells planted answers from some 400 of the same kind."""
    asked = of_kind(graph, graph.valid, "planted")[:40]
    known = np.concatenate([graph.train, graph.valid])
    faculties = SparseFaculties(evidence)
    table = faculties.table(ask(asked, evidence))
    referee = judge(asked, known, evidence)
    mrr = {}
    for name, first in zip(faculties.names, table.first[:-1].tolist(), strict=True):
        ranks = referee.ranks(np.ascontiguousarray(table.scores[:, first]))
        mrr[name] = float((1 / ranks).mean())
    for name in ("deductive", "inductive", "abductive", "causal", "counterfactual"):
        assert mrr[name] > 0.75, mrr
    # Neither the neighbours nor the features of an entity say where its path leads.
    assert mrr["probabilistic"] < 0.3, mrr
    assert (referee.truth >= 0).mean() > 0.85


def test_the_shortlist_is_far_better_than_chance(
    graph: KnowledgeGraph, evidence: SparseEvidence
) -> None:
    asked = sample_of(graph.valid, 200)
    referee = judge(asked, graph.train, evidence)
    assert referee.outside is not None
    assert (referee.outside > 11_000).all()
    assert (referee.truth >= 0).mean() > 0.8


def test_samples_are_bounded_and_seeded(graph: KnowledgeGraph) -> None:
    some = sample_of(graph.valid, 2_000)
    assert some.shape == (1_000, 3)
    np.testing.assert_array_equal(some, sample_of(graph.valid, 2_000))
    assert {*map(tuple, some.tolist())} <= {*map(tuple, graph.valid.tolist())}
    assert len(np.unique(some, axis=0)) == 1_000
    assert sample_of(some, 2_000) is some


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_posing_takes_far_less_than_two_gigabytes(graph: KnowledgeGraph) -> None:
    tracemalloc.start()
    evidence, faculties, table, referee = pose(graph)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500 * 2**20
    V = sum(map(len, faculties.variants))
    assert table.scores.shape == (2_000, V, evidence.candidates)
    assert len(referee) == 2_000


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_study_of_a_large_graph_runs(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from experiments.cli.main import main

    write_graph(tmp_path / "graph")
    study = tmp_path / "large.toml"
    study.write_text(
        'name = "large"\nseed = 1\n'
        '[problem]\ngraph = "graph"\n'
        "[world]\nagents = 20\ngenerations = 1\ntasks = 32\n"
    )
    done = CliRunner().invoke(main, ["run", str(study), "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert "best evolved agent" in done.output
