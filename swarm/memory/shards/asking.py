"""Asking one shard under a deadline, with a second copy to turn to.

If a copy has not answered after `hedge_ms`, or fails, the next one is asked too and the first
answer counts (J. Dean and L. Barroso 2013, "The tail at scale", Communications of the ACM 56(2)).

Guarantees: asking never raises for what a shard does; why it did not answer is told. An answer
that is not Q rows of k neighbours is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from swarm.memory.vectors import Neighbours, VectorIndex

# Milliseconds that a copy of a shard takes for a batch. One that is down raises or takes for ever,
# and is known to be down at once; one that is slow is waited for.
Latency = Callable[[int, int], float]


class Reply(NamedTuple):
    """What came back of a shard.

    Attributes:
        found: the neighbours, None if no copy answered in time.
        latency_ms: when the answer was there, or it was clear that none would come: at the
            deadline, or at once where every copy is known to be down.
        reason: why none came, or "".
        tries: copies that were asked.
    """

    found: Neighbours | None
    latency_ms: float
    reason: str
    tries: int


def at_once(shard: int, copy: int) -> float:
    """No latency at all: shards in the same process."""
    return 0.0


def ask(
    shard: int,
    copies: Sequence[VectorIndex],
    queries: NDArray[np.float32],
    k: int,
    latency: Latency = at_once,
    deadline_ms: float = math.inf,
    hedge_ms: float = math.inf,
) -> Reply:
    """Search a shard's copies, one after the other as far as needed.

    Args:
        shard: its number, told to `latency`.
        copies: equal indexes, the preferred one first.
        queries: float32[Q, d].
        k: candidates for each.
        latency: shard and copy to milliseconds; what it raises is that copy's failure.
        deadline_ms: later answers do not count.
        hedge_ms: when the next copy is asked, if there is no answer.
    """
    found: Neighbours | None = None
    done_ms, begin_ms, reason, tries = deadline_ms, 0.0, "", 0
    waited = False
    for copy, index in enumerate(copies):
        answered = found is not None and done_ms <= begin_ms
        if answered or begin_ms > deadline_ms:
            break
        tries += 1
        try:
            end_ms = begin_ms + latency(shard, copy)
            if math.isinf(end_ms):
                reason = f"copy {copy} is down"
                continue
            if not end_ms <= deadline_ms:
                reason = f"copy {copy} is slower than the deadline of {deadline_ms:g} ms"
                waited = True
            elif found is None or end_ms < done_ms:
                found, done_ms = _checked(index.search(queries, k), len(queries), k), end_ms
        except Exception as problem:  # whatever a shard does wrong costs its own part only
            reason = f"copy {copy} failed: {type(problem).__name__}: {problem}"
            continue
        begin_ms += hedge_ms
    if found is not None:
        return Reply(found, done_ms, "", tries)
    late_ms = deadline_ms if waited else min(begin_ms, deadline_ms)
    return Reply(None, late_ms, reason or "it has no copy", tries)


def _checked(found: Neighbours, queries: int, k: int) -> Neighbours:
    """Neighbours int64[Q, k] and float32[Q, k], or an error that says what came instead."""
    ids, distances = np.asarray(found[0], np.int64), np.asarray(found[1], np.float32)
    if ids.shape != (queries, k) or distances.shape != (queries, k) or np.isnan(distances).any():
        raise ValueError(
            f"it should answer with [{queries}, {k}] neighbours; got {ids.shape}, "
            f"{distances.shape}, or distances that are no numbers"
        )
    return Neighbours(ids, distances)
