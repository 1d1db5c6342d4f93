"""A context sees what an index would in which its vectors were replaced, and the base stays."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory.encoders import ContextOverlays, EncoderError
from swarm.memory.vectors import VectorError
from swarm.memory.vectors.exact import Exact

METRICS = ("l2", "cosine", "inner_product")


def base_of(vectors: np.ndarray, ids: np.ndarray, metric: str = "l2") -> Exact:
    index = Exact(vectors.shape[1], metric)  # type: ignore[arg-type]
    index.add(vectors, ids)
    return index


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    metric=st.sampled_from(METRICS),
    shifted=st.integers(0, 110),
    gone=st.integers(0, 5),
    k=st.integers(1, 12),
    filtered=st.sampled_from(["all", "ids", "mask"]),
)
def test_an_overlay_equals_the_replaced_index(
    seed: int, metric: str, shifted: int, gone: int, k: int, filtered: str
) -> None:
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(200, 120, replace=False))
    vectors = rng.normal(size=(120, 3)).astype(np.float32)
    base = base_of(vectors, ids, metric)
    overlays = ContextOverlays(base)
    rows = rng.choice(120, shifted, replace=False)
    deltas = rng.normal(size=(shifted, 3)).astype(np.float32)
    overlays.put("other", ids[:20], rng.normal(size=(20, 3)))
    overlays.put(7, ids[rows[::2]], rng.normal(size=(len(rows[::2]), 3)))  # replaced below
    overlays.put(7, ids[rows], deltas)
    saved = overlays.state()
    leaving = rng.choice(120, gone, replace=False)
    base.remove(ids[leaving])

    replaced = vectors.copy()
    replaced[rows] += deltas
    stays = np.setdiff1d(np.arange(120), leaving)
    expected = base_of(replaced[stays], ids[stays], metric)
    queries = rng.normal(size=(4, 3))
    allowed = {
        "all": None,
        "ids": rng.choice(210, 70, replace=False),
        "mask": rng.random(150) < 0.5,
    }[filtered]
    found = overlays.search(queries, k, 7, allowed)
    truth = expected.search(queries, k, allowed)
    assert (found.ids == truth.ids).all()
    assert (found.distances == truth.distances).all()
    assert (overlays.vectors(ids[stays], 7) == replaced[stays]).all()

    again = ContextOverlays(base_of(vectors, ids, metric))
    again.restore(saved)
    assert again.contexts() == overlays.contexts()
    for context in again.contexts():
        for one, two in zip(again.deltas(context), overlays.deltas(context), strict=True):
            assert one.tobytes() == two.tobytes()


def test_deltas_follow_the_base_and_can_be_dropped() -> None:
    base = base_of(np.zeros((3, 2)), np.arange(3))
    overlays = ContextOverlays(base)
    overlays.put("winter", [0, 2], [[1, 0], [5, 0]])
    base.remove([2])
    base.add([[10.0, 0.0]], [2])
    assert overlays.vectors([2, 0, 1], "winter").tolist() == [[15, 0], [1, 0], [0, 0]]
    assert overlays.search([15, 0], 1, "winter").distances.tolist() == [[0]]
    overlays.drop("winter", [0])
    assert overlays.deltas("winter")[0].tolist() == [2]
    overlays.drop("winter")
    assert overlays.contexts() == []
    assert overlays.search([10, 0], 1, "winter").ids.tolist() == [[2]]
    assert base.vectors([0, 1]).tolist() == [[0, 0], [0, 0]]


def test_errors_say_what_is_allowed() -> None:
    overlays = ContextOverlays(base_of(np.eye(2), np.arange(2), "cosine"))
    overlays.put(1, [0], [[1, 1]])
    before = overlays.state()
    with pytest.raises(EncoderError, match="no \\[4\\]"):
        overlays.put(1, [4], [[1, 1]])
    with pytest.raises(EncoderError, match="twice"):
        overlays.put(1, [0, 0], np.ones((2, 2)))
    with pytest.raises(EncoderError, match="shape"):
        overlays.put(1, [0], [[1, 1, 1]])
    with pytest.raises(EncoderError, match="number or a name"):
        overlays.put(1.5, [0], [[1, 1]])  # type: ignore[arg-type]
    with pytest.raises(VectorError, match="direction"):
        overlays.put(1, [0], [[-1, 0]])
    with pytest.raises(EncoderError, match="a count of ids"):
        overlays.restore({**before, "counts": np.array([2])})
    with pytest.raises(EncoderError, match="have contexts"):
        overlays.restore({})
    assert overlays.deltas(1)[1].tolist() == [[1, 1]]
