"""The reference: a page for every package and room with a table of contents, and an index."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

VALUE_MAX = 80
"""Characters of a value that are shown."""
ROOMS = ("swarm", "evolution", "economy", "arenas", "experiments")


def packages() -> Iterator[str]:
    """Names of all packages that show something, from the outer to the inner."""
    for room in ROOMS:
        package = importlib.import_module(room)
        inner = pkgutil.walk_packages(package.__path__, f"{room}.")
        for name in (room, *(each.name for each in inner if each.ispkg)):
            if shown(name):
                yield name


def shown(name: str) -> list[str]:
    """What a package lists in its `__all__`, but for its version."""
    listed = getattr(importlib.import_module(name), "__all__", ())
    return sorted(set(listed) - {"__version__"}, key=str.lower)


def page(name: str) -> str:
    """The page of a package: what it is, a table of what it shows, and in full what is its own.

    What an inner package shows as well stands in full on the page of that, once.
    """
    package = importlib.import_module(name)
    data = [each for each in shown(name) if _is_data(getattr(package, each))]
    names = "\n".join(f"   {each}" for each in shown(name) if each not in data)
    values = f"Values: {', '.join(f':py:data:`{each}`' for each in data)}.\n\n" if data else ""
    here = [each for each in shown(name) if _home(getattr(package, each), name) == name]
    entries = "\n".join(_entry(each, getattr(package, each)) for each in here)
    return (
        f"{name}\n{'=' * len(name)}\n\n"
        f".. automodule:: {name}\n   :no-members:\n\n"
        f".. currentmodule:: {name}\n\n"
        f".. autosummary::\n   :nosignatures:\n\n{names}\n\n{values}{entries}"
    )


@cache
def _homes() -> dict[tuple[str, str], str]:
    """The innermost package that shows a class or function, by module and name."""
    found: dict[tuple[str, str], str] = {}
    for name in sorted(packages(), key=lambda name: -name.count(".")):
        for each in shown(name):
            value = getattr(importlib.import_module(name), each)
            found.setdefault(_key(value, name), name)
    return found


def _home(value: Any, package: str) -> str:
    return _homes()[_key(value, package)]


def _key(value: Any, package: str) -> tuple[str, str]:
    """Where a class or function was made; a value has no place but the package that shows it."""
    name = getattr(value, "__qualname__", None)
    if name is None or not (isinstance(value, type) or inspect.isroutine(value) or _wraps(value)):
        return package, str(id(value))
    return value.__module__, name


def _wraps(value: Any) -> bool:
    return hasattr(value, "__wrapped__") or hasattr(value, "py_func")


def _entry(name: str, value: Any) -> str:
    """The directive that documents one of them."""
    if isinstance(value, type):
        kind = "exception" if issubclass(value, BaseException) else "class"
        return f".. auto{kind}:: {name}\n   :members:\n"
    if isinstance(value, ModuleType):
        here = value.__name__.rpartition(".")[0]
        return f".. automodule:: {value.__name__}\n   :no-members:\n\n.. currentmodule:: {here}\n"
    if _is_data(value):
        told = " ".join(repr(value).split())
        short = told if len(told) <= VALUE_MAX else f"{told[:VALUE_MAX]}..."
        return f".. py:data:: {name}\n   :value: {short}\n"
    return f".. autofunction:: {name}\n"


def _is_data(value: Any) -> bool:
    """Whether it is a plain value: its type's docstring would say nothing of it."""
    works = isinstance(value, type | ModuleType) or inspect.isroutine(value) or _wraps(value)
    return not works


def write(docs: Path) -> None:
    """Write all of them into `reference/api`; what is as it was is left alone."""
    folder = docs / "reference" / "api"
    folder.mkdir(parents=True, exist_ok=True)
    names = list(packages())
    for path in folder.glob("*.rst"):
        if path.stem not in {*names, "index"}:
            path.unlink()
    for name in names:
        keep(folder / f"{name}.rst", page(name))
    tree = "\n".join(f"   {name}" for name in names)
    title = "Packages"
    keep(
        folder / "index.rst",
        f"{title}\n{'=' * len(title)}\n\nWhat each package shows; all of it is typed.\n\n"
        f".. toctree::\n   :maxdepth: 1\n\n{tree}\n",
    )


def keep(path: Path, text: str) -> None:
    """Write a file only if it changes, so that Sphinx reads it anew only then."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
