"""Classes that somebody wrote, out of files: `my_world.py:MyWorld`.

Nothing has to be installed: a file is run where it stands, with its own folder to import from, and
stays loaded as long as its fingerprint is the same. Another process finds the class by the same
name.

Its fingerprint is of the text of the file and of all the files beside it that it imports, directly
or through each other, from folders of modules too; data that it reads are not part of it. What it
imports when it is loaded is what the fingerprint says: a file of that name from another folder, or
one that has been edited since, is loaded anew. What a function imports only when it is called may
be a file of the same name in another folder that was loaded later.

What is wrong becomes an error of the kind that is asked for, in one line: no such file, no such
class, or code that raises, with the line of that file where it happened.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from experiments.doctor import PACKAGES
from experiments.study.toml import did_you_mean

T = TypeVar("T")
_loaded: dict[Path, tuple[str, ModuleType]] = {}
"""Files by path, each with its fingerprint."""
_brought: set[str] = set()
"""Folders that are in `sys.path` only because a file of them was loaded."""
_beside: dict[str, Mapping[Path, bytes]] = {}
"""Of a folder, the texts that were last imported from it."""


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
    return Written(path, name, found, _loaded[path][0])


def module_at(path: Path) -> ModuleType:
    """A file as a module under a name of its own; run anew only if it or what it imports changed.

    Args:
        path: the file, absolute.
    """
    texts = _texts(path)
    edition = _edition(path, texts)
    before, module = _loaded.get(path, (None, None))
    if module is not None and before == edition:
        return module
    name = f"noosphere_file_{path.stem}_{_digest(bytes(path))[:12]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    _bring(path, texts)
    earlier = sys.modules.get(name)
    sys.modules[name] = module  # as dataclasses and type hints expect
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # edits of the same second
    try:
        exec(compile(texts[path], str(path), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        if earlier is not None:
            sys.modules[name] = earlier
        raise
    finally:
        sys.dont_write_bytecode = writes
    _loaded[path] = edition, module
    return module


def is_brought(folder: Path) -> bool:
    """Whether a folder can be imported from only because a file of it was loaded."""
    return str(folder) in _brought


def _bring(path: Path, texts: Mapping[Path, bytes]) -> None:
    """Let what a file imports be found beside it, before other folders that were brought.

    Modules of these names that come from elsewhere among them, or from another text, are forgotten;
    whoever has imported them keeps them.
    """
    here = str(path.parent)
    if here in _brought or here not in sys.path:
        sys.path[:] = [each for each in sys.path if each != here]
        others_at = (at for at, each in enumerate(sys.path) if each in _brought)
        sys.path.insert(next(others_at, len(sys.path)), here)
        _brought.add(here)
    known = _beside.get(here, {})
    others = {file: text for file, text in texts.items() if file != path}
    names = {file.relative_to(path.parent).parts[0].removesuffix(".py") for file in others}
    stale = any(known.get(file, text) != text for file, text in others.items())
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name.partition(".")[0] in names:
            home = _home(name, Path(file))
            gone = stale or not Path(file).exists()
            if gone if home == here else home in _brought:
                del sys.modules[name]
    importlib.invalidate_caches()
    _beside[here] = {**known, **others}


def _home(name: str, file: Path) -> str:
    """The folder in which the search for a module began."""
    return str(file.parents[name.count(".") + (file.stem == "__init__")])


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
    return _edition(path, _texts(path))


def _edition(path: Path, texts: Mapping[Path, bytes]) -> str:
    named = [
        (file.relative_to(path.parent).as_posix(), _digest(text)) for file, text in texts.items()
    ]
    return _digest(repr(sorted(named)).encode())


def _texts(path: Path) -> dict[Path, bytes]:
    """A file and all that it imports from its own folder; all of a folder of modules."""
    texts: dict[Path, bytes] = {}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file not in texts and file.is_file():
            texts[file] = file.read_bytes()
            for name in _imported(texts[file]):
                inner = path.parent / name
                waiting.append(inner.with_name(f"{name}.py"))
                if (inner / "__init__.py").is_file() and name not in PACKAGES:
                    waiting += inner.rglob("*.py")
    return texts


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
