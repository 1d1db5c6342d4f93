"""Studies, and runs of them: from a TOML file to a folder with tables, checkpoints and a report.

    from experiments import load_study, load_tournament, play_tournament, run

    folder = run(load_study("nations"))                   # reasoning agents
    folder = run(load_study("flocking", ["birds=400"]))   # a model
    folder.results["rows"]

    print(play_tournament(load_tournament("dilemma")))

Names are imported when they are first used, so that the command line starts at once.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.assembly import assemble
    from experiments.experiment import Experiment, Study
    from experiments.model_study import ModelStudy
    from experiments.progress import Bar, Lines, Progress
    from experiments.reasoning_study import ReasoningStudy
    from experiments.replay import Replay, ReplayError, episodes, replay
    from experiments.rules import bodies_of, evolve_rules, pose_with_rules
    from experiments.run import Stopped, resume, run
    from experiments.store import RunError, RunFolder
    from experiments.study import load_study, shipped_studies, study_names, to_toml
    from experiments.subject import Subject, split_graph, subject_of
    from experiments.toml import StudyError
    from experiments.tournament import play_tournament
    from experiments.tournament_file import (
        TournamentFile,
        TournamentFileError,
        load_tournament,
        shipped_tournaments,
    )

__all__ = [
    "Bar",
    "Experiment",
    "Lines",
    "ModelStudy",
    "Progress",
    "ReasoningStudy",
    "Replay",
    "ReplayError",
    "RunError",
    "RunFolder",
    "Stopped",
    "Study",
    "StudyError",
    "Subject",
    "TournamentFile",
    "TournamentFileError",
    "assemble",
    "bodies_of",
    "episodes",
    "evolve_rules",
    "load_study",
    "load_tournament",
    "play_tournament",
    "pose_with_rules",
    "replay",
    "resume",
    "run",
    "shipped_studies",
    "shipped_tournaments",
    "split_graph",
    "study_names",
    "subject_of",
    "to_toml",
]

_HOMES = {
    "assembly": ("assemble",),
    "experiment": ("Experiment", "Study"),
    "model_study": ("ModelStudy",),
    "progress": ("Bar", "Lines", "Progress"),
    "reasoning_study": ("ReasoningStudy",),
    "replay": ("Replay", "ReplayError", "episodes", "replay"),
    "rules": ("bodies_of", "evolve_rules", "pose_with_rules"),
    "run": ("Stopped", "resume", "run"),
    "store": ("RunError", "RunFolder"),
    "study": ("load_study", "shipped_studies", "study_names", "to_toml"),
    "subject": ("Subject", "split_graph", "subject_of"),
    "toml": ("StudyError",),
    "tournament": ("play_tournament",),
    "tournament_file": (
        "TournamentFile",
        "TournamentFileError",
        "load_tournament",
        "shipped_tournaments",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


class _Contents(ModuleType):
    """The package; `experiments.run` stays the function when its module is imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'experiments' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"experiments.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


sys.modules[__name__].__class__ = _Contents
