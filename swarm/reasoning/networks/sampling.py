"""Likelihood weighting: approximate answers whose price is chosen, in draws.

Fung & Chang 1990, "Weighing and integrating evidence for stochastic simulation in Bayesian
networks"; Shachter & Peot 1990. Parents before children, what is seen is not drawn but weighted
by its probability, what is set is neither: no draw is rejected.

Guarantees: equal generators give equal answers; the error shrinks with the square root of the
draws, and grows with how unlikely the evidence is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.elimination import checked
from swarm.reasoning.networks.network import BayesNetwork, NetworkError, Setting, Variable
from swarm.reasoning.networks.plan import ancestors


def likelihood_weighting(
    network: BayesNetwork,
    target: Variable,
    evidence: Setting | None,
    draws: int,
    rng: np.random.Generator,
    do: Setting | None = None,
) -> NDArray[np.float64]:
    """P(target | evidence, do(forced)), about.

    Args:
        network: of V variables.
        target: number or name.
        evidence: what is observed after the intervention.
        draws: how many weighted samples, ≥ 1.
        rng: draws one uniform number for each sample of each ancestor neither seen nor set.
        do: what is set by intervention.

    Returns:
        float64[card of target], summing to 1; uniform where no draw agreed with the evidence.

    Raises:
        NetworkError: unknown names, a variable both seen and set, or no draws.
    """
    v = network.number(target)
    states, weights = _draws(network, evidence, draws, rng, do, (v,))
    card = network.cards[v]
    counted = np.bincount(states[v], weights=weights, minlength=card)
    total = counted.sum()
    return counted / total if total > 0 else np.full(card, 1 / card)


def weighted_samples(
    network: BayesNetwork,
    evidence: Setting | None,
    draws: int,
    rng: np.random.Generator,
    do: Setting | None = None,
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """Rows of all variables and their weights: int16[draws, V] and float64[draws].

    A weighted mean over the rows estimates any expectation given the evidence; the mean weight
    estimates the probability of the evidence.

    Raises:
        NetworkError: unknown names, a variable both seen and set, or no draws.
    """
    states, weights = _draws(network, evidence, draws, rng, do, range(len(network)))
    return np.ascontiguousarray(states.T), weights


def _draws(
    network: BayesNetwork,
    evidence: Setting | None,
    draws: int,
    rng: np.random.Generator,
    do: Setting | None,
    wanted: range | tuple[int, ...],
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """States int16[V, draws] of what is wanted and all that bears on it, and the weights."""
    if draws < 1:
        raise NetworkError(f"draws must be at least 1, such as 1000; got {draws}")
    seen, forced = checked(network, evidence, do)
    matters = ancestors(network, (*wanted, *seen), forced)
    states = np.zeros((len(network), draws), dtype=np.int16)
    weights = np.ones(draws)
    for v in network.order:
        if v in forced:
            states[v] = forced[v]
        elif v in seen:
            states[v] = seen[v]
            likelihoods = network.tables[v].reshape(-1, network.cards[v])[:, seen[v]]
            weights *= likelihoods[network.configurations(v, states)]
        elif v in matters:
            states[v] = network.states_at(v, states, rng.random(draws))
    return states, weights
