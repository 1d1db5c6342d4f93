"""Who answers a question: a vote with weights tuned on validation, or the best agent of a run."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from evolution import GenomeSpec
from experiments.reasoning.assembly import assemble
from experiments.reasoning.baselines import Exam, pick_variants, tune_weights
from experiments.reasoning.study import ReasoningStudy
from experiments.reasoning.subject import graph_subject, split_graph
from experiments.running.folder import RunFolder
from swarm.genes import decode, strategy_loci
from swarm.reasoning import KnowledgeGraph, Problem, Strategies

NEVER = np.float32(1e6)
"""A beam or a margin that nothing exceeds."""


class AskError(ValueError):
    """A question that cannot be asked; says what is wrong and what is known."""


def tuned(problem: Problem) -> Strategies:
    """One strategy (N = 1): every engine through its best variant, weights tuned on validation."""
    exam, faculties = Exam(problem.table, problem.referee), problem.faculties
    picks = pick_variants(exam)
    K = len(picks)
    voices = [problem.table.scores[:, column] for column in picks]
    weights = tune_weights(exam, voices, [np.ones(K)])
    # The loudest first; whatever else a strategy could do is switched off.
    order = np.argsort(-weights, kind="stable")
    spec = GenomeSpec(strategy_loci(faculties))
    drawn = decode(spec.sample(1, np.random.default_rng(0)).__getitem__)
    columns = {f.name: getattr(drawn, f.name) for f in fields(drawn)}
    off = {name: np.zeros_like(c) for name, c in columns.items() if isinstance(c, np.ndarray)}
    return replace(
        drawn,
        **{
            **off,
            "order": order[None].astype(drawn.order.dtype),
            "length": np.array([max((weights > 0).sum(), 1)], drawn.length.dtype),
            "variant": (picks - problem.table.first[:-1])[None].astype(drawn.variant.dtype),
            "weight": weights[None].astype(np.float32),
            "beam": np.full((1, K), NEVER),
            "commit": np.full((1, K), NEVER),
            "consensus": np.ones(1, np.float32),
        },
    )


def of_run(run: str | Path, graph: str) -> tuple[KnowledgeGraph, Problem, Strategies]:
    """The graph as a finished run split it, its problem, and its best agent (N = 1).

    Raises:
        AskError: not finished, not of reasoning agents, or of another graph.
    """
    folder = RunFolder(run)
    study, results = folder.study, folder.results
    if not isinstance(study, ReasoningStudy):
        raise AskError(f"{run}: a run of a {study.kind}, which answers no questions")
    if results is None:
        raise AskError(f"{run}: not finished yet; `noosphere resume {run}` brings it to its end")
    lived = study.problem.graph
    if lived is None:
        raise AskError(f"{run}: its agents lived with a network, not with a graph that is asked")
    if graph != lived and Path(graph).resolve() != Path(lived).resolve():
        raise AskError(
            f"{run}: its agents lived on the graph {lived}, not on {graph}; ask about {lived}"
        )
    split = split_graph(study)
    world, subject = assemble(study, graph_subject(split))
    assert world.genome is not None, "a world of reasoning agents has genes"
    genome = world.genome.from_json(json.dumps(results["best"]["genome"]))
    return split, subject.problem, decode(genome.__getitem__)
