"""Plain references of structure mapping, block models, covers and company: float64 loops."""

from __future__ import annotations

from itertools import product
from math import inf, log, sqrt

import numpy as np

from swarm.reasoning.engines import Abductive, Analogical
from swarm.reasoning.engines.explanations import EQUAL
from swarm.reasoning.engines.structure_mapping import IRRELEVANT
from tests.swarm.reasoning.reference import Body, Graph, support

# Company


def company(graph: Graph, smoothing: float) -> np.ndarray:
    """Sum over the other facts q of a pair of log P(q | r') / P(q)."""
    pairs, scores = graph.entities**2, graph.empty()
    held = [graph.bodies[q,] for q in graph.directions]
    for q, r in product(graph.directions, repeat=2):
        if q == r:
            continue
        base = (len(held[q]) + smoothing) / (pairs + 2 * smoothing)
        given = (len(held[q] & held[r]) + 2 * smoothing * base) / (len(held[r]) + 2 * smoothing)
        for pair in held[q]:
            scores[r][pair] += log(given / base)
    return scores


# Analogy


def likeness(graph: Graph, genes: Analogical, r: int) -> np.ndarray:
    """float64[E, E] for the sources of r, zero on the diagonal."""
    if genes.level == "surface":
        rows = [
            np.array([log(1 + degree(graph, q, x)) for q in graph.directions])
            for x in range(graph.entities)
        ]
        gram = np.array([[a @ b for b in rows] for a in rows])
        return cosine(gram)
    facts = [weighted(graph, q) for q in graph.directions]
    if genes.level == "pragmatic":
        grams = [fact @ fact.T for fact in facts]
        relevance = [alignment(gram, grams[r]) for gram in grams]
        return cosine(
            sum(
                value * gram * (value >= IRRELEVANT)
                for value, gram in zip(relevance, grams, strict=True)
            )
        )
    alike = np.eye(graph.entities)
    for _ in range(genes.rounds):
        found = cosine(sum(fact @ alike @ fact.T for fact in facts))
        alike = np.eye(graph.entities) + found / 2
    return found


def degree(graph: Graph, q: int, x: int) -> int:
    return sum(s == x for s, _ in graph.bodies[q,])


def weighted(graph: Graph, q: int) -> np.ndarray:
    fact = np.zeros((graph.entities, graph.entities))
    for x, d in graph.bodies[q,]:
        fact[x, d] = log(graph.entities / graph.count(q, d))
    return fact


def cosine(gram: np.ndarray) -> np.ndarray:
    result = np.zeros_like(gram)
    for x, z in product(range(len(gram)), repeat=2):
        if x != z and gram[x, x] > 0 and gram[z, z] > 0:
            result[x, z] = max(gram[x, z] / sqrt(gram[x, x] * gram[z, z]), 0)
    return result


def alignment(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation over pairs of different entities; 0 where nothing varies."""
    apart = ~np.eye(len(one), dtype=bool)
    a, b = one[apart] - one[apart].mean(), other[apart] - other[apart].mean()
    norm = sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm > 1e-12 else 0.0


def shares(alike: np.ndarray, genes: Analogical) -> np.ndarray:
    """The nearest, as shares, and their nearest, each hop counting half."""
    sharp = alike**genes.sharpness
    near = np.zeros_like(sharp)
    for x, row in enumerate(sharp):
        order = sorted(row, reverse=True)
        beyond = order[genes.neighbours] if genes.neighbours < len(row) else -inf
        kept = [z for z, value in enumerate(row) if value > beyond]
        for z in kept:
            near[x, z] = row[z] / (sum(row[w] for w in kept) + 1e-9)
    total = np.zeros_like(near)
    for hop in range(genes.hops):
        total += 0.5**hop * np.linalg.matrix_power(near, hop + 1)
    return total


def analogical(graph: Graph, genes: Analogical) -> np.ndarray:
    half = graph.relations
    inverse = [(r + half) % (2 * half) for r in graph.directions]
    alike = [likeness(graph, genes, r) for r in graph.directions]
    facts = graph.evidence.cube.astype(float)
    if genes.mapping == "pairs":
        scores = by_pairs(graph, shares(alike[0], genes), genes.systematicity)
    elif genes.mapping == "ends":
        near = [shares(one, genes) for one in alike]
        share = genes.source_share
        scores = np.array(
            [
                share * near[r] @ facts[r] + (1 - share) * facts[r] @ near[inverse[r]].T
                for r in graph.directions
            ]
        )
    else:
        scores = graph.empty()
        kernels = [one**genes.sharpness + np.eye(graph.entities) for one in alike]
        for r in graph.directions:
            scores[r] = regression(facts[r], kernels[r], kernels[inverse[r]], genes.ridge)
    if genes.rivalry:
        rivals = np.maximum(scores[:half], 0).sum(axis=0) + 0.03
        for r in graph.directions:
            scores[r] /= (rivals if r < half else rivals.T) ** genes.rivalry
    return scores


def by_pairs(graph: Graph, near: np.ndarray, systematicity: float) -> np.ndarray:
    """Every pair against every other pair that has facts."""
    scores, corresponds = graph.empty(), near + np.eye(graph.entities)
    cells = list(product(range(graph.entities), repeat=2))
    weight = {
        body: log(graph.entities**2 / len(pairs)) for body, pairs in graph.bodies.items() if pairs
    }
    connections = {
        pair: {b for b, pairs in graph.bodies.items() if pair in pairs} for pair in cells
    }
    norm = {pair: sqrt(sum(weight[b] ** 2 for b in connections[pair])) for pair in cells}
    for pair, base in product(cells, repeat=2):
        if pair == base:
            continue
        common = connections[pair] & connections[base]
        agreement = sum(weight[b] ** 2 for b in common)
        if norm[pair] and norm[base]:
            agreement /= norm[pair] * norm[base]
        share = corresponds[pair[0], base[0]] * corresponds[pair[1], base[1]]
        for body in connections[base]:
            if len(body) == 1:
                scores[body[0]][pair] += share * (1 + systematicity * agreement)
    return scores


def regression(
    facts: np.ndarray, of_source: np.ndarray, of_answer: np.ndarray, ridge: float
) -> np.ndarray:
    """K (K + ridge)^-1 facts, K the Kronecker product of both kernels, made positive."""
    kernel = np.kron(positive(of_source), positive(of_answer))
    held_back = kernel + ridge * np.eye(len(kernel))
    return (kernel @ np.linalg.solve(held_back, facts.ravel())).reshape(facts.shape)


def positive(kernel: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(kernel)
    return (vectors * np.maximum(values, 0)) @ vectors.T


# Block models


def improved(
    counts: np.ndarray, share: np.ndarray, between: np.ndarray, spread: float, belief: float
) -> tuple[np.ndarray, np.ndarray]:
    """One round of expectation maximisation: every count is divided among pairs of kinds."""
    relations, entities, _ = counts.shape
    kinds = share.shape[1]
    base = counts.sum(axis=(1, 2)) + 1e-3
    base = base / base.sum()
    new_share = np.full((entities, kinds), spread)
    new_between = np.zeros((relations, kinds, kinds)) + belief * kinds * base[:, None, None]
    for r, x, y in np.argwhere(counts > 0):
        owed = np.outer(share[x], share[y]) * between[r]
        owed = counts[r, x, y] * owed / owed.sum()
        new_between[r] += owed
        new_share[x] += owed.sum(axis=1)
        new_share[y] += owed.sum(axis=0)
    return new_share / new_share.sum(axis=1, keepdims=True), new_between / new_between.sum(axis=0)


# Covers


def near_rules(graph: Graph, genes: Abductive, r: int) -> list[tuple[int, int, float]]:
    """(p, q, confidence) of q(s, z) <- r(s, y), p(y, z), surest first."""
    found = []
    for p, q in product(graph.directions, repeat=2):
        body: Body = (r, p)
        if q == r or body not in graph.bodies:
            continue
        held = support(graph, body, q)
        confidence = held / (len(graph.bodies[body]) + genes.pseudo_count)
        if held >= genes.support_min and confidence >= genes.confidence_min:
            found.append((p, q, confidence))
    return sorted(found, key=lambda rule: -rule[2])[: genes.top]


def cover(graph: Graph, genes: Abductive, r: int, most: int) -> np.ndarray:
    """Gain of every hypothesis beside the members of the greedy cover of its source."""
    E, known = graph.entities, graph.known
    base = [min(max(len(graph.bodies[q,]) / E**2, 1e-6), 0.5) for q in graph.directions]
    rules = near_rules(graph, genes, r)
    popularity = [graph.count(r, y) + 0.1 for y in range(E)]
    cost = [-log(value / sum(popularity)) for value in popularity]
    gains = np.zeros((E, E))
    for s in range(E):
        explains: list[dict[tuple[int, int], tuple[float, float]]] = [{} for _ in range(E)]
        for y, (p, q, confidence), z in product(range(E), rules, range(E)):
            if z not in (s, y) and (p, y, z) in known and (q, s, z) in known:
                explains[y].setdefault((q, z), (confidence, log(confidence / base[q])))

        def gain(y: int, others: set[int], explains=explains) -> float:  # type: ignore[no-untyped-def]
            total = -cost[y]
            for seen, (_, worth) in explains[y].items():
                for other in others - {y}:
                    worth *= 1 - explains[other].get(seen, (0.0, 0.0))[0]
                total += worth
            return total

        facts = {y for y in range(E) if (r, s, y) in known}
        members: list[int] = []
        while len(members) < most:
            free = [y for y in range(E) if y not in facts and y not in members]
            best, most_gained = None, 0.0
            for y in free:
                gained = gain(y, facts | set(members))
                if gained > most_gained + EQUAL:
                    best, most_gained = y, gained
            if best is None:
                break
            members.append(best)
        for y in reversed(list(members)):
            if gain(y, facts | set(members)) <= EQUAL:
                members.remove(y)
        for y in range(E):
            gains[s, y] = gain(y, facts | set(members))
    return gains
