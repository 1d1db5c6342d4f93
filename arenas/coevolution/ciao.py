"""CIAO: the current individual against ancestral opponents, as a picture.

Cliff & Miller 1995, "Tracking the Red Queen: measurements of adaptive progress in co-evolutionary
simulations", ECAL: the champion of each generation meets the champions that the other side had
before. Where there is progress, the older an opponent is, the surer it loses; bands say that what
was learned is forgotten and learned again.

The data are a matrix float64[G, G], what the first side's champion of generation i got against the
second's of generation j (`Coevolution.ciao`): below the diagonal the first side looks back, above
it the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from arenas.coevolution.errors import CoevolutionError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]


def checked_matrix(matrix: npt.ArrayLike) -> Floats:
    """The matrix as float64[G, G]; `CoevolutionError` where it is no such matrix of outcomes."""
    known = np.asarray(matrix, np.float64)
    if known.ndim != 2 or known.shape[0] != known.shape[1] or len(known) < 2:
        raise CoevolutionError(
            f"the matrix is {list(known.shape)}; expected [G, G] for G ≥ 2 generations, as "
            "Coevolution.ciao(seed) gives"
        )
    if not ((known >= 0.0) & (known <= 1.0)).all():
        raise CoevolutionError("outcomes lie between 0 (lost) and 1 (won), such as 0.5 for a draw")
    return known


def looking_back(matrix: npt.ArrayLike) -> tuple[Floats, Floats]:
    """What each side's champion i got against the other's of generation j ≤ i; NaN where j > i."""
    known = checked_matrix(matrix)
    past = np.tri(len(known), dtype=bool)
    return np.where(past, known, np.nan), np.where(past, 1.0 - known.T, np.nan)


def lag_profile(matrix: npt.ArrayLike) -> Floats:
    """float64[2, G], what each side got on average against opponents of each age 0..G−1."""
    known = checked_matrix(matrix)
    lags = range(len(known))
    one = [np.diagonal(known, -lag).mean() for lag in lags]
    other = [1.0 - np.diagonal(known, lag).mean() for lag in lags]
    return np.array([one, other])


def ciao_picture(matrix: npt.ArrayLike, names: tuple[str, str] = ("one", "other")) -> Figure:
    """Both sides' looks back as a figure: dark lost, bright won; oldest opponents at the left."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(9.0, 4.2), layout="constrained")
    for side, past in enumerate(looking_back(matrix)):
        axes = figure.add_subplot(1, 2, side + 1)
        image = axes.imshow(past, vmin=0.0, vmax=1.0, cmap="viridis", interpolation="nearest")
        axes.set_title(f"{names[side]} against past opponents")
        axes.set_xlabel(f"past champion ({names[1 - side]}), generation")
        axes.set_ylabel(f"champion ({names[side]}), generation")
        for axis in (axes.xaxis, axes.yaxis):  # whole generations
            axis.set_major_locator(MaxNLocator(integer=True))
    figure.colorbar(image, ax=figure.axes, label="outcome (1 is won)")
    return figure
