"""What one could do instead of evolving: seven engines, mixed by hand or by chance.

Whatever is chosen here is chosen by validation credit (`Referee.credit`), so that these
functions never need a test fact. A *pick* is the column of the score table that stands for an
engine: the variant of it that validates best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from evolution import Genomes, GenomeSpec
from swarm.genes import decode
from swarm.reasoning import Answers, Faculties, Referee, ScoreTable, Strategies, reason

WEIGHTS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Weights that an engine may have in the tuned vote."""

SWEEPS = 4
"""Most rounds of the coordinate ascent."""

DOUBT = 5.0
"""Queries of an engine's own mean that every relation is given in advance."""

CELLS_AT_ONCE = 2**24
"""Scores held in memory while strategies are examined (64 MiB)."""

GENOMES_AT_ONCE = 1024


def credit_of(scores: np.ndarray, referee: Referee) -> np.ndarray:
    """Credit float64[Q] of scores float[Q, C]."""
    return referee.credit(referee.ranks(np.ascontiguousarray(scores, np.float32)))


# The seven engines


def pick_variants(table: ScoreTable, referee: Referee) -> np.ndarray:
    """int64[K]: for each engine the column of its variant with the best mean credit."""
    variants = table.scores.shape[1]
    credit = np.array([credit_of(table.scores[:, v], referee).mean() for v in range(variants)])
    edges = zip(table.first[:-1], table.first[1:], strict=True)
    return np.array([a + credit[a:b].argmax() for a, b in edges], np.int64)


def engine_ranks(table: ScoreTable, referee: Referee, picks: np.ndarray) -> np.ndarray:
    """Ranks float64[K, Q] of the truth by each picked variant alone."""
    return np.stack([referee.ranks(np.ascontiguousarray(table.scores[:, v])) for v in picks])


def vote(table: ScoreTable, picks: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Scores float32[Q, C]: weighted sums of the picked variants' standardised scores."""
    total = np.zeros((len(table), table.scores.shape[2]), np.float32)
    for column, weight in zip(picks, weights, strict=True):
        if weight:
            total += np.float32(weight) * table.scores[:, column]
    return total


def tune_weights(table: ScoreTable, referee: Referee, picks: np.ndarray) -> np.ndarray:
    """Weights float64[K] of the vote, by coordinate ascent on mean credit.

    Begins with the equal vote and with each engine alone, and takes the best of where these
    lead; of equal weights, the smaller. Deterministic.
    """
    starts = [np.ones(len(picks)), *np.eye(len(picks))]
    ends = [_ascend(table, referee, picks, start) for start in starts]
    return max(ends, key=lambda end: end[1])[0]


def _ascend(
    table: ScoreTable, referee: Referee, picks: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, float]:
    """Best weights on the way up from a start, and their mean credit."""
    weights = start.copy()
    best = float(credit_of(vote(table, picks, weights), referee).mean())
    for _ in range(SWEEPS):
        before = best
        for engine in range(len(picks)):
            others = weights.copy()
            others[engine] = 0
            rest = vote(table, picks, others)
            for weight in WEIGHTS:
                if not (weight or others.any()):
                    continue
                scores = rest + np.float32(weight) * table.scores[:, picks[engine]]
                credit = float(credit_of(scores, referee).mean())
                if credit > best:
                    best, weights[engine] = credit, weight
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
    return ((total + doubt * overall[:, None]) / (number + doubt)).argmax(axis=0)


# Strategies


def answer_all(
    strategies: Strategies, table: ScoreTable, faculties: Faculties
) -> Iterator[tuple[slice, Answers]]:
    """Run every strategy on every query without hearsay, some strategies at a time.

    Yields:
        Rows of the strategies, and their answers to Q queries each, strategy by strategy.
    """
    queries, candidates = len(table), table.scores.shape[2]
    at_once = max(CELLS_AT_ONCE // (queries * candidates), 1)
    for start in range(0, len(strategies), at_once):
        rows = np.arange(start, min(start + at_once, len(strategies)))
        agent = np.repeat(rows - start, queries)
        query = np.tile(np.arange(queries), len(rows))
        answers = reason(strategies.take(rows), table, faculties.costs, agent, query)
        yield slice(start, start + len(rows)), answers


def examine_strategies(
    strategies: Strategies, table: ScoreTable, faculties: Faculties, referee: Referee
) -> tuple[np.ndarray, np.ndarray]:
    """Mean credit float64[N], and mean compute units a query float64[N], without hearsay."""
    credit, cost = np.empty(len(strategies)), np.empty(len(strategies))
    query = np.arange(len(table))
    for rows, answers in answer_all(strategies, table, faculties):
        number = rows.stop - rows.start
        every = np.tile(query, number)
        each = referee.credit(referee.ranks(answers.scores, every), every)
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
    table: ScoreTable,
    faculties: Faculties,
    referee: Referee,
    rng: np.random.Generator,
    progress: Callable[[str], None] | None = None,
) -> Drawn:
    """Draw `number` genomes as founders are drawn, examine each on all tasks, keep the best."""
    best: Drawn | None = None
    for start in range(0, number, GENOMES_AT_ONCE):
        if progress is not None:
            progress(f"random search, {start:,} of {number:,} genomes")
        genomes = genome.sample(min(GENOMES_AT_ONCE, number - start), rng)
        credit, cost = examine_strategies(decode(genomes.__getitem__), table, faculties, referee)
        row = int(credit.argmax())
        if best is None or credit[row] > best.credit:
            best = Drawn(
                genome.take(genomes, np.array([row])), float(credit[row]), float(cost[row])
            )
    if best is None:
        raise ValueError(f"random search has to draw at least 1 genome, got {number}")
    return best
