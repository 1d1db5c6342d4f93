"""A gate trained by gradient: what supervised learning makes of what evolution is given.

A mixture of experts (Jacobs et al. 1991): each voice (engine variant, council, inversion) is
weighted by the softplus of what a gate says of the query, and the weighted scores are added. The
*linear* gate sees what an evolved gate sees; the *informed* one sees the relation, and the lead,
the strength and the agreement of every engine as well, through a hidden layer. Trained by
cross-entropy against all candidates that are not known to be right, with AdamW, in folds of
validation with early stopping. Every voice is heard for every query, so everything is paid for.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import cross_entropy, log_softmax, softplus

from benchmarks.crossval import (
    FOLDS,
    THREADS,
    Learnt,
    all_asked,
    best_variants,
    consent,
    credit,
    fact_folds,
    in_words,
    opinions,
    pieces,
    rivals_in,
    voices,
)
from swarm.reasoning import Problem, ScoreTable

EPOCHS = 40
PATIENCE = 5
"""Epochs without a gain on the fold that is left out before training is stopped."""

HIDDEN = 24
BATCH = 128
LEARNING_RATE = 0.01
START = -1.0
"""Weight of every voice to begin with, before the softplus."""

SEED = 0x6A7E


@dataclass(frozen=True)
class Setting:
    """What cross-validation chooses from.

    Attributes:
        decay: weight decay.
        best_only: whether the best variant of each engine is heard, not all of them.
    """

    decay: float
    best_only: bool


SETTINGS = tuple(Setting(decay, best) for best in (False, True) for decay in (0.003, 0.03))


@dataclass(frozen=True)
class Seen:
    """What gates see of a query, and which voices they weigh.

    Attributes:
        heard: int64[H], the voices.
        picks: int64[K], the best variant of each engine.
        informed: whether opinions of all engines are seen.
        mean, deviation: float32[X] over the tasks of validation.
    """

    heard: np.ndarray
    picks: np.ndarray
    informed: bool
    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, problem: Problem, informed: bool, best_only: bool) -> Seen:
        """With the moments of the tasks of a problem."""
        picks, variants = best_variants(problem), problem.table.scores.shape[1]
        protocols = [variants, variants + 1]
        heard = np.append(picks if best_only else np.arange(variants), protocols)
        raw = _raw(problem.table, picks, informed)
        return cls(heard, picks, informed, raw.mean(axis=0), raw.std(axis=0) + 1e-6)

    def __call__(self, table: ScoreTable) -> torch.Tensor:
        """float32[Q, X], standardised."""
        raw = _raw(table, self.picks, self.informed)
        return torch.from_numpy((raw - self.mean) / self.deviation)

    def said(self, table: ScoreTable, rows: slice = slice(None)) -> torch.Tensor:
        """float32[n, H, C]: what the voices say."""
        return torch.from_numpy(np.ascontiguousarray(voices(table, rows)[:, self.heard]))


class Gate(torch.nn.Module):  # type: ignore[misc]  # torch is not followed
    """From a query to the weights of V voices."""

    def __init__(self, seen: int, relations: int, heard: int, informed: bool):
        super().__init__()
        self.usual = torch.nn.Parameter(torch.full((heard,), START))
        self.query = torch.nn.Linear(seen, heard, bias=False)
        torch.nn.init.zeros_(self.query.weight)
        self.relation = torch.nn.Embedding(relations, heard) if informed else None
        self.hidden = torch.nn.Linear(seen, HIDDEN) if informed else None
        self.out = torch.nn.Linear(HIDDEN, heard, bias=False) if informed else None
        if self.relation is not None and self.out is not None:
            torch.nn.init.zeros_(self.relation.weight)
            torch.nn.init.zeros_(self.out.weight)

    def forward(
        self, said: torch.Tensor, seen: torch.Tensor, relation: torch.Tensor
    ) -> torch.Tensor:
        """Scores float32[n, C] from voices float32[n, V, C]."""
        drive = self.usual + self.query(seen)
        if self.relation is not None and self.hidden is not None and self.out is not None:
            drive = drive + self.relation(relation) + self.out(torch.tanh(self.hidden(seen)))
        mixed: torch.Tensor = torch.bmm(softplus(drive)[:, None], said)[:, 0]
        return mixed


def learn(
    problem: Problem,
    informed: bool = False,
    settings: tuple[Setting, ...] = SETTINGS,
    epochs: int = EPOCHS,
) -> Learnt:
    """Train a gate in folds with every setting; keep the best credit out of fold.

    Args:
        problem: tasks to learn from, and the referee to choose by.
        informed: whether the gate sees more than an evolved gate does.
        settings: what to try.
        epochs: most epochs, at least 1.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        tried = [_train(problem, informed, setting, epochs) for setting in settings]
    finally:
        torch.set_num_threads(before)
    valid = [credit(problem, said) for _, _, said in tried]
    best = int(np.argmax(valid))
    seen, gates, said = tried[best]

    def answer(table: ScoreTable) -> np.ndarray:
        scores = np.empty(table.block.open.shape, np.float32)
        of_query = seen(table)
        for rows in pieces(table, table.scores.shape[1] * 2):
            each = [_say(gate, seen, table, of_query, rows) for gate in gates]
            scores[rows] = torch.stack(each).mean(dim=0).numpy()
        return scores

    voiced = "best variants alone" if settings[best].best_only else "all variants"
    note = in_words([voiced, f"weight decay {settings[best].decay:g}"], valid[best])
    return Learnt(answer, problem.table, said, all_asked(problem), note)


def _train(
    problem: Problem, informed: bool, setting: Setting, epochs: int
) -> tuple[Seen, list[Gate], np.ndarray]:
    """A gate a fold, and what each says of the tasks of its fold: float32[Q, C]."""
    seen = Seen.of(problem, informed, setting.best_only)
    folds = fact_folds(problem)
    rivals = rivals_in(problem, folds)
    out_of_fold = np.empty(problem.table.block.open.shape, np.float32)
    gates = []
    for fold in range(FOLDS):
        training = Training(problem, seen, folds, fold, rivals(fold))
        gate, out_of_fold[folds == fold] = training(setting.decay, epochs)
        gates.append(gate)
    return seen, gates, out_of_fold


class Training:
    """Training of one gate; the tasks of one fold say when to stop."""

    def __init__(
        self, problem: Problem, seen: Seen, folds: np.ndarray, fold: int, wrong: np.ndarray
    ):
        table, self.referee = problem.table, problem.referee
        self.informed, self.relations = seen.informed, problem.evidence.directions
        self.said, self.seen = seen.said(table), seen(table)
        self.relation = torch.from_numpy(table.block.relation.astype(np.int64))
        self.truth = torch.from_numpy(problem.referee.truth.astype(np.int64))
        listed = problem.referee.truth >= 0
        counted = wrong.copy()
        counted[np.flatnonzero(listed), problem.referee.truth[listed]] = True
        self.counted = torch.from_numpy(counted)
        self.inside = torch.from_numpy(np.flatnonzero((folds != fold) & listed))
        self.outside = np.flatnonzero(folds == fold)

    def __call__(self, decay: float, epochs: int) -> tuple[Gate, np.ndarray]:
        """The gate at its best look at its fold, and float32[n, C] that it says there."""
        torch.manual_seed(SEED)
        gate = Gate(self.seen.shape[1], self.relations, self.said.shape[1], self.informed)
        optimiser = torch.optim.AdamW(gate.parameters(), lr=LEARNING_RATE, weight_decay=decay)
        best, kept, waited = self._look(gate), copy.deepcopy(gate.state_dict()), 0
        for _ in range(epochs):
            for batch in self.inside[torch.randperm(len(self.inside))].split(BATCH):
                scores = gate(self.said[batch], self.seen[batch], self.relation[batch])
                scores = scores.masked_fill(~self.counted[batch], -torch.inf)
                loss = cross_entropy(scores, self.truth[batch])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            look, waited = self._look(gate), waited + 1
            if look[0] > best[0]:
                best, kept, waited = look, copy.deepcopy(gate.state_dict()), 0
            if waited == PATIENCE:
                break
        gate.load_state_dict(kept)
        return gate, best[1]

    def _look(self, gate: Gate) -> tuple[float, np.ndarray]:
        rows = torch.from_numpy(self.outside)
        with torch.no_grad():
            scores = gate(self.said[rows], self.seen[rows], self.relation[rows]).numpy()
        return float(self.referee.marks(scores, self.outside).mean()), scores


def _say(
    gate: Gate, seen: Seen, table: ScoreTable, of_query: torch.Tensor, rows: slice
) -> torch.Tensor:
    """log p of open candidates, -inf of the others: float32[n, C]."""
    relation = torch.from_numpy(table.block.relation[rows].astype(np.int64))
    open_ = torch.from_numpy(table.block.open[rows])
    with torch.no_grad():
        scores = gate(seen.said(table, rows), of_query[rows], relation)
        return log_softmax(scores.masked_fill(~open_, -torch.inf), dim=1)


def _raw(table: ScoreTable, picks: np.ndarray, informed: bool) -> np.ndarray:
    seen = [table.features, consent(table, picks)]
    if informed:
        seen.append(opinions(table, picks))
    return np.concatenate(seen, axis=1).astype(np.float32)
