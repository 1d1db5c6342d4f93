"""ComplEx-N3, the baseline that a user would pick instead of evolving anything.

Complex bilinear embeddings (Trouillon et al. 2016) with the nuclear 3-norm as regulariser and
every entity as a candidate (Lacroix et al. 2018, "Canonical Tensor Decomposition for Knowledge
Base Completion", section 4): both directions of every relation, cross-entropy over all
entities, Adagrad. Rank, regularisation and the number of epochs are chosen on the validation
credit of a `Problem`, which holds no test fact.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from swarm.reasoning import Evidence, Problem, ScoreTable

RANKS = (256,)
REGULARISERS = (0.005, 0.01, 0.03, 0.1)
STARTS = ((0.03, 0.03), (0.1, 0.1))
"""Learning rates, each with the standard deviation of the embeddings to begin with."""

EPOCHS = 60
"""Most epochs of a fit."""

PATIENCE = 8
"""Epochs without a gain on validation before a fit is stopped."""

BATCH = 128
THREADS = 1
"""Steps are so small that a second thread gains nothing, and on a busy machine costs 100-fold."""


@dataclass(frozen=True)
class ComplExN3:
    """Embeddings that were learnt, ready to answer.

    Attributes:
        entities: float32[E, 2 * rank], real parts, then imaginary parts.
        relations: float32[D, 2 * rank], both directions.
        valid: mean validation credit of these embeddings.
        note: the settings that were chosen, in words.
        cost: compute units a query; what the analogical engine costs, whose learnt form this is
            (Liu et al. 2017). None where no engine has that name.
        rank, regulariser, start: the settings that were chosen.
    """

    entities: np.ndarray
    relations: np.ndarray
    valid: float
    note: str
    cost: float | None
    rank: int
    regulariser: float
    start: tuple[float, float]

    def __call__(self, table: ScoreTable) -> np.ndarray:
        """Scores float32[Q, C] of the candidates of Q queries, higher is better."""
        block = table.block
        x, r = self.entities[block.source], self.relations[block.relation]
        products = _products(torch.from_numpy(x), torch.from_numpy(r)).numpy()
        scores: np.ndarray = products @ self.entities.T
        if block.candidate is None:
            return scores
        return np.take_along_axis(scores, np.maximum(block.candidate, 0), axis=1)


def learn(
    problem: Problem,
    seed: int = 0,
    ranks: tuple[int, ...] = RANKS,
    regularisers: tuple[float, ...] = REGULARISERS,
    starts: tuple[tuple[float, float], ...] = STARTS,
    epochs: int = EPOCHS,
) -> ComplExN3:
    """Fit every setting on the evidence and keep the one with the best validation credit.

    Args:
        problem: evidence to learn from, tasks and referee to choose by.
        seed: of the embeddings and of the order of the facts.
        ranks: numbers of complex coordinates to try.
        regularisers: weights of the 3-norm to try.
        starts: learning rates to try, each with the spread of the embeddings to begin with.
        epochs: most epochs of one fit, at least 1; it stops early when validation no longer gains.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        settings = itertools.product(ranks, regularisers, starts)
        fits = [_fit(problem, seed, *setting, epochs) for setting in settings]
    finally:
        torch.set_num_threads(before)
    return max(fits, key=lambda fit: fit.valid)


def _fit(
    problem: Problem,
    seed: int,
    rank: int,
    regulariser: float,
    start: tuple[float, float],
    epochs: int,
) -> ComplExN3:
    """One setting; the embeddings of its best look at validation."""
    rate, spread = start
    chance = torch.Generator().manual_seed(seed)
    queries = torch.from_numpy(_queries(problem.evidence))
    entities, relations = (
        torch.nn.Parameter(spread * torch.randn(number, 2 * rank, generator=chance))
        for number in (problem.evidence.entities, problem.evidence.directions)
    )
    optimiser = torch.optim.Adagrad([entities, relations], lr=rate)
    best, waited = None, 0
    for epoch in range(1, epochs + 1):
        for batch in torch.randperm(len(queries), generator=chance).split(BATCH):
            source, relation, answer = queries[batch].T
            x, r, y = entities[source], relations[relation], entities[answer]
            norm = (_norm3(x) + _norm3(r) + _norm3(y)) / len(batch)
            loss = cross_entropy(_products(x, r) @ entities.T, answer) + regulariser * norm
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        note = f"rank {rank}, regularisation {regulariser:g}, rate {rate:g}, {epoch} epochs"
        x, r = (parameter.detach().numpy().copy() for parameter in (entities, relations))
        look = _judged(
            problem, ComplExN3(x, r, 0.0, note, _cost(problem), rank, regulariser, start)
        )
        waited += 1
        if best is None or look.valid > best.valid:
            best, waited = look, 0
        if waited == PATIENCE:
            break
    assert best is not None, "epochs >= 1"
    return best


def _judged(problem: Problem, learnt: ComplExN3) -> ComplExN3:
    """The same with its mean validation credit."""
    return replace(learnt, valid=float(problem.referee.marks(learnt(problem.table)).mean()))


def _cost(problem: Problem) -> float | None:
    names, costs = problem.faculties.names, problem.faculties.costs.tolist()
    return dict(zip(names, costs, strict=False)).get("analogical")


def _queries(evidence: Evidence) -> np.ndarray:
    """int64[2n, 3] rows (source, direction, answer): every fact asked both ways."""
    head, relation, tail = evidence.facts.astype(np.int64).T
    ahead = np.stack([head, relation, tail], axis=1)
    back = np.stack([tail, relation + evidence.relations, head], axis=1)
    return np.concatenate([ahead, back])


def _products(x: torch.Tensor, r: torch.Tensor) -> torch.Tensor:
    """Complex products of rows, real parts then imaginary parts."""
    rank = x.shape[1] // 2
    a, b, c, d = x[:, :rank], x[:, rank:], r[:, :rank], r[:, rank:]
    return torch.cat([a * c - b * d, a * d + b * c], 1)


def _norm3(z: torch.Tensor) -> torch.Tensor:
    """Sum of |z|^3 over complex coordinates."""
    rank = z.shape[1] // 2
    return (z[:, :rank] ** 2 + z[:, rank:] ** 2).pow(1.5).sum()
