"""Specs as plain data: loci written down for a file, and made again from it.

A locus is written as its kind, the module of that kind, and its `Locus.parameters`; operators with
parameters, and the `Locus.parts` of a kind, likewise. A kind is known once its module is imported,
and files never import anything: a file is data, and what it can make is what the program that
reads it has loaded already.

Errors: `GenomeError` for loci that plain data cannot hold, and for data that is no spec.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from inspect import isabstract
from typing import Any

import numpy as np

from evolution.genomes.base import GenomeError, Locus
from evolution.genomes.crossovers import Crossover
from evolution.genomes.mutations import Mutation

_OPERATORS: tuple[type[Any], ...] = (Crossover, Mutation)

_EXAMPLE = '{"loci": [{"name": "x", "kind": "Real", "parameters": {"size": 30}}]}'


def schema_of(loci: Mapping[str, Locus]) -> dict[str, Any]:
    """The loci as plain data: ``{"loci": [{"name", "kind", "module", "parameters"}, ...]}``."""
    return {"loci": [_entry(name, locus) for name, locus in loci.items()]}


def loci_of(schema: Mapping[str, Any]) -> dict[str, Locus]:
    """The loci that `schema_of` wrote down."""
    try:
        entries = list(schema["loci"])
        return {str(entry["name"]): _locus(entry) for entry in entries}
    except (TypeError, KeyError, AttributeError) as error:
        raise GenomeError(f"not a spec: {error!r}; expected e.g. {_EXAMPLE}") from error


def _entry(name: str, locus: Locus) -> dict[str, Any]:
    kind = type(locus)
    parameters = {
        key: _plain(value, f"locus {name!r}, a {kind.__name__}: {key}", (*_OPERATORS, *kind.parts))
        for key, value in locus.parameters().items()
    }
    return {
        "name": name,
        "kind": kind.__qualname__,
        "module": kind.__module__,
        "parameters": parameters,
    }


def _locus(entry: Mapping[str, Any]) -> Locus:
    kind = _kind(_concrete([Locus]), entry)
    known = [*_concrete(_OPERATORS), *kind.parts]
    parameters = {key: _value(value, known) for key, value in entry["parameters"].items()}
    try:
        locus: Locus = kind.from_parameters(parameters)
        return locus
    except (TypeError, KeyError) as error:
        raise GenomeError(
            f"locus {entry['name']!r}: a {entry['kind']} cannot be made of {parameters}: {error}"
        ) from error


def _plain(value: Any, what: str, parts: tuple[type[Any], ...]) -> Any:
    """The same as JSON knows it."""
    if isinstance(value, parts):
        given = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        return {
            "kind": type(value).__qualname__,
            "module": type(value).__module__,
            "parameters": {key: _plain(it, f"{what}.{key}", parts) for key, it in given.items()},
        }
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, tuple | list):
        return [_plain(item, what, parts) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise GenomeError(
        f"{what} is a {type(value).__name__}, which JSON cannot hold; if that is a dataclass, name "
        "it in the parts of the locus, else override its parameters() and from_parameters() to "
        "write it in numbers and text, e.g. by a name"
    )


def _value(value: Any, known: Sequence[type[Any]]) -> Any:
    """What `_plain` wrote, as parameters have it: lists are tuples."""
    if isinstance(value, list):
        return tuple(_value(item, known) for item in value)
    if isinstance(value, Mapping):
        kind = _kind(known, value)
        return kind(**{key: _value(item, known) for key, item in value["parameters"].items()})
    return value


def _kind(known: Sequence[type[Any]], entry: Mapping[str, Any]) -> type[Any]:
    """The known class of this name: of this module, or the only one there is."""
    name, module = entry["kind"], entry.get("module")
    named = [kind for kind in known if kind.__qualname__ == name]
    found = [kind for kind in named if kind.__module__ == module] or named
    if not found:
        raise GenomeError(
            f"no kind {name!r} of {module or 'any module'} is loaded; import its module before "
            f"reading. Loaded are {', '.join(sorted({kind.__qualname__ for kind in known}))}"
        )
    if len({kind.__module__ for kind in found}) > 1:
        modules = sorted({kind.__module__ for kind in found})
        raise GenomeError(f"the kind {name!r} is in {modules}; say which one by its module")
    return found[-1]  # a class that was defined again, as in a notebook, replaces the former one


def _concrete(bases: Iterable[type[Any]]) -> list[type[Any]]:
    """All loaded subclasses that can be made."""
    below = [kind for base in bases for kind in base.__subclasses__()]
    return [kind for kind in below if not isabstract(kind)] + (_concrete(below) if below else [])
