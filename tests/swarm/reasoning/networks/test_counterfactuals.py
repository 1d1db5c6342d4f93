"""Twin networks against abduction, action and prediction over all noise."""

import numpy as np
import pytest
from hypothesis import given, settings

from swarm.reasoning.networks import (
    NetworkError,
    StructuralModel,
    counterfactual,
    counterfactual_all,
    independent_model,
    load_network,
    monotone_model,
    query,
)
from swarm.reasoning.networks.counterfactuals import twin_network
from tests.swarm.reasoning.networks.worlds import Setting, abduced, seeds, small_model

NO_YES = ("no", "yes")


def asked(model: StructuralModel, rng: np.random.Generator) -> tuple[int, Setting, Setting]:
    """A target, what would have been done, and what was seen of one unit in fact."""
    V = len(model)
    row = model.sample(1, rng)[0]
    seen = {int(v): int(row[v]) for v in rng.permutation(V)[: rng.integers(V + 1)]}
    changed = rng.permutation(V)[: rng.integers(3)].tolist()
    do = {v: int(rng.integers(model.network.cards[v])) for v in changed}
    return int(rng.integers(V)), do, seen


@settings(deadline=None, max_examples=50)
@given(seed=seeds)
def test_twin_networks_equal_the_list_of_all_noise(seed: int) -> None:
    model = small_model(seed)
    target, do, seen = asked(model, np.random.default_rng(seed))
    expected = abduced(model, target, do, seen)
    np.testing.assert_allclose(counterfactual(model, target, do, seen), expected, atol=1e-9)


@settings(deadline=None, max_examples=30)
@given(seed=seeds)
def test_batches_equal_single_questions(seed: int) -> None:
    model = small_model(seed)
    rng = np.random.default_rng(seed)
    targets, dos, evidences = map(list, zip(*(asked(model, rng) for _ in range(9)), strict=True))
    whole = counterfactual_all(model, targets, dos, evidences)
    rows = [model.network.rows(each, 9) for each in (dos, evidences)]
    np.testing.assert_array_equal(counterfactual_all(model, np.array(targets), *rows), whole)
    assert whole.shape == (9, max(model.network.cards))
    np.testing.assert_allclose(whole.sum(axis=1), 1)
    for row, (target, do, seen) in enumerate(zip(targets, dos, evidences, strict=True)):
        alone = counterfactual(model, target, do, seen)
        np.testing.assert_allclose(whole[row, : len(alone)], alone, atol=1e-12)


def test_the_firing_squad() -> None:
    """Pearl 2009, "Causality", section 7.1.2: the prisoner is dead; had A not shot?

    The court orders with a chance of p, A's finger twitches with one of q, B only obeys.
    """
    p, q = 0.4, 0.15
    either = np.array([[0, 1], [1, 1]])
    model = StructuralModel(
        names=("order", "a", "b", "dead"),
        states=(NO_YES,) * 4,
        parents=((), (0,), (0,), (1, 2)),
        chances=(np.array([1 - p, p]), np.array([1 - q, q]), np.ones(1), np.ones(1)),
        functions=(np.array([0, 1]), either, np.array([[0], [1]]), either[..., None]),
    )
    alive = counterfactual(model, "dead", {"a": "no"}, {"dead": "yes"})[0]
    assert alive == pytest.approx(q * (1 - p) / (1 - (1 - q) * (1 - p)), abs=1e-12)
    # An intervention alone cannot tell: it forgets that he is dead.
    assert query(model.network, "dead", do={"a": "no"})[0] == pytest.approx(1 - p)
    # Had A shot nobody else's shot would have changed.
    assert counterfactual(model, "b", {"a": "yes"}, {"b": "no"}).tolist() == [1, 0]


@pytest.mark.parametrize("name", ["asia", "sachs", "alarm"])
def test_without_evidence_it_is_an_intervention(name: str) -> None:
    network = load_network(name)
    model = monotone_model(network)
    rng = np.random.default_rng(0)
    for _ in range(10):
        v, target = rng.permutation(len(network))[:2].tolist()
        do = {v: int(rng.integers(network.cards[v]))}
        expected = query(network, target, do=do)
        np.testing.assert_allclose(counterfactual(model, target, do), expected, atol=1e-9)


@pytest.mark.parametrize("name", ["asia", "sachs", "alarm"])
def test_doing_what_was_done_changes_nothing(name: str) -> None:
    """Consistency: had x been what it was, everything would be as it was seen."""
    network = load_network(name)
    model = monotone_model(network)
    rng = np.random.default_rng(1)
    for row in network.sample(10, rng):
        v, target, *others = rng.permutation(len(network))[:5].tolist()
        seen = {u: int(row[u]) for u in (v, *others)}
        would = counterfactual(model, target, {v: seen[v]}, seen)
        np.testing.assert_allclose(would, query(network, target, seen), atol=1e-9)
        would = counterfactual(model, others[0], {v: seen[v]}, seen)
        np.testing.assert_allclose(would, np.eye(len(would))[seen[others[0]]], atol=1e-12)


def test_alarm_agrees_with_its_units() -> None:
    """Noise drawn, unfolded twice, and the units kept that look like the evidence."""
    model = monotone_model(load_network("alarm"))
    noise = model.noise(60_000, np.random.default_rng(3))
    do = {"HYPOVOLEMIA": "FALSE", "VENTTUBE": "NORMAL"}
    seen = {"HYPOVOLEMIA": "TRUE", "BP": "LOW"}
    fact, would = model.unfold(noise), model.unfold(noise, do)
    numbered = model.network.numbered(seen)
    kept = would[(fact[:, list(numbered)] == list(numbered.values())).all(axis=1)]
    assert len(kept) > 3000
    for name in ("BP", "CVP", "PRESS", "CO"):
        exact = counterfactual(model, name, do, seen)
        about = np.bincount(kept[:, model.network.number(name)], minlength=len(exact))
        error = np.sqrt(exact * (1 - exact) * len(kept)) + 1e-9
        assert (np.abs(about - exact * len(kept)) < 4 * error).all(), name
    assert abs(counterfactual(model, "BP", do, seen)[0] - 0.5) < 0.49  # it is a question


def test_couplings_differ_where_tables_do_not() -> None:
    network = load_network("asia")
    fact, do = {"smoke": "yes", "bronc": "yes"}, {"smoke": "no"}
    monotone = counterfactual(monotone_model(network), "bronc", do, fact)
    independent = counterfactual(independent_model(network), "bronc", do, fact)
    assert monotone[0] == pytest.approx(0.3 / 0.6)
    assert independent[0] == pytest.approx(0.3)


def test_only_what_changes_is_doubled() -> None:
    model = monotone_model(load_network("asia"))
    number = model.network.number
    twin = twin_network(model, (number("bronc"),))
    changed = {v for v in range(8) if twin.other[v] != v}
    assert changed == {number("bronc"), number("dysp")}
    assert len(twin.network) == 8 + 3  # bronc*, dysp* and the noise of dysp
    assert twin_network(model, (number("bronc"),)) is twin


def test_names_of_the_other_world_do_not_collide() -> None:
    model = StructuralModel(
        names=("x", "x*", "noise of x*"),
        states=(NO_YES,) * 3,
        parents=((), (0,), (1,)),
        chances=(np.array([0.5, 0.5]), np.array([0.9, 0.1]), np.ones(1)),
        functions=(np.array([0, 1]), np.array([[0, 1], [1, 0]]), np.array([[0], [1]])),
    )
    assert counterfactual(model, "noise of x*", {"x": 1}, {"x": 0, "x*": 1}).tolist() == [1, 0]


def test_questions_that_make_no_sense_are_refused() -> None:
    model = monotone_model(load_network("asia"))
    with pytest.raises(NetworkError, match="lung = yes, either = no has probability 0"):
        counterfactual(model, "dysp", {"smoke": "no"}, {"lung": "yes", "either": "no"})
    with pytest.raises(NetworkError, match="no variable 'cough'"):
        counterfactual(model, "cough", {"smoke": "no"})
    with pytest.raises(NetworkError, match="smoke has no state 'often'"):
        counterfactual(model, "lung", {"smoke": "often"})
