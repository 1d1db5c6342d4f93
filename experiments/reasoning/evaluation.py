"""The final examination: what evolved, beside everything one could do instead.

`contestants` makes every choice, on validation, and is given no test query; `examine` alone asks
them, at the end, and only to judge what was chosen. The world is looked at and stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments.reasoning.baselines import (
    Contestant,
    Exam,
    answer_all,
    examine_strategies,
    mixtures,
    random_search,
)
from swarm.genes import PROTOCOLS, decode
from swarm.reasoning import Engines, Problem, ScoreTable, Strategies
from swarm.reasoning.strategy import STATE_FEATURES
from swarm.systems import Reasoning
from swarm.world import World, WorldError

COMPLEX = "ComplEx-N3"
RANDOM_SEARCH = "random search"
EVOLVED = "best evolved agent"
COLLECTIVE = "collective of the best"

LEFT_OUT = f"{COMPLEX} is not trained here; `make bench-main` compares with it."
COST = "cost: mean compute units a query."

SPEAKING = (1.0, 0.5, 0.25, 0.1, 0.05)
"""Shares of the living that may speak in the collective, the best of them."""

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
    choices = engines_asked(found.pop("fittest"), test, problem.faculties)
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
        "notes": [
            f"valid: {valid.referee.unit} on validation, by which everything was chosen.",
            COST,
            *([LEFT_OUT] if "mrr" in figures[0] and not peers else []),
        ],
        **found,
        **({"asked": choices} if choices else {}),
    }


def engines_asked(one: Strategies, exam: Exam, faculties: Engines) -> dict[str, dict[str, float]]:
    """How often a strategy (N = 1) asks each engine, by kind of question; {} without kinds."""
    ((_, answers),) = answer_all(one, exam.table, faculties)
    relation = exam.table.block.relation
    return {
        kind: {
            name: float((answers.used[relation == k] >> e & 1).mean())
            for e, name in enumerate(faculties.names)
        }
        for k, kind in enumerate(faculties.kinds)
        if (relation == k).any()
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

    say("the collective, on validation")
    speaking = assembly(living, credit, valid, faculties)
    speakers = living.take(speaking)

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
            lambda exam: collective(speakers, exam, faculties),
            float(cost[speaking].sum()),
            f"the mean opinion of the best {len(speaking):,} of {len(living):,}",
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
        "fittest": fittest,
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
    """Scores float32[Q, C]: the mean opinion of these strategies, a voice each.

    Over eleven worlds, voices weighted by wealth (.5215) or by the softmax of credit (.5216) did
    not validate better than equal ones (.5216).
    """
    open_ = exam.table.block.open
    total = np.zeros(open_.shape, np.float32)
    for _, answers in answer_all(living, exam.table, faculties):
        for scores in answers.scores.reshape(-1, *open_.shape):
            total += faculties.opinion(scores, open_)
    return total / np.float32(len(living))


def assembly(living: Strategies, credit: np.ndarray, valid: Exam, faculties: Engines) -> np.ndarray:
    """Rows of those who speak in the collective: as many of the best as do not harm it.

    The largest share whose credit is within one standard error (of paired differences over
    queries) of the best share's: the best few were chosen on the same tasks and look better than
    they are (the rule of Breiman et al. 1984, section 3.4.3).

    Args:
        living: N strategies; credit: float64[N] of each on `valid`.
    """
    ranked = np.argsort(-credit, kind="stable")
    choices = [ranked[: max(round(share * len(ranked)), 1)] for share in SPEAKING]
    marks = [valid.marks(collective(living.take(rows), valid, faculties)) for rows in choices]
    best = max(marks, key=lambda each: float(each.mean()))
    for rows, each in zip(choices, marks, strict=True):  # the largest first
        if (best - each).mean() <= (best - each).std() / np.sqrt(len(best)):
            return rows
    raise AssertionError("the best share is within reach of itself")


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
    asked = [
        f"{kind}: asks " + ", ".join(f"{e} {share:.0%}" for e, share in shares.items() if share)
        for kind, shares in results.get("asked", {}).items()
    ]
    return "\n".join([tested, "", *lines, "", *asked, *results["notes"]])
