"""Iterated matrix games: Axelrod's setting, for plain classes, machines and networks alike.

`IteratedContest` plays batches between any of them; `Machines` are finite-state machines as
columns, a batch of whose matches is one kernel; `MachineGenomes` lets any search of `evolution`
breed them, `save_machines` keeps what was bred, and `machines_of_networks` compiles NEAT networks
to machines. `expected_points` knows the mean without playing. `arenas.iterated.axelrod_players`
brings the strategies of the axelrod library.
"""

from arenas.iterated.axelrod_players import (
    AxelrodPlayer,
    axelrod_game,
    axelrod_players,
    axelrod_strategy,
)
from arenas.iterated.batch import count_outcomes
from arenas.iterated.catalogue import CLASSICS
from arenas.iterated.chance import Chance
from arenas.iterated.classics import (
    Alternator,
    Bully,
    Cooperator,
    CyclerCCD,
    Defector,
    Grudger,
    Handshake,
    HardTitForTat,
    SoftGrudger,
    SuspiciousTitForTat,
    Tester,
    TitForTat,
    TitForTwoTats,
    TwoTitsForTat,
    WinStayLoseShift,
)
from arenas.iterated.contest import Forfeited, IteratedContest
from arenas.iterated.exact import expected_points, long_run_points
from arenas.iterated.games import (
    CHICKEN,
    COOPERATE,
    DEFECT,
    GAMES,
    HAWK_DOVE,
    MATCHING_PENNIES,
    PRISONERS_DILEMMA,
    ROCK_PAPER_SCISSORS,
    STAG_HUNT,
    IteratedError,
    MatrixGame,
)
from arenas.iterated.genomes import MachineGenomes, MemoryOneGenomes
from arenas.iterated.machines import MachinePlayer, Machines, machine_of, memory_one
from arenas.iterated.match import IteratedMatch, Played
from arenas.iterated.networks import NetworkPlayer, inputs_for, machines_of_networks
from arenas.iterated.players import Player
from arenas.iterated.saving import load_machines, save_machines
from arenas.iterated.stochastic import (
    Extortioner,
    FirmButFair,
    GenerousTitForTat,
    GenerousZeroDeterminant,
    Joss,
    MemoryOne,
    Random,
)

__all__ = [
    "CHICKEN",
    "CLASSICS",
    "COOPERATE",
    "DEFECT",
    "GAMES",
    "HAWK_DOVE",
    "MATCHING_PENNIES",
    "PRISONERS_DILEMMA",
    "ROCK_PAPER_SCISSORS",
    "STAG_HUNT",
    "Alternator",
    "AxelrodPlayer",
    "Bully",
    "Chance",
    "Cooperator",
    "CyclerCCD",
    "Defector",
    "Extortioner",
    "FirmButFair",
    "Forfeited",
    "GenerousTitForTat",
    "GenerousZeroDeterminant",
    "Grudger",
    "Handshake",
    "HardTitForTat",
    "IteratedContest",
    "IteratedError",
    "IteratedMatch",
    "Joss",
    "MachineGenomes",
    "MachinePlayer",
    "Machines",
    "MatrixGame",
    "MemoryOne",
    "MemoryOneGenomes",
    "NetworkPlayer",
    "Played",
    "Player",
    "Random",
    "SoftGrudger",
    "SuspiciousTitForTat",
    "Tester",
    "TitForTat",
    "TitForTwoTats",
    "TwoTitsForTat",
    "WinStayLoseShift",
    "axelrod_game",
    "axelrod_players",
    "axelrod_strategy",
    "count_outcomes",
    "expected_points",
    "inputs_for",
    "load_machines",
    "long_run_points",
    "machine_of",
    "machines_of_networks",
    "memory_one",
    "save_machines",
]
