"""Broadcast down a tree: everybody who hears hands on, once, to its own k others.

The cheapest way of telling everybody, n − 1 messages and log_k n rounds, as long as no message is
lost: with a message everything below it is.
"""

from __future__ import annotations

import numpy as np


def climb(members: int, fanout: int, loss: float, rng: np.random.Generator) -> tuple[int, int, int]:
    """Rounds, messages sent and members reached; member 0 is the root, i's first child k·i + 1.

    Args:
        members: n ≥ 1. fanout: k ≥ 1.
        loss: probability that a message is lost; nobody notices, and nothing is sent again.
        rng: draws which are lost.
    """
    frontier = np.zeros(1, np.int64)
    rounds, messages, reached = 0, 0, 1
    while True:
        children = (fanout * frontier[:, None] + np.arange(1, fanout + 1)).ravel()
        children = children[children < members]
        if not len(children):
            return rounds, messages, reached
        rounds, messages = rounds + 1, messages + len(children)
        frontier = children[rng.random(len(children)) >= loss]
        reached += len(frontier)
