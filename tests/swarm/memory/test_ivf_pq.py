"""IVF-PQ and its store: recall on planted clusters, and the promises of every vector index."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory.vectors.index import VectorError
from swarm.memory.vectors.reranking import HEADER_BYTES, RerankingStore
from swarm.memory.vectors.row_ids import RowIds
from swarm.memory.vectors.tuning import recalls

faiss = pytest.importorskip("faiss")

from swarm.memory.vectors.coarse import Centres, k_means  # noqa: E402
from swarm.memory.vectors.ivf_pq import IVFPQ  # noqa: E402

WIDTH = 16
METRICS = ("l2", "cosine", "inner_product")


@pytest.fixture(autouse=True)
def one_thread():
    """Answers that repeat."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    yield
    faiss.omp_set_num_threads(before)


def planted(size, seed, clusters=40, width=WIDTH):
    """Vectors around centres that are the same for every seed."""
    centres = np.random.default_rng(7).standard_normal((clusters, width))
    rng = np.random.default_rng(seed)
    near = centres[rng.integers(0, clusters, size)] + 0.35 * rng.standard_normal((size, width))
    return near.astype(np.float32)


def brute(queries, vectors, metric):
    """All distances, in float64, of the definitions."""
    q, x = queries.astype(np.float64), vectors.astype(np.float64)
    if metric == "l2":
        return ((q[:, None] - x[None]) ** 2).sum(axis=2)
    if metric == "cosine":
        q = q / np.linalg.norm(q, axis=1, keepdims=True)
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
    return 1 - q @ x.T


def small(metric="l2", size=4_000, folder=None, **given):
    """An index that has trained, and its vectors."""
    settings = {"lists": 32, "training": 2_000, "nprobe": 8, "candidates": 100} | given
    index = IVFPQ(WIDTH, metric, folder=folder, **settings)
    vectors = planted(size, 1)
    for begin in range(0, size, 1_500):
        index.add(vectors[begin : begin + 1_500])
    return index, vectors


# The store


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 20), st.integers(1, 12), st.booleans(), st.integers(0, 2**32 - 1))
def test_candidates_are_ordered_as_by_brute_force(width, k, inner, seed):
    rng = np.random.default_rng(seed)
    path = Path(_folder()) / f"{seed}-{width}-{k}-{inner}"
    store = RerankingStore(path, width)
    # Tiny numbers too: halves below 6e-5 are subnormal.
    vectors = (rng.standard_normal((30, width)) * 10.0 ** rng.integers(-6, 2, (30, 1))).astype("f4")
    store.append(vectors[:11]), store.append(vectors[11:])
    kept = vectors.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(store.rows(np.arange(30)), kept)
    queries = rng.standard_normal((3, width)).astype(np.float32)
    candidates = np.array([rng.permutation(30)[:9] for _ in range(3)])
    candidates[:, 7:] = -1
    found, distances = store.nearest(queries, candidates, k, inner)
    path.unlink()
    every = brute(queries, kept, "inner_product" if inner else "l2")
    for q in range(3):
        near = np.sort(every[q, candidates[q, :7]])[:k]
        np.testing.assert_allclose(distances[q, : len(near)], near, rtol=1e-4, atol=1e-4)
        assert (found[q, 7:] == -1).all()
        assert np.isinf(distances[q, 7:]).all()
        assert set(found[q, : len(near)]) <= set(candidates[q, :7])
        np.testing.assert_allclose(every[q, found[q, : len(near)]], near, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("lost", [1, 31, 32, 33, 100])
def test_an_append_that_was_killed_leaves_a_readable_prefix(tmp_path, lost):
    path, vectors = tmp_path / "rows", planted(10, 3)
    RerankingStore(path, WIDTH).append(vectors)
    content = path.read_bytes()
    path.write_bytes(content[:-lost])
    store = RerankingStore(path, WIDTH)
    whole = (len(content) - lost - HEADER_BYTES) // 32
    assert len(store) == whole
    halves = vectors.astype(np.float16)
    np.testing.assert_array_equal(store.rows(np.arange(whole)), halves[:whole])
    assert store.append(vectors[:2]) == whole
    again = RerankingStore(path, WIDTH).rows(np.arange(whole + 2))
    np.testing.assert_array_equal(again, np.concatenate([halves[:whole], halves[:2]]))


def test_a_store_refuses_what_is_not_its_own(tmp_path):
    path = tmp_path / "rows"
    store = RerankingStore(path, 4)
    store.append(np.ones((2, 4), np.float32))
    size = path.stat().st_size
    with pytest.raises(VectorError, match="half precision"):
        store.append(np.full((1, 4), -7e4, np.float32))
    assert path.stat().st_size == size
    assert len(store) == 2
    with pytest.raises(VectorError, match="5 dimensions"):
        RerankingStore(path, 5)
    with pytest.raises(VectorError, match="cut short"):
        RerankingStore(path, 4, rows=3)


# Ids


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=25), st.booleans())
def test_ids_and_rows_agree_with_a_dictionary(steps, chosen):
    ids, plain, rows = RowIds(), {}, 0
    for number, add in steps:
        number = number if chosen else ids.next_id if add else number
        if add and number not in plain:
            ids.append(np.array([number]))
            plain[number], rows = rows, rows + 1
        elif number in plain:
            ids.give_up(ids.known_rows(np.array([number])))
            del plain[number]
    asked = np.arange(35)
    expected = [plain.get(i, -1) for i in range(35)]
    for each in (ids, RowIds.of(ids.size, ids.next_id, ids.arrays())):
        assert each.rows(asked).tolist() == expected
        assert len(each) == len(plain)
        assert each.ids().tolist() == sorted(plain)
        mask = asked % 3 == 0
        kept = sorted(row for number, row in plain.items() if number % 3 == 0)
        assert each.allowed_rows(mask).tolist() == kept
        assert each.allowed_rows(asked[mask]).tolist() == kept
        assert each.of_rows(each.living()).tolist() == sorted(plain, key=plain.__getitem__)


def test_ids_of_other_rows_are_refused(tmp_path):
    ids = RowIds()
    ids.append(np.array([7, 3, 9]))
    ids.save(tmp_path / "rows.npz")
    assert RowIds.load(tmp_path / "rows.npz", 3, 10).ids().tolist() == [3, 7, 9]
    for size, next_id in ((2, 10), (4, 10), (3, 9)):
        with pytest.raises(VectorError, match=r"rows\.npz is damaged"):
            RowIds.load(tmp_path / "rows.npz", size, next_id)


# The centres


def test_every_planted_cluster_gets_a_centre():
    centres = np.random.default_rng(7).standard_normal((40, WIDTH)).astype(np.float32)
    made = k_means(planted(4_000, 2), 64, np.random.default_rng(1))
    gaps = Centres(made).nearest(centres)[1]
    assert gaps.max() < WIDTH * 0.35**2  # nearer than a vector of the cluster usually is


def test_grouped_centres_are_nearly_those_of_all():
    centres, vectors = planted(2_048, 5, 300), planted(300, 6, 300)
    found, gaps = Centres(centres).nearest(vectors)
    every = brute(vectors, centres, "l2")
    np.testing.assert_allclose(gaps, every[np.arange(300), found], rtol=1e-3, atol=1e-3)
    assert (every.argmin(axis=1) == found).mean() > 0.9
    assert gaps.mean() < 1.03 * every.min(axis=1).mean()


# The index


@pytest.mark.parametrize("metric", METRICS)
def test_trained_lists_find_the_nearest(metric):
    index, vectors = small(metric)
    queries = planted(100, 9)
    every = brute(queries, vectors, metric)
    truth = every.argsort(axis=1)[:, :10]
    found = index.search(queries, 10)
    assert recalls(found.ids, truth).mean() > 0.97
    assert recalls(index.exact(queries, 10).ids, truth).mean() > 0.995  # halves swap few
    near = np.take_along_axis(every, found.ids, axis=1)
    np.testing.assert_allclose(found.distances, near, rtol=5e-3, atol=5e-3)
    assert (np.diff(found.distances, axis=1) >= 0).all()
    index.nprobe, index.candidates = 1, 10  # codes alone would not do: the setting matters
    assert recalls(index.search(queries, 10).ids, truth).mean() < 0.9


@pytest.mark.parametrize("metric", METRICS)
def test_few_vectors_are_compared_exactly(metric):
    index, vectors, queries = IVFPQ(WIDTH, metric), planted(300, 1), planted(20, 2)
    assert index.search(queries, 3).ids.tolist() == [[-1] * 3] * 20
    index.add(vectors)
    truth = brute(queries, vectors, metric).argsort(axis=1)[:, :5]
    assert recalls(index.search(queries, 5).ids, truth).mean() > 0.98
    assert (index.search(queries, 301).ids[:, 300] == -1).all()


def test_removed_vectors_are_never_found_and_may_come_again():
    index, vectors = small()
    queries, gone = vectors[:200:2], np.arange(0, 200, 2)
    swept = np.arange(1_000, 2_000)
    for ids in (gone, swept, np.arange(2_000, 3_500)):  # marked, swept, built again
        index.remove(ids)
        found = index.search(queries, 10).ids
        assert not np.isin(found, ids).any()
        assert not np.isin(found, gone).any()
        left = np.setdiff1d(index.ids(), gone)
        truth = left[brute(queries, vectors[left], "l2").argsort(axis=1)[:, :10]]
        assert recalls(found, truth).mean() > 0.95
    assert len(index) == 1_400
    assert 0 not in index
    assert 1 in index
    assert index.add(vectors[:1]).tolist() == [4_000]  # no number is given twice
    index.add(queries, gone)
    assert (index.search(queries, 1).ids[1:, 0] == gone[1:]).all()
    np.testing.assert_allclose(index.vectors(gone), queries, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_filters_leave_only_the_allowed(share, monkeypatch):
    index, vectors = small()
    queries = planted(50, 9)
    allowed = np.flatnonzero(np.random.default_rng(4).random(4_000) < share)
    mask = np.zeros(4_500, bool)
    mask[allowed] = mask[4_400] = True
    truth = allowed[brute(queries, vectors[allowed], "l2").argsort(axis=1)[:, :10]]
    for most in (1 << 14, 0):  # exactly, and by the lists
        monkeypatch.setattr("swarm.memory.vectors.ivf_pq._EXACT_ROWS", most)
        found = index.search(queries, 10, np.append(allowed, 99_999))
        assert np.isin(found.ids, allowed).all()
        assert recalls(found.ids, truth).mean() > 0.97
        same = index.search(queries, 10, mask)
        assert (same.ids == found.ids).all()
        assert (index.search(queries, 2, []).ids == -1).all()


@pytest.mark.parametrize("metric", ["l2", "inner_product"])
def test_what_is_loaded_answers_alike_and_goes_on_alike(tmp_path, metric):
    index, vectors = small(metric)
    index.remove(np.arange(50))
    index.add(vectors[:20], np.arange(9_000, 9_020))
    queries = planted(40, 9)
    index.save(tmp_path / "a")
    loaded = IVFPQ.load(tmp_path / "a")
    for step in range(2):
        for ours, theirs in zip(index.search(queries, 10), loaded.search(queries, 10), strict=True):
            assert ours.tobytes() == theirs.tobytes()
        assert (index.ids() == loaded.ids()).all()
        assert len(index) == len(loaded)
        if not step:
            more = planted(700, 12)
            assert (index.add(more) == loaded.add(more)).all()
    # What was added since is nowhere in the saved folder.
    assert (tmp_path / "a" / "vectors.1.f16").stat().st_size == HEADER_BYTES + 4_020 * 2 * WIDTH
    assert len(IVFPQ.load(tmp_path / "a")) == 3_970
    loaded.save(tmp_path / "a")
    assert (IVFPQ.load(tmp_path / "a").search(queries, 5).ids == index.search(queries, 5).ids).all()
    assert sorted(path.name.split(".")[0] for path in (tmp_path / "a").iterdir()) == [
        "index",
        "lists",
        "rows",
        "vectors",
    ]


def test_a_folder_is_gone_on_with_from_what_was_saved(tmp_path):
    index, _vectors = small(folder=tmp_path)
    index.save(tmp_path)
    before = index.search(planted(10, 9), 5)
    index.add(planted(100, 3))  # and then it is killed, with half a row more
    with (tmp_path / "vectors.f16").open("ab") as file:
        file.write(b"half")
    again = IVFPQ.load(tmp_path, extend=True)
    assert len(again) == 4_000
    assert (again.search(planted(10, 9), 5).ids == before.ids).all()
    again.add(planted(100, 4))
    again.save(tmp_path)
    last = IVFPQ.load(tmp_path)
    kept = planted(100, 4).astype(np.float16)
    np.testing.assert_array_equal(last.vectors(np.arange(4_000, 4_100)), kept)
    with pytest.raises(VectorError, match="extend=True"):
        IVFPQ(WIDTH, folder=tmp_path)


@pytest.mark.parametrize("batches", [(512, 512, 100, 156, 512), (128, 384, 33, 640)])
def test_lists_of_whole_blocks_grow_rightly(batches):
    """faiss's own merging writes beyond a list whose length divides by a block's 128 bytes."""
    index = IVFPQ(WIDTH, lists=1, training=batches[0], nprobe=1, candidates=sum(batches))
    vectors = planted(sum(batches), 1)
    for end, size in zip(np.cumsum(batches), batches, strict=True):
        index.add(vectors[end - size : end])
    queries = planted(20, 9)
    assert (index.search(queries, 10).ids == index.exact(queries, 10).ids).all()
    near = index.search(vectors + 0.0, 1).ids[:, 0]
    assert (near == np.arange(sum(batches))).all()
    index.candidates = 30
    assert recalls(index.search(queries, 10).ids, index.exact(queries, 10).ids).mean() > 0.6


def test_tuning_takes_the_cheapest_that_is_sure(monkeypatch):
    """Of all settings tried, by the price that the module states."""
    rng = np.random.default_rng(3)  # without clusters: neighbours lie in many lists
    vectors, held = rng.standard_normal((4_000, WIDTH)), rng.standard_normal((60, WIDTH))
    index = IVFPQ(WIDTH, lists=32, training=2_000)
    index.add(vectors)
    truth = brute(held, vectors, "l2").argsort(axis=1)[:, :10]
    sure = {}
    for nprobe in 2 ** np.arange(6):
        for candidates in 10 * 2 ** np.arange(1, 9):
            index.nprobe, index.candidates = int(nprobe), int(candidates)
            shares = recalls(index.search(held, 10).ids, truth)
            price = nprobe * (300 + 0.5 * 4_000 / 32) + 150 * candidates
            sure[price] = shares.mean() - shares.std() / 60**0.5, nprobe, candidates
    chosen = set()
    for asked in (0.3, 0.6, 0.8, 0.9, 0.95, 0.98):
        cheapest = min(price for price in sure if sure[price][0] >= asked)
        got = index.tune(held, recall=asked, truth=truth)
        assert got[:2] == sure[cheapest][1:] == (index.nprobe, index.candidates)
        chosen.add(got[:2])
    assert len(chosen) >= 5
    hopeless = IVFPQ(WIDTH, lists=32, training=2_000, code_bytes=1)
    hopeless.add(vectors)
    monkeypatch.setattr("swarm.memory.vectors.tuning._MOST_LISTS", 1)
    assert hopeless.tune(held, recall=0.9999).nprobe == 1  # the best there is


@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_building_again_keeps_what_was_saved(metric, tmp_path):
    index, vectors = small(metric, size=2_500, folder=tmp_path)
    index.save(tmp_path)
    before = index.search(vectors[:20], 5)
    for _ in range(2):  # twice the same sizes
        index.rebuild()
        assert (index.search(vectors[:20], 1).ids[:, 0] == np.arange(20)).all()
        index.remove(np.arange(1_000, 2_000))
        index.add(vectors[1_000:2_000], np.arange(1_000, 2_000))
    again = IVFPQ.load(tmp_path)
    assert again.search(vectors[:20], 5).distances.tobytes() == before.distances.tobytes()
    index.save(tmp_path)
    assert len(list(tmp_path.glob("vectors*"))) == 1
    kept = small(metric, size=2_500)[0]
    for _ in range(3):
        kept.rebuild()
    assert len(list(kept._store.path.parent.iterdir())) == 1
    kept.remove([2_499])
    kept.rebuild()
    assert kept.add(vectors[:1]).tolist() == [2_500]  # no number is given twice


def test_equal_seeds_give_equal_answers():
    queries = planted(30, 9)
    first, again, other = (
        small(seed=seed, candidates=15)[0].search(queries, 10) for seed in (3, 3, 4)
    )
    assert first.distances.tobytes() == again.distances.tobytes()
    assert (first.ids == again.ids).all()
    assert not (first.ids == other.ids).all()


def test_errors_teach_and_change_nothing(tmp_path):
    index, vectors = small(size=2_500)
    with pytest.raises(VectorError, match="2 code_bytes must divide"):
        IVFPQ(16, code_bytes=5)
    with pytest.raises(VectorError, match="training at least lists"):
        IVFPQ(16, lists=100, training=50)
    with pytest.raises(VectorError, match="known already, such as 7"):
        index.add(vectors[:2], [9_999, 7])
    with pytest.raises(VectorError, match="unknown, such as 2500"):
        index.remove([1, 2_500])
    with pytest.raises(VectorError, match="half precision"):
        index.add(np.full((1, WIDTH), 1e5))
    with pytest.raises(VectorError, match="recall must be in"):
        index.tune(vectors[:5], recall=1.0)
    index.save(tmp_path / "a")
    next((tmp_path / "a").glob("vectors*")).unlink()
    with pytest.raises(VectorError, match="is missing"):
        IVFPQ.load(tmp_path / "a")
    assert len(index) == 2_500
    assert 9_999 not in index
    assert 1 in index
    index.save(tmp_path / "b")
    lists = next((tmp_path / "b").glob("lists*"))
    lists.write_bytes(lists.read_bytes()[:1000])
    with pytest.raises(VectorError, match=r"lists.1.faiss is missing or damaged"):
        IVFPQ.load(tmp_path / "b")


def _folder(kept=[]):  # noqa: B006
    """One temporary folder for all examples."""
    import tempfile

    if not kept:
        kept.append(tempfile.TemporaryDirectory())
    return kept[0].name
