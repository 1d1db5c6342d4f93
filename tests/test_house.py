"""The house itself: its floors, its tables of contents, its manners."""

import ast
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("swarm", "evolution", "economy", "arenas", "experiments")
# What is made by tools, or fetched, or by a run, and not kept.
UNKEPT = {"build", "dist", "runs", "__pycache__", "node_modules"}


def modules() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def packages() -> list[str]:
    folders = [path.parent for path in modules() if path.name == "__init__.py"]
    return [".".join(folder.relative_to(ROOT).parts) for folder in folders]


def kept_files(folder: Path = ROOT) -> list[Path]:
    """Files of the repository, but for hidden folders (other than .ci) and what is made."""
    found = []
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".") and path.name not in (".ci", ".gitignore")
        if hidden or path.name in UNKEPT or path.name.endswith(".egg-info"):
            continue
        found += kept_files(path) if path.is_dir() else [path]
    return found


# Floors


def lint_imports(house: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a house, as `make lint` does."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--config", str(house / "pyproject.toml")],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_import_runs_upwards() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("economy/ledger.py", "import swarm.world", "No import runs upwards"),
        ("economy/ledger.py", "import evolution", "The leaf packages do not know each other"),
        ("swarm/systems/tasks.py", "import experiments", "No import runs upwards"),
        ("arenas/duels.py", "import experiments", "No import runs upwards"),
    ],
)
def test_an_import_that_runs_upwards_would_be_noticed(
    module: str, line: str, contract: str, tmp_path: Path
) -> None:
    for room in ROOMS:
        shutil.copytree(
            ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("*.gz", "__py*")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as source:
        source.write(f"\n{line}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contract} BROKEN" in done.stdout


# Tables of contents


def test_every_package_is_found() -> None:
    assert set(ROOMS) < set(packages())
    assert {"swarm.systems", "swarm.reasoning", "swarm.memory", "swarm.gossip"} < set(packages())


@pytest.mark.parametrize("name", packages())
def test_all_of_a_package_is_complete_and_can_be_imported(name: str) -> None:
    package = importlib.import_module(name)
    shown = getattr(package, "__all__", [])
    assert len(set(shown)) == len(shown)
    for each in shown:
        assert getattr(package, each, None) is not None, f"{name}.__all__ names {each}"
    # What the package imports from its own rooms, at its top or for type checkers, is what it
    # shows, and nothing else.
    # What is imported on first use stands in the stub beside it.
    source = Path(inspect.getfile(package))
    stub = source.with_suffix(".pyi")
    tree = ast.parse((stub if stub.exists() else source).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.level or (node.module or "").split(".")[0] in ROOMS)
        for alias in node.names
    }
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    public = {each for each in imported | defined if not each.startswith("_")}
    assert set(shown) - {"__version__"} == public


# Manners


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_public_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not path.name.startswith("_") or path.name == "__init__.py":
        docstring = ast.get_docstring(tree)
        assert docstring, f"{path.relative_to(ROOT)} has no docstring"
        assert len(docstring.splitlines()[0]) > 10


# Somebody's own folders, on the three systems that people work on.
ABSOLUTE = re.compile(
    r"(?<![\w.~/<:>-])/(?:work|home|root|Users|tmp|mnt|private)/\w|\b[A-Z]:\\{1,2}Users\b"
)


def absolute_paths(text: str) -> list[str]:
    return [text[match.start() : match.start() + 40] for match in ABSOLUTE.finditer(text)]


def test_no_file_names_a_folder_of_this_machine() -> None:
    found = {}
    for path in kept_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path != Path(__file__).resolve() and (paths := absolute_paths(text)):
            found[str(path.relative_to(ROOT))] = paths
    assert not found


@pytest.mark.parametrize(
    ("text", "absolute"),
    [
        ("open('/home/ada/data.tsv')", True),
        ("see /Users/ada/noosphere", True),
        ("C:\\Users\\ada", True),
        ("cd /tmp/x", True),
        ("https://example.org/home/ada", False),
        ("runs/home/ada", False),
        ("#!/usr/bin/env bash", False),
        ("/dev/full", False),
    ],
)
def test_absolute_paths_are_told_from_others(text: str, absolute: bool) -> None:
    assert bool(absolute_paths(text)) == absolute
