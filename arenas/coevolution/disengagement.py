"""Disengagement: one side always wins, and neither feels a gradient any more.

Watson & Pollack 2001, "Coevolutionary dynamics in a minimal substrate", GECCO, section 3; Cartlidge
& Bullock 2004, "Combating coevolutionary disengagement by reducing parasite virulence",
Evolutionary Computation 12. Selection sees differences within a population alone: where everybody
gets the same, both sides drift.

Guarantees: a stretch is found only where for its whole length the variance within both populations
is at most the tolerance *and* the same side wins almost everything; a population that has merely
converged, with outcomes around one half, is flat but not disengaged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arenas.coevolution.errors import CoevolutionError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Disengagement:
    """What the detector saw in G generations.

    Attributes:
        stretches: int64[k, 2], first generation and the one after the last of each stretch.
        winner: int64[k], the side that won all along it: 0 the first, 1 the second.
        share: share of generations in a stretch.
        flat: share of generations in which the variance was at most the tolerance on both sides,
            whoever won.
    """

    stretches: npt.NDArray[np.int64]
    winner: npt.NDArray[np.int64]
    share: float
    flat: float

    @property
    def found(self) -> bool:
        """Whether there is any such stretch."""
        return len(self.stretches) > 0


def disengagement(
    mean: npt.ArrayLike,
    spread: npt.ArrayLike,
    *,
    window: int = 5,
    tolerance: float = 1e-3,
    edge: float = 0.05,
) -> Disengagement:
    """Look for stretches of at least ``window`` generations without contest.

    Args:
        mean: float64[G, sides], what each side got on average: `Coevolution.mean`.
        spread: float64[G, sides], the variance within it: `Coevolution.spread`.
        window: how many generations in a row, ≥ 1.
        tolerance: variance up to which nobody differs.
        edge: a side wins almost everything from 1 − edge on.

    Raises:
        CoevolutionError: for shapes that do not fit, or settings out of range.
    """
    got, variance = np.asarray(mean, np.float64), np.asarray(spread, np.float64)
    if got.ndim != 2 or got.shape != variance.shape or got.shape[1] not in (1, 2):
        raise CoevolutionError(
            f"mean is {list(got.shape)} and spread is {list(variance.shape)}; expected [G, 2], or "
            "[G, 1] of a population against itself, as Coevolution.mean and .spread are"
        )
    if not (np.isfinite(got) & np.isfinite(variance)).all():
        raise CoevolutionError("mean and spread have to be finite: what is not says nothing")
    if window < 1 or not tolerance >= 0.0 or not 0.0 <= edge < 0.5:
        raise CoevolutionError(
            f"window {window}, tolerance {tolerance}, edge {edge}: at least 1 generation, at least "
            "0, and at least 0 but below one half, such as 5, 1e-3 and 0.05"
        )
    flat = (variance <= tolerance).all(axis=1)
    spans: list[tuple[int, int]] = []
    winners: list[int] = []
    for side in (0, 1):
        share = got[:, 0] if side == 0 else 1.0 - got[:, 0]
        marked = np.concatenate([[False], flat & (share >= 1.0 - edge), [False]])
        borders = np.flatnonzero(marked[1:] != marked[:-1])
        for first, after in borders.reshape(-1, 2).tolist():
            if after - first >= window:
                spans.append((first, after))
                winners.append(side)
    order = np.argsort([first for first, _ in spans], kind="stable").astype(np.int64)
    stretches = np.array(spans, np.int64).reshape(-1, 2)[order]
    covered = int((stretches[:, 1] - stretches[:, 0]).sum())
    generations = max(len(got), 1)
    return Disengagement(
        stretches,
        np.array(winners, np.int64)[order],
        covered / generations,
        float(flat.sum()) / generations,
    )
