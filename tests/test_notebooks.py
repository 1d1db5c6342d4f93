"""Notebooks run from the first cell to the last, and draw their pictures."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.experiments.nations import write_eight_relations

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path, int], dict[str, Any]]]:
    """Run a notebook; returns its names, once its pictures have been found to show something."""
    monkeypatch.setitem(os.environ, "MPLBACKEND", "Agg")
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    def run(path: Path, figures: int) -> dict[str, Any]:
        plt.close("all")
        names = runpy.run_path(str(path))
        drawn = [plt.figure(number) for number in plt.get_fignums()]
        assert len(drawn) == figures
        assert all(axes.has_data() for figure in drawn for axes in figure.axes)
        return names

    yield run
    plt.close("all")


def test_a_first_world_on_few_relations(run, tmp_path: Path) -> None:
    source = (NOTEBOOKS / "first_world.py").read_text(encoding="utf-8")
    whole, few = 'load_graph("nations")', write_eight_relations(tmp_path / "facts")
    assert whole in source
    shortened = tmp_path / "first_world.py"
    shortened.write_text(
        source.replace(whole, f"load_graph({str(few)!r}).resplit((0.3, 0.2, 0.5), seed=0)"),
        encoding="utf-8",
    )
    names = run(shortened, 2)
    assert names["world"].steps == len(names["ticks"])


@pytest.mark.slow
def test_a_first_world(run) -> None:
    names = run(NOTEBOOKS / "first_world.py", 2)
    assert names["world"].steps == len(names["ticks"])


def fits(x: Any, y: Any, r: Any) -> bool:
    one, other = np.triu_indices(26, 1)
    apart = np.hypot(x[one] - x[other], y[one] - y[other]) >= r[one] + r[other]
    return bool(apart.all() and (np.minimum.reduce([x, 1 - x, y, 1 - y]) >= r).all())


def test_circles_that_are_improved_fit(tmp_path: Path) -> None:
    source = (NOTEBOOKS / "circle_packing.py").read_text(encoding="utf-8")
    beginning = tmp_path / "beginning.py"
    beginning.write_text(source[: source.index("# ## Four islands")], encoding="utf-8")
    names = runpy.run_path(str(beginning))
    for seed in range(3):
        before = np.random.default_rng(seed).random(52)
        after = names["improve"](before)
        for centres in (before, after):
            assert fits(*centres.reshape(2, 26), names["radii"](centres))
        assert names["radii"](after).sum() > max(2.4, names["radii"](before).sum())


@pytest.mark.slow
def test_circles_are_packed_as_well_as_is_known(run) -> None:
    names = run(NOTEBOOKS / "circle_packing.py", 1)
    assert fits(names["x"], names["y"], names["r"])
    assert names["r"].sum() >= 2.63598


def test_every_notebook_is_run() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.py")} == {"first_world", "circle_packing"}
