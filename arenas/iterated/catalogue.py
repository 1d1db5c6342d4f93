"""The classics by name."""

from __future__ import annotations

from collections.abc import Mapping

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
from arenas.iterated.players import Player
from arenas.iterated.stochastic import (
    Extortioner,
    FirmButFair,
    GenerousTitForTat,
    GenerousZeroDeterminant,
    Joss,
    Random,
)

CLASSICS: Mapping[str, type[Player]] = {
    "cooperator": Cooperator,
    "defector": Defector,
    "alternator": Alternator,
    "cycler CCD": CyclerCCD,
    "tit for tat": TitForTat,
    "suspicious tit for tat": SuspiciousTitForTat,
    "bully": Bully,
    "tit for two tats": TitForTwoTats,
    "two tits for tat": TwoTitsForTat,
    "hard tit for tat": HardTitForTat,
    "grudger": Grudger,
    "win-stay lose-shift": WinStayLoseShift,
    "tester": Tester,
    "handshake": Handshake,
    "soft grudger": SoftGrudger,
    "random": Random,
    "generous tit for tat": GenerousTitForTat,
    "joss": Joss,
    "firm but fair": FirmButFair,
    "extortioner": Extortioner,
    "generous zero-determinant": GenerousZeroDeterminant,
}
"""The strategies that ship, for games of two actions; `CLASSICS[name](name=name)` is a player."""
