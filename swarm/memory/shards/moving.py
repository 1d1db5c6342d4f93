"""A cluster moves from one shard to another in three steps, and may be interrupted after any.

COPY puts the vectors on the new shard, SWITCH makes it their home, DELETE removes them from the
old one. Every vector is on its home shard before, between and after the steps; both shards
announce the cluster from SWITCH until DELETE, so that a table that has heard only one of them
still finds it; and an answer counts an id once, however many shards name it.

Guarantees: each step may be begun again after it failed halfway (it does what is left to do), so
a move that was written down can always be finished; vectors added to the cluster or removed from
it meanwhile are where they belong when it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from swarm.memory.shards.placement import Placement
from swarm.memory.vectors import VectorIndex

COPY, SWITCH, DELETE, DONE = 0, 1, 2, 3


class Move(NamedTuple):
    """A cluster's way from shard `source` to `target`; `step` is what is to be done next."""

    cluster: int
    source: int
    target: int
    step: int = COPY


def advance(
    move: Move, placement: Placement, copies: Sequence[Sequence[VectorIndex]]
) -> tuple[Move, int]:
    """Take a move's next step.

    Args:
        move: which, and where it stands.
        placement: written by SWITCH.
        copies: the indexes of each shard, equal among themselves; written by COPY and DELETE.

    Returns:
        The move as it stands then, and the vectors that were copied, in all copies.
    """
    copied = 0
    ids = placement.members(move.cluster)
    if move.step in (COPY, SWITCH):  # SWITCH takes along what was added since
        for index in copies[move.target]:
            absent = np.setdiff1d(ids, index.ids(), assume_unique=True)
            if absent.size:
                index.add(copies[move.source][0].vectors(absent), absent)
                copied += absent.size
    if move.step == SWITCH:
        placement.switch(move.cluster, move.target)
    if move.step == DELETE:
        for index in copies[move.source]:
            present = np.intersect1d(ids, index.ids(), assume_unique=True)
            if present.size:
                index.remove(present)
    return move._replace(step=move.step + 1), copied
