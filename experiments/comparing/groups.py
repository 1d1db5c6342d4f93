"""Groups of replicates: what is the same but for its seed, named by what sets it apart.

Two replicates belong together if nothing that their measures depend on differs but the seed; what a
study is called, and what it writes, does not count. The same replicate is never counted twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

NAMED_MAX = 3
"""Keys in the name of a group; where studies differ in more, their own names say it better."""


class CompareError(ValueError):
    """Runs cannot be compared as asked; the message says what can be asked for."""


@dataclass(frozen=True)
class Replicate:
    """One finished run, or one finished trial of a sweep.

    Attributes:
        place: where it is, for messages.
        study: name of its study.
        values: what it depends on besides the seed, dotted key to value that can be hashed.
        seed: of all chance in it.
        measures: name to figure, nan if there is none.
        code: the version that it ran from, behind who counts versions so, as in `git:1a2b3c4d`;
            empty if nobody knows.
    """

    place: str
    study: str
    values: Mapping[str, Any]
    seed: int
    measures: Mapping[str, float]
    code: str = ""


@dataclass(frozen=True)
class Group:
    """Replicates that differ in their seed alone, in the order of their seeds."""

    name: str
    replicates: tuple[Replicate, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, ascending."""
        return tuple(each.seed for each in self.replicates)

    def values(self, measure: str) -> np.ndarray:
        """A measure of every replicate, float[n], nan where there is none."""
        return np.array([each.measures.get(measure, np.nan) for each in self.replicates], float)


def group_replicates(replicates: Sequence[Replicate]) -> tuple[list[Group], list[str]]:
    """The groups, in the order in which they first appear, and notes on what was left out.

    Replicates of the same study and seed that ran from different code become groups of their own,
    so that versions of the code can be compared.
    """
    together: dict[Any, list[Replicate]] = defaultdict(list)
    for each in replicates:
        together[frozenset(each.values.items())].append(each)
    notes: list[str] = []
    kept: list[tuple[dict[str, Any], list[Replicate]]] = []
    for members in together.values():
        versions = _versions(members)
        for code, same in versions.items():
            values = {**same[0].values, **({"code": _version(code)} if len(versions) > 1 else {})}
            kept.append((values, _once(same, notes)))
    codes = sorted({each.code for each in replicates} - {""})
    if _differ(codes):
        notes.append(f"not all ran from the same code: {', '.join(map(_version, codes))}")
    names = _names([(members[0].study, values) for values, members in kept])
    return [
        Group(name, tuple(members)) for name, (_, members) in zip(names, kept, strict=True)
    ], notes


def _versions(members: Iterable[Replicate]) -> dict[str, list[Replicate]]:
    """By code, if seeds come twice that way; all under one key otherwise."""
    by_seed: dict[int, set[str]] = defaultdict(set)
    for each in members:
        by_seed[each.seed].add(each.code)
    split = any(_differ(codes) for codes in by_seed.values())
    found: dict[str, list[Replicate]] = defaultdict(list)
    for each in members:
        found[each.code if split else ""].append(each)
    return found


def _differ(codes: Iterable[str]) -> bool:
    """Whether versions are two, among those that are counted the same way."""
    known = [code for code in codes if code]
    return len(set(known)) > len({code.rpartition(":")[0] for code in known})


def _version(code: str) -> str:
    return code.rpartition(":")[2] or "unknown"


def _once(members: Iterable[Replicate], notes: list[str]) -> list[Replicate]:
    """By seed, the first of each."""
    first: dict[int, Replicate] = {}
    for each in members:
        if each.seed not in first:
            first[each.seed] = each
        elif first[each.seed].place != each.place:
            notes.append(
                f"left out: {each.place}, the same study and seed as {first[each.seed].place}"
            )
    return [first[seed] for seed in sorted(first)]


# Names


def _names(groups: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """One for each study and its values: what differs, or the study's own if that is clearer."""
    if len(groups) == 1:
        return [groups[0][0]]
    apart = _differing([values for _, values in groups])
    studies = [study for study, _ in groups]
    if len(apart) <= NAMED_MAX or len(set(studies)) == 1:
        return _unlike([_said(values, apart) for _, values in groups])
    names = []
    for study, values in groups:
        inside = _differing([other for name, other in groups if name == study])
        names.append(f"{study} {_said(values, inside)}".strip())
    return _unlike(names)


def _differing(values: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = dict.fromkeys(key for each in values for key in each)
    return [key for key in keys if len({each.get(key) for each in values}) > 1]


def _said(values: Mapping[str, Any], keys: Iterable[str]) -> str:
    return " ".join(f"{key}={shown_value(values[key])}" for key in keys if key in values)


def _unlike(names: list[str]) -> list[str]:
    """A number behind those that would be the same."""
    seen: dict[str, int] = defaultdict(int)
    found = []
    for name in names:
        name = name or "otherwise"
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def shown_value(value: Any) -> str:
    """A value of a study for people, such as 0.25, true or 1,2,3."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.4g}"
    return ",".join(map(shown_value, value)) if isinstance(value, tuple) else str(value)
