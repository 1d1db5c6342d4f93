"""Relational embeddings: their gradient, what they learn, and how they are read."""

from dataclasses import replace

import numpy as np
import pytest

from swarm.reasoning import Evidence, ask, judge, load_graph
from swarm.reasoning.engines import Deductive, embedding
from swarm.reasoning.engines.embedding import RelationalEmbedding, fit, score_cube
from swarm.reasoning.engines.exclusion import Exclusive, exclusive

SMALL = RelationalEmbedding(rank=8, committee=1, epochs=3)


def loss(x, r, batch, regulariser, weight):
    """Mean loss of the queries, in complex numbers and float64."""
    k = x.shape[1] // 2
    entities, relations = x[:, :k] + 1j * x[:, k:], r[:, :k] + 1j * r[:, k:]
    half = len(relations) // 2
    total = 0.0
    for source, direction, answer in batch:
        s, p, o = entities[source], relations[direction], entities[answer]
        logits = (s * p @ entities.conj().T).real
        total += np.log(np.exp(logits).sum()) - logits[answer]
        own = relations[:half] if direction < half else relations[half:]
        logits = (own @ (s * o.conj())).real
        total += weight * (np.log(np.exp(logits).sum()) - logits[direction % half])
        total += regulariser * sum((abs(each) ** 3).sum() for each in (s, p, o))
    return total / len(batch)


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_gradient(weight):
    rng = np.random.default_rng(0)
    genes = replace(SMALL, rank=3, relation_weight=weight)
    x, r = rng.standard_normal((5, 6)), rng.standard_normal((4, 6))
    batch = np.array([[0, 1, 2], [3, 2, 0], [4, 0, 4], [1, 3, 1]])
    slopes = embedding._slopes(x, r, batch, 0.2, genes)
    for values, slope in zip((x, r), slopes, strict=True):
        for place in np.ndindex(values.shape):
            middle = values[place]
            around = []
            for step in (1e-5, -1e-5):
                values[place] = middle + step
                around.append(loss(x, r, batch, 0.2, weight))
            values[place] = middle
            assert slope[place] == pytest.approx((around[0] - around[1]) / 2e-5, abs=1e-5)


def test_scores_are_real_parts_of_triple_products():
    rng = np.random.default_rng(1)
    x, r = rng.standard_normal((4, 6)), rng.standard_normal((2, 6))
    scores = score_cube(x, r)
    entities, relations = x[:, :3] + 1j * x[:, 3:], r[:, :3] + 1j * r[:, 3:]
    for p, s, o in np.ndindex(2, 4, 4):
        product = (entities[s] * relations[p] * entities[o].conj()).sum().real
        assert scores[p, s, o] == pytest.approx(product)


def test_the_same_facts_give_the_same_embeddings():
    facts = np.random.default_rng(2).integers(0, 6, (40, 3)) % np.array([6, 2, 6])
    one, other = fit(facts, 6, 2, SMALL), fit(facts, 6, 2, SMALL)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[0], fit(facts, 6, 2, SMALL, start=1)[0])


def test_a_planted_analogy_is_completed():
    """Rings of twelve under two relations, step two being step one twice; some facts left out."""
    places = np.arange(12)
    facts = [(x, step - 1, (x + step) % 12) for x in places for step in (1, 2)]
    hidden = [(0, 1, 2), (6, 0, 7)]
    train = np.array([fact for fact in facts if fact not in hidden])
    genes = RelationalEmbedding(rank=16, shrinkage=5, epochs=200, rate=0.1)
    scores = genes.compile(Evidence(train, 12, 2))
    for head, relation, tail in hidden:
        others = scores[relation, head]
        assert np.argmax(others) == tail


def test_exclusive_scores_are_log_shares_of_the_relations():
    scores = np.random.default_rng(3).standard_normal((6, 4, 4)).astype(np.float32)
    read = exclusive(scores)
    both = scores[:3] + scores[3:].transpose(0, 2, 1)
    expected = both - np.log(np.exp(both).sum(axis=0))
    np.testing.assert_allclose(read[:3], expected, atol=1e-5)
    np.testing.assert_allclose(read[3:], expected.transpose(0, 2, 1), atol=1e-5)


def test_an_exclusive_engine_spares_pairs_that_are_taken():
    """Every pair stands in one relation; the same engine ranks better once it knows."""
    graph = load_graph("kinships").resplit((0.3, 0.2, 0.5), 1)
    evidence = Evidence(graph.train, len(graph.entities), len(graph.relations))
    block = ask(graph.valid, evidence)
    stated = np.concatenate([graph.train, graph.valid])
    referee = judge(graph.valid, stated, evidence, len(graph.test) / len(graph.facts))
    engine = Deductive.variants()[0]
    cubes = [each.compile(evidence) for each in (engine, Exclusive(engine))]
    credit = [referee.marks(cube[block.relation, block.source]).mean() for cube in cubes]
    assert credit[1] > credit[0] + 0.02
    known = evidence.cube[: evidence.relations].any(axis=0)
    half = cubes[1][: evidence.relations]
    best = half.max(axis=0)
    taken = [evidence.cube[r] for r in range(evidence.relations)]
    for relation, mine in enumerate(taken):
        elsewhere = known & ~mine
        assert (half[relation][elsewhere] < best[elsewhere]).all()
