"""A committee of small neural networks, trained side by side with torch (the extra "neural").

Lakshminarayanan, Pritzel & Blundell 2017, "Simple and scalable predictive uncertainty estimation
using deep ensembles", NeurIPS 30: networks that began differently disagree where examples are
rare. All members are one batch of matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from evolution.search import Floats
from evolution.surrogates.ensemble import Surrogate, SurrogateError


class NeuralEnsemble(Surrogate):
    """The committee of multilayer perceptrons with two hidden layers.

    It runs on one thread: matrices this small gain nothing from more, and results repeat.

    Args:
        hidden: the units of a hidden layer.
        steps: the steps of training, each on all examples.
        members: how many networks, a multiple of 5.
        rate: Adam's learning rate, which falls to nothing by a cosine.
        decay: the weight decay.
    """

    def __init__(
        self,
        *,
        hidden: int = 32,
        steps: int = 300,
        members: int = 10,
        rate: float = 0.01,
        decay: float = 1e-4,
    ) -> None:
        super().__init__(members)
        if hidden < 1 or steps < 1:
            raise SurrogateError(
                f"hidden is {hidden}, steps is {steps}; both at least 1, e.g. 32 and 300"
            )
        _torch()
        self.hidden = hidden
        self.steps = steps
        self.rate = rate
        self.decay = decay

    def _fit(self, X: Floats, y: Floats, weights: Floats, rng: np.random.Generator) -> None:
        torch = _torch()
        with _one_thread():
            self._train(torch, X, y, weights, rng)

    def _train(
        self, torch: Any, X: Floats, y: Floats, weights: Floats, rng: np.random.Generator
    ) -> None:
        sizes = (X.shape[1], self.hidden, self.hidden, 1)
        self._layers = [
            torch.tensor(values, dtype=torch.float32, requires_grad=True)
            for before, after in pairwise(sizes)
            for values in (
                rng.standard_normal((self.members, before, after)) * np.sqrt(1.0 / before),
                np.zeros((self.members, 1, after)),
            )
        ]
        examples, targets = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
        mass = torch.tensor(weights / weights.sum(axis=1, keepdims=True), dtype=torch.float32)
        adam = torch.optim.AdamW(self._layers, lr=self.rate, weight_decay=self.decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, self.steps)
        targets = targets.to(torch.float32)
        for _ in range(self.steps):
            adam.zero_grad()
            # A sum over members: none influences another.
            loss = (mass * (self._forward(examples) - targets) ** 2).sum()
            loss.backward()
            adam.step()
            schedule.step()

    def _predict(self, X: Floats) -> Floats:
        torch = _torch()
        with _one_thread(), torch.no_grad():
            predicted = self._forward(torch.tensor(X, dtype=torch.float32))
        return np.asarray(predicted.numpy(), dtype=np.float64)

    def _forward(self, examples: Any) -> Any:
        """What each member says ``[members, n]``."""
        torch = _torch()
        first, first_bias, second, second_bias, last, last_bias = self._layers
        hidden = torch.nn.functional.silu(examples @ first + first_bias)
        hidden = torch.nn.functional.silu(hidden @ second + second_bias)
        return (hidden @ last + last_bias).squeeze(-1)


@contextmanager
def _one_thread() -> Iterator[None]:
    torch = _torch()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise SurrogateError(
            "NeuralEnsemble needs torch: pip install noosphere[neural]; RidgeEnsemble and "
            "ForestEnsemble do without"
        ) from error
    return torch
