"""Effects from observation alone: planted confounders, hidden ones, and random models."""

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from numpy.typing import NDArray

from swarm.reasoning.networks.adjustment import Identification, identify
from swarm.reasoning.networks.bif import load_network
from swarm.reasoning.networks.counting import DataError
from swarm.reasoning.networks.estimate import (
    back_door,
    conditional,
    effect,
    front_door,
    overlap,
    weighted,
)
from swarm.reasoning.networks.necessity import causation_bounds, monotone_causation
from tests.swarm.reasoning.networks.planted import (
    Graph,
    arcs,
    draw_cases,
    exact_effect,
    graphs,
    random_tables,
)

Z, X, T = range(3)
CONFOUNDED = arcs(3, (Z, X), (Z, T), (X, T))
# P(t=1 | z, x): x adds .1 in either stratum, z adds .6, and z brings x about.
CONFOUNDER = [
    np.array([0.5, 0.5]),
    np.array([[0.9, 0.1], [0.1, 0.9]]),
    np.array([[[0.9, 0.1], [0.8, 0.2]], [[0.3, 0.7], [0.2, 0.8]]]),
]


def difference(chances: NDArray[np.float64]) -> float:
    return float(chances[1, 1] - chances[0, 1])


def test_a_planted_confounder_is_taken_out() -> None:
    cases = 40_000
    data = draw_cases(CONFOUNDED, CONFOUNDER, cases, np.random.default_rng(5))
    assert difference(exact_effect(CONFOUNDED, CONFOUNDER, X, T)) == pytest.approx(0.1)
    # Seeing: P(t | x=1) - P(t | x=0) = (.1 * .2 + .9 * .8) - (.9 * .1 + .1 * .7) = .58.
    assert difference(conditional(data, [2] * 3, X, T)) == pytest.approx(0.58, abs=0.02)
    error = 0.0066  # of the stratified difference at this many cases: strata of 2,000 and 18,000
    for estimate in (back_door, weighted):
        found = difference(estimate(data, [2] * 3, X, T, (Z,)))
        assert abs(found - 0.1) < 4 * error


def test_bronchitis_is_a_sign_of_cancer_and_no_cause() -> None:
    """Published for asia: P(lung | bronc) = .070, P(lung | do(bronc)) = .055."""
    network = load_network("asia")
    smoke, bronc, lung = (network.number(name) for name in ("smoke", "bronc", "lung"))
    yes = network.state_number("lung", "yes")
    data = network.sample(100_000, np.random.default_rng(1))
    asked = (data, network.cards, bronc, lung)
    row = network.state_number("bronc", "yes")
    chosen = identify(network.adjacency, bronc, lung)
    assert chosen.formula == "no effect"
    assert conditional(*asked)[row, yes] == pytest.approx(0.070, abs=0.005)
    for estimate in (
        effect(*asked, chosen),
        back_door(*asked, (smoke,)),
        weighted(*asked, (smoke,)),
    ):
        assert estimate is not None
        assert estimate[row, yes] == pytest.approx(0.055, abs=0.004)  # four standard errors


@pytest.mark.parametrize("estimator", ["strata", "weights"])
def test_estimates_near_the_truth_as_cases_grow(estimator: str) -> None:
    errors = np.zeros((3, 2))
    for seed in range(12):
        rng = np.random.default_rng(seed)
        graph = arcs(5, (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (2, 4), (4, 3))
        cards = [2, 3, 2, 3, 2]
        tables = random_tables(graph, cards, rng)
        truth = exact_effect(graph, tables, 2, 3)
        data = draw_cases(graph, tables, 30_000, rng)
        chosen = identify(graph, 2, 3)
        assert chosen == Identification("back-door", (0, 1))
        for i, cases in enumerate((300, 3_000, 30_000)):
            found = effect(data[:cases], cards, 2, 3, chosen, estimator=estimator)  # type: ignore[arg-type]
            naive = conditional(data[:cases], cards, 2, 3)
            errors[i] += np.abs(found - truth).mean() / 12, np.abs(naive - truth).mean() / 12
    assert errors[2, 0] < 0.01
    assert (errors[1:, 0] < 0.5 * errors[:-1, 0]).all()  # tenfold cases: about a third
    assert errors[2, 1] > 5 * errors[2, 0]  # seeing is not doing, however many cases


def test_the_front_door_passes_by_a_hidden_confounder() -> None:
    hidden, x, mediator, target = range(4)
    graph = arcs(4, (hidden, x), (hidden, target), (x, mediator), (mediator, target))
    tables = [
        np.array([0.8, 0.2]),
        np.array([[0.8, 0.2], [0.2, 0.8]]),
        np.array([[0.9, 0.1], [0.2, 0.8]]),
        np.array([[[0.95, 0.05], [0.6, 0.4]], [[0.5, 0.5], [0.1, 0.9]]]),
    ]
    truth = exact_effect(graph, tables, x, target)
    data = draw_cases(graph, tables, 60_000, np.random.default_rng(8)).copy()
    data[:, hidden] = -1  # nobody has seen it
    chosen = identify(graph, x, target, observed=[mediator])
    found = effect(data, [2] * 4, x, target, chosen)
    assert np.abs(found - truth).max() < 0.015
    seen = data[:, 1:]
    assert np.abs(conditional(seen, [2] * 3, 0, 2) - truth).max() > 0.1
    assert (front_door(seen, [2] * 3, 0, 2, [1]) == found).all()


@settings(deadline=None, max_examples=40)
@given(graph=graphs(5, 3), seed=st.integers(0, 2**32), data=st.data())
def test_every_identified_effect_of_random_models_is_met(
    graph: Graph, seed: int, data: st.DataObject
) -> None:
    x, y, *others = data.draw(st.permutations(range(len(graph))))
    observed = data.draw(st.lists(st.sampled_from(others), unique=True))
    chosen = identify(graph, x, y, observed)
    rng = np.random.default_rng(seed)
    tables = random_tables(graph, [2] * len(graph), rng, strength=3.0)
    cases = draw_cases(graph, tables, 20_000, rng)
    found = effect(cases, [2] * len(graph), x, y, chosen)
    if chosen.formula == "not identified":
        assert found is None
        return
    strata = (cases[:, [x, *chosen.nodes]] * 2 ** np.arange(1 + len(chosen.nodes))).sum(axis=1)
    assume(np.bincount(strata, minlength=2 ** (1 + len(chosen.nodes))).min() > 200)
    assert found is not None
    assert np.abs(found - exact_effect(graph, tables, x, y)).max() < 0.1


def reference_back_door(
    data: NDArray[np.int64], cards: list[int], shrinkage: float
) -> NDArray[np.float64]:
    """Column 0 the treatment, 1 the target, the rest adjusted for."""
    cases = len(data)
    base = (np.bincount(data[:, 1], minlength=cards[1]) + shrinkage / cards[1]) / (
        cases + shrinkage
    )
    answer = np.zeros((cards[0], cards[1]))
    for x in range(cards[0]):
        with_x = data[data[:, 0] == x]
        pooled = (np.bincount(with_x[:, 1], minlength=cards[1]) + shrinkage * base) / (
            len(with_x) + shrinkage
        )
        for stratum, share in zip(*np.unique(data[:, 2:], axis=0, return_counts=True), strict=True):
            inside = with_x[(with_x[:, 2:] == stratum).all(axis=1)]
            counts = np.bincount(inside[:, 1], minlength=cards[1])
            chance = (counts + shrinkage * pooled) / (len(inside) + shrinkage)
            answer[x] += chance * share / cases
    return answer


@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 2**32), cases=st.integers(1, 50), shrinkage=st.floats(0.1, 10))
def test_stratified_effect_is_its_formula_and_all_are_distributions(
    seed: int, cases: int, shrinkage: float
) -> None:
    rng = np.random.default_rng(seed)
    cards = rng.integers(1, 4, 4).tolist()
    data = rng.integers(0, cards, size=(cases, 4))
    expected = reference_back_door(data, cards, shrinkage)
    assert back_door(data, cards, 0, 1, (2, 3), shrinkage=shrinkage) == pytest.approx(expected)
    for estimate in (back_door, front_door, weighted):
        chances = estimate(data, cards, 0, 1, (2, 3), shrinkage=shrinkage)
        assert chances.shape == (cards[0], cards[1])
        assert (chances >= 0).all()
        assert chances.sum(axis=1) == pytest.approx(1)


def test_one_stratum_is_seeing_and_weights_agree_with_strata() -> None:
    data = draw_cases(CONFOUNDED, CONFOUNDER, 5_000, np.random.default_rng(2))
    seeing = conditional(data, [2] * 3, X, T, shrinkage=1e-6)
    assert back_door(data, [2] * 3, X, T, (), shrinkage=1e-6) == pytest.approx(seeing)
    assert weighted(data, [2] * 3, X, T, (), shrinkage=1e-6) == pytest.approx(seeing)
    strata = back_door(data, [2] * 3, X, T, (Z,), shrinkage=1e-6)  # saturated: the same numbers
    assert weighted(data, [2] * 3, X, T, (Z,), shrinkage=1e-6) == pytest.approx(strata)


def test_shrinkage_steadies_sparse_strata() -> None:
    graph = arcs(8, *((z, 6) for z in range(6)), (0, 7), (6, 7))
    errors = np.zeros(2)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        tables = random_tables(graph, [2] * 8, rng, strength=3.0)
        data = draw_cases(graph, tables, 150, rng)  # 64 strata
        truth = exact_effect(graph, tables, 6, 7)
        for i, shrinkage in enumerate((0.01, 1.0)):
            found = back_door(data, [2] * 8, 6, 7, range(6), shrinkage=shrinkage)
            errors[i] += np.abs(found - truth).mean()
    assert errors[1] < errors[0]


def test_overlap_is_the_share_of_comparable_cases() -> None:
    data = np.array([[0, 0], [0, 1], [1, 1], [1, 1]])  # stratum, treatment
    assert overlap(data, [2, 2], 1, (0,)).tolist() == [0.5, 1.0]
    assert overlap(data, [2, 2], 1, ()).tolist() == [1.0, 1.0]


RESPONSES = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])  # y without x, y with x


def response_model(weights: NDArray[np.float64]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P(x, y), P(y | do(x)) and the true (PN, PS, PNS) of P(x, response), float[2, 4]."""
    seen = np.zeros((2, 2))
    for x in range(2):
        np.add.at(seen[x], RESPONSES[:, x], weights[x])
    done = weights.sum(axis=0) @ RESPONSES
    helped = weights[:, 1]
    return seen, done, np.array([helped[1] / seen[1, 1], helped[0] / seen[0, 0], helped.sum()])


@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 2**32), strength=st.sampled_from([0.2, 1.0, 5.0]))
def test_bounds_contain_the_truth_of_random_models(seed: int, strength: float) -> None:
    weights = np.random.default_rng(seed).dirichlet(np.full(8, strength)).reshape(2, 4)
    assume(weights.sum(axis=1).min() > 1e-3)
    seen, done, truth = response_model(weights)
    assume(min(seen[1, 1], seen[0, 0]) > 1e-3)
    bounds = causation_bounds(seen, done)
    for (lower, upper), value in zip(
        (bounds.necessity, bounds.sufficiency, bounds.both), truth, strict=True
    ):
        assert 0 <= lower <= upper <= 1
        assert lower - 1e-9 <= value <= upper + 1e-9


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_bounds_are_tight(seed: int) -> None:
    """Linear programming over all models with these distributions meets both ends."""
    from scipy.optimize import linprog

    weights = np.random.default_rng(seed).dirichlet(np.ones(8)).reshape(2, 4)
    seen, done, _ = response_model(weights)
    rows, values = [], []
    for x in range(2):
        for y in range(2):
            rows.append(np.outer(np.arange(2) == x, RESPONSES[:, x] == y).ravel())
            values.append(seen[x, y])
        rows.append(np.tile(RESPONSES[:, x], 2))
        values.append(done[x])
    bounds = causation_bounds(seen, done)
    for interval, asked, share in (
        (bounds.necessity, [5], seen[1, 1]),
        (bounds.sufficiency, [1], seen[0, 0]),
        (bounds.both, [1, 5], 1.0),
    ):
        objective = np.zeros(8)
        objective[asked] = 1 / share
        for sign, end in zip((1, -1), interval, strict=True):
            best = linprog(sign * objective, A_eq=np.array(rows, float), b_eq=values)
            assert sign * best.fun == pytest.approx(end, abs=1e-6)


def test_monotone_models_are_points() -> None:
    weights = np.random.default_rng(3).dirichlet(np.ones(8), size=50).reshape(50, 2, 4)
    weights[:, :, 2] = 0  # x never prevents y
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    models = [response_model(model) for model in weights]
    points = monotone_causation(*(np.array([m[i] for m in models]) for i in range(2)))
    truth = np.array([m[2] for m in models])
    for column, found in enumerate((points.necessity, points.sufficiency, points.both)):
        assert found.shape == (50, 2)
        assert found == pytest.approx(np.repeat(truth[:, column : column + 1], 2, axis=1))


def test_what_sampling_moved_out_of_range_is_moved_back() -> None:
    seen = np.array([[0.4, 0.1], [0.2, 0.3]])
    # P(y | do(x)) lies in [P(x, y), 1 - P(x, not y)]: [.1, .6] without x, [.3, .8] with it.
    found, nearest = causation_bounds(seen, [0.05, 0.95]), causation_bounds(seen, [0.1, 0.8])
    for interval, expected in zip(
        (found.necessity, found.sufficiency, found.both),
        (nearest.necessity, nearest.sufficiency, nearest.both),
        strict=True,
    ):
        assert interval.tolist() == expected.tolist()
    assert found.both == pytest.approx([0.7, 0.7])  # .8 - .1 from below, P(x, y) + P(x', y') above


def test_the_published_drug_trial() -> None:
    """Pearl 2009, table 9.2: 1,000 in each arm died 16 (drug) and 14; of those who chose, 2 of
    1,000 with the drug and 28 of 1,000 without. PN = 1, .002 <= PNS <= .016."""
    seen = np.array([[972, 28], [998, 2]]) / 2000
    bounds = causation_bounds(seen, [0.014, 0.016])
    assert bounds.necessity == pytest.approx([1, 1])
    assert bounds.sufficiency == pytest.approx([0.002, 0.031], abs=5e-4)
    assert bounds.both == pytest.approx([0.002, 0.016])


def test_errors_teach() -> None:
    data, cards = np.zeros((4, 3), int), [2, 2, 2]
    with pytest.raises(DataError, match="shrinkage"):
        back_door(data, cards, 0, 1, (2,), shrinkage=0.0)
    with pytest.raises(DataError, match="once"):
        weighted(data, cards, 0, 1, (1,))
    with pytest.raises(DataError, match="cards"):
        conditional(data, [2, 2], 0, 1)
    with pytest.raises(DataError, match="weights"):
        effect(data, cards, 0, 1, Identification("conditioning"), estimator="ipw")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="sum to 1"):
        causation_bounds([[0.5, 0.5], [0.5, 0.5]], [0.1, 0.2])
    with pytest.raises(DataError, match="shapes"):
        causation_bounds([0.5, 0.5], [0.1, 0.2])
    with pytest.raises(DataError, match=r"0\.\.1"):
        causation_bounds([[0.25, 0.25], [0.25, 0.25]], [0.1, 1.2])
