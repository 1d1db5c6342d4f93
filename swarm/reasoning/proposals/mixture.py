"""Mixtures: proposals of several types drawn so that every type gets its share.

Types are dealt by Tijdeman's algorithm for the chairman assignment problem (1980): with k types,
after every draw, not only after the last, each type has been drawn its share of the times within
1 - 1 / (2k - 2), the best bound there is. Answers are drawn from the slate of their type without
replacement by perturbing log probabilities with Gumbel noise (Yellott 1977; Kool et al. 2019);
at temperature zero the best come first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from swarm.reasoning.proposals.slates import TYPES, ProposalError


@dataclass(frozen=True)
class Proposals:
    """n proposals as columns, in the order they were drawn.

    Attributes:
        query: int64[n], row of the score table.
        kind: int64[n], index into `types`.
        answer: int64[n].
        types: names of the types.
    """

    query: np.ndarray
    kind: np.ndarray
    answer: np.ndarray
    types: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.query)

    @property
    def shares(self) -> dict[str, float]:
        """The share of each type among what was drawn."""
        count = np.bincount(self.kind, minlength=len(self.types)) / max(len(self), 1)
        return dict(zip(self.types, count.tolist(), strict=True))


def shares_of(asked: Mapping[str, float], types: tuple[str, ...] = TYPES) -> np.ndarray:
    """float64[T] of shares that sum to 1, in the order of `types`; types not named get none.

    Raises:
        ProposalError: unknown or unavailable type, a negative share, or a sum that is not 1.
    """
    if strange := [name for name in asked if name not in types]:
        why = "cannot be proposed without evidence" if strange[0] in TYPES else "is no type"
        raise ProposalError(
            f"{strange[0]!r} {why}; shares may be given to {', '.join(types)}, "
            "such as {'synthesis': 0.7, 'contrarian': 0.3}"
        )
    shares = np.array([float(asked.get(name, 0)) for name in types])
    if not (shares >= 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise ProposalError(
            f"shares {dict(asked)} must be at least 0 and sum to 1, not to {shares.sum():g}; "
            "such as {'synthesis': 0.7, 'contrarian': 0.3}"
        )
    return shares / shares.sum()


def deal(shares: np.ndarray, number: int) -> np.ndarray:
    """Types int64[number], every prefix of which keeps to the shares float64[T] within 1.

    Deterministic; O(number x T).
    """
    able = np.flatnonzero(shares > 0)
    if len(able) == 1:
        return np.full(number, able[0])
    share = shares[able]
    slack = 1 - 1 / (2 * len(able) - 2) if len(able) > 2 else 0.5
    owed = np.zeros(len(able))
    dealt = np.empty(number, np.int64)
    for i in range(number):
        owed += share
        # Those that may be drawn without getting ahead; of them the one whose time runs out first.
        due = np.where(owed >= 1 - slack - 1e-9, (slack - owed) / share, np.inf)
        chosen = int(due.argmin())
        owed[chosen] -= 1
        dealt[i] = able[chosen]
    return dealt


def draw(
    slates: np.ndarray,
    types: tuple[str, ...],
    shares: np.ndarray,
    number: int,
    temperature: float,
    rng: np.random.Generator,
) -> Proposals:
    """Draw `number` proposals for each of Q queries.

    Within a query a type never proposes the same answer twice, as long as answers are left;
    different types may propose the same. Queries come in an order drawn by chance, so that no
    query is always the one that gets the rare type.

    Args:
        slates: float32[Q, T, C], log probabilities; -inf is never drawn.
        types: T names.
        shares: float64[T], summing to 1.
        number: proposals a query.
        temperature: >= 0; 0 takes the best, 1 draws as the slates say.
        rng: where chance comes from.

    Raises:
        ProposalError: a negative temperature or number, or a query with nothing to propose.
    """
    if temperature < 0 or number < 0:
        raise ProposalError(
            f"temperature {temperature} and number {number} must be at least 0; "
            "such as temperature 0.5 and 8 proposals"
        )
    queries = len(slates)
    choices = np.isfinite(slates[:, 0]).sum(axis=1) if queries else np.zeros(0, int)
    if number and queries and not choices.all():
        raise ProposalError(
            f"query {int(np.flatnonzero(choices == 0)[0])} has no open candidate to propose"
        )
    kind = deal(shares, queries * number).reshape(queries, number)[rng.permutation(queries)]
    # The i-th proposal of a type is the i-th of its candidates in perturbed order.
    turn = np.zeros_like(kind)
    for i in range(1, number):
        turn[:, i] = (kind[:, :i] == kind[:, i : i + 1]).sum(axis=1)
    turn %= np.maximum(choices, 1)[:, None]
    noise = rng.gumbel(size=slates.shape).astype(np.float32) * np.float32(temperature)
    ranked = np.argsort(-(slates + noise), axis=2, kind="stable")
    query = np.repeat(np.arange(queries), number)
    answer = ranked[query, kind.ravel(), turn.ravel()]
    return Proposals(query, kind.ravel(), answer, types)


def apportion(shares: np.ndarray, number: int) -> np.ndarray:
    """Whole numbers int64[T] that sum to `number`, by largest remainder (Hamilton's method)."""
    exact = shares * number
    whole = np.floor(exact + 1e-9).astype(np.int64)
    short = number - int(whole.sum())
    whole[np.argsort(-(exact - whole), kind="stable")[:short]] += 1
    return whole
