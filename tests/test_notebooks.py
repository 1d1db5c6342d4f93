"""Notebooks run from the first cell to the last, and draw their pictures."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], dict[str, Any]]]:
    """Run a notebook; returns its names, once its pictures have been found to show something."""
    monkeypatch.setitem(os.environ, "MPLBACKEND", "Agg")
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    def run(name: str, figures: int) -> dict[str, Any]:
        plt.close("all")
        names = runpy.run_path(str(NOTEBOOKS / f"{name}.py"))
        drawn = [plt.figure(number) for number in plt.get_fignums()]
        assert len(drawn) == figures
        assert all(axes.has_data() for figure in drawn for axes in figure.axes)
        return names

    yield run
    plt.close("all")


def test_a_first_world(run) -> None:
    names = run("first_world", 2)
    assert names["world"].steps == len(names["ticks"])


def test_circles_are_packed_as_well_as_is_known(run) -> None:
    names = run("circle_packing", 1)
    x, y, r = names["x"], names["y"], names["r"]
    assert len(r) == 26
    assert r.sum() >= 2.63598
    one, other = np.triu_indices(26, 1)
    assert (np.hypot(x[one] - x[other], y[one] - y[other]) >= r[one] + r[other]).all()
    assert (np.minimum.reduce([x, 1 - x, y, 1 - y]) >= r).all()


def test_every_notebook_is_run() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.py")} == {"first_world", "circle_packing"}
