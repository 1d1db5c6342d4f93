"""From a study of reasoning agents to a world that can take its first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

import numpy as np

from experiments.reasoning.sections import Institution
from experiments.reasoning.steering import levers_of
from experiments.reasoning.study import ReasoningStudy
from experiments.reasoning.subject import Subject, subject_of
from experiments.study.study import Experiment, Study
from experiments.study.toml import StudyError
from swarm.systems import (
    Bankruptcy,
    Companies,
    ComputeMarket,
    Exploring,
    FindingMarket,
    Gossip,
    Observation,
    Practising,
    Reasoning,
    Remembering,
    Replicating,
    Reputation,
    Royalties,
    Selection,
    Settlement,
    SkillMarket,
    System,
    Tasks,
)
from swarm.world import World


def assemble(
    study: Study, subject: Subject | None = None, keep: bool = True
) -> tuple[World, Subject]:
    """The world of a study before its first tick, and what it is about.

    Args:
        study: what to build.
        subject: `subject_of(study)`, if it is at hand already.
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
    subject = subject_of(study) if subject is None else subject
    systems = systems_of(study, subject, keep)
    return World(study.world.agents, systems, seed=study.seed), subject


def systems_of(study: ReasoningStudy, subject: Subject, keep: bool = True) -> list[System]:
    """The systems of the world of a study, as new; raises as `assemble`."""
    if not (study.economy.bounty or study.economy.endowment):
        raise StudyError(
            f"{study.name}: economy: bounty and endowment are both 0, so there would be no tokens; "
            "let one of them be more than 0"
        )
    tasks = Tasks(subject.problem, **study.arguments(Tasks))
    if not tasks.sealed.any():
        raise StudyError(
            f"{study.name}: economy.sealed: {study.economy.sealed:g} of {tasks.per_tick} tasks is "
            "less than one task, and accuracy is measured on sealed tasks; give a larger share"
        )
    without = study.ablation.without
    selection = Selection(**study.arguments(Selection), seek_novelty="novelty" not in without)
    systems: dict[str, System] = {
        "tasks": tasks,
        "skill_market": SkillMarket(**study.arguments(SkillMarket)),
        "gossip": Gossip(**study.arguments(Gossip)),
        "finding_market": FindingMarket(),
        "market": ComputeMarket(**study.arguments(ComputeMarket)),
        "reasoning": Reasoning(without=without),
        "settlement": Settlement(**study.arguments(Settlement)),
        "practising": Practising(subject.problem),
        "replicas": Replicating(study.memory.replicas, **study.arguments(Replicating)),
        "sharing": Remembering(**study.arguments(Remembering)),
        "reputation": Reputation(**study.arguments(Reputation)),
        "royalties": Royalties(**study.arguments(Royalties)),
        "companies": Companies(**study.arguments(Companies)),
        "bankruptcy": Bankruptcy(**study.arguments(Bankruptcy)),
        "exploring": _exploring(study),
        "selection": selection,
        "observation": Observation(keep=keep),
    }
    left_out = {*without, *get_args(Institution)} - _switched_on(study, tasks)
    if study.memory.replicas == 1 or "sharing" in without:
        left_out.add("replicas")
    sought = study.selection.novelty
    if sought == "surprise" or "novelty" in without:
        left_out.add("exploring")
    if sought == "findings" and "sharing" in without:
        left_out.add("exploring")  # nothing is known then, and everything equally new
    return [system for name, system in systems.items() if name not in left_out]


def _exploring(study: ReasoningStudy) -> Exploring:
    """What measures novelty, where it is not surprise that is sought."""
    if study.selection.novelty != "findings":
        return Exploring("behaviour")
    if study.problem.network is not None:
        raise StudyError(
            f"{study.name}: selection.novelty: findings are compared by the relations of a graph, "
            "and problem.network has none; behaviour and surprise work with every problem"
        )
    return Exploring("findings")


def _switched_on(study: ReasoningStudy, tasks: Tasks) -> set[str]:
    """Names of the further systems, and of what they need."""
    switched: set[str] = {*study.economy.systems}
    if "skill_market" in switched and tasks.load == tasks.per_tick:
        raise StudyError(
            f"{study.name}: economy.systems: skill_market trades tasks that some have and others "
            f"have not, but all {tasks.per_tick} are given to everybody; give each a part with "
            f"world.tasks_per_agent, such as {max(tasks.per_tick // 4, 1)}"
        )
    if switched & {"skill_market", "finding_market"}:
        switched.add("practising")
    return switched


class ReasoningExperiment(Experiment):
    """The world of a study of reasoning agents; what is seen in it, its `Observation` records.

    Args:
        study: what to build.
        subject: `subject_of(study)`, if it is at hand already.
    """

    def __init__(self, study: ReasoningStudy, subject: Subject | None = None):
        self.study = study
        self.world, self.subject = assemble(study, subject)
        self.sources = {"graph": self.subject.source}  # or network
        self.levers = levers_of(study, self.world)

    @property
    def latest(self) -> Mapping[str, float]:  # type: ignore[override]
        """What the world has seen of itself in its last tick."""
        return self.world.system(Observation).latest

    def look(self) -> None:
        """Nothing: the world has looked at itself, in its tick."""

    def drain(self) -> dict[str, Mapping[str, np.ndarray]]:
        """Ticks and agents."""
        observed = self.world.system(Observation).drain()
        return dict(zip(self.study.tables, observed, strict=True))

    def describe(self) -> str:
        """Generation, agents alive, accuracy, price of compute and size of the memory."""
        row = self.world.system(Observation).latest
        said = [
            f"gen {row['generation']:.0f} · {row['alive']:,.0f} alive",
            f"accuracy {row['accuracy_best']:.3f} best, {row['accuracy_mean']:.3f} mean",
        ]
        if "price" in row:
            said.append(f"price {row['price']:.0f}")
        if "findings" in row:
            said.append(f"memory {row['findings']:,.0f}")
        return " · ".join(said)

    def examine(
        self, metrics: Mapping[str, np.ndarray], stage: Callable[[str], None]
    ) -> dict[str, Any]:
        """The final examination of `experiments.reasoning.evaluation`."""
        from experiments.reasoning.evaluation import examine

        subject = self.subject
        found = examine(
            self.world,
            subject.problem,
            subject.held_out,
            lambda text: stage(f"examining {text}"),
        )
        return {"subject": subject.name, **subject.about, **found}
