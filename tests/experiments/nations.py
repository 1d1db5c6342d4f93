"""A small real graph as the subject of several files, posed once: not to be changed."""

from functools import cache

from experiments.subject import Subject, graph_subject
from swarm.reasoning import KnowledgeGraph, load_graph


@cache
def nations() -> KnowledgeGraph:
    """Nations, two fifths of whose facts are known to everybody."""
    return load_graph("nations").resplit((0.4, 0.2, 0.4), seed=0)


@cache
def nations_subject() -> Subject:
    """Its problem, and the examination of it."""
    return graph_subject(nations())
