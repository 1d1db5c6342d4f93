"""From a study of reasoning agents to a world that can take its first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments.experiment import Experiment, Study
from experiments.manifest import fingerprint
from experiments.reasoning_study import ReasoningStudy
from experiments.toml import StudyError
from swarm.reasoning import GraphError, KnowledgeGraph, Problem, load_graph
from swarm.systems import (
    ComputeMarket,
    Gossip,
    Observation,
    Reasoning,
    Remembering,
    Selection,
    Settlement,
    System,
    Tasks,
)
from swarm.world import World


def assemble(
    study: Study, graph: KnowledgeGraph | None = None, keep: bool = True
) -> tuple[World, Problem, KnowledgeGraph]:
    """The world of a study before its first tick, its problem, and the graph as split.

    Args:
        study: what to build.
        graph: `split_graph(study)`, if it is at hand already.
        keep: keep what is observed until it is drained; see `Observation`.

    Raises:
        GraphError: the graph cannot be read or split.
        StudyError: the study leaves no token to pay with, or no task to measure accuracy on; or
            it is the study of a model.
    """
    if not isinstance(study, ReasoningStudy):
        raise StudyError(
            f"{study.name}: a study of a {study.kind}, not of reasoning agents; "
            "`study.prepare().world` is its world"
        )
    if not (study.economy.bounty or study.economy.endowment):
        raise StudyError(
            f"{study.name}: economy: bounty and endowment are both 0, so there would be no tokens; "
            "let one of them be more than 0"
        )
    graph = split_graph(study) if graph is None else graph
    problem = Problem.pose(graph)
    tasks = Tasks(problem, **study.arguments(Tasks))
    if not tasks.sealed.any():
        raise StudyError(
            f"{study.name}: economy.sealed: {study.economy.sealed:g} of {tasks.per_tick} tasks is "
            "less than one task, and accuracy is measured on sealed tasks; give a larger share"
        )
    systems: list[System] = [
        tasks,
        Gossip(**study.arguments(Gossip)),
        ComputeMarket(**study.arguments(ComputeMarket)),
        Reasoning(),
        Settlement(**study.arguments(Settlement)),
        Remembering(**study.arguments(Remembering)),
        Selection(**study.arguments(Selection)),
        Observation(keep=keep),
    ]
    return World(study.world.agents, systems, seed=study.seed), problem, graph


def split_graph(study: ReasoningStudy) -> KnowledgeGraph:
    """The graph of a study, split as the study says.

    Raises:
        GraphError: the graph cannot be read or split.
    """
    graph = load_graph(study.problem.graph)
    if study.problem.split != "standard":
        return graph.resplit(study.problem.split, study.problem.split_seed)
    if not (len(graph.valid) and len(graph.test)):
        raise GraphError(
            f"{study.problem.graph}: has no train, valid and test files, so it has no standard "
            "split; give shares in the study, such as `split = [0.3, 0.2, 0.5]` under [problem]"
        )
    return graph


class ReasoningExperiment(Experiment):
    """The world of a study of reasoning agents; what is seen in it, its `Observation` records."""

    def __init__(self, study: ReasoningStudy):
        self.study = study
        self.world, self.problem, self.graph = assemble(study)
        self.sources = {"graph": fingerprint(self.graph)}

    def look(self) -> None:
        """Nothing: the world has looked at itself, in its tick."""

    def drain(self) -> dict[str, Mapping[str, np.ndarray]]:
        """Ticks and agents."""
        observed = self.world.system(Observation).drain()
        return dict(zip(self.study.tables, observed, strict=True))

    def describe(self) -> str:
        """Generation, agents alive, accuracy, price of compute and size of the memory."""
        row = self.world.system(Observation).latest
        return (
            f"gen {row['generation']:.0f} · {row['alive']:,.0f} alive · "
            f"accuracy {row['accuracy_best']:.3f} best, {row['accuracy_mean']:.3f} mean · "
            f"price {row['price']:.0f} · memory {row['findings']:,.0f}"
        )

    def examine(
        self, metrics: Mapping[str, np.ndarray], stage: Callable[[str], None]
    ) -> dict[str, Any]:
        """The final examination of `experiments.evaluation`."""
        from experiments.evaluation import examine

        return examine(
            self.world, self.problem, self.graph, lambda text: stage(f"examining {text}")
        )
