"""From a study to a world that can take its first step."""

from __future__ import annotations

from experiments.study import Study
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
        StudyError: the study leaves no token to pay with, or no task to measure accuracy on.
    """
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


def split_graph(study: Study) -> KnowledgeGraph:
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
