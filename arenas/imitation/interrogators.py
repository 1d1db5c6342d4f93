"""Interrogators: genomes that question a subject, move by move, and say "real" or "model".

The imitation game (Turing 1950, "Computing machinery and intelligence", Mind 59) evolved, after Li,
Gauci & Groß 2016, "Turing learning: a metric-free approach to inferring behavior and its
application to swarms", Swarm Intelligence 10: models gain by being taken for the real agent,
interrogators by telling them apart. Subjects are machines of `arenas.iterated`, who answer in
a repeated game; an interrogator is a machine too, whose last state is its verdict.

An interrogator that chooses its moves is active; a passive one watches the subject in a habitat,
against somebody whose moves it has no hand in. What a subject only does when provoked, nobody
learns of in a habitat without provocation.

Guarantees: a match depends on its two machines, their places in the call and the seed alone;
subjects that are sure of their moves use no chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.imitation.errors import ImitationError
from arenas.imitation.targets import Floats
from arenas.iterated import MachineGenomes, Machines
from evolution import Categorical, Genomes, GenomeSpec
from swarm.chance import GAMMA, draw, mixed, unit_of

Slots = npt.NDArray[np.int32]
Verdicts = npt.NDArray[np.int8]

MODEL, REAL = 0, 1
"""The verdicts."""


@dataclass(frozen=True)
class Interrogators:
    """Genomes that are interrogators of a fixed number of states.

    Attributes:
        states: S of each, 1 to 2^15; state 0 is the first.
        actions: A of the game.
        turns: of an interrogation.
        habitat: one machine whose moves the subject answers, for passive interrogators; None for
            those who choose their own.
    """

    states: int = 6
    actions: int = 2
    turns: int = 12
    habitat: Machines | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.states <= 2**15 or self.actions < 2 or self.turns < 1:
            raise ImitationError(
                f"{self.states} states, {self.actions} actions, {self.turns} turns; allowed: 1 to "
                "32768, at least 2, at least 1"
            )
        if self.habitat is not None:
            if len(self.habitat) != 1:
                raise ImitationError(f"a habitat of {len(self.habitat)} machines; expected one")
            self._check(self.habitat)

    @property
    def spec(self) -> GenomeSpec:
        """The loci ``asks`` [n, S], ``moves_on`` [n, S·A·A] by ask and answer, ``verdicts`` [n, S].

        A passive interrogator's ``asks`` do nothing.
        """
        exits = self.states * self.actions**2
        return GenomeSpec(
            {
                "asks": Categorical(self.states, self.actions),
                "moves_on": Categorical(exits, self.states),
                "verdicts": Categorical(self.states, 2),
            }
        )

    def judge(self, subjects: Machines, genomes: Genomes, seed: int) -> Verdicts:
        """What k interrogators take n subjects for, int8[n, k], `MODEL` or `REAL`."""
        self._check(subjects)
        n, k = len(subjects), self.spec.count(genomes)
        habitat = subjects.take([0]) if self.habitat is None else self.habitat
        found = np.empty((n, k), np.int8)
        shape = (k, self.states, self.actions, self.actions)
        _judge(
            columns_of(subjects),
            columns_of(habitat),
            self.habitat is not None,
            np.array(genomes["asks"], np.int32, order="C"),
            np.array(genomes["moves_on"], np.int32, order="C").reshape(shape),
            np.array(genomes["verdicts"], np.int8, order="C"),
            self.turns,
            np.uint64(seed),
            found,
        )
        return found

    def _check(self, machines: Machines) -> None:
        if machines.actions != self.actions:
            raise ImitationError(
                f"machines of {machines.actions} actions meet interrogators of {self.actions}"
            )


@dataclass(frozen=True)
class TuringContest:
    """Models, the first side, against interrogators, the second.

    A contest of `arenas.coevolution`: an interrogator gets the mean of how often it took the
    real agent for real and the model for a model (Li, Gauci & Groß 2016, equation 2); the model
    gets the rest.

    Attributes:
        hidden: the real agent, one machine.
        models: what the genomes of models are.
        interrogators: what those of interrogators are.
    """

    hidden: Machines
    models: MachineGenomes
    interrogators: Interrogators

    def __post_init__(self) -> None:
        if len(self.hidden) != 1:
            raise ImitationError(
                f"{len(self.hidden)} hidden agents; expected one, such as Grudger().machine()"
            )
        if not self.hidden.actions == self.models.actions == self.interrogators.actions:
            raise ImitationError("hidden agent, models and interrogators play other games")

    def __call__(self, one: Genomes, other: Genomes, seed: int, /) -> Floats:
        """Outcomes float64[models, interrogators]: 0, 0.5 or 1."""
        subjects = Machines.concatenate([self._hidden_alike, self.models.machines_of(one)])
        taken = self.interrogators.judge(subjects, other, seed).astype(np.float64)
        return np.asarray(0.5 * (1.0 - taken[:1] + taken[1:]))

    @cached_property
    def _hidden_alike(self) -> Machines:
        return self.hidden.named(["hidden"])


MachineColumns = tuple[npt.NDArray[np.int64], Slots, Floats, Slots, npt.NDArray[np.bool_]]


def columns_of(machines: Machines) -> MachineColumns:
    """Machines as kernels here take them: cumulative chances of the actions.

    All are fresh arrays in C order, so that each kernel is compiled for one kind only.
    """
    return (
        np.array(machines.state_start, order="C"),
        np.array(machines.start, order="C"),
        np.array(machines.plays.cumsum(axis=1), order="C"),
        np.array(machines.moves_on, order="C"),
        np.array(machines.sure),
    )


@njit(cache=True, nogil=True)
def play(machines: MachineColumns, row: int, state: int, stream: npt.NDArray[np.uint64]) -> int:
    """The action of a machine in a state; a sure one draws nothing."""
    first, _, most, _, sure = machines
    lot = 0.0 if sure[row] else unit_of(draw(stream))
    chances = most[first[row] + state]
    action = 0
    while action < len(chances) - 1 and lot >= chances[action]:
        action += 1
    return action


@njit(cache=True, nogil=True)
def _judge(
    subjects: MachineColumns,
    habitat: MachineColumns,
    passive: bool,
    asks: Slots,
    moves_on: Slots,
    verdicts: Verdicts,
    turns: int,
    seed: np.uint64,
    found: Verdicts,
) -> None:
    n, k = found.shape
    stream = np.empty(1, np.uint64)
    for i in range(n):
        for j in range(k):
            stream[0] = mixed(seed + GAMMA * np.uint64(i * k + j + 1))
            subject, other, state = subjects[1][i], habitat[1][0], 0
            for _ in range(turns):
                ask = play(habitat, 0, other, stream) if passive else asks[j, state]
                answer = play(subjects, i, subject, stream)
                subject = subjects[3][subjects[0][i] + subject, answer, ask]
                if passive:
                    other = habitat[3][other, ask, answer]
                state = moves_on[j, state, ask, answer]
            found[i, j] = verdicts[j, state]
