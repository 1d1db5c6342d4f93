"""The compiled walk of strategies against a plain walk, and what must hold of any walk."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning import Answers, Hearsay, Referee, ScoreTable, Strategies, reason
from swarm.reasoning.walk import PRUNED
from tests.swarm.reasoning.populations import (
    COSTS,
    FIRST,
    K,
    engines_used,
    everybody,
    on_all,
    plain,
    random_hearsay,
    random_strategies,
    random_table,
)
from tests.swarm.reasoning.reference_walk import walk

FIELDS = ("scores", "best", "confidence", "proposer", "used", "spent")


def the_same(one: Answers, other: Answers) -> None:
    for name in FIELDS:
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.booleans())
def test_the_kernel_walks_as_the_plain_walk(seed: int, candidates: int, heard: bool) -> None:
    rng = np.random.default_rng(seed)
    table, strategies = random_table(rng, 4, candidates), random_strategies(rng, 4)
    hearsay = random_hearsay(rng, table, 4) if heard else None
    agent, query = everybody(table, 4)
    answers = reason(strategies, table, COSTS, agent, query, hearsay)
    decided = 0
    for t in range(len(agent)):
        wanted = walk(strategies, agent[t], table, query[t], COSTS.tolist(), hearsay)
        if wanted.closest < 1e-4:
            continue  # float32 may fall on the other side
        decided += 1
        assert engines_used(answers)[t] == sorted(wanted.engines)
        assert answers.spent[t] == wanted.spent
        assert answers.best[t] == wanted.best
        assert answers.proposer[t] == wanted.proposer
        assert answers.confidence[t] == pytest.approx(wanted.confidence, abs=1e-3)
        np.testing.assert_allclose(answers.scores[t], wanted.scores, rtol=1e-5, atol=1e-3)
    assert decided >= len(agent) // 2


# What must hold of any walk


@pytest.fixture(scope="module")
def population() -> tuple[Strategies, ScoreTable, Hearsay]:
    rng = np.random.default_rng(11)
    table, strategies = random_table(rng, 30, 12), random_strategies(rng, 25)
    return strategies, table, random_hearsay(rng, table, 25)


Population = tuple[Strategies, ScoreTable, Hearsay]


def test_threads_and_the_order_of_tasks_make_no_difference(population: Population) -> None:
    strategies, table, hearsay = population
    agent, query = everybody(table, len(strategies))
    alone = reason(strategies, table, COSTS, agent, query, hearsay, threads=1)
    for threads in (2, 3, None):
        the_same(alone, reason(strategies, table, COSTS, agent, query, hearsay, threads))

    order = np.random.default_rng(0).permutation(len(agent))
    shuffled = reason(strategies, table, COSTS, agent[order], query[order], hearsay, threads=2)
    the_same(Answers(*(getattr(alone, name)[order] for name in FIELDS)), shuffled)


def test_an_agent_reasons_the_same_in_any_company(population: Population) -> None:
    strategies, table, _ = population
    rows = np.array([7, 3, 19])
    agent, query = everybody(table, len(rows))
    together = reason(strategies, table, COSTS, rows[agent], query)
    the_same(together, reason(strategies.take(rows), table, COSTS, agent, query))


def test_nothing_is_nan_and_what_is_known_is_never_answered(population: Population) -> None:
    strategies, table, hearsay = population
    agent, query = everybody(table, len(strategies))
    answers = reason(strategies, table, COSTS, agent, query, hearsay)
    open_ = table.block.open[query]
    assert np.isfinite(answers.scores[open_]).all()
    assert (answers.scores[~open_] == -np.inf).all()
    assert open_[np.arange(len(agent)), answers.best].all()
    np.testing.assert_array_equal(answers.best, answers.scores.argmax(axis=1))
    assert ((answers.confidence >= 0) & (answers.confidence < 1)).all()
    for proposer, used in zip(answers.proposer, engines_used(answers), strict=True):
        assert proposer in used


def test_a_query_with_nothing_left_to_ask_is_no_nan() -> None:
    table = random_table(np.random.default_rng(0), 1, 5)
    shut = replace(table, block=replace(table.block, open=np.zeros((1, 5), bool)))
    assert not np.isnan(on_all(plain(), shut).confidence).any()


def test_costs_are_those_of_the_engines_and_protocols_used(population: Population) -> None:
    strategies, table, hearsay = population
    agent, query = everybody(table, len(strategies))
    answers = reason(strategies, table, COSTS, agent, query, hearsay)
    for t, used in enumerate(engines_used(answers)):
        spent = COSTS[used].sum()
        spent += COSTS[K] * (strategies.council[agent[t]] > 0)
        spent += COSTS[K + 1] * (strategies.inversion[agent[t]] > 0)
        assert answers.spent[t] == spent
        assert 1 <= len(used) <= strategies.length[agent[t]]
        assert set(used) <= set(strategies.order[agent[t]][: strategies.length[agent[t]]])


def test_the_pruned_rank_below_the_living_and_the_longer_pruned_lower() -> None:
    """The first engine prunes what is 1 below its best, the second what is 2 below the sum's."""
    rng = np.random.default_rng(4)
    table = random_table(rng, 40, 12)
    strategy = plain(length=2, beam=[1, 1, 9, 9], council=1)
    answers = on_all(strategy, table)
    checked = 0
    for q, free in enumerate(table.block.open):
        first = table.scores[q, FIRST[0]]
        both = first + table.scores[q, FIRST[1]]
        out_first = free & (first < first[free].max() - 1)
        left = free & ~out_first
        out_second = left & (both < both[left].max() - 2)
        alive = left & ~out_second
        value = both / 2 - table.against[q]
        for pruned, steps in ((alive, 0), (out_second, K - 1), (out_first, K)):
            wanted = value[pruned] + PRUNED * steps
            np.testing.assert_allclose(answers.scores[q, pruned], wanted, atol=1e-2)
        if out_first.any() and out_second.any():
            low, middle = answers.scores[q, out_first], answers.scores[q, out_second]
            assert low.max() < middle.min() <= middle.max() < answers.scores[q, alive].min()
            checked += 1
    assert checked > 10


def test_one_engine_alone_ranks_as_that_engine() -> None:
    rng = np.random.default_rng(5)
    table = random_table(rng, 60, 15)
    truth = np.array([rng.choice(np.flatnonzero(free)) for free in table.block.open], np.int32)
    referee = Referee(truth, table.block.open, np.zeros(60, np.int32))
    for engine in range(K):
        for variant in range(FIRST[engine + 1] - FIRST[engine]):
            order = np.roll(np.arange(K), -engine)
            for weight in (0.0, 0.5, 2.0):
                strategy = plain(order=order, variant=variant, weight=weight)
                answers = on_all(strategy, table)
                says = table.scores[:, FIRST[engine] + variant]
                np.testing.assert_array_equal(referee.ranks(answers.scores), referee.ranks(says))
                assert engines_used(answers) == [[engine]] * 60
                assert (answers.proposer == engine).all()


def test_sealed_tasks_ignore_hearsay(population: Population) -> None:
    strategies, table, hearsay = population
    assert (strategies.trust > 0).any()
    assert (strategies.novelty > 0).any()
    sealed = replace(hearsay, sealed=np.ones(len(table), bool))
    unsealed = replace(hearsay, sealed=np.zeros(len(table), bool))
    nothing = Hearsay.nothing(len(table), table.scores.shape[2], len(strategies))
    the_same(on_all(strategies, table, sealed), on_all(strategies, table))
    the_same(on_all(strategies, table, nothing), on_all(strategies, table))
    heard = on_all(strategies, table, unsealed)
    assert (heard.best != on_all(strategies, table).best).any()
