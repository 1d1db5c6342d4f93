"""The studies that ship, listed without being made: files as TOML, models by their docstrings."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

from experiments.models import MODELS

ROOMS = Path(__file__).parents[1]


def shipped_studies() -> dict[str, Path]:
    """Study files that ship, name to file."""
    return dict(sorted((path.stem, path) for path in (ROOMS / "studies").glob("*.toml")))


def study_names() -> list[str]:
    """Names of all studies that ship: of those with a file, and of the models."""
    return [*shipped_studies(), *MODELS]


def study_rows() -> list[tuple[str, str, str]]:
    """Name, kind and description of all studies that ship."""
    return [*map(_of_file, shipped_studies().values()), *map(_of_model, MODELS)]


def _of_file(path: Path) -> tuple[str, str, str]:
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    what = "network" if "network" in said["problem"] else "graph"
    return path.stem, f"{what} {said['problem'][what]}", said.get("description", "")


def _of_model(name: str) -> tuple[str, str, str]:
    source = ROOMS / "models" / f"{name.replace('-', '_')}.py"
    about = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return name, "model", " ".join(about.partition("\n\n")[0].split())
