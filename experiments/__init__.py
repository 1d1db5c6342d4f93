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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.modelling.study import ModelStudy
    from experiments.reasoning.assembly import assemble
    from experiments.reasoning.rules import bodies_of, evolve_rules, pose_with_rules
    from experiments.reasoning.study import ReasoningStudy
    from experiments.reasoning.subject import Subject, split_graph, subject_of
    from experiments.running.folder import RunError, RunFolder
    from experiments.running.progress import Bar, Lines, Progress
    from experiments.running.replay import Replay, ReplayError, episodes, replay
    from experiments.running.run import Stopped, resume, run
    from experiments.study.reading import load_study, shipped_studies, study_names, to_toml
    from experiments.study.study import Experiment, Study
    from experiments.study.toml import StudyError
    from experiments.tournament.file import (
        TournamentFile,
        TournamentFileError,
        load_tournament,
        shipped_tournaments,
    )
    from experiments.tournament.play import play_tournament

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
    "modelling.study": ("ModelStudy",),
    "reasoning.assembly": ("assemble",),
    "reasoning.rules": ("bodies_of", "evolve_rules", "pose_with_rules"),
    "reasoning.study": ("ReasoningStudy",),
    "reasoning.subject": ("Subject", "split_graph", "subject_of"),
    "running.folder": ("RunError", "RunFolder"),
    "running.progress": ("Bar", "Lines", "Progress"),
    "running.replay": ("Replay", "ReplayError", "episodes", "replay"),
    "running.run": ("Stopped", "resume", "run"),
    "study.reading": ("load_study", "shipped_studies", "study_names", "to_toml"),
    "study.study": ("Experiment", "Study"),
    "study.toml": ("StudyError",),
    "tournament.file": (
        "TournamentFile",
        "TournamentFileError",
        "load_tournament",
        "shipped_tournaments",
    ),
    "tournament.play": ("play_tournament",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'experiments' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"experiments.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
