"""Hidden kinds: blocks of entities that stand in the same relations to the same blocks.

A stochastic block model of all relations at once (Nowicki & Snijders 2001; for many relations
the infinite relational model of Kemp et al. 2006, here with a fixed number of blocks): whether
r'(x, y) holds depends on the blocks of x and y alone. Blocks start from k-means on the leading
singular vectors of the relational profiles, and each entity then moves to the block that makes
its facts likeliest, all at once, until nobody moves (classification EM, Celeux & Govaert 1992).

A body and a head that go with the same pair of blocks have a common cause that no fact names:
the block is a stand-in for it. Deterministic for a seed.
"""

from __future__ import annotations

import warnings

import numpy as np

from swarm.reasoning.evidence import Evidence

MOVES = 20
"""Most rounds of moves; they mostly end by themselves after five to ten."""


def blocks_of(evidence: Evidence, blocks: int, seed: int) -> np.ndarray:
    """int64[E] in [0, blocks): the block of every entity.

    Args:
        evidence: the facts; every other pair counts as a non-fact.
        blocks: how many blocks there may be, at least 1. Some may stay empty.
        seed: of the k-means start; other seeds give other, about as likely, blocks.

    O(moves * D * E^2 * blocks) in matrix products.
    """
    facts = evidence.cube.astype(np.float32)
    base = facts.mean(axis=(1, 2)).clip(1e-4, 0.5)[:, None, None]
    block = _start(evidence, blocks, seed)
    for _ in range(MOVES):
        member = np.eye(blocks, dtype=np.float32)[block]
        size = member.sum(axis=0)
        links = facts @ member  # [D, E, blocks]: facts of x with each block
        between = member.T @ links
        rate = (between + base) / (np.outer(size, size) + 1)
        gain = (np.log(rate) - np.log1p(-rate)).transpose(0, 2, 1)
        fit = (links @ gain).sum(axis=0) + (np.log1p(-rate) @ size).sum(axis=0)
        moved = fit.argmax(axis=1)
        if np.array_equal(moved, block):
            break
        block = moved
    return block


def _start(evidence: Evidence, blocks: int, seed: int) -> np.ndarray:
    """int64[E]: k-means on the profiles' leading singular vectors."""
    cube, D, E = evidence.cube, evidence.directions, evidence.entities
    profile = cube.transpose(1, 0, 2).reshape(E, D * E).astype(np.float32)
    profile *= np.log(E / np.maximum(profile.sum(axis=0), 1))
    profile /= np.linalg.norm(profile, axis=1, keepdims=True) + np.float32(1e-9)
    left, strength, _ = np.linalg.svd((profile @ profile.T).astype(float))
    points = left[:, :blocks] * np.sqrt(strength[:blocks])
    number = min(blocks, len(np.unique(points.round(9), axis=0)))
    if number == 1:
        return np.zeros(E, np.int64)
    return k_means(points, number, seed)


def k_means(points: np.ndarray, number: int, seed: int) -> np.ndarray:
    """int64[E] in [0, number): clusters of float[E, n] points; some may stay empty, unremarked."""
    from scipy.cluster.vq import kmeans2

    chance = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "One of the clusters is empty")
        found = kmeans2(points, number, minit="++", rng=chance, missing="warn")[1]
    return np.asarray(found, np.int64)
