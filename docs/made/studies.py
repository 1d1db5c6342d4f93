"""The reference of files: every key of studies, sweeps and tournaments, as it is checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from arenas.tournaments import FORMATS
from experiments.modelling.study import study_of
from experiments.models import MODELS
from experiments.reasoning.study import ReasoningStudy
from experiments.study.toml import toml_value
from experiments.sweeps.sections import SweepFile
from experiments.tournament.sections import KINDS, Heading, format_section
from made.reference import keep


def write(docs: Path) -> None:
    """Write `reference/studies.md`."""
    keep(docs / "reference" / "studies.md", text())


def text() -> str:
    """The page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Study files\n"
    yield "What a file does not say has the default; `noosphere show STUDY` prints a study with"
    yield "every value. What is unknown or not allowed is refused, with its line.\n"
    yield "## Reasoning agents\n"
    yield from _sections(ReasoningStudy)
    yield "## Models\n"
    flocking = study_of("flocking")
    yield from _table(
        {k: v for k, v in flocking.model_fields.items() if k not in flocking.sections()}
    )
    yield "### \\[output\\] of a model\n"
    yield from _table(flocking.sections()["output"].model_fields)
    for name in MODELS:
        yield f"### \\[parameters\\] of {name}\n"
        yield from _table(study_of(name).sections()["parameters"].model_fields)
    yield "## Sweeps\n"
    yield "`[set]` has values for all trials and `[vary]` the factors, by the keys of the study.\n"
    yield from _sections(SweepFile)
    yield "## Tournaments\n"
    yield from _table(Heading.model_fields)
    for name in FORMATS:
        yield f"### \\[tournament\\] of format {name}\n"
        fields = format_section(name).model_fields
        yield from _table({key: each for key, each in fields.items() if key != "format"})
    for name, (game, players) in KINDS.items():
        yield f"### \\[game\\] of kind {name}\n"
        yield from _table({key: each for key, each in game.model_fields.items() if key != "kind"})
        yield f"### \\[players\\] of kind {name}\n"
        yield from _table(players.model_fields)


def _sections(kind: Any) -> Iterator[str]:
    sections = kind.sections()
    yield from _table({key: each for key, each in kind.model_fields.items() if key not in sections})
    for name, section in sections.items():
        yield f"### \\[{name}\\]\n"
        yield f"{(section.__doc__ or '').splitlines()[0]}\n"
        yield from _table(section.model_fields)


def _table(fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield "| key | default | what it means |\n|---|---|---|"
    for key, field in fields.items():
        yield f"| `{key}` | {_default(field)} | {cell(field.description)} |"
    yield ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "to be given"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, BaseModel):
        return ""
    return f"`{toml_value(value)}`"


def cell(words: str | None) -> str:
    """Words for a cell of a table."""
    return " ".join((words or "").split()).replace("|", "\\|").replace("<", "\\<")
