"""Plain references of the genes that go deeper: float64[D, E, E] by loops and sets.

Genes are the engine dataclasses themselves, of which only the fields are read.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product
from math import exp, log

import numpy as np

from swarm.reasoning.engines import Causal, Counterfactual, Deductive, Inductive
from swarm.reasoning.engines.aggregation import DEPTH, STEP
from swarm.reasoning.engines.counterfactual import STRENGTHS
from swarm.reasoning.engines.rule_weights import hypotheses
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

# Deduction


def deductive(graph: Graph, genes: Deductive) -> np.ndarray:
    """Rounds of laws; beside each fact and answer stand the single drops that it survives."""
    R, scores = graph.relations, graph.empty()
    survives = {fact: set(range(R)) - {fact[0] % R} for fact in graph.known}
    answers: dict[Fact, set[int]] = defaultdict(set)
    before: set[Fact] = set()
    known = graph.known
    for number in range(genes.rounds):
        derived, here = set(), defaultdict(list)
        for head in graph.directions:
            for body, confidence in rules(
                graph, head, genes.pseudo_count, genes.support_min, genes.top, genes.threshold
            ):
                for x, y in connected(known, body) - connected(before, body):
                    here[head, x, y].append(confidence)
                    derived.add((head, x, y))
                    for steps in derivations(graph, body, x, y, known):
                        both = [survives[step] for step in steps]
                        answers[head, x, y] |= set.intersection(*both)
        for cell, values in here.items():
            best = sorted(values, reverse=True)[:DEPTH]
            strongest = sum(STEP**i * value for i, value in enumerate(best))
            together = sum(map(weight, values))
            counted = strongest if genes.aggregation == "strongest" else together
            scores[cell] += genes.decay**number * counted
        before, known = known, known | graph.both_ways(derived)
        for r, x, y in known - before:
            inverse = ((r + R) % (2 * R), y, x)
            survives[r, x, y] = (answers[r, x, y] | answers[inverse]) - {r % R}
    for cell in graph.cells():
        scores[cell] *= (1 - genes.caution) ** (R - len(answers[cell]))
    return scores


def derivations(graph: Graph, body: Body, x: int, y: int, known: set[Fact]) -> list[list[Fact]]:
    """The facts that each derivation of (x, y) by a body uses."""
    if len(body) == 1:
        return [[(body[0], x, y)]]
    paths = [[(body[0], x, z), (body[1], z, y)] for z in range(graph.entities) if z not in (x, y)]
    return [path for path in paths if known.issuperset(path)]


# Induction


def inductive(graph: Graph, genes: Inductive) -> np.ndarray:
    """Noisy-or of clusters of rules, and of rules for what is not explained."""
    scores = graph.empty()
    for head in graph.directions:
        chosen = rules(graph, head, genes.pseudo_count, genes.support_min, genes.top)
        if genes.aggregation == "non-redundant":
            scores[head] = non_redundant(graph, genes.redundancy, chosen)
            continue
        for body, confidence in chosen:
            for pair in graph.bodies[body]:
                scores[head][pair] += weight(confidence)
        for _ in range(genes.surprise):
            scores[head] += surprising(graph, genes, head, scores[head])
    return scores


def non_redundant(graph: Graph, redundancy: float, chosen: list[tuple[Body, float]]) -> np.ndarray:
    """Each cluster adds the best of its rules that reach a pair."""
    clusters: list[list[tuple[Body, float]]] = []
    for rule in chosen:
        pairs = graph.bodies[rule[0]]
        for cluster in clusters:
            others = graph.bodies[cluster[0][0]]
            if len(pairs & others) >= redundancy * len(pairs | others):
                cluster.append(rule)
                break
        else:
            clusters.append([rule])
    scores = np.zeros((graph.entities, graph.entities))
    for cluster in clusters:
        best: dict[Pair, float] = defaultdict(float)
        for body, confidence in cluster:
            for pair in graph.bodies[body]:
                best[pair] = max(best[pair], weight(confidence))
        for pair, value in best.items():
            scores[pair] += value
    return scores


def surprising(graph: Graph, genes: Inductive, head: int, scores: np.ndarray) -> np.ndarray:
    """The best rules when facts count by the chance that they are not explained."""
    found = []
    for body, pairs in graph.bodies.items():
        if support(graph, body, head) >= genes.support_min:
            held = sum(exp(-scores[pair]) for pair in pairs & graph.bodies[head,])
            found.append((body, held / (len(pairs) + genes.pseudo_count)))
    added = np.zeros_like(scores)
    for body, confidence in sorted(found, key=lambda rule: -rule[1])[: genes.top]:
        for pair in graph.bodies[body]:
            added[pair] += weight(confidence)
    return added


def learned(graph: Graph, genes: Inductive) -> np.ndarray:
    """Ridge regression of each head on the bodies by its normal equations, the head left out.

    Bodies and leak stand in one system, and the tautology is a column that is not there: no
    centring, no inverse. A later round is the same of a graph with the hypotheses for facts;
    which they are is taken from the engine, as rounding decides between equals.
    """
    if genes.rounds > 1:
        first = replace(genes, rounds=1).compile(graph.evidence)
        number = round(genes.grow * len(graph.facts))
        likely = hypotheses(first, graph.evidence, number).tolist()
        facts = graph.facts | {(h, r, t) for h, r, t in likely}
        supposed = Graph(graph.entities, graph.relations, facts)
        return learned(supposed, replace(genes, rounds=genes.rounds - 1))
    E, scores = graph.entities, graph.empty()
    order = sorted(range(len(graph.bodies)), key=lambda b: -len(list(graph.bodies.values())[b]))[
        : genes.top
    ]
    bodies = [body for b, body in enumerate(graph.bodies) if len(body) == 1 or b in order]
    columns = np.zeros((E * E, len(bodies)))
    for i, body in enumerate(bodies):
        for x, y in graph.bodies[body]:
            columns[x * E + y, i] = not (len(body) == 1 and x == y)
    for head in graph.directions:
        kept = [i for i, body in enumerate(bodies) if body != (head,)]
        design = np.hstack([columns[:, kept], np.ones((E * E, 1))])
        holds = np.zeros(E * E)
        for x, y in graph.bodies[head,]:
            holds[x * E + y] = 1
        penalty = genes.ridge * np.eye(len(kept) + 1)
        penalty[-1, -1] = 0
        solved = np.linalg.solve(design.T @ design + penalty, design.T @ holds)
        scores[head] = (design[:, :-1] @ solved[:-1]).reshape(E, E)
    return scores


# Causation


def chance(kind: str, treated: float, control: float, place: float) -> float:
    """Between the bounds of Tian & Pearl under exogeneity."""
    if kind == "necessity":
        if treated == 0:
            return 0
        low, high = max(0.0, 1 - control / treated), min(1.0, (1 - control) / treated)
    elif kind == "sufficiency":
        if control == 1:
            return 0
        low = max(0.0, (treated - control) / (1 - control))
        high = min(1.0, treated / (1 - control))
    else:
        low, high = max(0.0, treated - control), min(treated, 1 - control)
    return low + place * (high - low)


def causal(graph: Graph, genes: Causal, models: list[list[int]]) -> np.ndarray:
    """Base rate of the stratum plus what every body that reaches brings about; mean of models."""
    scores = graph.empty()
    for kind in models:
        strata = defaultdict(set)
        for x, y in product(range(graph.entities), repeat=2):
            strata[kind[x], kind[y]].add((x, y))
        for head, members in product(graph.directions, strata.values()):
            holds = graph.bodies[head,] & members
            for pair in members:
                scores[head][pair] += len(holds) / len(members) / len(models)
            for body, _ in rules(graph, head, genes.shrinkage, genes.support_min, genes.top):
                treated = graph.bodies[body] & members
                if treated and members - treated:
                    added = brought_about(genes, holds, treated, members)
                    for pair in treated:
                        scores[head][pair] += added / len(models)
    return scores


def brought_about(genes: Causal, holds: set[Pair], treated: set[Pair], all_: set[Pair]) -> float:
    """What a body adds to the pairs that it reaches in one stratum."""
    risk = len(holds & treated) / len(treated)
    otherwise = len(holds - treated) / len(all_ - treated)
    doubt = len(treated) / (len(treated) + genes.shrinkage)
    if genes.aggregation != "effect":
        return weight(chance(genes.aggregation, risk, otherwise, genes.bound) * doubt)
    added = (1 - genes.inverse) * (risk - otherwise) * doubt
    if holds and all_ - holds:
        back = len(treated & holds) / len(holds) - len(treated - holds) / len(all_ - holds)
        added += genes.inverse * back * len(holds) / (len(holds) + genes.shrinkage)
    return added


# Counterfactuals


def counterfactual(graph: Graph, genes: Counterfactual) -> np.ndarray:
    """Families of rules: what survives, or what they bring about; less broken constraints."""
    scores = graph.empty()
    for head in graph.directions:
        families: dict[Pair, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for body, confidence in rules(
            graph, head, genes.pseudo_count, genes.support_min, genes.top
        ):
            for pair in graph.bodies[body]:
                families[pair][body[0] % graph.relations] += weight(confidence)
        if genes.aggregation == "survival":
            for pair, family in families.items():
                scores[head][pair] = sum(family.values()) - genes.penalty * max(family.values())
        else:
            scores[head] = by_family(graph, genes, head, families)
    if genes.strictness:
        for cell in graph.cells():
            broken = broken_constraints(graph, *cell)
            against = sum(broken) - genes.relief * max(broken)
            scores[cell] -= genes.strictness * against
    return scores


def strength(value: float) -> int:
    return sum(value > edge + 1e-6 for edge in STRENGTHS.tolist())


def by_family(
    graph: Graph, genes: Counterfactual, head: int, families: dict[Pair, dict[int, float]]
) -> np.ndarray:
    """Pairs alike in all other support, with the family at this strength and without it."""
    scores = np.zeros((graph.entities, graph.entities))
    cells = list(product(range(graph.entities), repeat=2))
    for family in range(graph.relations):
        strata: dict[int, dict[int, list[Pair]]] = defaultdict(lambda: defaultdict(list))
        for pair in cells:
            here = families[pair]
            own = here.get(family, 0)
            level = 1 + strength(own) if own else 0
            strata[strength(sum(here.values()) - own)][level].append(pair)
        for levels in strata.values():
            for level, treated in levels.items():
                if level and levels.get(0):
                    risk, otherwise = (
                        np.mean([pair in graph.bodies[head,] for pair in pairs]).item()
                        for pairs in (treated, levels[0])
                    )
                    doubt = len(treated) / (len(treated) + genes.pseudo_count)
                    added = -log(
                        1 - min(chance(genes.aggregation, risk, otherwise, 0) * doubt, 0.999)
                    )
                    for pair in treated:
                        scores[pair] += added
    return scores


def broken_constraints(graph: Graph, r: int, x: int, y: int) -> list[float]:
    """What each kind of objection has against an answer."""
    pairs = graph.bodies[r,]
    answers = [sum(a == s for a, _ in pairs) for s in range(graph.entities)]
    single = answers.count(1) / (max(sum(n > 0 for n in answers), 1) + 1)
    held = max(len(pairs), 1) / (max(len(pairs), 1) + 2)
    never_back = not any((b, a) in pairs for a, b in pairs)
    never_itself = not any(a == b for a, b in pairs)
    excluded = 0.0
    for q in graph.directions:
        if (x, y) in graph.bodies[q,] and not graph.bodies[q,] & pairs:
            expected = len(graph.bodies[q,]) * len(pairs) / graph.entities**2
            excluded = max(excluded, expected / (expected + 2))
    return [
        float(graph.count(r, y) == 0),
        single * (answers[x] > 0),
        held * (never_back and (y, x) in pairs),
        held * (never_itself and x == y),
        excluded,
    ]
