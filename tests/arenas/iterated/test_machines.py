"""Machines as columns: made, taken, joined, and refused where they cannot run."""

import pickle

import numpy as np
import pytest

from arenas.iterated import (
    IteratedError,
    Machines,
    Player,
    TitForTat,
    machine_of,
    memory_one,
)
from tests.arenas.iterated.cases import random_machines


def test_machines_are_taken_and_joined_by_rows() -> None:
    machines = random_machines(8, 3, seed=1)
    again = Machines.concatenate([machines.take([i]) for i in range(8)])
    shuffled = machines.take([5, 0, 5])
    assert again.names == machines.names
    assert shuffled.names == ("random 5", "random 0", "random 5")
    for name in ("state_start", "start", "plays", "moves_on"):
        assert (getattr(again, name) == getattr(machines, name)).all()
    low, high = machines.state_start[5:7]
    assert (shuffled.plays[: high - low] == machines.plays[low:high]).all()
    assert (shuffled.take([2]).moves_on == machines.moves_on[low:high]).all()
    assert shuffled.sure.tolist() == machines.sure[[5, 0, 5]].tolist()


def test_sure_machines_leave_nothing_to_chance() -> None:
    mixed = memory_one([[1, 0, 1, 0], [1, 0, 1, 0.5], [0, 0, 0, 0]], first=[1, 1, 0.5])
    assert mixed.sure.tolist() == [True, False, False]
    assert len(mixed.take(np.zeros(3, bool))) == 0


@pytest.mark.parametrize(
    ("plays", "moves_on", "message"),
    [
        ([0, 2], [[0, 1], [0, 1]], r"plays are actions 0\.\.1"),
        ([0, 1], [[0, 1], [0, 2]], r"moves on from state 1 to 2; its states are 0\.\.1"),
        ([0, 1], [[0, 1]], "as many rows"),
        ([0, 1], [0, 1], "expected \\[S, A\\]"),
        ([[0.5, 0.6]], [[0, 0]], "sum to 1"),
        ([[1.5, -0.5]], [[0, 0]], r"lie in 0\.\.1"),
        ([0.5, 0.5], [[0, 1], [0, 1]], "an action a state"),
    ],
)
def test_what_cannot_run_is_refused(plays: object, moves_on: object, message: str) -> None:
    with pytest.raises(IteratedError, match=message):
        machine_of(plays, moves_on)  # type: ignore[arg-type]


def test_machines_are_sent_whole() -> None:
    machines = random_machines(4, 3, seed=2)
    again = pickle.loads(pickle.dumps(machines))
    assert again.names == machines.names
    assert (again.moves_on == machines.moves_on).all()
    assert not again.plays.flags.writeable
    own = np.array([[0.5, 0.5]])
    machine_of(own, [[0, 0]])
    own[0] = 1.0, 0.0  # the caller's array stays the caller's


def test_errors_teach() -> None:
    with pytest.raises(IteratedError, match="begins in one of its own states"):
        machine_of([0], [[0, 0]], start=1)
    with pytest.raises(IteratedError, match="CC, CD, DC and DD"):
        memory_one([1, 0, 1])
    with pytest.raises(IteratedError, match="play the same game"):
        Machines.concatenate([TitForTat().machine(), random_machines(1, 3, 0)])
    with pytest.raises(IteratedError, match="define machine"):
        Machines.of_players([Player("somebody")])
    with pytest.raises(ValueError, match="read-only"):
        TitForTat().machine().plays[0, 0] = 0.5
