"""The final examination: what evolved, beside everything one could do instead.

`contestants` makes every choice, on validation, and is given no test query; `examine` alone asks
them, at the end, and only to judge what was chosen. The world is looked at and stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments.baselines import (
    Contestant,
    Exam,
    answer_all,
    examine_strategies,
    mixtures,
    random_search,
)
from swarm.genes import PROTOCOLS, decode
from swarm.reasoning import Engines, Problem, ScoreTable, Strategies
from swarm.reasoning.faculties import standardise
from swarm.reasoning.strategy import STATE_FEATURES
from swarm.reasoning.walk import PRUNED
from swarm.systems import Reasoning
from swarm.world import World, WorldError

COMPLEX = "ComplEx-N3"
RANDOM_SEARCH = "random search"
EVOLVED = "best evolved agent"
COLLECTIVE = "collective of survivors"

LEFT_OUT = f"{COMPLEX} is not trained here; `make bench-main` compares with it."
NOTES = (
    "valid: expected reciprocal rank on validation, by which everything was chosen.",
    "cost: mean compute units a query.",
)

SEARCH_KEY = 0xD1CE
"""Keys the random search's own stream of chance, beside the seed of the world."""

GATE_SHOWN = 0.25
"""Gate weights smaller than that are left out of the words on a strategy."""

FIGURE_NAMES = {"mrr": "MRR", "hits10": "Hits@10", "error": "MAE"}
"""What tables call the figures of an exam."""

Scorer = Callable[[ScoreTable], np.ndarray]
"""Scores float32[Q, C] of a table of queries, higher is better."""

Peer = Callable[[Problem], Scorer]
"""Learns from a problem, which holds no test fact; a `note` and a `cost` on what it returns are
shown."""


def examine(
    world: World,
    problem: Problem,
    held_out: Callable[[], Exam],
    progress: Callable[[str], None] | None = None,
    peers: Mapping[str, Peer] | None = None,
) -> dict[str, Any]:
    """The final table of a world, as JSON values.

    Args:
        world: a world of reasoning agents between two ticks; it is not changed.
        problem: what its agents were asked.
        held_out: makes the exam on queries that nobody has seen; called once, last of all.
        progress: is told what is being examined.
        peers: name to something else to compare with, such as ComplEx-N3.

    Returns:
        `rows`, each with name, the `figures` of the held-out exam (MRR and Hits@10 for graphs),
        valid (mean validation credit), cost (mean compute units a validation query, or None) and
        note; the best agent with its genome; and what was counted.

    Raises:
        WorldError: if nobody is alive, or the world has no genome.
    """
    say = progress or (lambda text: None)
    entered, found = contestants(world, problem, say, peers or {})
    valid = Exam(problem.table, problem.referee)
    say("everything, on held-out queries")
    test = held_out()
    figures = [test.figures(one.scores(test)) for one in entered]
    return {
        "seed": world.seed,
        "ticks": world.steps,
        "figures": list(figures[0]),
        "queries": len(test),
        "rows": [
            {
                "name": one.name,
                **shown,
                "valid": valid.credit(one.scores(valid)),
                "cost": one.cost,
                "note": one.note,
            }
            for one, shown in zip(entered, figures, strict=True)
        ],
        "notes": [*NOTES, *([] if peers else [LEFT_OUT])],
        **found,
    }


def contestants(
    world: World,
    problem: Problem,
    say: Callable[[str], None],
    peers: Mapping[str, Peer],
) -> tuple[list[Contestant], dict[str, Any]]:
    """Everything that is compared, in the order of the table, and what else was found out."""
    if world.genome is None or not len(world.population):
        raise WorldError("nobody is left to be examined; a world needs living agents with genes")
    genome, faculties = world.genome, problem.faculties
    valid = Exam(problem.table, problem.referee)
    say("engines and mixtures, on validation")
    *by_hand, oracle = mixtures(problem)

    say("the living, on validation")
    genes = {name: world.genes(name) for name in genome.names}
    living = decode(genes.__getitem__)
    credit, cost = examine_strategies(living, valid, faculties)
    best = int(credit.argmax())
    fittest = living.take(np.array([best]))

    lived, chosen = world.system(Reasoning).evaluations, len(living) * len(valid)
    number = max((lived + chosen) // len(valid), 1)
    rng = np.random.default_rng([SEARCH_KEY, world.seed])
    drawn = random_search(genome, number, valid, faculties, rng, say)

    entered = by_hand
    for name, learn in peers.items():
        say(f"{name}, learning")
        scorer = learn(problem)
        about = getattr(scorer, "cost", None), getattr(scorer, "note", "")
        entered.append(Contestant(name, _scored_by(scorer), *about))
    entered += [
        Contestant(
            RANDOM_SEARCH,
            _answered_by(decode(drawn.genome.__getitem__), faculties),
            drawn.cost,
            f"the best of {number:,} genomes on validation",
        ),
        Contestant(
            EVOLVED,
            _answered_by(fittest, faculties),
            float(cost[best]),
            f"the best of {len(living):,} living on validation",
        ),
        Contestant(
            COLLECTIVE,
            lambda exam: collective(living, exam, faculties),
            float(cost.sum()),
            f"the mean opinion of {len(living):,}",
        ),
        oracle,
    ]
    return entered, {
        "evaluations": {
            "evolution": lived,
            "choice of the best agent": chosen,
            "random search": number * len(valid),
        },
        "random_genomes": number,
        "best": {
            "id": int(world.population["id"][best]),
            "born": int(world.population["born"][best]),
            "words": in_words(
                fittest,
                faculties,
                genome.loci["gate network"].describe(genes["gate network"][best]),
            ),
            "genome": json.loads(genome.to_json(genes, best)),
        },
    }


def _scored_by(scorer: Scorer) -> Callable[[Exam], np.ndarray]:
    return lambda exam: scorer(exam.table)


def _answered_by(one: Strategies, faculties: Engines) -> Callable[[Exam], np.ndarray]:
    def scores(exam: Exam) -> np.ndarray:
        ((_, answers),) = answer_all(one, exam.table, faculties)
        return answers.scores

    return scores


def collective(living: Strategies, exam: Exam, faculties: Engines) -> np.ndarray:
    """Scores float32[Q, C]: the mean opinion of everybody alive.

    An opinion is the scores of a strategy, standardised over the candidates that are open;
    pruned candidates get back what pruning cost them, but stay at or below the last that was
    not pruned. Everybody has one voice: over eleven worlds, voices weighted by wealth (.5215)
    or by the softmax of credit (.5216) did not validate better (.5216).
    """
    open_ = exam.table.block.open
    total = np.zeros(open_.shape, np.float32)
    for _, answers in answer_all(living, exam.table, faculties):
        for scores in answers.scores.reshape(-1, *open_.shape):
            fallen = np.where(open_, np.round(scores / PRUNED), 0)
            last = np.where(open_ & (fallen == 0), scores, np.inf).min(axis=1, keepdims=True)
            raised = np.where(open_, scores - PRUNED * fallen, 0)
            total += standardise(np.where(fallen > 0, np.minimum(raised, last), raised), open_)
    return total


def in_words(one: Strategies, faculties: Engines, network: str = "") -> str:
    """What a strategy does, for people to read: N = 1 strategy, a line for each engine.

    `network` is its gate network in words, shown if that is the gate it asks.
    """
    asked = one.order[0, : int(one.length[0])].tolist()
    lines = [f"asks up to {len(asked)} of {len(faculties.names)} engines, in this order:"]
    for place, e in enumerate(asked, 1):
        engine = faculties.variants[e][one.variant[0, e]]
        lines.append(
            f"{place}. {faculties.names[e]} ({engine.describe() or 'as it comes'}), "
            f"weight {one.weight[0, e]:.2f}, prunes {one.beam[0, e]:.1f} below the best, "
            f"commits at a margin of {one.commit[0, e]:.1f}"
        )
    protocols = {name: float(getattr(one, name)[0]) for name in PROTOCOLS}
    strengths = (f"{name} {value:.2f}" for name, value in protocols.items() if value)
    lines.append(f"protocols: {', '.join(strengths)}")
    if one.networked[0]:
        return "\n".join([*lines, f"gate network: {network}"])
    gates = dict(zip([*faculties.names, "stop"], one.gate[0], strict=True))
    for name in [*(faculties.names[e] for e in asked), "stop"]:
        terms = zip(gates[name], (*STATE_FEATURES, *faculties.feature_names), strict=True)
        shown = [f"{value:+.2f} {feature}" for value, feature in terms if abs(value) > GATE_SHOWN]
        if shown:
            lines.append(f"gate of {name}: {' '.join(shown)}")
    return "\n".join(lines)


def format_table(results: Mapping[str, Any]) -> str:
    """The final table as plain text; the row of the best evolved agent is marked with `>`."""
    figures = results["figures"]
    heads = "".join(f"{FIGURE_NAMES.get(name, name):>9}" for name in figures)
    lines = [f"  {'':26}{heads}{'valid':>8}{'cost':>8}"]
    for row in results["rows"]:
        mark = ">" if row["name"] == EVOLVED else " "
        cost = "-" if row["cost"] is None else f"{row['cost']:,.0f}"
        shown = "".join(f"{row[name]:9.3f}" for name in figures)
        line = f"{mark} {row['name']:26}{shown}{row['valid']:8.3f}{cost:>8}  {row['note']}"
        lines.append(line.rstrip())
    tested = f"{results['subject']}: {results['queries']:,} held-out queries"
    return "\n".join([tested, "", *lines, "", *results["notes"]])
