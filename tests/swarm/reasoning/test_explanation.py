"""Explanations: what is named is really what decided, and taking it away really changes it."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning import Block, Evidence, Faculties, ScoreTable, Strategies, reason
from swarm.reasoning.counterevidence import (
    Change,
    groundings,
    influential,
    rescoring,
    what_would_change,
)
from swarm.reasoning.explanation import Explanation, explain, silenced
from swarm.reasoning.objections import objections
from swarm.reasoning.reasons import Names, lines_of, objections_to
from tests.swarm.reasoning.lean import lean, lean_problem
from tests.swarm.reasoning.populations import on_all, plain, random_table
from tests.swarm.reasoning.reference import Graph, small_graphs

TEAM = (0, 1, 5, 6)
"""Engines that the strategies here ask."""


def voting(faculties: Faculties, table: ScoreTable) -> Strategies:
    """One strategy that asks the team one after another and adds up what it says."""
    pattern = plain()
    K, X = len(faculties.engines), 4 + table.features.shape[1]
    order = [*TEAM, *(e for e in range(K) if e not in TEAM)]
    columns = {
        "order": np.array([order], np.int8),
        "length": np.array([len(TEAM)], np.int32),
        "variant": np.zeros((1, K), np.int16),
        "weight": np.ones((1, K), np.float32),
        "beam": np.full((1, K), 1e6, np.float32),
        "commit": np.full((1, K), 1e6, np.float32),
        "gate": np.zeros((1, K + 1, X), np.float32),
        "consensus": np.ones(1, np.float32),
    }
    off = {
        field.name: np.zeros_like(getattr(pattern, field.name))
        for field in fields(pattern)
        if isinstance(getattr(pattern, field.name), np.ndarray)
    }
    return replace(pattern, **{**off, **columns})


def query(evidence: Evidence, relation: int, source: int) -> Block:
    r, x = np.array([relation], np.int32), np.array([source], np.int32)
    return Block(x, r, ~evidence.cube[r, x])


class Case:
    """One query of a graph, answered by the voting strategy."""

    def __init__(self, faculties: Faculties, relation: int, source: int):
        self.faculties, self.evidence = faculties, faculties.evidence
        self.block = query(self.evidence, relation, source)
        self.table = faculties.table(self.block)
        self.strategy = voting(faculties, self.table)
        entities = [f"e{i}" for i in range(self.evidence.entities)]
        self.names = Names(entities, [f"r{i}" for i in range(self.evidence.relations)])
        self.rescore = rescoring(faculties, self.strategy, self.block)
        self.scores = self.decide(self.table)[0]

    def decide(self, table: ScoreTable) -> np.ndarray:
        rows = np.arange(len(table))
        return reason(self.strategy, table, self.faculties.costs, 0 * rows, rows).scores

    def explain(self, answer: int, budget: int = 0) -> Explanation:
        weights = np.isin(np.arange(7), TEAM).astype(float)
        return explain(
            self.evidence,
            self.table,
            answer,
            self.decide,
            weights,
            self.table.first[:-1],
            self.faculties.names,
            self.names,
            self.rescore if budget else None,
            budget,
        )


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Queries of a small graph in which rules hold."""
    faculties, *_ = planted()
    return [Case(faculties, relation, source) for relation in (0, 3) for source in (0, 2, 5, 9)]


def test_without_the_named_facts_another_answer_wins(cases: list[Case]) -> None:
    """Computed again from scratch, by faculties that the search has never seen."""
    found = 0
    for case in cases:
        answer = int(case.scores.argmax())
        change = case.explain(answer, budget=10).change
        if change is None:
            continue
        found += 1
        left = np.delete(case.evidence.facts, change.facts, axis=0)
        assert len(left) == len(case.evidence.facts) - len(change.facts)
        other = lean(Evidence(left, case.evidence.entities, case.evidence.relations))
        scores = case_scores(case, other)
        assert scores[change.instead] > scores[answer]
        assert case.scores[change.instead] < case.scores[answer]
    assert found >= len(cases) // 2


@pytest.mark.slow
def test_and_so_it_is_on_a_larger_graph() -> None:
    problem = lean_problem("umls")
    block = problem.table.block
    chosen = np.random.default_rng(5).choice(len(block), 4, replace=False)
    test_without_the_named_facts_another_answer_wins(
        [Case(problem.faculties, int(block.relation[i]), int(block.source[i])) for i in chosen]
    )


def case_scores(case: Case, faculties: Faculties) -> np.ndarray:
    return case.decide(faculties.table(case.block))[0]


def planted() -> tuple[Faculties, int, int, int]:
    """r0(x, y) if r1(x, y): e0 has r1 to e1, which only that makes an answer."""
    rng = np.random.default_rng(6)
    pairs = {(int(x), int(y)) for x, y in rng.integers(2, 16, (40, 2))}
    facts = [(x, r, y) for x, y in sorted(pairs) for r in (0, 1)]
    facts += [(x, 2, y) for x, y in rng.integers(2, 16, (30, 2)).tolist()]
    facts += [(0, 1, 1), (1, 2, 5), (0, 2, 6)]
    graph = Graph.of(facts)
    return lean(graph.evidence), 0, 0, 1


def test_the_one_fact_an_answer_hangs_on_is_found() -> None:
    faculties, relation, source, answer = planted()
    case = Case(faculties, relation, source)
    assert case.scores.argmax() == answer
    told = case.explain(answer, budget=30)
    assert told.rank == 1
    (line, *_) = told.lines
    assert line.rule == "r0(X, Y) if r1(X, Y)"
    assert (line.held, line.of) == (line.of - 1, line.of)
    ((row,),) = line.ways
    assert case.evidence.facts[row].tolist() == [0, 1, 1]
    assert told.change is not None
    assert told.change.irreducible
    assert case.evidence.facts[told.change.facts].tolist() == [[0, 1, 1]]
    words = told.words(case.evidence, case.names)
    assert "because e0 r1 e1" in words
    assert "would stand above it but for: e0 r1 e1" in words


class TestSearch:
    """The search by itself, on scores that are as simple as can be."""

    @settings(max_examples=30, deadline=None)
    @given(graph=small_graphs(), data=st.data())
    def test_finds_a_set_of_which_none_can_be_spared(
        self, graph: Graph, data: st.DataObject
    ) -> None:
        """The answer falls once all of some facts are gone; nothing else counts."""
        evidence = graph.evidence
        ranked = influential(evidence, 0, 0, 1, np.zeros(graph.entities))
        if not len(ranked):
            return
        size = data.draw(st.integers(1, min(4, len(ranked))))
        seed = data.draw(st.integers(0, 99))
        needed = np.random.default_rng(seed).choice(ranked, size, replace=False)
        rows = {tuple(row) for row in evidence.facts[needed].tolist()}
        calls = 0

        def rescore(facts: np.ndarray) -> np.ndarray:
            nonlocal calls
            calls += 1
            there = {tuple(row) for row in facts.tolist()}
            scores = np.zeros(graph.entities, np.float32)
            scores[1] = 1 if rows & there else -1
            return scores

        change = what_would_change(evidence, 0, 0, 1, rescore, budget=500)
        assert change is not None
        assert set(change.facts.tolist()) == set(needed.tolist())
        assert change.irreducible
        assert change.recomputations == calls - 1
        short = what_would_change(evidence, 0, 0, 1, rescore, budget=1)
        assert short is None or (len(short.facts) == 1 and short.recomputations == 1)

    def test_what_nothing_changes_has_no_change(self) -> None:
        faculties, relation, source, answer = planted()
        scores = np.arange(faculties.evidence.entities)[::-1].astype(np.float32)
        found = what_would_change(
            faculties.evidence, relation, source, answer, lambda facts: scores, 50
        )
        assert found is None

    @settings(max_examples=25, deadline=None)
    @given(graph=small_graphs())
    def test_groundings_are_all_the_ways_of_all_bodies(self, graph: Graph) -> None:
        evidence, bodies = graph.evidence, graph.evidence.bodies
        facts = [tuple(row) for row in evidence.facts.tolist()]
        R = graph.relations

        def row(r: int, x: int, y: int) -> int:
            return facts.index((x, r, y) if r < R else (y, r - R, x))

        for x, y in np.ndindex(graph.entities, graph.entities):
            expected = set()
            for r in graph.directions:
                if (r, x, y) in graph.known:
                    expected.add(((r,), (row(r, x, y),)))
            for q, a, z in graph.known:
                for p, b, c in graph.known:
                    if a == x and b == z and c == y and z not in (x, y):
                        expected.add(((q, p), (row(q, x, z), row(p, z, y))))
            found = set()
            for body, ways in groundings(evidence, x, y):
                q, p = int(bodies.first[body]), int(bodies.second[body])
                found |= {((q,) if p < 0 else (q, p), way) for way in ways}
            assert found == expected


class TestVoices:
    def test_an_effect_is_the_lead_that_is_lost(self, cases: list[Case]) -> None:
        for case in cases:
            answer = int(case.scores.argmax())
            told = case.explain(answer)
            assert {voice.engine for voice in told.voices} == set(case.faculties.names)
            for voice in told.voices:
                e = case.faculties.names.index(voice.engine)
                scores = case.decide(silenced(case.table, e))[0]
                lead = np.sort(case.scores)[-1] - np.sort(case.scores)[-2]
                others = np.delete(scores, answer)
                assert voice.effect == pytest.approx(
                    lead - (scores[answer] - others.max()), abs=1e-3
                )
                assert voice.instead == scores.argmax()
                if e not in TEAM:
                    assert (voice.weight, voice.effect) == (0, 0)

    def test_silencing_takes_away_one_engine_alone(self) -> None:
        table = random_table(np.random.default_rng(7), 12, 6)
        strategy = plain()
        for e in range(4):
            mute = silenced(table, e)
            columns = np.arange(table.first[e], table.first[e + 1])
            assert not mute.scores[:, columns].any()
            rest = np.delete(np.arange(table.scores.shape[1]), columns)
            np.testing.assert_array_equal(mute.scores[:, rest], table.scores[:, rest])
            assert np.isfinite(on_all(strategy, mute).scores[table.block.open]).all()

    def test_the_decisive_engine_is_named(self, cases: list[Case]) -> None:
        for case in cases:
            told = case.explain(int(case.scores.argmax()))
            for voice in told.decisive:
                e = case.faculties.names.index(voice.engine)
                assert case.decide(silenced(case.table, e))[0].argmax() != told.answer


class TestRulesAndObjections:
    @settings(max_examples=25, deadline=None)
    @given(graph=small_graphs())
    def test_objections_add_up_to_what_the_council_subtracts(self, graph: Graph) -> None:
        evidence = graph.evidence
        names = Names(range_names(graph.entities), range_names(graph.relations))
        total = objections(evidence)
        for r, x, y in np.ndindex(*total.shape):
            raised = objections_to(evidence, r, x, y, names)
            assert sum(o.strength for o in raised) == pytest.approx(total[r, x, y], abs=1e-4)

    @settings(max_examples=25, deadline=None)
    @given(graph=small_graphs())
    def test_rules_are_those_that_reach_the_answer(self, graph: Graph) -> None:
        names = Names(range_names(graph.entities), range_names(graph.relations))
        for r, x, y in [(0, 0, 1), (graph.relations, 1, 0), (0, 1, 2)]:
            expected = []
            for body, pairs in graph.bodies.items():
                held = sum((r, *pair) in graph.known for pair in pairs)
                if (x, y) in pairs and held >= 2 and body != (r,):
                    expected.append((held, len(pairs)))
            found = lines_of(graph.evidence, r, x, y, names)
            assert sorted((line.held, line.of) for line in found) == sorted(expected)
            confidence = [line.confidence for line in found]
            assert confidence == sorted(confidence, reverse=True)

    def test_words_turn_inverse_directions_round(self) -> None:
        names = Names(["ada", "bob"], ["knows", "likes"])
        assert names.atom(0, "X", "Y") == "knows(X, Y)"
        assert names.atom(3, "X", "Y") == "likes(Y, X)"
        assert names.fact(np.array([1, 0, 0])) == "bob knows ada"


def range_names(number: int) -> list[str]:
    return [str(i) for i in range(number)]


def test_an_explanation_as_json(cases: list[Case]) -> None:
    case = cases[0]
    answer = int(case.scores.argmax())
    told = replace(case.explain(answer), change=Change(np.array([3, 4]), 5, 7, True))
    made = told.as_json(case.evidence, case.names)
    assert made["change"] == {
        "without": [case.names.fact(case.evidence.facts[i]) for i in (3, 4)],
        "instead": "e5",
        "irreducible": True,
    }
    assert {voice["engine"] for voice in made["voices"]} == set(case.faculties.names)
    assert made["rank"] == 1


def test_only_one_open_answer_can_be_explained(cases: list[Case]) -> None:
    case = next(case for case in cases if not case.block.open.all())
    (known, *_) = np.flatnonzero(~case.block.open[0])
    with pytest.raises(ValueError, match="one open answer to one query"):
        case.explain(int(known))
