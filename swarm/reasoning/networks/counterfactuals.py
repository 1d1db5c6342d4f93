"""What would have been, had x been done: exact answers on twin networks.

Balke & Pearl 1994, "Probabilistic evaluation of counterfactual queries", AAAI. The factual world
and the other one share their noise; the evidence lies in the first, the question in the second.
This equals abduction (noise given the evidence), action (set x) and prediction (Pearl 2009,
"Causality", theorem 7.1.7), without a list of all noise.

Only descendants of what is set differ between the worlds, so only they are doubled and only their
noise is spelled out; the rest keep their tables (node merging, Shpitser & Pearl 2007, "What
counterfactuals can be tested", UAI).

Guarantees: exact up to rounding; without evidence it equals P(target | do(x)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.elimination import query_all
from swarm.reasoning.networks.network import (
    UNSEEN,
    BayesNetwork,
    Setting,
    Settings,
    Variable,
)
from swarm.reasoning.networks.structural import StructuralModel

TWINS_KEPT = 256


@dataclass(frozen=True)
class Twin:
    """Two worlds in one network.

    Attributes:
        network: the factual variables 0..V−1, then noise, then the other world's variables.
        other: int64[V], each variable's number in the other world; its own where both agree.
    """

    network: BayesNetwork
    other: NDArray[np.int64]


def counterfactual(
    model: StructuralModel,
    target: Variable,
    do: Setting,
    evidence: Setting | None = None,
) -> NDArray[np.float64]:
    """P(target had x been done | evidence), exactly.

    Args:
        model: of V variables.
        target: number or name, in the world where x is done.
        do: x, what would have been set.
        evidence: what was observed in fact, about the same variables too.

    Returns:
        float64[card of target], summing to 1.

    Raises:
        NetworkError: unknown names, or impossible evidence.

    >>> from swarm.reasoning.networks import load_network, monotone_model
    >>> asia = monotone_model(load_network("asia"))
    >>> smoker = {"smoke": "yes", "bronc": "yes"}
    >>> float(counterfactual(asia, "bronc", {"smoke": "no"}, smoker)[0].round(6))
    0.5
    """
    v = model.network.number(target)
    row = counterfactual_all(model, np.array([v]), [do], [evidence])[0]
    return row[: model.network.cards[v]]


def counterfactual_all(
    model: StructuralModel,
    targets: Sequence[Variable] | NDArray,
    dos: Settings,
    evidences: Settings = None,
) -> NDArray[np.float64]:
    """P(target had x been done | evidence) for Q questions.

    Questions that set the same variables share one twin network.

    Args:
        model: of V variables.
        targets: Q numbers or names.
        dos: Q mappings, or int[Q, V] with −1 for what is not set.
        evidences: the same for what was seen in fact; None for nothing.

    Returns:
        float64[Q, C], C the most states of any variable; 0 beyond a target's own states.

    Raises:
        NetworkError: as `counterfactual`; impossible evidence names a query of its kind.
    """
    network = model.network
    asked = network.targets(targets)
    forced, seen = network.rows(dos, len(asked)), network.rows(evidences, len(asked))
    answers = np.zeros((len(asked), max(network.cards)))
    kinds, kind = np.unique(forced != UNSEEN, axis=0, return_inverse=True)
    for number, changed in enumerate(kinds):
        rows = np.flatnonzero(kind.ravel() == number)
        twin = twin_network(model, tuple(np.flatnonzero(changed).tolist()))
        facts = np.full((len(rows), len(twin.network)), UNSEEN)
        facts[:, : len(network)] = seen[rows]
        actions = np.full_like(facts, UNSEEN)
        actions[:, twin.other[changed]] = forced[rows][:, changed]
        found = query_all(twin.network, twin.other[asked[rows]], facts, actions)
        answers[rows] = found[:, : answers.shape[1]]
    return answers


@lru_cache(maxsize=TWINS_KEPT)
def twin_network(model: StructuralModel, forced: tuple[int, ...]) -> Twin:
    """Join the factual world and one in which the variables in `forced` are set.

    What is set stands in the other world as a root of its own, for an intervention to fix.
    """
    network, V = model.network, len(model)
    other = np.arange(V)
    names, states = list(model.names), list(model.states)
    parents, tables = list(model.parents), list(network.tables)

    def add(name: str, labels: tuple[str, ...], above: tuple[int, ...], table: NDArray) -> int:
        while name in names:
            name += "'"
        names.append(name)
        states.append(labels)
        parents.append(above)
        tables.append(table)
        return len(names) - 1

    for v in network.order:
        card = network.cards[v]
        if v in forced:
            other[v] = add(f"{names[v]}*", states[v], (), np.full(card, 1 / card))
        elif any(other[parent] != parent for parent in parents[v]):
            chances = model.chances[v]
            labels = tuple(map(str, range(len(chances))))
            noise = add(f"noise of {names[v]}", labels, (), chances)
            made = np.eye(card)[model.functions[v]]
            above = tuple(int(other[parent]) for parent in model.parents[v])
            other[v] = add(f"{names[v]}*", states[v], (*above, noise), made)
            parents[v], tables[v] = (*model.parents[v], noise), made
    return Twin(BayesNetwork(tuple(names), tuple(states), tuple(parents), tuple(tables)), other)
