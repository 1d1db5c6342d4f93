"""ComplEx-N3, the baseline of the benchmark."""

import numpy as np
import pytest

from swarm.reasoning import KnowledgeGraph, Problem, ask

torch = pytest.importorskip("torch", reason="ComplEx-N3 needs torch: benchmarks/requirements.txt")
complex_n3 = pytest.importorskip(
    "benchmarks.complex_n3", reason="benchmarks are part of the source, not of the package"
)


@pytest.fixture(scope="module")
def problem():
    """Two groups of ten: friends are in the same group, and envied by all of the other."""
    facts = np.array(
        [
            (a, relation, b)
            for a in range(20)
            for b in range(20)
            for relation in range(2)
            if a != b and (a // 10 == b // 10) == (relation == 0)
        ],
        np.int32,
    )
    entities = tuple(f"n{i:02}" for i in range(20))
    graph = KnowledgeGraph("groups", entities, ("likes", "envies"), facts, facts[:0], facts[:0])
    return Problem.pose(graph.resplit((0.4, 0.3, 0.3), seed=0))


def learn(problem, seed=0, **changes):
    settings = {"ranks": (8,), "regularisers": (0.02,), "starts": ((0.03, 0.03),), "epochs": 25}
    return complex_n3.learn(problem, seed, **{**settings, **changes})


def rows(real_then_imaginary):
    rank = real_then_imaginary.shape[1] // 2
    return real_then_imaginary[:, :rank] + 1j * real_then_imaginary[:, rank:]


def test_scores_are_those_of_the_paper(problem):
    """Re(<x, r, conj(y)>), for every candidate y (Trouillon et al. 2016, eq. 9)."""
    learnt = learn(problem, epochs=1)
    block = problem.table.block
    x, r, y = rows(learnt.entities), rows(learnt.relations), rows(learnt.entities)
    expected = ((x[block.source] * r[block.relation]) @ y.conj().T).real
    np.testing.assert_allclose(learnt(problem.table), expected, atol=1e-4)
    assert learnt(problem.table).shape == block.open.shape


def test_regulariser_is_the_sum_of_cubed_moduli():
    z = np.random.default_rng(0).normal(size=(5, 12)).astype(np.float32)
    expected = (np.abs(rows(z)) ** 3).sum()
    assert complex_n3._norm3(torch.from_numpy(z)).item() == pytest.approx(expected, rel=1e-5)


def test_every_fact_is_asked_both_ways(problem):
    queries = complex_n3._queries(problem.evidence)
    asked = {tuple(query) for query in queries.tolist()}
    for head, relation, tail in problem.evidence.facts.tolist():
        assert (head, relation, tail) in asked
        assert (tail, relation + 2, head) in asked
    block = ask(problem.evidence.facts, problem.evidence)
    assert np.array_equal(queries[:, :2], np.stack([block.source, block.relation], axis=1))


def test_finds_the_groups(problem):
    """A fact that was not shown: friends are ranked before envied ones, and the other way."""
    learnt = learn(problem)
    block, truth = problem.table.block, problem.referee.truth
    scores = learnt(problem.table)
    asks_for_friends = block.relation % 2 == 0
    same = (np.arange(20) // 10)[None, :] == (block.source // 10)[:, None]
    right = same == asks_for_friends[:, None]
    right_scores = np.where(right & block.open, scores, np.nan)
    wrong_scores = np.where(~right, scores, np.nan)
    assert (np.nanmin(right_scores, axis=1) > np.nanmax(wrong_scores, axis=1)).mean() > 0.9
    assert right[np.arange(len(truth)), truth].all()


def test_valid_is_the_credit_of_what_is_returned(problem):
    learnt = learn(problem)
    ranks = problem.referee.ranks(learnt(problem.table))
    assert learnt.valid == pytest.approx(problem.referee.credit(ranks).mean())


def test_the_best_setting_is_kept(problem):
    each = [learn(problem, ranks=(rank,), epochs=3) for rank in (1, 8)]
    best = max(each, key=lambda learnt: learnt.valid)
    both = learn(problem, ranks=(1, 8), epochs=3)
    assert (both.valid, both.note) == (best.valid, best.note)
    assert "rank" in both.note
    assert "epoch" in both.note


def test_same_seed_same_embeddings_on_any_number_of_threads(problem):
    before = torch.get_num_threads()
    first = learn(problem, epochs=2)
    torch.set_num_threads(2)
    try:
        again = learn(problem, epochs=2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    other = learn(problem, seed=1, epochs=2)
    assert np.array_equal(first.entities, again.entities)
    assert not np.array_equal(first.entities, other.entities)
