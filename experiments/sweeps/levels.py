"""What is varied as people say it: in TOML, in Python, and on a command line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.sweeps.factors import RANGE_KEYS
from experiments.sweeps.sections import SweepError


def flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and what they are given, however the dots were written."""
    for key, value in table.items():
        if isinstance(value, Mapping) and value and not _is_range(value):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _is_range(table: Mapping[str, Any]) -> bool:
    """Whether a table is meant as a range; a parameter may be called low, and has levels then."""
    given = [table[key] for key in RANGE_KEYS if key in table]
    return bool(given) and not any(isinstance(each, list | tuple | Mapping) for each in given)


def varied(vary: Sequence[str] | Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Factors as a call, or a command line, says them: key to levels or range as in TOML.

    Raises:
        SweepError: a text is not `KEY=LEVELS`.
    """
    if isinstance(vary, Mapping):
        yield from flat(vary)
        return
    for text in vary:
        key, equals, levels = text.partition("=")
        if not equals or not key.strip() or not levels.strip():
            raise SweepError(
                f"--vary {text}: has to be KEY=LEVELS, such as economy.rent=0,1,2, "
                "birds=10..200 or selection.mutation=0.01..0.3:log"
            )
        yield key.strip(), _levels(levels.strip())


def _levels(text: str) -> Any:
    """Levels or a range, as a command line says it."""
    if found := re.fullmatch(r"([^.,\[]\S*?|\.\d\S*?)\.\.(\S+?)(:log)?", text):
        low, high = _value(found[1]), _value(found[2])
        return {"low": low, "high": high, "log": bool(found[3])}
    try:
        return tomllib.loads(f"value = [{text}]")["value"]
    except tomllib.TOMLDecodeError:
        return [_value(level.strip()) for level in text.split(",")]


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # needs no quotes on a command line
