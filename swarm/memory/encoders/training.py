"""Which adapter: the simplest that is not beaten on pairs it has not seen.

Ridge comes first; Procrustes and the network take its place only if, on pairs held out from all
training, they are nearer by more than chance: the mean difference of the squared errors, pair by
pair, exceeds two standard errors of itself. So the network is not taken where a linear map does.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.encoders.adapters import Adapter, Procrustes, Ridge, checked_pairs
from swarm.memory.encoders.encoder import EncoderError
from swarm.memory.encoders.residual import MLPAdapter
from swarm.memory.vectors.exact import Exact

# What a saved adapter may be, by kind.
ADAPTERS: dict[str, type[Adapter]] = {each.kind: each for each in (Ridge, Procrustes, MLPAdapter)}
_LEAST_PAIRS = 10
_LEAST_FOR_NETWORK = 200
_RECALL_MOST = 1_000


class Training(NamedTuple):
    """An adapter, and what was measured of it and of those it was chosen from.

    Attributes:
        adapter: the one chosen; it has not seen the pairs held out.
        errors: kind to the squared error of what it predicts for the held-out pairs, as a share of
            the squared distance of the new vectors to the mean: 0 is perfect, 1 no better than
            the mean. They were looked at to choose, so that the least is a little hopeful.
        recall: of the ten nearest by the new vectors among the held-out pairs, a thousand at most,
            the share that a store of only these would find just after the replacement: "old"
            without an adapter, "adapted" with this one. It compares the two and foretells neither:
            among so few, the ten nearest are far apart and easily told; in a store of many more
            both find fewer, and more so the one that blurs what is nearly alike.
        trained: pairs that were trained on.
        held_out: pairs that were held out.
    """

    adapter: Adapter
    errors: dict[str, float]
    recall: dict[str, float]
    trained: int
    held_out: int


def train_adapter(
    old: ArrayLike,
    new: ArrayLike,
    rng: np.random.Generator,
    *,
    held_out: float = 0.2,
    network: bool | None = None,
) -> Training:
    """Learn to turn old vectors into new ones, from pairs.

    >>> training = train_adapter(*store.pairs(new, 2_000, rng), rng)
    >>> training.adapter.kind, training.errors
    ('ridge', {'ridge': 0.021, 'procrustes': 0.087, 'mlp': 0.021})

    Args:
        old: float[n, d_old], n ≥ 10.
        new: float[n, d_new], the same items row by row.
        rng: draws the pairs held out, and what the network needs.
        held_out: their share, between 0 and 1; two pairs at least.
        network: whether the network is tried; by default where torch is installed and 200 pairs
            or more are there to train on.

    Raises:
        EncoderError: for too few pairs or a share out of range, or without torch where `network`
            is True.
    """
    X, Y = checked_pairs(old, new)
    n = X.shape[0]
    if n < _LEAST_PAIRS or not 0.0 < held_out < 1.0:
        raise EncoderError(
            f"training needs {_LEAST_PAIRS} pairs or more and a share held out between 0 and 1, "
            f"such as 0.2; got {n} pairs and {held_out}."
        )
    order = rng.permutation(n)
    size = min(max(2, round(held_out * n)), n - 2)
    test, train = order[:size], order[size:]
    if network is None:
        network = train.size >= _LEAST_FOR_NETWORK and find_spec("torch") is not None
    candidates: list[Adapter] = [
        Ridge.fit(X[train], Y[train]),
        Procrustes.fit(X[train], Y[train]),
    ]
    if network:
        candidates.append(MLPAdapter.fit(X[train], Y[train], rng))
    missed = [((each.predict(X[test]) - Y[test]) ** 2).sum(axis=1) for each in candidates]
    chosen = 0
    for other in range(1, len(candidates)):
        if _clearly_less(missed[other], missed[chosen]):
            chosen = other
    spread = float(((Y[test] - Y[train].mean(axis=0)) ** 2).sum()) or 1.0
    errors = {
        each.kind: float(lost.sum()) / spread for each, lost in zip(candidates, missed, strict=True)
    }
    best = candidates[chosen]
    some = test[:_RECALL_MOST]
    recall = {
        "old": _recall(X[some], X[some], Y[some]),
        "adapted": _recall((best.apply(X[some]) + Y[some]) / 2, best.apply(X[some]), Y[some]),
    }
    return Training(best, errors, recall, train.size, test.size)


def restored_adapter(state: Mapping[str, Any]) -> Adapter:
    """Read an adapter back from its `state()`.

    Raises:
        EncoderError: for a state that is of no adapter.
    """
    fields = {name: value for name, value in state.items() if name != "kind"}
    arrays = {
        name: value if isinstance(value, int | float) else np.array(value, np.float64)
        for name, value in fields.items()
    }
    try:
        return ADAPTERS[state["kind"]](**arrays)
    except (KeyError, TypeError) as problem:
        raise EncoderError(
            f"a saved adapter is of kind {', '.join(ADAPTERS)} and has what its state() gave; got "
            f"kind {state.get('kind')!r} with {sorted(fields)}."
        ) from problem


def _recall(
    asked: NDArray[np.float64], held: NDArray[Any], true: NDArray[np.float64], k: int = 10
) -> float:
    """The share of the k truly nearest others that are found, row by row."""
    k = min(k, len(true) - 1)
    answers = []
    for queries, vectors in ((asked, held), (true, true)):
        index = Exact(vectors.shape[1])
        index.add(vectors)
        answers.append(_without_itself(index.search(queries, k + 1).ids, k))
    hits = (answers[0][:, :, None] == answers[1][:, None, :]).sum()
    return float(hits) / (len(true) * k)


def _without_itself(ids: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """The first k of each row that are not the row's own number, int64[n, k]."""
    own = ids == np.arange(len(ids))[:, None]
    order = np.argsort(own, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(ids, order, axis=1)


def _clearly_less(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> bool:
    gained = theirs - ours
    return bool(gained.mean() > 2.0 * gained.std(ddof=1) / np.sqrt(gained.size))
