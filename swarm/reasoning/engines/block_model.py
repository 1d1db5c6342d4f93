"""Kinds of entities, and what relations hold between kinds: a block model of a graph.

Every entity x belongs to K hidden kinds in shares z[x]; between an entity acting as kind k and
one acting as kind l the relation is r with probability b[r, k, l]. So a pair (x, y) that is
known to be related is related by r with probability sum over k, l of z[x, k] b[r, k, l] z[y, l]
(mixed-membership stochastic block model, Airoldi et al. 2008; kinds found from many relations
at once as in the infinite relational model, Kemp et al. 2006). Pairs of which nothing is known
count a little as having no relation. Fitted by expectation maximisation from several fixed
beginnings, whose predictions are averaged: one alone stops at a local optimum.

Guarantee: deterministic; the likelihood with its priors does not fall from round to round.
"""

from __future__ import annotations

import numpy as np

from swarm.reasoning.evidence import Evidence

SPREAD = np.float32(0.1)
"""Pseudo-counts of an entity in each kind."""

BELIEF = np.float32(0.05)
"""Pseudo-counts, by base rates, of the relations between two kinds, times K."""


def block_probability(
    evidence: Evidence, kinds: int, drafts: int, rounds: int = 40, silence: float = 0.1
) -> np.ndarray:
    """Mean probability of r'(x, y) over the drafts: float32[D, E, E].

    Args:
        evidence: what is known.
        kinds: K, number of hidden kinds, at least 1.
        drafts: number of beginnings.
        rounds: of expectation maximisation; each costs O(R * E^2 * K).
        silence: how much a pair of which nothing is known counts as one without relation.
    """
    counts = pair_counts(evidence, silence)
    total = np.zeros((evidence.relations, evidence.entities, evidence.entities), np.float32)
    for draft in range(drafts):
        share, between = beginning(counts, kinds, draft)
        for _ in range(rounds):
            share, between = improved(counts, share, between)
        total += predicted(share, between)[:-1]
    total /= np.float32(drafts)
    return np.concatenate([total, total.transpose(0, 2, 1)])


def pair_counts(evidence: Evidence, silence: float) -> np.ndarray:
    """float32[R + 1, E, E]: 1 for a fact; the last relation is none, `silence` where none is."""
    facts = evidence.cube[: evidence.relations].astype(np.float32)
    none = np.where(facts.any(axis=0), 0, silence).astype(np.float32)
    return np.concatenate([facts, none[None]])


def beginning(counts: np.ndarray, kinds: int, draft: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares float32[E, K] and relations between kinds float32[R + 1, K, K] of a draft.

    The draft number is the seed: an engine must say the same whenever it is compiled.
    """
    rng = np.random.default_rng(draft)
    share = rng.gamma(1.0, 1.0, (counts.shape[1], kinds)) + 0.2
    between = base_rate(counts)[:, None, None] * rng.gamma(5.0, 0.2, (len(counts), kinds, kinds))
    return (
        (share / share.sum(axis=1, keepdims=True)).astype(np.float32),
        (between / between.sum(axis=0)).astype(np.float32),
    )


def base_rate(counts: np.ndarray) -> np.ndarray:
    """float32[R + 1]: share of each relation in all that was counted, never quite 0."""
    total: np.ndarray = counts.sum(axis=(1, 2)) + np.float32(1e-3)
    share: np.ndarray = total / total.sum()
    return share


def improved(
    counts: np.ndarray, share: np.ndarray, between: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One round: what every pair owes to every two kinds, then shares and relations anew."""
    acting = share @ between  # [r, x, l]
    surprise = counts / (acting @ share.T + np.float32(1e-12))
    owed = surprise @ share  # [r, x, l], what the pairs of x ask of kind l at the other end
    from_source = (owed @ between.transpose(0, 2, 1)).sum(axis=0)
    from_answer = (surprise.transpose(0, 2, 1) @ acting).sum(axis=0)
    belief = BELIEF * len(share.T) * base_rate(counts)[:, None, None]
    new_between = between * (share.T @ owed) + belief
    new_share = share * (from_source + from_answer) + SPREAD
    return (
        new_share / new_share.sum(axis=1, keepdims=True),
        new_between / new_between.sum(axis=0),
    )


def predicted(share: np.ndarray, between: np.ndarray) -> np.ndarray:
    """float32[R + 1, E, E]: probability of each relation, none included, for every pair."""
    return share @ between @ share.T
