"""Classes that somebody wrote, out of files: `my_world.py:MyWorld`.

Nothing has to be installed: a file is run where it stands, with its own folder to import from, and
stays loaded as long as its text is the same. Another process finds the class by the same name.

Its fingerprint is of the text of the file and of all the files beside it that it imports, directly
or through each other. A file that it imports is loaded once a process, as Python does it.

What is wrong becomes an error of the kind that is asked for, in one line: no such file, no such
class, or code that raises, with the line of that file where it happened.
"""

from __future__ import annotations

import ast
import hashlib
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from experiments.study.toml import did_you_mean

T = TypeVar("T")
_loaded: dict[Path, tuple[bytes, ModuleType]] = {}


@dataclass(frozen=True)
class Written:
    """A class of a file.

    Attributes:
        path: the file, absolute.
        name: of the class.
        found: the class itself.
        fingerprint: SHA-256 of the file and of what it imports from beside it.
    """

    path: Path
    name: str
    found: type
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.path}:{self.name}"


def is_written(given: object) -> bool:
    """Whether this is meant as a class of a file: `file.py:Class`."""
    return isinstance(given, str) and ".py:" in given


def written(
    place: str, given: str, folder: Path, refuse: type[ValueError], example: str
) -> Written:
    """The class of `file.py:Class`.

    Args:
        place: what asks for it, for an error.
        given: as it was written.
        folder: where a relative path begins.
        refuse: the kind of error.
        example: of what would be right.

    Raises:
        refuse: there is no such file or class, or the file raises.
    """
    file, _, name = given.rpartition(":")
    if not file.endswith(".py") or not name.isidentifier():
        raise refuse(f"{place}: got {given!r}, allowed is a file and a class, such as {example!r}")
    path = (folder / file).resolve()
    if not path.is_file():
        raise refuse(f"{place}: got {given!r}, but there is no file {path}")
    module = guarded(place, path, refuse, lambda: module_at(path))
    own = [each for each, value in vars(module).items() if _is_own(value, module)]
    found = vars(module).get(name)
    if not isinstance(found, type):
        what = "no class" if found is None else f"no class, but {type(found).__name__}, as"
        raise refuse(
            f"{place}: {path.name} has {what} {name!r}, its classes are "
            f"{', '.join(own) or 'none'}{did_you_mean(name, own)}"
        )
    return Written(path, name, found, fingerprint(path))


def module_at(path: Path) -> ModuleType:
    """A file as a module under a name of its own; run anew only if its text has changed."""
    text = path.read_bytes()
    before, module = _loaded.get(path, (None, None))
    if module is not None and before == text:
        return module
    name = f"noosphere_file_{path.stem}_{_digest(bytes(path))[:12]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    sys.modules[name] = module  # as dataclasses and type hints expect
    try:
        exec(compile(text, str(path), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    _loaded[path] = text, module
    return module


def guarded(place: str, path: Path, refuse: type[ValueError], call: Callable[[], T]) -> T:
    """What a call into a file returns; whatever it raises, even `SystemExit`, becomes `refuse`."""
    try:
        return call()
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:
        steps = traceback.extract_tb(error.__traceback__)
        lines = [step.lineno for step in steps if step.filename == str(path)]
        line, told = (lines or [None])[-1], str(error)
        if isinstance(error, SyntaxError):
            line, told = error.lineno, str(error.msg)
        told = " ".join(told.split())
        where = f"{path.name}:{line}" if line else path.name
        raise refuse(f"{place}: {where}: {type(error).__name__}: {told:.200}") from None


def fingerprint(path: Path) -> str:
    """SHA-256 of a file and of all it imports from its own folder, by name and text."""
    texts: dict[str, str] = {}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file.name not in texts and file.is_file():
            text = file.read_bytes()
            texts[file.name] = _digest(text)
            waiting += [path.parent / f"{name}.py" for name in _imported(text)]
    return _digest(repr(sorted(texts.items())).encode())


def _imported(text: bytes) -> Iterator[str]:
    """Names of the modules that a text imports; none if it is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _is_own(value: Any, module: ModuleType) -> bool:
    return isinstance(value, type) and value.__module__ == module.__name__


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
