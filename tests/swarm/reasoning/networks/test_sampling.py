"""Likelihood weighting comes to the exact answers, as fast as published."""

import numpy as np
import pytest
from hypothesis import given, settings

from swarm.reasoning.networks import (
    BayesNetwork,
    NetworkError,
    likelihood_weighting,
    load_network,
    probability,
    query,
    weighted_samples,
)
from tests.swarm.reasoning.networks.worlds import seeds, small_network, some_settings


def mean_distance(network: BayesNetwork, draws: int, questions: int) -> float:
    """Mean total variation from the exact answers, four leaves seen where there are four."""
    rng = np.random.default_rng(0)
    leaves = [v for v in range(len(network)) if not network.children[v]]
    distances = []
    for row in network.sample(questions, rng):
        seen = rng.choice(leaves, min(4, len(leaves)), replace=False).tolist()
        evidence = {v: int(row[v]) for v in seen}
        target = int(rng.choice([v for v in range(len(network)) if v not in evidence]))
        about = likelihood_weighting(network, target, evidence, draws, rng)
        distances.append(np.abs(about - query(network, target, evidence)).sum() / 2)
    return float(np.mean(distances))


@pytest.mark.parametrize(
    ("name", "draws", "published"),
    [
        ("asia", 100, 0.023),
        ("asia", 1_000, 0.010),
        ("asia", 10_000, 0.003),
        ("alarm", 100, 0.070),
        ("alarm", 1_000, 0.028),
        ("alarm", 10_000, 0.011),
    ],
)
def test_the_error_is_as_published(name: str, draws: int, published: float) -> None:
    # Means of 20 questions were published; their own spread is about a third.
    distance = mean_distance(load_network(name), draws, questions=100)
    assert published / 2.5 < distance < 1.3 * published


@settings(deadline=None, max_examples=25)
@given(seed=seeds)
def test_weighted_means_come_to_the_exact_answer(seed: int) -> None:
    network = small_network(seed)
    rng = np.random.default_rng(seed)
    seen, do = some_settings(network, rng)
    n = 4000
    rows, weights = weighted_samples(network, seen, n, rng, do)
    assert rows.dtype == np.int16
    for v, state in (seen | do).items():
        assert (rows[:, v] == state).all()
    # The mean weight is unbiased for P(evidence); a hypothesis run looks at many, hence 6.
    error = weights.std() / np.sqrt(n)
    assert abs(weights.mean() - probability(network, seen, do)) <= 6 * error + 1e-12
    for v in range(len(network)):
        exact = query(network, v, seen, do)
        for state in range(network.cards[v]):
            share = weights * ((rows[:, v] == state) - exact[state])
            assert abs(share.mean()) <= 6 * share.std() / np.sqrt(n) + 1e-3 * weights.mean()


def test_one_target_draws_only_what_bears_on_it() -> None:
    network = load_network("asia")
    rng, again = np.random.default_rng(1), np.random.default_rng(1)
    likelihood_weighting(network, "tub", {"asia": "yes"}, 50, rng)
    again.random(50)  # tub alone: asia is seen, the rest bears on nothing
    assert rng.bit_generator.state == again.bit_generator.state


def test_where_no_draw_agrees_the_answer_is_uniform() -> None:
    asia = load_network("asia")
    never = {"lung": "yes", "either": "no"}
    answer = likelihood_weighting(asia, "smoke", never, 100, np.random.default_rng(0))
    assert answer.tolist() == [0.5, 0.5]


def test_what_is_known_is_answered_surely() -> None:
    asia = load_network("asia")
    rng = np.random.default_rng(0)
    assert likelihood_weighting(asia, "smoke", {"smoke": "no"}, 10, rng).tolist() == [0, 1]
    assert likelihood_weighting(asia, "smoke", {}, 10, rng, {"smoke": 0}).tolist() == [1, 0]


def test_wrong_questions_are_refused() -> None:
    asia = load_network("asia")
    rng = np.random.default_rng(0)
    with pytest.raises(NetworkError, match="draws must be at least 1, such as 1000; got 0"):
        likelihood_weighting(asia, "smoke", {}, 0, rng)
    with pytest.raises(NetworkError, match="smoke is both seen and set"):
        likelihood_weighting(asia, "lung", {"smoke": 0}, 10, rng, {"smoke": 1})
