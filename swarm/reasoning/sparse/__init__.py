"""Reasoning on large graphs: edges in place of cubes, shortlists in place of all entities."""

from swarm.reasoning.sparse.bodies import BODIES, score
from swarm.reasoning.sparse.edges import Edges
from swarm.reasoning.sparse.evidence import SparseEvidence
from swarm.reasoning.sparse.faculties import SETTINGS, SparseFaculties
from swarm.reasoning.sparse.problem import TASKS_MAX, pose, sample_of
from swarm.reasoning.sparse.reach import Reach
from swarm.reasoning.sparse.rules import PATHS_MAX, Rules
from swarm.reasoning.sparse.shortlist import CANDIDATES, PROPOSERS, shortlist

__all__ = [
    "BODIES",
    "CANDIDATES",
    "PATHS_MAX",
    "PROPOSERS",
    "SETTINGS",
    "TASKS_MAX",
    "Edges",
    "Reach",
    "Rules",
    "SparseEvidence",
    "SparseFaculties",
    "pose",
    "sample_of",
    "score",
    "shortlist",
]
