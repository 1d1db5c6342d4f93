"""The tables of a sweep: one row a trial, and beside it what depends on the clock.

`trials.parquet` has the columns of `FIXED`, then one a factor, named by its dotted key, then one a
measure (float64, nan where there is none). Rows are in the order of point, replicate and rung.
`timing.parquet` says what each trial took.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from experiments.running.files import write_table
from experiments.sweeps.factors import Factor
from experiments.sweeps.journal import DONE, FAILED, Entry
from experiments.sweeps.replicates import Trial

FIXED = {
    "trial": pa.string(),
    "point": pa.int64(),
    "replicate": pa.int64(),
    "seed": pa.int64(),
    "status": pa.string(),
    "stage": pa.string(),
    "error": pa.string(),
    "traceback": pa.string(),
    "rung": pa.int64(),
}
"""Columns before those of factors and measures."""

STOPPED = "stopped"
"""Status of a trial that lived a part of its study, on an early rung of successive halving."""

TYPES = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}


def write_tables(
    folder: Path,
    factors: Sequence[Factor],
    trials: Iterable[Trial],
    entries: Mapping[str, Entry],
) -> None:
    """Write both tables of all finished trials; each appears whole or not at all."""
    finished = [trial for trial in trials if trial.content in entries]
    finished.sort(key=lambda trial: trial.place)
    found = [entries[trial.content] for trial in finished]
    columns = [_fixed(trial, entry) for trial, entry in zip(finished, found, strict=True)]
    table = {name: pa.array([row[name] for row in columns], kind) for name, kind in FIXED.items()}
    for factor in factors:
        labels = [trial.labels[factor.key] for trial in finished]
        table[factor.key] = pa.array(labels, TYPES[factor.dtype])
    for name in dict.fromkeys(name for entry in found for name in entry.measures):
        values = [entry.measures.get(name, math.nan) for entry in found]
        # A model of one's own may call a measure what is a column already.
        table[f"measure.{name}" if name in table else name] = pa.array(values, pa.float64())
    write_table(folder / "trials.parquet", pa.table(table))
    timing = {
        "trial": pa.array([entry.trial for entry in found], pa.string()),
        "seconds": pa.array([entry.seconds for entry in found], pa.float64()),
        "attempts": pa.array([entry.attempts for entry in found], pa.int64()),
    }
    write_table(folder / "timing.parquet", pa.table(timing))


def _fixed(trial: Trial, entry: Entry) -> dict[str, Any]:
    lived = DONE if trial.whole else STOPPED
    return {
        "trial": entry.trial,
        "point": trial.point,
        "replicate": trial.replicate,
        "seed": trial.seed,
        "status": FAILED if entry.status == FAILED else lived,
        "stage": entry.stage,
        "error": entry.error,
        "traceback": entry.traceback,
        "rung": trial.rung,
    }
