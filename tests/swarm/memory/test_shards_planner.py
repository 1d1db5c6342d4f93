"""The planner: recall, the two stages, dead and slow shards, hedging, costs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import ArrayLike, NDArray

from swarm.memory.shards import (
    ALIVE,
    DEAD,
    SUSPECTED,
    RoutingTable,
    ShardError,
    Shards,
    gossip,
)
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


@settings(deadline=None, max_examples=6)
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
    if metric == "l2":
        assert np.array_equal(one.ids, two.ids)
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


def test_equal_distances_are_ordered_by_id_also_where_only_scouts_came() -> None:
    vectors = np.repeat(np.array([[-1.0, 0.0], [1.0, 0.0]]), 10, axis=0)
    made = Shards.build(vectors, np.random.default_rng(1), shards=2, clusters=2)
    answer = made.search([0.0, 0.0], 4, everywhere=True, scouts=3)
    assert answer.broad[0] == 2
    assert answer.ids.tolist() == [[0, 1, 2, 3]]


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


class Curt(Exact):
    """An index that answers with fewer rows, or with distances that are no numbers."""

    def search(self, queries: ArrayLike, k: int, allowed: ArrayLike | None = None) -> Neighbours:
        found = super().search(queries, k)
        if k == 1:
            return Neighbours(found.ids, found.distances * np.float32(np.nan))
        return Neighbours(found.ids[:1], found.distances[:1])


def test_an_answer_of_another_shape_is_a_failure() -> None:
    made, queries, _ = four_shards()
    made.copies[0][0] = Curt(8)
    for k in (10, 1):
        answer = made.search(queries, k, scouts=k)
        assert "it should answer with" in answer.failed[0]
        assert (answer.ids >= 0).all()
        assert np.isfinite(answer.distances).all()


def test_who_fails_on_the_detour_is_gone_round_too() -> None:
    made, queries, _ = four_shards()
    for alive in range(4):
        made.latency = Outage({(shard, 0): np.inf for shard in range(4) if shard != alive})
        for query in queries[:8]:
            answer = made.search(query, 10, most=1)
            assert (made.placement.shards_of(answer.ids.ravel()) == alive).all()
            assert answer.latency_ms == 5.0  # those that are down cost no time
            direct = made.table.clusters(10).shard.size
            assert answer.costs.compared == direct * answer.asked.sum()
            assert answer.degraded[0] == (len(answer.failed) > 0)
            for shard in range(4):
                made.revive(shard)


def test_what_no_index_can_take_is_refused_and_no_failure_of_the_shards() -> None:
    made, queries, well = four_shards()
    for bad in (queries * np.float32(1e25), queries * np.float64(1e300), [["a"] * 8]):
        for _ in range(3):
            with pytest.raises(ShardError, match="queries must be"):
                made.search(bad, 10)
    for k, scouts in ((2.5, 1), (5, 1.5)):
        with pytest.raises(ShardError, match="at least 1"):
            made.search(queries, k, scouts=scouts)  # type: ignore[arg-type]
    assert (made.table.health == ALIVE).all()
    assert np.array_equal(made.search(queries, 10).ids, well.ids)


def test_a_table_that_never_heard_of_a_shard_says_so() -> None:
    made, queries, _ = four_shards()
    heard = RoutingTable(*made.table.centroids.shape)
    nothing = made.search(queries, 10, table=heard)
    assert nothing.degraded.all()
    assert nothing.unreachable.tolist() == [1.0] * len(queries)
    assert nothing.data_unreachable == 1.0
    for shard in range(3):
        heard.announce(shard, *made.placement.announcement(shard, np.zeros(0, np.int64)))
    share = made.placement.loads()[3] / len(made)
    for everywhere in (False, True):
        answer = made.search(queries, 10, table=heard, everywhere=everywhere)
        assert answer.degraded.all()
        assert answer.data_unreachable == pytest.approx(share)
        assert answer.unreachable == pytest.approx(share, abs=1e-6)


def test_load_and_health_that_gossip_brought_are_searched_by() -> None:
    made, queries, _ = four_shards()
    here, there = made.table.copy(), made.table.copy()
    before = made.search(queries, 10, table=here, most=1)
    busy = int(before.asked.sum(axis=0).argmax())
    there.beat(busy, load_ms=100_000.0)
    rng = np.random.default_rng(1)
    gossip([here, there], [[1], [0]], rng)
    after = made.search(queries, 10, table=here, most=1)
    assert after.asked[:, busy].sum() < before.asked[:, busy].sum()
    there.declare_dead(busy)
    gossip([here, there], [[1], [0]], rng)
    last = made.search(queries, 10, table=here)
    assert not last.asked[:, busy].any()
    assert last.degraded.any()


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
