"""The choice of an index, the index that grows, and novelty by any of them."""

import importlib.util
import json

import numpy as np
import pytest

from evolution import GenomeSpec, Real
from evolution.diversity import DiversityError, IndexedArchive, NeighbourArchive, NoveltySearch
from swarm.memory.vectors import (
    HNSW,
    Exact,
    Growing,
    VectorError,
    choose,
    load_index,
    novelty,
    vector_index,
)

needs_hnswlib = pytest.mark.skipif(
    importlib.util.find_spec("hnswlib") is None, reason="needs hnswlib"
)


def everything(library: str) -> bool:
    return True


def nothing(library: str) -> bool:
    return False


# The choice


@pytest.mark.parametrize(
    ("size", "settings", "kind"),
    [
        (0, {}, "exact"),
        (20_000, {}, "exact"),
        (20_001, {}, "hnsw"),
        (1_000_000, {}, "hnsw"),
        (1_000_000, {"recall": 1.0}, "exact"),
        (1_000_000, {"filtered": 0.01}, "exact"),
        (1_000_000, {"memory": 1e8}, "ivf_pq"),
        (1_000_000, {"memory": 1e9}, "hnsw"),
        (100_000_000, {}, "ivf_pq"),
        (100_000_000, {"recall": 0.99}, "hnsw"),
    ],
)
def test_the_kind_follows_size_recall_and_memory(size, settings, kind):
    assert choose(size, 64, installed=everything, **settings).kind == kind


def test_what_is_missing_is_replaced_and_named():
    assert choose(10**8, 64, installed=lambda name: name == "hnswlib").kind == "hnsw"
    for size, missing in ((10**8, ("faiss", "hnswlib")), (10**5, ("hnswlib",))):
        kind, reason = choose(size, 64, installed=nothing)
        assert kind == "exact"
        assert all(f"{name} is not installed" in reason for name in missing)
    assert "installed" not in choose(10, 64, installed=nothing).reason


@pytest.mark.parametrize("wrong", [{"recall": 0.0}, {"recall": 1.1}, {"filtered": 0.0}])
def test_a_choice_from_nonsense_is_refused(wrong):
    with pytest.raises(VectorError, match="shares"):
        choose(10, 64, **wrong)
    with pytest.raises(VectorError, match="kind must be one of"):
        vector_index(4, kind="annoy")


# Growing


@needs_hnswlib
def test_it_becomes_another_kind_and_nobody_notices(monkeypatch, tmp_path):
    monkeypatch.setattr("swarm.memory.vectors.choice.EXACT_MOST", 1000)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((3000, 8)).astype("f4")
    index, truth = vector_index(8, recall=0.95, seed=3), Exact(8)
    kinds = []
    for first in range(0, 3000, 300):
        for each in (index, truth):
            each.add(x[first : first + 300])
            each.remove([first + 299])  # the largest: its number is not given again
        kinds.append((len(index), index.current))
        assert np.array_equal(index.ids(), truth.ids())
        found, true = index.search(x[:50] + 0.1, 10), truth.search(x[:50] + 0.1, 10)
        hits = [np.isin(f, t).mean() for f, t in zip(found.ids, true.ids, strict=True)]
        assert np.mean(hits) >= 0.95
        index.save(tmp_path)
        index = load_index(tmp_path)
    assert [kind for _, kind in kinds] == ["exact"] * 3 + ["hnsw"] * 7
    again = load_index(tmp_path, replay=True)
    twin = load_index(tmp_path, replay=True)
    graphs = []
    for each, folder in ((again, tmp_path / "a"), (twin, tmp_path / "b")):
        each.add(x[:100])
        each.save(folder)
        graphs.append((folder / "index.1" / "graph.1.bin").read_bytes())
        assert np.array_equal(each.ids()[:-100], index.ids())
    assert graphs[0] == graphs[1]
    assert "graph" in index.reason
    index.remove(np.setdiff1d(index.ids(), [4]))
    assert index.current == "hnsw"  # it does not shrink
    assert index.add(x[:1]).tolist() == [3000]
    assert vector_index(8, size=1001).current == "hnsw"


@needs_hnswlib
def test_it_becomes_compressed_lists_that_are_tuned(monkeypatch, tmp_path):
    pytest.importorskip("faiss").omp_set_num_threads(1)
    monkeypatch.setattr("swarm.memory.vectors.choice.EXACT_MOST", 400)
    monkeypatch.setattr("swarm.memory.vectors.choice.HNSW_MOST", 900)
    monkeypatch.setattr("swarm.memory.vectors.tuning.SAMPLE", 4)  # a vector a list to train on
    monkeypatch.setattr("swarm.memory.vectors.ivf_pq.SAMPLE", 4)
    rng = np.random.default_rng(5)
    centres = rng.standard_normal((30, 16))
    x = (centres[rng.integers(0, 30, 4000)] + 0.35 * rng.standard_normal((4000, 16))).astype("f4")
    index, kinds = vector_index(16, recall=0.9, seed=3), []
    for first in range(0, 4000, 500):
        index.add(x[first : first + 500])
        kinds.append(index.current)
    assert kinds == ["hnsw", *["ivf_pq"] * 7]
    index.remove([0, 3999])
    assert index.ids().tolist() == list(range(1, 3999))
    inner, asked = index._index, x[1:200] + 0.05
    assert inner.lists == 128  # 4 sqrt(4,000), down to a power of two: expected when it had 1,000
    assert inner._codes is not None
    true = inner.exact(asked, 10).ids
    found = index.search(asked, 10).ids
    hits = [np.isin(f, t).mean() for f, t in zip(found, true, strict=True)]
    assert np.mean(hits) >= 0.88
    index.save(tmp_path)
    again = load_index(tmp_path)
    index.save(tmp_path)  # what it reads from is replaced
    assert np.array_equal(again.search(asked, 10).ids, found)
    assert again.add(x[:1]).tolist() == [4000]
    assert vector_index(16, kind="ivf_pq", size=10_000).lists == 256
    assert vector_index(16, size=10_000)._index.lists == 256


@needs_hnswlib
def test_it_stays_what_it_is_where_another_kind_could_not_hold_it(monkeypatch):
    pytest.importorskip("faiss")
    monkeypatch.setattr("swarm.memory.vectors.choice.EXACT_MOST", 20)
    monkeypatch.setattr("swarm.memory.vectors.choice.HNSW_MOST", 40)
    index = Growing(2)
    for first in range(0, 60, 10):
        index.add(np.arange(first, first + 20.0).reshape(10, 2) + 1e5)  # beyond half precision
    assert len(index) == 60
    assert index.current == "hnsw"
    assert "as a graph; but vectors must stay within" in index.reason
    assert index.reason.startswith("50 vectors")  # it tried once


def test_growing_without_libraries_stays_exact(monkeypatch):
    monkeypatch.setattr("swarm.memory.vectors.choice.find_spec", lambda name: None)
    monkeypatch.setattr("swarm.memory.vectors.choice.EXACT_MOST", 10)
    index = Growing(2)
    assert "installed" not in index.reason
    index.add(np.random.default_rng(0).random((30, 2)))
    assert index.current == "exact"
    assert "noosphere[hnsw]" in index.reason


def test_a_growing_index_whose_parts_do_not_fit_is_refused(tmp_path):
    Growing(4).save(tmp_path)
    Exact(5).save(tmp_path / "index.1")
    with pytest.raises(VectorError, match="do not fit"):
        Growing.load(tmp_path)
    header = json.loads((tmp_path / "index.json").read_text())
    (tmp_path / "index.json").write_text(json.dumps(header | {"kind": "annoy"}))
    with pytest.raises(VectorError, match="annoy"):
        load_index(tmp_path)
    with pytest.raises(VectorError, match="load_index"):
        Exact.load(tmp_path)


# Novelty


@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_novelty_is_the_mean_distance_to_the_nearest(metric):
    rng = np.random.default_rng(2)
    x, queries = rng.standard_normal((60, 5)), rng.standard_normal((7, 5))
    index = vector_index(5, metric)
    assert np.isinf(novelty(index, queries)).all()
    names = index.add(x)

    def plain(a, b):
        if metric == "l2":
            return np.sqrt(((a[:, None] - b) ** 2).sum(axis=2))
        return 1 - a @ b.T / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)

    far = np.sort(plain(queries, x), axis=1)
    assert np.allclose(novelty(index, queries), far[:, :15].mean(axis=1), rtol=1e-5)
    assert np.allclose(novelty(index, queries, 100), far.mean(axis=1), rtol=1e-5)
    among = plain(x, x)
    among[np.eye(60, dtype=bool)] = np.inf
    among = np.sort(among, axis=1)
    assert np.allclose(novelty(index, x, 3, own=names), among[:, :3].mean(axis=1), rtol=1e-4)
    outside = np.full(7, -1)
    assert np.allclose(novelty(index, queries, 3, own=outside), far[:, :3].mean(axis=1), rtol=1e-5)
    some = novelty(index, queries, 2, allowed=[4, 9])
    assert np.allclose(some, plain(queries, x[[4, 9]]).mean(axis=1), rtol=1e-5)
    with pytest.raises(VectorError, match="own"):
        novelty(index, queries, own=names)
    with pytest.raises(VectorError, match="no distance"):
        novelty(vector_index(5, "inner_product"), queries)


def behave(genomes):
    x = genomes["x"]
    return x[:, 2], np.column_stack([x[:, 0] + x[:, 1], x[:, 0] * x[:, 2]])


def test_an_indexed_archive_equals_the_exact_one():
    rng = np.random.default_rng(3)
    indexed, plain = IndexedArchive(3, Exact(3)), NeighbourArchive(3)
    for size in (0, 4, 50):
        points, batch = rng.integers(-4, 5, (size, 3)), rng.integers(-4, 5, (9, 3))
        for archive in (indexed, plain):
            archive.add(points)
        for one, other in zip(
            indexed.neighbourhood(batch, 6), plain.neighbourhood(batch, 6), strict=True
        ):
            assert np.array_equal(one, other)
        assert np.array_equal(indexed.novelty(batch, 6), plain.novelty(batch, 6))
        assert np.array_equal(indexed.points, plain.points)
        assert len(indexed) == len(plain)
    with pytest.raises(DiversityError, match="finite"):
        indexed.add([[np.nan, 0, 0]])


def searched(index, generations=12):
    spec = GenomeSpec({"x": Real(4)})
    search = NoveltySearch(spec, 30, rng=1, neighbours=5, local_competition=True, index=index)
    for _ in range(generations):
        search.tell(*behave(search.ask()))
    return search


@needs_hnswlib
def test_novelty_search_by_an_index():
    plain = searched(None)
    near = {"exact": searched(Exact), "hnsw": searched(lambda d: HNSW(d, seed=1))}
    for search in near.values():  # so few points that the graph finds all
        assert np.array_equal(search.measures, plain.measures)
        assert np.allclose(search.novelty, plain.novelty)
    search = near["hnsw"]
    spec = GenomeSpec({"x": Real(4)})
    again = NoveltySearch(
        spec, 30, rng=1, neighbours=5, local_competition=True, index=lambda d: HNSW(d, seed=1)
    )
    again.restore(search.state())
    for each in (search, again):
        for _ in range(5):
            each.tell(*behave(each.ask()))
    assert np.array_equal(search.measures, again.measures)
    assert np.array_equal(search.novelty, again.novelty)
