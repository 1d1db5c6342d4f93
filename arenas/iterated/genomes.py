"""Machines as genomes: what a `GenomeSpec` says, so that any search can evolve players.

    genomes = MachineGenomes(states=8)
    search = GeneticAlgorithm(genomes.spec, 200, rng=1)
    while search.generation < 100:
        machines = genomes.machines_of(search.ask())
        search.tell(-points_of(machines))

J. H. Miller, "The coevolution of automata in the repeated prisoner's dilemma", Journal of Economic
Behavior & Organization 29, 1996, evolved machines of 16 states like these. A machine begins in
state 0: which state is called so does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from arenas.iterated.games import ACTIONS_MAX, Floats, IteratedError
from arenas.iterated.machines import Machines, memory_one
from evolution.genomes import Categorical, GenomeSpec, Real

Genomes = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class MachineGenomes:
    """Machines of a fixed number of states.

    Attributes:
        states: of each machine, 1 to 2^15.
        actions: of the game, 2 to 64.
        mixed: whether a state has a probability of action 0 (games of two actions only), not an
            action.
        sees_own: whether the next state depends on the own action too, which matters when it was
            left to chance or trembled.
    """

    states: int
    actions: int = 2
    mixed: bool = False
    sees_own: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.states <= 2**15 or not 2 <= self.actions <= ACTIONS_MAX:
            raise IteratedError(
                f"{self.states} states and {self.actions} actions; allowed: 1 to 32768, and "
                f"2 to {ACTIONS_MAX}"
            )
        if self.mixed and self.actions != 2:
            raise IteratedError("mixed states are for games of two actions; use mixed=False")

    @property
    def spec(self) -> GenomeSpec:
        """The loci: `plays` [n, S], and `moves_on` [n, S A] or [n, S A A]."""
        exits = self.states * self.actions ** (2 if self.sees_own else 1)
        plays = (
            Real(self.states, 0.0, 1.0) if self.mixed else Categorical(self.states, self.actions)
        )
        return GenomeSpec({"plays": plays, "moves_on": Categorical(exits, self.states)})

    def machines_of(self, genomes: Genomes, names: Sequence[str] | None = None) -> Machines:
        """What n genomes decode to; "machine 0" and so on if not named."""
        n = self.spec.count(genomes)
        S, A = self.states, self.actions
        if self.mixed:
            plays = np.stack([genomes["plays"], 1.0 - genomes["plays"]], axis=2)
        else:
            plays = np.eye(A)[genomes["plays"]]
        shape = (n, S, A, A) if self.sees_own else (n, S, 1, A)
        moves_on = np.broadcast_to(genomes["moves_on"].reshape(shape), (n, S, A, A))
        given = [f"machine {i}" for i in range(n)] if names is None else names
        return Machines.of_one_size(given, 0, plays, moves_on)


@dataclass(frozen=True)
class MemoryOneGenomes:
    """Memory-one strategies: five probabilities of action 0, the first turn's and after CC … DD."""

    @property
    def spec(self) -> GenomeSpec:
        """The locus `cooperates` [n, 5]."""
        return GenomeSpec({"cooperates": Real(5, 0.0, 1.0)})

    def machines_of(self, genomes: Genomes, names: Sequence[str] | None = None) -> Machines:
        """What n genomes decode to; "memory one 0" and so on if not named."""
        self.spec.count(genomes)
        p: Floats = genomes["cooperates"]
        return memory_one(p[:, 1:], names, p[:, 0])
