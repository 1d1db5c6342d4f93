"""NSGA-II: ranks and crowding against a plain reference, the search against pymoo."""

import json

import moocore
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from evolution import (
    NSGA2,
    AskTellError,
    Categorical,
    GenomeError,
    GenomeSpec,
    ObjectiveError,
    Permutation,
    Real,
    Simplex,
)
from evolution.pareto import ranking

# Few different values, so that duplicates and ties abound.
coarse = st.integers(-2, 2).map(float)
fine = st.floats(-1e6, 1e6)


def objectives(values=coarse, max_points=25):
    shapes = st.tuples(st.integers(0, max_points), st.integers(1, 4))
    return shapes.flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=values))


def dominates(a, b):
    return all(x <= y for x, y in zip(a, b, strict=True)) and tuple(a) != tuple(b)


def ranks_plain(F):
    ranks, left, rank = {}, set(range(len(F))), 0
    while left:
        front = {i for i in left if not any(dominates(F[j], F[i]) for j in left)}
        ranks |= dict.fromkeys(front, rank)
        left -= front
        rank += 1
    return [ranks[i] for i in range(len(F))]


def crowding_plain(F, ranks):
    distance = [0.0] * len(F)
    for rank in set(ranks):
        front = [i for i in range(len(F)) if ranks[i] == rank]
        for m in range(F.shape[1]):
            front.sort(key=lambda i, m=m: F[i, m])  # stable: ties keep the previous order
            span = F[front[-1], m] - F[front[0], m]
            for before, i, after in zip(front, front[1:], front[2:], strict=False):
                if span > 0:
                    distance[i] += (F[after, m] - F[before, m]) / (F.shape[1] * span)
            distance[front[0]] = distance[front[-1]] = np.inf
    return distance


@settings(max_examples=60, deadline=None)
@given(st.one_of(objectives(), objectives(fine)))
def test_ranks_and_crowding_equal_the_plain_ones(F):
    ranks = ranking.pareto_ranks(F)
    assert ranks.dtype == np.int64
    assert ranks.tolist() == ranks_plain(F)
    crowding = ranking.crowding_distance(F, ranks)
    np.testing.assert_allclose(crowding, crowding_plain(F, ranks.tolist()), rtol=1e-9, atol=1e-12)


def test_crowding_of_a_front_by_hand():
    F = np.array([[0.0, 4.0], [1.0, 2.0], [3.0, 1.0], [4.0, 0.0]])
    crowding = ranking.crowding_distance(F, [0, 0, 0, 0])
    assert crowding.tolist() == [np.inf, (3 / 4 + 3 / 4) / 2, (3 / 4 + 2 / 4) / 2, np.inf]
    # Each front for itself: as two fronts of two, all are ends.
    assert ranking.crowding_distance(F, [0, 1, 0, 1]).tolist() == [np.inf] * 4


def test_copies_in_the_middle_are_crowded_out():
    F = np.array([[0.0, 2.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [2.0, 0.0]])
    crowding = ranking.crowding_distance(F, np.zeros(5, int))
    assert crowding.tolist() == [np.inf, 0.5, 0.0, 0.5, np.inf]
    assert ranking.select(F, 4).tolist() == [0, 4, 1, 3]


@settings(max_examples=60, deadline=None)
@given(objectives(), st.data())
def test_failed_points_rank_behind_all_others(F, data):
    failed = np.array(data.draw(st.lists(st.booleans(), min_size=len(F), max_size=len(F))), bool)
    spoilt = F.copy()
    spoilt[failed, -1] = np.nan
    ranks = ranking.pareto_ranks(spoilt)
    np.testing.assert_array_equal(ranks[~failed], ranking.pareto_ranks(F[~failed]))
    assert (ranks[failed] > ranks[~failed].max(initial=-1)).all()
    crowding = ranking.crowding_distance(spoilt, ranks)
    assert (crowding[failed] == 0.0).all()
    np.testing.assert_array_equal(
        crowding[~failed], ranking.crowding_distance(F[~failed], ranks[~failed])
    )
    assert not failed[ranking.select(spoilt, int((~failed).sum()))].any()


def test_infinite_objectives_are_bad_but_no_failure():
    F = np.array([[0.0, 1.0], [0.5, 0.5], [np.inf, 0.0], [np.inf, 2.0], [np.nan, 0.0]])
    ranks = ranking.pareto_ranks(F)
    assert ranks.tolist() == [0, 0, 0, 1, 2]
    # The first objective has no finite range there and adds nothing.
    assert ranking.crowding_distance(F, ranks).tolist() == [np.inf, 0.5, np.inf, np.inf, 0.0]


@settings(max_examples=60, deadline=None)
@given(objectives(), st.data())
def test_selection_takes_whole_fronts_then_the_least_crowded(F, data):
    k = data.draw(st.integers(0, len(F)))
    rows = ranking.select(F, k)
    ranks = ranking.pareto_ranks(F)
    crowding = ranking.crowding_distance(F, ranks)
    expected = sorted(range(len(F)), key=lambda i: (ranks[i], -crowding[i], i))[:k]
    assert rows.tolist() == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ranking.pareto_ranks([1.0, 2.0]), r"objectives are \[2\]; expected \[n, M\]"),
        (lambda: ranking.pareto_ranks(np.empty((3, 0))), r"expected \[n, M\]"),
        (lambda: ranking.crowding_distance([[1.0, 2.0]], [0, 0]), r"ranks are \[2\]"),
        (lambda: ranking.select([[1.0, 2.0]], 2), "cannot select 2 of 1"),
        (
            lambda: ranking.binary_tournament(
                np.empty(0, int), np.empty(0), 2, np.random.default_rng(1)
            ),
            "at least 2 points",
        ),
    ],
)
def test_wrong_shapes_are_refused(call, message):
    with pytest.raises(ObjectiveError, match=message):
        call()


def test_everybody_enters_the_tournament_equally_often_and_the_better_wins():
    rng = np.random.default_rng(1)
    ranks = np.array([0, 0, 1, 1, 2, 2])
    crowding = np.array([1.0, 2.0, np.inf, 0.0, 3.0, 0.5])
    rounds = 3000
    wins = np.zeros(6)
    for _ in range(rounds):
        winners = ranking.binary_tournament(ranks, crowding, 6, rng)
        assert winners.shape == (6,)
        wins += np.bincount(winners, minlength=6)
    assert wins[1] == 2 * rounds  # the best enters once a shuffle and always wins
    assert wins[5] == 0
    # The others win as often as they meet one of the worse among the five.
    for row, worse in ((0, 4), (2, 3), (3, 2), (4, 1)):
        share = worse / 5
        z = (wins[row] - 2 * rounds * share) / np.sqrt(2 * rounds * share * (1 - share))
        assert abs(z) < 4


@pytest.mark.parametrize("n", [0, 1, 4, 7])
def test_of_an_odd_number_nobody_fights_himself(n):
    rng = np.random.default_rng(1)
    winners = [ranking.binary_tournament(np.arange(3), np.zeros(3), n, rng) for _ in range(50)]
    assert all(rows.shape == (n,) and rows.dtype == np.int64 for rows in winners)
    assert not any((rows == 2).any() for rows in winners)


def test_equals_win_as_often_as_each_other():
    rng = np.random.default_rng(2)
    winners = ranking.binary_tournament(np.zeros(4, int), np.ones(4), 40_000, rng)
    counts = np.bincount(winners, minlength=4)
    # Entering equally often makes the counts steadier than independent draws.
    assert np.abs(counts - 10_000).max() < 4 * np.sqrt(40_000 * 0.25 * 0.75)
    assert np.unique(counts).size > 1


# The search


def zdt1(X):
    g = 1.0 + 9.0 * X[:, 1:].mean(axis=1)
    return np.column_stack([X[:, 0], g * (1.0 - np.sqrt(X[:, 0] / g))])


def search_zdt1(population, generations, seed):
    search = NSGA2(GenomeSpec({"x": Real(30)}), population, seed)
    for _ in range(generations):
        search.tell(zdt1(search.ask()["x"]))
    return search


def hypervolume(F):
    return moocore.hypervolume(F, ref=[1.1, 1.1])


def test_zdt1_is_solved():
    search = search_zdt1(100, 200, 1)
    assert hypervolume(search.objectives) >= 0.86  # the whole true front has 0.8767
    assert len(search.front) == 100
    np.testing.assert_array_equal(zdt1(search.genomes["x"]), search.objectives)


def test_zdt1_is_as_good_as_with_pymoo():
    pytest.importorskip("pymoo", reason="compares with pymoo, which the extra `test` installs")
    from pymoo.algorithms.moo.nsga2 import NSGA2 as Peer  # noqa: N811 - a class
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM
    from pymoo.optimize import minimize
    from pymoo.problems import get_problem

    seeds = range(2)
    theirs = []
    for seed in seeds:
        algorithm = Peer(100, crossover=SBX(eta=20, prob=0.9), mutation=PM(eta=20))
        result = minimize(get_problem("zdt1"), algorithm, ("n_gen", 100), seed=seed)
        theirs.append(hypervolume(result.F))
    ours = [hypervolume(search_zdt1(100, 100, seed).objectives) for seed in seeds]
    # Single runs scatter by about 0.004 here; twenty generations fewer would cost 0.05.
    assert abs(np.mean(ours) - np.mean(theirs)) < 0.015, (ours, theirs)


MIXED = GenomeSpec(
    {"order": Permutation(5), "x": Real(4), "kind": Categorical(3, 4), "share": Simplex(3)}
)


def evaluate(genomes):
    F = np.column_stack(
        [
            genomes["x"].sum(axis=1) + genomes["order"][:, 0],
            (1.0 - genomes["x"]).sum(axis=1) + genomes["kind"].sum(axis=1),
            genomes["share"].max(axis=1),
        ]
    )
    F[genomes["kind"][:, 0] == 3] = np.nan
    return F


def assert_same(first, second):
    for name in MIXED.names:
        np.testing.assert_array_equal(first.genomes[name], second.genomes[name])
    for field in ("objectives", "ranks", "crowding"):
        np.testing.assert_array_equal(getattr(first, field), getattr(second, field))
    assert first.rng.bit_generator.state.__repr__() == second.rng.bit_generator.state.__repr__()


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.Philox, np.random.SFC64])
@pytest.mark.parametrize("stop", ["unborn", "asked first", "told", "asked"])
def test_a_resumed_search_goes_on_bit_for_bit(bits, stop, tmp_path):
    through = NSGA2(MIXED, 21, np.random.Generator(bits(1)))
    for _ in range(8):
        through.tell(evaluate(through.ask()))

    stopped = NSGA2(MIXED, 21, np.random.Generator(bits(1)))
    for _ in range(0 if stop in ("unborn", "asked first") else 4):
        stopped.tell(evaluate(stopped.ask()))
    if stop.startswith("asked"):
        stopped.ask()
    arrays, facts = stopped.state()
    np.savez(tmp_path / "state.npz", **arrays)
    (tmp_path / "state.json").write_text(json.dumps(facts))

    resumed = NSGA2(MIXED, 21, np.random.Generator(bits(99)))
    with np.load(tmp_path / "state.npz") as saved:
        resumed.restore((dict(saved), json.loads((tmp_path / "state.json").read_text())))
    assert_same(stopped, resumed)
    if resumed.asked is not None:
        resumed.tell(evaluate(resumed.asked))
    while resumed.generation < 8:
        resumed.tell(evaluate(resumed.ask()))
    assert_same(through, resumed)


def test_saving_never_perturbs():
    plain, saving = NSGA2(MIXED, 20, 3), NSGA2(MIXED, 20, 3)
    for _ in range(5):
        plain.tell(evaluate(plain.ask()))
        saving.state()
        genomes = saving.ask()
        arrays, _ = saving.state()
        for array in arrays.values():
            array.fill(0)
        F = evaluate(genomes)
        for column in genomes.values():
            column.fill(0)  # what ask() gave is the caller's own
        saving.tell(F)
    assert_same(plain, saving)


def test_what_was_told_stays_the_callers():
    search = NSGA2(MIXED, 6, 1)
    F = evaluate(search.ask())
    search.tell(F)
    before = search.objectives.copy()
    F.fill(7.0)
    np.testing.assert_array_equal(search.objectives, before)


def test_failed_evaluations_die_first_and_are_never_on_the_front():
    search = NSGA2(GenomeSpec({"x": Real(2)}), 10, 1)
    search.ask()
    search.tell(np.full((10, 2), np.nan))
    assert len(search.front) == 0
    F = zdt1(search.ask()["x"])
    F[:3] = np.nan
    search.tell(F)
    assert np.isnan(search.objectives).any(axis=1).tolist() == [False] * 7 + [True] * 3
    assert set(search.front) <= set(range(7))


def test_survivors_keep_the_ranks_they_had_among_all():
    search = NSGA2(MIXED, 30, 4)
    for _ in range(6):
        search.tell(evaluate(search.ask()))
        np.testing.assert_array_equal(search.ranks, ranking.pareto_ranks(search.objectives))
        assert (np.diff(search.ranks) >= 0).all()


def test_founders_replace_the_first_sample():
    founders = MIXED.sample(8, np.random.default_rng(5))
    asked = NSGA2(MIXED, 8, 1, founders=founders).ask()
    for name in MIXED.names:
        np.testing.assert_array_equal(asked[name], founders[name])
    with pytest.raises(AskTellError, match="8 founders for a population of 9"):
        NSGA2(MIXED, 9, 1, founders=founders)
    founders["x"][2, 1] = 7.0
    with pytest.raises(GenomeError, match="locus 'x', row 2, gene 1"):
        NSGA2(MIXED, 8, 1, founders=founders)


def test_calls_out_of_turn_are_noticed():
    search = NSGA2(MIXED, 6, 1)
    with pytest.raises(AskTellError, match=r"tell\(F\) before ask"):
        search.tell(np.zeros((6, 2)))
    genomes = search.ask()
    with pytest.raises(AskTellError, match=r"ask\(\) twice"):
        search.ask()
    for wrong in (np.zeros((5, 2)), np.zeros(5), np.zeros((6, 0)), 0.0):
        with pytest.raises(ObjectiveError, match="expected"):
            search.tell(wrong)
    search.tell(evaluate(genomes))  # the refusals changed nothing
    search.ask()
    with pytest.raises(ObjectiveError, match=r"F is \[6, 2\]; expected \[6, 3\]"):
        search.tell(np.zeros((6, 2)))
    with pytest.raises(AskTellError, match="population is 1"):
        NSGA2(MIXED, 1, 1)


def test_a_state_of_another_search_is_refused():
    state = NSGA2(MIXED, 6, 1).state()
    for other in (NSGA2(MIXED, 8, 1), NSGA2(GenomeSpec({"x": Real(4)}), 6, 1)):
        with pytest.raises(AskTellError, match="the state is of a search with"):
            other.restore(state)
