"""Exact answers from a network by variable elimination: P(target | evidence, do(forced)).

See `plan` for the method and its sources. Evidence is what is observed in the world in which the
intervention has happened; questions about another world than the observed one are
counterfactual, see `structural`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.network import (
    UNSEEN,
    BayesNetwork,
    NetworkError,
    Setting,
    Settings,
    Variable,
)
from swarm.reasoning.networks.plan import Question, plan_of


def query(
    network: BayesNetwork,
    target: Variable,
    evidence: Setting | None = None,
    do: Setting | None = None,
) -> NDArray[np.float64]:
    """P(target | evidence, do(forced)), exactly.

    Args:
        network: of V variables.
        target: number or name.
        evidence: what is observed after the intervention, such as {"smoke": "yes"}.
        do: what is set by intervention.

    Returns:
        float64[card of target], summing to 1.

    Raises:
        NetworkError: unknown names, a variable both seen and set, or impossible evidence.

    >>> from swarm.reasoning.networks import load_network
    >>> asia = load_network("asia")
    >>> round(float(query(asia, "lung", {"smoke": "yes", "xray": "yes"})[0]), 6)
    0.645991
    """
    seen, forced = checked(network, evidence, do)
    v = network.number(target)
    given = tuple(sorted(seen | forced))
    targets = () if v in seen or v in forced else (v,)
    values = np.array([[(seen | forced)[u] for u in given]], dtype=np.int64)
    plan = plan_of(network, Question(targets, given, tuple(sorted(forced))))
    joint = plan.run(values)[0]
    total = joint.sum()
    if total == 0:
        raise impossible(network, seen, forced)
    if not targets:
        return np.eye(network.cards[v])[(seen | forced)[v]]
    return joint / total


def joint(
    network: BayesNetwork,
    targets: Sequence[Variable],
    evidence: Setting | None = None,
    do: Setting | None = None,
) -> NDArray[np.float64]:
    """P(targets | evidence, do(forced)) as one table, float64[cards of targets...].

    Raises:
        NetworkError: as `query`, or if a target is given twice, seen or set.
    """
    seen, forced = checked(network, evidence, do)
    asked = [network.number(target) for target in targets]
    if len(set(asked)) < len(asked) or not set(asked).isdisjoint(seen | forced):
        raise NetworkError(
            "targets of a joint distribution must differ and be neither seen nor set; got "
            f"{', '.join(network.names[v] for v in asked)}"
        )
    given = tuple(sorted(seen | forced))
    values = np.array([[(seen | forced)[u] for u in given]], dtype=np.int64)
    plan = plan_of(network, Question(tuple(sorted(asked)), given, tuple(sorted(forced))))
    table = plan.run(values)[0]
    if table.sum() == 0:
        raise impossible(network, seen, forced)
    return (table / table.sum()).transpose([sorted(asked).index(v) for v in asked])


def probability(network: BayesNetwork, evidence: Setting, do: Setting | None = None) -> float:
    """P(evidence | do(forced)), exactly; 0 for what is impossible.

    Raises:
        NetworkError: unknown names, or a variable both seen and set.
    """
    seen, forced = checked(network, evidence, do)
    given = tuple(sorted(seen | forced))
    values = np.array([[(seen | forced)[u] for u in given]], dtype=np.int64)
    return float(plan_of(network, Question((), given, tuple(sorted(forced)))).run(values)[0])


def query_all(
    network: BayesNetwork,
    targets: Sequence[Variable] | NDArray,
    evidences: Settings = None,
    dos: Settings = None,
) -> NDArray[np.float64]:
    """P(target | evidence, do(forced)) for Q questions.

    Questions that see and set the same variables share one plan and are answered together.

    Args:
        network: of V variables.
        targets: Q numbers or names.
        evidences: Q mappings, or int[Q, V] with −1 for what is not seen; None for nothing.
        dos: the same for what is set.

    Returns:
        float64[Q, C], C the most states of any variable; 0 beyond a target's own states.

    Raises:
        NetworkError: as `query`; impossible evidence names its row.
    """
    asked = network.targets(targets)
    seen = network.rows(evidences, len(asked))
    forced = network.rows(dos, len(asked))
    both = np.argwhere((seen != UNSEEN) & (forced != UNSEEN))
    if len(both):
        raise _both(network, int(both[0, 1]))
    values = np.where(forced != UNSEEN, forced, seen)
    answers = np.zeros((len(asked), max(network.cards)))
    for rows in _alike(asked, seen, forced):
        first = rows[0]
        v = int(asked[first])
        given = np.flatnonzero(values[first] != UNSEEN)
        targets_left = () if v in given else (v,)
        cut = tuple(np.flatnonzero(forced[first] != UNSEEN).tolist())
        plan = plan_of(network, Question(targets_left, tuple(given.tolist()), cut))
        found = plan.run(values[rows][:, given]).reshape(len(rows), -1)
        totals = found.sum(axis=1, keepdims=True)
        if (totals == 0).any():
            row = int(rows[(totals[:, 0] == 0).argmax()])
            raise impossible(network, _mapping(seen[row]), _mapping(forced[row]), row)
        if targets_left:
            answers[rows, : network.cards[v]] = found / totals
        else:
            answers[rows, values[rows, v]] = 1.0
    return answers


def checked(
    network: BayesNetwork, evidence: Setting | None, do: Setting | None
) -> tuple[dict[int, int], dict[int, int]]:
    """What is seen and what is set, in numbers.

    Raises:
        NetworkError: unknown names, or a variable both seen and set.
    """
    seen, forced = network.numbered(evidence), network.numbered(do)
    for v in seen:
        if v in forced:
            raise _both(network, v)
    return seen, forced


def impossible(
    network: BayesNetwork,
    seen: dict[int, int],
    forced: dict[int, int],
    row: int | None = None,
) -> NetworkError:
    """The error for evidence of probability 0."""
    where = "" if row is None else f"query {row}: "
    said = network.described(seen)
    under = f" under do({network.described(forced)})" if forced else ""
    return NetworkError(
        f"{where}the evidence {said} has probability 0{under}, so nothing follows from it; "
        "observe something that can happen (a row of `network.sample` can)"
    )


def _alike(
    asked: NDArray[np.int64], seen: NDArray[np.int64], forced: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """The rows of the questions of each kind."""
    kinds: dict[bytes, list[int]] = {}
    pattern = np.column_stack((asked, (seen != UNSEEN) + 2 * (forced != UNSEEN)))
    for row, kind in enumerate(pattern):
        kinds.setdefault(kind.tobytes(), []).append(row)
    return [np.array(rows) for rows in kinds.values()]


def _mapping(row: NDArray[np.int64]) -> dict[int, int]:
    return {int(v): int(row[v]) for v in np.flatnonzero(row != UNSEEN)}


def _both(network: BayesNetwork, v: int) -> NetworkError:
    return NetworkError(
        f"{network.names[v]} is both seen and set by intervention; after do() its value is known, "
        "leave it out of the evidence (for evidence from before, ask `counterfactual`)"
    )
