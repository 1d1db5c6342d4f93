"""Byte strings as plain arrays, for the states of replicas and of what is under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from swarm.memory.replicas.errors import ReplicaError


def bytes_saved(strings: Sequence[bytes]) -> dict[str, np.ndarray]:
    """Byte strings one after another: `sizes` int64[k] and `bytes` uint8[their sum]."""
    return {
        "sizes": np.array([len(each) for each in strings], np.int64),
        "bytes": np.frombuffer(b"".join(strings), np.uint8).copy(),
    }


def bytes_restored(saved: Mapping[str, Any]) -> list[bytes]:
    """The byte strings of `bytes_saved`; ReplicaError if sizes and bytes do not match."""
    sizes = np.asarray(saved["sizes"], np.int64)
    whole = np.asarray(saved["bytes"], np.uint8).tobytes()
    if (sizes < 0).any() or sizes.sum() != len(whole):
        raise ReplicaError("saved byte strings and their sizes do not match.")
    ends = np.cumsum(sizes).tolist()
    return [whole[end - size : end] for size, end in zip(sizes.tolist(), ends, strict=True)]
