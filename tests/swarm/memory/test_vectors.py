"""Every vector index against one contract and a plain reference."""

import importlib.util
import json
import os
import resource
import signal
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from swarm.memory import vectors as room
from swarm.memory.vectors import (
    HNSW,
    Exact,
    Growing,
    Neighbours,
    VectorError,
    VectorIndex,
    load_index,
)

METRICS = ("l2", "cosine", "inner_product")
HAS_HNSW = importlib.util.find_spec("hnswlib") is not None
HAS_IVFPQ = hasattr(room, "IVFPQ") and importlib.util.find_spec("faiss") is not None
KINDS = [
    "exact",
    "growing",
    pytest.param("hnsw", marks=pytest.mark.skipif(not HAS_HNSW, reason="needs hnswlib")),
    pytest.param("ivf_pq", marks=pytest.mark.skipif(not HAS_IVFPQ, reason="needs faiss")),
]
# The least share of the true nearest, and how far distances may be off.
FLOORS = {"exact": (1.0, 0.0), "growing": (1.0, 0.0), "hnsw": (0.97, 1e-4), "ivf_pq": (0.7, np.inf)}


def make(kind: str, dimensions: int, metric: str = "l2") -> VectorIndex:
    if kind == "ivf_pq":
        return room.IVFPQ(dimensions, metric, lists=8, nprobe=4, training=300, seed=1)
    classes = {"exact": Exact, "growing": Growing, "hnsw": HNSW}
    return classes[kind](dimensions, metric)


def reference(known: dict, queries: np.ndarray, k: int, metric: str, allowed=None) -> Neighbours:
    """Sort all by distance, then id."""
    names = np.array(sorted(known if allowed is None else set(known) & set(allowed)), dtype=int)
    ids, distances = np.full((len(queries), k), -1), np.full((len(queries), k), np.inf)
    x = np.array([known[name] for name in names.tolist()], dtype=float)
    for i, q in enumerate(queries.astype(float)):
        if not len(names):
            break
        if metric == "l2":
            far = ((x - q) ** 2).sum(axis=1)
        else:
            lengths = np.sqrt((x * x).sum(axis=1) * (q * q).sum())
            far = 1 - (x @ q) / (lengths if metric == "cosine" else 1.0)
        order = np.lexsort((names, far))[:k]
        ids[i, : len(order)], distances[i, : len(order)] = names[order], far[order]
    return Neighbours(ids, distances.astype(np.float32))


def recall(found: np.ndarray, true: np.ndarray) -> float:
    hits = sum(
        len(set(f) & set(t) - {-1}) for f, t in zip(found.tolist(), true.tolist(), strict=True)
    )
    return hits / int((true >= 0).sum()) if (true >= 0).any() else 1.0


def clustered(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    centres = np.random.default_rng(0).standard_normal((20, d))
    return (centres[rng.integers(0, 20, n)] + 0.35 * rng.standard_normal((n, d))).astype("f4")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
class TestContract:
    def test_finds_the_nearest_filtered_or_not(self, kind, metric, tmp_path):
        rng = np.random.default_rng(5)
        index, x, q = make(kind, 16, metric), clustered(rng, 1500, 16), clustered(rng, 30, 16)
        names = rng.permutation(5000)[:1500]
        assert index.add(x, names).tolist() == names.tolist()
        known = dict(zip(names.tolist(), x, strict=True))
        floor, off = FLOORS[kind]
        mask = np.zeros(4000, dtype=bool)
        mask[rng.permutation(4000)[:1200]] = True
        few, none = names[:7].tolist(), [5001]
        cases = [None, mask, names[::2], [*few, 9999], none]
        listed = [None, np.flatnonzero(mask).tolist(), names[::2].tolist(), few, none]
        for allowed, plain in zip(cases, listed, strict=True):
            true = reference(known, q, 10, metric, plain)
            found = index.search(q, 10, allowed)
            assert found.ids.dtype == np.int64
            assert found.distances.dtype == np.float32
            assert found.ids.shape == found.distances.shape == (30, 10)
            assert recall(found.ids, true.ids) >= floor
            # However few are allowed, as many are found.
            assert ((found.ids >= 0).sum(axis=1) == (true.ids >= 0).sum(axis=1)).all()
            assert (np.isinf(found.distances) == (found.ids < 0)).all()
            assert (found.distances[:, 1:] >= found.distances[:, :-1]).all()
            assert plain is None or set(found.ids.ravel().tolist()) <= {-1, *plain}
            if off < np.inf:
                same = (found.ids == true.ids) & (true.ids >= 0)
                assert np.allclose(found.distances[same], true.distances[same], atol=1e-5 + off)
        index.save(tmp_path / "saved")
        again = load_index(tmp_path / "saved")
        assert type(again) is type(index)
        before, after = index.search(q, 10, mask), again.search(q, 10, mask)
        assert np.array_equal(before.ids, after.ids)
        assert np.array_equal(before.distances, after.distances)

    def test_ids_come_and_go(self, kind, metric, tmp_path):
        rng = np.random.default_rng(6)
        index, x = make(kind, 4, metric), rng.standard_normal((40, 4)).astype("f4")
        empty = index.search(x[:2], 3)
        assert empty.ids.tolist() == [[-1] * 3] * 2
        assert np.isinf(empty.distances).all()
        assert index.search(x[:0], 3).ids.shape == (0, 3)
        assert index.add(x[:0]).tolist() == []
        assert index.add(x[:20]).tolist() == list(range(20))
        assert index.add(x[20]).tolist() == [20]
        # A mask says nothing of ids beyond its end: they are not allowed.
        assert np.sort(index.search(x[9], 4, np.arange(3) > 0).ids).tolist() == [[-1, -1, 1, 2]]
        assert index.add(x[21:23], [70, 50]).tolist() == [70, 50]
        index.remove([70, 3])
        assert index.add(x[23]).tolist() == [71]  # never a number that was used
        assert len(index) == 22
        assert index.ids().tolist() == [*range(3), *range(4, 21), 50, 71]
        assert (3 in index, 4 in index, 70 in index, "a" in index) == (False, True, False, False)
        assert index.search(x, 60).ids.max() == 71
        assert not np.isin(index.search(x, 60).ids, [3, 70]).any()
        index.add(x[30], [3])
        assert 3 in index.search(x[30], 5).ids
        if kind != "ivf_pq":
            assert index.vectors([71, 3]).tolist() == x[[23, 30]].tolist()
        index.remove(index.ids())
        assert len(index) == 0
        assert (index.search(x[:1], 2).ids == -1).all()
        index.save(tmp_path)
        again = load_index(tmp_path)
        assert again.add(x[:2]).tolist() == [72, 73]

    @pytest.mark.parametrize(
        ("call", "says"),
        [
            (lambda i: i.add(np.zeros((2, 5))), "4 dimensions"),
            (lambda i: i.add([[np.nan, 1, 2, 3]]), "finite"),
            (lambda i: i.add([[1e30, 1, 2, 3]]), "finite"),
            (lambda i: i.add([["a", "b", "c", "d"]]), "numbers"),
            (lambda i: i.add(np.ones((2, 4)), [8, 8]), "twice"),
            (lambda i: i.add(np.ones((2, 4)), [8, 1]), "known already"),
            (lambda i: i.add(np.ones((2, 4)), [8]), "as many"),
            (lambda i: i.add(np.ones((1, 4)), [-1]), "at least 0"),
            (lambda i: i.add(np.ones((1, 4)), [1.5]), "whole"),
            (lambda i: i.remove([1, 99]), "unknown"),
            (lambda i: i.remove([1, 1]), "twice"),
            (lambda i: i.vectors([99]), "unknown"),
            (lambda i: i.search(np.ones((1, 4)), 0), "at least 1"),
            (lambda i: i.search(np.ones((1, 4)), 2.0), "whole"),
            (lambda i: i.search(np.ones((1, 3)), 1), "4 dimensions"),
            (lambda i: i.search(np.ones((1, 4)), 1, [0.5]), "allowed"),
        ],
    )
    def test_mistakes_are_named_and_change_nothing(self, kind, metric, call, says):
        index = make(kind, 4, metric)
        index.add(np.eye(4))
        with pytest.raises(VectorError, match=says):
            call(index)
        assert index.ids().tolist() == [0, 1, 2, 3]
        assert index.add(np.ones((1, 4))).tolist() == [4]


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_named(kind, tmp_path):
    index = make(kind, 4)
    index.add(np.random.default_rng(0).standard_normal((50, 4)))
    index.save(tmp_path)
    for path in sorted(p for p in tmp_path.rglob("*") if p.is_file() and p.name != "index.json"):
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(VectorError, match=path.stem):
            load_index(tmp_path)
        path.write_bytes(whole)
    header = json.loads((tmp_path / "index.json").read_text())
    for broken in ("{", "[]", json.dumps(header | {"format": 99}), json.dumps({"format": 1})):
        (tmp_path / "index.json").write_text(broken)
        with pytest.raises(VectorError, match=r"index\.json"):
            load_index(tmp_path)
    with pytest.raises(VectorError, match="cannot be read"):
        load_index(tmp_path / "nowhere")


@pytest.mark.parametrize("kind", KINDS)
def test_killed_while_it_saves_the_last_whole_one_stays(kind, tmp_path):
    x = clustered(np.random.default_rng(0), 900, 4)
    before, after = make(kind, 4), make(kind, 4)
    before.add(x[:400])
    after.add(x)
    before.save(tmp_path)
    answers = {len(index): index.search(x[:5], 3).ids.tolist() for index in (before, after)}
    before = load_index(tmp_path)  # it goes on answering when its files are replaced
    for moment in (1, 3, 6, 10, 15, 30):
        child = os.fork()
        if not child:
            while True:
                after.save(tmp_path)
        time.sleep(moment / 1000)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        again = load_index(tmp_path)
        assert again.search(x[:5], 3).ids.tolist() == answers[len(again)]
    after.save(tmp_path)
    assert len(load_index(tmp_path)) == 900
    assert before.search(x[:5], 3).ids.tolist() == answers[400]
    before.save(tmp_path)
    assert len(load_index(tmp_path)) == 400
    left = {path.name.split(".")[1] for path in tmp_path.iterdir() if path.name != "index.json"}
    assert len(left) == 1, "files of other generations"
    again = load_index(tmp_path)
    again.save(tmp_path)  # over what it reads from
    assert load_index(tmp_path).search(x[:5], 3).ids.tolist() == answers[400]


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_is_full_leaves_what_was_saved(kind, tmp_path):
    x = clustered(np.random.default_rng(0), 3000, 4)
    small, large = make(kind, 4), make(kind, 4)
    small.add(x[:50])
    large.add(x)
    small.save(tmp_path)
    most = max(path.stat().st_size for path in tmp_path.rglob("*"))
    large.save(tmp_path / "whole")
    sizes = sorted({p.stat().st_size for p in (tmp_path / "whole").rglob("*") if p.is_file()})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (size for size in sizes if size > most):  # all files fit but those as large
        resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1, limits[1]))
        try:
            with pytest.raises((OSError, RuntimeError, VectorError)):
                large.save(tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert load_index(tmp_path).ids().tolist() == list(range(50))


@pytest.mark.parametrize("first", KINDS)
def test_any_kind_is_saved_over_any_other(first, tmp_path):
    x = clustered(np.random.default_rng(0), 400, 4)
    make(first, 4).save(tmp_path)
    for kind in (each if isinstance(each, str) else each.values[0] for each in KINDS):
        if not {"hnsw": HAS_HNSW, "ivf_pq": HAS_IVFPQ}.get(kind, True):
            continue
        index = make(kind, 4)
        index.add(x)
        index.save(tmp_path)
        again = load_index(tmp_path)
        assert (again.kind, len(again)) == (kind, 400)


def test_zero_has_no_direction():
    index = Exact(2, "cosine")
    for call in (index.add, lambda x: index.search(x, 1)):
        with pytest.raises(VectorError, match="direction"):
            call([[1, 1], [0, 0]])


steps = st.lists(
    st.tuples(st.sampled_from(["add", "name", "remove", "reload"]), st.integers(0, 2**32 - 1)),
    max_size=12,
)


@pytest.mark.parametrize("kind", ["exact", pytest.param("hnsw", marks=KINDS[2].marks), "growing"])
@settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=steps, metric=st.sampled_from(METRICS), d=st.integers(1, 4))
def test_any_history_equals_a_dictionary(kind, tmp_path, steps, metric, d):
    index, known, used = make(kind, d, metric), {}, 0
    for step, seed in steps:
        rng = np.random.default_rng(seed)
        if step in ("add", "name"):
            x = rng.integers(-2, 3, (rng.integers(0, 12), d)).astype("f4")
            x[:, 0] += 3  # somewhere, for the cosine
            free = np.setdiff1d(rng.integers(0, 60, len(x)), list(known))
            x = x if step == "add" else x[: len(free)]
            names = index.add(x) if step == "add" else index.add(x, rng.permutation(free))
            assert step == "name" or names.tolist() == list(range(used, used + len(x)))
            known |= zip(names.tolist(), x, strict=True)
            used = max([used - 1, *names.tolist()]) + 1
        elif step == "remove":
            gone = [name for name in known if rng.random() < 0.4]
            index.remove(gone)
            known = {name: x for name, x in known.items() if name not in gone}
        else:
            index.save(tmp_path)
            index = load_index(tmp_path)
        assert index.ids().tolist() == sorted(known)
        assert all(index.vectors(name).tolist() == [x.tolist()] for name, x in known.items())
        queries, k = rng.integers(1, 4, (5, d)).astype("f4"), int(rng.integers(1, 8))
        allowed = None if rng.random() < 0.5 else rng.permutation(70)[: rng.integers(0, 70)]
        found = index.search(queries, k, allowed)
        true = reference(known, queries, k, metric, allowed)
        assert np.allclose(found.distances, true.distances, atol=1e-5)  # so few are all found
        if kind != "hnsw" and metric != "cosine":  # integers: ties are ties
            assert np.array_equal(found.ids, true.ids)


@pytest.mark.parametrize("offset", [0.0, 3000.0])
@pytest.mark.parametrize("metric", METRICS)
def test_exact_is_exact_where_float32_cannot_tell(metric, offset):
    rng = np.random.default_rng(7)
    base = rng.standard_normal((3, 24)) * np.array([[1], [5], [0.1]])
    x = (offset + base[rng.integers(0, 3, 3000)]).astype("f4")  # a thousand of each, nearly
    x += np.float32(1e-4) * rng.standard_normal(x.shape).astype("f4")
    x[:500] = x[500:1000]
    queries, index = x[::400] + np.float32(1e-4), Exact(24, metric)
    index.add(x)
    found = index.search(queries, 12)
    true = reference(dict(enumerate(x)), queries, 12, metric)
    assert np.allclose(found.distances, true.distances, rtol=1e-6, atol=1e-14)
    if metric == "l2":
        assert np.array_equal(found.distances, true.distances)
        assert np.array_equal(found.ids, true.ids)
    alone = [index.search(q, 12).ids[0] for q in queries]
    assert np.array_equal(found.ids, alone)  # whatever else is asked
