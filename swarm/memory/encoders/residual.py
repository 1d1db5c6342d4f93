"""What a linear map misses: a small network on top of ridge, for encoders that bend.

The network has one hidden layer and predicts what ridge leaves over,

    f(x) = x A + b + σ tanh(z W₁ + b₁) W₂,   z = (x − μ) / s,

and begins at W₂ = 0, that is, at ridge (a residual block in the sense of He, Zhang, Ren & Sun
2016). It is trained by AdamW (Loshchilov & Hutter 2019) on batches, and stopped at the step that
was best on a tenth of the pairs, which are kept out of its gradients (early stopping, Prechelt
1998).

torch (extra `neural`) trains it; applying it takes numpy alone. Equal pairs and an equal generator
give equal weights with one and the same torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from swarm.memory.encoders.adapters import Adapter, Doubles, Ridge, checked_pairs
from swarm.memory.encoders.encoder import EncoderError, whole

_LEAST_PAIRS = 20
_FADE, _FADE_SQUARE, _DECAY = 0.9, 0.999, 1e-4


@dataclass(frozen=True)
class MLPAdapter(Adapter):
    """Ridge plus a hidden layer of tanh.

    >>> adapter = MLPAdapter.fit(old, new, np.random.default_rng(1))

    Attributes:
        weights, intercept: A float64[d_old, d_new] and b float64[d_new] of ridge.
        inner, inner_bias: W₁ float64[d_old, h] and b₁ float64[h], the scaling of z in them.
        outer: σ W₂, float64[h, d_new].
        unit: whether lengths are brought back to one.
    """

    weights: Doubles
    intercept: Doubles
    inner: Doubles
    inner_bias: Doubles
    outer: Doubles
    unit: bool = False

    kind: ClassVar[str] = "mlp"

    def __post_init__(self) -> None:
        Ridge(self.weights, self.intercept)  # checks them
        Ridge(self.inner, self.inner_bias)
        if self.inner.shape[0] != self.weights.shape[0] or self.outer.shape != (
            self.inner.shape[1],
            self.weights.shape[1],
        ):
            raise EncoderError(
                "the layers must fit: weights [d_old, d_new], inner [d_old, h], outer [h, d_new]; "
                f"got {self.weights.shape}, {self.inner.shape} and {self.outer.shape}."
            )

    @property
    def widths(self) -> tuple[int, int]:
        """(d_old, d_new)."""
        return self.weights.shape[0], self.weights.shape[1]

    def predict(self, old: ArrayLike) -> Doubles:
        """What ridge says, and what bends, float64[n, d_new]."""
        X = self._checked(old)
        bent = np.tanh(X @ self.inner + self.inner_bias) @ self.outer
        return X @ self.weights + self.intercept + bent

    def state(self) -> dict[str, Any]:
        """Plain arrays and JSON values, copies; `restored_adapter` reads them."""
        arrays = {
            name: value.copy()
            for name, value in vars(self).items()
            if isinstance(value, np.ndarray)
        }
        return {"kind": self.kind, "unit": self.unit, **arrays}

    @classmethod
    def fit(
        cls,
        old: ArrayLike,
        new: ArrayLike,
        rng: np.random.Generator,
        *,
        hidden: int = 128,
        epochs: int = 60,
        patience: int = 8,
        batch: int = 256,
        rate: float = 3e-3,
    ) -> Self:
        """Fit to n ≥ 20 pairs.

        Args:
            old: float[n, d_old].
            new: float[n, d_new].
            rng: draws the first weights, the order of the batches and the tenth that stops it.
            hidden: h, the width of the hidden layer.
            epochs: how often all pairs are gone through at most.
            patience: epochs without a better one before it stops.
            batch: pairs a step.
            rate: of learning.

        Raises:
            EncoderError: for pairs that are none or too few, or without torch.
        """
        X, Y = checked_pairs(old, new)
        n = X.shape[0]
        if n < _LEAST_PAIRS:
            raise EncoderError(
                f"a network needs {_LEAST_PAIRS} pairs or more; got {n}. Ridge.fit does with two."
            )
        hidden = whole("hidden", hidden, 1, 128)
        kept = rng.permutation(n)
        check, train = kept[: n // 10], kept[n // 10 :]
        base = Ridge.fit(X[train], Y[train])
        mean, scale = X[train].mean(axis=0), float(X[train].std()) or 1.0
        left = Y - base.predict(X)
        spread = float(left[train].std()) or 1.0
        first = rng.normal(0.0, 1.0 / np.sqrt(X.shape[1]), (X.shape[1], hidden))
        inner, bias, outer = _trained(
            (X - mean) / scale,
            left / spread,
            (train, check),
            (first, np.zeros(hidden), np.zeros((hidden, Y.shape[1]))),
            rng,
            {"epochs": epochs, "patience": patience, "batch": batch, "rate": rate},
        )
        inner = inner / scale
        layers = (inner, bias - mean @ inner, spread * outer)
        return cls(base.weights, base.intercept, *layers, unit=base.unit)


def _trained(
    Z: Doubles,
    left: Doubles,
    parts: tuple[Any, Any],
    layers: tuple[Doubles, ...],
    rng: np.random.Generator,
    how: dict[str, Any],
) -> tuple[Doubles, ...]:
    """The layers that were best on the second part, after steps on the first."""
    torch = _torch()
    with _one_thread(torch):
        inputs, targets = (torch.tensor(each, dtype=torch.float32) for each in (Z, left))
        train, check = parts
        weights = [torch.tensor(layer, dtype=torch.float32, requires_grad=True) for layer in layers]
        moments = [(torch.zeros_like(each), torch.zeros_like(each)) for each in weights]

        def missed(rows: Any) -> Any:
            inner, bias, outer = weights
            said = torch.tanh(inputs[rows] @ inner + bias) @ outer
            return ((said - targets[rows]) ** 2).mean()

        with torch.no_grad():
            least = float(missed(check))
        best, waited = [each.detach().clone() for each in weights], 0
        steps = 0
        for _ in range(how["epochs"]):
            order = rng.permutation(train)
            for begin in range(0, order.size, how["batch"]):
                steps += 1
                missed(order[begin : begin + how["batch"]]).backward()
                with torch.no_grad():
                    _step(weights, moments, steps, how["rate"])
            with torch.no_grad():
                now = float(missed(check))
            waited += 1
            if now < least:
                least, waited = now, 0
                best = [each.detach().clone() for each in weights]
            if waited >= how["patience"]:
                break
    return tuple(each.numpy().astype(np.float64) for each in best)


def _step(weights: list[Any], moments: list[tuple[Any, Any]], steps: int, rate: float) -> None:
    """One of AdamW's (algorithm 2), by hand: torch's own loads its compiler, which takes longer."""
    for weight, (mean, square) in zip(weights, moments, strict=True):
        mean.mul_(_FADE).add_(weight.grad, alpha=1 - _FADE)
        square.mul_(_FADE_SQUARE).addcmul_(weight.grad, weight.grad, value=1 - _FADE_SQUARE)
        size = (square / (1 - _FADE_SQUARE**steps)).sqrt_().add_(1e-8)
        weight.mul_(1 - rate * _DECAY)
        weight.addcdiv_(mean, size, value=-rate / (1 - _FADE**steps))
        weight.grad = None


@contextmanager
def _one_thread(torch: Any) -> Iterator[None]:
    """One thread, so that sums have one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _torch() -> Any:
    try:
        import torch
    except ImportError as problem:
        raise EncoderError(
            "MLPAdapter needs torch to train: pip install 'noosphere[neural]'; Ridge and "
            "Procrustes do without."
        ) from problem
    return torch
