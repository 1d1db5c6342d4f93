"""Horn rules that evolve beside rules that are enumerated, or drawn at random as often.

A planted rule of length 3 is looked for among all; and on UMLS, rules of length 3 are added to all
those of length 1 and 2, and answers are ranked as the inductive engine does. The control draws as
many rules of length 3 at random.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from benchmarks.rows import Row
from evolution import GenomeSpec
from evolution.programs import (
    GeneticProgramming,
    HornRules,
    RuleBook,
    Rules,
    grounded,
    measure_rules,
)
from swarm.reasoning.engines.aggregation import DEPTH, STEP, top_groundings
from swarm.reasoning.engines.inductive import Inductive
from swarm.reasoning.evidence import Evidence
from swarm.reasoning.graph import KnowledgeGraph, load_graph

Cube = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float32]
# The planted rule: relation 1, then 2 backwards, then 3.
PLANTED = (0, (1, 12, 3))
# Rules kept for each relation, as the engine keeps them.
TOP = 600


def rows(quick: bool) -> Iterator[Row]:
    """Yield the row of the planted rule, and in full that of UMLS."""
    yield _planted_rule(seeds=5 if quick else 30)
    if not quick:
        yield _completion("umls", generations=40)


def search_for(horn: HornRules, seed: int) -> GeneticProgramming:
    """A search that keeps its best and breeds from good ones broadly."""
    return GeneticProgramming(
        GenomeSpec({"rule": horn.locus}),
        60,
        seed,
        tournament=2,
        crossover_rate=0.5,
        mutation_rate=0.8,
        elites=15,
    )


def evolved(
    horn: HornRules,
    cube: Cube,
    seed: int,
    generations: int,
    enough: Callable[[RuleBook], bool] = lambda book: False,
) -> RuleBook:
    """The rules that a search comes upon; each counts only once."""
    search, book = search_for(horn, seed), RuleBook()
    for _ in range(generations):
        rules = horn.read(search.ask()["rule"])
        measures = measure_rules(rules, cube)
        search.tell(np.where(book.add(rules, measures), -measures.confidence(), np.inf))
        if enough(book):
            break
    return book


def planted_graph(seed: int) -> Cube:
    """Relation 0 of ten mostly follows 1, then 2 backwards, then 3; 4 to 6 say half of those."""
    rng = np.random.default_rng(seed)
    adjacency = rng.random((10, 60, 60)) < 0.04
    adjacency[4:7] |= adjacency[1:4]
    cube = np.concatenate([adjacency, adjacency.transpose(0, 2, 1)])
    follows = grounded(np.array([PLANTED[1]]), cube)[0]
    adjacency[0] = follows & (rng.random((60, 60)) < 0.9)
    return np.concatenate([adjacency, adjacency.transpose(0, 2, 1)])


def _planted_rule(seeds: int) -> Row:
    """How many different rules are looked at until the planted one is found."""
    horn, looked = HornRules(10, heads=(0,)), []
    for seed in range(seeds):
        cube = planted_graph(seed)
        book = evolved(horn, cube, seed, 60, enough=lambda book: PLANTED in book.found)
        if PLANTED in book.found:
            looked.append(1 + list(book.found).index(PLANTED))
    space = 20 + 20**2 + 20**3
    median = float(np.median(looked)) if looked else math.inf
    return Row(
        "Horn rules: rules measured until a planted one of length 3 is found",
        median,
        space / 2,
        space / 2 / median,
        checks={
            "share of seeds that find it": len(looked) / seeds,
            "more than four of five do": len(looked) > 0.8 * seeds,
        },
        notes={"peer": "drawn at random without repetition", "seeds": seeds},
    )


def _completion(name: str, generations: int, seed: int = 0, controls: int = 3) -> Row:
    """Mean reciprocal rank on test facts: length 3 evolved and added, beside lengths 1 and 2."""
    graph = load_graph(name)
    E, R = len(graph.entities), len(graph.relations)
    evidence, known = Evidence(graph.train, E, R), Evidence(graph.facts, E, R).cube
    books = [
        evolved(HornRules(R, heads=(head,)), evidence.cube, seed * 2 * R + head, generations)
        for head in range(2 * R)
    ]
    measured = [len(book.found) for book in books]
    ours = mean_reciprocal_rank(_with(books, evidence), graph, known)
    chance = [
        mean_reciprocal_rank(_with(_drawn(measured, evidence, rng), evidence), graph, known)
        for rng in np.random.default_rng(seed).spawn(controls)
    ]
    engine = Inductive(top=TOP, aggregation="maximum")
    peer = mean_reciprocal_rank(engine.compile(evidence), graph, known)
    return Row(
        f"Horn rules on {name}: MRR of test facts with evolved rules of length 3",
        ours,
        peer,
        ours / peer,
        checks={
            "with as many drawn at random, mean": float(np.mean(chance)),
            "better than each of these": ours > max(chance),
        },
        notes={
            "peer": "the inductive engine by the best rule, all rules of length 1 and 2",
            "rules measured": sum(measured),
        },
    )


def _drawn(counts: list[int], evidence: Evidence, rng: np.random.Generator) -> list[RuleBook]:
    """For each relation so many rules of length 3 at random."""
    books = []
    for head, n in enumerate(counts):
        book = RuleBook()
        rules = Rules(np.full(n, head), rng.integers(0, evidence.directions, (n, 3)))
        book.add(rules, measure_rules(rules, evidence.cube))
        books.append(book)
    return books


def _with(books: list[RuleBook], evidence: Evidence) -> Scores:
    """The engine's scores float32[D, E, E] with the rules of length 3 in these books besides."""
    bodies, E = evidence.bodies, evidence.entities
    confidence = bodies.confidence(5.0)
    chosen = bodies.rules(confidence, 2.0, TOP)
    scores: Scores = np.zeros((len(books), E * E), np.float32)
    for head, book in enumerate(books):
        rules, measures = book.best(support_min=2)
        long = np.flatnonzero((rules.body >= 0).sum(axis=1) == 3)[:TOP]
        pairs = [np.flatnonzero(body) for body in grounded(rules.body[long], evidence.cube)]
        pairs += [bodies.pairs[bodies.start[b] : bodies.start[b + 1]] for b in chosen[head]]
        values = np.concatenate([measures.confidence()[long], confidence[chosen[head], head]])
        order = np.argsort(-values, kind="stable")
        start = np.concatenate([[0], np.cumsum([len(pairs[i]) for i in order])])
        flat = np.concatenate([pairs[i] for i in order] or [np.empty(0)]).astype(np.int32)
        best_first = np.arange(len(order)), values[order].astype(np.float32)
        top_groundings(scores[head], start.astype(np.int64), flat, *best_first, DEPTH, STEP)
    return scores.reshape(len(books), E, E)


def mean_reciprocal_rank(scores: Scores, graph: KnowledgeGraph, known: Cube) -> float:
    """Of test facts, both ends asked for, other known answers left out; ties share their places."""
    R, ranks = len(graph.relations), []
    for head, relation, tail in graph.test.tolist():
        for asked, x, y in ((relation, head, tail), (relation + R, tail, head)):
            others = scores[asked, x][~known[asked, x]]
            truth = scores[asked, x, y]
            ranks.append(1.0 + (others > truth).sum() + (others == truth).sum() / 2)
    return float(np.mean(1.0 / np.array(ranks)))
