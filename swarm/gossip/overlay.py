"""Who gossips with whom: the random k-out overlay.

Every agent keeps k peers drawn uniformly from the living. For k ≥ 2 the graph, read without
directions, is connected with high probability (Fenner & Frieze 1982, "On the connectivity of
random m-orientable graphs and digraphs", Combinatorica 2), so rumours reach everybody.

Peers are stored as agent *ids*, which are never reused, and not as rows, which shift when agents
die. Ids ascend along the rows (births append larger ids, deaths keep the order), so a binary
search turns one into the other.

Guarantees: nobody is its own peer; the peers of an agent are distinct wherever they were drawn
from more than k living agents; after `repair` every peer lives; equal generators give equal peers.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

NOBODY = -1


class OverlayError(ValueError):
    """Ids, rows or k that no overlay can be built from."""


@dataclass(frozen=True)
class KOutOverlay:
    """A random overlay in which every agent knows `k` ≥ 1 others.

    Its column is `peers`, int64[n, k]: peer ids, row by row beside the population, −1 for nobody.

    >>> overlay = KOutOverlay(k=8)
    >>> rng = np.random.default_rng(1)
    >>> peers = overlay.wire(np.arange(100), rng)
    >>> peers = overlay.repair(peers[50:], np.arange(50, 100), rng)  # the first fifty died
    """

    k: int = 8

    def __post_init__(self) -> None:
        _check_k(self.k)

    def wire(
        self, ids: ArrayLike, rng: np.random.Generator, of: ArrayLike | None = None
    ) -> NDArray[np.int64]:
        """Draw fresh peers for every agent, or for the rows `of`; see `random_peers`."""
        return random_peers(ids, self.k, rng, of)

    def repair(
        self, peers: ArrayLike, ids: ArrayLike, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Replace the peers that died; see the function `repair`."""
        return repair(peers, ids, rng)

    def rows(self, peers: ArrayLike, ids: ArrayLike) -> NDArray[np.int64]:
        """Return the rows in which the peers stand now, −1 for the dead; see `rows_of`."""
        return rows_of(ids, peers)


def random_peers(
    ids: ArrayLike, k: int, rng: np.random.Generator, of: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Draw k peers for each agent, uniformly from the other living agents.

    Args:
        ids: int64[n], the living, ascending.
        k: peers for each agent, ≥ 1.
        rng: draws m·k uniform numbers.
        of: int[m], the rows to draw for (those just born, say); every row when None.

    Returns:
        int64[m, k] peer ids. Distinct in each row where n > k; otherwise each of the others
        comes once before any comes again. A lone agent gets −1.

    Raises:
        OverlayError: for ids that do not ascend, k < 1, or rows outside 0..n−1.

    Costs O(m·k²) after the draws.
    """
    living = _check_ids(ids)
    _check_k(k)
    own = np.arange(living.size) if of is None else np.asarray(of, dtype=np.int64)
    if own.size and not (own.min() >= 0 and own.max() < living.size):
        raise OverlayError(
            f"rows to fill must lie in 0..{living.size - 1}, the rows of the {living.size} ids; "
            f"got {own.min()}..{own.max()}. Pass rows, not ids: rows_of(ids, wanted) gives them."
        )
    nobody = np.full((own.size, k), NOBODY, dtype=np.int64)
    return _filled(nobody, nobody, own, living, rng)


def repair(peers: ArrayLike, alive_ids: ArrayLike, rng: np.random.Generator) -> NDArray[np.int64]:
    """Replace every peer that is dead or −1 by a random living agent, new to that row.

    Args:
        peers: int64[n, k] peer ids, row i belonging to `alive_ids[i]`.
        alive_ids: int64[n], the living, ascending.
        rng: draws one uniform number for each slot replaced.

    Returns:
        int64[n, k], a new array; living peers keep their slots. Where n ≤ k newcomers may
        repeat; a lone agent gets −1.

    Raises:
        OverlayError: for ids that do not ascend, or peers that do not stand beside them.
    """
    living = _check_ids(alive_ids)
    known = np.asarray(peers, dtype=np.int64)
    if known.ndim != 2 or known.shape[0] != living.size:
        raise OverlayError(
            f"peers must have one row for each of the {living.size} living agents, "
            f"int64[{living.size}, k]; got shape {known.shape}. Drop the rows of the dead first: "
            "peers[alive]."
        )
    return _filled(known, rows_of(living, known), np.arange(living.size), living, rng)


def rows_of(ids: ArrayLike, wanted: ArrayLike) -> NDArray[np.int64]:
    """Return the row of each wanted id, −1 where it is absent.

    Args:
        ids: int64[n], ascending.
        wanted: ids in any shape.

    Returns:
        int64 rows in the shape of `wanted`.

    Raises:
        OverlayError: for ids that do not ascend.
    """
    living = _check_ids(ids)
    sought = np.asarray(wanted, dtype=np.int64)
    if living.size == 0:
        return np.full(sought.shape, NOBODY, dtype=np.int64)
    rows = np.minimum(np.searchsorted(living, sought), living.size - 1)
    return np.where(living[rows] == sought, rows, NOBODY)


def _filled(
    peers: NDArray[np.int64],
    rows: NDArray[np.int64],
    own: NDArray[np.int64],
    living: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return `peers` with a random living agent wherever `rows` is −1."""
    if living.size < 2:
        return np.full_like(peers, NOBODY)
    empty = rows == NOBODY
    filled = rows.copy()
    _fill(filled, own, living.size, rng.random(np.count_nonzero(empty)))
    return np.where(empty, living[filled], peers)


@njit(cache=True, nogil=True)
def _fill(
    rows: NDArray[np.int64], own: NDArray[np.int64], living: int, chance: NDArray[np.float64]
) -> None:
    """Put a random row into every empty slot; one number of `chance` for each, no rejection."""
    taken = np.empty(rows.shape[1] + 1, np.int64)  # ascending: oneself and the peers so far
    drawn = 0
    for i in range(rows.shape[0]):
        taken[0] = own[i]
        size = 1
        for p in range(rows.shape[1]):
            if rows[i, p] >= 0:
                size = _insert(taken, size, rows[i, p])
        for p in range(rows.shape[1]):
            if rows[i, p] >= 0:
                continue
            if size == living:  # everybody is a peer already: begin to repeat
                taken[0] = own[i]
                size = 1
            row = int(chance[drawn] * (living - size))  # a rank among those not taken
            drawn += 1
            for q in range(size):
                if taken[q] > row:
                    break
                row += 1
            rows[i, p] = row
            size = _insert(taken, size, row)


@njit(cache=True, nogil=True)
def _insert(taken: NDArray[np.int64], size: int, row: int) -> int:
    """Insert a row into the ascending `taken[:size]` unless it is there; return the new size."""
    place = size
    while place > 0 and taken[place - 1] > row:
        place -= 1
    if place > 0 and taken[place - 1] == row:
        return size
    for q in range(size, place, -1):
        taken[q] = taken[q - 1]
    taken[place] = row
    return size + 1


def _check_ids(ids: ArrayLike) -> NDArray[np.int64]:
    living = np.asarray(ids, dtype=np.int64)
    if living.ndim != 1 or (np.diff(living) <= 0).any() or (living[:1] < 0).any():
        raise OverlayError(
            "ids must be one column of ids ≥ 0 that ascend without repeats, such as [0, 1, 4]; "
            f"got shape {living.shape}, beginning {living.ravel()[:5].tolist()}."
        )
    return living


def _check_k(k: int) -> None:
    if k < 1:
        raise OverlayError(f"k, the number of peers, must be at least 1, such as 8; got {k}.")
