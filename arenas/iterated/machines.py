"""Finite-state machines as players: a population of them is columns, and any pair can be compiled.

A machine is in a state; the state says what it plays, for sure or with what probabilities; what
both played says which state is next (D. Abreu & A. Rubinstein, "The structure of Nash equilibrium
in repeated games with finite automata", Econometrica 56, 1988). Memory-one strategies are machines
of five states (M. Nowak & K. Sigmund 1990), and so is every player with a bounded memory.

Machines differ in size. A population is a ragged table: machine i has the rows
``state_start[i]..state_start[i + 1]``.

Guarantees: a machine that is sure of every move uses no chance; one that is not draws one number
of its own stream each turn, whatever its state. `Machines.player` is the same machine as a plain
`Player`, and plays the same moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from arenas.iterated.games import ACTIONS_MAX, Floats, IteratedError
from arenas.iterated.players import Player
from arenas.iterated.stepping import Tables, tables_of

Integers = npt.NDArray[np.int64]
Slots = npt.NDArray[np.int32]

_SURE = 1e-9


@dataclass(frozen=True, eq=False)
class Machines:
    """n machines for games of A actions, with S states in all.

    Attributes:
        names: n names.
        state_start: int64[n + 1], from 0 to S.
        start: int32[n], the state that each begins in, counted within the machine.
        plays: float64[S, A], the probability of each action; rows sum to 1.
        moves_on: int32[S, A, A], the state after own action (first) and the other's (second),
            counted within the machine.

    Raises:
        IteratedError: for columns that do not fit together.
    """

    names: tuple[str, ...]
    state_start: Integers
    start: Slots
    plays: Floats
    moves_on: Slots

    def __post_init__(self) -> None:
        _check(self)
        for name in ("state_start", "start", "plays", "moves_on"):
            column = getattr(self, name).view()
            column.flags.writeable = False
            object.__setattr__(self, name, column)

    def __reduce__(self) -> tuple[Any, ...]:
        # Made anew where it is sent, so that its columns are read-only there too.
        columns = (self.state_start, self.start, self.plays, self.moves_on)
        return Machines, (self.names, *columns)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def actions(self) -> int:
        """A, the number of actions."""
        return self.plays.shape[1]

    @cached_property
    def sure(self) -> npt.NDArray[np.bool_]:
        """bool[n], which machines leave no move to chance."""
        certain = np.append((self.plays == 1.0).any(axis=1), True)
        return np.asarray(np.logical_and.reduceat(certain, self.state_start[:-1])[: len(self)])

    @cached_property
    def tables(self) -> Tables:
        """The machines as kernels play them."""
        return tables_of(self.state_start, self.start, self.plays, self.moves_on, self.sure)

    def take(self, rows: npt.ArrayLike) -> Machines:
        """Copies of some: indices int[k] or a mask bool[n]."""
        chosen = np.arange(len(self))[np.asarray(rows)]
        sizes = np.diff(self.state_start)[chosen]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        states = np.arange(starts[-1]) + np.repeat(self.state_start[chosen] - starts[:-1], sizes)
        names = tuple(self.names[row] for row in chosen.tolist())
        return Machines(
            names, starts, self.start[chosen], self.plays[states], self.moves_on[states]
        )

    def named(self, names: Iterable[str]) -> Machines:
        """The same machines under other names."""
        return Machines(tuple(names), self.state_start, self.start, self.plays, self.moves_on)

    def player(self, row: int = 0) -> MachinePlayer:
        """One of them as a plain player."""
        return MachinePlayer(self, row)

    @classmethod
    def concatenate(cls, parts: Sequence[Machines]) -> Machines:
        """All machines of all parts, one after the other; of the same number of actions."""
        if len({part.actions for part in parts}) != 1:
            raise IteratedError(
                f"machines of {sorted({part.actions for part in parts})} actions; those that meet "
                "play the same game"
            )
        sizes = np.concatenate([np.diff(part.state_start) for part in parts])
        return cls(
            tuple(name for part in parts for name in part.names),
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.concatenate([part.start for part in parts]),
            np.concatenate([part.plays for part in parts]),
            np.concatenate([part.moves_on for part in parts]),
        )

    @classmethod
    def of_players(cls, players: Iterable[Player]) -> Machines:
        """The machines of players that have one; `IteratedError` for those that have none."""
        return cls.concatenate([player.machine().named([player.name]) for player in players])

    @classmethod
    def of_one_size(
        cls, names: Sequence[str], start: npt.ArrayLike, plays: Floats, moves_on: npt.ArrayLike
    ) -> Machines:
        """n machines of S states each: start [n], plays [n, S, A], moves_on [n, S, A, A]."""
        n, S, A = plays.shape
        return cls(
            tuple(names),
            S * np.arange(n + 1),
            np.array(np.broadcast_to(start, n), np.int32),
            np.array(plays, np.float64).reshape(n * S, A),
            np.array(moves_on, np.int32).reshape(n * S, A, A),
        )


def machine_of(
    plays: npt.ArrayLike, moves_on: npt.ArrayLike, start: int = 0, name: str = "machine"
) -> Machines:
    """One machine, as a population of 1.

    >>> machine_of(plays=[0, 1], moves_on=[[0, 1], [0, 1]], name="tit for tat").names
    ('tit for tat',)

    Args:
        plays: int[S], the action of each state, in a game of A actions where `moves_on` shows A;
            or float[S, A], the probability of each.
        moves_on: int[S, A], the state after each action of the opponent; or int[S, A, A], after
            the own action (first) and the opponent's.
        start: the state to begin in.
        name: of the machine.
    """
    table, given = np.asarray(moves_on), np.asarray(plays)
    if table.ndim == 2:  # what it played itself does not matter
        table = np.repeat(table[:, None, :], table.shape[1], axis=1)
    if table.ndim != 3 or table.shape[1] != table.shape[2] or not len(given):
        raise IteratedError(
            f"moves_on is {list(np.shape(moves_on))}; expected [S, A] or [S, A, A], such as "
            "[[0, 1], [0, 1]] for two states and actions"
        )
    if given.ndim == 1 and given.dtype.kind in "iu":
        if not (given.min() >= 0 and given.max() < table.shape[1]):
            raise IteratedError(f"plays are actions 0..{table.shape[1] - 1}; got {given.tolist()}")
        given = np.eye(table.shape[1])[given]
    if given.ndim != 2 or given.shape != table.shape[:2]:
        raise IteratedError(
            f"plays is {list(np.shape(plays))} and moves_on {list(np.shape(moves_on))}; expected "
            "an action a state, int[S], or probabilities, float[S, A], and as many rows of "
            "moves_on"
        )
    return Machines.of_one_size([name], [start], given[None], table[None])


def memory_one(
    cooperates: npt.ArrayLike, names: Sequence[str] | None = None, first: npt.ArrayLike = 1.0
) -> Machines:
    """Memory-one strategies of a game of two actions, as machines of five states.

    >>> memory_one([1, 0, 1, 0], ["tit for tat"]).plays[:, 0].tolist()
    [1.0, 1.0, 0.0, 1.0, 0.0]

    Args:
        cooperates: float[n, 4] or float[4], the probability of action 0 after both played 0, after
            own 0 and their 1, own 1 and their 0, and both 1 (CC, CD, DC, DD).
        names: n names.
        first: float[n] or one number, the probability of action 0 in the first turn.
    """
    after = np.atleast_2d(np.asarray(cooperates, np.float64))
    if after.ndim != 2 or after.shape[1] != 4:
        raise IteratedError(
            f"cooperates is {list(np.shape(cooperates))}; expected [n, 4], the probabilities of "
            "action 0 after CC, CD, DC and DD, such as [1, 0, 1, 0]"
        )
    n = len(after)
    opening = np.broadcast_to(np.asarray(first, np.float64), n)
    p = np.column_stack([opening, after])
    moves_on = np.broadcast_to(np.array([[1, 2], [3, 4]]), (n, 5, 2, 2))
    given = [f"memory one {i}" for i in range(n)] if names is None else names
    return Machines.of_one_size(given, 0, np.stack([p, 1 - p], axis=2), moves_on)


class MachinePlayer(Player):
    """A machine as a plain player: what kernels play, a turn at a time."""

    name = "machine"

    def __init__(self, machines: Machines, row: int = 0) -> None:
        super().__init__(machines.names[row])
        self.machines, self.row = machines, row
        self.sure = bool(machines.sure[row])

    def reset(self) -> None:
        """Begin in the first state."""
        self._first = int(self.machines.state_start[self.row])
        self.state = int(self.machines.start[self.row])

    def move(self, mine: Sequence[int], theirs: Sequence[int]) -> int:
        """Move on by what was played, and play what the state says."""
        machines = self.machines
        if mine:
            self.state = int(machines.moves_on[self._first + self.state, mine[-1], theirs[-1]])
        chances = machines.plays[self._first + self.state]
        if self.sure:
            return int(chances.argmax())
        return int((self.rng.random() >= np.cumsum(chances)[:-1]).sum())

    def fresh(self) -> MachinePlayer:
        """Another player of the same machine."""
        return MachinePlayer(self.machines, self.row)

    def machine(self) -> Machines:
        """The machine, as a population of 1."""
        return self.machines.take([self.row])


def _check(machines: Machines) -> None:
    n, S = len(machines.names), len(machines.plays)
    shapes: list[tuple[str, npt.NDArray[Any], tuple[int, ...], type]] = [
        ("state_start", machines.state_start, (n + 1,), np.int64),
        ("start", machines.start, (n,), np.int32),
        ("plays", machines.plays, (S, *machines.plays.shape[1:2]), np.float64),
        ("moves_on", machines.moves_on, (S, *machines.plays.shape[1:2] * 2), np.int32),
    ]
    for name, column, shape, dtype in shapes:
        if column.shape != shape or column.dtype != dtype:
            raise IteratedError(
                f"{name} is {column.dtype}{list(column.shape)}; expected {np.dtype(dtype)}"
                f"{list(shape)} for {n} machines of {S} states in all"
            )
    if not 2 <= machines.actions <= ACTIONS_MAX:
        raise IteratedError(f"{machines.actions} actions; allowed: 2 to {ACTIONS_MAX}")
    starts, sizes = machines.state_start, np.diff(machines.state_start)
    if starts[0] != 0 or starts[-1] != S or (sizes < 1).any():
        raise IteratedError(f"state_start rises from 0 to {S}, by at least 1 a machine")
    if ((machines.start < 0) | (machines.start >= sizes)).any():
        raise IteratedError("a machine begins in one of its own states, counted from 0")
    room = np.repeat(sizes, sizes)[:, None, None]
    wrong = np.argwhere((machines.moves_on < 0) | (machines.moves_on >= room))
    if len(wrong):
        state = int(wrong[0, 0])
        row = int(np.searchsorted(starts, state, "right")) - 1
        raise IteratedError(
            f"{machines.names[row]!r} moves on from state {state - starts[row]} to "
            f"{machines.moves_on[tuple(wrong[0])]}; its states are 0..{sizes[row] - 1}"
        )
    fair = (machines.plays >= 0) & (machines.plays <= 1)
    if not fair.all() or (np.abs(machines.plays.sum(axis=1) - 1) > _SURE).any():
        raise IteratedError("the probabilities of a state's actions lie in 0..1 and sum to 1")
