"""The planner: recall, the two stages, dead and slow shards, hedging, costs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from swarm.memory.shards import ALIVE, DEAD, SUSPECTED, ShardError, Shards
from swarm.memory.vectors import HNSW, Exact, Neighbours

Floats = NDArray[np.float32]


def clustered(n: int, queries: int, width: int, centres: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(7)
    middle = rng.normal(0, 1, (centres, width))
    place = middle[rng.integers(0, centres, n + queries)]
    points: Floats = (place + rng.normal(0, 0.35, place.shape)).astype(np.float32)
    return points[:n], points[n:]


def recall(found: Neighbours, true: Neighbours) -> float:
    hits = [np.isin(a, b).mean() for a, b in zip(found.ids, true.ids, strict=True)]
    return float(np.mean(hits))


@pytest.mark.parametrize("shards", [4, 16])
def test_routed_queries_touch_few_shards_and_keep_the_recall(shards: int) -> None:
    vectors, queries = clustered(4000, 100, 16, 80)
    made = Shards.build(vectors, np.random.default_rng(1), shards=shards)
    exact = Exact(16)
    exact.add(vectors)
    true = exact.search(queries, 10)
    broadcast = made.search(queries, 10, everywhere=True)
    assert np.array_equal(broadcast.ids, true.ids)
    assert np.array_equal(broadcast.distances, true.distances)
    routed = made.search(queries, 10)
    assert recall(routed.neighbours, true) >= 0.95
    assert routed.asked.sum(axis=1).mean() < 1.6
    assert not routed.degraded.any()
    assert routed.data_unreachable == 0.0
    assert routed.costs.bytes < broadcast.costs.bytes / 2
    assert routed.costs.scanned < broadcast.costs.scanned / 2
    assert broadcast.costs.touches == 100 * shards
    assert broadcast.costs.messages == 2 * shards
    assert broadcast.costs.bytes == 100 * shards * (4 * 16 + 8 + 10 * 12)
    fixed = made.search(queries, 10, least=2, most=2)
    assert (fixed.asked.sum(axis=1) == 2).all()


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 2**32),
    k=st.integers(1, 12),
    scouts=st.integers(1, 12),
    target=st.floats(0.2, 1.0),
    metric=st.sampled_from(["l2", "cosine"]),
)
def test_two_stages_answer_as_one_does(
    seed: int, k: int, scouts: int, target: float, metric: str
) -> None:
    rng = np.random.default_rng(seed)
    # Whole numbers, so that many distances are equal.
    vectors = rng.integers(1, 4, (90, 3)).astype(np.float32)
    made = Shards.build(vectors, rng, shards=5, clusters=15, metric=metric)
    queries = rng.integers(1, 4, (6, 3)).astype(np.float32)
    one = made.search(queries, k, target=target, scouts=k)
    two = made.search(queries, k, target=target, scouts=scouts)
    assert np.array_equal(one.asked, two.asked)
    assert np.array_equal(one.distances, two.distances)
    exact = Exact(3, metric)  # type: ignore[arg-type]
    exact.add(vectors)
    for q in range(6):
        within = np.isin(made.placement.shards_of(np.arange(90)), np.flatnonzero(one.asked[q]))
        true = exact.search(queries[q], k, allowed=within)
        assert np.array_equal(one.distances[q], true.distances[0])
        if metric == "l2":  # where distances of whole numbers are exact
            assert np.array_equal(one.ids[q], true.ids[0])
    assert (one.broad == 0).all()
    assert (two.deep <= two.asked.sum(axis=1)).all()


def test_stage_two_asks_only_where_the_last_scout_is_among_the_best() -> None:
    # 4 clusters around the origin, of which only the first has anything near to it.
    rng = np.random.default_rng(3)
    away = np.array([[2, 0], [0, 6], [-6, 0], [0, -6]], np.float32)
    vectors = np.repeat(away, 50, axis=0) + rng.normal(0, 0.3, (200, 2)).astype(np.float32)
    made = Shards.build(vectors, rng, shards=4, clusters=4)
    answer = made.search([[0.0, 0.0]], 8, least=4, scouts=2)
    assert answer.asked.sum() == 4
    assert answer.broad[0] == 3
    assert answer.deep[0] == 1
    assert np.unique(made.placement.shards_of(answer.ids[0])).size == 1
    exact = Exact(2)
    exact.add(vectors)
    assert np.array_equal(answer.ids, exact.search([[0.0, 0.0]], 8).ids)


def test_a_query_near_the_margin_touches_both_shards() -> None:
    rng = np.random.default_rng(4)
    side = np.repeat(np.array([[-3.0, 0.0], [3.0, 0.0]]), 200, axis=0)
    vectors = side + rng.normal(0, 1, side.shape)
    made = Shards.build(vectors, rng, shards=2, clusters=2)
    answer = made.search([[0.0, 0.0], [-3.0, 0.0], [3.0, 0.0]], 10)
    assert answer.asked.sum(axis=1).tolist() == [2, 1, 1]


# Dead, slow and failing shards


def four_shards(copies: int = 1) -> tuple[Shards, Floats, Neighbours]:
    vectors, queries = clustered(1200, 120, 8, 24)
    made = Shards.build(vectors, np.random.default_rng(2), shards=4, copies=copies)
    made.deadline_ms, made.hedge_ms = 100.0, 20.0
    return made, queries, made.search(queries, 10).neighbours


class Outage:
    """Latency of each (shard, copy), 5 ms if not named; an exception is raised."""

    def __init__(self, trouble: dict[tuple[int, int], float | Exception]) -> None:
        self.trouble = trouble

    def __call__(self, shard: int, copy: int) -> float:
        trouble = self.trouble.get((shard, copy), 5.0)
        if isinstance(trouble, Exception):
            raise trouble
        return trouble


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(np.inf, "down"), (101.0, "slower"), (TimeoutError("no route"), "TimeoutError: no route")],
)
def test_a_shard_that_does_not_answer_degrades_and_says_so(
    trouble: float | Exception, reason: str
) -> None:
    made, queries, well = four_shards()
    share = made.placement.loads()[2] / len(made)
    exact = Exact(8)
    exact.add(made.vectors(made.ids()))
    made.latency = Outage({(2, 0): trouble})
    for asked in range(1, 4):
        answer = made.search(queries, 10)
        assert reason in answer.failed[2]
        assert set(answer.failed) == {2}
        assert np.array_equal(answer.degraded, answer.asked[:, 2])
        assert made.failures[2] >= asked
        assert (answer.ids >= 0).all()  # the best of what is left
        left = np.flatnonzero(made.placement.shards_of(made.ids()) != 2)
        assert recall(answer.neighbours, exact.search(queries, 10, allowed=left)) > 0.95
    assert made.table.health[2] == DEAD
    answer = made.search(queries, 10)  # asked no more, and still said to be missing
    assert answer.failed == {}
    assert not answer.asked[:, 2].any()
    assert answer.data_unreachable == pytest.approx(share)
    # Those who are not degraded lack nothing; the others lack about what is said.
    hits = np.array([np.isin(a, b).mean() for a, b in zip(well.ids, answer.ids, strict=True)])
    assert (hits[~answer.degraded] > 0.99).all()
    assert hits[answer.degraded].mean() < 0.5
    assert 1 - hits.mean() == pytest.approx(float(answer.unreachable.mean()), abs=0.03)
    assert 1 - hits.mean() == pytest.approx(share, abs=0.15)
    again = made.search(queries, 10, everywhere=True)
    assert recall(answer.neighbours, again.neighbours) > 0.95


def test_a_shard_that_comes_back_is_asked_again() -> None:
    made, queries, well = four_shards()
    made.latency = Outage({(2, 0): np.inf})
    made.search(queries, 10)
    assert made.table.health[2] == SUSPECTED
    made.latency = Outage({})
    assert np.array_equal(made.search(queries, 10).ids, well.ids)
    assert made.table.health[2] == ALIVE
    made.table.declare_dead(2)
    assert made.search(queries, 10).degraded.any()
    assert made.search(queries, 10, everywhere=True).degraded.all()
    made.revive(2)
    back = made.search(queries, 10)
    assert not back.degraded.any()
    assert np.array_equal(back.ids, well.ids)


def test_with_every_shard_dead_a_query_is_answered_with_nobody() -> None:
    made, queries, _ = four_shards()
    made.latency = Outage({(shard, 0): np.inf for shard in range(4)})
    for everywhere in (False, True, True, False):
        answer = made.search(queries, 10, everywhere=everywhere)
        assert (answer.ids == -1).all()
        assert answer.degraded.all()
        assert answer.unreachable.min() > 0.9
    assert answer.data_unreachable == 1.0


def test_a_second_copy_answers_for_a_slow_or_dead_one() -> None:
    made, queries, well = four_shards(copies=2)
    assert made.search(queries, 10, scouts=10).costs.messages == 8
    for trouble, milliseconds in (
        (np.inf, 5.0),
        (OSError("gone"), 5.0),
        (90.0, 25.0),
        (22.0, 22.0),
    ):
        made.latency = Outage({(1, 0): trouble})
        answer = made.search(queries, 10, scouts=10)
        assert np.array_equal(answer.ids, well.ids)
        assert not answer.degraded.any()
        assert answer.latency_ms == milliseconds
        assert answer.costs.messages == 9  # and one more question
    made.latency = Outage({(1, 0): 500.0, (1, 1): 85.0})  # 20 + 85 ms is too late
    answer = made.search(queries, 10)
    assert np.array_equal(answer.degraded, answer.asked[:, 1])
    assert "copy 1 is slower" in answer.failed[1]


def test_graphs_serve_as_shards_and_are_read_back(tmp_path: Path) -> None:
    pytest.importorskip("hnswlib")
    vectors, queries = clustered(1500, 60, 8, 24)
    made = Shards.build(
        vectors, np.random.default_rng(2), shards=4, index=HNSW, metric="cosine", copies=2
    )
    exact = Exact(8, "cosine")
    exact.add(vectors)
    true = exact.search(queries, 10)
    found = made.search(queries, 10)
    assert recall(found.neighbours, true) >= 0.95
    made.save(tmp_path)
    again = Shards.load(tmp_path)
    assert np.array_equal(again.search(queries, 10).ids, found.ids)
    nearest = np.unique(true.ids[:, 0])
    again.remove(nearest)
    exact.remove(nearest)
    assert recall(again.search(queries, 10).neighbours, exact.search(queries, 10)) >= 0.95


class Broken(Exact):
    """An index that fails when it is searched."""

    def search(self, queries: ArrayLike, k: int, allowed: ArrayLike | None = None) -> Neighbours:
        raise RuntimeError("disk")


def test_an_index_that_raises_fails_its_shard_only() -> None:
    made, queries, _ = four_shards()
    made.copies[0][0] = Broken(8)
    answer = made.search(queries, 10)
    assert answer.failed == {0: "copy 0 failed: RuntimeError: disk"}
    assert (answer.ids >= 0).all()


def test_a_stale_table_routes_worse_and_never_wrong() -> None:
    made, queries, _ = four_shards()
    stale = made.table.copy()
    rng = np.random.default_rng(5)
    more = clustered(1200, 600, 8, 24)[1] + np.float32(0.2)
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


def test_wrong_input_is_refused() -> None:
    made, queries, _ = four_shards()
    rng = np.random.default_rng(1)
    for bad in (queries[:, :5], queries * np.float32(np.nan)):
        with pytest.raises(ShardError, match="finite"):
            made.search(bad, 3)
    for options in ({"k": 0}, {"k": 3, "scouts": 0}, {"k": 3, "target": 2.0}):
        with pytest.raises(ShardError):
            made.search(queries, **options)
    for ids in ([3], [-1], [5000, 5000]):
        with pytest.raises(ShardError, match="ids"):
            made.add(queries[: len(ids)], ids)
    with pytest.raises(ShardError, match="unknown"):
        made.remove([99_999])
    with pytest.raises(ShardError, match="capacity of"):
        Shards.build(queries, rng, shards=4, capacity=20)
    with pytest.raises(ShardError, match="inner"):
        Shards.build(queries, rng, shards=4, metric="inner_product")
    with pytest.raises(ShardError, match="need vectors"):
        Shards.build(queries[:3], rng, shards=4)
    assert len(made) == 1200
