"""What the trials of questions are made of: intervals, lives, rations, plants and trees."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from arenas.coevolution.interval import Interval
from experiments.questions.gossip import CHANGES, GOSSIP, SILENCE
from experiments.questions.lives import Accounts, Life, diversity, lived
from experiments.questions.market import rationed
from experiments.questions.planting import Planting
from experiments.questions.question import paired, said, verdict
from experiments.questions.trees import climb
from swarm.systems import ComputeMarket, Remembering

few = st.lists(st.floats(-10, 10), min_size=3, max_size=9)


@given(few, st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_intervals_are_those_of_a_paired_t_test(values, seed, of):
    rng = np.random.default_rng(seed)
    one = np.array(values)
    other = one + rng.normal(0, 1, len(one))
    table = pd.DataFrame(
        {
            "condition": ["a"] * len(one) + ["b"] * len(one),
            "seed": [*range(len(one))] * 2,
            "x": [*one, *other],
        }
    ).sample(frac=1, random_state=seed)
    got = paired(table, "x", "a", "b", of)
    known = stats.ttest_rel(one, other).confidence_interval(1 - 0.05 / of)
    np.testing.assert_allclose([got.low, got.high], [known.low, known.high], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("lows", "highs", "expected"),
    [
        ([0.1, -1], [1, 1], "yes"),
        ([-1, -1], [-0.1, 1], "no"),
        ([0.1, -1], [1, -0.1], "it depends"),
        ([-1, -1], [1, 1], "cannot be told"),
    ],
)
def test_verdicts(lows, highs, expected):
    gains = [Interval((a + b) / 2, a, b) for a, b in zip(lows, highs, strict=True)]
    assert verdict(gains) == expected


def test_an_interval_in_words():
    assert said(Interval(0.0123, -0.004, 0.0286)) == "+0.012 [-0.004, +0.029]"
    assert said(Interval(0.5, 0.25, 0.75), 0, 100, signed=False) == "50 [25, 75]"


@given(st.integers(2, 6), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_diversity_is_how_often_pairs_differ(agents, queries, choices, seed):
    answers = np.random.default_rng(seed).integers(0, choices, (agents, queries))
    pairs = [np.mean(a != b) for a, b in combinations(answers, 2)]
    assert diversity(answers) == pytest.approx(np.mean(pairs))


def test_nobody_differs_from_oneself():
    assert diversity(np.array([[1, 2, 3]])) == 0.0


# Trees


@given(st.integers(1, 300), st.integers(1, 9))
def test_a_tree_without_loss_tells_everybody_once(members, fanout):
    parents = {i: (i - 1) // fanout for i in range(1, members)}
    depth = {0: 0}
    for i, parent in parents.items():
        depth[i] = depth[parent] + 1
    got = climb(members, fanout, 0.0, np.random.default_rng(0))
    assert got == (max(depth.values()), members - 1, members)


def test_below_a_lost_message_nobody_hears():
    rng = np.random.default_rng(3)
    reached = np.array([climb(127, 2, 0.2, rng)[2] for _ in range(400)])
    expected = sum(2**depth * 0.8**depth for depth in range(7))
    z = (reached.mean() - expected) / (reached.std(ddof=1) / 20)
    assert abs(z) < 4
    assert climb(127, 2, 1.0, rng)[1:] == (2, 1)


# Lives


LIFE = Life("x", 3, quick=True)


def test_rations_are_alike_and_cost_nothing():
    accounts = Accounts(LIFE.study.ticks)
    world = lived(LIFE, rationed, [accounts])
    rations = world.system(ComputeMarket)
    assert rations.price == 0
    assert rations.sold == rations.supply * 16 * len(world.population)
    quota = world.population["quota"]
    assert set(quota) == {0, rations.supply * 16}  # who is born now has had none yet
    assert world.ledger.balance(world.compute) == 0
    assert 0 < accounts.units <= rations.sold * world.steps


class Watching(Planting):
    """Remembers what memory held when it was planted."""

    def _plant(self, world):
        self.before = len(world.system(Remembering).facts)
        super()._plant(world)
        self.written = len(world.system(Remembering).facts) - self.before
        self.heard = world.system(Remembering).facts.columns()


def test_what_is_planted_is_wrong_and_sure_and_its_twin_is_silent():
    tick = LIFE.study.ticks // 2
    sown, silent = (Watching(tick, 20, 3, sown) for sown in (True, False))
    for planting in (sown, silent):
        lived(LIFE, watching=[planting])
    np.testing.assert_array_equal(sown.answer, silent.answer)
    assert sown.before == silent.before
    assert (sown.written, silent.written) == (60, 0)
    assert (sown.heard["confidence"][sown.before : sown.before + 60] == 1).all()
    block, referee = LIFE.subject.problem.table.block, LIFE.subject.problem.referee
    query = np.flatnonzero(sown.answer >= 0)
    assert len(query) == 20
    assert (sown.answer[query] != referee.truth[query]).all()
    assert referee.counted[query, sown.answer[query]].all()
    assert block.open[query, sown.answer[query]].all()


@pytest.mark.parametrize("condition", [SILENCE, GOSSIP])
def test_who_hears_what(condition):
    life = Life(condition, 1, changes=CHANGES[condition], quick=True)
    accounts = Accounts(life.study.ticks)
    world = lived(life, watching=[accounts])
    memory = world.system(Remembering)
    assert memory.public == 0 < len(memory.facts)
    facts = memory.facts.columns()
    heard = world.population["heard"]
    rows, places = np.nonzero(heard >= 0)
    own = facts["author"][heard[rows, places]] == world.population["id"][rows]
    assert own.all() == (condition == SILENCE)
