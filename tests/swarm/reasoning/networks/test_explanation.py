"""The most probable explanations equal those found by listing everything."""

import numpy as np
import pytest
from hypothesis import given, settings

from swarm.reasoning.networks import (
    NetworkError,
    explanation as explaining,
    k_most_probable,
    load_network,
    most_probable,
    probability,
    query,
)
from tests.swarm.reasoning.networks.worlds import (
    agreeing,
    listed,
    seeds,
    small_network,
    some_settings,
)


@settings(deadline=None, max_examples=100)
@given(seed=seeds)
def test_explanations_equal_the_list(seed: int) -> None:
    """All variables or some, one or many, with and without interventions."""
    network = small_network(seed)
    rng = np.random.default_rng(seed)
    seen, do = some_settings(network, rng)
    free = [v for v in range(len(network)) if v not in seen | do]
    some = sorted(rng.permutation(free)[: rng.integers(len(free) + 1)].astype(int).tolist())
    cells = agreeing(listed(network, do), seen) / probability(network, seen, do)
    for asked, given_ in ((free, None), (some, some)):
        others = tuple(v for v in range(len(network)) if v not in asked)
        chances = cells.sum(axis=others)
        expected = sorted(chances[chances > 1e-14].ravel(), reverse=True)
        k = int(rng.integers(1, 8))
        found = k_most_probable(network, k, seen, given_, do)
        assert len(found) == min(k, len(expected))
        for each in found:
            assert sorted(each.states) == asked
            assert each.probability == pytest.approx(chances[tuple(each.states.values())])
        assert [each.probability for each in found] == pytest.approx(expected[:k])
        assert len({tuple(each.states.values()) for each in found}) == len(found)
        best = most_probable(network, seen, given_, do)
        assert best.probability == pytest.approx(expected[0])
        assert chances[tuple(best.states.values())] == pytest.approx(expected[0])


def test_some_of_the_whole_is_not_the_whole_of_some() -> None:
    """The classic trap: MAP is not a part of MPE."""
    asia = load_network("asia")
    whole = most_probable(asia, {"dysp": "yes"})
    assert {asia.names[v]: asia.states[v][s] for v, s in whole.states.items()} == {
        "asia": "no",
        "tub": "no",
        "smoke": "yes",
        "lung": "no",
        "bronc": "yes",
        "either": "no",
        "xray": "no",
    }
    assert whole.probability == pytest.approx(0.461308, abs=1e-6)
    # Alone, cancer is less likely than not; with what explains the picture best, it is not.
    lung = asia.number("lung")
    assert query(asia, "lung", {"xray": "yes"}) == pytest.approx([0.488711, 0.511289], abs=1e-6)
    assert most_probable(asia, {"xray": "yes"}, ["lung"]).states == {lung: 1}
    assert most_probable(asia, {"xray": "yes"}).states[lung] == 0


def test_no_single_change_betters_the_best_of_alarm() -> None:
    alarm = load_network("alarm")
    rng = np.random.default_rng(0)
    row = alarm.sample(1, rng)[0]
    seen = {int(v): int(row[v]) for v in rng.permutation(len(alarm))[:8]}
    best = most_probable(alarm, seen)
    evident = probability(alarm, seen)
    assert best.probability == pytest.approx(probability(alarm, seen | best.states) / evident)
    for v in best.states:
        for state in range(alarm.cards[v]):
            other = probability(alarm, seen | best.states | {v: state}) / evident
            assert other <= best.probability * (1 + 1e-9)


def test_small_batches_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = load_network("alarm")
    whole = k_most_probable(alarm, 4, {"BP": "LOW"})
    assert whole[0].probability > whole[1].probability > whole[2].probability
    monkeypatch.setattr(explaining, "CELLS_MAX", 1000)
    assert k_most_probable(alarm, 4, {"BP": "LOW"}) == whole


def test_nothing_to_explain_is_explained_surely() -> None:
    asia = load_network("asia")
    assert most_probable(asia, {"smoke": "yes"}, []).probability == 1
    everything = dict(enumerate(asia.sample(1, np.random.default_rng(0))[0].tolist()))
    assert most_probable(asia, everything).states == {}


def test_wrong_questions_are_refused() -> None:
    asia = load_network("asia")
    with pytest.raises(NetworkError, match="k, how many explanations, must be at least 1"):
        k_most_probable(asia, 0)
    with pytest.raises(NetworkError, match="smoke is seen or set already; ask only for what"):
        most_probable(asia, {"smoke": "yes"}, ["smoke", "lung"])
    with pytest.raises(NetworkError, match="lung = yes, either = no has probability 0"):
        most_probable(asia, {"lung": "yes", "either": "no"})
