"""Sweeps: one TOML file, or one command, from a design over trials to a tidy table.

    from experiments.sweeps import sweep

    found = sweep("nations", {"economy.rent": [0, 1, 2]}, replicates=5)
    found.table.groupby("economy.rent")["accuracy_mean"].mean()

`reading` says what a sweep file is, `plan` what becomes of it; `designs`, `rounds` and `asking` say
which points are tried, `trial` what is done with one, `run` is the loop, `folder` what it leaves.
"""

from experiments.sweeps.folder import SweepFolder
from experiments.sweeps.plan import Sweep
from experiments.sweeps.reading import load_sweep, shipped_sweeps
from experiments.sweeps.run import SweepStopped, TrialFailedError, resume_sweep, sweep
from experiments.sweeps.sections import SweepError

__all__ = [
    "Sweep",
    "SweepError",
    "SweepFolder",
    "SweepStopped",
    "TrialFailedError",
    "load_sweep",
    "resume_sweep",
    "shipped_sweeps",
    "sweep",
]
