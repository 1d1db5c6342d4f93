"""Neural networks as players: NEAT genomes that look at the last moves of both.

A network's inputs are the last k turns, the latest first, in each the own move and then the
other's. In a game of two actions a move is +1 for action 0 and -1 for action 1; with more actions
it is one input an action, 1 for the one that was played. What was not yet played is 0. There is an
output for each action, and the largest is played, of equal ones the first.

A network without memory of its own sees finitely many histories. So it is a machine, of
1 + A^2 + ... + A^2k states, and `machines_of_networks` makes it one: it asks all networks about
each history once, in one batch, and from there on their matches cost what machines' do.
`NetworkPlayer` is the plain player that asks the network every turn, for recurrent networks and
long memories.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from arenas.iterated.games import Floats, IteratedError
from arenas.iterated.machines import Machines
from arenas.iterated.players import Player
from evolution.neat import FeedForward, NetworkSpec, Recurrent

STATES_MAX = 2**15

Genomes = dict[str, npt.NDArray[Any]]


def inputs_for(memory: int, actions: int = 2) -> int:
    """How many inputs a network needs: `NetworkConfig(num_inputs=inputs_for(2), num_outputs=2)`."""
    return memory * _width(actions)


def machines_of_networks(
    spec: NetworkSpec, genomes: Genomes, names: Sequence[str] | None = None
) -> Machines:
    """Compile feed-forward networks to machines that play the same moves.

    Args:
        spec: of A outputs, one an action, and `inputs_for(k, A)` inputs.
        genomes: n networks.
        names: n names; "network 0" and so on if left out.

    Raises:
        IteratedError: if the inputs are no number of turns, or there are more than 2^15 histories.
    """
    memory = _memory_of(spec)
    actions = spec.config.num_outputs
    inputs, moves_on = _histories(memory, actions)
    chosen = FeedForward(spec, genomes)(inputs).argmax(axis=2)
    n = len(chosen)
    given = [f"network {i}" for i in range(n)] if names is None else names
    turning = np.broadcast_to(moves_on, (n, *moves_on.shape))
    return Machines.of_one_size(given, 0, np.eye(actions)[chosen], turning)


class NetworkPlayer(Player):
    """A network that is asked every turn.

    With memory, from a search: `NetworkPlayer(spec, search.best.genomes, recurrent=True)`.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        genomes: Genomes,
        row: int = 0,
        recurrent: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name or f"network {row}")
        self.memory, self.actions = _memory_of(spec), spec.config.num_outputs
        self._networks = (Recurrent if recurrent else FeedForward)(spec, genomes)
        self._row = row

    def reset(self) -> None:
        """Forget."""
        self._network = self._networks.alone(self._row)

    def move(self, mine: Sequence[int], theirs: Sequence[int]) -> int:
        """The action of the largest output."""
        inputs = _seen(mine, theirs, self.memory, self.actions)
        return int(np.argmax(self._network.step(inputs.tolist())))

    def fresh(self) -> Player:
        """Another player of the same network, which is compiled once."""
        player = object.__new__(NetworkPlayer)
        player.__dict__.update(self.__dict__)
        return player


def _width(actions: int) -> int:
    """Inputs a turn."""
    return 2 if actions == 2 else 2 * actions


def _memory_of(spec: NetworkSpec) -> int:
    inputs, actions = spec.config.num_inputs, spec.config.num_outputs
    if actions < 2 or inputs < 1 or inputs % _width(actions):
        raise IteratedError(
            f"a network of {inputs} inputs and {actions} outputs; expected an output an action, "
            "two or more, and inputs_for(k, actions) inputs to see the last k turns"
        )
    return inputs // _width(actions)


def _seen(mine: Sequence[int], theirs: Sequence[int], memory: int, actions: int) -> Floats:
    """The inputs float64[I] after these moves."""
    width = _width(actions)
    inputs = np.zeros((memory, width))
    for back in range(min(memory, len(mine))):
        own, other = mine[-1 - back], theirs[-1 - back]
        if actions == 2:
            inputs[back] = 1 - 2 * own, 1 - 2 * other
        else:
            inputs[back, own] = inputs[back, actions + other] = 1.0
    return inputs.ravel()


@lru_cache(maxsize=8)
def _histories(memory: int, actions: int) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Inputs float64[S, I] of all histories of up to `memory` turns, and which comes after which.

    A history of t turns is a number of t digits of base A^2, the latest last; those of fewer
    turns come first.
    """
    outcomes = actions * actions
    sizes = [outcomes**turns for turns in range(memory + 1)]
    if sum(sizes) > STATES_MAX:
        raise IteratedError(
            f"a memory of {memory} turns has {sum(sizes)} histories; allowed: {STATES_MAX}; play "
            "the network as NetworkPlayer, or give it fewer inputs"
        )
    first = np.cumsum([0, *sizes])
    inputs: list[Floats] = []
    moves_on = np.empty((sum(sizes), outcomes), np.int32)
    for turns, size in enumerate(sizes):
        longer = min(turns + 1, memory)
        for number in range(size):
            digits = [number // outcomes**place % outcomes for place in range(turns)][::-1]
            moves = [divmod(digit, actions) for digit in digits]
            inputs.append(_seen([m for m, _ in moves], [t for _, t in moves], memory, actions))
            after = (number * outcomes + np.arange(outcomes)) % outcomes**longer
            moves_on[first[turns] + number] = first[longer] + after
    return np.array(inputs), moves_on.reshape(-1, actions, actions)
