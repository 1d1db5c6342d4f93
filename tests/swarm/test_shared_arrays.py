"""Shared arrays: what one lays out another reads, kept arrays stay, and nothing is left behind."""

import os
import pickle
import sys
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from swarm.shared_arrays import SharedArrays, SharedArraysError

KINDS = st.sampled_from(["u1", "<i4", ">i8", "f4", "f8", "?", "c16", "U3"])
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /dev/shm")


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(
        st.text(max_size=3),
        KINDS.flatmap(lambda kind: arrays(kind, array_shapes(min_dims=0, min_side=0, max_side=4))),
        max_size=5,
    )
)
def test_what_is_laid_out_is_found_again(given_: dict[str, np.ndarray]) -> None:
    with SharedArrays.of(given_) as ours:
        theirs = SharedArrays.at(pickle.loads(pickle.dumps(ours.layout)))
        assert list(theirs.arrays) == list(given_)
        for name, array in given_.items():
            assert theirs.arrays[name].dtype == array.dtype
            assert theirs.arrays[name].shape == array.shape
            assert theirs.arrays[name].tobytes() == array.tobytes()
            assert theirs.arrays[name].flags.aligned
        assert theirs.close()


def test_they_are_mapped_by_name_and_gone_at_the_end() -> None:
    given_: dict[str, np.ndarray] = {
        "a": np.arange(5),
        "none": np.zeros((0, 3)),
        "b": np.ones((2, 2), np.float32),
    }
    with SharedArrays.of(given_) as ours:
        theirs = SharedArrays.at(ours.layout)
        theirs.arrays["a"][2] = 99
        assert ours.arrays["a"].tolist() == [0, 1, 99, 3, 4]
        assert given_["a"][2] == 2
        assert theirs.close()
        assert SharedArrays.at(ours.layout).close()  # it was not theirs to unlink
    with pytest.raises(FileNotFoundError):
        SharedArrays.at(ours.layout)


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_an_array_that_was_kept_stays_readable(whose: str) -> None:
    ours = SharedArrays.of({"a": np.arange(100_000)})
    theirs = SharedArrays.at(ours.layout)
    holder, other = (ours, theirs) if whose == "ours" else (theirs, ours)
    kept = holder.arrays["a"][10:]
    assert not holder.close()
    assert other.close()
    assert kept.sum() == np.arange(10, 100_000).sum()
    with pytest.raises(FileNotFoundError):
        SharedArrays.at(ours.layout)
    del kept
    assert holder.close()


@linux
def test_arrays_too_large_for_shared_memory_are_refused() -> None:
    free = os.statvfs("/dev/shm")
    size = 2 * free.f_bavail * free.f_frsize
    huge = np.lib.stride_tricks.as_strided(np.zeros(1, "u1"), (size,), (0,))
    with pytest.raises(SharedArraysError, match=r"arrays take .* bytes, and .* free; enlarge"):
        SharedArrays.of({"huge": huge})


def test_what_cannot_be_laid_out_leaves_no_segment_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class Noted(SharedMemory):
        """Shared memory that says what it was called."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append(self.name)

    monkeypatch.setattr("swarm.shared_arrays.SharedMemory", Noted)
    with pytest.raises(TypeError):
        SharedArrays.of({"first": np.ones(3), "bad": np.array([object()])})
    (name,) = made
    with pytest.raises(FileNotFoundError):
        SharedMemory(name)
