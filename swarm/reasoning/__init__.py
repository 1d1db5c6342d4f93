"""Reasoning: problems, the seven engines, and strategies that walk them."""

from swarm.reasoning.engine import COST_UNITS, Engine
from swarm.reasoning.evidence import Evidence
from swarm.reasoning.faculties import ENGINES, Faculties, ScoreTable
from swarm.reasoning.graph import SHIPPED, GraphError, KnowledgeGraph, load_graph
from swarm.reasoning.problem import Problem
from swarm.reasoning.queries import Block, Quality, Referee, ask, judge
from swarm.reasoning.strategy import Answers, Hearsay, Strategies, reason

__all__ = [
    "COST_UNITS",
    "ENGINES",
    "SHIPPED",
    "Answers",
    "Block",
    "Engine",
    "Evidence",
    "Faculties",
    "GraphError",
    "Hearsay",
    "KnowledgeGraph",
    "Problem",
    "Quality",
    "Referee",
    "ScoreTable",
    "Strategies",
    "ask",
    "judge",
    "load_graph",
    "reason",
]
