"""What a study is about: the problem its agents live with, and the exam nobody has seen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.reasoning.baselines import Exam
from experiments.running.manifest import fingerprint
from swarm.reasoning import GraphError, KnowledgeGraph, Problem, ask, judge, load_graph
from swarm.reasoning.networks.problem import held_out, pose_network

if TYPE_CHECKING:
    from experiments.reasoning.study import ReasoningStudy


@dataclass(frozen=True)
class Subject:
    """A problem and what it was made of.

    Attributes:
        name: what tables call it.
        problem: what agents reason from, are asked, and are judged by.
        held_out: makes the exam of the final table; called when everything has been chosen.
        source: a fingerprint of the data, so that a resumed run notices other data.
        about: JSON values for the results, such as the number of facts.
    """

    name: str
    problem: Problem
    held_out: Callable[[], Exam]
    source: str
    about: Mapping[str, Any] = field(default_factory=dict)


def subject_of(study: ReasoningStudy) -> Subject:
    """The subject of a study.

    Raises:
        GraphError, NetworkError: the graph or network cannot be read, split or asked about.
    """
    asked = study.problem
    if asked.network is not None:
        return network_subject(asked.network, asked.cases, asked.queries, asked.split_seed)
    return graph_subject(split_graph(study))


def network_subject(network: str, cases: int, queries: int, seed: int) -> Subject:
    """The problem of a hidden network; `held_out` draws questions of which it holds nothing.

    Raises:
        NetworkError: the network cannot be read, or has no questions to ask.
    """
    posed = pose_network(network, cases, queries, seed)
    problem = Problem(posed.evidence, posed.faculties, posed.table, posed.referee)
    seen = hashlib.sha256(posed.evidence.data.tobytes() + posed.referee.truth.tobytes())
    name = Path(network).name.removesuffix(".gz").removesuffix(".bif")
    about = {"network": name, "cases": cases}

    def exam() -> Exam:
        return Exam(*held_out(posed, network, queries, seed))

    return Subject(name, problem, exam, seen.hexdigest(), about)


def graph_subject(graph: KnowledgeGraph) -> Subject:
    """The problem of a split graph; its test part is asked by `held_out` and nowhere else."""
    problem = Problem.pose(graph)

    def held_out() -> Exam:
        block = ask(graph.test, problem.evidence)
        return Exam(
            problem.faculties.table(block), judge(graph.test, graph.facts, problem.evidence)
        )

    facts = {part: len(getattr(graph, part)) for part in ("train", "valid", "test")}
    about = {"graph": graph.name, "facts": facts}
    return Subject(graph.name, problem, held_out, fingerprint(graph), about)


def split_graph(study: ReasoningStudy) -> KnowledgeGraph:
    """The graph of a study, split as the study says.

    Raises:
        GraphError: the graph cannot be read or split, or the study has none.
    """
    if study.problem.graph is None:
        raise GraphError(f"{study.name}: is about the network {study.problem.network}, not a graph")
    graph = load_graph(study.problem.graph)
    if study.problem.split != "standard":
        return graph.resplit(study.problem.split, study.problem.split_seed)
    if not (len(graph.valid) and len(graph.test)):
        raise GraphError(
            f"{study.problem.graph}: has no train, valid and test files, so it has no standard "
            "split; give shares in the study, such as `split = [0.3, 0.2, 0.5]` under [problem]"
        )
    return graph
