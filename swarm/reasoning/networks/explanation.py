"""The most probable explanation of what is seen: max-product elimination.

Dechter 1999, "Bucket elimination", sections 5 and 6: over all variables (MPE), or over some with
the rest summed out first (MAP). The k best by splitting what the best one leaves over: Lawler
1972, "A procedure for computing the k best solutions", Management Science 18.

Guarantees: exact; among equally probable explanations one is returned, always the same one.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.elimination import checked, impossible, probability
from swarm.reasoning.networks.network import BayesNetwork, NetworkError, Setting, Variable
from swarm.reasoning.networks.plan import CELLS_MAX, Plan, Question, plan_of

Masks = list[NDArray[np.float64]]


@dataclass(frozen=True)
class Explanation:
    """States for the variables asked for, and how probable they are given the evidence.

    Attributes:
        states: variable number → state number, ascending.
        probability: P(states | evidence, do(forced)).
    """

    states: dict[int, int]
    probability: float


def most_probable(
    network: BayesNetwork,
    evidence: Setting | None = None,
    variables: Iterable[Variable] | None = None,
    do: Setting | None = None,
) -> Explanation:
    """The most probable states of the variables, given the evidence.

    Args:
        network: of V variables.
        evidence: what is observed after the intervention.
        variables: those to explain (MAP); all that are neither seen nor set when None (MPE).
        do: what is set by intervention.

    Raises:
        NetworkError: unknown names, a variable both seen and set, a variable to explain that is
            already known, or impossible evidence.
    """
    return k_most_probable(network, 1, evidence, variables, do)[0]


def k_most_probable(
    network: BayesNetwork,
    k: int,
    evidence: Setting | None = None,
    variables: Iterable[Variable] | None = None,
    do: Setting | None = None,
) -> list[Explanation]:
    """The k most probable explanations, best first; fewer where fewer are possible.

    Args and errors as `most_probable`; and k must be at least 1. Costs about k times the number
    of variables as much.
    """
    if k < 1:
        raise NetworkError(f"k, how many explanations, must be at least 1, such as 3; got {k}")
    seen, forced = checked(network, evidence, do)
    known = seen | forced
    given = tuple(sorted(known))
    asked = _asked(network, variables, known)
    evident = probability(network, seen, forced)
    if evident == 0:
        raise impossible(network, seen, forced)
    plan = plan_of(network, Question((), given, tuple(sorted(forced)), asked, masked=k > 1))
    values = np.array([[known[v] for v in given]], dtype=np.int64)
    if not asked:
        return [Explanation({}, 1.0)]
    best = []
    for row in _best(plan, values, [network.cards[v] for v in asked], k):
        states = dict(zip(asked, row.tolist(), strict=True))
        best.append(Explanation(states, probability(network, seen | states, forced) / evident))
    return best


def _asked(
    network: BayesNetwork, variables: Iterable[Variable] | None, known: dict[int, int]
) -> tuple[int, ...]:
    if variables is None:
        return tuple(v for v in range(len(network)) if v not in known)
    asked = {network.number(variable) for variable in variables}
    if told := sorted(asked & known.keys()):
        raise NetworkError(
            f"{network.names[told[0]]} is seen or set already; ask only for what is not known"
        )
    return tuple(sorted(asked))


def _best(
    plan: Plan, values: NDArray[np.int64], cards: list[int], k: int
) -> list[NDArray[np.int64]]:
    """The k best rows of states, int64[asked]; those of weight 0 left out."""
    if k == 1:
        return [_solved(plan, values, ())[0][0]]
    best: list[NDArray[np.int64]] = []
    # Subproblems by the weight of their best row; the count breaks ties before arrays would.
    waiting: list[tuple[float, int, NDArray[np.int64], Masks]] = []
    masks = [np.ones((1, card)) for card in cards]
    count = 0
    while True:
        states, weights = _solved(plan, values, tuple(masks))
        for i in np.flatnonzero(weights > 0):
            heapq.heappush(waiting, (-weights[i], count, states[i], [m[i] for m in masks]))
            count += 1
        if not waiting:
            return best
        _, _, row, allowed = heapq.heappop(waiting)
        best.append(row)
        if len(best) == k:
            return best
        masks = _rest(row, allowed)


def _rest(row: NDArray[np.int64], allowed: Masks) -> Masks:
    """Split what is allowed, but for `row`: part i agrees with it before variable i and not there.

    The masks float64[parts, card], one for each variable.
    """
    parts = len(row)
    masks = []
    for i, (state, mask) in enumerate(zip(row, allowed, strict=True)):
        split = np.repeat(mask[None], parts, axis=0)
        split[i, state] = 0.0
        split[i + 1 :] = np.eye(len(mask))[state]
        masks.append(split)
    return masks


def _solved(
    plan: Plan, values: NDArray[np.int64], masks: tuple[NDArray[np.float64], ...]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best row of each subproblem, int64[n, asked], and its weight, float64[n]."""
    n = len(masks[0]) if masks else 1
    size = max(1, CELLS_MAX // plan.cells)
    if n > size:
        pieces = [
            _solved(plan, values, tuple(mask[i : i + size] for mask in masks))
            for i in range(0, n, size)
        ]
        return np.concatenate([s for s, _ in pieces]), np.concatenate([w for _, w in pieces])
    choices: dict[int, NDArray[np.int64]] = {}
    weights = plan.product(plan.factors(values, masks, choices))
    asked = plan.question.maximised
    states = np.zeros((n, len(asked)), dtype=np.int64)
    column = {v: i for i, v in enumerate(asked)}
    rows = np.arange(n)
    for step in reversed(plan.steps):
        if step.maximises:
            choice = choices[step.variable]
            others = tuple(states[:, column[u]] for u in step.scope if u != step.variable)
            batch = rows if len(choice) == n else np.zeros_like(rows)
            states[:, column[step.variable]] = choice[(batch, *others)]
    return states, np.broadcast_to(weights, (n,))
