"""Notebooks run from the first cell to the last, and draw their pictures."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_draws(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "MPLBACKEND", "Agg")
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.close("all")
    names = runpy.run_path(str(notebook))
    assert names["world"].steps == len(names["ticks"])
    assert all(figure.axes[0].has_data() for figure in map(plt.figure, plt.get_fignums()))
    assert len(plt.get_fignums()) >= 2
    plt.close("all")
