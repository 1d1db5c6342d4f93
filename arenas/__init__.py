"""Arenas: where strategies meet, and how one tells who is really better.

    tournaments/   round robin, Swiss, elimination, survival   iterated/      matrix games, machines
    ratings/       strengths with intervals, cycles            games/         poker, auctions
    duels.py       reasoners on the same queries               predation/     predators and prey
    coevolution/   halls of fame, detectors                    red_blue/      attacks and defences
    imitation/     forgers and judges, Turing's game           environments/  as PettingZoo has them

Names are imported when they are first used, so that one arena does not wait for the others.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arenas.coevolution import Coevolution, HallOfFame
    from arenas.duels import DuelContest, DuelError, RoundRobin, duel, rank_truth
    from arenas.games import Kuhn, Leduc, TreeContest, payoff_matrix
    from arenas.imitation import Adversaries, Interrogation, TuringLearning
    from arenas.iterated import IteratedContest, Machines, Player
    from arenas.predation import Chase, LotkaVolterra
    from arenas.ratings import Elo, GaussianSkill, Glicko2, RatingError, Ratings, rate
    from arenas.red_blue import Commons, CommonsRules, ExploitRegister
    from arenas.tournaments import (
        Contest,
        Forfeit,
        Results,
        TournamentError,
        double_elimination,
        round_robin,
        single_elimination,
        survival,
        swiss,
    )

__all__ = [
    "Adversaries",
    "Chase",
    "Coevolution",
    "Commons",
    "CommonsRules",
    "Contest",
    "DuelContest",
    "DuelError",
    "Elo",
    "ExploitRegister",
    "Forfeit",
    "GaussianSkill",
    "Glicko2",
    "HallOfFame",
    "Interrogation",
    "IteratedContest",
    "Kuhn",
    "Leduc",
    "LotkaVolterra",
    "Machines",
    "Player",
    "RatingError",
    "Ratings",
    "Results",
    "RoundRobin",
    "TournamentError",
    "TreeContest",
    "TuringLearning",
    "double_elimination",
    "duel",
    "payoff_matrix",
    "rank_truth",
    "rate",
    "round_robin",
    "single_elimination",
    "survival",
    "swiss",
]

_HOMES = {
    "coevolution": ("Coevolution", "HallOfFame"),
    "duels": ("DuelContest", "DuelError", "RoundRobin", "duel", "rank_truth"),
    "games": ("Kuhn", "Leduc", "TreeContest", "payoff_matrix"),
    "imitation": ("Adversaries", "Interrogation", "TuringLearning"),
    "iterated": ("IteratedContest", "Machines", "Player"),
    "predation": ("Chase", "LotkaVolterra"),
    "ratings": ("Elo", "GaussianSkill", "Glicko2", "RatingError", "Ratings", "rate"),
    "red_blue": ("Commons", "CommonsRules", "ExploitRegister"),
    "tournaments": (
        "Contest",
        "Forfeit",
        "Results",
        "TournamentError",
        "double_elimination",
        "round_robin",
        "single_elimination",
        "survival",
        "swiss",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'arenas' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"arenas.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
