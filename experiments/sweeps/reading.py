"""Sweeps as TOML files.

    name = "rent"
    study = "nations"                        # a study that ships, or a file beside this one
    replicates = 5
    [set]
    "world.agents" = 50                      # for all trials, as --set of `noosphere run`
    [vary]
    "economy.rent" = [0, 1, 2]               # levels
    "selection.mutation" = { low = 0.01, high = 0.3, log = true }
    [design]
    kind = "latin-hypercube"                 # or grid, random, optuna
    trials = 20

What cannot be read raises `SweepError`, a ValueError with one line for each problem:
`file:line: section.key: what was given, what is allowed`. Every level is tried on the study before
a sweep begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from experiments.study.reading import housed, load_study, problem_line
from experiments.study.shipped import study_names
from experiments.study.study import TEST, Study
from experiments.study.toml import StudyError, did_you_mean, line_of, parse, toml_value
from experiments.sweeps.factors import Factor, FactorError, factor_of
from experiments.sweeps.levels import flat, varied
from experiments.sweeps.plan import Sweep
from experiments.sweeps.sections import SweepError, SweepFile

Keys = tuple[str, ...]

OPTIONS: Mapping[str, Keys] = {
    "name": ("name",),
    "seed": ("seed",),
    "replicates": ("replicates",),
    "design": ("design", "kind"),
    "trials": ("design", "trials"),
    "levels": ("design", "levels"),
    "sampler": ("design", "sampler"),
    "batch": ("design", "batch"),
    "objective": ("design", "objective"),
    "direction": ("design", "direction"),
    "examine": ("measure", "examine"),
}
"""What a command line, or a call, can say in place of a file, and where it belongs."""

FILES = ("problem.graph", "problem.network")
"""Keys whose levels may be files and folders beside the sweep file."""

NOT_VARIED = {
    "seed": "replicates differ in it; `replicates = 5` asks for five seeds",
    "name": "it changes nothing that is measured",
    "description": "it changes nothing that is measured",
    "model": "models are measured by different things; make a sweep for each",
}


def shipped_sweeps() -> dict[str, Path]:
    """Sweep files that ship, name to file."""
    folder = Path(__file__).parents[1].joinpath("designs")
    return dict(sorted((path.stem, path) for path in folder.glob("*.toml")))


def load_sweep(
    source: str | Path,
    vary: Sequence[str] | Mapping[str, Any] = (),
    changes: Sequence[str] = (),
    **options: Any,
) -> Sweep:
    """Read a sweep that ships, by name, a sweep file, or a study with what is to be varied.

    Args:
        source: the name or file of a sweep (see `shipped_sweeps`) or of a study.
        vary: factors, in place of the file's of the same key: `economy.rent=0,1,2` and
            `x=0.01..1:log` in text, or key to levels or range as in TOML.
        changes: `section.key=value` for all trials.
        options: see `OPTIONS`; those that are None are not given.

    Raises:
        SweepError: something is missing, malformed or not allowed.
        StudyError: the study cannot be read.
    """
    path, data, text = _find(source)
    read = _Reading(path, text)
    free = {name: read.table(data, name) for name in ("set", "vary")}
    for name, value in options.items():
        if value is not None:
            read.option(data, OPTIONS[name], name, value)
    factors = dict(flat(free["vary"]))
    read.lines.update({key: read.place("vary", *key.split(".")) for key in factors})
    for key, levels in varied(vary):
        factors[key] = levels
        read.lines[key] = f"--vary {key}"
    if "name" not in data:
        about = [key.rpartition(".")[2].replace("_", "-") for key in factors]
        data["name"] = "-".join([re.sub(r"[^\w.-]+", "-", path.stem), *about])[:64]
    file = read.file(data)
    fixed = [
        (read.place("set", *key.split(".")), f"{key}={toml_value(value)}")
        for key, value in flat(free["set"])
    ]
    fixed += [(f"--set {change}", change) for change in changes]
    return read.sweep(file, fixed, factors)


def _find(source: str | Path) -> tuple[Path, dict[str, Any], str]:
    """Where a sweep stands, what its file says, and the text of it; a study is a sweep of it."""
    shipped = shipped_sweeps()
    path = shipped.get(str(source), Path(source))
    if str(source) not in shipped and (str(source) in study_names() or ".py:" in str(source)):
        return path, {"study": str(source)}, ""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        known = [*shipped, *study_names()]
        raise SweepError(
            f"{path}: neither a sweep that ships ({', '.join(shipped)}), nor a study that does "
            f"({', '.join(study_names())}), nor a TOML file{did_you_mean(str(path), known)}"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SweepError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None
    try:
        data = parse(path, text)
    except StudyError as error:
        raise SweepError(str(error).replace("a study is", "a sweep is")) from None
    if "vary" not in data and "study" not in data and ("problem" in data or "model" in data):
        return path, {"study": str(path.resolve())}, ""
    data.setdefault("name", path.stem)
    return path, data, text


@dataclass(frozen=True)
class _Reading:
    """Where everything stands: a file, and what a command line said."""

    path: Path
    text: str
    given: dict[Keys, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)

    def place(self, *keys: str) -> str:
        if keys in self.given:
            return self.given[keys]
        line = line_of(self.text, keys)
        return f"{self.path}:{line}" if line else str(self.path)

    def table(self, data: dict[str, Any], name: str) -> dict[str, Any]:
        found = data.pop(name, {})
        if not isinstance(found, dict):
            raise SweepError(
                f"{self.place(name)}: {name}: got {found!r:.60}, but it is a section: a line "
                f"[{name}], then its keys"
            )
        return found

    def option(self, data: dict[str, Any], keys: Keys, name: str, value: Any) -> None:
        self.given[keys] = f"--{name} {value}"
        table = data.setdefault(keys[0], {}) if len(keys) > 1 else data
        if isinstance(table, dict):
            table[keys[-1]] = value

    def file(self, data: dict[str, Any]) -> SweepFile:
        try:
            file = SweepFile.model_validate(data)
        except ValidationError as error:
            details = sorted(error.errors(), key=lambda d: line_of(self.text, _keys(d)) or 0)
            problems = [problem_line(SweepFile, self.place, each) for each in details]  # type: ignore[arg-type]
            raise SweepError("\n".join(dict.fromkeys(problems))) from None
        problems = list(self._contradictions(file))
        if problems:
            raise SweepError("\n".join(problems))
        return file

    def _contradictions(self, file: SweepFile) -> Iterator[str]:
        """What is allowed alone, but not together."""
        design, where = file.design, self.place("design", "kind")
        if design.kind == "grid" and design.trials is not None:
            yield (
                f"{self.place('design', 'trials')}: design.trials: got {design.trials}, but a grid "
                "has as many points as its levels make; leave it out, or give another kind"
            )
        if design.kind != "grid" and design.trials is None:
            yield f"{where}: design.trials: missing; points to try, such as trials = 20"
        needs = "optuna" if design.kind == "optuna" else file.halving and "halving"
        if needs and design.objective is None:
            yield (
                f"{where}: design.objective: missing, {needs} needs one; a measure such as "
                'objective = "accuracy_mean"'
            )
        if design.objective is not None and design.objective.startswith(TEST):
            yield (
                f"{self.place('design', 'objective')}: design.objective: got "
                f"{design.objective!r}, which is measured on held-out queries: what is chosen by "
                "them is no longer tested by them; take a measure on validation, such as valid or "
                "accuracy_mean"
            )
        if design.kind == "optuna" and file.halving is not None:
            yield f"{self.place('halving')}: halving: goes with grid, random and latin-hypercube"

    def sweep(
        self, file: SweepFile, fixed: list[tuple[str, str]], given: Mapping[str, Any]
    ) -> Sweep:
        factors = [self._factor(key, levels) for key, levels in given.items()]
        firsts = [self._change(factor, factor.ends[0]) for factor in factors]
        study = self._study(file, fixed + firsts)
        named: list[tuple[str, Factor]] = []
        for factor in factors:
            keys = tuple(factor.key.split("."))
            key = ".".join(housed(type(study), keys))
            self._check_key(file, study, key, factor.key, [name for name, _ in named], fixed)
            named.append((key, factor))
        if file.design.kind != "grid" and not named:
            raise SweepError(
                f"{self.path}: vary: missing, {file.design.kind} needs a factor, such as "
                '"economy.rent" = [0, 1, 2] under [vary], or --vary economy.rent=0,1,2'
            )
        meant = {}
        for key, factor in named:
            others = [change for change in firsts if change[1].partition("=")[0] != factor.key]
            for value in factor.ends:
                tried = self._study(file, [*fixed, *others, self._change(factor, value)])
                if isinstance(value, str):
                    meant[key, value] = _get(tried, key)
        whole = tuple(replace(factor, key=key) for key, factor in named)
        found = Sweep(file, study, whole, meant)
        self._check_rungs(found)
        return found

    def _factor(self, key: str, levels: Any) -> Factor:
        try:
            return factor_of(key, levels)
        except FactorError as error:
            raise SweepError(f"{self.lines[key]}: {key}: {error}") from None

    def _change(self, factor: Factor, value: Any) -> tuple[str, str]:
        named = factor.key in FILES and isinstance(value, str) and self.text
        if named and value and (self.path.parent / value).exists():
            value = str((self.path.parent / value).resolve())  # beside the file that names it
        return self.lines[factor.key], f"{factor.key}={toml_value(value)}"

    def _study(self, file: SweepFile, changes: list[tuple[str, str]]) -> Study:
        """The study with changes; a refusal names the place of the change that it is about."""
        source: str | Path = file.study
        if file.study not in study_names():
            source = self.path.parent / file.study if self.text else Path(file.study)
            if ".py:" not in file.study and not source.exists():
                near = did_you_mean(file.study, study_names())
                raise SweepError(
                    f"{self.place('study')}: study: got {file.study!r}, allowed is a study that "
                    f"ships ({', '.join(study_names())}) or a TOML file{near}"
                )
        try:
            return load_study(str(source), [change for _, change in changes])
        except StudyError as error:
            lines = str(error).splitlines()
        for place, change in changes:
            lines = [line.replace(f"--set {change}: ", f"{place}: ", 1) for line in lines]
        raise SweepError("\n".join(dict.fromkeys(lines)))

    def _check_key(
        self,
        file: SweepFile,
        study: Study,
        key: str,
        given: str,
        before: list[str],
        fixed: list[tuple[str, str]],
    ) -> None:
        where = f"{self.lines[given]}: {given}"
        if reason := NOT_VARIED.get(key):
            raise SweepError(f"{where}: cannot be varied: {reason}")
        if key.startswith("output."):
            raise SweepError(f"{where}: cannot be varied: {NOT_VARIED['name']}")
        if key in before:
            raise SweepError(f"{where}: stands twice, also as {key}")
        for place, change in fixed:
            keys = tuple(change.partition("=")[0].strip().split("."))
            if ".".join(housed(type(study), keys)) == key:
                raise SweepError(f"{where}: is varied, and set for all trials ({place})")
        if file.halving is not None and key in ("ticks", "world.generations"):
            raise SweepError(f"{where}: cannot be varied, halving says how long trials live")

    def _check_rungs(self, found: Sweep) -> None:
        lengths = found.lengths
        if len(set(lengths)) < len(lengths):
            halving = found.file.halving
            assert halving is not None, "one length alone is different from all others"
            least = halving.factor ** (halving.rungs - 1)
            raise SweepError(
                f"{self.place('halving', 'rungs')}: halving.rungs: got {halving.rungs} of factor "
                f"{halving.factor}, for which a trial needs at least {least:,} "
                f"{found.length_key.rpartition('.')[2]}, and it has {found.length:,}"
            )


def _get(study: Study, key: str) -> Any:
    value: Any = study
    for part in key.split("."):
        value = getattr(value, part)
    return value


def _keys(details: Any) -> Keys:
    """What one of pydantic's errors is about."""
    return tuple(str(part) for part in details["loc"][:2])
