"""Gates, commitment, hearsay and protocols of strategies, each on its own."""

from dataclasses import replace

import numpy as np
import pytest

from swarm.reasoning import GateNetworks, Hearsay
from tests.swarm.reasoning.populations import (
    FIRST,
    K,
    X,
    engines_used,
    on_all,
    plain,
    random_table,
)


def bias(rows: dict[int, list[float]]) -> np.ndarray:
    """A gate that is shut but for the first entries of some rows."""
    gate = np.zeros((1, K + 1, X), np.float32)
    for row, values in rows.items():
        gate[0, row, : len(values)] = values
    return gate


def test_gates_stop_go_on_and_change_the_order() -> None:
    table = random_table(np.random.default_rng(6), 20, 8)
    order = np.array([2, 0, 3, 1])
    always_stop = plain(order=order, length=K, gate=bias({K: [K + 1]}))
    never_stop = plain(order=order, length=3, gate=bias({K: [-9]}))
    last_first = plain(order=order, length=4, gate=bias({1: [3.5], K: [5]}))
    assert engines_used(on_all(always_stop, table)) == [[2]] * 20
    assert engines_used(on_all(never_stop, table)) == [[0, 2, 3]] * 20
    assert engines_used(on_all(last_first, table)) == [[1]] * 20


@pytest.mark.parametrize("feature", [0, 1], ids=["fan-out", "degree"])
def test_a_gate_tells_queries_apart_by_their_features(feature: int) -> None:
    table = random_table(np.random.default_rng(7), 40, 8)
    towards = [0.0] * X
    towards[4 + feature] = 1e3
    strategy = plain(length=2, gate=bias({1: towards, K: [1e6]}))
    high = table.features[:, feature] > 1e-3
    low = table.features[:, feature] < 1e-3
    used = np.array(engines_used(on_all(strategy, table)))[:, 0]
    assert (used[high] == 1).all()
    assert (used[low] == 0).all()
    assert high.any()
    assert low.any()


def test_agreement_can_end_a_walk() -> None:
    """Two engines with one favourite are enough; two that differ ask a third."""
    table = random_table(np.random.default_rng(8), 60, 6)
    gate = bias({K: [-8, 0, 16], 0: [9], 1: [9], 2: [5]})
    strategy = plain(length=3, gate=gate, variant=0)
    used = engines_used(on_all(strategy, table))
    gains = np.exp([3, 3])  # drives are kept within 3
    for q in range(len(table)):
        both = gains @ table.scores[q, FIRST[:2]]
        top = np.where(table.block.open[q], both, -np.inf).argmax()
        agreed = (table.favourite[q, FIRST[:2]] == top).all()
        assert used[q] == ([0, 1] if agreed else [0, 1, 2])
    assert 0 < sum(len(each) == 2 for each in used) < len(table)


def test_a_clear_lead_commits() -> None:
    table = random_table(np.random.default_rng(9), 40, 6)
    strategy = plain(length=2, commit=0.5)
    for q, used in enumerate(engines_used(on_all(strategy, table))):
        says = np.sort(table.scores[q, 0, table.block.open[q]])
        lead = says[-1] - says[-2] if len(says) > 1 else np.inf
        assert used == ([0] if lead > 0.5 else [0, 1])


def test_a_network_can_tell_apart_what_no_linear_gate_can() -> None:
    """Engine 1 comes first where exactly one of two features is on, engine 0 elsewhere."""
    table = random_table(np.random.default_rng(16), 40, 6)
    on = np.random.default_rng(0).random((40, 2)) < 0.5
    table = replace(table, features=on.astype(np.float32))
    either, both, drive = X - 1, X, X + 1 + 1  # hidden nodes, then engine 1's output
    links = [(3, either, 9), (4, either, 9), (3, both, 9), (4, both, 9)]
    links += [(either, drive, 2), (both, drive, -2)]
    source, target, weight = np.array(links, np.int32).T.copy()
    bias = np.zeros((1, 2 + K + 1))
    bias[0, :2], bias[0, -1] = (-4.5, -13.5), 99  # stops after the first
    networks = GateNetworks.compile(
        X - 1, K + 1, np.array([0, len(links)], np.int32), source, target, weight, bias
    )
    exclusive_or = replace(plain(length=2, networked=True), networks=networks)
    used = np.array(engines_used(on_all(exclusive_or, table)))[:, 0]
    np.testing.assert_array_equal(used, on[:, 0] ^ on[:, 1])


def test_working_memory_shifts_what_the_next_engine_says() -> None:
    """By what the best answer so far says of the others, as far as it is trusted."""
    table = random_table(np.random.default_rng(17), 30, 6)
    without = on_all(plain(length=2), table)
    with_it = on_all(plain(length=2, memory=0.7), table)
    for q, free in enumerate(table.block.open):
        said = np.sort(table.scores[q, 0, free])
        top = np.where(free, table.scores[q, 0], -np.inf).argmax()
        margin = said[-1] - said[-2] if len(said) > 1 else np.inf
        shift = 0.7 * margin / (1 + margin) * table.echo[1, table.echo_row[q], top] / 2
        expected = without.scores[q] + np.where(np.isfinite(margin), shift, 0)
        np.testing.assert_allclose(with_it.scores[q, free], expected[free], atol=1e-4)
    assert (without.best != with_it.best).any()
    np.testing.assert_array_equal(
        on_all(plain(memory=0.7), table).scores, on_all(plain(), table).scores
    )


# Hearsay and protocols


def test_rumours_are_for_who_heard_them_about_the_query_they_are_about() -> None:
    table = random_table(np.random.default_rng(10), 6, 5)
    one = plain(trust=1, consensus=1)
    two = one.take(np.array([0, 0]))
    keys = table.block.key
    answer = int(np.flatnonzero(table.block.open[0])[-1])
    nothing = Hearsay.nothing(6, 5, 2)
    hearsay = replace(
        nothing,
        key=np.array([[keys[0]], [-1]]),
        answer=np.array([[answer], [0]], np.int32),
        confidence=np.full((2, 1), 0.9, np.float32),
        sealed=np.zeros(6, bool),
    )
    before, after = on_all(two, table).scores, on_all(two, table, hearsay).scores
    changed = np.argwhere(before != after)
    same_query = np.flatnonzero(keys == keys[0])
    assert changed.tolist() == [[q, answer] for q in same_query if table.block.open[q, answer]]
    assert after[0, answer] - before[0, answer] == pytest.approx(np.log1p(0.9), rel=1e-4)


def test_novelty_demotes_what_memory_says_already() -> None:
    table = random_table(np.random.default_rng(12), 10, 6)
    count = np.full((1, 10, 6), 3, np.int32)
    said = replace(Hearsay.nothing(10, 6, 1), count=count, sealed=np.zeros(10, bool))
    before = on_all(plain(), table).scores
    after = on_all(plain(novelty=0.6), table, said).scores
    open_ = table.block.open
    np.testing.assert_allclose(after[open_], before[open_] - 0.6 * np.log(4), atol=1e-5)


def test_council_and_inversion_weigh_in() -> None:
    table = random_table(np.random.default_rng(13), 10, 6)
    open_ = table.block.open
    engine = on_all(plain(), table).scores[open_]
    doubted = on_all(plain(council=2), table).scores[open_]
    np.testing.assert_allclose(doubted, engine - 2 * table.against[open_], atol=1e-5)
    turned = on_all(plain(inversion=0.5, consensus=0.1), table).scores[open_]
    np.testing.assert_allclose(turned, 0.1 * engine + 0.5 * table.inverted[open_], atol=1e-5)


def test_confidence_grows_with_the_margin() -> None:
    table = random_table(np.random.default_rng(14), 30, 6)
    answers = on_all(plain(), table)
    for q, free in enumerate(table.block.open):
        if free.sum() > 1:
            best, second = np.sort(answers.scores[q, free])[[-1, -2]]
            assert answers.confidence[q] == pytest.approx(1 - np.exp(second - best), abs=1e-6)


def test_a_rumour_that_outweighs_every_engine_is_believed() -> None:
    """All engines count for nothing, so that what was heard decides, and clearly."""
    table = random_table(np.random.default_rng(15), 10, 6)
    weight = np.zeros((1, 10, 6), np.float32)
    favourite = table.favourite[:, 0]
    weight[0, np.arange(10), favourite] = 1
    heard = replace(Hearsay.nothing(10, 6, 1), weight=weight, sealed=np.zeros(10, bool))
    answers = on_all(plain(weight=0, trust=1, beam=1), table, heard)
    np.testing.assert_array_equal(answers.best, favourite)
    assert (answers.confidence > 0.99).all()
