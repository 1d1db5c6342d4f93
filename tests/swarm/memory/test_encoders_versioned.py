"""A store whose encoder is replaced again and again, beside a plain model of what it promises."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from swarm.memory.encoders import EncoderError, Ridge, VersionedVectors
from swarm.memory.vectors.exact import Exact
from tests.swarm.memory.versioned_model import (
    ITEMS,
    Model,
    Straight,
    agree,
    plain,
    read,
    revived,
    same_answer,
    shift,
)

acts = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(st.integers(0, 58), unique=True, max_size=20)),
        st.tuples(st.just("remove"), st.integers(0, 5)),
        st.tuples(st.just("replace"), st.integers(1, 5), st.booleans()),
        st.tuples(st.just("migrate"), st.integers(1, 9)),
        st.tuples(
            st.just("search"),
            st.integers(0, 59),
            st.integers(1, 30),
            st.sampled_from([None, 3, 60]),
        ),
        st.tuples(st.just("retire"), st.integers(0, 5)),
        st.tuples(st.just("kill")),
    ),
    min_size=5,
    max_size=25,
)


def act_out(what: list[tuple], lazy: int) -> None:
    encoders = [Straight(v, dimensions=2 + v % 3) for v in range(6)]
    store, model = VersionedVectors(encoders[0], read, lazy=lazy), Model(encoders[0])
    for tick, (name, *rest) in enumerate([("write", list(range(0, 58, 2))), *what]):
        store.tick = model.tick = tick
        if name == "write":
            store.write(rest[0])
            model.renew(rest[0])
        elif name == "remove":
            leaving = sorted(model.items)[:: max(1, 3 * rest[0])][: rest[0]]
            store.remove(leaving)
            for id in leaving:
                del model.items[id]
        elif name == "replace" and encoders[rest[0]].version != model.encoder.version:
            new, now = encoders[rest[0]], model.encoder
            adapted = rest[1] and model.longest() < 5  # whole numbers stay small
            adapter = shift(now.dimensions, new.dimensions) if adapted else None
            store.replace_encoder(new, adapter)
            model.replace(new, adapter)
        elif name == "migrate":
            due = model.stale()[: rest[0]]
            assert store.migrate(rest[0]) == len(due)
            model.renew(due)
        elif name == "search":
            allowed = None if rest[2] is None else list(range(1, 58, rest[2]))[: 60 // rest[2] - 1]
            same_answer(store, model, ITEMS[rest[0]][None], rest[1], allowed)
        elif name == "retire":
            if model.may_retire(rest[0]):
                store.retire(("straight", rest[0]))
                model.retired.add(rest[0])
            else:
                with pytest.raises(EncoderError, match=r"found by|only an old encoder"):
                    store.retire(("straight", rest[0]))
        elif name == "kill":
            before = plain(store.state())
            store = revived(store, encoders)
            assert plain(store.state()) == before
        agree(store, model)


@settings(deadline=None, max_examples=30)
@given(what=acts, lazy=st.sampled_from([0, 0, 3]))
def test_every_item_is_found_at_every_moment(what: list[tuple], lazy: int) -> None:
    act_out(what, lazy)


@pytest.mark.slow
@settings(deadline=None, max_examples=1_500)
@given(what=acts, lazy=st.sampled_from([0, 3]))
def test_many_more_histories(what: list[tuple], lazy: int) -> None:
    act_out(what, lazy)


@pytest.mark.parametrize("adapted", [False, True])
def test_killed_and_resumed_it_leaves_the_same_bytes(adapted: bool) -> None:
    encoders = [Straight(v) for v in range(3)]

    def begin() -> VersionedVectors:
        store = VersionedVectors(encoders[0], read, lazy=2)
        store.write(np.arange(50))
        return store

    stores = [begin(), begin()]
    for step in range(40):
        for which, store in enumerate(stores):
            store.tick = step
            if step in (2, 5):
                new = encoders[1 + (step == 5)]
                store.replace_encoder(new, shift(3, 3) if adapted else None)
            store.migrate(3)
            store.search(ITEMS[step : step + 2], 4)
            if step == 8:
                store.write([55, 3])
            if which:
                stores[1] = revived(store, encoders)
        assert plain(stores[0].state()) == plain(stores[1].state())
    assert stores[0].stale == 0
    state = stores[0].state()
    assert state["passages"] == [{"encoders": [["straight", 2]], "adapters": []}]
    assert state["adapters"] == []
    assert stores[0].encoders == [("straight", 2)]
    assert "vectors_1" not in state


def test_versions_and_ticks_are_exact() -> None:
    first, second, third = (Straight(v, d) for v, d in ((1, 3), (2, 2), (3, 4)))
    store = VersionedVectors(first, read, lazy=0)
    store.tick = 10
    store.write([0, 1, 2, 3, 4, 5])
    store.tick = 20
    store.replace_encoder(second, shift(3, 2))
    store.migrate(2)  # 0 and 5: 5 / φ = 3.09…
    store.tick = 30
    store.write([3])
    store.replace_encoder(third, shift(2, 4))
    store.tick = 40
    store.migrate(1)  # 0
    store.write([9])
    origin = store.origin([0, 1, 2, 3, 4, 5, 9])
    assert origin["name"].tolist() == ["straight"] * 7
    assert origin["version"].tolist() == [3, 1, 1, 2, 1, 2, 3]
    assert origin["tick"].tolist() == [40, 10, 10, 30, 10, 20, 40]
    assert origin["adapters"].tolist() == [0, 2, 2, 1, 2, 1, 0]
    twice = shift(2, 4).apply(shift(3, 2).apply(first.encode(ITEMS[[2]])))
    assert (store.vectors([2]) == twice).all()
    assert store.migrate(100) == 5
    assert (store.vectors([0, 1, 2]) == third.encode(ITEMS[:3])).all()


def test_a_search_re_encodes_what_it_comes_upon_and_compares_it_truly() -> None:
    old, new = Straight(1), Straight(2)
    store = VersionedVectors(old, read, lazy=5)
    store.write(np.arange(40))
    came_up = Exact(3)
    came_up.add(old.encode(ITEMS[:40]))
    nearest = came_up.search(old.encode(ITEMS[[7]]), 5).ids[0]
    store.replace_encoder(new)
    new.count = 0
    found = store.search(ITEMS[[7]], 5)
    assert new.count == 1 + 5  # the query, once, and what came up
    assert store.stale == 35
    assert store.origin(nearest)["version"].tolist() == [2] * 5
    distances = ((new.encode(ITEMS[[7]]) - new.encode(ITEMS[nearest])) ** 2).sum(axis=1)
    order = np.lexsort((nearest, distances))
    assert found.ids[0].tolist() == nearest[order].tolist()  # what else is old comes behind
    assert found.distances[0].tolist() == distances[order].tolist()
    assert found.current.all()


def test_equally_near_ones_come_by_place_and_the_new_first() -> None:
    store = VersionedVectors(Straight(1), lambda ids: 0 * ITEMS[ids], lazy=0)
    store.write(np.arange(20))
    store.replace_encoder(Straight(2), Ridge(np.eye(3), np.zeros(3)))
    store.migrate(10)
    found = store.search(0 * ITEMS[:1], 12)
    new = np.flatnonzero(store.origin(np.arange(20))["adapters"] == 0)
    old = np.flatnonzero(store.origin(np.arange(20))["adapters"] == 1)
    assert found.ids[0].tolist() == np.stack([new, old], axis=1)[:6].ravel().tolist()
    assert found.current[0].tolist() == [True, False] * 6


def test_the_pass_takes_its_share_of_every_stretch_of_ids() -> None:
    store = VersionedVectors(Straight(1), lambda ids: ITEMS[ids % 60], lazy=0)
    store.write(np.arange(100, 1100))
    store.replace_encoder(Straight(2))
    store.migrate(200)
    new = store.origin(np.arange(100, 1100))["version"] == 2
    assert np.abs(new.reshape(10, 100).sum(axis=1) - 20).max() <= 2


def test_an_encoder_may_come_back() -> None:
    old, new = Straight(1), Straight(2)
    store = VersionedVectors(old, read, lazy=0)
    store.write(np.arange(30))
    store.replace_encoder(new)
    store.migrate(10)
    store.replace_encoder(old)
    old.count = 0
    assert store.stale == 10
    while store.migrate(4):
        pass
    assert old.count == 10
    assert (store.vectors(np.arange(30)) == old.encode(ITEMS[:30])).all()


def test_pairs_are_items_encoded_twice() -> None:
    old, new = Straight(1), Straight(2, 2)
    store = VersionedVectors(old, read)
    store.write(np.arange(30))
    x, y = store.pairs(new, 12, np.random.default_rng(1))
    assert x.shape == (12, 3)
    assert y.shape == (12, 2)
    rows = [np.flatnonzero((old.encode(ITEMS[:30]) == row).all(axis=1)) for row in x]
    assert all((new.encode(ITEMS[each]) == said).all() for each, said in zip(rows, y, strict=True))
    assert store.stale == 0
    store.replace_encoder(new)
    with pytest.raises(EncoderError, match="before it is replaced"):
        store.pairs(Straight(3), 10, np.random.default_rng(1))


def test_what_fails_changes_nothing() -> None:
    old, new = Straight(1), Straight(2)
    lost = False

    def forgetful(ids: NDArray[np.int64]) -> NDArray[np.float32]:
        return ITEMS[ids[1:]] if lost else ITEMS[ids]

    store = VersionedVectors(old, forgetful, lazy=0)
    store.write(np.arange(20))
    store.replace_encoder(new)
    store.migrate(5)
    before = plain(store.state())
    lost = True
    for attempt in (lambda: store.migrate(5), lambda: store.write([3, 30])):
        with pytest.raises(EncoderError, match="an item for each"):
            attempt()
    with pytest.raises(EncoderError, match="present encoder"):
        store.replace_encoder(Straight(2))
    with pytest.raises(EncoderError, match="width 3 to 2"):
        store.replace_encoder(Straight(3, 2), shift(3, 3))
    with pytest.raises(EncoderError, match="another version"):
        store.replace_encoder(Straight(1, 2))
    with pytest.raises(EncoderError, match=r"no vectors are known of ids \[30\]"):
        store.remove([3, 30])
    with pytest.raises(EncoderError, match="once"):
        store.remove([3, 3])
    with pytest.raises(EncoderError, match=r"0\.\.134217727"):
        store.write([2**40])
    with pytest.raises(EncoderError, match="still of encoder"):
        store.vectors([0, 19])
    assert plain(store.state()) == before
    lost = False
    assert store.migrate(100) == 15
    zeros = VersionedVectors(old, lambda ids: 0 * ITEMS[ids], make=lambda d: Exact(d, "cosine"))
    with pytest.raises(EncoderError, match="no direction"):
        zeros.write([1])
    assert len(zeros) == 0


def test_damaged_states_are_refused() -> None:
    old, new = Straight(1), Straight(2)
    store = VersionedVectors(old, read, lazy=0)
    store.write(np.arange(20))
    store.replace_encoder(new)
    store.migrate(5)
    state = store.state()
    other = VersionedVectors(new, read)
    other.write([1])
    before = plain(other.state())
    with pytest.raises(EncoderError, match=r"'straight', 1.*encoders="):
        other.restore(state)
    wrong = {
        "vectors_0": state["vectors_0"][1:],
        "generation": state["generation"] + 1,
        "passages": [{"encoders": [["straight", 1]], "adapters": [0]}, state["passages"][1]],
        "retired": [["straight", 1]],
        "ids": state["ids"][:-1],
        "ticks": state["ticks"] - 1,
        "tick": 2**31,
    }
    for name, value in wrong.items():
        with pytest.raises(EncoderError):
            other.restore({**state, name: value}, [old])
    with pytest.raises(EncoderError, match="lacks"):
        other.restore({name: value for name, value in state.items() if name != "passages"}, [old])
    assert plain(other.state()) == before
    other.restore(state, [old])
    assert plain(other.state()) == plain(state)
