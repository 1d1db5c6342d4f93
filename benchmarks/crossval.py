"""What the learnt rivals share: voices, what can be seen of a query, and folds of validation.

A rival that is trained on validation tasks would flatter itself if it were asked the same tasks
again. So each is trained in folds: for the tasks of validation it shows what was said of each
task by the model that was not trained on its fact (`Learnt`), settings are compared by just
that, and on any other table the models of the folds speak together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.reasoning.baselines import Exam, pick_variants
from swarm.reasoning import Problem, ScoreTable

FOLDS = 5
FOLD_KEY = 0xF01D
"""Keys the chance by which facts fall into folds."""

THREADS = 1
"""A second thread gains little here, and on a busy machine its waiting costs a hundredfold."""

CELLS_AT_ONCE = 2**24
"""Numbers about candidates that are held in memory while a table is scored (64 MiB)."""

DUMB = -9.0
"""What a voice says of a candidate that is not open: less than it says of any other."""


@dataclass(frozen=True)
class Learnt:
    """A rival that has learnt from validation, as `experiments.reasoning.evaluation` takes it.

    Attributes:
        answer: scores float32[Q, C] of a table it has not been trained on.
        seen: the table it was trained on.
        out_of_fold: float32[Q, C] for `seen`, every row by a model not trained on its fact.
        cost: compute units a query.
        note: the settings that were chosen, in words.
    """

    answer: Callable[[ScoreTable], np.ndarray]
    seen: ScoreTable
    out_of_fold: np.ndarray
    cost: float
    note: str

    def __call__(self, table: ScoreTable) -> np.ndarray:
        """Scores float32[Q, C], higher is better."""
        return self.out_of_fold if table is self.seen else self.answer(table)


def fact_folds(problem: Problem, number: int = FOLDS) -> np.ndarray:
    """int64[Q] in [0, number): a fold for each task; tasks about one fact share theirs."""
    block, relations = problem.table.block, problem.evidence.relations
    answer = block.entity(np.arange(len(block)), problem.referee.truth)
    backwards = block.relation >= relations
    facts = np.stack(
        [
            np.where(backwards, answer, block.source),
            np.where(backwards, block.relation - relations, block.relation),
            np.where(backwards, block.source, answer),
        ],
        axis=1,
    )
    _, fact = np.unique(facts, axis=0, return_inverse=True)
    dealt = np.arange(fact.max(initial=-1) + 1) % number
    return np.random.default_rng(FOLD_KEY).permutation(dealt)[fact.ravel()]


def rivals_in(problem: Problem, folds: np.ndarray) -> Callable[[int], np.ndarray]:
    """Wrong answers to learn from: `rivals_in(...)(f)` is bool[Q, C] for those that fold f tests.

    They are open, and not known from the tasks of other folds. Facts of fold f may be among
    them, as test facts may be among the wrong answers of validation: a model that were told
    which answers to spare would be told the facts it is tested on, and those that memorise
    most would be chosen.
    """
    block, truth = problem.table.block, problem.referee.truth
    _, query = np.unique(block.key, return_inverse=True)
    listed = np.flatnonzero(truth >= 0)
    fold = np.full((query.max(initial=-1) + 1, block.open.shape[1]), -1, np.int8)
    fold[query[listed], truth[listed]] = folds[listed]

    def rivals(held_out: int) -> np.ndarray:
        known = fold[query]
        wrong = block.open & ((known == -1) | (known == held_out))
        wrong[listed, truth[listed]] = False
        return wrong

    return rivals


def voices(table: ScoreTable, rows: slice = slice(None)) -> np.ndarray:
    """float32[n, V + 2, C]: what strategies can add up.

    Scores of the V engine variants, the council (objections, negated) and the inversion.
    """
    protocols = np.stack([-table.against[rows], table.inverted[rows]], axis=1)
    return np.concatenate([table.scores[rows], protocols], axis=1)


def best_variants(problem: Problem) -> np.ndarray:
    """int64[K]: the variant of each engine that validates best."""
    return pick_variants(Exam(problem.table, problem.referee))


def opinions(table: ScoreTable, picks: np.ndarray) -> np.ndarray:
    """float32[Q, 3K]: of each pick its lead, its highest score, and how many agree with it.

    The lead is that of the best open candidate over the next. To see them every engine has to
    be asked.
    """
    open_ = table.block.open[:, None]
    scores = np.where(open_, table.scores[:, picks], DUMB)
    next_, top = np.moveaxis(np.partition(scores, -2, axis=2)[:, :, -2:], 2, 0)
    favourite = table.favourite[:, picks]
    agree = (favourite[:, :, None] == favourite[:, None, :]).mean(axis=2)
    return np.concatenate([top - next_, top, agree], axis=1).astype(np.float32)


def consent(table: ScoreTable, picks: np.ndarray) -> np.ndarray:
    """float32[Q, 2]: the lead of an equal vote's best answer, and the share of picks for it.

    The margin and the agreement that an evolved gate sees after all picks have spoken alike.
    """
    vote = table.scores[:, picks].mean(axis=1)
    vote = np.where(table.block.open, vote, DUMB)
    two = np.partition(vote, -2, axis=1)[:, -2:]
    agree = (table.favourite[:, picks] == vote.argmax(axis=1)[:, None]).mean(axis=1)
    return np.stack([two[:, 1] - two[:, 0], agree], axis=1).astype(np.float32)


def credit(problem: Problem, scores: np.ndarray) -> float:
    """Mean credit of scores float32[Q, C] of the tasks."""
    return Exam(problem.table, problem.referee).credit(scores)


def all_asked(problem: Problem) -> float:
    """Compute units of asking every engine, the council and the inversion."""
    return float(problem.faculties.costs.sum())


def pieces(table: ScoreTable, numbers: int) -> Iterator[slice]:
    """Rows of a table, so few at a time that `numbers` about each candidate fit in memory."""
    at_once = max(CELLS_AT_ONCE // (numbers * table.scores.shape[2]), 1)
    return (slice(a, min(a + at_once, len(table))) for a in range(0, len(table), at_once))


def in_words(settings: Sequence[str], valid: float) -> str:
    """A note on chosen settings."""
    return f"{', '.join(settings)}; {FOLDS} folds of validation ({valid:.4f}), all speak"
