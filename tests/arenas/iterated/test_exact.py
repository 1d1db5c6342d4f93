"""Means without playing: against matrices, against play, and against Press and Dyson."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.iterated import (
    HAWK_DOVE,
    PRISONERS_DILEMMA,
    ROCK_PAPER_SCISSORS,
    Defector,
    Extortioner,
    GenerousZeroDeterminant,
    IteratedError,
    IteratedMatch,
    Machines,
    Random,
    TitForTat,
    count_outcomes,
    expected_points,
    long_run_points,
    memory_one,
)
from tests.arenas.iterated.cases import random_game, random_machines

Four = tuple[float, float, float, float]


def chain(p: Four, q: Four) -> np.ndarray:
    """Press & Dyson 2012, eq. 1: the outcomes CC, CD, DC, DD as the first player sees them."""
    pairs = zip(p, (q[0], q[2], q[1], q[3]), strict=True)
    return np.array([[a * b, a * (1 - b), (1 - a) * b, (1 - a) * (1 - b)] for a, b in pairs])


chances = st.tuples(*[st.floats(0.02, 0.98)] * 4)


@given(p=chances, q=chances, turns=st.integers(1, 80), ending=st.sampled_from([0.0, 0.1]))
@settings(deadline=None, max_examples=30)
def test_expected_points_are_those_of_the_chain(
    p: Four, q: Four, turns: int, ending: float
) -> None:
    machines = memory_one([p, q], first=[0.3, 0.8])
    found = expected_points(machines, [[0, 1]], IteratedMatch(turns=turns, ending=ending))[0]
    now = np.array([0.3 * 0.8, 0.3 * 0.2, 0.7 * 0.8, 0.7 * 0.2])
    total = np.zeros(2)
    for turn in range(turns):
        total += (1 - ending) ** turn * now @ PRISONERS_DILEMMA.payoffs.reshape(4, 2)
        now = now @ chain(p, q)
    assert found == pytest.approx(total, rel=1e-12)


@given(p=chances, q=chances)
@settings(deadline=None, max_examples=30)
def test_the_long_run_is_the_stationary_state(p: Four, q: Four) -> None:
    values, vectors = np.linalg.eig(chain(p, q).T)
    still = np.real(vectors[:, np.argmin(abs(values - 1))])
    expected = still / still.sum() @ HAWK_DOVE.payoffs.reshape(4, 2)
    assert long_run_points(p, q, HAWK_DOVE)[0] == pytest.approx(expected, abs=1e-9)


@given(q=chances)
@settings(deadline=None, max_examples=30)
def test_extortion_takes_its_share_of_whoever_it_meets(q: Four) -> None:
    mine, theirs = long_run_points(Extortioner.cooperates, q)[0]
    assert mine - 1 == pytest.approx(2 * (theirs - 1), abs=1e-9)
    mine, theirs = long_run_points(GenerousZeroDeterminant.cooperates, q)[0]
    assert mine - 3 == pytest.approx(2 * (theirs - 3), abs=1e-9)


def test_published_values() -> None:
    # Press & Dyson 2012, "extortionate strategies": chi = 3, phi = 1/26 on 5, 3, 1, 0 gets most
    # from who always cooperates, 2 + 13 chi by 2 + 3 chi against 12 + 3 chi by 2 + 3 chi.
    extort = (11 / 13, 1 / 2, 7 / 26, 0.0)
    mine, theirs = long_run_points(extort, (1, 1, 1, 1))[0]
    assert (mine, theirs) == pytest.approx(((2 + 13 * 3) / (2 + 3 * 3), (12 + 3 * 3) / (2 + 3 * 3)))
    # Tit for tat gets what the other gets, and half of it all from Random: 9/4.
    assert long_run_points((1, 0, 1, 0), (0.5,) * 4)[0] == pytest.approx([2.25, 2.25])
    # An extortioner loses to nobody: not to who always defects, from whom it gets P in the end.
    assert long_run_points(extort, (0, 0, 0, 0))[0] == pytest.approx([1, 1])


def test_what_depends_on_the_first_moves_is_refused() -> None:
    with pytest.raises(IteratedError, match="depends on the first moves"):
        long_run_points((1, 0, 1, 0), (1, 0, 1, 0))
    with pytest.raises(IteratedError, match="3 actions"):
        long_run_points((1, 0, 1, 0), (1, 0, 1, 0), ROCK_PAPER_SCISSORS)
    with pytest.raises(IteratedError, match="has 3"):
        expected_points(TitForTat().machine(), [[0, 0]], IteratedMatch(ROCK_PAPER_SCISSORS))


def test_matches_without_chance_are_known_exactly() -> None:
    machines = Machines.of_players([TitForTat(), Defector()])
    assert expected_points(machines, [[0, 1], [0, 0]], IteratedMatch()).tolist() == [
        [199, 204],
        [600, 600],
    ]


@pytest.mark.parametrize(
    ("actions", "noise", "ending"), [(2, 0.0, 0.0), (2, 0.1, 0.0), (3, 0.2, 0.05)]
)
def test_play_has_the_expected_mean(actions: int, noise: float, ending: float) -> None:
    machines = Machines.concatenate([random_machines(3, actions, 5)])
    match = IteratedMatch(random_game(actions, 6), 25, noise, ending)
    n = 20_000
    for i, j in ((0, 1), (1, 2), (2, 2)):
        pairs = np.tile([i, j], (n, 1))
        seeds = np.random.default_rng(i).integers(2**64, size=n, dtype=np.uint64)
        points = match.points(count_outcomes(machines, match, pairs, seeds))
        expected = expected_points(machines, [[i, j]], match)[0]
        error = points.std(axis=0) / np.sqrt(n) + 1e-9
        assert (np.abs(points.mean(axis=0) - expected) < 4 * error).all()


def test_tit_for_tat_among_random_players_gets_nine_quarters() -> None:
    machines = Machines.of_players([TitForTat(), Random()])
    mean = expected_points(machines, [[0, 1]], IteratedMatch(turns=1_000))[0] / 1_000
    assert mean == pytest.approx([2.25, 2.25], abs=2e-3)
