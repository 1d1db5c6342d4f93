"""Moves between shards: nothing is lost or doubled, wherever they are interrupted."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import ArrayLike, NDArray

from swarm.memory.shards import DEAD, ShardError, Shards
from swarm.memory.vectors import Exact, VectorIndex

WIDTH = 3


class Faulty(Exact):
    """An exact index whose writes fail, before or after they are done, when `luck` says so."""

    luck: list[int] | None = None  # 0 works, 1 fails before, 2 fails after

    def _next(self) -> int:
        return self.luck.pop() if self.luck else 0

    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> NDArray[np.int64]:
        luck = self._next()
        if luck == 1:
            raise ConnectionError("lost before it was written")
        added = super().add(vectors, ids)
        if luck == 2:
            raise ConnectionError("lost after it was written")
        return added

    def remove(self, ids: ArrayLike) -> None:
        luck = self._next()
        if luck == 1:
            raise ConnectionError("lost before it was written")
        super().remove(ids)
        if luck == 2:
            raise ConnectionError("lost after it was written")


def skewed(seed: int, copies: int = 1, spare: int = 1) -> tuple[Shards, Exact, np.random.Generator]:
    """Three shards, a spare one, and a model of what they should hold; one shard overfull."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(0, 3, (60, WIDTH)).astype(np.float32)
    shards = Shards.build(
        vectors, rng, shards=3, spare=spare, clusters=9, copies=copies, index=Faulty
    )
    extra = (vectors[0] + rng.normal(0, 0.5, (60, WIDTH))).astype(np.float32)
    model = Exact(WIDTH)
    model.add(vectors)
    model.add(extra, shards.add(extra))
    return shards, model, rng


def check(shards: Shards, model: Exact) -> None:
    """Everything is found exactly once, and is what it should be."""
    assert np.array_equal(shards.ids(), model.ids())
    assert len(shards) == len(model)
    query = np.zeros((1, WIDTH), np.float32)
    for routed in (False, True):
        options = {"least": len(shards.table)} if routed else {"everywhere": True}
        found = shards.search(query, len(model) + 5, **options)
        expected = model.search(query, len(model) + 5)
        assert np.array_equal(found.ids, expected.ids)
        assert np.array_equal(found.distances, expected.distances)
    assert np.array_equal(shards.vectors(shards.ids()), model.vectors(model.ids()))
    home = shards.placement.shards_of(shards.ids())
    moving = {shard for move in shards.moves for shard in (move.source, move.target)}
    for shard, copies in enumerate(shards.copies):
        own = shards.ids()[home == shard]
        for index in copies:
            assert np.isin(own, index.ids()).all()
            assert shard in moving or np.array_equal(own, index.ids())


INTERRUPTIONS = {
    "seed": st.integers(0, 2**32),
    "copies": st.integers(1, 2),
    "luck": st.lists(st.integers(0, 2), max_size=25),
    "between": st.lists(st.sampled_from(["add", "remove", "again", "nothing"]), max_size=12),
}


@settings(deadline=None, max_examples=4)
@given(**INTERRUPTIONS)
def test_interrupted_anywhere_nothing_is_lost_or_doubled(
    seed: int, copies: int, luck: list[int], between: list[str]
) -> None:
    play(seed, copies, luck, between)


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(**INTERRUPTIONS)
def test_interrupted_anywhere_many_times(
    seed: int, copies: int, luck: list[int], between: list[str]
) -> None:
    play(seed, copies, luck, between)


def play(seed: int, copies: int, luck: list[int], between: list[str]) -> None:
    """Move clusters while steps fail and members come and go; check after every step."""
    shards, model, rng = skewed(seed, copies)
    shards.rebalance(rng, bytes_max=1e9)
    assert shards.moves
    while shards.moves:
        # Members of the cluster that is on its way come and go meanwhile.
        cluster = shards.moves[0].cluster
        members = shards.placement.members(cluster)
        what = between.pop() if between else "nothing"
        if what == "add":
            near = shards.placement.centroids[[cluster]] + np.float32(0.01)
            model.add(near, shards.add(near))
        elif what != "nothing" and members.size > 1:
            vectors = model.vectors(members[:1])
            shards.remove(members[:1])
            model.remove(members[:1])
            if what == "again":
                shards.add(vectors, members[:1])
                model.add(vectors, members[:1])
        Faulty.luck = luck
        try:
            shards.step()
        except ConnectionError:
            pass
        finally:
            Faulty.luck = None
        check(shards, model)
    check(shards, model)


def test_a_failed_add_leaves_nothing_behind() -> None:
    for luck in ([1], [2], [1, 0], [0, 2, 0], [1, 0, 0]):  # the last is drawn first
        shards, model, rng = skewed(5, copies=2)
        Faulty.luck = list(luck)
        with pytest.raises(ConnectionError):
            shards.add(rng.normal(0, 3, (20, WIDTH)).astype(np.float32))
        Faulty.luck = None
        check(shards, model)


def test_a_failed_removal_leaves_everything_in_place() -> None:
    for luck in ([1], [2], [0, 2, 0], [1, 0, 0]):
        shards, model, _ = skewed(5, copies=2)
        shards.rebalance(np.random.default_rng(1), bytes_max=1e9)
        shards.step()
        Faulty.luck = list(luck)
        with pytest.raises(ConnectionError):
            shards.remove(shards.ids()[::3])
        Faulty.luck = None
        check(shards, model)
        assert not any(m.step > 1 for m in shards.moves)


def test_ids_follow_each_other_and_are_never_given_twice() -> None:
    shards, _, rng = skewed(1)
    given = [int(shards.add(rng.normal(0, 3, WIDTH))[0]) for _ in range(6)]
    assert given == list(range(120, 126))
    shards.remove([125])
    assert shards.add(rng.normal(0, 3, WIDTH))[0] == 126
    for ids in ([127.5], [2**40], [True]):
        with pytest.raises(ShardError, match="ids must be"):
            shards.add(np.ones((1, WIDTH)), ids)


def test_the_dead_neither_give_nor_receive() -> None:
    shards, model, rng = skewed(1)
    shards.table.declare_dead(3)
    moves = shards.rebalance(rng, bytes_max=1e9).moves
    assert moves
    assert 3 not in {end for move in moves for end in (move.source, move.target)}
    shards.settle()
    full = int(shards.placement.loads().argmax())
    near = shards.vectors(
        shards.placement.members(
            int(np.flatnonzero((shards.placement.shard == full) & (shards.placement.size > 0))[0])
        )
    )
    shards.table.declare_dead(full)
    ids = shards.add(near)
    model.add(near, ids)
    assert full not in shards.placement.shards_of(ids)
    gone = shards.ids()[shards.placement.shards_of(shards.ids()) == full][:1]
    shards.remove(gone)  # which is written about the shard, and no sign of its life
    model.remove(gone)
    assert shards.table.health[full] == DEAD
    assert full not in {m.source for m in shards.rebalance(rng, bytes_max=1e9).moves}
    shards.settle()
    shards.revive(3)
    shards.revive(full)
    check(shards, model)


def test_vectors_far_beyond_all_others_can_be_added() -> None:
    shards, model, _ = skewed(1)
    far = np.full((2, WIDTH), 1e12, np.float32) * np.array([[1], [-1]], np.float32)
    model.add(far, shards.add(far))
    assert np.array_equal(shards.search(far, 1).ids, model.search(far, 1).ids)
    check(shards, model)


@settings(deadline=None, max_examples=4)
@given(
    seed=st.integers(0, 2**32),
    share=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
    spare=st.integers(0, 2),
)
def test_rebalancing_evens_out_within_its_bytes(seed: int, share: float, spare: int) -> None:
    shards, model, rng = skewed(seed, spare=spare)
    budget = share * 120 * (4 * WIDTH + 8)
    before = shards.placement.loads()
    plan = shards.rebalance(rng, bytes_max=budget, tolerance=1.25)
    shards.settle()
    after = shards.placement.loads()
    assert shards.bytes_moved == plan.bytes <= budget
    assert after.max() <= before.max()
    assert plan.before == pytest.approx(before.max() / before.mean())
    assert plan.after == pytest.approx(after.max() / after.mean())
    if share == 1.0:
        assert plan.after <= 1.25
    check(shards, model)


def test_a_skewed_swarm_of_shards_is_even_again() -> None:
    shards, model, rng = skewed(1)
    assert shards.placement.loads()[3] == 0
    plan = shards.rebalance(rng, bytes_max=1e9, tolerance=1.25)
    assert plan.before > 2.0
    assert plan.after <= 1.25
    with pytest.raises(ShardError, match="under way"):
        shards.rebalance(rng, bytes_max=1e9)
    shards.settle()
    assert shards.placement.loads()[3] > 0
    assert not shards.rebalance(rng, bytes_max=1e9, tolerance=1.25).moves
    check(shards, model)


def test_during_a_move_a_table_that_heard_only_one_side_still_finds_everything() -> None:
    shards, model, rng = skewed(2)
    plan = shards.rebalance(rng, bytes_max=1e9)
    stale = shards.table.copy()
    target, source = plan.moves[0].target, plan.moves[0].source
    members = shards.placement.members(plan.moves[0].cluster)
    queries = model.vectors(members)
    centroid = shards.placement.centroids[plan.moves[0].cluster]

    def announced_by() -> list[int]:
        found = (shards.table.centroids == centroid).all(axis=2) & (shards.table.size > 0)
        return np.flatnonzero(found.any(axis=1)).tolist()

    def found(table: object) -> bool:
        answer = shards.search(queries, 1, table=table, target=0.99)  # type: ignore[arg-type]
        return bool((answer.distances[:, 0] == 0).all())

    assert found(stale)
    shards.step()  # copied
    assert announced_by() == [source]
    shards.step()  # switched
    assert announced_by() == sorted([source, target])
    for heard in (source, target):
        half = stale.copy()
        for name in half.state():
            getattr(half, name)[heard] = getattr(shards.table, name)[heard]
        assert found(half)
    assert found(stale)
    shards.step()  # deleted
    assert announced_by() == [target]
    assert found(shards.table)


def test_members_that_come_between_copying_and_switching_move_too() -> None:
    shards, model, rng = skewed(2, copies=2)
    cluster, _, target = shards.rebalance(rng, bytes_max=1e9).moves[0][:3]
    shards.step()
    near = shards.placement.centroids[[cluster]]
    ids = shards.add(near)
    model.add(near, ids)
    shards.step()
    assert shards.placement.shards_of(ids).tolist() == [target]
    check(shards, model)


def test_a_move_is_finished_after_a_restart_at_any_step(tmp_path: Path) -> None:
    for steps in (1, 2, 3):
        shards, model, rng = skewed(3)
        shards.copies = [[_plain(index) for index in copies] for copies in shards.copies]
        shards.rebalance(rng, bytes_max=1e9)
        for _ in range(steps):
            shards.step()
        shards.save(tmp_path / str(steps))
        again = Shards.load(tmp_path / str(steps))
        assert again.moves == shards.moves
        shards.settle()
        again.settle()
        check(again, model)
        for name, column in shards.placement.state().items():
            assert np.array_equal(column, again.placement.state()[name]), name
        for name, column in shards.table.state().items():
            assert np.array_equal(column, again.table.state()[name]), name
        assert again.bytes_moved == shards.bytes_moved


def _plain(index: VectorIndex) -> VectorIndex:
    twin = Exact(index.dimensions)
    twin.add(index.vectors(index.ids()), index.ids())
    return twin
