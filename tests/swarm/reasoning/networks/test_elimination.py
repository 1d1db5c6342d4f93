"""Variable elimination: published values, and every answer by listing the joint distribution."""

import numpy as np
import pytest
from hypothesis import given, settings

from swarm.reasoning.networks import (
    BayesNetwork,
    NetworkError,
    joint,
    load_network,
    plan as planning,
    probability,
    query,
    query_all,
)
from swarm.reasoning.networks.ordering import elimination_order
from swarm.reasoning.networks.plan import Question, ancestors, plan_of
from tests.swarm.reasoning.networks.worlds import (
    agreeing,
    listed,
    marginal,
    seeds,
    small_network,
    some_settings,
)

# Published


@pytest.mark.parametrize(
    ("target", "evidence", "do", "expected"),
    [
        ("tub", {}, {}, 0.0104),
        ("either", {}, {}, 0.064828),
        ("xray", {}, {}, 0.110290),
        ("dysp", {}, {}, 0.435971),
        ("lung", {"smoke": "yes", "xray": "yes"}, {}, 0.645991),
        ("lung", {"bronc": "yes"}, {}, 0.070),
        ("lung", {}, {"bronc": "yes"}, 0.055),
    ],
)
def test_asia_answers_as_published(target: str, evidence: dict, do: dict, expected: float) -> None:
    answer = query(load_network("asia"), target, evidence, do)
    assert answer[0] == pytest.approx(expected, abs=5e-7)
    assert answer.sum() == pytest.approx(1, abs=1e-15)


def test_alarm_agrees_with_the_chain_rule() -> None:
    """P(target | evidence) · P(evidence) = P(target, evidence), each planned on its own."""
    network = load_network("alarm")
    rng = np.random.default_rng(0)
    for row in network.sample(40, rng):
        picked = rng.permutation(len(network))[:6].tolist()
        (target, *seen), state = picked, {v: int(row[v]) for v in picked}
        evidence = {v: state[v] for v in seen}
        whole = probability(network, state)
        parts = query(network, target, evidence)[state[target]] * probability(network, evidence)
        assert whole == pytest.approx(parts, rel=1e-9)
        assert whole > 0


def test_alarm_agrees_with_its_samples() -> None:
    network = load_network("alarm")
    n = 100_000
    rows = network.sample(n, np.random.default_rng(2))
    for v in range(len(network)):
        expected = query(network, v)
        error = np.sqrt(expected * (1 - expected) / n)
        seen = np.bincount(rows[:, v], minlength=network.cards[v]) / n
        assert (np.abs(seen - expected) < 4.5 * error).all(), network.names[v]


# By listing


@settings(deadline=None, max_examples=60)
@given(seed=seeds)
def test_every_posterior_equals_the_list(seed: int) -> None:
    network = small_network(seed)
    rng = np.random.default_rng(seed)
    seen, do = some_settings(network, rng)
    cells = agreeing(listed(network, do), seen)
    assert probability(network, seen, do) == pytest.approx(cells.sum(), abs=1e-12)
    for v in range(len(network)):
        expected = marginal(cells, v) / cells.sum()
        np.testing.assert_allclose(query(network, v, seen, do), expected, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(seed=seeds)
def test_every_joint_equals_the_list(seed: int) -> None:
    network = small_network(seed)
    rng = np.random.default_rng(seed)
    seen, do = some_settings(network, rng)
    free = [v for v in rng.permutation(len(network)).tolist() if v not in seen | do][:3]
    cells = agreeing(listed(network, do), seen) / probability(network, seen, do)
    summed = cells.sum(axis=tuple(v for v in range(len(network)) if v not in free))
    expected = summed.transpose([sorted(free).index(v) for v in free])
    np.testing.assert_allclose(joint(network, free, seen, do), expected, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(seed=seeds)
def test_batches_equal_single_questions(seed: int) -> None:
    network = small_network(seed)
    rng = np.random.default_rng(seed)
    asked = [(int(rng.integers(len(network))), *some_settings(network, rng)) for _ in range(8)]
    asked += [(v, seen, do) for v, seen, do in asked[:4]]
    targets, evidences, dos = map(list, zip(*asked, strict=True))
    expected = np.zeros((len(asked), max(network.cards)))
    for row, (v, seen, do) in enumerate(asked):
        expected[row, : network.cards[v]] = query(network, v, seen, do)
    np.testing.assert_allclose(query_all(network, targets, evidences, dos), expected, atol=1e-12)
    rows = [network.rows(each, len(asked)) for each in (evidences, dos)]
    again = query_all(network, np.array(targets), *rows)
    np.testing.assert_allclose(again, expected, atol=1e-12)


def test_one_plan_answers_a_whole_column(monkeypatch: pytest.MonkeyPatch) -> None:
    network = load_network("alarm")
    rows = np.full((300, len(network)), -1)
    seen = [network.number(name) for name in ("BP", "HRBP", "CVP", "EXPCO2")]
    rows[:, seen] = network.sample(300, np.random.default_rng(0))[:, seen]
    targets = [network.number("LVFAILURE")] * 300
    whole = query_all(network, targets, rows)
    expected = [query(network, targets[0], {v: int(row[v]) for v in seen}) for row in rows]
    np.testing.assert_allclose(whole[:, :2], expected, atol=1e-12)
    assert len(np.unique(whole[:, 0].round(9))) > 20
    monkeypatch.setattr(planning, "CELLS_MAX", 1000)  # cut into small batches
    assert (query_all(network, targets, rows) == whole).all()


def test_no_questions_have_no_answers() -> None:
    assert query_all(load_network("asia"), [], []).shape == (0, 2)


# Plans


def test_only_ancestors_are_planned_for() -> None:
    network = load_network("asia")
    number = network.number
    tub, smoke = number("tub"), number("smoke")
    assert ancestors(network, [tub]) == {number("asia"), tub}
    assert ancestors(network, [number("either")], [number("lung")]) == {
        *(number(name) for name in ("asia", "tub", "lung", "either"))
    }
    # Nothing of tub's side bears on smoke; asia alone could hold no zero and is dropped.
    plan = plan_of(network, Question((smoke,), (number("asia"),)))
    assert not plan.leaves
    assert not plan.steps


def test_what_depends_on_no_value_is_computed_once() -> None:
    network = load_network("alarm")
    assert not plan_of(network, Question((network.number("BP"),))).steps
    question = Question((network.number("BP"),), (network.number("HRBP"),))
    assert plan_of(network, question) is plan_of(network, question)


def test_orders_avoid_wide_tables() -> None:
    # A star: eliminating the middle first would join all the leaves.
    order, cost = elimination_order([(0, leaf) for leaf in range(1, 8)], [2] * 8, [range(8)])
    assert order[-1] == 0 or order[-2] == 0
    assert cost <= 8 * 4
    # A ring of width 2, and a stage that must wait although it would be cheap.
    ring = [(v, (v + 1) % 10) for v in range(10)]
    order, cost = elimination_order(ring, [3] * 10, [range(1, 10), [0]])
    assert sorted(order) == list(range(10))
    assert order[-1] == 0
    assert cost <= 10 * 27


# Errors


def test_questions_that_make_no_sense_are_refused() -> None:
    asia = load_network("asia")
    with pytest.raises(NetworkError, match="no variable 'cough'; there are 8"):
        query(asia, "cough")
    with pytest.raises(NetworkError, match=r"smoke has no state 'often'; its states are 0..1"):
        query(asia, "lung", {"smoke": "often"})
    with pytest.raises(NetworkError, match="smoke is both seen and set by intervention"):
        query(asia, "lung", {"smoke": "yes"}, {"smoke": "yes"})
    with pytest.raises(NetworkError, match="smoke is both seen and set by intervention"):
        query_all(asia, ["lung"], [{"smoke": "yes"}], [{"smoke": "yes"}])
    with pytest.raises(NetworkError, match="targets of a joint distribution must differ"):
        joint(asia, ["lung", "lung"])
    with pytest.raises(NetworkError, match="neither seen nor set; got lung"):
        joint(asia, ["lung"], {"lung": "yes"})


def test_impossible_evidence_is_refused_wherever_it_is() -> None:
    asia = load_network("asia")
    never = {"lung": "yes", "either": "no"}
    message = "the evidence lung = yes, either = no has probability 0, so nothing follows"
    for target in ("smoke", "asia", "lung"):
        with pytest.raises(NetworkError, match=message):
            query(asia, target, never)
    with pytest.raises(NetworkError, match=f"query 1: {message}"):
        query_all(asia, ["dysp", "dysp"], [{"lung": "no", "either": "no"}, never])
    with pytest.raises(NetworkError, match=r"either = no has probability 0 under do\(tub = yes\)"):
        query(asia, "dysp", {"either": "no"}, {"tub": "yes"})
    assert probability(asia, never) == 0
    # The impossible part is connected to the target by nothing.
    both = BayesNetwork(("x", "y"), (("a", "b"),) * 2, ((), ()), (np.eye(2)[0], np.full(2, 0.5)))
    with pytest.raises(NetworkError, match="the evidence x = b has probability 0"):
        query(both, "y", {"x": "b"})


def test_what_would_take_too_much_memory_is_refused() -> None:
    """Sixty causes, tied to each other by three hundred effects that are all seen."""
    rng = np.random.default_rng(0)
    causes, effects = 60, 300
    V = causes + effects
    pairs = [tuple(rng.choice(causes, 2, replace=False).tolist()) for _ in range(effects)]
    network = BayesNetwork(
        tuple(map(str, range(V))),
        (("a", "b"),) * V,
        ((),) * causes + tuple(pairs),
        (np.full(2, 0.5),) * causes + (np.full((2, 2, 2), 0.5),) * effects,
    )
    seen = dict.fromkeys(range(causes, V), 0)
    with pytest.raises(NetworkError, match=r"cells, more than .* ask likelihood_weighting for an"):
        query(network, 0, seen)
    assert query(network, 0).tolist() == [0.5, 0.5]
