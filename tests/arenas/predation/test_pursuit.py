"""The chase as a contest: the same chases, fair to all, and something to learn in them."""

import numpy as np
import pytest

from arenas.coevolution import mean_interval
from arenas.predation import (
    Chase,
    ChaseRules,
    PredationError,
    Pursuit,
    coevolve_chase,
    steer,
    steering_spec,
)
from arenas.predation.chase import scatter
from evolution import GeneticAlgorithm
from tests.swarm.splitmix import WORD, mixed

SPEC = steering_spec()
SMALL = ChaseRules(size=20.0, sight=8.0, steps=30, stamina=30)


def genomes(n, seed):
    return SPEC.sample(n, np.random.default_rng(seed))


def plain_outcome(contest, one, other, seed):
    """One pair, a step of `Chase` at a time."""
    lived, steps = 0, contest.rules.steps
    for trial in range(contest.trials):
        chase = Chase(contest.rules, contest.predators, contest.prey, 0)
        chase.stream[0] = mixed((mixed(seed) + trial) % WORD)
        scatter(chase._cells, chase.heading, chase.stream)
        weights = np.concatenate(
            [np.tile(one, (contest.predators, 1)), np.tile(other, (contest.prey, 1))]
        )
        while not chase.over:
            chase.step(steer(weights, chase.observations))
        prey = slice(contest.predators, None)
        lived += np.where(chase.alive[prey], steps, chase.age[prey]).sum()
    return 1 - lived / (contest.trials * steps * contest.prey)


def test_a_contest_is_chases_step_for_step():
    contest = Pursuit(SMALL, predators=2, prey=3, trials=2)
    one, other = genomes(3, 1), genomes(4, 2)
    got = contest(one, other, 2**62 + 5)
    plain = [
        [plain_outcome(contest, a, b, 2**62 + 5) for b in other["steering"]]
        for a in one["steering"]
    ]
    np.testing.assert_array_equal(got, plain)
    assert got.std() > 0


def test_a_pair_depends_on_itself_and_the_seed_alone():
    contest, one, other = Pursuit(SMALL), genomes(5, 3), genomes(6, 4)
    whole = contest(one, other, 7)
    part = contest(SPEC.take(one, np.array([4, 1])), SPEC.take(other, np.array([2])), 7)
    np.testing.assert_array_equal(part, whole[[4, 1]][:, [2]])
    assert (contest(one, other, 8) != whole).any()


def test_a_small_hunt_repeats():
    arguments = {
        "generations": 8,
        "population": 6,
        "contest": Pursuit(SMALL, trials=1),
        "hidden": 1,
        "rivals": 3,
        "ancestors": 2,
        "test": 20,
    }
    hunt, again = coevolve_chase(5, **arguments), coevolve_chase(5, **arguments)
    assert hunt.ciao.shape == (8, 8)
    np.testing.assert_array_equal(hunt.ciao, again.ciao)
    assert hunt.predators_held_out.score == again.predators_held_out.score
    assert hunt.cycling.p_value == again.cycling.p_value
    assert hunt.prey_at_first.outcomes.shape == (1, 20)
    assert hunt.run.generation == 8
    assert (coevolve_chase(6, **arguments).ciao != hunt.ciao).any()


def test_against_fixed_prey_predators_learn_to_hunt():
    """Prey of one genome that flees: evolution finds who catches it from starts never seen."""
    fleeing = {"steering": np.array([[0.0, -3, 0, 0, 0, 0, 0, 0]])}
    search = GeneticAlgorithm(SPEC, 20, rng=1, elites=0)
    contest = Pursuit(trials=4)
    for generation in range(15):
        search.tell(-contest(search.ask(), fleeing, generation)[:, 0])
    best = contest(search.best.genomes, fleeing, 10**6)[0, 0]
    first = contest(genomes(50, 9), fleeing, 10**6)[:, 0]
    assert best > np.quantile(first, 0.9)


def test_refusals_teach():
    with pytest.raises(PredationError, match="at least 1"):
        Pursuit(trials=0)
    with pytest.raises(PredationError, match="hidden is -1"):
        steering_spec(-1)


@pytest.mark.slow
def test_both_sides_learn_what_helps_against_strangers():
    """Over seeds: against random opponents that they never met, champions get better."""
    hunts = [coevolve_chase(seed, generations=20) for seed in range(32)]
    gain = [h.predators_held_out.score.mean - h.predators_at_first.score.mean for h in hunts]
    assert mean_interval(gain).low > 0
    anybody = 1 - Pursuit()(genomes(100, 1), genomes(100, 2), 3).mean()
    assert mean_interval([h.prey_held_out.score.mean for h in hunts]).low > anybody
    assert not any(hunt.disengagement.found for hunt in hunts)


def test_a_hunt_too_short_to_judge_is_refused_at_once():
    for few in ({"generations": 7}, {"test": 1}):
        with pytest.raises(PredationError, match="at least 8"):
            coevolve_chase(1, **few)
