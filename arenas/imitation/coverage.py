"""Mode coverage: which modes of a target a sample reaches, how well, and in what shares.

The measures of Srivastava et al. 2017 ("VEEGAN", section 4.1) and Lin et al. 2018 ("PacGAN",
section 4.1): a sample is of high quality within 3 deviations of its nearest mode; a mode is
captured where it gets at least a stated share of all samples, of high quality; reverse KL is the
divergence of the shares of the modes among all samples, each counted for its nearest, from those of
the target: 0 where they agree, log K for all on one of K equal modes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arenas.imitation.errors import ImitationError
from arenas.imitation.targets import Floats, Mixture

QUALITY_DEVIATIONS = 3.0


@dataclass(frozen=True)
class Coverage:
    """How n samples cover the K modes of a target.

    Attributes:
        shares: float64[n, K], of all samples, those within 3 deviations of this mode, its nearest.
        captured: int64[n], modes whose share is large enough.
        high_quality: float64[n], share of samples near any mode.
        reverse_kl: float64[n], in nats, see the module; at most log(1 / least weight).
    """

    shares: Floats
    captured: npt.NDArray[np.int64]
    high_quality: Floats
    reverse_kl: Floats

    @property
    def collapsed(self) -> npt.NDArray[np.bool_]:
        """bool[n], samples that hold no more than half of the modes: mode collapse.

        A sample that is far from all modes has failed, but not by collapse: it needs at least half
        of its points to be of high quality.
        """
        modes = self.shares.shape[1]
        return np.asarray((2 * self.captured <= modes) & (self.high_quality >= 0.5))


def mode_coverage(points: npt.ArrayLike, target: Mixture, least: float = 0.25) -> Coverage:
    """Measure samples ``[n, N, d]``, or one ``[N, d]``, against a target.

    Args:
        points: n samples of N points.
        target: whose modes are looked for.
        least: a mode is captured by this share of what it should get, and by one point at least;
            0 for any point, as in the papers.

    Raises:
        ImitationError: for points of another shape, or a share outside 0..1.
    """
    samples = np.asarray(points, np.float64)
    samples = samples[None] if samples.ndim == 2 else samples
    if samples.ndim != 3 or samples.shape[2] != target.dimensions or not samples.shape[1]:
        raise ImitationError(
            f"points are {list(np.shape(points))}; expected [n, N, {target.dimensions}], samples "
            f"of N points of {target.dimensions} numbers"
        )
    if not 0.0 <= least <= 1.0:
        raise ImitationError(f"least is {least}; a share, 0 to 1, such as 0.25")
    size = samples.shape[1]
    K = len(target.modes)
    nearest, distance = _nearest(samples, target.modes)
    good = distance <= QUALITY_DEVIATIONS * target.deviation
    all_of = _counted(nearest, np.ones_like(good), K)
    near = _counted(nearest, good, K)
    needed = np.maximum(least * target.weights * size, 1.0)
    shares = all_of / size
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares > 0.0, shares * np.log(shares / target.weights), 0.0)
    return Coverage(
        near / size,
        (near >= needed).sum(axis=1),
        good.mean(axis=1),
        np.maximum(terms.sum(axis=1), 0.0),
    )


def _nearest(samples: Floats, modes: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """The mode nearest to each point, int64[n, N], and how far it is."""
    nearest = np.zeros(samples.shape[:2], np.int64)
    least = np.full(samples.shape[:2], np.inf)
    for row, mode in enumerate(modes):  # a mode at a time: no array of n·N·K·d
        squared = ((samples - mode) ** 2).sum(axis=2)
        closer = squared < least
        nearest[closer] = row
        least = np.minimum(least, squared)
    return nearest, np.sqrt(least)


def _counted(
    nearest: npt.NDArray[np.int64], mask: npt.NDArray[np.bool_], K: int
) -> npt.NDArray[np.int64]:
    """How many points of each sample, where the mask says so, are nearest to each mode, [n, K]."""
    n = len(nearest)
    cells = nearest + K * np.arange(n)[:, None]
    return np.bincount(cells[mask], minlength=n * K).reshape(n, K)
