"""Worlds of reasoning agents as trials: a life, what it costs, and the examination at its end.

All lives of a question are led on one problem, posed once a process. The examination chooses, on
validation, the best of the living and who speaks in the collective; the held-out queries are asked
last of all, to report `test_` measures, by which nothing is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reasoning.assembly import systems_of
from experiments.reasoning.baselines import Exam, answer_all
from experiments.reasoning.evaluation import assembly, collective
from experiments.reasoning.study import ReasoningStudy
from experiments.reasoning.subject import Subject, graph_subject, split_graph
from experiments.study.reading import load_study
from swarm.genes import decode
from swarm.reasoning import Engines, Strategies
from swarm.systems import Gossip, Reasoning, Remembering, Settlement, System, Tasks
from swarm.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

UMLS = ("umls-30", "world.agents=64", "world.generations=24", "world.tasks=64")
"""A small world on UMLS, of whose facts 30% are evidence: 96 ticks."""

NATIONS = ("nations", "problem.split=[0.2, 0.3, 0.5]", "world.tasks=64")
"""Nations with a fifth of its facts as evidence, where there is something left to find out."""

QUICK = ("nations", "problem.split=[0.4, 0.2, 0.4]", "world.agents=16", "world.generations=3")
QUICK_RELATIONS = 8


@dataclass(frozen=True)
class Life:
    """A trial: one world from its first tick to its examination.

    Attributes:
        condition: what it is compared under.
        seed: of every stream of chance in it.
        ground: a study, and changes to it, that all lives of a question have in common.
        changes: what this condition changes.
        quick: on a few relations of Nations instead, for a moment only; says nothing.
    """

    condition: str
    seed: int
    ground: tuple[str, ...] = UMLS
    changes: tuple[str, ...] = ()
    quick: bool = False

    @property
    def study(self) -> ReasoningStudy:
        """What is lived."""
        name, *common = QUICK if self.quick else self.ground
        changes = [*common, "world.tasks=16"] if self.quick else common
        study = load_study(name, [*changes, *self.changes, f"seed={self.seed}"])
        assert isinstance(study, ReasoningStudy), f"{name} is a study of reasoning agents"
        return study

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return _subject(QUICK if self.quick else self.ground, self.quick)


@cache
def _subject(ground: tuple[str, ...], quick: bool) -> Subject:
    """The subject of a ground, posed once, whose exam is made once."""
    study = load_study(ground[0], ground[1:])
    assert isinstance(study, ReasoningStudy), f"{ground[0]} is a study of reasoning agents"
    graph = split_graph(study)
    if quick:
        few = {
            part: getattr(graph, part)[getattr(graph, part)[:, 1] < QUICK_RELATIONS]
            for part in ("train", "valid", "test")
        }
        graph = replace(graph, relations=graph.relations[:QUICK_RELATIONS], **few)
    subject = graph_subject(graph)
    return replace(subject, held_out=cache(subject.held_out))


class Accounts(System):
    """Adds up what a life costs, and what it delivers in its second half.

    Attributes:
        units: compute spent.
        handed, answered: tasks handed out, and answered in time.
        messages: rumours' messages.
        copies: messages that would have told everybody: authors with findings, times the others.
        marks: sum and number of credit less luck over [sealed, open] answers, float64[2, 2], of
            the second half; `delivered` is their credit with 0 for what was not answered.
    """

    def __init__(self, ticks: int) -> None:
        self.half = ticks // 2
        self.units = self.handed = self.answered = self.messages = self.copies = 0
        self.marks = np.zeros((2, 2))
        self.delivered, self.asked = 0.0, 0

    def __call__(self, world: World) -> None:
        """Look at the tick that is about to end."""
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        credit = world.system(Settlement).credit
        self.units += int(world.population["spent"].sum())
        self.handed += len(tasks.agent)
        self.answered += len(reasoning.agent)
        if (gossip := world.find(Gossip)) is not None:
            self.messages += gossip.sent
        if (memory := world.find(Remembering)) is not None:
            self.copies += len(np.unique(memory.written[0])) * (len(world.population) - 1)
        if world.steps <= self.half:
            return
        self.delivered += float(credit.sum())
        self.asked += len(tasks.agent)
        merit = credit - tasks.luck[tasks.board[reasoning.place]]
        open_ = ~tasks.sealed[reasoning.place]
        self.marks[0] += np.bincount(open_, merit, minlength=2)
        self.marks[1] += np.bincount(open_, minlength=2)

    def measures(self) -> dict[str, float]:
        """Sums and means, by name."""
        sealed, open_ = self.marks[0] / np.maximum(self.marks[1], 1)
        return {
            "units": self.units / max(self.handed, 1),
            "answered": self.answered / max(self.handed, 1),
            "delivered": self.delivered / max(self.asked, 1),
            "sealed": float(sealed),
            "open": float(open_),
        }


def lived(
    life: Life,
    amend: Callable[[list[System]], list[System]] | None = None,
    watching: Sequence[System] = (),
) -> World:
    """The world of a life after its last tick.

    Args:
        life: what to live.
        amend: gives other systems in place of those of the study.
        watching: systems that stand last and look.
    """
    study, subject = life.study, life.subject
    systems = systems_of(study, subject, keep=False)
    systems = systems if amend is None else amend(systems)
    world = World(study.world.agents, [*systems, *watching], seed=study.seed)
    while world.steps < study.ticks:
        world.step()
    return world


def examined(world: World, subject: Subject) -> dict[str, float]:
    """What the living know without hearsay, chosen on validation; held-out figures come last.

    Returns:
        valid_mean, valid_best, valid_collective (mean credit), diversity (see `diversity`), cost
        (compute units a query of the best), speakers; then test_best and test_collective (MRR).
    """
    faculties = subject.problem.faculties
    valid = Exam(subject.problem.table, subject.problem.referee)
    living = decode(world.genes)
    credit, cost, answers = _answers(living, valid, faculties)
    best = int(credit.argmax())
    speakers = living.take(assembly(living, credit, valid, faculties))
    found = {
        "valid_mean": float(credit.mean()),
        "valid_best": float(credit[best]),
        "valid_collective": valid.credit(collective(speakers, valid, faculties)),
        "diversity": diversity(answers),
        "cost": float(cost[best]),
        "speakers": float(len(speakers)),
    }
    test = subject.held_out()
    ((_, alone),) = answer_all(living.take(np.array([best])), test.table, faculties)
    return found | {
        "test_best": test.figures(alone.scores)["mrr"],
        "test_collective": test.figures(collective(speakers, test, faculties))["mrr"],
    }


def _answers(
    living: Strategies, exam: Exam, faculties: Engines
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean credit and cost float64[N], and first answers int32[N, Q]."""
    parts: list[Any] = []
    for rows, got in answer_all(living, exam.table, faculties):
        shape = (rows.stop - rows.start, len(exam))
        query = np.tile(np.arange(shape[1]), shape[0])
        credit = exam.referee.marks(got.scores, query).reshape(shape).mean(axis=1)
        parts.append((credit, got.spent.reshape(shape).mean(axis=1), got.best.reshape(shape)))
    credits, costs, answers = (np.concatenate(column) for column in zip(*parts, strict=True))
    return credits, costs, answers


def diversity(answers: np.ndarray) -> float:
    """How often two of N agents give different first answers int[N, Q]; 0 for one agent alone.

    Simpson's index without replacement (E. H. Simpson 1949, "Measurement of diversity").
    """
    N, Q = answers.shape
    if N < 2:
        return 0.0
    choices = int(answers.max()) + 1
    each = np.bincount((np.arange(Q) * choices + answers).ravel(), minlength=Q * choices)
    alike = (each * (each - 1.0)).sum() / (Q * N * (N - 1.0))
    return float(1 - alike)
