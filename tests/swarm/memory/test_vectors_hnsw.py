"""HNSW: what the library does when left alone and what ours does there, threads, filters, time."""

import hashlib
import threading

import numpy as np
import pytest

from swarm.memory.vectors import HNSW, Exact, VectorError
from swarm.memory.vectors.lock import ReadersWriterLock

hnswlib = pytest.importorskip("hnswlib")

X = np.random.default_rng(0).standard_normal((400, 4)).astype("f4")
LONE_WOLF = "contiguous 2D array"  # what the library says when it finds fewer than k


def raw(n: int = 10, room: int = 10, space: str = "l2", data: np.ndarray = X):
    index = hnswlib.Index(space, 4)
    index.init_index(room, random_seed=1)
    if n:
        index.add_items(data[:n], np.arange(n), num_threads=1)
    return index


def ours(n: int = 10, metric: str = "l2", data: np.ndarray = X, **settings) -> HNSW:
    index = HNSW(4, metric, seed=1, **settings)
    index.add(data[:n])
    return index


def digest(index: HNSW, folder) -> str:
    index.save(folder)
    return hashlib.sha256(next(folder.glob("graph.*")).read_bytes()).hexdigest()


# Traps of the library, each shown, and what ours does there


def test_a_full_graph():
    with pytest.raises(RuntimeError, match="exceeds the specified limit"):
        raw().add_items(X[10:11], [10])
    index = ours(0)
    for part in np.split(X[:10], 5):
        index.add(part)
    index.add(np.tile(X, (8, 1)))  # far more than the first room
    assert len(index) == 3210


def test_k_beyond_what_there_is():
    for n in (10, 0):
        with pytest.raises(RuntimeError, match=LONE_WOLF):
            raw(n).knn_query(X[0], 11)
        found = ours(n).search(X[0], 11)
        assert (found.ids[0] >= 0).sum() == n
        assert np.isinf(found.distances[0, n:]).all()


def test_a_filter_that_leaves_fewer_than_k():
    with pytest.raises(RuntimeError, match=LONE_WOLF):
        raw().knn_query(X[0], 2, filter=lambda label: label == 3)
    assert ours().search(X[0], 2, allowed=[3]).ids.tolist() == [[3, -1]]


def test_everything_removed():
    index = raw()
    for label in range(10):
        index.mark_deleted(label)
    with pytest.raises(RuntimeError, match=LONE_WOLF):
        index.knn_query(X[0], 1)
    index = ours()
    index.remove(range(10))
    assert index.search(X[0], 1).ids.tolist() == [[-1]]
    assert index.add(X[:1]).tolist() == [10]


def test_removal_gives_room_back():
    index = raw()
    for label in range(5):
        index.mark_deleted(label)
    assert index.get_current_count() == 10
    assert 3 in index.get_ids_list()
    with pytest.raises(RuntimeError, match="exceeds"):
        index.add_items(X[10:11], [10])
    index = ours(100)
    index.remove(range(20))
    assert index._graph.size == 100  # marked
    index.remove(range(20, 40))
    assert index._graph.size == 60  # built anew
    assert index.search(X[:100], 60).ids.min() == 40
    index.rebuild()
    assert np.array_equal(index.search(X[40:100], 1).ids[:, 0], np.arange(40, 100))


def test_an_id_that_comes_back_is_its_new_vector():
    index = ours(50)
    before = index.search(X[7], 1)
    index.remove([7])
    assert 7 not in index.search(X[7], 49).ids
    index.add(X[300], [7])
    assert before.ids.tolist() == [[7]]
    assert index.search(X[300], 1) == ([[7]], [[0.0]])
    assert index.search(X[7], 50).ids.tolist()[0].count(7) == 1


def test_ids_that_are_no_labels():
    index = raw(0)
    index.add_items(X[:1], np.array([-1]))
    index.add_items(X[1:2], np.array([100.7]))
    assert index.knn_query(X[:2], 1)[0].tolist() == [[2**64 - 1], [100]]
    index.add_items(X[2:3], [100])  # overwrites without a word
    assert index.get_current_count() == 2
    for wrong in ([-1], [100.7], [3]):
        with pytest.raises(VectorError):
            ours().add(X[:1], wrong)


def test_numbers_that_are_none():
    index = raw(0)
    index.add_items(np.full((3, 4), np.nan, "f4"))
    assert np.isnan(index.knn_query(X[0], 1)[1]).all()
    with pytest.raises(VectorError, match="finite"):
        ours().add(np.full((3, 4), np.nan, "f4"))


def test_short_vectors_have_a_direction_too():
    short = np.float32(1e-16) * X
    far = 1 - (X[0] @ X[1]) / np.linalg.norm(X[0]) / np.linalg.norm(X[1])
    wrong = np.float32(1e-25) * X
    assert abs(raw(2, 10, "cosine", wrong).knn_query(X[0], 2)[1][0] - [0, far]).max() > 1
    assert np.allclose(ours(2, "cosine", short).search(X[0], 2).distances, [[0, far]], atol=1e-6)
    with pytest.raises(VectorError, match="direction"):
        ours(2, "cosine", wrong)


def test_settings_come_back_from_files(tmp_path):
    index, path = raw(), str(tmp_path / "raw.bin")
    index.set_ef(77)
    index.save_index(path)
    narrow = hnswlib.Index("l2", 2)  # half the dimensions, and no complaint
    narrow.load_index(path)
    assert (index.ef, narrow.ef) == (77, 10)
    index = ours(ef=77, M=8)
    index.save(tmp_path)
    again = HNSW.load(tmp_path)
    assert (again.ef, again.M, again._graph._index.ef, again.dimensions) == (77, 8, 77, 4)
    (tmp_path / "graph.1.bin").write_bytes(bytes(500))
    with pytest.raises(VectorError, match="checksum"):
        HNSW.load(tmp_path)


def test_removals_that_cannot_have_been_are_refused(tmp_path):
    index = ours(10)
    index.remove([3])
    index.save(tmp_path)
    assert HNSW.load(tmp_path, replay=True).ids().tolist() == [0, 1, 2, *range(4, 10)]
    for slot, when in ((3, 11), (3, 3), (4, 10)):
        np.save(tmp_path / "removed.1.npy", np.array([[slot, when]]))
        with pytest.raises(VectorError, match=r"removed\.1\.npy is damaged"):
            HNSW.load(tmp_path, replay=True)


def test_a_replayed_index_goes_on_as_if_never_saved(tmp_path):
    one, path = raw(100, 400), str(tmp_path / "raw.bin")
    one.save_index(path)
    other = hnswlib.Index("l2", 4)
    other.load_index(path, 400)
    graphs = []
    for index in (one, other):
        index.add_items(X[100:], np.arange(100, 400), num_threads=1)
        index.save_index(path)
        graphs.append((tmp_path / "raw.bin").read_bytes())
    assert graphs[0] != graphs[1]

    # To what is removed nothing new is linked, so it matters when that was.
    index = ours(100)
    index.remove(index.search(X[99], 8).ids[0, 1:])
    index.add(X[100:200])
    index.remove(index.search(X[199], 8).ids[0, 1:])
    index.save(tmp_path / "a")
    again = HNSW.load(tmp_path / "a", replay=True)
    for each in (index, again):
        each.add(X[200:])
        each.remove([399])
    assert digest(index, tmp_path / "b") == digest(again, tmp_path / "c")


# Searches


def test_the_same_as_the_library_and_from_run_to_run(tmp_path):
    library = hnswlib.Index("l2", 4)
    library.init_index(400, M=16, ef_construction=200, random_seed=1)
    library.add_items(X, num_threads=1)
    library.set_ef(64)
    index, twin, other = ours(400), ours(0), HNSW(4, seed=2)
    twin.add(X[:150])
    twin.add(X[150:])
    other.add(X)
    labels, distances = library.knn_query(X[:50] + 0.1, 10)
    found = index.search(X[:50] + 0.1, 10)
    assert np.array_equal(found.ids, labels)
    assert np.array_equal(found.distances, distances)
    assert digest(index, tmp_path / "a") == digest(twin, tmp_path / "b")
    assert digest(index, tmp_path / "a") != digest(other, tmp_path / "c")


@pytest.mark.parametrize("exact_per_candidate", [0, 250, 10**9])
def test_every_plan_of_a_filtered_search_finds_the_nearest(exact_per_candidate, monkeypatch):
    """Also where what is allowed lies far from the queries, so that widths must double."""
    monkeypatch.setattr("swarm.memory.vectors.hnsw.EXACT_PER_CANDIDATE", exact_per_candidate)
    rng = np.random.default_rng(3)
    x = rng.standard_normal((2000, 8)).astype("f4")
    x[:200] += 6
    queries = rng.standard_normal((20, 8)).astype("f4")
    index, truth = HNSW(8), Exact(8)
    index.add(x)
    truth.add(x)
    masks = [np.arange(2000) < 200, *(rng.random(2000) < share for share in (0.01, 0.3, 0.9))]
    for mask in masks:
        found, true = index.search(queries, 10, mask), truth.search(queries, 10, mask)
        assert mask[found.ids].all()
        assert (
            np.mean([np.isin(f, t).mean() for f, t in zip(found.ids, true.ids, strict=True)])
            >= 0.97
        )


def test_what_cannot_be_reached_is_found_all_the_same():
    """Links of a graph this poor lead nowhere near everything."""
    x = np.repeat(np.eye(4, dtype="f4") * 100, 100, axis=0)
    x += np.random.default_rng(1).standard_normal(x.shape).astype("f4") * 1e-3
    library = hnswlib.Index("l2", 4)
    library.init_index(400, M=2, ef_construction=2, random_seed=1)
    library.add_items(x, num_threads=1)
    with pytest.raises(RuntimeError, match=LONE_WOLF):
        library.knn_query(x[:3], 400)
    index = HNSW(4, M=2, ef_construction=2, ef=1, seed=1)
    index.add(x)
    assert (np.sort(index.search(x[:3], 400).ids) == np.arange(400)).all()
    assert (index.search(x[:3], 300, allowed=np.arange(350)).ids < 350).all()


def test_tuning_reaches_the_recall_it_measures():
    rng = np.random.default_rng(4)
    x, queries = rng.random((2000, 24), "f4"), rng.random((100, 24), "f4")
    index, truth = HNSW(24, M=6, ef_construction=30), Exact(24)
    index.add(x)
    truth.add(x)
    true = truth.search(queries, 10).ids
    reached = {}
    for asked in (0.5, 0.95):
        reached[index.tune(asked, queries=queries)] = index.ef
        found = index.search(queries, 10).ids
        recall = np.mean([np.isin(f, t).mean() for f, t in zip(found, true, strict=True)])
        assert recall == pytest.approx(max(reached))
        assert recall >= asked
    assert len(set(reached.values())) == 2
    assert index.tune(0.9) >= 0.9  # its own vectors for queries
    assert HNSW(4).tune() == 1.0


# Threads


@pytest.mark.parametrize("kind", [HNSW, Exact])
def test_threads_search_while_one_adds_and_removes(kind):
    rng = np.random.default_rng(5)
    x, wrong, done = rng.standard_normal((1500, 16)).astype("f4"), [], threading.Event()
    index = kind(16)
    index.add(x[:100])
    known = [100]

    def read():
        rounds = 0
        while not done.is_set() or rounds < 3:
            rounds, before = rounds + 1, known[0]
            probe = np.arange(before - 50, before)
            found = index.search(x[probe], 5)
            # Added before the search began, and never removed: found.
            missed = (found.ids[:, 0] != probe) | (found.distances[:, 0] != 0)
            if missed[probe % 7 != 0].any() or (found.ids < 0).any():
                wrong.append(probe[missed])

    def write():
        for first in range(100, 1500, 50):
            index.add(x[first : first + 50])
            known[0] = first + 50
            gone = np.arange(first - 100, first - 50)
            index.remove(gone[gone % 7 == 0])
        done.set()

    threads = [threading.Thread(target=work) for work in (read, read, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    kept = np.arange(1500)
    assert index.ids().tolist() == kept[(kept % 7 != 0) | (kept >= 1400)].tolist()


def test_a_writer_is_alone_and_is_not_kept_waiting():
    lock, order = ReadersWriterLock(), []
    reading, writing, enough, written = (threading.Event() for _ in range(4))

    def read_long():
        with lock.reading():
            reading.set()
            enough.wait(60)
            order.append("reader leaves")

    def write():
        with lock.writing():
            order.append("writer")
            writing.set()
            written.wait(60)
            order.append("writer leaves")

    def read():
        with lock.reading():
            order.append("another reader")

    works = (read_long, write, read, read)
    long, writer, short, late = (threading.Thread(target=work) for work in works)
    long.start()
    reading.wait(60)
    with lock.reading():  # readers are together
        pass
    writer.start()
    writer.join(0.1)
    short.start()
    short.join(0.1)
    assert order == []  # the writer waits for the reader, and a newcomer for the writer
    enough.set()
    writing.wait(60)
    late.start()
    late.join(0.1)
    assert order == ["reader leaves", "writer"]
    written.set()
    for thread in (long, writer, short, late):
        thread.join(60)
    assert order[2:] == ["writer leaves", "another reader", "another reader"]
    with pytest.raises(ZeroDivisionError), lock.writing():
        raise ZeroDivisionError
    with lock.reading():  # what failed inside let go
        pass


@pytest.mark.parametrize(
    "wrong", [{"M": 1}, {"ef": 0}, {"seed": -1}, {"threads": 1.5}, {"rebuild_share": 0.0}]
)
def test_settings_out_of_range_are_named(wrong):
    with pytest.raises(VectorError, match=next(iter(wrong))):
        HNSW(4, **wrong)
    with pytest.raises(VectorError, match="ef"):
        HNSW(4).ef = 0
