"""Was it the cause? Bounds on the probabilities of necessity and sufficiency.

For a cause x and an effect y of two states (1 for present): necessity PN is the chance that y
would have been absent without x, where both were present; sufficiency PS that y would have come
with x, where both were absent; PNS that y answers to x either way. No data give them exactly in
general; Tian & Pearl 2000, "Probabilities of causation: bounds and identification", Annals of
Mathematics and Artificial Intelligence 28, give the tightest bounds from what was observed together
with what was brought about (theorems of section 4.2), and the values where x never prevents y
(monotonicity, section 4.3; also Pearl 2009, section 9.2).

Guarantees: 0 ≤ lower ≤ upper ≤ 1; the bounds contain the truth of every model that has these
distributions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.reasoning.networks.counting import DataError

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Causation:
    """Each float64[..., 2], (lower, upper); for point values both are equal.

    Attributes:
        necessity: PN.
        sufficiency: PS.
        both: PNS.
    """

    necessity: NDArray[np.float64]
    sufficiency: NDArray[np.float64]
    both: NDArray[np.float64]


def causation_bounds(observed: ArrayLike, brought_about: ArrayLike) -> Causation:
    """Bound PN, PS and PNS.

    Args:
        observed: float[..., 2, 2], P(x, y), absent before present.
        brought_about: float[..., 2], P(y present | do(x absent)), P(y present | do(x present)).
            P(y | do(x)) cannot leave [P(x, y), 1 − P(x, not y)]; what sampling moves out of it is
            moved back.

    Returns:
        Bounds in the leading shape of the arguments. Where x and y were never both present (or
        both absent) necessity (or sufficiency) is undefined and bounded by (0, 1).

    Raises:
        DataError: for other shapes, or numbers that are no probabilities.
    """
    seen, done = _checked(observed, brought_about)
    neither, only_y = seen[..., 0, 0], seen[..., 0, 1]
    only_x, xy = seen[..., 1, 0], seen[..., 1, 1]
    without, with_x = done[..., 0], done[..., 1]
    y = only_y + xy
    return Causation(
        necessity=_bounded(y - without, 1 - without - neither, xy),
        sufficiency=_bounded(with_x - y, with_x - xy, neither),
        both=_ordered(
            np.maximum.reduce([with_x - without, y - without, with_x - y]),
            np.minimum.reduce(
                [with_x, 1 - without, xy + neither, with_x - without + only_x + only_y]
            ),
        ),
    )


def monotone_causation(observed: ArrayLike, brought_about: ArrayLike) -> Causation:
    """The values of PN, PS and PNS where x never prevents y: their lower bounds.

    Args, returns, raises: as `causation_bounds`; both ends of every interval are equal.
    """
    bounds = causation_bounds(observed, brought_about)
    lower = (bounds.necessity, bounds.sufficiency, bounds.both)
    return Causation(*(np.repeat(interval[..., :1], 2, axis=-1) for interval in lower))


def _bounded(
    least: NDArray[np.float64], most: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Divide by the share of cases asked about; (0, 1) where there are none."""
    some = share > TOLERANCE
    divisor = np.where(some, share, 1.0)
    return _ordered(np.where(some, least / divisor, 0.0), np.where(some, most / divisor, 1.0))


def _ordered(lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.float64]:
    low = np.clip(lower, 0.0, 1.0)
    return np.stack([low, np.maximum(low, np.clip(upper, 0.0, 1.0))], axis=-1)


def _checked(
    observed: ArrayLike, brought_about: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    seen = np.asarray(observed, dtype=np.float64)
    done = np.asarray(brought_about, dtype=np.float64)
    if seen.shape[-2:] != (2, 2) or done.shape != (*seen.shape[:-2], 2):
        raise DataError(
            "observed must be P(x, y), float[..., 2, 2], and brought_about P(y | do(x)), "
            "float[..., 2], such as [[.4, .1], [.2, .3]] and [.2, .6]; "
            f"got shapes {seen.shape} and {done.shape}."
        )
    sums = seen.sum(axis=(-1, -2))
    if not ((seen >= 0).all() and (np.abs(sums - 1) < 1e-6).all()):
        raise DataError(
            "the four numbers of observed must be at least 0 and sum to 1, such as "
            f"[[.4, .1], [.2, .3]]; got sums {np.unique(sums)[:4].tolist()}."
        )
    if not ((done >= 0) & (done <= 1)).all():
        raise DataError(f"brought_about must lie in 0..1; got {done.ravel()[:4].tolist()}.")
    return seen, np.clip(done, seen[..., 1], 1 - seen[..., 0])
