"""What was memorised is found out by opponents that were never met."""

import numpy as np
import pytest

from arenas.coevolution import (
    Coevolution,
    CoevolutionError,
    NumbersGame,
    fingerprints,
    held_out,
    mean_interval,
)
from evolution import GeneticAlgorithm, GenomeSpec, Real
from tests.arenas.coevolution.planted import genetic

PUPIL = GenomeSpec({"weights": Real(40, low=-1, high=1)})
QUESTION = GenomeSpec({"features": Real(40, low=-1, high=1)})


def answers(pupils, questions, seed, rule):
    """Who answers a question rightly: by the sign of a weighted sum, as `rule` says is right."""
    said = pupils["weights"] @ questions["features"].T > 0
    return (said == rule(questions["features"])).astype(float)


def learnable(pupils, questions, seed):
    """What is right is in the first feature: a rule that can be learned."""
    return answers(pupils, questions, seed, lambda features: features[:, 0] > 0)


def arbitrary(pupils, questions, seed):
    """What is right changes wildly from question to question: it can be memorised only."""
    return answers(pupils, questions, seed, lambda features: (features * 1e6).sum(axis=1) % 2 > 1)


def trained(contest, questions, seed):
    """The best of a search that is trained on these questions alone."""
    search = GeneticAlgorithm(PUPIL, 40, rng=seed)
    for _ in range(60):
        search.tell(-contest(search.ask(), questions, 0).mean(axis=1))
    return search.best.genomes


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_memoriser_is_exposed(seed):
    rng = np.random.default_rng(seed)
    met, strangers = QUESTION.sample(8, rng), QUESTION.sample(400, rng)
    memoriser = trained(arbitrary, met, seed)
    assert arbitrary(memoriser, met, 0).mean() >= 0.95
    seen = held_out(arbitrary, memoriser, strangers, (PUPIL, QUESTION), 0)
    assert seen.score.holds(0.5) or abs(seen.score.mean - 0.5) < 4 * 0.5 / 20
    assert seen.score.high < 0.65
    # Whoever learned the rule of the other game is not: the same score on strangers.
    rule = {"weights": np.eye(1, 40)}
    assert held_out(learnable, rule, strangers, (PUPIL, QUESTION), 0).score == (1.0, 1.0, 1.0)


def test_intervals_are_over_opponents():
    rng = np.random.default_rng(4)
    pupils, questions = PUPIL.sample(3, rng), QUESTION.sample(50, rng)
    seen = held_out(learnable, pupils, questions, (PUPIL, QUESTION), 0, level=0.9)
    known = learnable(pupils, questions, 0)
    np.testing.assert_array_equal(seen.outcomes, known)
    assert seen.scores == tuple(mean_interval(row, 0.9) for row in known)
    assert seen.score == mean_interval(known.mean(axis=0), 0.9)
    back = held_out(learnable, questions, pupils, (PUPIL, QUESTION), 0, side=1)
    np.testing.assert_array_equal(back.outcomes, 1 - known.T)


def test_opponents_that_were_met_are_refused():
    game = NumbersGame("sum", bits=20)
    sides = (genetic(game.spec(ones=True), 1), genetic(game.spec(ones=True), 2))
    run = Coevolution(*sides, game, rng=3, rivals=None).run(5)
    strangers = game.spec(ones=True).sample(50, np.random.default_rng(9))
    seen = run.held_out(strangers, seed=1)
    plain = game(run.sides[0].search.spec.take(run.sides[0].champions, np.array([4])), strangers, 1)
    np.testing.assert_array_equal(seen.outcomes, plain)
    # The first generation of the second side is what the first side met at first.
    first = genetic(game.spec(ones=True), 2).ask()
    mixed = game.spec().concatenate(strangers, first)
    with pytest.raises(CoevolutionError, match="25 of 75 opponents were met"):
        run.held_out(mixed, seed=1)
    # Champions of a side are strangers to itself, and met by the other.
    champions = run.sides[1].champions
    assert run.held_out(champions, seed=1, side=1).outcomes.shape == (1, 5)
    with pytest.raises(CoevolutionError, match="met in training"):
        run.held_out(champions, seed=1, side=0)


def test_fingerprints_tell_genomes_apart():
    rng = np.random.default_rng(1)
    genomes = PUPIL.sample(200, rng)
    marks = fingerprints(PUPIL, genomes)
    assert len(set(marks.tolist())) == 200
    order = rng.permutation(200)
    np.testing.assert_array_equal(fingerprints(PUPIL, PUPIL.take(genomes, order)), marks[order])
    genomes["weights"][7, 3] += 1e-9
    assert (fingerprints(PUPIL, genomes) != marks).nonzero()[0].tolist() == [7]


def test_refusals_teach():
    rng = np.random.default_rng(1)
    pupils, one = PUPIL.sample(2, rng), QUESTION.sample(1, rng)
    with pytest.raises(CoevolutionError, match="better 200"):
        held_out(learnable, pupils, one, (PUPIL, QUESTION), 0)
    with pytest.raises(CoevolutionError, match="side is 2"):
        held_out(learnable, pupils, one, (PUPIL, QUESTION), 0, side=2)
    game = NumbersGame()
    run = Coevolution(genetic(game.spec(), 1), None, game, rng=1)
    with pytest.raises(CoevolutionError, match="before the first step"):
        run.held_out(game.spec(ones=True).sample(5, rng), 0)
