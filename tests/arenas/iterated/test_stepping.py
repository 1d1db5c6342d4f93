"""The kernels play what the plain players play, move for move, and circles change nothing."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.iterated import Chance, IteratedMatch, Machines, Player, count_outcomes
from swarm.chance import below, draw, seeded, uniform
from tests.arenas.iterated.cases import CLASSICS, SURE, random_game, random_machines, seeds


@given(seed=seeds)
@settings(deadline=None, max_examples=20)
def test_chance_is_that_of_the_kernels(seed: int) -> None:
    chance, stream = Chance(seed), seeded(np.uint64(seed))
    for _ in range(4):
        assert chance.draw() == int(draw(stream))
        assert chance.random() == uniform(stream)
        assert chance.below(7) == below(stream, 7)


@pytest.mark.parametrize("kind", CLASSICS)
def test_a_class_and_its_machine_are_the_same_player(kind: type[Player]) -> None:
    match, noisy = IteratedMatch(turns=40), IteratedMatch(turns=40, noise=0.15)
    for seed, opponent in enumerate(CLASSICS):
        one, machine = kind(), kind().machine().player()
        assert machine.name == one.name
        for rules in (match, noisy):
            by_class = rules.play(one, opponent(), seed).actions
            assert by_class.tolist() == rules.play(machine, opponent(), seed).actions.tolist()
            assert by_class.shape == (40, 2)


@given(
    actions=st.integers(2, 5),
    turns=st.integers(1, 60),
    noise=st.sampled_from([0.0, 0.0, 0.1, 1.0]),
    ending=st.sampled_from([0.0, 0.0, 0.05, 1.0]),
    seed=st.integers(0, 2**32),
)
@settings(deadline=None, max_examples=40)
def test_a_batch_is_the_matches_one_by_one(
    actions: int, turns: int, noise: float, ending: float, seed: int
) -> None:
    machines = random_machines(5, actions, seed)
    match = IteratedMatch(random_game(actions, seed), turns, noise, ending)
    rng = np.random.default_rng(seed)
    pairs = rng.integers(5, size=(6, 2))
    matches = rng.integers(2**64, size=6, dtype=np.uint64)
    counts = count_outcomes(machines, match, pairs, matches)
    points = match.points(counts)
    for m, (i, j) in enumerate(pairs.tolist()):
        played = match.play(machines.player(i), machines.player(j), int(matches[m]))
        expected = np.zeros((actions, actions), np.int64)
        np.add.at(expected, tuple(played.actions.T), 1)
        assert counts[m].tolist() == expected.tolist()
        assert points[m].tolist() == played.points.tolist()


@given(turns=st.integers(1, 3_000), largest=st.integers(1, 40), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_going_in_circles_is_cut_short_exactly(turns: int, largest: int, seed: int) -> None:
    machines = random_machines(12, 2, seed, largest)
    sure = machines.take(machines.sure)
    pairs = np.argwhere(np.ones((len(sure), len(sure))))
    match, none = IteratedMatch(turns=turns), np.zeros(len(pairs), np.uint64)
    short = count_outcomes(sure, match, pairs, none)
    assert (short == count_outcomes(sure, match, pairs, none, shortcut=False)).all()
    assert (short.sum(axis=(1, 2)) == turns).all()


def test_endless_matches_cost_no_more_than_their_circle() -> None:
    machines = Machines.of_players([kind() for kind in SURE])
    pairs = np.argwhere(np.ones((len(SURE), len(SURE))))
    counts = count_outcomes(machines, IteratedMatch(turns=2**40), pairs, np.zeros(len(pairs), int))
    assert (counts.sum(axis=(1, 2)) == 2**40).all()
