"""Plain references of the seven engines: float64[D, E, E] by loops over facts.

Genes are the engine dataclasses themselves, of which only the fields are read.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from math import log, sqrt

import numpy as np

from swarm.reasoning.engines import (
    Abductive,
    Deductive,
    Inductive,
    Probabilistic,
)
from swarm.reasoning.engines.block_model import block_probability
from swarm.reasoning.engines.explanations import MEMBERS_MAX
from swarm.reasoning.engines.inductive import DEPTH, STEP
from tests.swarm.reasoning import reference_depth_cases as depth, reference_depth_rules as deep
from tests.swarm.reasoning.reference import (
    Body,
    Fact,
    Graph,
    Pair,
    connected,
    rules,
    support,
    weight,
)


def deductive(graph: Graph, genes: Deductive) -> np.ndarray:
    """Every round evaluates every law anew; what it did not say before counts decay^round."""
    if genes.aggregation == "strongest" or genes.caution:
        return deep.deductive(graph, genes)
    laws = {
        head: rules(graph, head, genes.pseudo_count, genes.support_min, genes.top, genes.threshold)
        for head in graph.directions
    }
    scores = graph.empty()
    before: set[Fact] = set()
    known = graph.known
    for number in range(genes.rounds):
        derived = set()
        for head, chosen in laws.items():
            for body, confidence in chosen:
                for x, y in connected(known, body) - connected(before, body):
                    scores[head, x, y] += genes.decay**number * weight(confidence)
                    derived.add((head, x, y))
        before, known = known, known | graph.both_ways(derived)
    return scores


def inductive(graph: Graph, genes: Inductive) -> np.ndarray:
    """All rules that reach an answer, by noisy-or or by the best and then the next best."""
    scores = graph.empty()
    if genes.aggregation == "learned":
        return deep.learned(graph, genes)
    if genes.aggregation == "non-redundant" or genes.surprise:
        return deep.inductive(graph, genes)
    for head in graph.directions:
        reached = defaultdict(list)
        for body, confidence in rules(
            graph, head, genes.pseudo_count, genes.support_min, genes.top
        ):
            for pair in graph.bodies[body]:
                reached[pair].append(confidence)
        for pair, values in reached.items():
            noisy_or = genes.aggregation == "noisy-or"
            scores[head][pair] = sum(map(weight, values)) if noisy_or else discounted(values)
    if genes.unary:
        for head, x, c in graph.cells():
            about = [about_one(graph, genes, head, x, c)]
            if genes.both_ends:
                back = (head + graph.relations) % (2 * graph.relations)
                about.append(about_one(graph, genes, back, c, x))
            scores[head, x, c] = max(scores[head, x, c], *about)
    return scores


def discounted(values: list[float]) -> float:
    """The best value, then the next at STEP of its worth, and so on."""
    best = sorted(values, reverse=True)[:DEPTH]
    return sum(STEP**i * value for i, value in enumerate(best))


def about_one(graph: Graph, genes: Inductive, head: int, x: int, c: int) -> float:
    """r(x, c) <- q(x, d) and r(x, c) <- q(x, _)."""
    values = []
    for q, s, d in graph.known:
        if s == x and (q, d) != (head, c):
            values.append([z for z in range(graph.entities) if (q, z, d) in graph.known])
    for q in {q for q, s, _ in graph.known if s == x}:
        values.append(sorted({s for p, s, _ in graph.known if p == q}))
    confidences = [0.0]
    for alike in values:
        held = sum((head, z, c) in graph.known for z in alike)
        if held >= genes.support_min:
            confidences.append(held / (len(alike) + genes.pseudo_count))
    return discounted(confidences)


def abductive(graph: Graph, genes: Abductive) -> np.ndarray:
    """Consequences of r(s, y), each observed or missed, by their log likelihood ratio."""
    E, known, scores = graph.entities, graph.known, graph.empty()
    base = [min(max(len(graph.bodies[q,]) / E**2, 1e-6), 0.5) for q in graph.directions]

    def predicted(body: Body, r: int) -> list[tuple[int, float]]:
        found = []
        for q in graph.directions:
            held = support(graph, body, q) if body in graph.bodies else 0
            confidence = held / (len(graph.bodies.get(body, ())) + genes.pseudo_count)
            if q != r and held >= genes.support_min and confidence >= genes.confidence_min:
                found.append((q, confidence))
        return found

    def evidence(q: int, confidence: float, observed: bool) -> float:
        if observed:
            return log(confidence / base[q])
        return genes.miss * log((1 - confidence + 1e-3) / (1 - base[q]))

    for r in graph.directions:
        near = [(p, *rule) for p in graph.directions for rule in predicted((r, p), r)]
        far = [(p, *rule) for p in graph.directions for rule in predicted((p, r), r)]
        near = sorted(near, key=lambda rule: -rule[2])[: genes.top]
        far = sorted(far, key=lambda rule: -rule[2])[: genes.top]
        direct = predicted((r,), r)
        for s, y in product(range(E), repeat=2):
            score = genes.prior * log(graph.count(r, y) + 0.1)
            for (p, q, confidence), z in product(near, range(E)):
                if (p, y, z) in known and z not in (s, y):
                    score += evidence(q, confidence, (q, s, z) in known)
            for (p, q, confidence), z in product(far, range(E)):
                if (p, z, s) in known and z not in (s, y):
                    score += evidence(q, confidence, (q, z, y) in known)
            for q, confidence in direct:
                score += evidence(q, confidence, (q, s, y) in known)
            scores[r, s, y] = score
        if genes.parsimony:
            scores[r] += genes.parsimony * depth.cover(graph, genes, r, MEMBERS_MAX)
    if genes.plausibility:
        scores += genes.plausibility * depth.company(graph, 0.5)
    return scores


def probabilistic(graph: Graph, genes: Probabilistic) -> np.ndarray:
    """Naive Bayes or a fitted block model, and what else is known of the pair."""
    if genes.model == "kinds":
        fitted = block_probability(graph.evidence, genes.kinds, genes.drafts)
        scores = np.log(fitted.astype(float) + 1e-5)
    else:
        scores = naive_bayes(graph, genes)
    return scores + genes.company * depth.company(graph, genes.smoothing)


def naive_bayes(graph: Graph, genes: Probabilistic) -> np.ndarray:
    """By counting, from the source and, with both_sides, from the answer too."""
    E, R, known, s = graph.entities, graph.relations, graph.known, genes.smoothing

    def log_odds(r: int, x: int, c: int) -> float:
        times = graph.count(r, c)
        if not times:
            return -50.0
        score = log(times + 0.1)
        for q, source, d in known:
            if source != x or q == r:
                continue
            base = (graph.count(q, d) + s) / (E + 2 * s)
            together = sum((q, z, d) in known and (r, z, c) in known for z in range(E))
            score += genes.temperature * log((together + 2 * s * base) / (times + 2 * s) / base)
        return score

    scores = graph.empty()
    for r, x, y in graph.cells():
        scores[r, x, y] = log_odds(r, x, y)
        if genes.both_sides:
            scores[r, x, y] += log_odds((r + R) % (2 * R), y, x)
    return scores


def likeness(graph: Graph) -> np.ndarray:
    """Cosine of the facts that two entities take part in, each by its inverse frequency."""
    E = graph.entities
    profiles: list[dict[Pair, float]] = [{} for _ in range(E)]
    for q, x, d in graph.known:
        profiles[x][q, d] = log(E / graph.count(q, d))
    norms = [sqrt(sum(value**2 for value in profile.values())) for profile in profiles]
    alike = np.zeros((E, E))
    for x, z in product(range(E), repeat=2):
        if x != z and norms[x] and norms[z]:
            shared = profiles[x].keys() & profiles[z].keys()
            alike[x, z] = sum(profiles[x][f] * profiles[z][f] for f in shared)
            alike[x, z] /= norms[x] * norms[z]
    return alike


analogical = depth.analogical
