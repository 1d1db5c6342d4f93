"""Hodge decomposition of pairwise margins: how much of them one number a player can explain.

X. Jiang, L.-H. Lim, Y. Yao & Y. Ye, "Statistical ranking and combinatorial Hodge theory",
Mathematical Programming 127, 2011. Margins Y[i, j] = -Y[j, i] on the pairs that met, weighted
by their games, are the sum of three flows that are orthogonal under
<X, Y> = sum over pairs of w X Y (their theorem 2 and section 4):

- gradient: differences of a score a player, the least-squares ranking (their equation 9);
- curl: flows round triangles of players who all met each other;
- harmonic: flows round longer cycles, which no triangle explains.

Guarantees: the shares are those of the squared margins and sum to 1; margins that are
differences of scores have cyclic share 0, rock, paper and scissors 1. Where everybody met
everybody there are no harmonic flows, and none are looked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.ratings.bradley_terry import Floats, RatingError
from arenas.ratings.online import Rows

NOTHING = 1e-12
"""A share below this is rounding."""


@dataclass(frozen=True)
class Hodge:
    """Margins of n players, taken apart.

    Attributes:
        scores: float64[n], the least-squares score of each player; their mean is 0 (in each
            group of players that are connected by games).
        gradient, curl, harmonic: shares of the squared margins, in 0 ... 1; all 0 where every
            margin is 0.
        residual: float64[n, n], what is left of the margins beside the differences of scores,
            that is curl and harmonic together; 0 for pairs that did not meet.
        energy: the weighted sum of squared margins that the shares are of.
    """

    scores: Floats
    gradient: float
    curl: float
    harmonic: float
    residual: Floats
    energy: float

    @property
    def cyclic(self) -> float:
        """The share of the squared margins that runs in circles: curl and harmonic."""
        return self.curl + self.harmonic


def hodge(margins: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Hodge:
    """Take margins apart.

    Args:
        margins: float[n, n], by how much row beat column; skew-symmetric. A mean of scores less
            a half, doubled, or a logarithm of odds, or goals: any scale.
        weights: float[n, n], symmetric, >= 0, such as games played; 0 where a pair did not
            meet. All 1 off the diagonal if left out.

    Raises:
        RatingError: for margins that are not skew-symmetric and finite, or weights that are not
            symmetric, finite and >= 0.

    O(n^3) where everybody met; else by sparse least squares over all triangles.
    """
    Y, W = _checked(margins, weights)
    scores = _potential(Y, W)
    residual = np.where(W > 0, Y - (scores[:, None] - scores), 0.0)
    energy, cyclic = _energy(Y, W), _energy(residual, W)
    if energy == 0:
        return Hodge(scores, 0.0, 0.0, 0.0, residual, 0.0)
    share = min(cyclic / energy, 1.0)
    if share < NOTHING:
        return Hodge(scores, 1.0, 0.0, 0.0, np.zeros_like(residual), energy)
    complete = (W + np.eye(len(W)) > 0).all()
    harmonic = 0.0 if complete else _harmonic(residual, W) / energy
    harmonic = harmonic if harmonic > 1e-9 else 0.0  # as exact as the least squares are
    return Hodge(scores, 1 - share, max(share - harmonic, 0.0), harmonic, residual, energy)


def cyclic_energy(margins: Floats, weights: Floats) -> Floats:
    """Weighted squared margins that no scores explain, float64[B], of B tables at once.

    Args:
        margins: float64[B, n, n], skew-symmetric; unchecked.
        weights: float64[n, n], the same for all.
    """
    pull = (weights * margins).sum(axis=2)
    scores = pull @ np.linalg.pinv(_laplacian(weights), hermitian=True)
    residual = margins - (scores[:, :, None] - scores[:, None, :])
    left: Floats = 0.5 * (weights * residual**2).sum(axis=(1, 2))
    return left


def strongest_cycle(margins: npt.ArrayLike) -> tuple[tuple[int, ...], float]:
    """The cycle of players, each of whom beats the next, whose weakest margin is greatest.

    Triangles are looked at first, as everybody can follow them; longer cycles only where there
    is none. Equal cycles: the one of lower rows.

    Args:
        margins: float[n, n], skew-symmetric; 0 where a pair did not meet.

    Returns:
        The players in order, the last of whom beats the first, and the weakest margin; ((), 0)
        where nobody is beaten in a circle. O(n^3) for triangles.
    """
    Y, _ = _checked(margins, None)
    i, j, k, least = _triangle(Y)
    if least > 0:
        return (i, j, k), least
    return _long_cycle(Y)


def _long_cycle(Y: Floats) -> tuple[tuple[int, ...], float]:
    """As `strongest_cycle`, by the highest margin at which what is left still has a cycle."""
    import networkx as nx

    def beaten(level: float) -> nx.DiGraph:
        return nx.DiGraph([(int(i), int(j)) for i, j in np.argwhere(level <= Y)])

    levels = np.unique(Y[Y > 0])
    low, high = 0, len(levels)  # cycles at every level below `low`, none from `high`
    while low < high:
        middle = (low + high) // 2
        if nx.is_directed_acyclic_graph(beaten(levels[middle])):
            high = middle
        else:
            low = middle + 1
    if low == 0:
        return (), 0.0
    cycle = [edge[0] for edge in nx.find_cycle(beaten(levels[low - 1]))]
    begin = cycle.index(min(cycle))
    return tuple(cycle[begin:] + cycle[:begin]), float(levels[low - 1])


def _energy(flow: Floats, W: Floats) -> float:
    return float(0.5 * (W * flow**2).sum())


def _laplacian(W: Floats) -> Floats:
    laplacian: Floats = np.diag(W.sum(axis=1)) - W
    return laplacian


def _potential(Y: Floats, W: Floats) -> Floats:
    """Scores whose differences are closest to the margins; of least norm (equation 9)."""
    scores: Floats = np.linalg.pinv(_laplacian(W), hermitian=True) @ (W * Y).sum(axis=1)
    return scores


def _harmonic(residual: Floats, W: Floats) -> float:
    """Energy of what no flow round triangles explains, by least squares over triangles."""
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import lsqr

    first, second = np.nonzero(np.triu(W, 1))
    edge = np.full(W.shape, -1, np.int64)
    edge[first, second] = np.arange(len(first))
    corners = _triangles(edge)
    flow = np.sqrt(W[first, second]) * residual[first, second]
    if not len(corners):
        return float(flow @ flow)
    i, j, k = corners.T
    sides = np.concatenate([edge[i, j], edge[j, k], edge[i, k]])
    sign = np.repeat([1.0, 1.0, -1.0], len(corners))
    # The adjoint of curl under the weighted product divides by the weights; in units of the
    # square root of the weights that leaves one square root.
    sign /= np.sqrt(W[first, second])[sides]
    columns = np.tile(np.arange(len(corners)), 3)
    spin = csr_array((sign, (sides, columns)), shape=(len(first), len(corners)))
    solved = lsqr(spin, flow, atol=1e-13, btol=1e-13, iter_lim=20 * len(first))[0]
    left = flow - spin @ solved
    return float(left @ left)


@njit(cache=True, nogil=True)
def _triangles(edge: Rows) -> Rows:
    """Rows i < j < k that all met, int64[T, 3]."""
    n = len(edge)
    found = 0
    corners = np.empty((16, 3), np.int64)
    for i in range(n):
        for j in range(i + 1, n):
            if edge[i, j] < 0:
                continue
            for k in range(j + 1, n):
                if edge[i, k] >= 0 and edge[j, k] >= 0:
                    if found == len(corners):
                        more = np.empty((2 * found, 3), np.int64)
                        more[:found] = corners
                        corners = more
                    corners[found, 0], corners[found, 1], corners[found, 2] = i, j, k
                    found += 1
    return corners[:found]


@njit(cache=True, nogil=True)
def _triangle(Y: Floats) -> tuple[int, int, int, float]:
    """The triangle i < j, k in which each beats the next by the greatest least margin."""
    n = len(Y)
    best = (-1, -1, -1, 0.0)
    for i in range(n):
        for j in range(i + 1, n):
            for k in range(i + 1, n):
                least = min(Y[i, j], Y[j, k], Y[k, i])
                if least > best[3]:
                    best = (i, j, k, least)
    return best


def _checked(margins: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Floats, Floats]:
    Y = np.array(margins, np.float64)
    if Y.ndim != 2 or Y.shape[0] != Y.shape[1] or not len(Y):
        raise RatingError(f"margins are {list(Y.shape)}; expected [n, n], row against column")
    if not np.isfinite(Y).all() or not np.allclose(Y, -Y.T):
        raise RatingError(
            "margins are finite and skew-symmetric: what i beats j by, j loses to i by, such as "
            "[[0, 0.4], [-0.4, 0]]"
        )
    W = 1 - np.eye(len(Y)) if weights is None else np.array(weights, np.float64)
    if W.shape != Y.shape or not np.isfinite(W).all() or (W < 0).any() or not np.allclose(W, W.T):
        raise RatingError(
            f"weights are {list(W.shape)}; expected {list(Y.shape)}, symmetric, finite and not "
            "negative, such as the games that each pair played"
        )
    np.fill_diagonal(W, 0)
    return Y, W
