"""What has finished: replicates out of run folders and sweep folders.

What has not finished is left out with a note that says how it can be, and so are trials that
failed, and trials that successive halving stopped on the way: all that are compared lived as long
as their study says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.comparing.groups import CompareError, Replicate
from experiments.comparing.trials import FAILED, STOPPED, Trials, read_trials
from experiments.running.folder import RunFolder
from experiments.study.study import Study

IRRELEVANT = ("name", "description", "seed")
"""Keys of a study on which no measure depends, or that tell replicates apart."""
OUTPUT = "output"
"""The section on what is written, on which no measure depends either."""

SWEEP_FILES = ("sweep.toml", "trials.parquet", "trials.jsonl")


def read_replicates(places: Iterable[str | Path]) -> tuple[list[Replicate], list[str]]:
    """The finished replicates in some folders, and notes on what was left out.

    Args:
        places: folders of runs and of sweeps; a sweep stands for all its trials.

    Raises:
        CompareError: nothing is finished.
        RunError, SweepError: a folder is missing, damaged, or neither a run's nor a sweep's.
    """
    found: list[Replicate] = []
    notes: list[str] = []
    wanted = list(dict.fromkeys(Path(place) for place in places))
    for path in wanted:
        if is_sweep(path):
            found += _of_sweep(path, notes)
        else:
            found += _of_run(path, notes)
    if not found:
        raise CompareError(
            "; ".join(notes) or "nothing to compare: name folders of runs or of sweeps"
        )
    return found, notes


def is_sweep(path: Path) -> bool:
    """Whether a folder is that of a sweep."""
    return any((path / name).is_file() for name in SWEEP_FILES)


def flat_study(study: Study) -> dict[str, Any]:
    """What the measures of a study depend on besides the seed, dotted key to value."""
    found: dict[str, Any] = {}
    for name, value in study.resolved().model_dump().items():
        if isinstance(value, Mapping) and name != OUTPUT:
            found |= {
                _key(study, f"{name}.{key}"): _hashable(inner) for key, inner in value.items()
            }
        elif name not in (*IRRELEVANT, OUTPUT):
            found[name] = _hashable(value)
    return found


def _key(study: Study, key: str) -> str:
    """A key as people give it: the section at home is left out, as on the command line."""
    return key.removeprefix(f"{study.home}.") if study.home else key


def _hashable(value: Any) -> Any:
    if isinstance(value, list | tuple):
        if all(isinstance(part, str) for part in value):
            return "+".join(value) or "none"  # as the table of a sweep has it
        return tuple(map(_hashable, value))
    return value.item() if hasattr(value, "item") else value


# Runs


def _of_run(path: Path, notes: list[str]) -> list[Replicate]:
    if not path.is_dir():
        raise CompareError(
            f"{path}: no such folder; name those of runs or sweeps, such as runs/umls-30-1, which "
            "`noosphere run` and `noosphere sweep` make"
        )
    if not (path / "study.toml").exists():
        inside = sorted(each.name for each in path.iterdir() if (each / "study.toml").is_file())
        if inside:
            raise CompareError(
                f"{path}: holds {len(inside)} runs or sweeps and is none; name those to compare, "
                f"such as {path / inside[0]}, or all with {path}/*"
            )
    folder = RunFolder(path)
    results = folder.results
    if results is None:
        notes.append(f"left out: {path} is not finished; noosphere resume {path} goes on with it")
        return []
    study = folder.study
    values = flat_study(study)
    measures = study.outcome(folder.metrics, results)
    return [Replicate(str(path), study.name, values, study.seed, measures, _code(folder))]


def _code(folder: RunFolder) -> str:
    """The commit, and of a model of one's own the edition of its file."""
    manifest = folder.manifest
    found = [str(manifest[name])[:8] for name in ("git", "model") if manifest.get(name)]
    return f"git:{'/'.join(found)}" if found else ""


# Sweeps


def _of_sweep(path: Path, notes: list[str]) -> list[Replicate]:
    return trial_replicates(read_trials(path), str(path), notes)


def trial_replicates(sweep: Trials, place: str, notes: list[str]) -> list[Replicate]:
    """The trials of a sweep that lived to the end; notes say how many are left out, and why."""
    for status, why in ((FAILED, "failed"), (STOPPED, "were stopped by halving")):
        count = sweep.last_rungs["status"].eq(status).sum()
        if count:
            notes.append(f"left out: {count:,} trials of {place} that {why}")
    if not len(sweep.whole):
        notes.append(f"left out: {place}, no trial of it has lived to the end")
    codes = sorted(sweep.manifest.get("codes") or ())
    if len(codes) > 1:
        notes.append(f"the trials of {place} are of {len(codes)} versions of the code")
    code = f"sweep:{codes[0].rpartition('+')[2][:8]}" if len(codes) == 1 else ""
    name, base, home = _base(sweep, place)
    found = []
    for trial in sweep.whole.to_dict("records"):
        point = {factor.removeprefix(home): _hashable(trial[factor]) for factor in sweep.factors}
        found.append(
            Replicate(
                f"{place}#{trial['trial']}",
                name,
                {**base, **point},
                int(trial["seed"]),
                {name: float(trial[name]) for name in sweep.measures},
                code,
            )
        )
    return found


def _base(sweep: Trials, place: str) -> tuple[str, dict[str, Any], str]:
    """The study of a sweep: its name, what all trials share, and what keys may begin with.

    Where the study cannot be read any more, its name stands for it; such a sweep has no group in
    common with runs.
    """
    from experiments.sweeps.reading import load_sweep

    try:
        study = load_sweep(Path(place) / "sweep.toml").study
    except (ValueError, OSError):
        return sweep.study, {"study": sweep.study}, ""
    return study.name, flat_study(study), f"{study.home}." if study.home else ""
