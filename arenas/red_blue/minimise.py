"""What of a script is needed: delta debugging, asked in batches.

Zeller & Hildebrandt 2002, "Simplifying and isolating failure-inducing input", IEEE Transactions on
Software Engineering 28, the algorithm ddmin: try parts and what is left without them, finer and
finer, until no single action can go.

Guarantees: what is returned passes the test, and is 1-minimal: without any one of its actions it
does not. At most O(M²) candidates are tried, in O(M) batches where the test is monotonic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from arenas.red_blue.errors import RedBlueError

Flags = npt.NDArray[np.bool_]
Test = Callable[[Flags], Flags]


def ddmin(size: int, passes: Test) -> Flags:
    """The actions of a 1-minimal part of a script, bool[size].

    Args:
        size: actions in the script.
        passes: takes candidates bool[k, size], which actions are kept, and says bool[k] of which
            of them still do what the script does. The empty one is never asked about.

    Raises:
        RedBlueError: where the whole script does not pass.
    """
    kept = np.arange(size)
    if not size or not passes(np.ones((1, size), np.bool_))[0]:
        raise RedBlueError("the whole script does not pass the test; there is nothing to minimise")
    parts = 2
    while len(kept) >= 2:
        parts = min(parts, len(kept))
        pieces = np.array_split(kept, parts)
        rests = [np.setdiff1d(kept, piece) for piece in pieces] if parts > 2 else []
        candidates = pieces + rests
        passed = np.flatnonzero(passes(_flags(size, candidates)))
        if len(passed):
            first = int(passed[0])
            kept = candidates[first]
            parts = 2 if first < len(pieces) else max(parts - 1, 2)
        elif parts == len(kept):
            break
        else:
            parts *= 2
    return _flags(size, [kept])[0]


def _flags(size: int, chosen: list[npt.NDArray[np.int64]]) -> Flags:
    flags = np.zeros((len(chosen), size), np.bool_)
    for row, each in enumerate(chosen):
        flags[row, each] = True
    return flags
