"""Notebooks run from the first cell to the last, draw pictures, and match what is kept of them."""

from __future__ import annotations

import base64
import io
import os
import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.experiments.nations import write_eight_relations

FOLDER = Path(__file__).parents[1] / "notebooks"
KEPT = ("first_world", "your_own_agent", "watching_emergence", "a_sweep", "a_tournament")
QUICK = ("a_tournament",)
SIZE_MAX = 300_000


# As sources


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path, int], dict[str, Any]]]:
    """Run a source; returns its names, once its pictures have been found to show something."""
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

    with plt.rc_context():  # they choose a style
        yield run
    plt.close("all")


@pytest.mark.slow
def test_a_first_world_on_few_relations(run, tmp_path: Path) -> None:
    source = (FOLDER / "first_world.py").read_text(encoding="utf-8")
    few = write_eight_relations(tmp_path / "facts")
    for whole, part in {
        'load_graph("nations")': f"load_graph({str(few)!r}).resplit((0.3, 0.2, 0.5), seed=0)",
        "SEEDS = range(1, 6)": "SEEDS = range(1, 3)",
    }.items():
        assert whole in source
        source = source.replace(whole, part)
    shortened = tmp_path / "first_world.py"
    shortened.write_text(source, encoding="utf-8")
    names = run(shortened, 1)
    assert names["world"].steps == len(names["ticks"])
    assert list(names["stories"]) == ["with selection", "without"]


def fits(x: Any, y: Any, r: Any) -> bool:
    one, other = np.triu_indices(26, 1)
    apart = np.hypot(x[one] - x[other], y[one] - y[other]) >= r[one] + r[other]
    return bool(apart.all() and (np.minimum.reduce([x, 1 - x, y, 1 - y]) >= r).all())


def test_circles_that_are_improved_fit(tmp_path: Path) -> None:
    source = (FOLDER / "circle_packing.py").read_text(encoding="utf-8")
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
    names = run(FOLDER / "circle_packing.py", 1)
    assert fits(names["x"], names["y"], names["r"])
    assert names["r"].sum() >= 2.63598


# As notebooks that are kept with their pictures


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    """The names of notebooks/execute.py."""
    for package in ("jupytext", "nbclient", "nbformat", "ipykernel"):
        pytest.importorskip(package, reason="needs the extra `notebooks`")
    return runpy.run_path(str(FOLDER / "execute.py"))


def kept(name: str) -> Any:
    import nbformat

    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def outputs(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        yield from cell.get("outputs", ())


def test_every_notebook_is_known(tool: dict[str, Any]) -> None:
    assert tool["NAMES"] == KEPT
    assert {path.stem for path in FOLDER.glob("*.py")} == {*KEPT, "circle_packing", "execute"}
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(KEPT)


@pytest.mark.parametrize("name", KEPT)
def test_the_pair_matches(name: str, tool: dict[str, Any]) -> None:
    notebook, source = kept(name), tool["cells_of"](name)
    for cell, expected in zip(notebook.cells, source.cells, strict=True):
        for key in ("cell_type", "id", "metadata", "source"):
            assert cell[key] == expected[key], f"{name}.py was changed: python notebooks/execute.py"
    assert notebook.metadata == source.metadata == tool["METADATA"]
    # The bytes are those that the tool writes, and hold nothing more than what was compared here.
    assert tool["text_of"](notebook) == (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_was_executed_in_order_and_ends_with_a_picture(name: str) -> None:
    pytest.importorskip("nbformat", reason="needs the extra `notebooks`")
    pillow = pytest.importorskip("PIL.Image")
    notebook = kept(name)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert 10 <= len(notebook.cells) <= 26
    assert notebook.cells[0].source.startswith("# ")
    pictures = [
        data["image/png"] for o in outputs(notebook) if "image/png" in (data := o.get("data", {}))
    ]
    last = [output for output in code[-1].outputs if "image/png" in output.get("data", {})]
    assert len(last) == 1
    for picture in pictures:
        shown = np.asarray(pillow.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"))
        assert min(shown.shape[:2]) > 200
        colours = shown.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
        assert len(np.unique(colours)) > 20
        assert 0.02 < (shown != 255).any(axis=2).mean() < 0.98


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_tells_nothing_of_where_and_when_it_was_run(name: str) -> None:
    pytest.importorskip("nbformat", reason="needs the extra `notebooks`")
    notebook = kept(name)
    assert (FOLDER / f"{name}.ipynb").stat().st_size < SIZE_MAX
    for output in outputs(notebook):
        assert output.output_type != "error"
        assert output.get("name") != "stderr"
        assert "execution" not in output.get("metadata", {})
        text = output.get("text", "") + "".join(
            value for kind, value in output.get("data", {}).items() if kind.startswith("text/")
        )
        assert not re.search(r"(^|[\s'\"(])(/\w+/|[A-Z]:\\)", text)  # no absolute path
        assert not re.search(r"0x[0-9a-f]{6,}|ipykernel", text)


def shape(notebook: Any) -> list[Any]:
    """What cells have put out: kinds, and texts but for their numbers."""

    def words(text: str) -> str:
        return re.sub(r"[-+]?(\d[\d.,e]*|nan)", "#", text).split().__repr__()

    return [
        (
            output.output_type,
            words(output.get("text", "")),
            [
                (kind, "" if kind == "image/png" else words(value) if "plain" in kind else "")
                for kind, value in sorted(output.get("data", {}).items())
            ],
        )
        for output in outputs(notebook)
    ]


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in KEPT],
)
def test_executed_anew_it_puts_out_what_is_kept(name: str, tool: dict[str, Any]) -> None:
    assert shape(tool["executed"](name)) == shape(kept(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", KEPT)
def test_executed_twice_gives_the_same_bytes(name: str, tool: dict[str, Any]) -> None:
    assert tool["text_of"](tool["executed"](name)) == tool["text_of"](tool["executed"](name))


def test_what_is_not_to_be_kept_is_noticed(tool: dict[str, Any], tmp_path: Path) -> None:
    from nbclient.exceptions import CellExecutionError

    executed, cells_of = tool["executed"], tool["cells_of"]
    executed.__globals__["FOLDER"], here = tmp_path, executed.__globals__["FOLDER"]
    try:
        (tmp_path / "bad.py").write_text("# %%\n1 / 0\n", encoding="utf-8")
        with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
            executed("bad")
        (tmp_path / "bad.py").write_text("# %%\nimport warnings\nwarnings.warn('old')\n", "utf-8")
        with pytest.raises(ValueError, match=r"bad, cell-01 warns[^$]*old"):
            executed("bad")
        assert cells_of("bad") == cells_of("bad")
    finally:
        executed.__globals__["FOLDER"] = here
