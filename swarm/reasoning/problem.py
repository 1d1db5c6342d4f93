"""A problem as a world gets it: evidence, faculties, tasks, and a referee. No test facts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from swarm.reasoning.evidence import Evidence
from swarm.reasoning.faculties import Faculties, ScoreTable
from swarm.reasoning.graph import KnowledgeGraph
from swarm.reasoning.queries import Referee, ask, judge


@dataclass(frozen=True)
class Problem:
    """What agents reason from, what they are asked, and who judges them.

    Attributes:
        evidence: the facts everybody knows (the train part).
        faculties: the engines compiled over them.
        table: what every engine says of every task; tasks are the queries of the valid part.
        referee: the answers of the tasks, filtered by train and valid facts alone.
    """

    evidence: Evidence
    faculties: Faculties
    table: ScoreTable
    referee: Referee

    @classmethod
    def pose(cls, graph: KnowledgeGraph) -> Problem:
        """The problem of a split graph. Of the test part only its size is looked at."""
        evidence = Evidence(graph.train, len(graph.entities), len(graph.relations))
        faculties = Faculties(evidence)
        known = np.concatenate([graph.train, graph.valid])
        unknown_share = len(graph.test) / (len(known) + len(graph.test))
        return cls(
            evidence,
            faculties,
            faculties.table(ask(graph.valid, evidence)),
            judge(graph.valid, known, evidence, unknown_share),
        )
