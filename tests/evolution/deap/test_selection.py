"""SPEA2 and the tournaments choose as DEAP's own do."""

import random

import numpy as np
import pytest

from evolution.deap import ToolboxError, selNSGA2, selSPEA2, selTournament, selTournamentDCD
from tests.evolution.deap.samples import (
    WEIGHTS,
    assert_same_frequencies,
    names,
    near_front,
    population,
)

tools = pytest.importorskip("deap.tools", reason="compares with DEAP, of the extra `test`")


def mutually_free(rng, n):
    """Points of which none dominates another."""
    first = rng.permutation(n) + rng.uniform(0.0, 0.9, n)
    return np.column_stack([first, -first + rng.uniform(0.0, 0.05, n)])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("weights", [(-1.0, -1.0), (1.0, 1.0)])
def test_spea2_thins_the_same_individuals_as_deap(seed, weights):
    rng = np.random.default_rng(seed)
    individuals = population(mutually_free(rng, 60), weights)
    k = int(rng.integers(10, 55))
    assert sorted(names(selSPEA2(individuals, k))) == sorted(names(tools.selSPEA2(individuals, k)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("direction", WEIGHTS)
def test_spea2_fills_up_by_the_strength_of_dominators_as_deap(seed, direction):
    rng = np.random.default_rng(seed)
    weights = WEIGHTS[direction]
    individuals = population(rng.random((40, len(weights))), weights)
    raw = raw_fitness(individuals)
    k = int(rng.integers(sum(r == 0 for r in raw), 41))
    ours, theirs = names(selSPEA2(individuals, k)), names(tools.selSPEA2(individuals, k))
    assert len(set(ours)) == k
    assert sorted(raw[i] for i in ours) == sorted(raw[i] for i in theirs)


def raw_fitness(individuals):
    fits = [i.fitness for i in individuals]
    strength = [sum(a.dominates(b) for b in fits) for a in fits]
    return [sum(s for b, s in zip(fits, strength, strict=True) if b.dominates(a)) for a in fits]


@pytest.mark.parametrize("tournsize", [1, 2, 5])
def test_tournaments_are_won_as_often_as_in_deap(tournsize):
    rng = np.random.default_rng(tournsize)
    # Few values of the first objective, so that the second and ties of both decide, too.
    individuals = population(rng.integers(0, 3, (12, 2)).astype(float), (1.0, -1.0))
    ours = selTournament(individuals, 6000, tournsize, rng=rng)
    random.seed(tournsize)
    theirs = tools.selTournament(individuals, 6000, tournsize)
    assert_same_frequencies(names(ours), names(theirs))


def test_the_greater_fitness_wins_and_a_failed_one_never():
    individuals = population(np.array([[1.0], [np.nan], [3.0], [2.0]]), (1.0,))
    chosen = selTournament(individuals, 400, 3, rng=np.random.default_rng(1))
    won = np.bincount(names(chosen), minlength=4)
    assert won[2] > won[3] > won[0] > won[1]
    assert won[1] < 400 * 4 / 4**3 + 20  # only in tournaments of nobody else


def test_a_fitness_of_another_name():
    individuals = population(np.array([[1.0], [2.0]]), (1.0,))
    for individual in individuals:
        individual.other = individual.fitness
        del individual.fitness
    chosen = selTournament(individuals, 50, 8, fit_attr="other", rng=np.random.default_rng(1))
    assert names(chosen).count(1) > 45


def test_tournaments_by_dominance_and_crowding_are_won_as_often_as_in_deap():
    rng = np.random.default_rng(3)
    individuals = selNSGA2(population(rng.integers(0, 6, (24, 2)).astype(float), (-1.0, -1.0)), 24)
    random.seed(3)
    runs = range(600)
    ours = [names(selTournamentDCD(individuals, 12, rng=rng)) for _ in runs]
    theirs = [names(tools.selTournamentDCD(individuals, 12)) for _ in runs]
    won, lost = (np.array([np.bincount(r, minlength=24) for r in s]) for s in (ours, theirs))
    assert (won.sum(axis=1) == 12).all()
    error = np.sqrt((won.var(axis=0) + lost.var(axis=0)) / len(runs))
    assert (np.abs(won.mean(axis=0) - lost.mean(axis=0)) <= 4 * error).all()
    assert np.ptp(won.mean(axis=0)) > 0.5


def test_nobody_wins_more_than_two_tournaments_and_all_enter_when_all_are_wanted():
    rng = np.random.default_rng(0)
    individuals = selNSGA2(population(near_front(rng, 40, 2), (-1.0, -1.0)), 40)
    chosen = names(selTournamentDCD(individuals, 40, rng=rng))
    assert len(chosen) == 40
    assert max(np.bincount(chosen)) == 2


@pytest.mark.parametrize("k", [41, 42, 44])
def test_more_than_there_are_cannot_be_selected(k):
    individuals = selNSGA2(population(np.random.default_rng(0).random((42, 2)), (1.0, 1.0)), 42)
    with pytest.raises(ToolboxError, match=r"at most 40 .*multiple of 4"):
        selTournamentDCD(individuals, k, rng=np.random.default_rng(0))


def test_crowding_must_be_known():
    individuals = population(np.random.default_rng(0).random((8, 2)), (1.0, 1.0))
    with pytest.raises(ToolboxError, match=r"no fitness\.crowding_dist; selNSGA2 sets it"):
        selTournamentDCD(individuals, 4, rng=np.random.default_rng(0))


@pytest.mark.parametrize("rng", [None, 7])
def test_an_operator_without_a_generator_says_what_to_do(rng):
    with pytest.raises(ToolboxError, match=r"rng=rng\)|default_rng"):
        selTournament(population(np.ones((4, 1)), (1.0,)), 2, 2, rng=rng)


def test_nobody_of_nobody():
    rng = np.random.default_rng(0)
    assert selTournament([], 0, 3, rng=rng) == []
    assert selTournamentDCD([], 0, rng=rng) == []
    assert selSPEA2([], 0) == []
    with pytest.raises(ToolboxError, match="tournsize is 0"):
        selTournament(population(np.ones((2, 1)), (1.0,)), 1, 0, rng=rng)
