"""A study: everything a run depends on, as a TOML file.

    name = "mine"
    seed = 1
    [problem]
    graph = "facts"          # a folder beside the study file, or a graph that ships
    split = [0.3, 0.2, 0.5]
    [world]
    agents = 500

What a study does not say has the default of the system it belongs to. A study that cannot be
read raises `StudyError`, a ValueError with one line for each problem:
`file:line: section.key: what was given, what is allowed`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo

from experiments.sections import (
    EconomySection,
    GossipSection,
    MemorySection,
    OutputSection,
    ProblemSection,
    Section,
    SelectionSection,
    WorldSection,
)
from experiments.toml import StudyError, line_of, parse, toml_value
from swarm.reasoning import SHIPPED
from swarm.systems import System

FOLDER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class Study(Section):
    """Everything a run depends on."""

    name: str = Field(
        pattern=FOLDER_NAME,
        max_length=64,
        description="names the run folder: up to 64 letters, digits and . _ -",
    )
    description: str = Field(default="", description="one line on what the study is for")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="seed of every stream of chance")
    problem: ProblemSection
    world: WorldSection = WorldSection()
    economy: EconomySection = EconomySection()
    gossip: GossipSection = GossipSection()
    memory: MemorySection = MemorySection()
    selection: SelectionSection = SelectionSection()
    output: OutputSection = OutputSection()

    @property
    def ticks(self) -> int:
        """Ticks of the whole run."""
        return self.world.generations * self.selection.every

    def arguments(self, system: type[System]) -> dict[str, Any]:
        """What the constructor of a system is given: argument name to value."""
        given = {}
        for section, kind in SECTIONS.items():
            for key, field in kind.model_fields.items():
                extra = field.json_schema_extra
                if isinstance(extra, dict) and extra["system"] == system.__name__:
                    given[str(extra["parameter"])] = getattr(getattr(self, section), key)
        return given

    def resolved(self) -> Study:
        """The same study with every value written out."""
        load = self.world.tasks_per_agent or self.world.tasks
        world = self.world.model_copy(update={"tasks_per_agent": load})
        return self.model_copy(update={"world": world})


SECTIONS: Mapping[str, type[Section]] = {
    name: field.annotation
    for name, field in Study.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}


# Reading


def shipped_studies() -> dict[str, Path]:
    """Studies that ship, name to file."""
    folder = Path(__file__).with_name("studies")
    return dict(sorted((path.stem, path) for path in folder.glob("*.toml")))


def load_study(source: str | Path, overrides: Sequence[str] = ()) -> Study:
    """Read a study that ships, by name, or a TOML file.

    Args:
        source: a name (see `shipped_studies`) or a path; relative paths in the file are taken
            from its folder.
        overrides: `section.key=value` with a value as in TOML, such as `world.agents=500`;
            relative paths in them are taken from the current folder.

    Raises:
        StudyError: the file is missing or malformed, or a key or value is not allowed.
    """
    path = shipped_studies().get(str(source), Path(source))
    text = _text(path)
    data = parse(path, text)
    data.setdefault("name", path.stem)
    changed = dict(_override(data, override) for override in overrides)

    def place(*wanted: str) -> str:
        if wanted in changed:
            return f"--set {changed[wanted]}"
        line = line_of(text, wanted)
        return f"{path}:{line}" if line else str(path)

    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        found = sorted(error.errors(), key=lambda details: line_of(text, _key(details)) or 0)
        problems = [_problem(place, details) for details in found]
        raise StudyError("\n".join(dict.fromkeys(problems))) from None
    base = Path() if ("problem", "graph") in changed else path.parent
    return _found_graph(study, base, place("problem", "graph"))


def _text(path: Path) -> str:
    names = list(shipped_studies())
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        near = _did_you_mean(str(path), names)
        raise StudyError(
            f"{path}: neither a study that ships ({', '.join(names)}) nor a TOML file{near}"
        ) from None
    except IsADirectoryError:
        raise StudyError(
            f"{path}: a folder, not a study; a study is a TOML file or one of "
            f"{', '.join(names)} (`noosphere resume` takes the folder of a run)"
        ) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise StudyError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def _override(data: dict[str, Any], override: str) -> tuple[tuple[str, ...], str]:
    """Put `section.key=value` into the data; returns the path of the key, and the text."""
    dotted, equals, text = override.partition("=")
    keys = tuple(key.strip() for key in dotted.split("."))
    if not equals or not all(keys) or len(keys) > 2:
        raise StudyError(f"--set {override}: has to be section.key=value, such as world.agents=500")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()  # text needs no quotes on a command line
    table = data.setdefault(keys[0], {}) if len(keys) > 1 else data
    if isinstance(table, dict):
        table[keys[-1]] = value
    return keys, override


def _problem(place: Any, details: Any) -> str:
    """One line for one of pydantic's errors."""
    wanted = _key(details)
    where = f"{place(*wanted)}: {'.'.join(wanted)}: "
    known = SECTIONS[wanted[0]].model_fields if len(wanted) > 1 else Study.model_fields
    field = known.get(wanted[-1])
    if field is None:
        return where + _unknown(wanted, known)
    if details["type"] == "missing":
        return f"{where}missing; {_allowed(field)}"
    given = repr(details["input"])
    if wanted == (section := wanted[0],) and section in SECTIONS:
        return f"{where}got {given[:60]}, but it is a section: a line [{section}], then its keys"
    return f"{where}got {given[:60]}, allowed is {_allowed(field)}"


def _key(details: Any) -> tuple[str, ...]:
    """What an error is about: a section, or a section and a key."""
    if details["loc"] == ("problem",) and details["type"] == "missing":
        return ("problem", "graph")
    return tuple(str(part) for part in details["loc"][:2])


def _unknown(wanted: tuple[str, ...], known: Mapping[str, FieldInfo]) -> str:
    key = wanted[-1]
    home = next((name for name, kind in SECTIONS.items() if key in kind.model_fields), None)
    hint = f"; it belongs in [{home}]" if home else _did_you_mean(key, known)
    owner = f"[{wanted[0]}]" if len(wanted) > 1 else "a study"
    names = (f"[{name}]" if len(wanted) == 1 and name in SECTIONS else name for name in known)
    return f"unknown, {owner} has {', '.join(names)}{hint}"


def _did_you_mean(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _allowed(field: FieldInfo) -> str:
    kinds = {int: "a whole number", float: "a number"}
    types = (field.annotation, *get_args(field.annotation))
    kind = next((words for type_, words in kinds.items() if type_ in types), "")
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    bounds = [
        f"{word} {getattr(bound, name):,}"
        for bound in field.metadata
        for name, word in words.items()
        if hasattr(bound, name)
    ]
    limits = f"{kind} {' and '.join(bounds)}".strip()
    return f"{limits} ({field.description})" if limits else str(field.description)


def _found_graph(study: Study, base: Path, place: str) -> Study:
    """The study with the folder of its graph as an absolute path."""
    graph = study.problem.graph
    if graph in SHIPPED:
        return study
    folder = base / graph
    if not folder.is_dir():
        raise StudyError(
            f"{place}: problem.graph: got {graph!r}, allowed is "
            f"{ProblemSection.model_fields['graph'].description}; there is no folder "
            f"{folder}{_did_you_mean(graph, SHIPPED)}"
        )
    problem = study.problem.model_copy(update={"graph": str(folder.resolve())})
    return study.model_copy(update={"problem": problem})


# Writing


def to_toml(study: Study) -> str:
    """The resolved study as TOML, each value with what it means."""
    return "\n".join(_lines(study.resolved())) + "\n"


def _lines(study: Study) -> Iterator[str]:
    for key, field in Study.model_fields.items():
        if key not in SECTIONS:
            yield _line(study, key, field)
    for name, kind in SECTIONS.items():
        yield f"\n[{name}]"
        for key, field in kind.model_fields.items():
            yield _line(getattr(study, name), key, field)


def _line(section: Section, key: str, field: FieldInfo) -> str:
    return f"{f'{key} = {toml_value(getattr(section, key))}':32}  # {field.description}"
