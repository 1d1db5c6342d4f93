"""Coalition choice: who works with whom so that all coalitions are worth most together.

Exact by dynamic programming over all subsets (D. Yun Yeh, "A dynamic programming approach to the
complete set partitioning problem", BIT 26, 1986), up to 16 members; beyond, among the coalitions
that are proposed, by the winner determination of a combinatorial auction in which members are the
items, with its bound and gap (T. Sandholm, K. Larson et al., "Coalition structure generation with
worst case guarantees", Artificial Intelligence 111, 1999, on why not all can be looked at).

Guarantees, held by the tests: every member is in exactly one coalition; worths are counted in whole
tokens; ``bound`` is never below the best.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.auctions.combinatorial import combinatorial_auction
from economy.auctions.uniform_price import AuctionError
from economy.columns import whole_numbers

MEMBERS_EXACT = 16
"""The most members whose 3**n splits are all looked at."""
LARGEST_WORTH = 2**58
"""The largest worth of a coalition: sums over 16 coalitions fit int64."""


@dataclass(frozen=True, slots=True, eq=False)
class Coalitions:
    """A partition of members into coalitions.

    Attributes:
        label: int64[n], the coalition of each member: 0, 1, ... by their first members.
        worth: what the coalitions are worth together, in tokens.
        bound: tokens that no partition exceeds, of those that were to be chosen from.
    """

    label: NDArray[np.int64]
    worth: int
    bound: int

    @property
    def gap(self) -> float:
        """How far the best could be above this, as a part of the bound: 0 if proven."""
        return (self.bound - self.worth) / self.bound if self.bound > 0 else 0.0


def best_coalitions(worth: ArrayLike) -> Coalitions:
    """Return the partition worth most, from the worths of all coalitions.

    ``worth`` is int64[2**n], n of 1 to 16: that of each coalition, where bit i of its place says
    whether member i belongs; the empty one's must be 0, others may be negative. Among equals the
    coalition of the first member is the one of the lowest place. O(3**n). Raises ``AuctionError``.

    >>> best_coalitions([0, 1, 1, 5, 1, 2, 2, 5]).label.tolist()  # 0 and 1 do well together
    [0, 0, 1]
    """
    worths = whole_numbers("worth", worth, AuctionError)
    n = worths.size.bit_length() - 1
    if not 1 <= n <= MEMBERS_EXACT or worths.size != 1 << n:
        raise AuctionError(
            f"worth needs a number for each of the 2**n coalitions, n of 1 to {MEMBERS_EXACT}; "
            f"got {worths.size}. For more members use coalitions_among."
        )
    if worths[0] or np.abs(worths).max() > LARGEST_WORTH:
        raise AuctionError("the empty coalition (place 0) is worth 0, others at most 2**58")
    best, part = _best_parts(worths)
    label, left, count = np.empty(n, np.int64), worths.size - 1, 0
    while left:
        members = part[left] >> np.arange(n) & 1 == 1
        label[members] = count
        left, count = left & ~part[left], count + 1
    return Coalitions(label, int(best[-1]), int(best[-1]))


def coalitions_among(
    members: ArrayLike,
    worth: ArrayLike,
    *,
    greedy: bool = False,
    seconds: float | None = None,
) -> Coalitions:
    """Return the partition worth most, or a greedy one, among proposed coalitions.

    ``members`` is bool[m, n], who would belong to each proposal; ``worth`` int64[m] tokens, their
    sum at most 2**53. Whoever is in no chosen proposal stays alone, which is worth nothing unless
    it was proposed; proposals worth 0 or less are never chosen. Method, bound and ``seconds`` as
    for ``combinatorial_auction``. Raises ``AuctionError``.

    >>> coalitions_among([[1, 1, 0], [0, 1, 1], [0, 0, 1]], [5, 7, 3]).label.tolist()
    [0, 0, 1]
    """
    proposed = np.asarray(members)
    if proposed.ndim != 2 or (proposed.size and not np.isin(proposed, (0, 1)).all()):
        raise AuctionError(
            f"members must be bool[m, n], proposals by members; got shape {proposed.shape}"
        )
    worths = whole_numbers("worth", worth, AuctionError)
    proposed = proposed.astype(np.int64)
    chosen = combinatorial_auction(proposed, np.maximum(worths, 0), greedy=greedy, seconds=seconds)
    together = np.arange(proposed.shape[1])  # by first member
    for row in proposed[chosen.won] == 1:
        together[row] = np.flatnonzero(row)[0]
    label = np.unique(together, return_inverse=True)[1]
    return Coalitions(label.astype(np.int64), chosen.welfare, chosen.bound)


@njit(cache=True, nogil=True)
def _best_parts(worth: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return what each set of members is worth at best, and the coalition of its first member."""
    best, part = np.zeros(worth.size, np.int64), np.zeros(worth.size, np.int64)
    for everyone in range(1, worth.size):
        first = everyone & -everyone
        others = everyone ^ first
        best[everyone], part[everyone] = worth[first] + best[others], first
        some = (0 - others) & others  # the subsets of the others, rising
        while some:
            found = worth[first | some] + best[others ^ some]
            if found > best[everyone]:
                best[everyone], part[everyone] = found, first | some
            some = (some - others) & others
    return best, part
