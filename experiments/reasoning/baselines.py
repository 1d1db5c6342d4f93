"""What one could do instead of evolving: seven engines, mixed by hand or by chance.

Whatever is chosen here is chosen by validation credit (`Referee.credit`), so that these
functions never need a test fact. A *pick* is the column of the score table that stands for an
engine: the variant of it that validates best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from evolution import Genomes, GenomeSpec
from swarm.genes import decode
from swarm.reasoning import (
    Answers,
    Engines,
    Judge,
    Problem,
    ScoreTable,
    Strategies,
    reason,
)

BEST_SINGLE = "best single engine"
EQUAL_VOTE = "equal vote of seven"
TUNED_WEIGHTS = "tuned weights"
TUNED_PROTOCOLS = "tuned weights, protocols"
PER_RELATION = "one engine per relation"
PER_KIND = "one engine per kind"
ORACLE = "oracle, per query"

WEIGHTS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Weights that an engine may have in the tuned vote."""

SWEEPS = 10
"""Most rounds of the coordinate ascent."""

DOUBT = 5.0
"""Queries of an engine's own mean that every relation is given in advance."""

CELLS_AT_ONCE = 2**24
"""Scores held in memory while strategies are examined (64 MiB)."""

GENOMES_AT_ONCE = 1024

Voices = Callable[[ScoreTable], list[np.ndarray]]


@dataclass(frozen=True)
class Exam:
    """Queries that are asked of everybody alike, and who judges the answers."""

    table: ScoreTable
    referee: Judge

    def __len__(self) -> int:
        return len(self.table)

    def marks(self, scores: np.ndarray) -> np.ndarray:
        """Credit float64[Q] of scores float[Q, C]."""
        return self.referee.marks(np.ascontiguousarray(scores, np.float32))

    def credit(self, scores: np.ndarray) -> float:
        """Mean credit of scores float[Q, C]."""
        return float(self.marks(scores).mean())

    def figures(self, scores: np.ndarray) -> dict[str, float]:
        """What a table shows of scores float[Q, C]."""
        return self.referee.figures(np.ascontiguousarray(scores, np.float32))


@dataclass(frozen=True)
class Contestant:
    """One way of answering, with everything about it chosen.

    Attributes:
        name: what it is.
        scores: the scores float32[Q, C] that it gives in an exam.
        cost: mean compute units a validation query; None if it is not sold in units.
        note: what was chosen, or what to keep in mind.
    """

    name: str
    scores: Callable[[Exam], np.ndarray]
    cost: float | None
    note: str = ""


# The seven engines


def pick_variants(exam: Exam) -> np.ndarray:
    """int64[K]: for each engine the column of its variant with the best mean credit."""
    scores, first = exam.table.scores, exam.table.first
    credit = np.array([exam.credit(scores[:, v]) for v in range(scores.shape[1])])
    edges = pairwise(first.tolist())
    return np.array([a + credit[a:b].argmax() for a, b in edges], np.int64)


def vote(voices: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Scores float32[Q, C]: the weighted mean of V voices float32[Q, C]; 0 without any weight."""
    total = np.zeros(voices[0].shape, np.float32)
    for voice, weight in zip(voices, weights, strict=True):
        if weight:
            total += np.float32(weight) * voice
    return total / np.float32(max(weights.sum(), 1e-9))


def tune_weights(
    exam: Exam, voices: Sequence[np.ndarray], starts: Sequence[np.ndarray]
) -> np.ndarray:
    """Weights float64[V] of the vote, by coordinate ascent on mean credit.

    Climbs from every start float[V], and takes the highest place that was come to.
    Deterministic.
    """
    ends = [_climb(exam, voices, start) for start in starts]
    return max(ends, key=lambda end: end[1])[0]


def _climb(exam: Exam, voices: Sequence[np.ndarray], start: np.ndarray) -> tuple[np.ndarray, float]:
    """The weights that lead upwards from a start, and their mean credit."""
    weights = start.astype(float)
    best = exam.credit(vote(voices, weights))
    for _ in range(SWEEPS):
        before = best
        for v, voice in enumerate(voices):
            others = weights.copy()
            others[v] = 0
            rest, held = vote(voices, others), others.sum()
            for weight in WEIGHTS if others.any() else ():  # alone, its weight says nothing
                share = np.float32(weight / (held + weight))
                credit = exam.credit((1 - share) * rest + share * voice)
                if credit > best:
                    best, weights[v] = credit, weight
        if best == before:
            break
    return weights, best


def engine_per_direction(
    relation: np.ndarray, credit: np.ndarray, directions: int, doubt: float = DOUBT
) -> np.ndarray:
    """int64[D]: the engine that is asked about each direction of each relation.

    Args:
        relation: int[Q] in [0, D), the direction of each validation query.
        credit: float64[K, Q] of each engine alone.
        directions: D.
        doubt: queries of the engine's mean over everything that every direction is given in
            advance, so that rare ones fall back on the best single engine.
    """
    overall = credit.mean(axis=1)
    number = np.bincount(relation, minlength=directions)
    total = np.stack([np.bincount(relation, each, minlength=directions) for each in credit])
    shrunk = (total + doubt * overall[:, None]) / (number + doubt)
    best: np.ndarray = shrunk.argmax(axis=0)
    return best


def mixtures(problem: Problem) -> list[Contestant]:
    """Each engine alone, then what can be made of the seven by hand, and last the oracle.

    Beside the engines, strategies have the council and the inversion. What evolution gains by
    these alone must not be taken for its own gain, so weights are tuned with them as well.

    The oracle uses, for each query, whichever engine ranks the truth best. It has to know the
    truth, so that it is no way of answering but the ceiling of choosing one engine a query.
    """
    valid = Exam(problem.table, problem.referee)
    names, relation = problem.faculties.names, valid.table.block.relation
    picks = pick_variants(valid)
    K = len(picks)

    def engines(table: ScoreTable) -> list[np.ndarray]:
        return [table.scores[:, column] for column in picks]

    def and_protocols(table: ScoreTable) -> list[np.ndarray]:
        return [*engines(table), -table.against, table.inverted]

    def chosen(exam: Exam, engine: np.ndarray) -> np.ndarray:
        """The scores of engine[q] on query q."""
        return exam.table.scores[np.arange(len(exam)), picks[engine]]

    def by_direction(exam: Exam) -> np.ndarray:
        """Which engine is asked; of a direction beyond those of validation, the best one."""
        number = exam.table.block.relation
        return np.where(number < directions, asked[np.minimum(number, directions - 1)], best)

    def each(exam: Exam) -> np.ndarray:
        return np.stack([exam.marks(scores) for scores in engines(exam.table)])

    credit = each(valid)
    best = int(credit.mean(axis=1).argmax())
    equal = np.ones(K)
    tuned = tune_weights(valid, engines(valid.table), [equal, *np.eye(K)])
    objected = {"council", "inversion"} <= set(problem.faculties.protocols)
    further = np.append(tuned, [0, 0])
    if objected:
        further = tune_weights(valid, and_protocols(valid.table), [further])
    directions = int(relation.max(initial=0)) + 1
    asked = engine_per_direction(relation, credit, directions)
    elsewhere = int((asked != best).sum())
    costs = problem.faculties.costs
    kinds: tuple[str, ...] = problem.faculties.kinds

    def one(name: str, engine: int, note: str = "") -> Contestant:
        return Contestant(name, lambda exam: engines(exam.table)[engine], int(costs[engine]), note)

    def weighted(name: str, voices: Voices, weights: np.ndarray) -> Contestant:
        labels = [*names, "council", "inversion"]
        note = ", ".join(f"{labels[v]} {weights[v]:g}" for v in np.flatnonzero(weights))
        units = int(costs[np.flatnonzero(weights)].sum())
        return Contestant(name, lambda exam: vote(voices(exam.table), weights), units, note)

    return [
        *(one(names[e], e) for e in range(K)),
        one(BEST_SINGLE, best, names[best]),
        replace(weighted(EQUAL_VOTE, engines, equal), note=""),
        weighted(TUNED_WEIGHTS, engines, tuned),
        *([weighted(TUNED_PROTOCOLS, and_protocols, further)] if objected else []),
        Contestant(
            PER_KIND if kinds else PER_RELATION,
            lambda exam: chosen(exam, by_direction(exam)),
            float(costs[asked[relation]].mean()),
            ", ".join(f"{kind} {names[e]}" for kind, e in zip(kinds, asked, strict=False))
            or f"{elsewhere} of {len(asked)} directions are asked of another than {names[best]}",
        ),
        Contestant(
            ORACLE,
            lambda exam: chosen(exam, each(exam).argmax(axis=0)),
            int(costs[:K].sum()),
            "whichever of the seven ranks the truth best: knows the truth, a ceiling",
        ),
    ]


# Strategies


def answer_all(
    strategies: Strategies, table: ScoreTable, faculties: Engines
) -> Iterator[tuple[slice, Answers]]:
    """Run every strategy on every query without hearsay, some strategies at a time.

    Yields:
        Rows of the strategies, and their answers to Q queries each, strategy by strategy.
    """
    queries, candidates = len(table), table.scores.shape[2]
    at_once = max(CELLS_AT_ONCE // (queries * candidates), 1)
    for start in range(0, len(strategies), at_once):
        stop = min(start + at_once, len(strategies))
        some = strategies.take(np.arange(start, stop))
        agent = np.repeat(np.arange(stop - start), queries)
        query = np.tile(np.arange(queries), stop - start)
        yield slice(start, stop), reason(some, table, faculties.costs, agent, query)


def examine_strategies(
    strategies: Strategies, exam: Exam, faculties: Engines
) -> tuple[np.ndarray, np.ndarray]:
    """Mean credit float64[N], and mean compute units a query float64[N], without hearsay."""
    credit, cost = np.empty(len(strategies)), np.empty(len(strategies))
    for rows, answers in answer_all(strategies, exam.table, faculties):
        number = rows.stop - rows.start
        query = np.tile(np.arange(len(exam)), number)
        each = exam.referee.marks(answers.scores, query)
        credit[rows] = each.reshape(number, -1).mean(axis=1)
        cost[rows] = answers.spent.reshape(number, -1).mean(axis=1)
    return credit, cost


@dataclass(frozen=True)
class Drawn:
    """The best of many genomes drawn by chance.

    Attributes:
        genome: columns [1, size] of the best genome.
        credit: its mean validation credit.
        cost: its mean compute units a query.
    """

    genome: Genomes
    credit: float
    cost: float


def random_search(
    genome: GenomeSpec,
    number: int,
    exam: Exam,
    faculties: Engines,
    rng: np.random.Generator,
    progress: Callable[[str], None] | None = None,
) -> Drawn:
    """Draw `number` genomes as founders are drawn, examine each on all tasks, keep the best.

    Raises:
        ValueError: if number < 1.
    """
    best: Drawn | None = None
    for start in range(0, number, GENOMES_AT_ONCE):
        if progress is not None:
            progress(f"random search, {start:,} of {number:,} genomes")
        genomes = genome.sample(min(GENOMES_AT_ONCE, number - start), rng)
        credit, cost = examine_strategies(decode(genomes.__getitem__), exam, faculties)
        row = int(credit.argmax())
        if best is None or credit[row] > best.credit:
            chosen = genome.take(genomes, np.array([row]))
            best = Drawn(chosen, float(credit[row]), float(cost[row]))
    if best is None:
        raise ValueError(f"random search draws at least 1 genome, not {number}; such as 1000")
    return best
