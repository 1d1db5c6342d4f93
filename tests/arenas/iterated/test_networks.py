"""Networks: those without memory are machines that make the same moves."""

import numpy as np
import pytest

from arenas.iterated import (
    ROCK_PAPER_SCISSORS,
    IteratedContest,
    IteratedError,
    IteratedMatch,
    NetworkPlayer,
    TitForTat,
    inputs_for,
    machines_of_networks,
)
from evolution.neat import NetworkConfig, NetworkSpec
from tests.arenas.iterated.cases import random_machines


def networks(memory: int, actions: int, n: int, recurrent: bool = False):  # type: ignore[no-untyped-def]
    config = NetworkConfig(inputs_for(memory, actions), actions, feed_forward=not recurrent)
    spec, rng = NetworkSpec(config), np.random.default_rng(memory)
    genomes = spec.sample(n, rng)
    for _ in range(6):
        genomes = spec.mutate(genomes, rng)
    return spec, genomes


@pytest.mark.parametrize(("memory", "actions"), [(1, 2), (3, 2), (1, 3)])
def test_a_network_and_its_machine_make_the_same_moves(memory: int, actions: int) -> None:
    spec, genomes = networks(memory, actions, 5)
    machines = machines_of_networks(spec, genomes)
    assert machines.sure.all()
    assert len(np.unique(machines.plays, axis=0)) > 1  # they do not all do the same
    match = IteratedMatch(ROCK_PAPER_SCISSORS, 25, 0.2)
    match = match if actions == 3 else IteratedMatch(turns=25, noise=0.2)
    others = random_machines(5, actions, 4)
    for row in range(5):
        network, other = NetworkPlayer(spec, genomes, row), others.player(row)
        asked = match.play(network, other, seed=row)
        assert asked.forfeits == (None, None)
        assert (
            asked.actions.tolist() == match.play(machines.player(row), other, row).actions.tolist()
        )


def test_recurrent_networks_play_in_contests_and_forget_between_matches() -> None:
    spec, genomes = networks(2, 2, 3, recurrent=True)
    players = [NetworkPlayer(spec, genomes, row, recurrent=True) for row in range(3)]
    contest = IteratedContest([*players, TitForTat().machine()], turns=30, noise=0.1)
    pairs = np.argwhere(np.ones((4, 4)))
    points = contest(pairs, np.arange(16))
    assert points.tolist() == contest(pairs, np.arange(16)).tolist()
    assert not np.isnan(points).any()


def test_networks_of_the_wrong_size_are_refused() -> None:
    spec, genomes = networks(1, 3, 1)
    wrong = NetworkSpec(NetworkConfig(3, 2))
    rng = np.random.default_rng(0)
    with pytest.raises(IteratedError, match="3 inputs and 2 outputs"):
        machines_of_networks(wrong, wrong.sample(1, rng))
    large = NetworkSpec(NetworkConfig(inputs_for(8), 2))
    with pytest.raises(IteratedError, match="play the network as NetworkPlayer"):
        machines_of_networks(large, large.sample(1, rng))
    assert machines_of_networks(spec, genomes, ["solo"]).names == ("solo",)
