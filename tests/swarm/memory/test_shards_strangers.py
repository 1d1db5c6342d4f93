"""Newcomers that lie where no cluster is."""

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from swarm.memory.shards import Shards
from swarm.memory.vectors import Exact


def made(
    rng: np.random.Generator, capacity: int = 400, index: type[Exact] = Exact
) -> tuple[Shards, NDArray[np.float32]]:
    """Shards of 40 clumps, and 300 newcomers from 15 others."""
    middle = rng.normal(0, 1, (55, 32))
    old = middle[rng.integers(0, 40, 1200)] + rng.normal(0, 0.3, (1200, 32))
    new = middle[rng.integers(40, 55, 300)] + rng.normal(0, 0.3, (300, 32))
    shards = Shards.build(old, rng, shards=8, clusters=40, capacity=capacity, index=index)
    return shards, new.astype(np.float32)


def test_strangers_found_clusters_of_their_own() -> None:
    shards, new = made(np.random.default_rng(1))
    before = shards.placement.size.size
    ids = np.concatenate([shards.add(part) for part in np.array_split(new, 3)])
    assert (shards.placement.cluster[ids] >= before).all()
    assert 15 <= shards.placement.size.size - before <= 18
    assert shards.placement.loads().max() <= 400
    answer = shards.search(new[:100], 10)
    true = shards.search(new[:100], 10, everywhere=True)
    assert np.mean([np.isin(a, b).mean() for a, b in zip(true.ids, answer.ids, strict=True)]) > 0.99
    assert answer.asked.sum(axis=1).mean() < 1.5


def test_those_at_home_found_none() -> None:
    shards, _ = made(np.random.default_rng(2))
    before = shards.placement.size.size
    near = shards.vectors(shards.ids()[::4]) + np.float32(0.02)
    shards.add(near)
    assert shards.placement.size.size == before


def test_scattered_strangers_leave_slots_and_capacity() -> None:
    rng = np.random.default_rng(3)
    shards, _ = made(rng, capacity=170)
    ids = shards.add(rng.normal(0, 30, (120, 32)))  # each a cluster of its own, were there slots
    placement = shards.placement
    assert (placement.cluster[ids] >= 0).all()
    assert placement.loads().max() <= 170
    assert np.bincount(placement.shard).max() <= placement.slots
    assert np.array_equal(shards.search(shards.vectors(ids), 1, everywhere=True).ids[:, 0], ids)


def test_emptied_clusters_are_founded_anew() -> None:
    shards, new = made(np.random.default_rng(4))
    counts = []
    for turn in range(12):
        ids = shards.add(new - 20 * (turn + 1))
        counts.append(shards.placement.size.size)
        assert np.unique(shards.placement.cluster[ids]).size >= 15
        shards.remove(ids)
    assert counts[0] >= 40 + 15
    assert counts[-1] <= counts[0] + 15  # and not 15 more every turn


class Fragile(Exact):
    """An index whose disk may be full."""

    broken = False

    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> NDArray[np.int64]:
        if self.broken:
            raise OSError("the disk is full")
        return super().add(vectors, ids)


def test_a_shard_that_fails_leaves_no_founded_clusters() -> None:
    shards, new = made(np.random.default_rng(5), index=Fragile)
    shards.remove(shards.add(new[:100]))  # some clusters to found anew
    before = shards.placement.state()
    for copies in shards.copies[4:]:
        copies[0].broken = True  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="full"):
        shards.add(new)
    after = shards.placement.state()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    for copies in shards.copies[4:]:
        copies[0].broken = False  # type: ignore[attr-defined]
    shards.add(new)
    assert len(shards) == 1500
