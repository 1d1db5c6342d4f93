"""Episodes of agents with names in place of numbers, as tables to read, to print and to keep."""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.reasoning.study import ReasoningStudy
from experiments.reasoning.subject import split_graph
from swarm.checkpoint import replacing
from swarm.reasoning import Problem

if TYPE_CHECKING:
    import pandas as pd

ASKED = ("object", "subject")
SUFFIXES = (".csv", ".parquet")
SHOWN = 60
"""Rows on a terminal."""
NOTHING = "–"


class EpisodesError(ValueError):
    """Episodes cannot be kept where they should; the message says where they can."""


def named(frame: pd.DataFrame, study: ReasoningStudy, problem: Problem) -> pd.DataFrame:
    """The columns of `swarm.Episodes` with names.

    Columns `source`, `relation` and `answer` become text: in a world about a graph names of an
    entity, of a relation, and of the entity that was answered; `asks` says whether that is the
    object or the subject of the fact. In a world about a network they are the question as
    `P(lung | do(bronc = yes))`, its kind, and a state of the variable that `asks` names.
    `engine` is a name too. All others stay as they are.

    Args:
        frame: as `Episodes.frame` gives it.
        study, problem: what the world was made of.
    """
    import pandas as pd

    frame = frame.copy()
    if study.problem.network is not None:
        words = _of_network(frame, study, problem)
    else:
        words = _of_graph(frame, study)
    names = np.array(problem.faculties.names, object)
    words["engine"] = names[frame["engine"].to_numpy(np.int64)]
    texts = {name: pd.Series(column, frame.index, str) for name, column in words.items()}
    frame.insert(frame.columns.get_loc("relation") + 1, "asks", texts["asks"])
    return frame.assign(**texts)


def _of_graph(frame: pd.DataFrame, study: ReasoningStudy) -> dict[str, np.ndarray]:
    graph = split_graph(study)
    entities, relations = (np.array(each, object) for each in (graph.entities, graph.relations))
    inverse, relation = np.divmod(frame["relation"].to_numpy(np.int64), len(relations))
    return {
        "source": entities[frame["source"].to_numpy(np.int64)],
        "relation": relations[relation],
        "asks": np.array(ASKED, object)[inverse],
        "answer": entities[frame["answer"].to_numpy(np.int64)],
    }


def _of_network(
    frame: pd.DataFrame, study: ReasoningStudy, problem: Problem
) -> dict[str, np.ndarray]:
    from swarm.reasoning.networks.examiner import ASKED, Examiner
    from swarm.reasoning.networks.problem import hidden_world
    from swarm.reasoning.networks.questions import KINDS

    asked, seed = study.problem, study.problem.split_seed
    examiner = Examiner(hidden_world(str(asked.network), seed), seed)
    questions, _ = examiner.draw(asked.queries, ASKED)  # the same once more, now to be read
    cases, rows = problem.evidence, frame["query"].tolist()
    target = questions.target[rows]
    answers = zip(target.tolist(), frame["answer"].tolist(), strict=True)
    words = {
        "source": [questions.describe(q, cases.names, cases.states) for q in rows],
        "relation": [KINDS[kind] for kind in frame["relation"]],
        "asks": [cases.names[v] for v in target.tolist()],
        "answer": [cases.states[v][state] for v, state in answers],
    }
    return {name: np.array(column, object) for name, column in words.items()}


# Printing and keeping


def show(frame: pd.DataFrame) -> None:
    """Print the table: the first rows in a frame on a terminal, all of them as text elsewhere."""
    header, *rows = cells(frame)
    if not rows:
        print("no episodes: it was not alive in these ticks, or began no task")
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*header)
        for row in rows[:SHOWN]:
            table.add_row(*map(Text, row))
        Console().print(table)
        if len(rows) > SHOWN:
            print(f"{len(rows) - SHOWN:,} more; --out FILE.csv has them all")
    else:
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        for row in (header, *rows):
            line = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print("  ".join(line).rstrip())


def cells(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    """The table as text, its header first: fractions to three digits, truth as yes or a dash."""
    columns = [[_cell(value) for value in frame[name].tolist()] for name in frame.columns]
    return [tuple(frame.columns), *zip(*columns, strict=True)]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else NOTHING
    if isinstance(value, float):
        return f"{value:.3f}" if isfinite(value) else NOTHING
    return str(value)


def writer(path: str | Path, agent: int | None) -> Callable[[pd.DataFrame], None]:
    """What writes the table of an agent to a file, CSV or Parquet by its name.

    Asked for before the work begins, so that a name that cannot be is refused in time.

    Raises:
        EpisodesError: another kind of file, a folder that is not there, or no agent.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise EpisodesError(f"--out {path}: a file named *.csv or *.parquet, such as agent.csv")
    if not path.parent.is_dir():
        raise EpisodesError(f"--out {path}: there is no folder {path.parent}; make it first")
    if agent is None:
        raise EpisodesError("--out is for the episodes of an agent: give --agent ID too")

    def write(frame: pd.DataFrame) -> None:
        with replacing(path) as temporary:
            if path.suffix == ".csv":
                frame.to_csv(temporary, index=False)
            else:
                frame.to_parquet(temporary, index=False)
        print(f"{len(frame):,} episodes: {path}")

    return write
