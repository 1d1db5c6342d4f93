"""The folder of a sweep: everything that is known of it, safe against being stopped at any moment.

    sweep.toml      the sweep with every value        study.toml      the study that it varies
    manifest.json   versions, command, code           trials.jsonl    a line a finished trial
    trials.parquet  a row a trial, for pandas         timing.parquet  what each trial took
    report.html     the same with pictures, once `noosphere report` has written it

Guarantees: every file appears whole or not at all, but for a last line of the journal; what stands
in the journal is never run again; one process at a time writes; `trials.parquet` has the same bytes
however often a sweep was stopped, wherever it ran, and however many workers it had.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.doctor import versions
from experiments.running.files import read_json, write_json
from experiments.running.manifest import now
from experiments.study.section import Section
from experiments.study.study import Study
from experiments.study.toml import toml_value
from experiments.sweeps.identity import code_version
from experiments.sweeps.journal import FAILED, Journal
from experiments.sweeps.plan import Sweep
from experiments.sweeps.reading import load_sweep
from experiments.sweeps.sections import SweepError
from experiments.sweeps.table import FIXED
from swarm.checkpoint import replacing

if TYPE_CHECKING:
    from pandas import DataFrame


class SweepFolder:
    """A sweep on disk.

    Args:
        path: an existing folder of a sweep.

    Attributes:
        path: the folder.
        journal: what is finished.

    Raises:
        SweepError: there is no sweep in it.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        if not self.path.is_dir():
            raise SweepError(f"{path}: no such folder of a sweep; `noosphere sweep` makes one")
        for name in ("sweep.toml", "study.toml", "manifest.json"):
            if not (self.path / name).is_file():
                raise SweepError(
                    f"{path}: not the folder of a sweep, it holds no {name}; `noosphere sweep` "
                    "makes one, such as runs/rent"
                )
        self.journal = Journal(self.path / "trials.jsonl")

    def __repr__(self) -> str:
        return f"<SweepFolder {self.path}>"

    @classmethod
    def of(cls, sweep: Sweep, out: str | Path) -> SweepFolder:
        """The folder `<out>/<name>`: that of an earlier call, or a new one; SweepError if neither.

        Raises:
            SweepError: something else is there.
        """
        path = Path(out) / sweep.name
        if path.exists():
            return cls(path)
        # Filled under another name first, so that a folder of a sweep always holds its sweep.
        draft = Path(out) / f".{sweep.name}.{os.getpid()}.partial"
        try:
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            (draft / "study.toml").write_text(study_toml(sweep.study), encoding="utf-8")
            (draft / "sweep.toml").write_text(sweep_toml(sweep), encoding="utf-8")
            write_json(draft / "manifest.json", described(sweep))
            draft.rename(path)
        except OSError as error:
            if not path.exists():  # else another process was first, and has made it
                raise SweepError(
                    f"{out}: {error.strerror or error}; the folder of a sweep cannot be made "
                    "there: choose another place with --out"
                ) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return cls(path)

    @cached_property
    def plan(self) -> Sweep:
        """The sweep as sweep.toml says it; raises as `load_sweep`."""
        return load_sweep(self.path / "sweep.toml")

    @property
    def name(self) -> str:
        """Of the sweep."""
        return self.plan.name

    @property
    def study(self) -> str:
        """What is varied: the study's name, or its file, as the sweep was begun with."""
        return str(self.manifest.get("study", self.plan.study.name))

    @property
    def factors(self) -> list[str]:
        """Columns of the table that were varied, by dotted key."""
        return [factor.key for factor in self.plan.factors]

    @property
    def measures(self) -> list[str]:
        """Columns of the table that were measured."""
        known = {*FIXED, *self.factors}
        return [name for name in self.table.columns if name not in known]

    @property
    def manifest(self) -> dict[str, Any]:
        """What the sweep was begun with, and which versions of the code ran its trials."""
        found = read_json(self.path / "manifest.json")
        return found if isinstance(found, dict) else {}

    @property
    def table(self) -> DataFrame:
        """`trials.parquet`: a row a finished trial; see `experiments.sweeps.table`.

        Raises:
            SweepError: there is none yet, or it is damaged.
        """
        import pandas as pd
        import pyarrow as pa

        path = self.path / "trials.parquet"
        again = f"`noosphere sweep {self.path}` writes it"
        try:
            return pd.read_parquet(path)
        except FileNotFoundError:
            raise SweepError(f"{path}: is not there yet; {again}") from None
        except (pa.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())
            raise SweepError(f"{path}: damaged ({reason}); {again} anew") from None

    @property
    def failed(self) -> DataFrame:
        """The rows of trials that failed."""
        table = self.table
        return table[table["status"] == FAILED]

    def become(self, sweep: Sweep) -> None:
        """Take on a larger design; only while the journal is claimed."""
        with replacing(self.path / "sweep.toml") as temporary:
            temporary.write_text(sweep_toml(sweep), encoding="utf-8")
        self.plan = sweep

    def record_codes(self, any_code: bool) -> None:
        """Write into the manifest how many trials each version of the code has run."""
        codes: dict[str, int] = {}
        for entry in self.journal.entries.values():
            codes[entry.code] = codes.get(entry.code, 0) + 1
        mixed = any_code or self.manifest.get("any_code", False)
        write_json(
            self.path / "manifest.json", {**self.manifest, "codes": codes, "any_code": mixed}
        )


def described(sweep: Sweep) -> dict[str, Any]:
    """What `manifest.json` holds when a sweep begins."""
    return {
        "sweep": sweep.name,
        "study": sweep.file.study,
        "seed": sweep.file.seed,
        "code": code_version(),
        "codes": {},
        "any_code": False,
        "command": shlex.join(sys.argv),
        "started": now(),
        "versions": versions(),
    }


def sweep_toml(sweep: Sweep) -> str:
    """A sweep as TOML with every value, about the study.toml beside it."""
    file = sweep.file.model_copy(update={"study": "study.toml"})
    return "\n".join(_sweep_lines(sweep, file)) + "\n"


def _sweep_lines(sweep: Sweep, file: Section) -> Iterator[str]:
    sections = sweep.file.sections()
    yield from _lines(file, [key for key in type(file).model_fields if key not in sections])
    yield "\n[vary]"
    for factor in sweep.factors:
        given = factor.to_toml()
        if isinstance(given, dict):
            inner = ", ".join(f"{key} = {toml_value(value)}" for key, value in given.items())
            yield f"{toml_value(factor.key)} = {{ {inner} }}"
        else:
            located = [
                sweep.meant.get((factor.key, value), value) if isinstance(value, str) else value
                for value in given
            ]
            yield f"{toml_value(factor.key)} = {toml_value(located)}"
    for name in sections:
        if (section := getattr(sweep.file, name)) is not None:
            yield f"\n[{name}]"
            yield from _lines(section, list(type(section).model_fields))


def study_toml(study: Study) -> str:
    """A study as TOML; what follows from other values, such as None, is left to follow."""
    sections = study.sections()
    lines = list(_lines(study, [key for key in type(study).model_fields if key not in sections]))
    for name in sections:
        section = getattr(study, name)
        lines += [f"\n[{name}]", *_lines(section, list(type(section).model_fields))]
    return "\n".join(lines) + "\n"


def _lines(section: Section, keys: list[str]) -> Iterator[str]:
    for key in keys:
        if (value := getattr(section, key)) is not None:
            about = type(section).model_fields[key].description
            yield f"{f'{key} = {toml_value(value)}':32}  # {about}"
