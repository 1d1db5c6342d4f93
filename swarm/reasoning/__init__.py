"""Reasoning: problems, the seven engines, and strategies that walk them."""

from swarm.reasoning.engine import COST_UNITS, Engine
from swarm.reasoning.evidence import Evidence
from swarm.reasoning.faculties import ENGINES, Faculties, ScoreTable
from swarm.reasoning.gates import GateError, GateNetworks
from swarm.reasoning.graph import SHIPPED, GraphError, KnowledgeGraph, load_graph
from swarm.reasoning.problem import Engines, Judge, Problem
from swarm.reasoning.queries import Block, ask
from swarm.reasoning.referee import Quality, Referee, judge
from swarm.reasoning.strategy import Answers, Hearsay, Strategies, reason

__all__ = [
    "COST_UNITS",
    "ENGINES",
    "SHIPPED",
    "Answers",
    "Block",
    "Engine",
    "Engines",
    "Evidence",
    "Faculties",
    "GateError",
    "GateNetworks",
    "GraphError",
    "Hearsay",
    "Judge",
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
