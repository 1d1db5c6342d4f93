"""The JSON schema of study files, for editors that complete and check TOML.

    noosphere schema > study.schema.json

and as the first line of a study, for editors with Taplo or Even Better TOML:

    #:schema study.schema.json

It is made of the same declarations that a study is read with, so that it can say no other.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from experiments.modelling.study import study_of
from experiments.models import MODELS
from experiments.reasoning.study import ReasoningStudy

DIALECT = "https://json-schema.org/draft/2020-12/schema"
OURS = ("system", "parameter", "title")
"""Keys of a field that say nothing to an editor."""


def study_schema() -> dict[str, Any]:
    """The schema of a study file, JSON Schema 2020-12, as JSON values.

    A file with the key `model` is a study of that model; one without is a study of reasoning
    agents, whose section `problem` says what they reason about.
    """
    shared: dict[str, Any] = {}
    kinds = {"reasoning": _of(ReasoningStudy, shared)}
    kinds |= {name: _of(study_of(name), shared) for name in MODELS}
    known: dict[str, Any] = {"description": "a model that ships, or FILE.py:CLASS"}
    known |= {
        "type": "string",
        "anyOf": [{"enum": list(MODELS)}, {"pattern": r"\.py:[A-Za-z_]\w*$"}],
    }
    chosen = [
        {
            "if": {"properties": {"model": {"const": name}}},
            "then": {"$ref": f"#/$defs/{name}"},
        }
        for name in MODELS
    ]
    return {
        "$schema": DIALECT,
        "title": "A study of Noosphere",
        "type": "object",
        "if": {"required": ["model"]},
        "then": {"properties": {"model": known}, "allOf": chosen},
        "else": {"$ref": "#/$defs/reasoning"},
        "$defs": {**kinds, **dict(sorted(shared.items()))},
    }


def _of(kind: type[BaseModel], shared: dict[str, Any]) -> dict[str, Any]:
    """The schema of one kind of study; what it refers to goes among what is shared."""
    schema = _plain(kind.model_json_schema())
    shared |= schema.pop("$defs", {})
    # The name of a file that says none is that of the file.
    required = [key for key in schema.pop("required", []) if key not in ("name", "parameters")]
    return {**schema, **({"required": required} if required else {})}


def _plain(value: Any, named: bool = False) -> Any:
    """A schema without our own keys; in `properties` and `$defs` every key is a name."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _plain(each, not named and key in ("properties", "$defs"))
        for key, each in value.items()
        if named or key not in OURS
    }
