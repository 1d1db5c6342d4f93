"""Saved agents: the best of finished runs, on the queries that their graph held out."""

from __future__ import annotations

import numpy as np

from arenas.duels import DuelContest, rank_truth
from experiments.reasoning.answerers import of_run, tuned
from experiments.reasoning.baselines import Exam
from experiments.reasoning.study import ReasoningStudy
from experiments.reasoning.subject import graph_subject
from experiments.running.folder import RunFolder
from experiments.running.manifest import fingerprint
from experiments.tournament.entrants.names import chosen, told_apart
from experiments.tournament.file import TournamentFile, TournamentFileError
from swarm.reasoning import Problem, Referee, Strategies

TUNED = "tuned vote"
"""All engines, with weights tuned on validation: what needs no evolution."""


def duel_contest(file: TournamentFile) -> DuelContest:
    """The contest of a file of kind "duel".

    Raises:
        TournamentFileError: runs of different graphs or splits, or none at all.
        RunError, AskError: a run that is missing, damaged, not finished, or about no graph.
    """
    place = file.place("players", "runs")
    voted = chosen(file, "strategies", [TUNED])
    runs = list(file.paths("runs"))
    if not runs:
        raise TournamentFileError(
            f"{file.place('players')}: duels are between the best agents of finished runs; name "
            "some, such as runs = ['runs/nations-1', 'runs/nations-2']"
        )
    first = asked = problem = None
    ranks: list[np.ndarray] = []

    def examine(agent: Strategies, problem: Problem, asked: Exam) -> None:
        assert isinstance(asked.referee, Referee), "graphs are judged by ranks"
        costs = problem.faculties.costs
        ranks.append(rank_truth(agent, asked.table, asked.referee, costs)[0])

    for given, path in runs:
        study = RunFolder(path).study
        graph = study.problem.graph if isinstance(study, ReasoningStudy) else None
        split, posed, agent = of_run(path, graph or "")
        if asked is None or problem is None:
            first, problem = (given, split.name, fingerprint(split)), posed
            asked = graph_subject(split).held_out()
        elif first is not None and fingerprint(split) != first[2]:
            raise TournamentFileError(
                f"{place}: {given}: lived on {split.name}, and {first[0]} on {first[1]}, or on "
                "another split of it; agents duel about the queries that one split held out"
            )
        examine(agent, posed, asked)
    assert problem is not None
    assert asked is not None
    if voted:
        examine(tuned(problem), problem, asked)
    names = told_apart([*(path.resolve().name for _, path in runs), *voted])
    queries = min(file.game.queries, len(asked))
    return DuelContest(np.array(ranks), names, queries)
