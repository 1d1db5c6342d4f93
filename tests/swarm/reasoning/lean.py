"""Validation queries of graphs that ship, with one variant an engine: seconds, not minutes."""

from functools import cache

import numpy as np

from swarm.reasoning import Evidence, Faculties, Problem, ask, judge, load_graph
from swarm.reasoning.proposals import Views

SPEAKS = {"inductive": 3, "abductive": 2, "counterfactual": 2, "probabilistic": 1, "analogical": 2}
"""The variant through which an engine speaks, chosen on validation once; the others by 0."""


@cache
def lean_problem(name: str) -> Problem:
    """The problem of a graph; of its test part nothing but the size is used."""
    graph = load_graph(name)
    evidence = Evidence(graph.train, len(graph.entities), len(graph.relations))
    faculties = lean(evidence)
    known = np.concatenate([graph.train, graph.valid])
    unknown = len(graph.test) / (len(known) + len(graph.test))
    table = faculties.table(ask(graph.valid, evidence))
    return Problem(evidence, faculties, table, judge(graph.valid, known, evidence, unknown))


@cache
def lean_views(name: str) -> Views:
    """What proposals are made of, of every task of that problem."""
    problem = lean_problem(name)
    return Views.of(problem.table, problem.evidence)


def lean(evidence: Evidence) -> Faculties:
    """The seven engines over some evidence, one variant each."""
    faculties = Faculties(evidence)
    named = zip(faculties.names, faculties.variants, strict=True)
    faculties.variants = tuple((settings[SPEAKS.get(name, 0)],) for name, settings in named)
    return faculties


def halves(problem: Problem, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the queries in two halves; both queries of a fact are in the same."""
    facts = len(problem.table) // 2
    chosen = np.random.default_rng(seed).permutation(facts) < facts // 2
    first = np.tile(chosen, 2)
    return np.flatnonzero(first), np.flatnonzero(~first)


def z_of(differences: np.ndarray) -> float:
    """How many standard errors the mean of paired differences is from zero."""
    error = differences.std(ddof=1) / len(differences) ** 0.5
    return float(differences.mean() / max(error, 1e-12))
