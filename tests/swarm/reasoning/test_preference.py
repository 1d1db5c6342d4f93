"""A planted person's preference is learned, and the suggested modes serve it better than one."""

import numpy as np
import pytest

from swarm.reasoning.modes import MODES
from swarm.reasoning.preference import (
    Calibration,
    Preference,
    best_of_modes,
    calibrate,
    features,
    logistic,
    suggest,
)
from swarm.reasoning.proposals import TYPES, ProposalError
from tests.swarm.reasoning.lean import halves, lean_problem, lean_views, z_of

PERSONS = (0.02, 0.05, 0.1)
"""b of persons with utility 1 * right + b * novelty."""

SEEDS = range(3)
CHOICES = 300


class Half:
    """Queries of one half with every mode's best answer and what became of it."""

    def __init__(self, graph: str, seed: int, second: bool):
        problem = lean_problem(graph)
        rows = halves(problem, seed)[second]
        self.views = lean_views(graph).take(rows)
        self.truth = problem.referee.truth[rows]
        self.best = best_of_modes(self.views)
        self.right = self.best == self.truth[:, None]
        query = np.arange(len(rows))[:, None]
        self.novelty = self.views.novelty[query, self.best]

    def utility(self, b: float) -> np.ndarray:
        """float64[Q, M] for a person."""
        return Preference(1.0, b).utility(self.right, self.novelty)


@pytest.fixture(scope="module", params=["umls", "kinships"])
def split(request: pytest.FixtureRequest) -> list[tuple[Half, Half, Calibration]]:
    """For each seed the half to learn from, the held-out half, and what was calibrated."""
    made = []
    for seed in SEEDS:
        first, second = (Half(request.param, seed, second) for second in (False, True))
        made.append((first, second, calibrate(first.views, first.truth)))
    return made


def choices(half: Half, calibration: Calibration, b: float, rng: np.random.Generator) -> Preference:
    """What is learned of a person who has seen pairs of answers, and whether they were right."""
    query = np.repeat(np.arange(len(half.best)), len(MODES))
    likely = calibration.probability(half.views, query, half.best.ravel())
    known = features(likely, half.novelty.ravel(), np.full(len(query), -1))
    left, right = rng.integers(0, len(query), (2, CHOICES))
    worth = 6 * half.utility(b).ravel()
    chose_left = rng.random(CHOICES) < 1 / (1 + np.exp(worth[right] - worth[left]))
    return Preference.learn(known[left], known[right], chose_left)


def test_the_suggested_mode_beats_every_fixed_one(
    split: list[tuple[Half, Half, Calibration]],
) -> None:
    """On held-out queries, for persons who are told from no other by which mode is best."""
    gain = []
    for _, held_out, calibration in split:
        for b in PERSONS:
            worth = held_out.utility(b)
            mode = suggest(held_out.views, calibration, Preference(1.0, b))
            gain.append(worth[np.arange(len(worth)), mode][:, None] - worth)
    pooled = np.concatenate(gain)
    for fixed in range(len(MODES)):
        assert z_of(pooled[:, fixed]) > 3


def test_the_learned_preference_beats_every_fixed_mode(
    split: list[tuple[Half, Half, Calibration]],
) -> None:
    gain = []
    for seed, (first, held_out, calibration) in enumerate(split):
        for b in PERSONS:
            learned = choices(first, calibration, b, np.random.default_rng(seed))
            worth = held_out.utility(b)
            mode = suggest(held_out.views, calibration, learned)
            gain.append(worth[np.arange(len(worth)), mode][:, None] - worth)
    pooled = np.concatenate(gain)
    for fixed in range(len(MODES)):
        assert z_of(pooled[:, fixed]) > 3


def test_persons_are_told_apart(split: list[tuple[Half, Half, Calibration]]) -> None:
    """Who cares more for novelty is found to."""
    for seed, (first, _, calibration) in enumerate(split):
        learned = [
            choices(first, calibration, b, np.random.default_rng(seed)) for b in (0.0, 0.1, 0.4)
        ]
        ratio = [one.novelty / one.accuracy for one in learned]
        assert ratio == sorted(ratio)
        assert ratio[2] > 0.2 > abs(ratio[0])


def test_calibrated_probabilities_hold_on_other_queries(
    split: list[tuple[Half, Half, Calibration]],
) -> None:
    for _, held_out, calibration in split:
        query = np.repeat(np.arange(len(held_out.best)), len(MODES))
        likely = calibration.probability(held_out.views, query, held_out.best.ravel())
        right = held_out.right.ravel()
        brier = ((likely - right) ** 2).mean()
        assert brier < 0.9 * right.mean() * (1 - right.mean())
        assert abs(likely.mean() - right.mean()) < 0.05


def test_a_taste_for_a_type_is_learned() -> None:
    rng = np.random.default_rng(1)
    kinds = rng.integers(0, len(TYPES), (2, 3000))
    likely, novel = rng.random((2, 3000)), rng.exponential(3, (2, 3000))
    person = Preference(3.0, 0.3, tuple(2.0 * (kind == "flip") for kind in TYPES))
    worth = [person.utility(likely[i], novel[i], kinds[i]) for i in (0, 1)]
    chose_left = rng.random(3000) < 1 / (1 + np.exp(worth[1] - worth[0]))
    learned = Preference.learn(
        *(features(likely[i], novel[i], kinds[i]) for i in (0, 1)), chose_left
    )
    assert learned.accuracy == pytest.approx(3.0, rel=0.2)
    assert learned.novelty == pytest.approx(0.3, rel=0.2)
    taste = np.array(learned.taste)
    assert TYPES[int(taste.argmax())] == "flip"
    others = np.delete(taste, TYPES.index("flip"))
    assert taste.max() - others.mean() == pytest.approx(2.0, abs=0.5)


def test_without_choices_nothing_is_preferred() -> None:
    nothing = np.empty((0, 2 + len(TYPES)))
    learned = Preference.learn(nothing, nothing, np.empty(0, bool))
    assert (learned.accuracy, learned.novelty, set(learned.taste)) == (0, 0, {0})


def test_logistic_regression_is_at_its_optimum() -> None:
    """The gradient of the penalised likelihood is zero where it ends."""
    rng = np.random.default_rng(2)
    x = np.concatenate([np.ones((200, 1)), rng.normal(size=(200, 3))], axis=1)
    y = (rng.random(200) < 0.3).astype(float)
    weight = logistic(x, y, ridge=0.5, free=1)
    p = 1 / (1 + np.exp(-x @ weight))
    gradient = x.T @ (p - y) + np.array([1e-6, 0.5, 0.5, 0.5]) * weight
    assert np.abs(gradient).max() < 1e-3


def test_perfectly_separated_data_end_somewhere() -> None:
    x = np.linspace(-1, 1, 20)[:, None]
    weight = logistic(x, (x[:, 0] > 0).astype(float), ridge=1e-3)
    assert np.isfinite(weight).all()
    assert weight[0] > 5


def test_mistakes_are_explained() -> None:
    views = Half("umls", 0, False).views
    none = np.empty(0, int)
    with pytest.raises(ProposalError, match="at least one answer"):
        Calibration.fit(views, none, none, none.astype(bool))
    with pytest.raises(ProposalError, match=r"two arrays \[n, 10\]"):
        Preference.learn(np.ones((3, 2)), np.ones((3, 2)), np.ones(3, bool))
