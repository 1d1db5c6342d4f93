"""Every example of the gallery draws something, and says what."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from made import notebooks  # noqa: E402
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


def test_the_page_of_the_notebooks_has_each_with_its_last_picture(tmp_path: Path) -> None:
    kept = ROOT / "notebooks"
    (tmp_path / "docs").mkdir()
    (tmp_path / "notebooks").symlink_to(kept)
    notebooks.write(tmp_path / "docs")
    page = (tmp_path / "docs" / "notebooks.md").read_text("utf-8")
    assert {path.stem for path in kept.glob("*.ipynb")} == set(notebooks.ORDER)
    for name in notebooks.ORDER:
        title = (kept / f"{name}.py").read_text("utf-8").splitlines()[1].removeprefix("# # ")
        assert f"\n## {title}\n" in page
        assert f"<../notebooks/{name}.ipynb>" in page
        picture = (tmp_path / "docs" / "notebooks" / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert page.count(f"(notebooks/{name}.png)") == 1
