"""Generators against discriminators: the contest, what is learned, and the remedies."""

import math
from dataclasses import replace

import numpy as np
import pytest

from arenas.coevolution import mean_interval
from arenas.imitation import (
    AdversarialContest,
    Adversaries,
    Discriminators,
    ImitationError,
    MixtureGenerators,
    compare_remedies,
    mode_coverage,
    ring,
)

TARGET = ring(deviation=0.1)
CONTEST = AdversarialContest(TARGET, MixtureGenerators(), Discriminators())


def drawn(contest, n, m, seed=1):
    rng = np.random.default_rng(seed)
    return contest.generators.spec.sample(n, rng), contest.discriminators.spec.sample(m, rng)


def plain_reality(kind, weights, pack):
    """What one discriminator makes of a pack of points, a bump at a time."""
    line = np.linspace(-kind.reach, kind.reach, kind.side)
    width = kind.width * (line[1] - line[0])
    means = [
        np.mean([math.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * width**2)) for x, y in pack])
        for a in line
        for b in line
    ]
    seen = means if kind.pack == 1 else means + [mean**2 for mean in means]
    return 1 / (1 + math.exp(-(np.dot(seen, weights[:-1]) + weights[-1])))


@pytest.mark.parametrize("pack", [1, 4])
def test_outcomes_are_those_of_one_pair_at_a_time(pack):
    kind = Discriminators(side=3, pack=pack)
    contest = AdversarialContest(TARGET, MixtureGenerators(3), kind, batch=8)
    one, other = drawn(contest, 3, 2)
    found = contest(one, other, 5)
    real = TARGET.sample(8, np.random.default_rng([1, 5]))
    made = contest.generators.points(one, 8, 5)
    for i in range(3):
        for j in range(2):
            taken = [
                np.mean(
                    [
                        plain_reality(kind, other["weights"][j], points[at : at + pack])
                        for at in range(0, 8, pack)
                    ]
                )
                for points in (real, made[i])
            ]
            assert found[i, j] == pytest.approx(0.5 * (1 - taken[0] + taken[1]))


def test_nobody_tells_a_perfect_generator_from_the_target():
    perfect = {
        "centres": TARGET.modes.reshape(1, -1),
        "log_deviations": np.full((1, 8), math.log(0.1)),
    }
    _, judges = drawn(CONTEST, 1, 20)
    got = np.array([CONTEST(perfect, judges, seed).mean() for seed in range(30)])
    z = (got.mean() - 0.5) / (got.std(ddof=1) / math.sqrt(len(got)))
    assert abs(z) < 4


def test_only_judges_of_packs_tell_collapse_from_coverage():
    whole = TARGET.modes.reshape(1, -1)
    one, deviation = np.tile(TARGET.modes[0], (1, 8)), np.full((2, 8), math.log(0.1))
    genomes = {"centres": np.concatenate([whole, one]), "log_deviations": deviation}
    # Alike for all places: points near a bump look real; a pack with many near one does not.
    single, packs = Discriminators(side=13), Discriminators(side=13, pack=12)
    F = single.features
    flat = {"weights": np.full((1, F + 1), 0.5)}
    wary = {"weights": np.concatenate([np.zeros(F), np.full(F, -3.0), [3.0]])[None]}
    covering, collapsed = AdversarialContest(TARGET, CONTEST.generators, single)(genomes, flat, 1)
    assert abs(collapsed - covering) < 0.01
    covering, collapsed = AdversarialContest(TARGET, CONTEST.generators, packs)(genomes, wary, 1)
    assert collapsed < covering - 0.2


def test_novelty_rewards_the_unlike_and_leaves_the_order_of_judges_alone():
    novel = replace(CONTEST, novelty=0.3, neighbours=2)
    one, other = drawn(CONTEST, 5, 6)
    for column in one.values():
        column[1:4] = column[0]  # four alike, one other
    plain, found = CONTEST(one, other, 3), novel(one, other, 3)
    bonus = found - 0.7 * plain
    np.testing.assert_allclose(bonus[:4], 0.0, atol=1e-12)
    assert (bonus[4] > 0.01).all()
    order = plain.mean(axis=0).argsort()
    np.testing.assert_array_equal(found.mean(axis=0).argsort(), order)


def test_generators_learn_to_cover_the_target():
    adversaries, modes, quality = Adversaries(CONTEST), [], []
    for seed in range(4):
        run = adversaries.start(seed).run(1)
        first = adversaries.coverage(run)
        run.run(29)
        last, mixed = adversaries.coverage(run), adversaries.mixture_coverage(run)
        modes.append(last.captured[0] - first.captured[0])
        quality.append(mixed.high_quality[0] - first.high_quality[0])
    assert mean_interval(modes).low > 0
    assert mean_interval(quality).low > 0.1


def test_equal_seeds_give_equal_runs_and_restored_ones_go_on():
    adversaries = Adversaries(CONTEST, "islands", population=8, rivals=4)
    run, other = adversaries.start(3).run(6), adversaries.start(3).run(4)
    resumed = adversaries.start(4)
    resumed.restore(other.state())
    assert (resumed.run(2).mean == run.mean).all()
    points = adversaries.mixture_points(resumed, 3, 100)
    np.testing.assert_array_equal(points, adversaries.mixture_points(run, 3, 100))
    assert points.shape == (100, 2)


def test_all_remedies_run_and_are_paired_with_none():
    scores = compare_remedies(CONTEST, [1, 2], 3)
    assert [score.remedy for score in scores] == [
        "none",
        "hall",
        "islands",
        "sharing",
        "novelty",
        "packs",
    ]
    assert scores[0].gain == (0.0, 0.0, 0.0)
    for score in scores:
        assert score.gain.mean == pytest.approx(score.captured.mean - scores[0].captured.mean)


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ImitationError, match="allowed: none, hall"):
        Adversaries(CONTEST, "prayer")
    with pytest.raises(ImitationError, match="multiples of 4"):
        Adversaries(CONTEST, "islands", population=10)
    with pytest.raises(ImitationError, match="dimensions"):
        AdversarialContest(TARGET, MixtureGenerators(), Discriminators(dimensions=1))


@pytest.mark.slow
def test_the_mixture_of_champions_covers_more_than_the_last_champion():
    more = []
    for seed in range(8):
        adversaries = Adversaries(CONTEST)
        run = adversaries.start(seed).run(150)
        last = adversaries.coverage(run).reverse_kl[0]
        more.append(last - mode_coverage(adversaries.mixture_points(run, 75), TARGET).reverse_kl[0])
    assert mean_interval(more).low > 0
