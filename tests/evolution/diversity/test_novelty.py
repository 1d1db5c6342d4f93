"""Novelty search: ranks, admission, restore, failures, and a planted trap."""

import json

import numpy as np
import pytest

from evolution import Evaluated, GenomeSpec, ObjectiveError, Real
from evolution.diversity import (
    AboveThreshold,
    AtRandom,
    DiversityError,
    MostNovel,
    NoveltySearch,
)

spec = GenomeSpec({"x": Real(4)})


def behave(genomes):
    """Two measures; the objective fails for some."""
    x = genomes["x"]
    f = np.where(x[:, 3] < 0.1, np.nan, x[:, 2])
    return f, np.column_stack([x[:, 0] + x[:, 1], x[:, 0] * x[:, 2]])


def run(search, generations):
    for _ in range(generations):
        search.tell(*behave(search.ask()))


def nearest_plain(points, queries, k, skip=None):
    squares = np.zeros((len(queries), len(points)))
    for d in range(points.shape[1]):
        squares += (queries[:, d, np.newaxis] - points[:, d]) ** 2
    if skip is not None:
        squares[np.arange(len(queries)), skip] = np.inf
    rows = np.argsort(squares, axis=1, kind="stable")[:, :k]
    return np.sqrt(np.take_along_axis(squares, rows, axis=1)), rows


def test_the_most_novel_are_admitted():
    novelty = np.array([1.0, 3.0, np.inf, 3.0, 2.0])
    assert MostNovel(3).choose(novelty, {}, np.random.default_rng(1)).tolist() == [1, 2, 3]
    assert MostNovel(9).choose(novelty, {}, np.random.default_rng(1)).tolist() == [0, 1, 2, 3, 4]


def test_chance_admits_its_share():
    n, p = 100_000, 0.02
    rows = AtRandom(p).choose(np.zeros(n), {}, np.random.default_rng(1))
    assert abs(len(rows) - n * p) < 4 * np.sqrt(n * p * (1 - p))


def test_the_threshold_follows_how_many_pass_it():
    admission, learnt, rng = AboveThreshold(start=10.0, many=2, patience=3), {}, None
    assert admission.choose(np.array([11.0, 9.0, 10.0]), learnt, rng).tolist() == [0]
    assert learnt["threshold"] == 10.0
    assert len(admission.choose(np.full(3, 20.0), learnt, rng)) == 3
    assert learnt["threshold"] == 12.0
    for _ in range(3):
        assert learnt["threshold"] == 12.0
        assert not len(admission.choose(np.full(3, 1.0), learnt, rng))
    assert learnt["threshold"] == 12.0 * 0.95
    learnt = {}
    assert AboveThreshold().choose(np.array([1.0, 2.0, 9.0]), learnt, rng).tolist() == [2]
    assert learnt["threshold"] == 2.0
    learnt = {}  # equals say nothing of how novel one can be
    for novelty in (np.zeros(3), np.full(3, np.inf), np.empty(0)):
        assert not len(AboveThreshold().choose(novelty, learnt, rng))
    assert AboveThreshold().choose(np.array([0.0, 0.0, 0.0, 1.0, 4.0]), learnt, rng).tolist() == [4]


def test_a_generation_is_ranked_by_novelty():
    founders = {"x": np.random.default_rng(1).random((20, 4))}
    search = NoveltySearch(spec, 20, 1, neighbours=3, founders=founders)
    run(search, 1)
    f, measures = behave(founders)
    valid = ~np.isnan(f)
    assert 0 < (~valid).sum() < 10
    held = measures[valid]
    mean = nearest_plain(held, held, 3, skip=np.arange(len(held)))[0].mean(axis=1)
    order = np.argsort(-mean, kind="stable")
    np.testing.assert_array_equal(search.measures[: len(held)], held[order])
    np.testing.assert_allclose(search.novelty[: len(held)], mean[order], rtol=1e-15)
    assert np.isnan(search.novelty[len(held) :]).all()
    assert {tuple(p) for p in search.archive.points} == {tuple(p) for p in held[order][:6]}
    assert search.best.objectives[0, 0] == np.nanmin(f)
    np.testing.assert_array_equal(search.best.genomes["x"][0], founders["x"][np.nanargmin(f)])


def test_a_weight_blends_in_the_objective():
    founders = {"x": np.random.default_rng(1).random((20, 4))}
    search = NoveltySearch(spec, 20, 1, fitness_weight=1.0, founders=founders)
    run(search, 1)
    f = search.objectives[:, 0]
    assert (np.diff(f[~np.isnan(f)]) >= 0.0).all()
    assert np.isnan(f[-1])


def test_local_competition_counts_the_neighbours_beaten():
    # Two far groups: in each, the best of four beats its three neighbours.
    x = np.full((8, 4), 0.5)
    x[:, 0] = np.array([0, 1, 2, 3, 64, 63, 62, 61]) / 64
    search = NoveltySearch(spec, 8, 1, neighbours=3, local_competition=True, founders={"x": x})
    search.ask()
    values = np.array([4.0, 3.0, 1.0, 2.0, 40.0, 30.0, 10.0, 20.0])
    search.tell(values, x[:, :1])
    # The best of each group, and the better one of its ends, which are more novel: the first
    # front, though by the objective alone the whole first group is before the second.
    assert set(search.objectives[:4, 0]) == {1.0, 2.0, 10.0, 20.0}


def searches():
    return {
        "novelty": lambda rng: NoveltySearch(spec, 20, rng),
        "threshold": lambda rng: NoveltySearch(spec, 20, rng, admission=AboveThreshold()),
        "random": lambda rng: NoveltySearch(
            spec, 20, rng, admission=AtRandom(0.1), fitness_weight=0.3
        ),
        "local": lambda rng: NoveltySearch(spec, 20, rng, local_competition=True),
    }


@pytest.mark.parametrize("kind", searches())
@pytest.mark.parametrize("before", [0, 1, 6])
@pytest.mark.parametrize("asked", [False, True])
def test_a_restored_search_goes_on_bit_for_bit(kind, before, asked):
    search, other = searches()[kind](1), searches()[kind](2)
    run(search, before)
    if asked:
        search.ask()
    arrays, facts = search.state()
    search.state()  # perturbs nothing
    other.restore((arrays, json.loads(json.dumps(facts))))
    for each in (search, other):
        if asked:
            each.tell(*behave(each.asked))
        run(each, 8)
    (mine, my_facts), (theirs, their_facts) = search.state(), other.state()
    assert my_facts == their_facts
    assert mine.keys() == theirs.keys()
    for name, array in mine.items():
        assert array.tobytes() == theirs[name].tobytes(), name


@pytest.mark.parametrize("kind", searches())
def test_a_generation_of_failures_stops_nobody(kind):
    search = searches()[kind](1)
    for value, measure in [(np.nan, 0.0), (1.0, np.inf), (1.0, np.nan)]:
        search.ask()
        search.tell(np.full(20, value), np.full((20, 2), measure))
        assert len(search.archive) == 0
    run(search, 3)
    valid = ~np.isnan(search.novelty)
    assert valid.any()
    assert (np.diff(valid.astype(int)) <= 0).all()


def test_immigrants_take_the_last_places_and_are_ranked():
    home, abroad = searches()["novelty"](1), searches()["novelty"](2)
    run(home, 3)
    run(abroad, 3)
    size, first = len(home.archive), home.residents
    three = np.arange(3)
    some = abroad.residents
    immigrants = Evaluated(
        spec.take(some.genomes, three), some.objectives[three], some.measures[three] + 10.0
    )
    home.receive(immigrants)
    assert len(home.archive) == size
    assert set(map(tuple, immigrants.measures)) == set(map(tuple, home.measures[:3]))
    kept = set(map(tuple, first.measures[:17]))
    assert set(map(tuple, home.measures[3:])) == kept
    with pytest.raises(ObjectiveError, match="their measures"):
        home.receive(Evaluated(some.genomes, some.objectives))


def trap(x):
    """A planted trap: the objective leads to 0.3, and only beyond 0.9 is it below that."""
    place = x[:, 0]
    return np.where(place > 0.9, -1.0, np.abs(place - 0.3)), x[:, :1]


def test_novelty_escapes_the_trap_that_the_objective_falls_into():
    def reached(weight, seed):
        founders = {"x": np.full((20, 4), 0.2)}
        search = NoveltySearch(spec, 20, seed, fitness_weight=weight, founders=founders)
        for _ in range(100):
            search.tell(*trap(search.ask()["x"]))
        return search.best.objectives[0, 0] == -1.0

    assert sum(reached(0.0, seed) for seed in range(10)) >= 9
    assert sum(reached(1.0, seed) for seed in range(10)) <= 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NoveltySearch(spec, 20, 1, neighbours=0), "neighbours is 0"),
        (lambda: NoveltySearch(spec, 20, 1, fitness_weight=1.5), "fitness_weight 1.5"),
        (lambda: NoveltySearch(spec, 20, 1, fitness_weight=0.5, local_competition=True), "choose"),
        (lambda: MostNovel(-1), "MostNovel"),
        (lambda: AtRandom(2.0), "AtRandom"),
        (lambda: AboveThreshold(patience=0), "AboveThreshold"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(DiversityError, match=message):
        make()
