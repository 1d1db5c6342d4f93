"""A per-query chooser: one engine for every query, predicted to be the best for it.

Algorithm selection (Rice 1976) as SATzilla does it (Xu et al. 2008): from features of a query a
model predicts how well each algorithm will do, here the credit of each engine's best variant,
and the one with the best prediction is asked. A random forest predicts all engines at once
(as in SATzilla 2012). Features are what the table says of the query and its relation, which
costs nothing; or also what every engine thinks, which costs asking all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from benchmarks.crossval import FOLDS, Learnt, best_variants, credit, fact_folds, in_words, opinions
from experiments.reasoning.baselines import Exam
from swarm.reasoning import Problem, ScoreTable

TREES = 120
SEED = 0xC405


@dataclass(frozen=True)
class Setting:
    """What cross-validation chooses from.

    Attributes:
        leaf: fewest tasks in a leaf of a tree.
        probing: whether all engines are asked before one is believed.
    """

    leaf: int
    probing: bool


SETTINGS = tuple(Setting(leaf, probing) for probing in (False, True) for leaf in (5, 15, 40))


def learn(problem: Problem, settings: tuple[Setting, ...] = SETTINGS, trees: int = TREES) -> Learnt:
    """Grow a forest a fold with every setting; keep the best credit out of fold.

    Args:
        problem: tasks to learn from, and the referee to choose by.
        settings: what to try.
        trees: trees of a forest.
    """
    picks = best_variants(problem)
    table, folds = problem.table, fact_folds(problem)
    valid = Exam(table, problem.referee)
    marks = np.stack([valid.marks(table.scores[:, pick]) for pick in picks], axis=1)
    tried = []
    for setting in settings:
        seen = _seen(table, picks, setting.probing)
        forests, engine = [], np.empty(len(table), np.int64)
        for fold in range(FOLDS):
            inside, outside = folds != fold, folds == fold
            forest = RandomForestRegressor(
                trees, min_samples_leaf=setting.leaf, max_features=0.5, random_state=SEED, n_jobs=1
            ).fit(seen[inside], marks[inside])
            engine[outside] = forest.predict(seen[outside]).argmax(axis=1)
            forests.append(forest)
        tried.append((credit(problem, _of(table, picks, engine)), setting, forests, engine))
    found, setting, forests, engine = max(tried, key=lambda one: one[0])

    def answer(table: ScoreTable) -> np.ndarray:
        seen = _seen(table, picks, setting.probing)
        expected = sum(forest.predict(seen) for forest in forests)
        return _of(table, picks, np.argmax(expected, axis=1))

    costs = problem.faculties.costs[: len(picks)]
    cost = costs.sum() if setting.probing else costs[engine].mean()
    sight = "after asking all" if setting.probing else "by free features"
    used = len(np.unique(engine))
    words = [f"{sight}, {used} engines chosen", f"leaves of {setting.leaf} tasks or more"]
    note = in_words(words, found)
    return Learnt(answer, table, _of(table, picks, engine), float(cost), note)


def _seen(table: ScoreTable, picks: np.ndarray, probing: bool) -> np.ndarray:
    """float32[Q, X]: what the forest sees."""
    seen = [table.features, table.block.relation[:, None]]
    if probing:
        seen.append(opinions(table, picks))
    return np.concatenate(seen, axis=1).astype(np.float32)


def _of(table: ScoreTable, picks: np.ndarray, engine: np.ndarray) -> np.ndarray:
    """Scores float32[Q, C] of the engine chosen for each query."""
    scores: np.ndarray = table.scores[np.arange(len(table)), picks[engine]]
    return scores
