"""The referee of the causal domain: how far a stated distribution is from the true one.

A score s of one of k open answers means the probability s / SCALE + 1 / k. So a weighted mean of
scores is a weighted mean of estimates, and an answer that says nothing scores 0 everywhere. What
is below 0 counts as 0, then the estimate is divided by its sum.

The mark is 1 − the mean absolute error over the open answers, in [0, 1].

Guarantees: pruning changes no estimate: what it took is given back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.questions import KINDS
from swarm.reasoning.walk import PRUNED

SCALE = 4.0
"""Score of a whole unit of probability: margins are then about as large as in other domains."""


def scores_of(estimates: NDArray[np.float64], open_: NDArray[np.bool_]) -> NDArray[np.float32]:
    """float32[..., C]: estimates float64[..., C] as scores; 0 where not open."""
    even = 1 / np.maximum(open_.sum(axis=-1, keepdims=True), 1)
    return np.where(open_, SCALE * (estimates - even), 0).astype(np.float32)


def estimates_of(scores: NDArray[np.floating], open_: NDArray[np.bool_]) -> NDArray[np.float64]:
    """float64[n, C]: the distributions that scores float[n, C] stand for; 0 where not open.

    Equal chances where no open answer is left with any.
    """
    given = np.where(open_ & np.isfinite(scores), scores, np.nan).astype(np.float64)
    steps = np.where(given < PRUNED / 2, np.round(given / PRUNED), 0)
    even = open_ / np.maximum(open_.sum(axis=1, keepdims=True), 1)
    meant = np.nan_to_num((given - PRUNED * steps) / SCALE + even)
    meant = np.where(open_, np.maximum(meant, 0), 0)
    total = meant.sum(axis=1, keepdims=True)
    likely: NDArray[np.float64] = np.where(total > 0, meant / np.where(total > 0, total, 1), even)
    return likely


@dataclass(frozen=True)
class DistributionReferee:
    """Who alone knows the true distributions of Q questions.

    Attributes:
        unit: what marks are, in words.
        truth: float64[Q, C].
        open: bool[Q, C], the answers there are.
        kind: int8[Q], places in `KINDS`.
    """

    unit: ClassVar[str] = "1 - mean absolute error"

    truth: NDArray[np.float64]
    open: NDArray[np.bool_]
    kind: NDArray[np.int8]

    def __len__(self) -> int:
        """Q, the number of questions."""
        return len(self.truth)

    def errors(
        self, scores: NDArray[np.floating], queries: NDArray[np.integer] | None = None
    ) -> NDArray[np.float64]:
        """float64[n] in [0, 1]: mean absolute errors of float32[n, C] scores.

        Args:
            scores: row i answers question `queries[i]`; −inf where not open.
            queries: int[n] rows of this referee; all of them in order if left out.
        """
        rows = slice(None) if queries is None else queries
        open_ = self.open[rows]
        off = np.abs(estimates_of(scores, open_) - self.truth[rows])
        mean: NDArray[np.float64] = np.where(open_, off, 0).sum(axis=1) / open_.sum(axis=1)
        return mean

    def marks(
        self, scores: NDArray[np.floating], queries: NDArray[np.integer] | None = None
    ) -> NDArray[np.float64]:
        """float64[n] in [0, 1]: 1 − `errors`."""
        return 1 - self.errors(scores, queries)

    def figures(self, scores: NDArray[np.floating]) -> dict[str, float]:
        """Mean absolute error of scores float32[Q, C] of all questions, then by kind."""
        errors = self.errors(scores)
        found = {"error": float(errors.mean())}
        for kind, name in enumerate(KINDS):
            if (self.kind == kind).any():
                found[name] = float(errors[self.kind == kind].mean())
        return found
