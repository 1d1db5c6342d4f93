"""TOML as text: where a key stands, what is wrong with a line, and how a value is written.

The standard library reads TOML but forgets the lines, and does not write it.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class StudyError(ValueError):
    """A study cannot be read; one line for each problem, with its place."""


def parse(path: Path, text: str) -> dict[str, Any]:
    """The tables of a TOML text; `path` is for the message of a StudyError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
        line = (found and found[1]) or len(text.splitlines()) or 1
        reason = message[: found.start()] if found else message
        raise StudyError(
            f"{path}:{line}: {reason}; a study is TOML: lines `[section]` and `key = value`"
        ) from None


def line_of(text: str, wanted: tuple[str, ...]) -> int | None:
    """Line of a key, or of the nearest thing around it, in TOML; None if it is not there."""
    section: tuple[str, ...] = ()
    around = None
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]", line):
            section = path = _dotted(header[1])
        elif key := re.match(r"\s*([\w.\"' -]+?)\s*=", line):
            path = (*section, *_dotted(key[1]))
        else:
            continue
        if path == wanted:
            return number
        if path and path == wanted[: len(path)]:
            around = number
    return around


def _dotted(name: str) -> tuple[str, ...]:
    return tuple(part.strip(" \t\"'") for part in name.split("."))


def toml_value(value: Any) -> str:
    """A number, a truth value, text or a list of them as TOML."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, str):
        # JSON's strings are TOML's, but for a raw DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'agents'?` if a known name is near, or nothing."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
