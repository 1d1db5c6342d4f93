"""Evolved rules for the inductive engine: bodies of three relations, found on the training facts.

The engine mines all bodies of one and two relations; of three there are too many, so genetic
programming looks for them (`evolution.programs`; after AnyBURL, Meilicke et al. 2019, with
evolution in the place of sampled paths). Rules are measured on evidence alone, which for a graph
is its train part: no validation or test fact is looked at, so what is found may be chosen by
validation and examined as every other variant is.

    graph = load_graph("umls")
    problem = pose_with_rules(graph, np.random.default_rng(0))  # for agents to reason about

    evidence = problem.evidence                                 # or the engine alone
    rules = evolve_rules(evidence, np.random.default_rng(0))
    engine = Inductive(bodies=bodies_of(rules))
    block, referee = ask(graph.test, evidence), judge(graph.test, graph.facts, evidence)
    referee.figures(engine.score(engine.compile(evidence), block))["mrr"]

Mean reciprocal rank of test facts by the engine as it comes, with seeds 0, 1 and 2:

    graph      without   with evolved rules    with as many bodies at random
    umls       .8815     .9205 .9170 .9117     .8847 .8880 .8893
    kinships   .6217     .6205 .6242 .6219     .6166 .6326 .6221

On Kinships it makes no difference. Learned weights, a variant that is there already, do better on
UMLS than the best rule does with evolved ones: .9355 (`ridge` 300, one round).

Explanations show rules of three relations if they are told of them:
`explain(..., longer=engine.bodies)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evolution import GenomeSpec
from evolution.programs import GeneticProgramming, HornRules, RuleBook, Rules, measure_rules
from swarm.reasoning import Evidence, GraphError, KnowledgeGraph, Problem
from swarm.reasoning.engine import Engine
from swarm.reasoning.engines import Inductive
from swarm.reasoning.evidence import CELLS_MAX

LENGTH = 3
"""Relations in a body."""


def evolve_rules(
    evidence: Evidence,
    rng: np.random.Generator,
    generations: int = 15,
    population: int = 60,
    keep: int = 100,
    support_min: int = 2,
    heads: Sequence[int] | None = None,
) -> Rules:
    """The surest rules of three relations that searches, one for each head, come upon.

    Args:
        evidence: the facts that rules are measured on.
        rng: each head has a generator of its own, spawned from it.
        generations, population: of each search; at most their product of rules is measured.
        keep: most rules for a head.
        support_min: fewest pairs that have to bear a rule out.
        heads: relations in [0, D), both directions counted, that rules are about; all if None.

    Returns:
        head int64[n] and body int64[n, 3], by head, the surest first; n may be 0.

    Raises:
        ValueError: nothing would be searched for or kept.
    """
    if min(generations, population, keep) < 1:
        raise ValueError(
            f"generations {generations}, population {population} and keep {keep} must be at least "
            "1 each, such as evolve_rules(evidence, rng, generations=15, population=60, keep=100)"
        )
    about = range(evidence.directions) if heads is None else heads
    found = [
        _rules_about(head, evidence, own, generations, population).best(support_min)[0]
        for head, own in zip(about, rng.spawn(len(about)), strict=True)
    ]
    long = [_of_three(rules, keep) for rules in found]
    nothing = Rules(np.empty(0, np.int64), np.empty((0, LENGTH), np.int64))
    return Rules(*(np.concatenate(column) for column in zip(nothing, *long, strict=True)))


def bodies_of(rules: Rules) -> tuple[tuple[int, ...], ...]:
    """The bodies of rules as the inductive engine takes them, each once, in the order found."""
    return tuple(dict.fromkeys(tuple(body) for body in rules.body.tolist()))


def pose_with_rules(
    graph: KnowledgeGraph, rng: np.random.Generator, generations: int = 15, keep: int = 100
) -> Problem:
    """The problem of a split graph, with one variant more of the inductive engine.

    The new variant is `Inductive` as it comes with evolved bodies; it stands last, so that the
    others keep their numbers; genomes made for `Problem.pose` do not know it. If no rule is
    found, the problem is as `Problem.pose` makes it.

    Raises:
        GraphError: the graph is too large for a dense cube.
    """
    if 2 * len(graph.relations) * len(graph.entities) ** 2 > CELLS_MAX:
        raise GraphError(
            f"{graph.name}: {len(graph.entities):,} entities are too many to evolve rules for; "
            "rules of three relations are for graphs that fit into a dense cube, up to about 300 "
            "entities with 50 relations; `Problem.pose` takes larger ones"
        )
    problem = Problem.pose(graph)
    faculties = problem.faculties
    bodies = bodies_of(evolve_rules(problem.evidence, rng, generations, keep=keep))
    if not bodies:
        return problem
    extra: dict[type[Engine], tuple[Engine, ...]] = {Inductive: (Inductive(bodies=bodies),)}
    faculties.variants = tuple(
        settings + extra.get(engine, ())
        for engine, settings in zip(faculties.engines, faculties.variants, strict=True)
    )
    return replace(problem, table=faculties.table(problem.table.block))


def _rules_about(
    head: int, evidence: Evidence, rng: np.random.Generator, generations: int, population: int
) -> RuleBook:
    """What a search for rules about one relation comes upon; each rule counts only once."""
    horn, book = HornRules(evidence.relations, heads=(head,), length=LENGTH), RuleBook()
    search = GeneticProgramming(
        GenomeSpec({"rule": horn.locus}),
        population,
        rng,
        tournament=2,
        crossover_rate=0.5,
        mutation_rate=0.8,
        elites=population // 4,
    )
    for _ in range(generations):
        rules = horn.read(search.ask()["rule"])
        measures = measure_rules(rules, evidence.cube)
        new = book.add(rules, measures)
        search.tell(np.where(new, -measures.confidence(), np.inf))
    return book


def _of_three(rules: Rules, keep: int) -> Rules:
    """The first rules whose body has three relations; shorter ones the engine mines itself."""
    body = rules.body if rules.body.shape[1] == LENGTH else np.empty((0, LENGTH), np.int64)
    long = np.flatnonzero((body >= 0).all(axis=1))[:keep]
    return Rules(rules.head[long], body[long])
