"""Posing a large graph: evidence, faculties, tasks and a referee, with tables of bounded size."""

from __future__ import annotations

import numpy as np

from swarm.reasoning.faculties import ScoreTable
from swarm.reasoning.graph import KnowledgeGraph
from swarm.reasoning.queries import ask
from swarm.reasoning.referee import Referee, judge
from swarm.reasoning.sparse.evidence import SparseEvidence
from swarm.reasoning.sparse.faculties import SparseFaculties

TASKS_MAX = 2_000
"""Validation queries that become tasks; of more, a seeded sample of their facts is drawn."""


def pose(
    graph: KnowledgeGraph, tasks_max: int = TASKS_MAX, seed: int = 0
) -> tuple[SparseEvidence, SparseFaculties, ScoreTable, Referee]:
    """The parts of a problem on a split graph. Of the test part only its size is looked at.

    Args:
        graph: as split.
        tasks_max: most queries that become tasks, two for each fact of the valid part.
        seed: of the sample of facts where there are more.
    """
    evidence = SparseEvidence(graph.train, len(graph.entities), len(graph.relations))
    faculties = SparseFaculties(evidence)
    known = np.concatenate([graph.train, graph.valid])
    asked = sample_of(graph.valid, tasks_max, seed)
    unknown_share = len(graph.test) / (len(known) + len(graph.test))
    table = faculties.table(ask(asked, evidence))
    return evidence, faculties, table, judge(asked, known, evidence, unknown_share)


def sample_of(facts: np.ndarray, queries_max: int, seed: int = 0) -> np.ndarray:
    """int32[n, 3]: facts for at most `queries_max` queries, drawn without repetition, in order."""
    most = max(queries_max // 2, 1)
    if len(facts) <= most:
        return facts
    rows = np.random.default_rng(seed).choice(len(facts), most, replace=False)
    return facts[np.sort(rows)]
