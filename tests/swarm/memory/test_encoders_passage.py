"""Old vectors behind adapters: lossy ones do no harm, chains of them work, and encoders retire."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from swarm.memory.encoders import Encoder, EncoderError, Ridge, VersionedVectors, train_adapter
from swarm.memory.encoders.adapters import Adapter
from swarm.memory.encoders.answers import came_up
from swarm.memory.encoders.passage import Passage
from swarm.memory.vectors.exact import Exact
from swarm.memory.vectors.index import Metric, Neighbours

N, ASKED, K = 1_500, 200, 10


class Table(Encoder):
    """Vectors that are given, by row."""

    def __init__(self, version: int, rows: NDArray[Any]) -> None:
        super().__init__("table", version, rows.shape[1])
        self.rows = rows.astype(np.float32)

    def encode(self, items: Any) -> NDArray[np.float32]:
        return self.rows[np.asarray(items, np.int64)]


def views(rng: np.random.Generator, widths: tuple[int, ...], blur: float) -> list[Table]:
    """Encoders that each see a blurred projection of what clustered items are."""
    centres = rng.normal(size=(30, 24))
    items = centres[rng.integers(0, 30, N + ASKED)] + 0.7 * rng.normal(size=(N + ASKED, 24))
    tables = []
    for version, width in enumerate(widths):
        seen = items @ rng.normal(size=(24, width)) / np.sqrt(24)
        seen += blur * rng.normal(size=seen.shape)
        tables.append(Table(version, seen / np.linalg.norm(seen, axis=1, keepdims=True)))
    return tables


def begun(encoder: Encoder, n: int = N) -> VersionedVectors:
    store = VersionedVectors(encoder, lambda ids: ids, lazy=0)
    store.write(np.arange(n))
    return store


def succeeded(store: VersionedVectors, new: Encoder, rng: np.random.Generator) -> Adapter:
    adapter = train_adapter(*store.pairs(new, 300, rng), rng, network=False).adapter
    store.replace_encoder(new, adapter)
    return adapter


QUERIES = np.arange(N, N + ASKED)


def recall(store: VersionedVectors) -> float:
    truth = begun(store.encoder).search(QUERIES, K).ids
    found = store.search(QUERIES, K).ids
    return float((found[:, :, None] == truth[:, None, :]).sum() / truth.size)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("widths", "blur", "lossy"),
    [((8, 20), 0.3, True), ((12, 18), 0.1, True), ((20, 6), 0.05, False)],
)
def test_an_adapter_finds_no_less_than_none(
    widths: tuple[int, int], blur: float, lossy: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    old, new = views(rng, widths, blur)
    with_one, without = begun(old), begun(old)
    adapter = succeeded(with_one, new, rng)
    without.replace_encoder(new)
    for _ in range(3):
        ours, theirs = recall(with_one), recall(without)
        assert ours >= theirs
        if lossy and with_one.stale == N:  # where asking by the new encoder alone finds less
            assert ours > found_by_new_alone(old, new, adapter)
        with_one.migrate(N // 4)
        without.migrate(N // 4)


def found_by_new_alone(old: Table, new: Table, adapter: Adapter) -> float:
    """Recall among adapted vectors of what the new encoder makes of the queries."""
    mapped = Exact(new.dimensions)
    mapped.add(adapter.apply(old.rows[:N]))
    found = mapped.search(new.rows[QUERIES], K).ids
    truth = begun(new).search(QUERIES, K).ids
    return float((found[:, :, None] == truth[:, None, :]).sum() / truth.size)


@pytest.mark.parametrize("seed", range(3))
def test_adapters_in_a_row_find_no_less_than_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second, third = views(rng, (16, 24, 16), 0.1)
    chained, without = begun(first), begun(first)
    succeeded(chained, second, rng)
    without.replace_encoder(second)
    for store in (chained, without):
        store.migrate(N // 3)
    succeeded(chained, third, rng)
    without.replace_encoder(third)
    assert recall(chained) >= recall(without)
    for store in (chained, without):
        store.migrate(N // 3)
    before = recall(chained)
    assert before >= recall(without)
    revived = begun(Table(9, np.zeros((N, 2))))
    revived.restore(chained.state(), [first, second, third])
    assert recall(revived) == before
    while chained.migrate(N // 3):
        pass
    assert recall(chained) == 1.0
    assert chained.encoders == [third.identity]
    assert not [name for name in chained.state() if name.startswith("adapter_")]


@pytest.mark.parametrize("metric", ["l2", "cosine", "inner_product"])
def test_the_order_is_that_of_the_mean_distance_to_both_forms(metric: Metric) -> None:
    rng = np.random.default_rng(5)
    first, second = (
        Ridge(rng.normal(size=(3, 5)), rng.normal(size=5)),
        Ridge(rng.normal(size=(5, 4)), rng.normal(size=4)),
    )
    names = (("a", 0), ("a", 1), ("b", 0))
    passage = Passage(names[:2], (first,)).then(second, names[2])
    asked = {
        name: rng.normal(size=(7, width)).astype(np.float32)
        for name, width in zip(names, (3, 5, 4), strict=True)
    }
    vectors = rng.normal(size=(40, 4)).astype(np.float32)
    for gone in (None, *names):
        left = {name: each for name, each in asked.items() if name != gone}
        forms = [second.apply(first.apply(asked[names[0]])), asked[names[2]]]
        forms = [f for f, n in zip(forms, (names[0], names[2]), strict=True) if n != gone]
        distances = np.zeros((7, 40))
        for form in forms:
            one = Exact(4, metric)
            one.add(vectors)
            found = one.search(form, 40)
            np.put_along_axis(
                distances,
                found.ids,
                np.take_along_axis(distances, found.ids, 1) + found.distances,
                1,
            )
        index = Exact(4, metric)
        index.add(vectors)
        ids = index.search(passage.question(left, metric), 40).ids
        along = np.take_along_axis(distances, ids, axis=1)
        assert (np.diff(along, axis=1) > -1e-4).all()


def test_forms_that_cancel_still_have_a_direction() -> None:
    passage = Passage((("a", 0),)).then(Ridge(-np.eye(2), np.zeros(2)), ("a", 1))
    asked = {("a", version): np.array([[0, 3], [3, 0]], np.float32) for version in (0, 1)}
    assert passage.question(asked, "cosine").tolist() == [[0, 1], [1, 0]]
    assert passage.question(asked, "l2").tolist() == [[0, 0], [0, 0]]


def test_an_encoder_behind_an_adapter_may_retire() -> None:
    rng = np.random.default_rng(1)
    old, new = views(rng, (8, 8), 0.2)
    store = begun(old)
    adapter = succeeded(store, new, rng)
    assert store.encoders == [old.identity, new.identity]
    state = store.state()
    store.retire(old.identity)
    assert store.encoders == [new.identity]
    mapped = Exact(8)
    mapped.add(adapter.apply(old.rows[:N]))
    expected = mapped.search(new.rows[QUERIES], K)
    assert (store.search(QUERIES, K).ids == expected.ids).all()
    for given, gone in (([], [old.identity]), ([old], [old.identity])):
        again = begun(new, 3)
        again.restore(state, given, gone)
        assert (again.search(QUERIES, K).ids == expected.ids).all()
    kept = begun(new, 3)
    kept.restore(store.state(), [old])  # what has retired stays so
    assert kept.encoders == [new.identity]
    with pytest.raises(EncoderError, match=r"'table', 0.*retired="):
        kept.restore(state)
    with pytest.raises(EncoderError, match="not those of the encoders"):
        kept.restore(state, [Table(0, old.rows[:, :5])])
    with pytest.raises(EncoderError, match="only an old encoder"):
        store.retire(old.identity)
    with pytest.raises(EncoderError, match="only an old encoder"):
        store.retire(new.identity)
    store.replace_encoder(old)  # which has come back, and finds what it made
    assert store.stale == N
    store.retire(new.identity)
    assert store.encoders == [old.identity]
    without = begun(old)
    without.replace_encoder(new)
    without.migrate(5)
    with pytest.raises(EncoderError, match=r"1495 vectors are found by .*'table', 0"):
        without.retire(old.identity)
    with pytest.raises(EncoderError, match=r"'table', 0.*if adapters have mapped"):
        kept.restore(without.state(), [], [old.identity])


def test_one_that_comes_back_is_the_one_that_is_called() -> None:
    old, new = views(np.random.default_rng(1), (4, 4), 0.2)
    store = begun(old, 30)
    store.replace_encoder(new)
    store.replace_encoder(Table(0, old.rows))
    expected = store.search(QUERIES, K).ids
    old.rows = old.rows * np.nan
    assert (store.search(QUERIES, K).ids == expected).all()


def test_adapters_that_no_state_could_hold_are_refused() -> None:
    class Home(Ridge):
        kind = "home-made"

    rng = np.random.default_rng(1)
    old, new = views(rng, (4, 4), 0.2)
    store = begun(old, 9)
    with pytest.raises(EncoderError, match=r"ridge, procrustes, mlp; got 'home-made'"):
        store.replace_encoder(new, Home(np.eye(4), np.zeros(4)))
    assert store.encoder is old


def test_the_first_queries_are_served_first() -> None:
    far = np.zeros((2, 3), np.float32)
    found = {
        4: Neighbours(np.array([[5, 7, 9], [7, 2, -1]]), far),
        6: Neighbours(np.array([[3, 4, 8], [1, 0, 6]]), far),
    }
    for most, ids, whole in (
        (2, [5, 7], [0, 0]),
        (3, [5, 7, 9], [1, 0]),
        (9, [5, 7, 9, 2], [1, 1]),
    ):
        chosen, all_of_it = came_up(found, 6, most)
        assert chosen.tolist() == ids
        assert all_of_it.tolist() == whole
