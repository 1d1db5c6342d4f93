"""Routing against a plain reference, planted margins, load and health; and placement."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from swarm.memory.shards import Placement, RoutingTable, ShardError, Shards, route

Cluster = tuple[int, list[float], float, float, int]  # shard, centroid, radius, spread, size


def table_of(clusters: list[Cluster], shards: int, width: int) -> RoutingTable:
    table = RoutingTable(shards, max(1, len(clusters)), width)
    for shard in range(shards):
        mine = [c for c in clusters if c[0] == shard]
        if mine:
            _, centroids, radius, spread, size = zip(*mine, strict=True)
            table.announce(shard, centroids, radius, spread, size)
    return table


def reference_shares(
    query: NDArray[np.float64], clusters: list[Cluster], near: int
) -> dict[int, float]:
    """Bisect for the squared distance, 0 or more, within which clusters hold `near` members."""

    def normal(z: float) -> float:
        return 0.5 * math.erfc(-z / math.sqrt(2.0))

    means, deviations, cuts = [], [], []
    for _, centroid, radius, spread, _ in clusters:
        away = float(((query - np.array(centroid)) ** 2).sum())
        means.append(away + radius)
        deviations.append(math.sqrt(spread + 4.0 * away * radius / query.size))
        cuts.append(normal(-means[-1] / deviations[-1]))  # no distance is below 0

    def held(i: int, reach: float) -> float:
        up_to = normal((reach - means[i]) / deviations[i])
        return clusters[i][-1] * (up_to - cuts[i]) / (1.0 - cuts[i])

    low, high = 0.0, 1e4
    each = range(len(clusters))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(held(i, middle) for i in each) < near else (low, middle)
    total = sum(held(i, high) for i in each)
    shares: dict[int, float] = {}
    for i, cluster in enumerate(clusters):
        shares[cluster[0]] = shares.get(cluster[0], 0.0) + held(i, high) / total
    return shares


@st.composite
def planted(draw: st.DrawFn) -> tuple[list[Cluster], int]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shards = draw(st.integers(1, 5))
    count = draw(st.integers(shards, 12))
    return [
        (
            i % shards,
            rng.normal(0, 2, 4).astype(np.float32).tolist(),
            float(np.float32(rng.uniform(0.5, 3))),
            float(np.float32(rng.uniform(0.2, 2))),
            int(rng.integers(30, 60)),
        )
        for i in range(count)
    ], shards


@settings(deadline=None, max_examples=20)
@given(
    world=planted(), near=st.integers(1, 10), target=st.floats(0.3, 0.999), seed=st.integers(0, 99)
)
def test_routes_equal_the_reference(
    world: tuple[list[Cluster], int], near: int, target: float, seed: int
) -> None:
    clusters, shards = world
    queries = np.random.default_rng(seed).normal(0, 2, (3, 4)).astype(np.float32)
    found = route(table_of(clusters, shards, 4), queries, near=near, target=target)
    for q, query in enumerate(queries.astype(np.float64)):
        shares = reference_shares(query, clusters, near)
        chosen = [s for s in found.shards[q].tolist() if s >= 0]
        assert len(set(chosen)) == len(chosen)
        for s, share in zip(chosen, found.shares[q].tolist(), strict=False):
            assert share == pytest.approx(shares[s], abs=0.01)  # neglects clusters out of reach
        ranked = sorted(shares.values(), reverse=True)
        assert sum(shares[s] for s in chosen) >= target - 0.02
        assert sum(ranked[: len(chosen) - 1]) < target + 0.02  # and no more than needed


TWO = [(0, [0.0, 0.0], 1.0, 1.0, 100), (1, [6.0, 0.0], 1.0, 1.0, 100)]


def test_a_query_near_the_margin_touches_both_shards_and_others_one() -> None:
    table = table_of(TWO, 2, 2)
    found = route(table, [[0.0, 0.0], [3.0, 0.0], [6.0, 1.0]])
    assert found.shards.tolist() == [[0, -1], [0, 1], [1, -1]]
    assert found.shares[1].tolist() == pytest.approx([0.5, 0.5])
    assert not found.degraded.any()
    assert found.distances == 2


def test_a_cluster_with_heavy_tails_does_not_hide_one_that_is_near() -> None:
    wide = [(0, [0.0, 0.0], 1.0, 1.0, 100), (1, [3.0, 0.0], 50.0, 1e8, 100)]
    found = route(table_of(wide, 2, 2), [[0.0, 0.0], [3.0, 40.0]])
    assert found.shards.tolist() == [[0, -1], [1, -1]]
    assert found.shares[0, 0] > 0.99


def test_newcomers_with_heavy_tails_are_found() -> None:
    rng = np.random.default_rng(9)
    width, asked = 16, 100
    old, new = (rng.normal(0, 1, (50, width)) for _ in range(2))
    vectors = old[rng.integers(50, size=4000)] + rng.normal(0, 0.35, (4000, width))
    tails = rng.standard_t(1, (2000 + asked, width))  # Cauchy: without a mean
    more = (new[rng.integers(50, size=len(tails))] + 0.35 * tails).astype(np.float32)
    shards = Shards.build(vectors.astype(np.float32), np.random.default_rng(1), shards=16)
    for part in np.array_split(more[asked:], 10):
        shards.add(part)
    for queries in more[:asked], vectors[:asked].astype(np.float32):
        true = shards.search(queries, 10, everywhere=True).ids
        found = shards.search(queries, 10).ids
        hits = [np.isin(one, other).mean() for one, other in zip(true, found, strict=True)]
        assert np.mean(hits) > 0.95


def test_the_number_of_shards_can_be_fixed_and_bounded() -> None:
    table = table_of([*TWO, (2, [40.0, 0.0], 1.0, 1.0, 100)], 4, 2)
    fixed = route(table, [[0.0, 0.0], [39.0, 0.0]], least=2, most=2)
    assert fixed.shards.tolist() == [[0, 1], [2, 1]]  # beyond those with a share, the nearest
    assert (route(table, [[3.0, 0.0]], most=1).shards >= 0).sum() == 1
    assert route(table, [[0.0, 0.0]], least=4).shards.tolist() == [[0, 1, 2, -1]]  # 3 is empty


def test_load_and_suspicion_change_the_order_only() -> None:
    table = table_of(TWO, 2, 2)
    table.beat(0, load_ms=500.0)
    assert route(table, [[2.9, 0.0]]).shards.tolist() == [[1, 0]]
    assert route(table, [[0.0, 0.0]]).shards.tolist() == [[0, -1]]  # nothing else will do
    table.beat(0, load_ms=0.0)
    assert route(table, [[2.9, 0.0]]).shards.tolist() == [[0, 1]]
    table.suspect(0)
    assert route(table, [[2.9, 0.0]]).shards.tolist() == [[1, 0]]


def test_the_dead_are_left_out_and_missed_only_where_they_matter() -> None:
    table = table_of(TWO, 2, 2)
    table.declare_dead(1)
    found = route(table, [[0.0, 0.0], [3.0, 0.0], [6.0, 0.0]])
    assert found.shards[:, 0].tolist() == [0, 0, 0]
    assert (found.shards[:, 1] == -1).all()
    assert found.degraded.tolist() == [False, True, True]
    assert found.lost.tolist() == pytest.approx([0.0, 0.5, 1.0], abs=1e-3)
    table.declare_dead(0)
    nobody = route(table, [[0.0, 0.0]])
    assert (nobody.shards == -1).all()
    assert nobody.degraded.all()


def test_a_table_that_heard_nothing_routes_nowhere_and_bad_settings_are_refused() -> None:
    empty = RoutingTable(3, 2, 2)
    assert (route(empty, [[1.0, 2.0]]).shards == -1).all()
    for options in ({"near": 0}, {"target": 0.0}, {"least": 0}, {"least": 3, "most": 2}):
        with pytest.raises(ShardError, match="needed"):
            route(empty, [[1.0, 2.0]], **options)
    with pytest.raises(ShardError, match="queries"):
        route(empty, [[1.0, 2.0, 3.0]])
    with pytest.raises(ShardError, match="caution"):
        route(empty, [[1.0, 2.0]], caution=0.0)


# Placement


def laid_out(
    n: int, shards: int, capacity: int, seed: int
) -> tuple[Placement, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    vectors = (rng.normal(0, 3, (6, 3))[rng.integers(0, 6, n)] + rng.normal(0, 1, (n, 3))).astype(
        np.float32
    )
    placement = Placement(shards, 2 * n, capacity, 3)
    placement.lay_out(vectors, np.arange(n), 4 * shards, shards, rng)
    return placement, vectors


@settings(deadline=None, max_examples=5)
@given(n=st.integers(60, 200), shards=st.integers(1, 5), seed=st.integers(0, 2**32))
def test_layout_is_balanced_and_its_sums_are_those_of_its_members(
    n: int, shards: int, seed: int
) -> None:
    placement, vectors = laid_out(n, shards, 10**6, seed)
    assert placement.loads().sum() == n
    assert placement.loads().max() <= 1.05 * n / shards + placement.size.max()
    for cluster in range(placement.size.size):
        members = placement.members(cluster)
        apart = ((vectors[members].astype(np.float64) - placement.centroids[cluster]) ** 2).sum(1)
        assert placement.size[cluster] == members.size
        assert placement.squares[cluster] == pytest.approx(apart.sum())
        assert placement.fourths[cluster] == pytest.approx((apart**2).sum())


@settings(deadline=None, max_examples=5)
@given(n=st.integers(60, 120), more=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_newcomers_join_the_nearest_cluster_whose_shard_has_room(
    n: int, more: int, seed: int
) -> None:
    capacity = int(placement_loads_max(n, seed) + more // 2 + 1)
    placement, _ = laid_out(n, 3, capacity, seed)
    rng = np.random.default_rng(seed + 1)
    vectors = rng.normal(0, 1, (more, 3)).astype(np.float32)
    if placement.capacity * 3 - n < more:
        with pytest.raises(ShardError, match="do not fit"):
            placement.assign(vectors)
        return
    cluster = placement.assign(vectors)
    placement.enter(np.arange(n, n + more), cluster, vectors)
    assert placement.loads().max() <= capacity
    full = placement.loads() == capacity
    for vector, chosen in zip(vectors, cluster.tolist(), strict=True):
        apart = ((placement.centroids - vector) ** 2).sum(1)
        nearer = apart < apart[chosen] - 1e-4
        assert full[placement.shard[nearer]].all()  # what lies nearer has no room


def placement_loads_max(n: int, seed: int) -> int:
    return int(laid_out(n, 3, 10**6, seed)[0].loads().max())


def test_placement_is_restored_and_contradictions_are_refused() -> None:
    placement, _ = laid_out(80, 3, 1000, 1)
    twin = Placement(3, 160, 1000, 3)
    state = placement.state()
    twin.restore(state)
    more = np.random.default_rng(2).normal(0, 3, (40, 3)).astype(np.float32)
    for each in (placement, twin):
        each.enter(np.arange(80, 120), each.assign(more), more)
        each.leave(np.arange(90, 100), more[10:20])
    for name, column in placement.state().items():
        assert np.array_equal(column, twin.state()[name]), name
    for name, wrong in (
        ("shard", state["shard"] + 3),
        ("size", state["size"] + 1),
        ("squares", state["squares"][1:]),
        ("centroids", state["centroids"] * np.float32(np.nan)),
    ):
        with pytest.raises(ShardError, match="not the state"):
            twin.restore(state | {name: wrong})
    assert np.array_equal(placement.cluster, twin.cluster)
