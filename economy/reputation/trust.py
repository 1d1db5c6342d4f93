"""Reputation by who trusts whom: walks over a trust graph that start at trusted seeds.

A walk starts at a seed, and at each name ends with probability ``restart``, or else goes on to one
of those whom the name trusts, in proportion to the trust. Four readings of that walk, or of the
same graph as a network of pipes:

* ``eigentrust``: where walks end, when a name that trusts nobody passes its walks to the seeds
  (S. Kamvar, M. Schlosser & H. Garcia-Molina, "The EigenTrust algorithm for reputation management
  in P2P networks", WWW 2003, algorithm 2; personalised PageRank).
* ``resting_trust``: the same, when walks end at a name that trusts nobody.
* ``hitting_trust``: how many of the walks come by a name at all (D. Sheldon & J. Hopcroft,
  "Manipulation-resistant reputations using hitting time", WAW 2007). See ``hitting.py``.
* ``flow_trust``: how much trust can flow from one name to another (A. Cheng & E. Friedman,
  "Sybilproof reputation mechanisms", P2PECON 2005).

Guarantees, held by the tests. Ratings below 0 and of oneself count for nothing, so slander and
praising oneself do nothing, and a name whom nobody trusts has 0, the floor: a new name gains
nothing. Against rings of names that are trusted only through names of the ring:

* A ring whom no outsider trusts has 0 by every rule.
* ``hitting_trust`` and ``flow_trust``: no name of a ring behind one name, nor that name itself,
  gets more than that name alone gets, whatever the ring's own ratings are. (The *sum* over the
  ring can grow: use them to judge a name, not to weigh votes.)
* ``resting_trust``: the sum over a ring is at most what its names would have as a single name that
  trusts nobody, since a walk ends once and must have entered: use it to weigh votes.
* ``eigentrust``: a ring can keep walks among itself. The sum over a ring is at most
  1 / ``restart`` times what it would be had it passed them on, and no more is promised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.reputation.errors import ReputationError

Floats = NDArray[np.float64]

LARGEST_FLOW = 2**31 - 1
"""The largest trust between two names that can flow: the solver's pipes are int32."""
TOLERANCE = 1e-12
"""Walks longer than those of this probability are not followed."""


@dataclass(frozen=True, eq=False)
class TrustGraph:
    """Who trusts whom and how much, n names, as compressed rows (CSR).

    Attributes:
        start: int64[n + 1], the rows: name i trusts ``trusted[start[i]:start[i + 1]]``.
        trusted: int64[E], names, rising within a row.
        value: float64[E], > 0.
    """

    start: NDArray[np.int64]
    trusted: NDArray[np.int64]
    value: Floats

    def __len__(self) -> int:
        """Return the number of names."""
        return self.start.size - 1

    @classmethod
    def of_ratings(
        cls, n: int, truster: ArrayLike, trusted: ArrayLike, value: ArrayLike
    ) -> TrustGraph:
        """Gather ratings of n names, in columns and any order; those of a pair are summed.

        ``truster`` and ``trusted`` are int64[m], 0 to n - 1; ``value`` float64[m], finite. A pair
        whose ratings sum to 0 or less, and ratings of oneself, leave no trust. O(m log m).

        >>> TrustGraph.of_ratings(3, [0, 0, 1], [1, 1, 1], [2.0, 1.0, 9.0]).value.tolist()
        [3.0]
        """
        rows = whole_numbers("truster", truster, ReputationError)
        columns = whole_numbers("trusted", trusted, ReputationError)
        values = np.asarray(value, np.float64).reshape(-1)
        if not rows.size == columns.size == values.size:
            raise ReputationError(
                f"{rows.size} trusters, {columns.size} trusted and {values.size} values; one each"
            )
        for name, ids in (("truster", rows), ("trusted", columns)):
            if ids.size and not 0 <= ids.min() <= ids.max() < n:
                raise ReputationError(f"{name} must be 0 to {n - 1}; got {ids.min()}..{ids.max()}")
        if not np.isfinite(values).all():
            raise ReputationError(f"values must be finite; [{np.isfinite(values).argmin()}] is not")
        others = rows != columns
        pair, place = np.unique(rows[others] * n + columns[others], return_inverse=True)
        total: Floats = np.bincount(place, values[others], pair.size).astype(np.float64)
        pair, total = pair[total > 0], total[total > 0]
        start = np.searchsorted(pair, np.arange(n + 1) * n)
        return cls(start.astype(np.int64), pair % max(n, 1), total)

    @property
    def idle(self) -> NDArray[np.bool_]:
        """bool[n], the names that trust nobody."""
        return np.diff(self.start) == 0

    def chances(self) -> Any:
        """scipy.sparse.csr_array [n, n]: where a walk that goes on goes; idle rows are empty."""
        from scipy import sparse

        out = np.diff(self.start)
        total = np.zeros(len(self))
        active = out > 0
        total[active] = np.add.reduceat(self.value, self.start[:-1][active])
        share = self.value / np.repeat(total, out)
        return sparse.csr_array((share, self.trusted, self.start), shape=(len(self), len(self)))


def eigentrust(graph: TrustGraph, seeds: ArrayLike, restart: float = 0.15) -> Floats:
    """Return the global trust of each name, float64[n], which sums to 1.

    ``seeds`` are the pre-trusted: names, int64[k], alike, or weights, float64[n]. ``restart``, in
    (0, 1], is Kamvar's a: how far the seeds are trusted rather than those whom others trust. Each
    entry is within 1e-12 of the exact one. At most log(1e-12) / log(1 - restart) rounds of O(E).

    >>> graph = TrustGraph.of_ratings(3, [0, 1], [1, 0], [1, 1])
    >>> eigentrust(graph, [0], restart=0.5).round(3).tolist()
    [0.667, 0.333, 0.0]
    """
    start = starts(graph, seeds, restart)
    towards = graph.chances().T.tocsr()
    idle = graph.idle
    trust = start
    for _ in range(_rounds(restart)):
        passed = towards @ trust + trust[idle].sum() * start
        before, trust = trust, (1 - restart) * passed + restart * start
        if (1 - restart) * np.abs(trust - before).sum() <= restart * TOLERANCE:
            break  # each round brings it nearer by 1 - restart
    return trust / trust.sum()


def resting_trust(graph: TrustGraph, seeds: ArrayLike, restart: float = 0.15) -> Floats:
    """Return the part of the walks that ends at each name, float64[n], which sums to 1.

    Arguments, accuracy and cost as for ``eigentrust``.

    >>> graph = TrustGraph.of_ratings(3, [0], [1], [1])
    >>> resting_trust(graph, [0], restart=0.25).tolist()
    [0.25, 0.75, 0.0]
    """
    walking = starts(graph, seeds, restart)
    towards = graph.chances().T.tocsr()
    ends = np.where(graph.idle, 1.0, restart)
    trust = np.zeros(len(graph))
    for _ in range(_rounds(restart)):
        trust += ends * walking
        walking = (1 - restart) * (towards @ walking)
        if walking.sum() <= TOLERANCE:
            break
    return trust / trust.sum()


def flow_trust(graph: TrustGraph, source: int, targets: ArrayLike) -> NDArray[np.int64]:
    """Return how much trust can flow from the source to each target, int64[k]: the minimum cut.

    Trust must be in whole numbers up to 2**31 - 1; the source's own is 0. One maximum flow for
    each target.

    >>> graph = TrustGraph.of_ratings(4, [0, 0, 1, 2], [1, 2, 3, 3], [5, 2, 1, 9])
    >>> flow_trust(graph, 0, [1, 3]).tolist()
    [5, 3]
    """
    from scipy import sparse
    from scipy.sparse.csgraph import maximum_flow

    n = len(graph)
    wanted = whole_numbers("targets", targets, ReputationError)
    ids = np.append(wanted, source)
    if not 0 <= ids.min() <= ids.max() < n:
        raise ReputationError(f"names run from 0 to {n - 1}; got {ids.min()} to {ids.max()}")
    if (graph.value % 1 != 0).any() or (graph.value > LARGEST_FLOW).any():
        raise ReputationError("only whole trust up to 2**31 - 1 flows; scale and round it first")
    pipes = sparse.csr_array(
        (graph.value.astype(np.int32), graph.trusted, graph.start), shape=(n, n)
    )
    pipes.indices, pipes.indptr = pipes.indices.astype(np.int32), pipes.indptr.astype(np.int32)
    flows = np.zeros(wanted.size, np.int64)
    for k, target in enumerate(wanted):
        if target != source:
            flows[k] = maximum_flow(pipes, int(source), int(target)).flow_value
    return flows


def starts(graph: TrustGraph, seeds: ArrayLike, restart: float) -> Floats:
    """Return where walks start, float64[n] that sums to 1; checks seeds and restart."""
    if not 0 < restart <= 1:
        raise ReputationError(f"restart is a probability above 0, such as 0.15; got {restart}")
    given, n = np.asarray(seeds), len(graph)
    if given.dtype.kind == "f" and given.size:
        if given.shape != (n,) or not (np.isfinite(given) & (given >= 0)).all() or not given.any():
            raise ReputationError(
                f"weights of seeds are float64[{n}], finite, not negative and not all 0; "
                "names of seeds are whole numbers, as in [0, 3]"
            )
        return given / given.sum()
    names = whole_numbers("seeds", seeds, ReputationError)
    if not names.size or not 0 <= names.min() <= names.max() < n:
        raise ReputationError(f"seeds are one or more names from 0 to {n - 1}; got {seeds!r}")
    weights = np.zeros(n)
    weights[names] = 1
    return weights / weights.sum()


def _rounds(restart: float) -> int:
    return 1 if restart == 1 else math.ceil(math.log(TOLERANCE) / math.log1p(-restart)) + 1
