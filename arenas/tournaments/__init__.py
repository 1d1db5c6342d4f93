"""Tournaments: who meets whom, in which seat, and what the table says of it."""

from arenas.tournaments.contest import (
    Contest,
    Forfeit,
    TournamentError,
    WinChances,
    check_contest,
)
from arenas.tournaments.elimination import (
    DoubleElimination,
    SingleElimination,
    double_elimination,
    single_elimination,
)
from arenas.tournaments.formats import FORMATS, resume
from arenas.tournaments.games import Games
from arenas.tournaments.pair_tests import PairTests
from arenas.tournaments.results import Results
from arenas.tournaments.round_robin import RoundRobin, round_robin
from arenas.tournaments.survival import Survival, survival
from arenas.tournaments.swiss import Swiss, swiss
from arenas.tournaments.tournament import Tournament

__all__ = [
    "FORMATS",
    "Contest",
    "DoubleElimination",
    "Forfeit",
    "Games",
    "PairTests",
    "Results",
    "RoundRobin",
    "SingleElimination",
    "Survival",
    "Swiss",
    "Tournament",
    "TournamentError",
    "WinChances",
    "check_contest",
    "double_elimination",
    "resume",
    "round_robin",
    "single_elimination",
    "survival",
    "swiss",
]
