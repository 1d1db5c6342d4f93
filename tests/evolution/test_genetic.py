"""The generational genetic algorithm: who wins tournaments, who lives on."""

import json

import numpy as np
import pytest
from scipy import stats

from evolution import AskTellError, GeneticAlgorithm, GenomeSpec, ObjectiveError, Real
from evolution.genetic import tournament_select
from evolution.search import Evaluated

SPEC = GenomeSpec({"x": Real(3, -1.0, 1.0)})


def generator(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_tournaments_are_won_as_often_as_they_should_be(size):
    objectives = generator(3).permutation(8).astype(float)[:, np.newaxis]
    k, n = 20_000, 8
    won = np.bincount(tournament_select(objectives, k, size, generator()), minlength=n)
    rank = objectives[:, 0]
    expected = k * ((n - rank) ** size - (n - rank - 1) ** size) / n**size
    assert stats.chisquare(won, expected).pvalue > 1e-4


def test_failed_ones_lose_to_everybody():
    objectives = np.array([[np.nan], [9.0], [np.inf]])
    won = np.bincount(tournament_select(objectives, 9_000, 2, generator()), minlength=3)
    np.testing.assert_allclose(won / 9_000, [1 / 9, 5 / 9, 3 / 9], atol=0.03)
    with pytest.raises(ObjectiveError, match="a tournament of 0 among 3"):
        tournament_select(objectives, 1, 0, generator())
    same = tournament_select(objectives[:, 0].tolist(), 50, 2, generator())
    np.testing.assert_array_equal(same, tournament_select(objectives, 50, 2, generator()))
    with pytest.raises(ObjectiveError, match=r"expected \[n\] or \[n, M\]"):
        tournament_select(3.0, 1, 1, generator())


@pytest.mark.parametrize("elites", [0, 1, 3])
def test_elites_live_on_and_the_rest_are_children(elites):
    search = GeneticAlgorithm(SPEC, 10, 1, elites=elites)
    search.ask()
    search.tell(np.arange(10.0))
    best = search.genomes["x"][:elites]
    children = search.ask()["x"]
    search.tell(np.arange(100.0, 110.0))
    np.testing.assert_array_equal(search.genomes["x"][:elites], best)
    np.testing.assert_array_equal(search.genomes["x"][elites:], children[: 10 - elites])
    assert search.objectives[:, 0].tolist() == [*range(elites), *range(100, 110 - elites)]


def test_immigrants_take_the_places_of_the_worst():
    search = GeneticAlgorithm(SPEC, 4, 1)
    search.ask()
    search.tell([3.0, np.nan, 1.0, 2.0])
    search.receive(Evaluated({"x": np.full((2, 3), 0.5)}, np.array([[2.5], [0.0]])))
    assert search.objectives[:, 0].tolist() == [0.0, 1.0, 2.0, 2.5]
    assert search.best.genomes["x"].tolist() == [[0.5, 0.5, 0.5]]


def test_immigrants_out_of_turn_or_of_other_problems_teach():
    search, best = (
        GeneticAlgorithm(SPEC, 4, 1),
        Evaluated({"x": np.zeros((1, 3))}, np.zeros((1, 1))),
    )
    with pytest.raises(AskTellError, match="out of turn"):
        search.receive(best)
    assert SPEC.count(search.ask()) == 4
    with pytest.raises(AskTellError, match="out of turn"):
        search.receive(best)
    search.tell(np.ones(4))
    with pytest.raises(ObjectiveError, match=r"objectives are \[1, 2\]; expected \[1, 1\]"):
        search.receive(Evaluated(best.genomes, np.zeros((1, 2))))
    search.receive(best)
    assert search.best.objectives == 0.0


def test_settings_are_plain_whatever_numbers_they_came_as():
    search = GeneticAlgorithm(SPEC, np.int64(4), 1, mutation_rate=np.float32(0.25))
    arrays, facts = search.state()
    GeneticAlgorithm(SPEC, 4, 1, mutation_rate=0.25).restore(
        (arrays, json.loads(json.dumps(facts)))
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tournament": 0}, "tournament is 0; at least 1"),
        ({"elites": 10}, "elites is 10; allowed: 0 to 9"),
        ({"crossover_rate": 1.5}, "crossover_rate is 1.5; a rate is a probability"),
        ({"mutation_rate": -0.1}, "mutation_rate is -0.1; a rate is a probability"),
        ({"mutation_scale": 0.0}, "mutation_scale is 0.0; allowed: above 0"),
        ({"population": 1}, "population is 1; at least 2"),
        ({"founders": SPEC.sample(3, generator())}, "3 founders for a population of 10"),
    ],
)
def test_bad_settings_teach(settings, message):
    with pytest.raises(AskTellError, match=message):
        GeneticAlgorithm(SPEC, **{"population": 10, "rng": 1, **settings})
