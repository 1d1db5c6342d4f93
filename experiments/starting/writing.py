"""A new world as two files: Python that runs, and TOML that `noosphere` lives or plays.

Nothing is ever overwritten. `StartingError` says what is in the way, and what would not be.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from experiments.study.written import is_brought

KINDS = {
    "model": ("a World with an agent of its own", "run"),
    "reasoning": ("reasoning agents, and a system of its own", "run"),
    "players": ("a player of the iterated prisoner's dilemma", "tournament"),
}
"""What can be begun: what it is, and the command that takes its TOML file."""

NAME_MAX = 64
TEMPLATES = Path(__file__).parent


class StartingError(ValueError):
    """A new world cannot be written: its name is no name, or something is there already."""


def write(name: str, kind: str = "model", folder: str | Path = ".") -> tuple[Path, Path]:
    """Write `<name>.py` and `<name>.toml`; returns their paths.

    Args:
        name: letters, digits and `_`, beginning with a letter, as Python's names are.
        kind: one of `KINDS`.
        folder: where; it has to exist.

    Raises:
        StartingError: the name cannot be taken, or one of the files is there already.
        OSError: they cannot be written; neither is left.
    """
    if kind not in KINDS:
        raise StartingError(f"{kind}: no such kind; there are {', '.join(KINDS)}")
    paths = Path(folder) / f"{name}.py", Path(folder) / f"{name}.toml"
    _check_name(name)
    for path in paths:
        if path.exists() or path.is_symlink():
            raise StartingError(
                f"{path}: is there already, and nothing is overwritten; choose another name"
            )
    _check_free(name)
    texts = [(TEMPLATES / f"{kind}{path.suffix}").read_text(encoding="utf-8") for path in paths]
    own, written = class_name(name, texts[0]), []
    try:
        for path, text in zip(paths, texts, strict=True):
            with open(path, "x", encoding="utf-8") as file:
                written.append(path)
                file.write(text.replace("MyWorld", own).replace("my_world", name))
    except BaseException as error:
        for path in written:
            path.unlink()
        if isinstance(error, FileExistsError):
            raise StartingError(f"{error.filename}: is there already") from None
        raise
    return paths


def class_name(name: str, text: str) -> str:
    """The name of a class for a file, `MyWorld` for `my_world`, that no word of a text has."""
    words = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
    taken = set(re.findall(r"\w+", text)) - {"MyWorld"}
    return f"My{words}" if words in taken or keyword.iskeyword(words) else words


def _check_name(name: str) -> None:
    good = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
    if not good or keyword.iskeyword(name) or len(name) > NAME_MAX:
        near = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[:NAME_MAX]
        near = near if near[:1].isalpha() and not keyword.iskeyword(near) else f"my_{near}"
        raise StartingError(
            f"{name}: a name is up to {NAME_MAX} letters, digits and _, begins with a letter and "
            f"is no word of Python's, such as {near.rstrip('_')}"
        )


def _check_free(name: str) -> None:
    """Whether a file of that name beside a script would stand before a package."""
    if name in sys.stdlib_module_names or _is_installed(name):
        raise StartingError(
            f"{name}: is a package already, which a file {name}.py would hide; choose another "
            f"name, such as my_{name}"
        )


def _is_installed(name: str) -> bool:
    """Whether a package is found, but for files that are found only because one was loaded."""
    spec = importlib.util.find_spec(name)
    places = [*(spec.submodule_search_locations or ()), spec.origin] if spec else []
    if not any(is_brought(Path(place).parent) for place in places if place):
        return spec is not None
    elsewhere = [each for each in sys.path if not is_brought(Path(each))]
    return PathFinder.find_spec(name, elsewhere) is not None
