"""Studies as TOML files: everything a run depends on.

    name = "mine"                        |  model = "flocking"
    seed = 1                             |  ticks = 500
    [problem]                            |  [parameters]
    graph = "facts"                      |  birds = 400
    split = [0.3, 0.2, 0.5]
    [world]
    agents = 500

On the left a study of reasoning agents, whose graph is a folder beside the study file or a graph
that ships; on the right one of a model of `experiments.models`, or of a class of a file beside
it, `model = "my_world.py:MyWorld"`. What a study does not say has the
default of the system, or of the model, that it belongs to. A study that cannot be read raises
`StudyError`, a ValueError with one line for each problem:
`file:line: section.key: what was given, what is allowed`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from experiments.models import MODELS
from experiments.reasoning.study import ReasoningStudy
from experiments.study.section import Section
from experiments.study.shipped import shipped_studies, study_names
from experiments.study.study import Study
from experiments.study.toml import StudyError, did_you_mean, line_of, parse, toml_value
from experiments.study.written import is_written

Keys = tuple[str, ...]


# Reading


def load_study(source: str | Path, overrides: Sequence[str] = ()) -> Study:
    """Read a study that ships, by name, or a TOML file.

    Args:
        source: a name (see `study_names`), a path, or a model of one's own as it comes,
            `my_world.py:MyWorld`; relative paths in a file are taken from its folder.
        overrides: `section.key=value` with a value as in TOML, such as `world.agents=500`, or
            `birds=400` for a parameter of a model; relative paths in them are taken from the
            current folder.

    Raises:
        StudyError: the file is missing or malformed, or a key or value is not allowed.
    """
    path = shipped_studies().get(str(source), Path(source))
    if source in MODELS:
        text = f'model = "{source}"'
    elif is_written(source):  # a model without a file that says more
        text, path = f"model = {toml_value(path.name)}", Path(str(path).rpartition(":")[0])
    else:
        text = study_text(path)
    data = parse(path, text)
    data.setdefault("name", path.stem)
    changes = [_change(override) for override in overrides]
    changed = {keys: override for keys, _, override in changes}

    def place(*wanted: str) -> str:
        if wanted not in changed and (line := line_of(text, wanted)):
            return f"{path}:{line}"
        inside = [override for keys, override in changed.items() if keys[: len(wanted)] == wanted]
        return f"--set {inside[0]}" if inside else str(path)

    def folder(*wanted: str) -> Path:
        return Path() if wanted in changed else path.parent

    kind = _kind({**data, **{keys[0]: value for keys, value, _ in changes}}, place, folder)
    if kind.home:
        data.setdefault(kind.home, {})  # what is missing in it is named one by one
    for keys, value, override in changes:
        keys = housed(kind, keys)
        changed[keys] = override
        table = data.setdefault(keys[0], {}) if len(keys) > 1 else data
        if isinstance(table, dict):
            table[keys[-1]] = value
    try:
        study = kind.model_validate(data)
    except ValidationError as error:
        found = sorted(error.errors(), key=lambda details: line_of(text, _key(details)) or 0)
        problems = [problem_line(kind, place, details) for details in found]
        raise StudyError("\n".join(dict.fromkeys(problems))) from None
    return study.located(folder, place)


def study_text(path: Path) -> str:
    """The text of a study file, without a byte order mark; raises StudyError if it has none."""
    names = study_names()
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = did_you_mean(str(path), names)
        raise StudyError(
            f"{path}: neither a study that ships ({', '.join(names)}) nor a TOML file{near}"
        ) from None
    except IsADirectoryError:
        raise StudyError(
            f"{path}: a folder, not a study; a study is a TOML file or one of "
            f"{', '.join(names)} (`noosphere resume` takes the folder of a run)"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise StudyError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def _change(override: str) -> tuple[Keys, Any, str]:
    """The keys and the value of `section.key=value`, and the text itself."""
    dotted, equals, text = override.partition("=")
    keys = tuple(key.strip() for key in dotted.split("."))
    if not equals or not all(keys) or len(keys) > 2:
        raise StudyError(f"--set {override}: has to be section.key=value, such as world.agents=500")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()  # text needs no quotes on a command line
    return keys, value, override


def _kind(
    data: Mapping[str, Any], place: Callable[..., str], folder: Callable[..., Path]
) -> type[Study]:
    """The class of a study: that of its model if it has one."""
    if "model" not in data:
        return ReasoningStudy
    from experiments.modelling.study import study_of

    name = data["model"]
    kind = study_of(name, folder("model"), place("model"))
    if "problem" in data:
        raise StudyError(
            f"{place('problem')}: problem: stands beside model = {name!r}; a study has a model or "
            "a [problem] for reasoning agents, so leave one of them out"
        )
    return kind


def housed(kind: type[Study], keys: Keys) -> Keys:
    """Keys with their section, where a command line may leave it out."""
    alone = len(keys) == 1 and keys[0] not in kind.model_fields and kind.home
    return (kind.home, *keys) if alone else keys


def problem_line(kind: type[Study], place: Callable[..., str], details: Any) -> str:
    """One line for one of pydantic's errors."""
    wanted = _key(details)
    section = kind.sections().get(wanted[0])
    owner = section if section is not None and len(wanted) > 1 else kind
    where = f"{place(*wanted)}: {'.'.join(wanted)}: "
    field = owner.model_fields.get(wanted[-1])
    if field is None:
        return where + _unknown(kind, owner, wanted)
    if details["type"] == "missing":
        return f"{where}missing; {_allowed(field)}"
    given = repr(details["input"])[:60]
    if owner is kind and section is not None:
        return f"{where}got {given}, but it is a section: a line [{wanted[0]}], then its keys"
    return f"{where}got {given}, allowed is {_allowed(field)}"


def _key(details: Any) -> tuple[str, ...]:
    """What an error is about: a section, or a section and a key."""
    if details["loc"] == ("problem",) and details["type"] == "missing":
        return ("problem", "graph")
    return tuple(str(part) for part in details["loc"][:2])


def _unknown(kind: type[Study], owner: type[Section], wanted: Keys) -> str:
    key, known, sections = wanted[-1], owner.model_fields, kind.sections()
    home = next((name for name, kind in sections.items() if key in kind.model_fields), None)
    hint = f"; it belongs in [{home}]" if home else did_you_mean(key, known)
    names = (f"[{name}]" if owner is kind and name in sections else name for name in known)
    return f"unknown, {owner.owner or f'[{wanted[0]}]'} has {', '.join(names)}{hint}"


def _allowed(field: FieldInfo) -> str:
    kinds = {int: "a whole number", float: "a number"}
    types = (field.annotation, *get_args(field.annotation))
    kind = next((words for type_, words in kinds.items() if type_ in types), "")
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    bounds = [
        f"{word} {getattr(bound, name):,}"
        for name, word in words.items()
        for bound in field.metadata
        if hasattr(bound, name)
    ]
    limits = f"{kind} {' and '.join(bounds)}".strip()
    return f"{limits} ({field.description})" if limits else str(field.description)


# Writing


def to_toml(study: Study) -> str:
    """The resolved study as TOML, each value with what it means."""
    return "\n".join(_lines(study.resolved())) + "\n"


def _lines(study: Study) -> Iterator[str]:
    sections = study.sections()
    for key, field in type(study).model_fields.items():
        if key not in sections:
            yield _line(study, key, field)
    for name, kind in sections.items():
        yield f"\n[{name}]"
        for key, field in kind.model_fields.items():
            if getattr(getattr(study, name), key) is not None:  # TOML has no word for nothing
                yield _line(getattr(study, name), key, field)


def _line(section: Section, key: str, field: FieldInfo) -> str:
    return f"{f'{key} = {toml_value(getattr(section, key))}':32}  # {field.description}"
