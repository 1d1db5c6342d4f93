"""Bodies of three relations that are given to induction, against walks over plain facts."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.engines import Inductive
from swarm.reasoning.explanation import explain
from swarm.reasoning.faculties import Faculties
from swarm.reasoning.paths import Bodies, three_steps
from swarm.reasoning.queries import Block
from swarm.reasoning.reasons import Line, Names, lines_of
from tests.swarm.reasoning.reference import Fact, Graph, Pair, small_graphs

Way = tuple[Fact, Fact, Fact]
Body = tuple[int, int, int]

examples = settings(max_examples=20, deadline=None)


def ways(graph: Graph, body: Body) -> dict[Pair, set[Way]]:
    """Of every pair the ways that the body leads, over four different entities."""
    found: dict[Pair, set[Way]] = {}
    of = [[fact for fact in graph.known if fact[0] == relation] for relation in body]
    for one, two, three in product(*of):
        (_, x, z), (_, a, w), (_, b, y) = one, two, three
        if z == a and w == b and len({x, z, w, y}) == 4:
            found.setdefault((x, y), set()).add((one, two, three))
    return found


@st.composite
def graphs_and_bodies(draw: st.DrawFn) -> tuple[Graph, tuple[Body, ...]]:
    graph = draw(small_graphs())
    relation = st.integers(0, 2 * graph.relations - 1)
    bodies = st.lists(st.tuples(relation, relation, relation), max_size=6, unique=True)
    return graph, tuple(draw(bodies))


@examples
@given(graphs_and_bodies())
def test_longer_bodies_stand_behind_those_that_were_mined(
    case: tuple[Graph, tuple[Body, ...]],
) -> None:
    graph, given_ = case
    evidence, E = graph.evidence, graph.entities
    mined, bodies = evidence.bodies, evidence.bodies.longer(given_, evidence.cube)
    n = len(mined)
    assert len(bodies) == n + len(given_)
    np.testing.assert_array_equal(bodies.pairs[: mined.start[-1]], mined.pairs)
    np.testing.assert_array_equal(bodies.support[:n], mined.support)
    np.testing.assert_array_equal(bodies.size, np.diff(bodies.start))
    assert (bodies.third[:n] == -1).all()
    for b, body in enumerate(given_, n):
        expected = {x * E + y for x, y in ways(graph, body)}
        assert bodies.pairs[bodies.start[b] : bodies.start[b + 1]].tolist() == sorted(expected)
        assert (bodies.first[b], bodies.second[b], bodies.third[b]) == body
        for head in graph.directions:
            held = sum((head, pair // E, pair % E) in graph.known for pair in expected)
            assert bodies.support[b, head] == held
    for name in ("start", "pairs", "size", "support", "first", "third"):
        assert getattr(bodies, name).dtype == getattr(mined, name).dtype


@examples
@given(graphs_and_bodies())
def test_scores_of_noisy_or_grow_by_the_given_rules_alone(
    case: tuple[Graph, tuple[Body, ...]],
) -> None:
    graph, given_ = case
    genes = {"aggregation": "noisy-or", "top": 10**6, "support_min": 1.0}
    scores = Inductive(**genes, bodies=given_).compile(graph.evidence)  # type: ignore[arg-type]
    expected = Inductive(**genes).compile(graph.evidence).astype(float)  # type: ignore[arg-type]
    for body in given_:
        pairs = ways(graph, body)
        for head in graph.directions:
            held = sum((head, *pair) in graph.known for pair in pairs)
            for pair in pairs:
                expected[head][pair] -= np.log(1 - held / (len(pairs) + 5.0))
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)


def planted() -> tuple[Graph, int, int]:
    """R follows from P, then Q backwards, then S, eight times; asked about the ninth."""
    r, p, q, s = range(4)
    facts = []
    for x in range(0, 36, 4):
        facts += [(x, p, x + 1), (x + 2, q, x + 1), (x + 2, s, x + 3)] + [(x, r, x + 3)] * (x < 32)
    return Graph.of(facts), 32, 35


PLANTED = (1, 4 + 2, 3)


@pytest.mark.parametrize("aggregation", ["maximum", "noisy-or", "non-redundant"])
def test_a_rule_of_three_relations_finds_what_shorter_ones_cannot(aggregation: str) -> None:
    graph, source, answer = planted()
    short = Inductive(aggregation=aggregation)  # type: ignore[arg-type]
    assert short.compile(graph.evidence)[0, source, answer] == 0
    engine = Inductive(aggregation=aggregation, bodies=(PLANTED,))  # type: ignore[arg-type]
    scores = engine.compile(graph.evidence)[0, source]
    certain = 8 / (9 + 5)
    expected = certain if aggregation == "maximum" else -np.log(1 - certain)
    assert scores[answer] == pytest.approx(expected, rel=1e-5)
    assert scores.argmax() == answer


def test_an_explanation_shows_the_rule_and_its_way() -> None:
    graph, source, answer = planted()
    evidence, names = graph.evidence, Names([f"e{i}" for i in range(36)], ["r", "p", "q", "s"])
    faculties = Faculties(evidence, (Inductive,))
    faculties.variants = ((Inductive(bodies=(PLANTED,)),),)
    asked = np.array([0], np.int32), np.array([source], np.int32)
    table = faculties.table(Block(asked[1], asked[0], ~evidence.cube[asked]))
    told = explain(
        evidence,
        table,
        answer,
        lambda shown: shown.scores[:, 0],
        np.ones(1),
        np.zeros(1, int),
        faculties.names,
        names,
        longer=((0, 1, 2), PLANTED),
    )
    assert told.rank == 1
    words = told.words(evidence, names)
    assert "r(X, Y) if p(X, Z), q(W, Z), s(W, Y); held 8 of 9 times (0.57)" in words
    assert "because e32 p e33, e34 q e33, e34 s e35" in words
    assert "no rule leads to it" not in words
    assert told.as_json(evidence, names)["rules"][0]["of"] == 9


@examples
@given(graphs_and_bodies())
def test_lines_name_every_way_of_the_given_bodies(case: tuple[Graph, tuple[Body, ...]]) -> None:
    graph, given_ = case
    R, evidence = graph.relations, graph.evidence
    names = Names([str(i) for i in range(graph.entities)], [f"r{i}" for i in range(R)])
    rows = [tuple(fact) for fact in evidence.facts.tolist()]

    def row(r: int, x: int, y: int) -> int:
        return rows.index((x, r, y) if r < R else (y, r - R, x))

    for r, x, y in [(0, 0, 1), (R, 1, 0), (0, 1, 2), (0, 1, 1)]:
        expected: set[tuple[int, int, frozenset[tuple[int, ...]]]] = set()
        for body in given_:
            led = ways(graph, body)
            held = sum((r, *pair) in graph.known for pair in led)
            if (x, y) in led and held >= 2:
                along = frozenset(tuple(row(*step) for step in way) for way in led[x, y])
                expected.add((held, len(led), along))
        found: list[Line] = [
            line
            for line in lines_of(evidence, r, x, y, names, given_)
            if all(len(way) == 3 for way in line.ways)
        ]
        assert {(line.held, line.of, frozenset(line.ways)) for line in found} == expected


def test_what_is_told_of_an_engine_counts_its_bodies() -> None:
    assert Inductive(top=9, bodies=((0, 1, 2),)).describe() == "top 9, bodies of three relations: 1"
    assert Inductive(top=9).describe() == "top 9"


def test_without_given_bodies_nothing_is_made_anew() -> None:
    evidence = planted()[0].evidence
    bodies: Bodies = evidence.bodies
    assert bodies.longer((), evidence.cube) is bodies
    assert three_steps(PLANTED, evidence.cube).tolist() == [x * 36 + x + 3 for x in range(0, 36, 4)]


@pytest.mark.parametrize(
    ("genes", "lesson"),
    [
        ({"bodies": ((0, 1),)}, r"three relations each"),
        ({"bodies": ((0, 1, 2), (0, 1, 2))}, r"stands there once"),
        ({"bodies": ((0, 1, 2),), "aggregation": "learned"}, r"one and two relations"),
    ],
)
def test_bodies_that_cannot_be_are_refused(genes: dict[str, object], lesson: str) -> None:
    with pytest.raises(ValueError, match=lesson):
        Inductive(**genes)  # type: ignore[arg-type]


def test_a_body_of_another_graph_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(0, 1, 8\) must be three relations of 0 to 7"):
        Inductive(bodies=((0, 1, 8),)).compile(planted()[0].evidence)
