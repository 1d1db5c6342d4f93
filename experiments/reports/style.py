"""How the pictures of all reports look."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours that colour-blind people can tell apart (Okabe and Ito 2008).
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PINK, YELLOW, GREY = "#56B4E9", "#CC79A7", "#F0E442", "#777777"

STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.labelcolor": "#333333",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.dpi": 200,  # of parts with too many dots to draw each
    "svg.hashsalt": "noosphere",
    "xtick.color": "#555555",
    "ytick.color": "#555555",
}
WIDTH = 7.2
"""Of a picture, in inches."""


def drawn(draw: Callable[[Figure], None], height: float) -> bytes:
    """A picture in this style as SVG; the same bytes for the same picture.

    Args:
        draw: is given an empty figure.
        height: in inches.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height))
        draw(figure)
        image = io.BytesIO()
        figure.savefig(image, format="svg", metadata={"Date": None})
    return image.getvalue()
