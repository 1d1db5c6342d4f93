"""A gradient-boosted stack: what a practitioner would put on top of the engines.

Stacking (Wolpert 1992) by boosted trees (Friedman 2001; histograms as in Ke et al. 2017). A row
is a candidate of a query: what the engines, the council and the inversion say of it, its
reciprocal rank by the best variant of each engine, and, if that validates better, what all other
variants say and what can be seen of the query. Trees tell true answers from wrong ones that are
drawn so that those which the engines take for right come more often. No test fact is seen; see
`crossval`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from benchmarks.crossval import (
    DUMB,
    FOLDS,
    THREADS,
    Learnt,
    all_asked,
    best_variants,
    credit,
    fact_folds,
    in_words,
    opinions,
    pieces,
    rivals_in,
    voices,
)
from swarm.reasoning import Problem, ScoreTable

WRONG = 25
"""Wrong answers that are learnt from, for each right one."""

DRAW_KEY = 0x57AC
"""Keys the chance by which wrong answers are drawn."""

LOOKS = (10, 20, 40, 60, 90, 120)
"""Numbers of trees that are compared; the largest is what is grown."""

LEARNING_RATE = 0.08


@dataclass(frozen=True)
class Setting:
    """What cross-validation chooses from.

    Attributes:
        leaves: most leaves of a tree.
        best_only: whether the best variant of each engine is heard, not all of them.
        of_query: whether trees see the query, not the candidate alone.
    """

    leaves: int
    best_only: bool
    of_query: bool


SETTINGS = (
    Setting(4, True, False),
    Setting(10, True, False),
    Setting(10, True, True),
    Setting(4, False, False),
    Setting(10, False, False),
)


def learn(
    problem: Problem, settings: tuple[Setting, ...] = SETTINGS, looks: tuple[int, ...] = LOOKS
) -> Learnt:
    """Grow every setting in folds and keep the one with the best credit out of fold.

    Args:
        problem: tasks to learn from, and the referee to choose by.
        settings: what to try.
        looks: numbers of trees to try, ascending.
    """
    tried = []
    with threadpool_limits(THREADS):
        for setting in settings:
            candidates = Candidates(best_variants(problem), setting.best_only, setting.of_query)
            models, said = _grow(problem, candidates, setting, looks)
            each = [credit(problem, scores) for scores in said]
            look = int(np.argmax(each))
            tried.append((each[look], look, setting, candidates, models, said[look]))
    valid, look, setting, candidates, models, out_of_fold = max(tried, key=lambda one: one[0])

    def answer(table: ScoreTable) -> np.ndarray:
        scores = np.empty(table.block.open.shape, np.float32)
        with threadpool_limits(THREADS):
            for rows in pieces(table, table.scores.shape[1] * 2):
                x = candidates(table, rows)
                flat = x.reshape(-1, x.shape[2])
                total = sum(_at(model, flat, looks[look]) for model in models)
                scores[rows] = np.reshape(total, x.shape[:2])
        return scores

    voiced = "best variants alone" if setting.best_only else "all variants"
    sight = "trees see the query" if setting.of_query else "trees see the candidate"
    note = in_words([f"{looks[look]} trees of {setting.leaves} leaves", voiced, sight], valid)
    return Learnt(answer, problem.table, out_of_fold, all_asked(problem), note)


@dataclass(frozen=True)
class Candidates:
    """What trees see.

    Attributes:
        picks: int64[K], the best variant of each engine.
        best_only: whether no other variant is heard.
        of_query: whether they see the query.
    """

    picks: np.ndarray
    best_only: bool
    of_query: bool

    def __call__(self, table: ScoreTable, rows: slice) -> np.ndarray:
        """float32[n, C, X]: X numbers about each candidate of some rows."""
        open_ = table.block.open[rows][:, None]
        said = np.where(open_, voices(table, rows), np.float32(DUMB))
        ranks = 1 / rankdata(-said[:, self.picks], axis=2)
        if self.best_only:
            said = said[:, [*self.picks, -2, -1]]  # and the two protocols
        seen = np.concatenate([said, ranks.astype(np.float32)], axis=1).transpose(0, 2, 1)
        if not self.of_query:
            return np.ascontiguousarray(seen)
        query = [table.features, opinions(table, self.picks), table.block.relation[:, None]]
        of_query = np.concatenate([each[rows] for each in query], axis=1).astype(np.float32)
        each = np.repeat(of_query[:, None], seen.shape[1], axis=1)
        return np.concatenate([seen, each], axis=2)


def _grow(
    problem: Problem, candidates: Candidates, setting: Setting, looks: tuple[int, ...]
) -> tuple[list[HistGradientBoostingClassifier], np.ndarray]:
    """A model a fold, and float32[looks, Q, C]: what is said of each task out of its fold."""
    x = candidates(problem.table, slice(None))
    folds, truth = fact_folds(problem), problem.referee.truth
    rivals = rivals_in(problem, folds)
    rng = np.random.default_rng(DRAW_KEY)
    said = np.empty((len(looks), *x.shape[:2]), np.float32)
    models = []
    for fold in range(FOLDS):
        inside = np.flatnonzero((folds != fold) & (truth >= 0))
        outside = np.flatnonzero(folds == fold)
        query, wrong = _draw(rivals(fold), inside, problem.table, candidates.picks, rng)
        rows = np.concatenate([x[inside, truth[inside]], x[query, wrong]])
        right = np.arange(len(rows)) < len(inside)
        model = HistGradientBoostingClassifier(
            max_iter=looks[-1],
            learning_rate=LEARNING_RATE,
            max_leaf_nodes=setting.leaves,
            max_bins=128,
            early_stopping=False,
            random_state=0,
        ).fit(rows, right)
        flat = x[outside].reshape(-1, x.shape[2])
        for number, scores in enumerate(model.staged_decision_function(flat), 1):
            if number in looks:
                said[looks.index(number), outside] = scores.reshape(len(outside), -1)
        models.append(model)
    return models, said


def _draw(
    wrong: np.ndarray,
    inside: np.ndarray,
    table: ScoreTable,
    picks: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Tasks and places int64[n] of wrong answers, drawn by the softmax of an equal vote.

    Without replacement, by the largest of Gumbel-perturbed scores (Vieira 2014).
    """
    vote = np.clip(table.scores[inside][:, picks].mean(axis=1), -2, 3)
    keys = np.where(wrong[inside], vote + rng.gumbel(size=vote.shape), -np.inf)
    number = min(WRONG, keys.shape[1])
    place = np.argpartition(-keys, number - 1, axis=1)[:, :number]
    drawn = np.isfinite(np.take_along_axis(keys, place, axis=1))
    return np.repeat(inside, number)[drawn.ravel()], place[drawn]


def _at(model: HistGradientBoostingClassifier, rows: np.ndarray, trees: int) -> np.ndarray:
    """Scores float[n] by the first trees alone."""
    for number, scores in enumerate(model.staged_decision_function(rows), 1):
        if number == trees:
            return np.asarray(scores).ravel()
    raise ValueError(f"the model has fewer than {trees} trees; ask for fewer")
