"""Ablations: what each part of a world is worth, found out by leaving it out.

The same study lives with all its parts and without each of them in turn, with the same seeds;
differences are paired by seed, of the best evolved agent (chosen on validation) and of the
collective. A part whose removal costs neither of them anything that can be told from chance is
named as such: that is no proof that it is worth nothing, only that this study does not show it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from benchmarks.rows import Row, show
from benchmarks.summary import spread
from experiments.reasoning.assembly import assemble
from experiments.reasoning.baselines import Exam, answer_all, examine_strategies
from experiments.reasoning.evaluation import COLLECTIVE, EVOLVED, assembly, collective
from experiments.reasoning.study import ReasoningStudy
from experiments.reasoning.subject import Subject, subject_of
from experiments.study.reading import load_study
from swarm.genes import decode

PARTS: Mapping[str, str] = {
    "gates": "gates",
    "memory": "working memory",
    "council": "council",
    "novelty": "novelty",
    "market": "market",
    "gossip": "gossip",
    "sharing": "shared memory",
}
"""What is left out, as a study names it and as people do."""

STUDY = "umls-30"
SEEDS = 3
QUICK_STUDY = "nations"
QUICK_SEEDS = 2
QUICK_CHANGES = ("world.agents=40", "world.generations=6")


def benchmark(as_json: bool, quick: bool) -> int:
    """Print a row for each part, and which of them cost nothing; returns the exit code."""
    kept = list(rows(quick))
    code = show(kept, as_json)
    free = [row.notes["part"] for row in kept if row.notes["costs nothing"]]
    if not as_json:
        named = ", ".join(free) if free else "none"
        print(f"\nparts whose removal costs nothing that can be told from chance: {named}")
    return code


def rows(quick: bool, parts: Mapping[str, str] = PARTS) -> Iterator[Row]:
    """A row for each part: test MRR of the best evolved agent with everything, and without it."""
    study, seeds = (QUICK_STUDY, QUICK_SEEDS) if quick else (STUDY, SEEDS)
    changes = QUICK_CHANGES if quick else ()
    subject = posed(study, changes)
    with_all = lives(study, changes, subject, seeds, None)
    for part, words in parts.items():
        without = lives(study, changes, subject, seeds, part)
        yield compared(study, words, with_all, without)


def posed(name: str, changes: tuple[str, ...]) -> Subject:
    """The subject of a study, whose exam is made once."""
    subject = subject_of(_study(name, changes, 1, None))
    return replace(subject, held_out=cache(subject.held_out))


def lives(
    name: str, changes: tuple[str, ...], subject: Subject, seeds: int, without: str | None
) -> dict[str, list[float]]:
    """Test MRR of the best evolved agent and of the collective, for each seed from 1."""
    found: dict[str, list[float]] = {EVOLVED: [], COLLECTIVE: []}
    for seed in range(1, seeds + 1):
        print(f"{name} without {without or 'nothing'}, seed {seed}", file=sys.stderr, flush=True)
        study = _study(name, changes, seed, without)
        world, _ = assemble(study, subject, keep=False)
        while world.steps < study.ticks:
            world.step()
        faculties = subject.problem.faculties
        living = decode(world.genes)
        valid = Exam(subject.problem.table, subject.problem.referee)
        credit, _ = examine_strategies(living, valid, faculties)
        exam = subject.held_out()
        best = living.take(np.array([int(credit.argmax())]))
        ((_, answers),) = answer_all(best, exam.table, faculties)
        found[EVOLVED].append(exam.figures(answers.scores)["mrr"])
        speakers = living.take(assembly(living, credit, valid, faculties))
        found[COLLECTIVE].append(exam.figures(collective(speakers, exam, faculties))["mrr"])
    return found


def compared(
    study: str,
    part: str,
    with_all: Mapping[str, list[float]],
    without: Mapping[str, list[float]],
) -> Row:
    """The row of a part; its differences are positive where the part is worth something."""
    worth = {who: spread(np.subtract(with_all[who], without[who]).tolist()) for who in with_all}
    checks: dict[str, Any] = {}
    for who, each in zip(("agent", "collective"), worth.values(), strict=True):
        checks[f"worth to {who}"] = each["mean"]
        if each["half"] is not None:
            checks[f"± to {who}"] = each["half"]
    costs = [each["half"] is not None and each["mean"] > each["half"] for each in worth.values()]
    ours, peer = float(np.mean(with_all[EVOLVED])), float(np.mean(without[EVOLVED]))
    return Row(
        f"{study}, everything / no {part}, {EVOLVED}, test MRR",
        ours=ours,
        peer=peer,
        ratio=ours / peer,
        checks=checks,
        notes={"part": part, "costs nothing": not any(costs), "worth": worth},
    )


def _study(name: str, changes: tuple[str, ...], seed: int, without: str | None) -> ReasoningStudy:
    left_out = [f"ablation.without={json.dumps([without])}"] if without else []
    study = load_study(name, [f"seed={seed}", *changes, *left_out])
    assert isinstance(study, ReasoningStudy), "ablations are of reasoning agents"
    return study
