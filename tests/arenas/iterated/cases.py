"""Machines to try things with."""

import numpy as np
from hypothesis import strategies as st

from arenas.iterated import Machines, MatrixGame
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
from arenas.iterated.stochastic import (
    Extortioner,
    FirmButFair,
    GenerousTitForTat,
    GenerousZeroDeterminant,
    Joss,
    MemoryOne,
    Random,
)

SURE = (
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
TOSSING = (
    Extortioner,
    FirmButFair,
    GenerousTitForTat,
    GenerousZeroDeterminant,
    Joss,
    MemoryOne,
    Random,
)
CLASSICS = SURE + TOSSING


def random_machines(n: int, actions: int, seed: int, largest: int = 6) -> Machines:
    """Ragged machines, about half of them sure."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, largest + 1, n)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    S = starts[-1]
    plays = rng.dirichlet(np.ones(actions), S)
    sure = np.repeat(rng.random(n) < 0.5, sizes) | (rng.random(S) < 0.3)
    plays[sure] = np.eye(actions)[rng.integers(actions, size=int(sure.sum()))]
    room = np.repeat(sizes, sizes)[:, None, None]
    moves_on = rng.integers(0, room, (S, actions, actions)).astype(np.int32)
    start = rng.integers(0, sizes).astype(np.int32)
    names = tuple(f"random {i}" for i in range(n))
    return Machines(names, starts, start, plays, moves_on)


def random_game(actions: int, seed: int) -> MatrixGame:
    payoffs = np.random.default_rng(seed).integers(-9, 10, (actions, actions, 2))
    return MatrixGame("random", payoffs)


seeds = st.integers(0, 2**64 - 1)
