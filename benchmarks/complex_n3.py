"""ComplEx-N3, the baseline that a user would pick instead of evolving anything.

Complex bilinear embeddings (Trouillon et al. 2016) with the nuclear 3-norm as regulariser and
every entity as a candidate (Lacroix et al. 2018, "Canonical Tensor Decomposition for Knowledge
Base Completion", section 4): both directions of every relation, cross-entropy over all
entities, Adagrad. Rank, regularisation and the number of epochs are chosen on the validation
credit of a `Problem`, which holds no test fact.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from swarm.reasoning import Block, Evidence, Problem

RANKS = (128, 256)
REGULARISERS = (0.05, 0.1, 0.2)
EPOCHS = 100
"""Most epochs of a fit."""

PATIENCE = 4
"""Looks at validation without a gain before a fit is stopped."""

EPOCHS_A_LOOK = 5
BATCH = 128
LEARNING_RATE = 0.1
SPREAD = 0.1
"""Standard deviation of the embeddings to begin with."""

THREADS = 2


@dataclass(frozen=True)
class ComplExN3:
    """Embeddings that were learnt, ready to answer.

    Attributes:
        entities: float32[E, 2 * rank], real parts, then imaginary parts.
        relations: float32[D, 2 * rank], both directions.
        valid: mean validation credit of these embeddings.
        note: the settings that were chosen, in words.
    """

    entities: np.ndarray
    relations: np.ndarray
    valid: float
    note: str

    def __call__(self, block: Block) -> np.ndarray:
        """Scores float32[Q, E] of every candidate of Q queries, higher is better."""
        return _products(self.entities[block.source], self.relations[block.relation]) @ (
            self.entities.T
        )


def learn(
    problem: Problem,
    seed: int = 0,
    ranks: tuple[int, ...] = RANKS,
    regularisers: tuple[float, ...] = REGULARISERS,
    epochs: int = EPOCHS,
) -> ComplExN3:
    """Fit every setting on the evidence and keep the one with the best validation credit.

    Args:
        problem: evidence to learn from, tasks and referee to choose by.
        seed: of the embeddings and of the order of the facts.
        ranks: numbers of complex coordinates to try.
        regularisers: weights of the 3-norm to try.
        epochs: most epochs of one fit; it stops early when validation no longer gains.
    """
    torch.set_num_threads(THREADS)
    fits = [
        _fit(problem, seed, rank, regulariser, epochs)
        for rank, regulariser in itertools.product(ranks, regularisers)
    ]
    return max(fits, key=lambda fit: fit.valid)


def _fit(problem: Problem, seed: int, rank: int, regulariser: float, epochs: int) -> ComplExN3:
    """One setting; the embeddings of its best look at validation."""
    chance = torch.Generator().manual_seed(seed)
    queries = torch.from_numpy(_queries(problem.evidence))
    entities, relations = (
        torch.nn.Parameter(SPREAD * torch.randn(number, 2 * rank, generator=chance))
        for number in (problem.evidence.entities, problem.evidence.directions)
    )
    optimiser = torch.optim.Adagrad([entities, relations], lr=LEARNING_RATE)
    best, waited = None, 0
    for epoch in range(1, epochs + 1):
        for batch in torch.randperm(len(queries), generator=chance).split(BATCH):
            source, relation, answer = queries[batch].T
            x, r, y = entities[source], relations[relation], entities[answer]
            norm = sum(_norm3(z) for z in (x, r, y)) / len(batch)
            loss = cross_entropy(_products(x, r) @ entities.T, answer) + regulariser * norm
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if epoch % EPOCHS_A_LOOK and epoch < epochs:
            continue
        look = ComplExN3(
            entities.detach().numpy().copy(),
            relations.detach().numpy().copy(),
            0.0,
            f"rank {rank}, regularisation {regulariser:g}, {epoch} epochs",
        )
        ranks_ = problem.referee.ranks(look(problem.table.block))
        credit = float(problem.referee.credit(ranks_).mean())
        waited += 1
        if best is None or credit > best.valid:
            best, waited = ComplExN3(look.entities, look.relations, credit, look.note), 0
        if waited == PATIENCE:
            break
    assert best is not None, "epochs >= 1"
    return best


def _queries(evidence: Evidence) -> np.ndarray:
    """int64[2n, 3] rows (source, direction, answer): every fact asked both ways."""
    head, relation, tail = evidence.facts.astype(np.int64).T
    ahead = np.stack([head, relation, tail], axis=1)
    back = np.stack([tail, relation + evidence.relations, head], axis=1)
    return np.concatenate([ahead, back])


def _products(x, r):  # type: ignore[no-untyped-def]
    """Complex products of rows, real parts then imaginary parts; numpy or torch alike."""
    rank = x.shape[1] // 2
    a, b, c, d = x[:, :rank], x[:, rank:], r[:, :rank], r[:, rank:]
    join = torch.cat if isinstance(x, torch.Tensor) else np.concatenate
    return join([a * c - b * d, a * d + b * c], 1)


def _norm3(z: torch.Tensor) -> torch.Tensor:
    """Sum of |z|^3 over complex coordinates."""
    rank = z.shape[1] // 2
    return (z[:, :rank] ** 2 + z[:, rank:] ** 2).pow(1.5).sum()
