"""What would follow from doing, estimated from cases in which nobody did anything.

Three estimates of P(target | do(treatment)), each for every value of the treatment at once:

- `back_door`: Σ_z P(t | x, z) P(z) (Pearl 2009, theorem 3.3.2).
- `front_door`: Σ_m P(m | x) Σ_x' P(t | m, x') P(x') (Pearl 2009, theorem 3.3.4).
- `weighted`: cases weighted by 1 / P(x | z), normalised (Robins, Hernán & Brumback 2000,
  "Marginal structural models", Epidemiology 11; Hájek's ratio).

Strata of few cases are drawn towards what all strata say together, as by a Dirichlet prior worth
`shrinkage` cases whose mean is the pooled estimate; the pooled one is drawn towards the base rate
in the same way, the base rate towards equal chances.

Guarantees: rows are distributions (no entry below 0, sums of 1); as n → ∞ the shrinkage vanishes
and the estimates are consistent where their criterion holds and every value of the treatment
occurs in every stratum (`overlap` says how far it does).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.reasoning.networks.adjustment import Identification
from swarm.reasoning.networks.counting import (
    DataError,
    columns_of,
    count_pairs,
    number_configurations,
    variables_of,
)

Nodes = Sequence[int]
Estimator = Literal["strata", "weights"]


def effect(
    data: ArrayLike,
    cards: ArrayLike,
    treatment: int,
    target: int,
    identification: Identification,
    *,
    estimator: Estimator = "strata",
    shrinkage: float = 1.0,
) -> NDArray[np.float64] | None:
    """Estimate P(target | do(treatment)) by the formula that `identify` chose.

    Args:
        data: int[n, V], entries 0..cards[v]−1; columns of hidden nodes are not read.
        cards: int[V].
        treatment, target: columns.
        identification: the formula and its nodes.
        estimator: what the back-door formula is computed by.
        shrinkage: cases that each prior is worth, > 0.

    Returns:
        float64[cards[treatment], cards[target]], row x for do(treatment = x); None for an effect
        that is not identified.

    Raises:
        DataError: for data, columns, shrinkage or estimator out of range.
    """
    if estimator not in get_args(Estimator):
        raise DataError(f'the estimator is "strata" or "weights"; got {estimator!r}.')
    asked = (data, cards, treatment, target)
    match identification.formula:
        case "not identified":
            return None
        case "no effect":
            counts = _counts(*asked, (), shrinkage).sum(axis=0)
            return np.tile(_base(counts.sum(axis=0), shrinkage), (len(counts), 1))
        case "front-door":
            return front_door(*asked, identification.nodes, shrinkage=shrinkage)
        case _:
            chosen = back_door if estimator == "strata" else weighted
            return chosen(*asked, identification.nodes, shrinkage=shrinkage)


def conditional(
    data: ArrayLike, cards: ArrayLike, treatment: int, target: int, *, shrinkage: float = 1.0
) -> NDArray[np.float64]:
    """Estimate P(target | treatment): seeing, not doing. As `back_door` with nothing adjusted."""
    counts = _counts(data, cards, treatment, target, (), shrinkage)
    return _pooled(counts.sum(axis=0), shrinkage)


def back_door(
    data: ArrayLike,
    cards: ArrayLike,
    treatment: int,
    target: int,
    adjust: Nodes,
    *,
    shrinkage: float = 1.0,
) -> NDArray[np.float64]:
    """Estimate P(target | do(treatment)) stratum by stratum.

    Args:
        data, cards, treatment, target, shrinkage: as for `effect`.
        adjust: columns of a back-door set; only configurations that occur cost anything.

    Returns:
        float64[cards[treatment], cards[target]].

    Raises:
        DataError: for data, columns or shrinkage out of range. Costs O(n) for each column.
    """
    counts = _counts(data, cards, treatment, target, adjust, shrinkage)
    pooled = _pooled(counts.sum(axis=0), shrinkage)
    strata = (counts + shrinkage * pooled) / (counts.sum(axis=2, keepdims=True) + shrinkage)
    share = counts.sum(axis=(1, 2)) / counts.sum()
    return np.einsum("z,zxt->xt", share, strata)


def front_door(
    data: ArrayLike,
    cards: ArrayLike,
    treatment: int,
    target: int,
    mediators: Nodes,
    *,
    shrinkage: float = 1.0,
) -> NDArray[np.float64]:
    """Estimate P(target | do(treatment)) through the mediators.

    Args, returns, raises: as `back_door`, with the columns of a front-door set.
    """
    counts = _counts(data, cards, treatment, target, mediators, shrinkage)
    treated = counts.sum(axis=(0, 2))  # [x]
    mediated = counts.sum(axis=2)  # [m, x]
    base = mediated.sum(axis=1, keepdims=True) / counts.sum()
    reached = (mediated + shrinkage * base) / (treated + shrinkage)  # P(m | x)
    pooled = _pooled(counts.sum(axis=1), shrinkage)[:, None, :]  # P(t | m)
    answers = (counts + shrinkage * pooled) / (mediated[:, :, None] + shrinkage)
    standard = np.einsum("mxt,x->mt", answers, treated / counts.sum())
    return np.einsum("mx,mt->xt", reached, standard)


def weighted(
    data: ArrayLike,
    cards: ArrayLike,
    treatment: int,
    target: int,
    adjust: Nodes,
    *,
    shrinkage: float = 1.0,
) -> NDArray[np.float64]:
    """Estimate P(target | do(treatment)) by inverse probability of treatment.

    Args, returns, raises: as `back_door`. The shrunk P(x | z) is never 0, so no weight is
    infinite; a value of the treatment that never occurs gets the base rate.
    """
    counts = _counts(data, cards, treatment, target, adjust, shrinkage)
    treated = counts.sum(axis=2)  # [z, x]
    marginal = treated.sum(axis=0) / counts.sum()
    chosen = (treated + shrinkage * marginal) / (treated.sum(axis=1, keepdims=True) + shrinkage)
    weights = np.divide(1.0, chosen, out=np.zeros_like(chosen), where=treated > 0)
    # Weights are scaled to the cases they stand for, so that shrinkage keeps its meaning.
    sums = np.einsum("zx,zxt->xt", weights, counts)
    totals = sums.sum(axis=1, keepdims=True)
    scale = np.divide(treated.sum(axis=0)[:, None], totals, out=np.zeros_like(totals),
                      where=totals > 0)  # fmt: skip
    return _pooled(sums * scale, shrinkage, _base(counts.sum(axis=(0, 1)), shrinkage))


def overlap(
    data: ArrayLike, cards: ArrayLike, treatment: int, adjust: Nodes
) -> NDArray[np.float64]:
    """How far a treatment can be compared: the share of cases whose stratum shows each value.

    Returns:
        float64[cards[treatment]] in [0, 1]; 1 where every stratum has cases with that value.

    Raises:
        DataError: for data or columns out of range.
    """
    sizes = np.asarray(cards)
    counts = _counts(data, sizes, treatment, None, adjust, 1.0).sum(axis=2)
    return counts.sum(axis=1) @ (counts > 0) / counts.sum()


def _pooled(
    counts: NDArray[np.float64], shrinkage: float, base: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """P(t | row) from [rows, t], drawn towards P(t)."""
    rate = _base(counts.sum(axis=0), shrinkage) if base is None else base
    return (counts + shrinkage * rate) / (counts.sum(axis=1, keepdims=True) + shrinkage)


def _base(counts: NDArray[np.float64], shrinkage: float) -> NDArray[np.float64]:
    return (counts + shrinkage / len(counts)) / (counts.sum() + shrinkage)


def _counts(
    data: ArrayLike,
    cards: ArrayLike,
    treatment: int,
    target: int | None,
    strata: Nodes,
    shrinkage: float,
) -> NDArray[np.float64]:
    """Cases in each [stratum that occurs, treatment, target]; one target state when None."""
    if not shrinkage > 0:
        raise DataError(
            f"shrinkage, the cases a prior is worth, must be above 0, such as 1.0; got {shrinkage}."
        )
    table, sizes = np.asarray(data), np.asarray(cards, dtype=np.int64)
    asked = [treatment, *([] if target is None else [target]), *strata]
    if table.ndim == 2:
        variables_of(asked, table.shape[1])
        if sizes.shape != table.shape[1:]:
            columns_of(table, sizes)  # says what is wrong
        table, sizes = table[:, asked], sizes[asked]  # hidden columns are not read
    columns, sizes = columns_of(table, sizes)
    begin = 1 if target is None else 2
    index = np.empty(columns.shape[1], np.int64)
    number = number_configurations(columns, sizes, np.arange(begin, len(sizes)), index)
    answer = np.zeros_like(columns[0]) if target is None else columns[1]
    card = 1 if target is None else sizes[1]
    counts = count_pairs(index, number, columns[0], sizes[0], answer, card)
    return counts.astype(np.float64)
