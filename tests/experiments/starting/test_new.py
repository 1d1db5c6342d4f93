"""`noosphere new`: what it writes runs as it is, and nothing is ever lost to it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.starting import KINDS, StartingError, write
from experiments.starting.writing import class_name
from experiments.study.written import module_at


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def script(path):
    """Run a file as a user does, in a folder that is not its own."""
    return subprocess.run(
        [sys.executable, str(path)],
        cwd=path.parents[1],
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def lived(name, kind, folder):
    """The new files, and that the script has drawn its picture."""
    folder.mkdir()
    done = call("new", name, "--kind", kind, "--out", folder)
    assert done.exit_code == 0, done.output
    file, study = folder / f"{name}.py", folder / f"{name}.toml"
    assert [line.partition(":")[0] for line in done.output.splitlines()] == [str(file), str(study)]
    ran = script(file)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.endswith(f"picture: {name}.png\n")
    assert file.with_suffix(".png").stat().st_size > 10_000
    return study


def test_a_model_is_lived_resumed_and_reported(tmp_path: Path) -> None:
    study = lived("tiny_meadow", "model", tmp_path / "new")
    assert "class TinyMeadow(World):" in study.with_suffix(".py").read_text("utf-8")
    done = call("run", study, "--set", "ticks=20", "--out", tmp_path / "runs")
    assert done.exit_code == 0, done.output
    run = tmp_path / "runs" / "tiny_meadow-1"
    tables = (run / "metrics.parquet").read_bytes()
    (run / "results.json").unlink()
    max((run / "checkpoints").iterdir(), key=lambda path: int(path.stem[5:])).unlink()
    for command in ("resume", "report"):
        done = call(command, run)
        assert done.exit_code == 0, done.output
    assert (run / "metrics.parquet").read_bytes() == tables
    assert "not drawn" not in (run / "report.html").read_text("utf-8")


def test_a_player_is_played(tmp_path: Path) -> None:
    study = lived("gambler", "players", tmp_path / "new")
    done = call("tournament", study, "--set", "tournament.rounds=2")
    assert done.exit_code == 0, done.output
    assert re.search(r"^\d +Gambler ", done.output, re.MULTILINE)


@pytest.mark.slow
def test_reasoners_are_lived(tmp_path: Path) -> None:
    study = lived("thinkers", "reasoning", tmp_path / "new")
    done = call("run", study, "--set", "world.generations=2", "--out", tmp_path / "runs")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "runs" / "thinkers-1" / "report.html").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_of_the_template_is_left(kind: str, tmp_path: Path) -> None:
    for path in write("moss", kind, tmp_path):
        text = path.read_text("utf-8")
        assert "MyWorld" not in text
        assert "my_world" not in text
        assert "moss" in text
    compile(path.with_suffix(".py").read_text("utf-8"), "moss.py", "exec")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("9lives", "my_9lives"),
        ("my-world", "my_world"),
        ("class", "my_class"),
        ("_hidden", "hidden"),
        ("../up", "up"),
        ("welt/../x", "welt_x"),
        ("wörld", "w_rld"),
        ("a" * 65, "a" * 64),
        ("", "my"),
        ("-", None),
    ],
)
def test_a_bad_name_is_refused_in_a_line(name: str, near: str | None, tmp_path: Path) -> None:
    done = call("new", "--out", tmp_path, "--", name)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{name}: a name is up to 64 letters")
    if near:
        assert line.endswith(f"such as {near}")
        assert not near.startswith("my_") or call("new", near, "--out", tmp_path).exit_code == 0


@pytest.mark.parametrize("name", ["numpy", "random", "experiments", "swarm"])
def test_a_name_that_would_hide_a_package_is_refused(name: str, tmp_path: Path) -> None:
    done = call("new", name, "--out", tmp_path)
    assert done.exit_code == 2
    assert done.stderr == (
        f"{name}: is a package already, which a file {name}.py would hide; choose another name, "
        f"such as my_{name}\n"
    )
    assert not list(tmp_path.iterdir())


def test_a_file_beside_one_that_was_loaded_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    for name in ("loaded_first", "beside_it"):
        (tmp_path / f"{name}.py").write_text("import os\n", encoding="utf-8")
    (tmp_path / "in_a_folder").mkdir()
    module_at(tmp_path / "loaded_first.py")
    for name in ("beside_it", "loaded_first", "in_a_folder"):
        assert write(name, folder=tmp_path / "here")[0].exists()
    with pytest.raises(StartingError, match="is a package already"):
        write("numpy", folder=tmp_path / "here")


@pytest.mark.parametrize("suffix", [".py", ".toml"])
def test_nothing_is_overwritten(suffix: str, tmp_path: Path) -> None:
    there = tmp_path / f"moss{suffix}"
    there.write_text("mine")
    done = call("new", "moss", "--out", tmp_path)
    assert (done.exit_code, done.stderr) == (
        2,
        f"{there}: is there already, and nothing is overwritten; choose another name\n",
    )
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_link_that_leads_nowhere_is_something(tmp_path: Path) -> None:
    (tmp_path / "moss.toml").symlink_to(tmp_path / "gone.toml")
    with pytest.raises(StartingError, match="is there already"):
        write("moss", folder=tmp_path)
    assert not (tmp_path / "gone.toml").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    done = call("new", "moss", "--out", tmp_path / "nowhere")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)


def test_the_class_is_named_after_the_file() -> None:
    assert class_name("my_world", "MyWorld") == "MyWorld"
    assert class_name("ant_hill_2", "") == "AntHill2"
    assert class_name("none", "") == "MyNone"


@pytest.mark.parametrize("kind", KINDS)
def test_no_class_hides_what_its_file_needs(kind: str, tmp_path: Path) -> None:
    """A file may be named like anything that its template imports or defines."""
    file, _ = write("moss", kind, tmp_path)
    tree = ast.parse(file.read_text("utf-8"))
    needed = {node.name for node in tree.body if isinstance(node, ast.ClassDef)} - {"Moss"}
    needed |= {
        alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    needed = {name for name in needed if name[0].isupper()}
    assert len(needed) > 4
    for number, name in enumerate(sorted(needed)):
        folder = tmp_path / str(number)  # names that differ in case alone may be one file
        folder.mkdir()
        other, study = write(name, kind, folder)
        assert f"class My{name}(" in other.read_text("utf-8")
        assert f"{name}.py:My{name}" in study.read_text("utf-8") or kind == "reasoning"
