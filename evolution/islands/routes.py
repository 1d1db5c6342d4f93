"""Who sends migrants to whom."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from evolution.search import AskTellError

Topology = Literal["ring", "star", "random", "full"] | npt.NDArray[np.bool_]
_TOPOLOGIES = ("ring", "star", "random", "full")


def routes(topology: Topology, n: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Who of ``n`` islands sends to whom: ``bool[n, n]``, sender by receiver, nobody to itself.

    "ring": each to the next; "star": the first to all others and they to it; "random": each to
    another one, drawn from ``rng``; "full": each to all others; or the array itself.
    """
    if isinstance(topology, np.ndarray):
        return topology
    here, sends = np.arange(n), np.zeros((n, n), np.bool_)
    if topology == "ring":
        sends[here, (here + 1) % n] = True
    elif topology == "star":
        sends[0, 1:] = sends[1:, 0] = True
    elif topology == "full":
        sends[:] = True
    elif n > 1:
        sends[here, (here + rng.integers(1, n, n)) % n] = True
    sends[here, here] = False
    return sends


def check_topology(topology: Topology, n: int) -> Topology:
    """The topology, or `AskTellError` where it is none for ``n`` islands."""
    if isinstance(topology, str):
        if topology not in _TOPOLOGIES:
            raise AskTellError(
                f"topology is {topology!r}; allowed: {', '.join(_TOPOLOGIES)}, or bool[{n}, {n}]"
            )
        return topology
    sends = np.array(topology, dtype=np.bool_)
    if sends.shape != (n, n) or sends.diagonal().any():
        raise AskTellError(
            f"topology is {list(sends.shape)}; expected bool[{n}, {n}], sender by receiver, "
            "nobody to itself"
        )
    return sends
