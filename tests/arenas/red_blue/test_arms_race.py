"""Red and blue coevolve, and blue is tested on attacks by hand that it never met."""

import numpy as np
import pytest

from arenas.coevolution import Coevolution, mean_interval
from arenas.red_blue import (
    CommonsRules,
    RedBlueContest,
    as_genomes,
    attacks,
    defence_spec,
    script_spec,
)
from evolution import GeneticAlgorithm

RULES = CommonsRules()


def held_out_attacks():
    return script_spec(RULES).concatenate(*(as_genomes(a.script, RULES) for a in attacks(RULES)))


def race(seed, size, generations, **settings):
    """Blue's score on held-out attacks: of its first population, on average, and its champion."""
    red = GeneticAlgorithm(script_spec(RULES), size, rng=seed, elites=0)
    blue = GeneticAlgorithm(defence_spec(), size, rng=seed + 100, elites=0)
    contest = RedBlueContest(RULES, worlds=3)
    run = Coevolution(red, blue, contest, rng=seed + 200, **settings).run(generations)
    run.contest = RedBlueContest(RULES, worlds=24)
    beginners = defence_spec().sample(size, np.random.default_rng(seed + 100))
    before = run.held_out(held_out_attacks(), 7, side=1, genomes=beginners)
    after = run.held_out(held_out_attacks(), 7, side=1)
    return before.score.mean, after.score.mean


def test_the_contest_is_one_of_harm_in_both_directions():
    rng = np.random.default_rng(1)
    red, blue = script_spec(RULES).sample(3, rng), defence_spec().sample(2, rng)
    got = RedBlueContest(RULES, 2)(red, blue, 5)
    assert got.shape == (3, 2)
    assert ((got >= 0) & (got <= 1)).all()
    np.testing.assert_array_equal(got, RedBlueContest(RULES, 2)(red, blue, 5))
    one = RedBlueContest(RULES, 2)(
        script_spec(RULES).take(red, slice(1, 2)), defence_spec().take(blue, slice(1, 2)), 5
    )
    assert one[0, 0] == got[1, 1]


def test_a_defence_improves_under_attack():
    before, after = race(1, 14, 6, rivals=5, ancestors=3)
    assert after > before + 0.05


@pytest.mark.slow
def test_defences_improve_under_attack_over_seeds():
    scores = np.array([race(s, 24, 12, rivals=8, ancestors=6) for s in range(6)])
    gained = mean_interval(scores[:, 1] - scores[:, 0])
    assert gained.low > 0.05
    assert scores[:, 1].mean() > 0.8
