"""Routing when the data are no longer those that the shards were built for."""

import numpy as np
import pytest
from numpy.typing import NDArray

from swarm.memory.shards import Shards
from swarm.memory.vectors import Neighbours

Floats = NDArray[np.float32]


def recall(found: Neighbours, true: Neighbours) -> float:
    hits = [np.isin(a, b).mean() for a, b in zip(found.ids, true.ids, strict=True)]
    return float(np.mean(hits))


@pytest.mark.parametrize(
    ("scale", "shift"),
    [(0.2, 6.0), (4.0, 0.0), pytest.param(1.0, 0.0, marks=pytest.mark.slow)],
)
def test_recall_is_kept_when_the_data_drift(scale: float, shift: float) -> None:
    # Newcomers: one far spot, spots that lie wide apart, and spots between those that were there.
    rng = np.random.default_rng(6)
    old, new = rng.normal(0, 1, (30, 8)), rng.normal(0, scale, (15, 8)) + shift

    def drawn(centres: NDArray[np.float64], n: int) -> Floats:
        points = centres[rng.integers(0, len(centres), n)] + rng.normal(0, 0.35, (n, 8))
        return points.astype(np.float32)

    made = Shards.build(drawn(old, 1200), rng, shards=8)
    asked = np.concatenate((drawn(old, 60), drawn(new, 60)))

    def kept() -> None:
        true = made.search(asked, 10, everywhere=True).neighbours
        routed = made.search(asked, 10)
        for part in (slice(0, 60), slice(60, 120)):
            found = Neighbours(routed.ids[part], routed.distances[part])
            wanted = Neighbours(true.ids[part], true.distances[part])
            assert recall(found, wanted) >= 0.95
        assert routed.asked.sum(axis=1).mean() < 5

    for _ in range(3):
        made.add(drawn(new, 240))
    kept()
    made.rebalance(rng, bytes_max=1e9)
    for _ in range(len(made.moves) * 3 // 2):
        made.step()
    kept()
    made.settle()
    kept()
    made.remove(rng.permutation(1200)[:1080])
    kept()


def test_a_stale_table_routes_worse_and_never_wrong() -> None:
    world = np.random.default_rng(7)
    middle = world.normal(0, 1, (24, 8))
    points = middle[world.integers(0, 24, 1920)] + world.normal(0, 0.35, (1920, 8))
    made = Shards.build(points[:1200], np.random.default_rng(2), shards=4)
    queries = points[1200:1320]
    stale = made.table.copy()
    rng = np.random.default_rng(5)
    more = points[1320:] + np.float32(0.2)
    made.add(more)
    made.rebalance(rng, bytes_max=1e9, tolerance=1.05)
    made.settle()
    true = made.search(queries, 10, everywhere=True).neighbours
    routed = recall(made.search(queries, 10).neighbours, true)
    old = made.search(queries, 10, table=stale)
    assert recall(old.neighbours, true) <= routed + 0.01
    assert recall(old.neighbours, true) > 0.5
    assert np.isin(old.ids, made.ids()).all()
    stale.merge(made.table)
    assert np.array_equal(made.search(queries, 10, table=stale).ids, made.search(queries, 10).ids)
