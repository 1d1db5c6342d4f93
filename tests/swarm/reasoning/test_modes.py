"""Modes: accuracy for novelty, step by step, on queries that nothing was tuned on."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from swarm.reasoning.modes import LAYERS, MODES, Mode, layered, mode_named
from swarm.reasoning.proposals import ProposalError, Views, shares_of
from tests.swarm.reasoning.lean import lean_problem, lean_views, z_of
from tests.swarm.reasoning.populations import random_table

GRAPHS = ("umls", "kinships")


@pytest.fixture(scope="module", params=GRAPHS)
def graph(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def views(graph: str) -> Views:
    return lean_views(graph)


def test_each_step_to_a_bolder_mode_trades_accuracy_for_novelty(graph: str, views: Views) -> None:
    """Nothing was fitted: engines vote alike, and the settings of the modes are the same for all.

    Strictly and beyond chance: every step is at least 3 paired standard errors.
    """
    problem, rows = lean_problem(graph), np.arange(len(views))
    novelty, credit = [], []
    for mode in MODES.values():
        scores = mode.scores(views)
        novelty.append(views.novelty[rows, scores.argmax(axis=1)])
        credit.append(problem.referee.credit(problem.referee.ranks(scores)))
    for bolder, careful in pairwise(reversed(novelty)):
        assert z_of(bolder - careful) > 3
    for careful, bolder in pairwise(credit):
        assert z_of(careful - bolder) > 3


def test_proposals_of_a_bolder_mode_are_more_novel_and_less_often_right(
    graph: str, views: Views
) -> None:
    truth, rng = lean_problem(graph).referee.truth, np.random.default_rng(1)
    novelty, right = [], []
    for mode in MODES.values():
        drawn = mode.propose(views, 1, rng)
        novelty.append(views.novelty[drawn.query, drawn.answer])
        right.append(drawn.answer == truth[drawn.query])
        asked = mode.within(views.types)
        got = np.array(list(drawn.shares.values()))
        assert np.abs(got - asked).max() < 1 / len(drawn)
    assert (np.diff([each.mean() for each in novelty]) > 0).all()
    assert (np.diff([each.mean() for each in right]) < 0).all()


def test_safe_answers_are_more_often_right_than_near_and_near_than_far(
    graph: str, views: Views
) -> None:
    truth, even = lean_problem(graph).referee.truth, Mode()
    right: list[list[bool]] = [[], [], []]
    novelty: list[list[float]] = [[], [], []]
    for query in range(0, len(views), 4):
        found = layered(views, query, even, 6)
        assert found.layer.tolist() == [0, 0, 1, 1, 2, 2]
        assert len(set(found.answer.tolist())) == 6
        for answer, layer in zip(found.answer, found.layer, strict=True):
            right[layer].append(bool(answer == truth[query]))
            novelty[layer].append(float(views.novelty[query, answer]))
    for safer, farther in pairwise(range(3)):
        n = len(right[safer])
        share = np.mean(right[safer] + right[farther])
        error = np.sqrt(2 * share * (1 - share) / n)
        assert np.mean(right[safer]) - np.mean(right[farther]) > 3 * error
        assert z_of(np.array(novelty[farther]) - np.array(novelty[safer])) > 3


@given(seed=st.integers(0, 999), w=st.floats(0, 1), more=st.floats(0.01, 2))
def test_for_one_mixture_novelty_grows_with_its_weight(seed: int, w: float, more: float) -> None:
    """The argument in the module's docstring, on random tables."""
    some = Views.of(random_table(np.random.default_rng(seed), 8, 6))
    rng = np.random.default_rng(seed)
    novelty = rng.exponential(2, some.open.shape).astype(np.float32)
    some = replace(some, novelty=novelty)
    low, high = Mode(novelty=w), Mode(novelty=w + more)
    rows = np.flatnonzero(some.open.any(axis=1))
    before, after = (mode.scores(some)[rows].argmax(axis=1) for mode in (low, high))
    assert (novelty[rows, after] >= novelty[rows, before] - 1e-4).all()
    worth = replace(low, novelty=0.0).scores(some)
    assert (worth[rows, after] <= worth[rows, before] + 1e-4).all()


def test_scores_are_as_defined(views: Views) -> None:
    mode = Mode(shares={"synthesis": 0.5, "flip": 0.5}, consensus=0.4, novelty=0.6)
    pair = [views.types.index(kind) for kind in ("synthesis", "flip")]
    pool = np.exp(views.slates[:, pair].astype(float)).mean(axis=1)
    with np.errstate(divide="ignore"):
        expected = np.where(views.open, 0.4 * np.log(pool) + 0.6 * views.novelty, -np.inf)
    np.testing.assert_allclose(mode.scores(views), expected, rtol=1e-3, atol=1e-3)


def test_a_domain_without_a_graph_keeps_the_shares_of_what_is_left() -> None:
    some = Views.of(random_table(np.random.default_rng(3), 6, 5))
    mode = Mode(shares={"synthesis": 0.3, "flip": 0.3, "empirical": 0.4})
    np.testing.assert_allclose(mode.within(some.types), [0.5, 0, 0, 0.5, 0])
    only = Mode(shares={"precedent": 1.0})
    np.testing.assert_allclose(only.within(some.types), [1, 0, 0, 0, 0])


def test_shipped_modes_go_from_safe_to_far() -> None:
    modes = list(MODES.values())
    assert list(MODES) == ["conservative", "balanced", "creative", "revolutionary"]
    for before, after in pairwise(modes):
        assert after.novelty / after.consensus > before.novelty / before.consensus
        assert after.temperature > before.temperature
        assert after.layers[2] > before.layers[2]
        assert after.shares["synthesis"] < before.shares["synthesis"]
    for mode in modes:
        assert shares_of(mode.shares).sum() == pytest.approx(1)


def test_few_candidates_make_few_answers() -> None:
    some = Views.of(random_table(np.random.default_rng(4), 3, 4))
    found = layered(some, 0, Mode(), 30)
    assert len(found) == some.open[0].sum()
    assert set(found.layer.tolist()) <= set(range(len(LAYERS)))


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: Mode(consensus=0), "must be more than 0"),
        (lambda: Mode(shares={"flip": 0.4}), "sum to 1, not to 0.4"),
        (lambda: Mode(layers=(1, 1, 0)), "three shares"),
        (lambda: mode_named("bold"), "no mode 'bold'; there are conservative"),
        (lambda: layered(lean_views("umls"), 0, Mode(), 0), "at least 1 answer"),
    ],
)
def test_mistakes_are_explained(make: object, part: str) -> None:
    assert callable(make)
    with pytest.raises(ProposalError, match=part):
        make()
