"""Every example of the gallery draws something, and says what."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from made.gallery import drawn, examples  # noqa: E402

EXAMPLES = examples(ROOT / "docs")


def test_there_are_enough() -> None:
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_draws_data(path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure = drawn(path)
    try:
        figure.canvas.draw()
        assert figure.axes
        for axes in figure.axes:
            artists = [*axes.lines, *axes.collections, *axes.images, *axes.patches]
            assert artists, f"{path.name}: empty axes"
        numbers = [
            np.asarray(line.get_ydata(), float) for axes in figure.axes for line in axes.lines
        ]
        assert any(len(values) > 5 and np.nanstd(values) > 0 for values in numbers)
    finally:
        plt.close(figure)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_is_seen(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    title, _, about = said.partition("\n\n")
    assert title.endswith(".")
    assert len(about) > 40
