"""What a setting does to a target among cases like the one in question, from cases and a graph.

Pearl 2009, "Causality", theorems 3.3.2 and 3.3.4, given what is known besides. As for the back
door: with w no consequences of x and z ∪ w a back-door set,

    P(t | do(x), w) = Σ_z P(t | x, z, w) P(z | w).

The parents of x together with any such w always are one; a smaller z is taken where it will do.

Guarantees: a distribution; consistent where the graph is right and every stratum shows the
setting. Strata of few cases are drawn towards the same stratum whatever w is, those towards all
with the setting, those towards the base rate.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.adjustment import back_door_set, front_door_set, is_back_door
from swarm.reasoning.networks.cases import Cases
from swarm.reasoning.networks.engines.body import towards
from swarm.reasoning.networks.estimate import front_door
from swarm.reasoning.networks.network import UNSEEN
from swarm.reasoning.networks.separation import descendants

Door = Literal["back", "front"]

FEW = 50
"""Cases like the one in question that the front door needs; with fewer it goes by all cases."""


def effect(
    cases: Cases,
    graph: NDArray[np.bool_],
    cause: int,
    state: int,
    target: int,
    facts: NDArray[np.integer],
    shrinkage: float = 1.0,
    door: Door = "back",
) -> NDArray[np.float64]:
    """P(target | do(cause = state), facts that the cause has no part in), about.

    Args:
        cases: what was seen.
        graph: bool[V, V], acyclic, such as a learned one.
        cause, state: what is set.
        target: another variable.
        facts: int[V], −1 where nothing is known; consequences of the cause are left out.
        shrinkage: cases that each prior is worth, > 0.
        door: "front" takes a direct arrow from cause to target for a hidden cause of both, if
            mediators then give the effect away; otherwise the back door is used.

    Returns:
        float64[C]. O(V³ + n · V).
    """
    after = descendants(graph, cause)
    known = np.where(after, UNSEEN, facts)
    known[target] = UNSEEN
    alike = cases.agree(known)
    if not after[target]:
        return towards(cases.frequencies(target, alike), cases.base[target], shrinkage)
    if door == "front" and (mediators := _mediators(graph, cause, target)):
        rows = alike if alike.sum() >= FEW else np.ones_like(alike)
        table = front_door(
            cases.data[rows], cases.cards, cause, target, mediators, shrinkage=shrinkage
        )
        padded = np.zeros(cases.answers)
        padded[: table.shape[1]] = table[state]
        return padded
    stratum = _strata(cases, _adjusted(graph, cause, target, np.flatnonzero(known != UNSEEN)))
    treated = cases.columns[cause] == state
    pooled = towards(cases.frequencies(target, treated), cases.base[target], shrinkage)
    anywhere = _by_stratum(cases, target, stratum, treated)
    likely = towards(anywhere, pooled, shrinkage)
    if (known != UNSEEN).any():
        here = _by_stratum(cases, target, stratum, treated & alike)
        likely = towards(here, likely, shrinkage)
    share = np.bincount(stratum, weights=alike if alike.any() else None, minlength=len(likely))
    averaged: NDArray[np.float64] = share @ likely / share.sum()
    return averaged


def _adjusted(
    graph: NDArray[np.bool_], cause: int, target: int, known: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The smallest set found that is a back-door set together with what is known."""
    chosen = back_door_set(graph, cause, target)
    if chosen is None or not is_back_door(graph, cause, target, [*{*chosen, *known.tolist()}]):
        chosen = tuple(np.flatnonzero(graph[:, cause]).tolist())
    return np.setdiff1d(np.array(chosen, dtype=np.intp), known)


def _mediators(graph: NDArray[np.bool_], cause: int, target: int) -> tuple[int, ...]:
    """A front-door set if cause and target have a hidden cause in common; () if none is found."""
    V = len(graph)
    suspected = np.zeros((V + 1, V + 1), dtype=np.bool_)
    suspected[:V, :V] = graph
    suspected[cause, target] = False
    suspected[V, [cause, target]] = True
    return front_door_set(suspected, cause, target, range(V)) or ()


def _strata(cases: Cases, variables: NDArray[np.intp]) -> NDArray[np.intp]:
    """intp[n]: the number of each case's configuration of some variables; those that occur."""
    number = np.zeros(len(cases), dtype=np.intp)
    for v in variables:
        number = np.unique(number * cases.cards[v] + cases.columns[v], return_inverse=True)[1]
    return number


def _by_stratum(
    cases: Cases, target: int, stratum: NDArray[np.intp], kept: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Outcomes of the cases kept, float64[strata, C]."""
    C, number = cases.answers, int(stratum.max()) + 1
    code = stratum[kept] * C + cases.columns[target][kept]
    return np.bincount(code, minlength=number * C).reshape(number, C).astype(np.float64)
