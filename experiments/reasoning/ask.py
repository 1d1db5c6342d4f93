"""Asking a graph a question: `noosphere ask GRAPH HEAD RELATION`, with layers and reasons.

The evidence is the train part of the graph; weights, calibration and the suggested mode are
chosen on its valid part; the test part is not looked at. A folder that brings no split keeps a
tenth of its facts for each of the other two.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.reasoning.answerers import AskError, of_run, tuned
from experiments.study.toml import did_you_mean
from swarm.reasoning import (
    Block,
    Evidence,
    Problem,
    ScoreTable,
    Strategies,
    load_graph,
    reason,
)
from swarm.reasoning.counterevidence import rescoring
from swarm.reasoning.explanation import Explanation, explain
from swarm.reasoning.modes import LAYERS, MODES, Mode, layered, mode_named
from swarm.reasoning.preference import DEFAULT, Calibration, calibrate, suggest
from swarm.reasoning.proposals import Views
from swarm.reasoning.reasons import Names

UNKNOWN = "?"
SPLIT = (0.8, 0.1, 0.1)
"""Of a folder of facts that brings no split of its own."""


@dataclass(frozen=True)
class Question:
    """A query in numbers: (source, r', ?), r' >= R asks for heads; `about` is one candidate."""

    source: int
    relation: int
    about: int | None

    def words(self, names: Names) -> str:
        """The question as a fact with a gap."""
        R = len(names.relations)
        relation, known = names.relations[self.relation % R], names.entities[self.source]
        ends = (known, UNKNOWN) if self.relation < R else (UNKNOWN, known)
        return f"{ends[0]} {relation} {ends[1]}"


@dataclass(frozen=True)
class Asked:
    """What came of a question.

    Attributes:
        question: what was asked; names: what its numbers mean.
        mode: how far the answers may be; suggested: whether it was suggested, not chosen.
        known: answers that the evidence already gives.
        rows: an answer each, as JSON values: name, layer, right (estimated probability), novelty
            (nats), types, and the explanation in words and as values.
    """

    question: Question
    names: Names
    mode: Mode
    suggested: bool
    known: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]

    def as_json(self) -> str:
        """JSON text."""
        return json.dumps(
            {
                "question": self.title,
                "mode": self.mode.name,
                "suggested": self.suggested,
                "known": self.known,
                "answers": [{k: v for k, v in row.items() if k != "words"} for row in self.rows],
            },
            indent=2,
            ensure_ascii=False,
        )

    @property
    def title(self) -> str:
        """The question as a fact with a gap."""
        return self.question.words(self.names)

    def __str__(self) -> str:
        why = "suggested for this question" if self.suggested else "as asked"
        lines = [self.title, f"mode: {self.mode.name}, {why}"]
        if self.known:
            lines.append(f"known already: {', '.join(self.known)}")
        layer = ""
        for number, row in enumerate(self.rows, 1):
            if row["layer"] != layer:
                layer = row["layer"]
                lines += ["", layer]
            types = ", ".join(row["types"])
            lines.append(
                f"  {number}. {row['answer']}  right {row['right']:.2f}, "
                f"novelty {row['novelty']:.1f} nats, proposed by {types}"
            )
            lines += [f"       {line}" for line in row["words"].splitlines()]
        return "\n".join(lines)


def ask(
    graph: str,
    head: str,
    relation: str,
    tail: str = UNKNOWN,
    mode: str | None = None,
    answers: int = 6,
    inverse: bool = False,
    run: str | Path | None = None,
    recompute: int = 12,
) -> Asked:
    """Answer a question about a graph.

    Args:
        graph: a graph that ships, or a folder of facts.
        head, relation, tail: the question, `?` for what is asked. With both head and tail given,
            the one answer `tail` is explained.
        mode: one of `MODES`; suggested for the question if left out.
        answers: how many.
        inverse: `head` is a tail, and heads are asked for.
        run: the folder of a finished run whose best agent is to answer; if left out, engines
            vote with weights tuned on the valid part.
        recompute: how often the evidence may be taken apart to find what would change the
            first answer; 0 leaves that out.

    Raises:
        AskError: an unknown name, or nothing is asked.
        GraphError, RunError, ProposalError: as told.
    """
    wanted = None if mode is None else mode_named(mode)
    if answers < 1:
        raise AskError(f"--answers {answers}: at least one answer has to be asked for, such as 6")
    if run is None:
        whole = load_graph(graph)
        split = whole if len(whole.valid) else whole.resplit(SPLIT)
        names = Names(split.entities, split.relations)
        # A mistyped name is told before the engines learn, which takes its time.
        question = understood(names, head, relation, tail, inverse)
        problem = Problem.pose(split)
        strategy = tuned(problem)
    else:
        split, problem, strategy = of_run(run, graph)
        names = Names(split.entities, split.relations)
        question = understood(names, head, relation, tail, inverse)
    return _answered(problem, strategy, names, question, wanted, answers, recompute)


def understood(names: Names, head: str, relation: str, tail: str, inverse: bool) -> Question:
    """A question in numbers; AskError names what is unknown and what comes near."""
    if relation not in names.relations:
        raise AskError(
            f"no relation {relation!r} in this graph{did_you_mean(relation, names.relations)}; "
            f"it has {_some(names.relations)}"
        )
    if inverse:
        head, tail = tail, head
    if head == tail == UNKNOWN:
        raise AskError("nothing is given; give a head or a tail, such as `? treats headache`")
    for name in (head, tail):
        if name != UNKNOWN and name not in names.entities:
            raise AskError(
                f"no entity {name!r} in this graph{did_you_mean(name, names.entities)}; "
                f"it has {_some(names.entities)}"
            )
    asked = names.relations.index(relation)
    if head == UNKNOWN:
        return Question(names.entities.index(tail), asked + len(names.relations), None)
    about = None if tail == UNKNOWN else names.entities.index(tail)
    return Question(names.entities.index(head), asked, about)


def _answered(
    problem: Problem,
    strategy: Strategies,
    names: Names,
    question: Question,
    wanted: Mode | None,
    number: int,
    recompute: int,
) -> Asked:
    evidence, faculties = problem.evidence, problem.faculties
    if not isinstance(evidence, Evidence):
        raise AskError(
            f"{evidence.entities:,} entities are too many to explain answers about; questions "
            "can be asked of graphs that fit into a dense cube, up to about 300 entities with 50 "
            "relations"
        )
    source = np.array([question.source], np.int32)
    relation = np.array([question.relation], np.int32)
    block = Block(source, relation, ~evidence.cube[relation, source])
    if not block.open.any():
        raise AskError(
            f"nothing is left to ask: every entity is a known answer to {question.words(names)}; "
            "ask about another entity or relation"
        )
    columns = problem.table.first[:-1] + strategy.variant[0]

    def decide(table: ScoreTable) -> np.ndarray:
        query = np.arange(len(table))
        return reason(strategy, table, faculties.costs, 0 * query, query).scores

    def views_on(table: ScoreTable) -> Views:
        return Views.of(table, evidence, columns, spoken=decide(table))

    practice = views_on(problem.table)
    calibration = calibrate(practice, problem.referee.truth)
    table = faculties.table(block)
    views = views_on(table)
    mode = wanted or tuple(MODES.values())[int(suggest(views, calibration, DEFAULT)[0])]

    known = tuple(names.entities[c] for c in np.flatnonzero(~block.open[0]).tolist())
    if question.about is not None:
        if not block.open[0, question.about]:
            raise AskError(
                f"{names.entities[question.about]} is a known answer: the evidence states it; "
                "ask with `?` for what is not known"
            )
        chosen, layer = np.array([question.about]), ["asked about"]
    else:
        found = layered(views, 0, mode, number)
        chosen, layer = found.answer, [LAYERS[place] for place in found.layer]
    rescore = rescoring(faculties, strategy, block) if recompute > 0 else None
    weight = np.where(asked_of(strategy), strategy.weight[0], 0)
    rows = []
    for place, answer in enumerate(chosen.tolist()):
        told = explain(
            evidence,
            table,
            answer,
            decide,
            weight,
            columns,
            faculties.names,
            names,
            rescore if place == 0 else None,
            recompute,
        )
        rows.append(_row(views, calibration, answer, layer[place], told, problem, names))
    return Asked(question, names, mode, wanted is None, known, tuple(rows))


def asked_of(strategy: Strategies) -> np.ndarray:
    """bool[K]: the engines that a strategy (N = 1) may ask."""
    may = np.zeros(strategy.order.shape[1], bool)
    may[strategy.order[0, : int(strategy.length[0])]] = True
    return may


def _row(
    views: Views,
    calibration: Calibration,
    answer: int,
    layer: str,
    told: Explanation,
    problem: Problem,
    names: Names,
) -> dict[str, Any]:
    """One answer as JSON values; `types` would have it first, or are the likeliest to name it."""
    first = views.slates[0].argmax(axis=1) == answer
    likeliest = int(views.slates[0, :, answer].argmax())
    types = [t for t, it in zip(views.types, first, strict=True) if it]
    one = np.zeros(1, np.int64)
    return {
        "answer": names.entities[answer],
        "layer": layer,
        "right": float(calibration.probability(views, one, np.array([answer]))[0]),
        "novelty": float(views.novelty[0, answer]),
        "types": types or [views.types[likeliest]],
        "words": told.words(problem.evidence, names),
        "explanation": told.as_json(problem.evidence, names),
    }


def _some(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
