"""Islands: who sends to whom and when, and one result however they are run."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from evolution import (
    NSGA2,
    AskTellError,
    Evaluated,
    GeneticAlgorithm,
    GenomeSpec,
    Grid,
    Islands,
    Lexicase,
    MAPElites,
    NoveltySearch,
    ObjectiveError,
    Real,
    evolve,
)
from evolution.islands.voyage import Voyage
from tests.evolution.problems import sphere

SPEC = GenomeSpec({"x": Real(4, -1.0, 1.0)})


def archipelago(n=4, **settings):
    searches = [GeneticAlgorithm(SPEC, 8, seed) for seed in range(n)]
    return Islands(searches, 9, **{"every": 3, "migrants": 2, **settings})


def same(a, b):
    (arrays, facts), (others, of_others) = a.state(), b.state()
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name], err_msg=name)
    assert json.dumps(facts) == json.dumps(of_others)


def edges(search, epoch=1):
    return {(int(a), int(b)) for a, b in np.argwhere(search.routes(epoch))}


def test_routes():
    assert edges(archipelago(4)) == {(0, 1), (1, 2), (2, 3), (3, 0)}
    star = archipelago(4, topology="star")
    assert edges(star) == {(0, 1), (0, 2), (0, 3), (1, 0), (2, 0), (3, 0)}
    assert len(edges(archipelago(4, topology="full"))) == 12
    assert edges(archipelago(1)) == edges(archipelago(1, topology="random")) == set()
    own = np.zeros((4, 4), bool)
    own[2, 0] = True
    assert edges(archipelago(4, topology=own)) == {(2, 0)}


def test_random_routes_are_drawn_anew_and_evenly():
    search = archipelago(4, topology="random")
    drawn = np.array([search.routes(epoch) for epoch in range(600)])
    assert (drawn.sum(axis=2) == 1).all()
    assert not drawn[:, np.arange(4), np.arange(4)].any()
    # Each of 12 routes 200 times on average, with a deviation of 11.5.
    often = drawn.sum(axis=0)[~np.eye(4, dtype=bool)]
    assert (np.abs(often - 200) < 4 * 11.6).all()


def test_the_best_arrive_at_the_next_island_after_every_few_generations():
    search = archipelago(3, migrants=1)
    for generation in range(1, 4):
        n = SPEC.count(search.ask())
        F = np.full(n, 10.0 * generation)
        F[8] = -1.0  # the best of all lives on the second island
        search.tell(F)
        bests = [island.objectives[0, 0] for island in search.islands]
        assert bests[1] == -1.0
        assert bests[2] == (-1.0 if generation == 3 else 10.0)  # the first generation's elite
        assert bests[0] == 10.0


def test_asynchronous_migrants_arrive_one_migration_later():
    search = archipelago(3, migrants=1, asynchronous=True, every=1)
    arrived = []
    for generation in range(4):
        F = np.full(SPEC.count(search.ask()), 10.0)
        if generation == 0:
            F[8] = -1.0
        search.tell(F)
        arrived.append([island.objectives[0, 0] for island in search.islands])
    # It was sent to the third island after the first generation, and from there to the first.
    assert arrived == [[10, -1, 10], [10, -1, -1], [10, -1, -1], [-1, -1, -1]]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"topology": "random", "policy": "random"},
        {"asynchronous": True, "topology": "star"},
        {"asynchronous": True, "topology": "random", "every": 1},
        {"topology": "full", "every": 50},
    ],
    ids=str,
)
def test_one_result_by_ask_and_tell_and_with_any_number_of_workers(settings, pool):
    whole = evolve(archipelago(**settings), sphere, 11)
    for workers in (1, 2, 4):
        search = archipelago(**settings)
        for generations in (4, 0, 7):  # not at migrations
            search.run(sphere, generations, workers=workers, pool=pool if workers > 1 else None)
        same(search, whole)


def test_a_pool_is_made_where_none_is_given():
    whole = evolve(archipelago(), sphere, 4)
    same(archipelago().run(sphere, 4, workers=2), whole)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_mail_that_all_have_received_is_forgotten(asynchronous):
    voyage = Voyage(archipelago(every=1, asynchronous=asynchronous), sphere, 20)
    voyage.sail(None)
    assert len(voyage.sent) <= 2


def test_islands_of_different_kinds():
    searches = [GeneticAlgorithm(SPEC, 8, 1), NSGA2(SPEC, 12, 2)]
    search = evolve(Islands(searches, 3, every=2), sphere, 9)
    assert search.evaluations == 9 * 20
    assert len(search.residents.objectives) == 20
    assert (np.diff(search.residents.objectives[:, 0]) >= 0).all()
    assert search.best.objectives[0, 0] == min(s.objectives.min() for s in searches)


def test_immigrants_are_shared_out():
    search = evolve(archipelago(2), sphere, 1)
    best = Evaluated({"x": np.zeros((3, 4))}, np.array([[-3.0], [-2.0], [-1.0]]))
    search.receive(best)
    assert search.islands[0].objectives[:2, 0].tolist() == [-3.0, -1.0]
    assert search.islands[1].objectives[0, 0] == -2.0


def broken(genomes):
    if genomes["x"].sum() > 2.0:
        raise ZeroDivisionError("no such world")
    return sphere(genomes)


def test_a_run_that_fails_changes_nothing():
    search = evolve(archipelago(), sphere, 2)
    before = search.state()
    with pytest.raises(ZeroDivisionError, match="no such world"):
        search.run(broken, 40)
    for name, array in search.state()[0].items():
        np.testing.assert_array_equal(array, before[0][name])
    search.run(sphere, 3)


def test_a_failure_in_a_thread_leaves_nobody_under_way():
    searches = [GeneticAlgorithm(SPEC, 8, 1), GeneticAlgorithm(SPEC, 9, 2)]
    search = evolve(Islands(searches, 3, every=2), sphere, 2)
    before, _ = search.state()
    begun, ended = [], []

    def evaluate(genomes):
        begun.append(SPEC.count(genomes))
        while 9 not in begun:  # the second island is under way when the first fails
            time.sleep(0.01)
        if SPEC.count(genomes) == 8:
            raise ZeroDivisionError("no such world")
        time.sleep(0.2)
        ended.append(9)
        return sphere(genomes)

    with ThreadPoolExecutor(2) as threads:
        with pytest.raises(ZeroDivisionError):
            search.run(evaluate, 2, workers=2, pool=threads)
        assert begun.count(9) == len(ended) > 0
    for name, array in search.state()[0].items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize(
    ("islands", "F", "measures"),
    [
        ([NSGA2(SPEC, 8, 1), GeneticAlgorithm(SPEC, 8, 2)], (16, 2), None),
        ([Lexicase(SPEC, 8, seed, cases=5) for seed in range(2)], (16, 4), None),
        (
            [NoveltySearch(SPEC, 8, 1), MAPElites(SPEC, Grid([(0, 1)], 5), 2, batch=8)],
            (16, 1),
            (16, 2),
        ),
    ],
    ids=["objectives", "cases", "measures"],
)
def test_what_one_island_refuses_none_takes(islands, F, measures):
    search = Islands(islands, 9)
    search.ask()
    with pytest.raises(ObjectiveError, match=r"expected \[16, "):
        search.tell(np.zeros(F), None if measures is None else np.zeros(measures))
    search.tell(
        np.zeros((16, search.objectives_expected)), None if measures is None else np.zeros((16, 1))
    )
    assert [island.generation for island in islands] == [1, 1]


def test_a_single_measure_may_be_told_as_a_column_or_a_row():
    flat, column = (NoveltySearch(SPEC, 8, 1) for _ in range(2))
    evolve(flat, lambda genomes: (sphere(genomes), genomes["x"][:, 0]), 3)
    same(flat, evolve(column, lambda genomes: (sphere(genomes), genomes["x"][:, :1]), 3))


def test_evolve_shares_a_generation_out_and_keeps_its_order():
    whole = evolve(GeneticAlgorithm(SPEC, 9, 1), sphere, 5)
    with ThreadPoolExecutor(2) as threads:
        for workers in (2, 4, 20):
            parts = evolve(GeneticAlgorithm(SPEC, 9, 1), sphere, 5, workers=workers, pool=threads)
            same(parts, whole)


def test_evolve_takes_an_array_or_a_pair_and_nothing_else():
    with ThreadPoolExecutor(2) as threads:
        for workers, pool in ((1, None), (3, threads)):
            for wrong in (
                lambda genomes: (sphere(genomes),),
                lambda genomes: tuple(sphere(genomes)),
                lambda genomes: sphere(genomes).sum(),
                lambda genomes: sphere(genomes)[:2],
            ):
                search = GeneticAlgorithm(SPEC, 9, 1)
                with pytest.raises(ObjectiveError, match="expected"):
                    evolve(search, wrong, 1, workers=workers, pool=pool)
                evolve(search, sphere, 1)


def test_evolve_observes_and_goes_on_where_a_search_waits():
    search, seen = GeneticAlgorithm(SPEC, 9, 1), []
    search.ask()
    evolve(search, sphere, 3, observe=lambda s: seen.append(s.generation))
    assert seen == [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        evolve(search, lambda genomes: 1 / 0, 1)
    evolve(search, sphere, 1)
    assert search.generation == 4


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Islands([], 1), "no islands"),
        (lambda: Islands(GeneticAlgorithm(SPEC, 8, 1), 1), "a list of at least 1 search"),
        (lambda: archipelago(topology="line"), "topology is 'line'; allowed: ring, star"),
        (lambda: archipelago(topology=np.eye(4, dtype=bool)), "nobody to itself"),
        (lambda: archipelago(topology=np.zeros((3, 3))), r"topology is \[3, 3\]; expected"),
        (lambda: archipelago(every=0), "every is 0"),
        (lambda: archipelago(policy="worst"), "policy is 'worst'"),
        (lambda: Islands([GeneticAlgorithm(SPEC, 8, r) for r in [np.random.default_rng()] * 2], 1),
         "share a generator"),
        (lambda: Islands([Lexicase(SPEC, 8, 1, cases=5), GeneticAlgorithm(SPEC, 8, 2)], 1),
         r"different numbers of objectives, \[1, 5\]"),
        (lambda: Islands([Lexicase(SPEC, 8, s, cases=9, downsample=0.5) for s in (1, 2)], 1),
         "cannot receive migrants"),
        (lambda: Islands([NoveltySearch(SPEC, 8, 1), NSGA2(SPEC, 8, 2)], 1),
         "migrants from NSGA2 come without measures"),
        (lambda: archipelago().receive(GeneticAlgorithm(SPEC, 8, 1).residents), "out of turn"),
        (lambda: archipelago().run(sphere, -1), "generations is -1"),
        (lambda: evolve(archipelago(), sphere, -1), "generations is -1"),
        (lambda: evolve(archipelago(), sphere, 1, workers=0), "workers is 0"),
        (lambda: evolve(archipelago(), lambda g: 0, 1, workers=2), "define it with def"),
    ],
)  # fmt: skip
def test_bad_settings_teach(build, message):
    with pytest.raises(AskTellError, match=message):
        build()
