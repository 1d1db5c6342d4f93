"""Machines as genomes: any search can breed them."""

import numpy as np
import pytest

from arenas.iterated import (
    Defector,
    Grudger,
    IteratedError,
    IteratedMatch,
    MachineGenomes,
    Machines,
    MemoryOneGenomes,
    TitForTat,
    TitForTwoTats,
    count_outcomes,
    expected_points,
)
from evolution import GeneticAlgorithm


@pytest.mark.parametrize(
    "genomes",
    [
        MachineGenomes(4),
        MachineGenomes(3, actions=3, sees_own=True),
        MachineGenomes(5, mixed=True, sees_own=True),
        MemoryOneGenomes(),
    ],
)
def test_genomes_decode_to_machines(genomes: MachineGenomes | MemoryOneGenomes) -> None:
    rng = np.random.default_rng(1)
    sample = genomes.spec.mutate(genomes.spec.sample(6, rng), rng)
    machines = genomes.machines_of(sample)
    assert len(machines) == 6
    if isinstance(genomes, MemoryOneGenomes):
        assert (machines.plays.reshape(6, 5, 2)[:, :, 0] == sample["cooperates"]).all()
        return
    S, A = genomes.states, genomes.actions
    if genomes.mixed:
        assert (machines.plays[:, 0].reshape(6, S) == sample["plays"]).all()
    else:
        assert (machines.plays.argmax(axis=1).reshape(6, S) == sample["plays"]).all()
    moves_on = machines.moves_on.reshape(6, S, A, A)
    if genomes.sees_own:
        assert (moves_on.reshape(6, -1) == sample["moves_on"]).all()
    else:
        for own in range(A):
            assert (moves_on[:, :, own].reshape(6, -1) == sample["moves_on"]).all()


def test_evolution_finds_the_best_answer() -> None:
    # Against these three nothing is better than to cooperate with the first two, to find out
    # the third, and to defect in the last turn, which machines cannot count to: 3, 3 and 1.
    teachers = Machines.of_players([TitForTat(), Grudger(), Defector()])
    genomes, match = MachineGenomes(4), IteratedMatch(turns=100)
    search = GeneticAlgorithm(genomes.spec, 60, rng=2)
    pairs = np.stack(np.broadcast_arrays(np.arange(60)[:, None], 60 + np.arange(3)), 2).reshape(
        -1, 2
    )
    for _ in range(40):
        both = Machines.concatenate([genomes.machines_of(search.ask()), teachers])
        points = match.points(count_outcomes(both, match, pairs, np.zeros(180, int)))[:, 0]
        search.tell(-points.reshape(60, 3).sum(axis=1))
    assert search.best.objectives[0, 0] == -(300 + 300 + 99)


def test_evolution_finds_the_weakness_of_tit_for_two_tats() -> None:
    # It can be exploited every other turn: 5, 3, 5, 3, ...
    genomes, match = MachineGenomes(3), IteratedMatch(turns=50)
    search = GeneticAlgorithm(genomes.spec, 60, rng=1)
    pairs = np.column_stack([np.arange(60), np.full(60, 60)])
    for _ in range(25):
        machines = genomes.machines_of(search.ask())
        both = Machines.concatenate([machines, TitForTwoTats().machine()])
        search.tell(-expected_points(both, pairs, match)[:, 0])
    assert search.best.objectives[0, 0] == -25 * 8


def test_machines_that_cannot_be_are_refused() -> None:
    with pytest.raises(IteratedError, match="1 to 32768"):
        MachineGenomes(0)
    with pytest.raises(IteratedError, match="mixed"):
        MachineGenomes(4, actions=3, mixed=True)
