"""Block models by expectation maximisation, and the company that relations keep."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.engines import Probabilistic
from swarm.reasoning.engines.block_model import (
    BELIEF,
    SPREAD,
    base_rate,
    beginning,
    block_probability,
    improved,
    pair_counts,
    predicted,
)
from swarm.reasoning.engines.company import company
from tests.swarm.reasoning import reference_depth_cases as reference
from tests.swarm.reasoning.reference import Graph, small_graphs

P, Q, R = range(3)
examples = settings(max_examples=40, deadline=None)


@examples
@given(small_graphs(), st.sampled_from([0.1, 0.5, 2.0]))
def test_company_is_that_of_the_definition(graph: Graph, smoothing: float) -> None:
    found = company(graph.evidence, smoothing)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, reference.company(graph, smoothing), rtol=1e-4, atol=1e-4)


@examples
@given(small_graphs(), st.integers(1, 4), st.integers(0, 3), st.sampled_from([0.02, 0.5]))
def test_a_round_of_the_block_model_is_that_of_the_definition(
    graph: Graph, kinds: int, draft: int, silence: float
) -> None:
    counts = pair_counts(graph.evidence, silence)
    share, between = beginning(counts, kinds, draft)
    wanted = reference.improved(
        counts.astype(float),
        share.astype(float),
        between.astype(float),
        float(SPREAD),
        float(BELIEF),
    )
    for found, value in zip(improved(counts, share, between), wanted, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-3, atol=1e-5)


@examples
@given(small_graphs(), st.integers(1, 5), st.integers(0, 3))
def test_a_round_never_makes_the_facts_less_likely(graph: Graph, kinds: int, draft: int) -> None:
    counts = pair_counts(graph.evidence, 0.1)
    belief = BELIEF * kinds * base_rate(counts)[:, None, None]
    share, between = beginning(counts, kinds, draft)
    fits = []
    for _ in range(15):
        fit = (counts * np.log(predicted(share, between) + 1e-12)).sum(dtype=np.float64)
        fit += (SPREAD * np.log(share)).sum(dtype=np.float64)
        fit += (belief * np.log(between)).sum(dtype=np.float64)
        fits.append(fit)
        share, between = improved(counts, share, between)
        np.testing.assert_allclose(share.sum(axis=1), 1, rtol=1e-4)
        np.testing.assert_allclose(between.sum(axis=0), 1, rtol=1e-4)
    assert np.diff(fits).min() >= -1e-4 * np.abs(fits).max()
    assert fits[-1] > fits[0]


def test_planted_kinds_are_found() -> None:
    """Three clans: P within the next, Q within the one after, R within; a third is known."""
    clans, size = 3, 8
    entities = clans * size
    rng = np.random.default_rng(5)
    truth = np.array(
        [[(j // size - i // size) % clans for j in range(entities)] for i in range(entities)]
    )
    seen = rng.random(truth.shape) < 1 / 3
    facts = [(i, int(truth[i, j]), j) for i, j in product(range(entities), repeat=2) if seen[i, j]]
    graph = Graph(entities, clans, frozenset(facts))
    probability = block_probability(graph.evidence, kinds=3, drafts=6)
    assert (probability[:clans].argmax(axis=0) == truth)[~seen].mean() > 0.95
    np.testing.assert_array_equal(probability[clans:], probability[:clans].transpose(0, 2, 1))


def test_a_block_model_says_the_same_every_time() -> None:
    evidence = Graph.of([(0, P, 1), (1, Q, 2), (2, P, 0)]).evidence
    once, again = (block_probability(evidence, 3, 2) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_relations_that_exclude_each_other_speak_against_each_other() -> None:
    """Every pair has P or Q, never both, and R where it has P."""
    facts = []
    for i, j in product(range(6), range(6, 12)):
        facts += [(i, P, j), (i, R, j)] if (i + j) % 2 else [(i, Q, j)]
    facts.remove((0, R, 7))
    evidence = Graph.of(facts).evidence
    lift = company(evidence)
    assert lift[R, 0, 7] > 0  # P is known
    assert lift[R, 0, 6] < -2  # Q is known
    assert lift[R, 0, 1] == 0  # nothing is
    shy, sociable = (Probabilistic(company=weight).compile(evidence)[R, 0] for weight in (0.0, 3.0))
    assert (sociable - shy)[7] == pytest.approx(3 * lift[R, 0, 7], rel=1e-4)
    assert sociable[[6, 7, 8, 9, 10, 11]].argmax() in (1, 3, 5)
