"""Eight types of proposal: each by its definition, their shares, and how they differ."""

from dataclasses import replace
from itertools import combinations
from math import log

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning import Block, Problem
from swarm.reasoning.proposals import (
    TYPES,
    ProposalError,
    Views,
    apportion,
    deal,
    draw,
    independent_lines,
    kindred,
    log_softmax,
    precedents,
    shares_of,
    slate,
    surprisal,
    transplanted,
)
from swarm.reasoning.proposals.grounds import CASES, CONFIDENCE_MIN
from tests.swarm.reasoning.lean import lean_problem, z_of
from tests.swarm.reasoning.populations import random_table
from tests.swarm.reasoning.reference import Graph, small_graphs

shares = st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(any)


@pytest.fixture(scope="module")
def umls() -> Problem:
    return lean_problem("umls")


@pytest.fixture(scope="module")
def views(umls: Problem) -> Views:
    return Views.of(umls.table, umls.evidence)


def every_query(graph: Graph) -> Block:
    """Every source with every direction."""
    D, E = len(graph.directions), graph.entities
    relation, source = np.repeat(np.arange(D), E), np.tile(np.arange(E), D)
    open_ = ~graph.evidence.cube[relation, source]
    return Block(source.astype(np.int32), relation.astype(np.int32), open_)


class TestShares:
    @given(shares, st.integers(0, 200))
    def test_every_beginning_keeps_to_the_shares(self, parts: list[int], number: int) -> None:
        share = np.array(parts) / sum(parts)
        dealt = deal(share, number)
        count = np.cumsum(dealt[:, None] == np.arange(len(parts)), axis=0)
        asked = share * np.arange(1, number + 1)[:, None]
        k = np.count_nonzero(share)
        bound = 1 - 1 / (2 * k - 2) if k > 1 else 0
        assert np.abs(count - asked).max(initial=0) <= bound + 1e-6

    @given(shares, st.integers(0, 50))
    def test_apportioned_whole_numbers_keep_quota(self, parts: list[int], number: int) -> None:
        share = np.array(parts) / sum(parts)
        whole = apportion(share, number)
        assert whole.sum() == number
        assert (np.abs(whole - share * number) < 1).all()

    def test_drawn_shares_match_the_asked_ones(self, views: Views) -> None:
        asked = shares_of({"synthesis": 0.4, "contrarian": 0.35, "flip": 0.25}, views.types)
        drawn = draw(views.slates, views.types, asked, 5, 1.0, np.random.default_rng(1))
        assert len(drawn) == 5 * len(views)
        got = np.array(list(drawn.shares.values()))
        assert np.abs(got - asked).max() < 1 / len(drawn)
        # Not in every query alike: each gets its five by itself, within one of its shares.
        for kind in range(len(asked)):
            per_query = np.bincount(drawn.query, drawn.kind == kind, minlength=len(views))
            assert np.abs(per_query - 5 * asked[kind]).max() < 2

    def test_a_type_does_not_repeat_itself_and_states_nothing_known(self, views: Views) -> None:
        asked = np.full(8, 1 / 8)
        drawn = draw(views.slates, views.types, asked, 20, 1.0, np.random.default_rng(2))
        triples = np.stack([drawn.query, drawn.kind, drawn.answer], axis=1)
        assert len(np.unique(triples, axis=0)) == len(triples)
        assert views.open[drawn.query, drawn.answer].all()

    def test_temperature_zero_takes_the_best_and_one_draws_as_the_slate_says(self) -> None:
        slates = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))
        slates = np.broadcast_to(slates, (4000, 1, 4)).copy()
        one, rng = np.ones(1), np.random.default_rng(3)
        assert (draw(slates, ("synthesis",), one, 1, 0.0, rng).answer == 0).all()
        answers = draw(slates, ("synthesis",), one, 1, 1.0, rng).answer
        expected = np.array([0.5, 0.3, 0.15, 0.05])
        error = np.sqrt(expected * (1 - expected) / 4000)
        assert (np.abs(np.bincount(answers) / 4000 - expected) < 4 * error).all()

    @pytest.mark.parametrize(
        ("asked", "types", "part"),
        [
            ({"synthesis": 0.5}, TYPES, "sum to 1, not to 0.5"),
            ({"synthesis": 1.5, "flip": -0.5}, TYPES, "at least 0"),
            ({"guess": 1.0}, TYPES, "'guess' is no type"),
            ({"empirical": 1.0}, ("synthesis",), "cannot be proposed without evidence"),
        ],
    )
    def test_wrong_shares_are_refused(
        self, asked: dict[str, float], types: tuple[str, ...], part: str
    ) -> None:
        with pytest.raises(ProposalError, match=part):
            shares_of(asked, types)


class TestNovelty:
    @settings(max_examples=20, deadline=None)
    @given(graph=small_graphs(), data=st.data())
    def test_surprisal_is_as_defined(self, graph: Graph, data: st.DataObject) -> None:
        block = every_query(graph)
        seed = data.draw(st.integers(0, 99))
        said = np.random.default_rng(seed).integers(0, 4, block.open.shape)
        found = surprisal(block, graph.evidence, said, prior=3.0)
        mention = [1 + sum(x == c for _, x, _ in graph.known) for c in range(graph.entities)]
        for i in range(len(block)):
            r = int(block.relation[i])
            count = [graph.count(r, c) + said[i, c] for c in range(graph.entities)]
            for c in range(graph.entities):
                share = (count[c] + 3 * mention[c] / sum(mention)) / (sum(count) + 3)
                assert found[i, c] == pytest.approx(-log(share), rel=1e-4)

    def test_is_a_distribution_and_falls_with_every_saying(self, umls: Problem) -> None:
        block = umls.table.block
        before = surprisal(block, umls.evidence)
        np.testing.assert_allclose(np.exp(-before).sum(axis=1), 1, rtol=1e-4)
        said = np.zeros(block.open.shape, int)
        said[:, 7] = 5
        after = surprisal(block, umls.evidence, said)
        assert (after[:, 7] < before[:, 7]).all()
        assert (np.delete(after - before, 7, axis=1) > 0).all()

    def test_the_prior_is_positive(self, umls: Problem) -> None:
        with pytest.raises(ValueError, match="must be more than 0, such as 10"):
            surprisal(umls.table.block, prior=0)


def confidences(graph: Graph) -> dict[int, dict[tuple[int, ...], float]]:
    """For each direction its rules that were borne out twice, with pessimistic confidence."""
    rules: dict[int, dict[tuple[int, ...], float]] = {}
    for r in graph.directions:
        rules[r] = {}
        for body, pairs in graph.bodies.items():
            held = sum((r, x, y) in graph.known for x, y in pairs)
            if body != (r,) and held >= 2:
                rules[r][body] = held / (len(pairs) + 5)
    return rules


class TestGrounds:
    @settings(max_examples=25, deadline=None)
    @given(graph=small_graphs())
    def test_independent_lines_share_no_fact(self, graph: Graph) -> None:
        block, known = every_query(graph), graph.known
        found = independent_lines(graph.evidence, block)
        rules = confidences(graph)
        for i, c in np.ndindex(*found.shape):
            r, x = int(block.relation[i]), int(block.source[i])
            allowed = {b: v for b, v in rules[r].items() if v >= CONFIDENCE_MIN}
            ways = [v for b, v in allowed.items() if len(b) == 1 and (b[0], x, c) in known]
            for z in set(range(graph.entities)) - {x, c}:
                through = [
                    v
                    for b, v in allowed.items()
                    if len(b) == 2 and (b[0], x, z) in known and (b[1], z, c) in known
                ]
                ways += [max(through)] if through else []
            assert found[i, c] == pytest.approx(len(ways) + max(ways, default=0), rel=1e-4)

    @settings(max_examples=25, deadline=None)
    @given(graph=small_graphs())
    def test_a_transplant_applies_the_rules_of_the_lender(self, graph: Graph) -> None:
        block, rules = every_query(graph), confidences(graph)
        found, lender = transplanted(graph.evidence, block), kindred(graph.evidence)
        if graph.relations < 2:
            assert not found.any()
            return
        for i, c in np.ndindex(*found.shape):
            r, x = int(block.relation[i]), int(block.source[i])
            assert int(lender[r]) % graph.relations != r % graph.relations
            reach = [v for b, v in rules[int(lender[r])].items() if (x, c) in graph.bodies[b]]
            expected = sum(-log(1 - v) for v in reach)
            assert found[i, c] == pytest.approx(expected, rel=1e-3, abs=1e-5)

    def test_the_lender_is_the_relation_with_the_same_rules(self) -> None:
        """`owns` and `keeps` follow `buys`; `sells` and `gives` follow `lends`."""
        rng = np.random.default_rng(4)
        buys, owns, keeps, lends, sells, gives = range(6)
        pairs = rng.integers(0, 20, (120, 2)).tolist()
        facts = [(x, r, y) for x, y in pairs[:60] for r in (buys, owns, keeps)]
        facts += [(x, r, y) for x, y in pairs[60:] for r in (lends, sells, gives)]
        lender = kindred(Graph.of(facts).evidence)
        assert lender[owns] in (buys, keeps)
        assert lender[keeps] in (buys, owns)
        assert lender[sells] in (lends, gives)
        assert lender[gives] in (lends, sells)

    def test_precedents_are_the_answers_of_the_most_alike(self) -> None:
        """Twins do the same but for one fact; who is like nobody has no precedent."""
        likes, eats = 0, 1
        facts = [(x, likes, 10 + x // 2) for x in range(8)]
        facts += [(2 * p, eats, 20 + p) for p in range(4)]
        graph = Graph.of([*facts, (9, eats, 29)])
        twin = np.arange(1, 8, 2, dtype=np.int32)
        open_ = np.ones((4, graph.entities), bool)
        scores = precedents(graph.evidence, Block(twin, np.full(4, eats, np.int32), open_))
        assert (scores.argmax(axis=1) == [20, 21, 22, 23]).all()
        assert ((scores > 0).sum(axis=1) <= CASES).all()
        lonely = Block(np.array([9], np.int32), np.array([likes], np.int32), open_[:1])
        assert not precedents(graph.evidence, lonely).any()


class TestSlates:
    def test_slates_are_distributions_over_open_candidates(self, views: Views) -> None:
        assert views.types == TYPES
        total = np.exp(views.slates.astype(float)).sum(axis=2)
        np.testing.assert_allclose(total, 1, rtol=1e-4)
        closed = np.broadcast_to(~views.open[:, None], views.slates.shape)
        assert np.isneginf(views.slates[closed]).all()

    def test_synthesis_is_the_weighted_mean(self, umls: Problem) -> None:
        weight = np.array([1, 2, 0, 0, 0.5, 0, 1])
        found = Views.of(umls.table, weight=weight).scores("synthesis")
        mean = np.einsum("k,qkc->qc", weight, umls.table.scores)
        inside = np.where(umls.table.block.open, mean, -np.inf)
        assert (found[np.arange(len(found)), inside.argmax(axis=1)] == found.max(axis=1)).all()

    def test_a_strategy_may_speak_for_all(self, umls: Problem) -> None:
        """Pruned candidates stay behind the others, in order, and do not drown them."""
        spoken = umls.table.scores[:, 6].copy()
        order = np.argsort(-np.where(umls.table.block.open, spoken, -np.inf), axis=1)
        rows = np.arange(len(spoken))[:, None]
        spoken[rows, order[:, 10:]] -= 3000
        found = Views.of(umls.table, spoken=spoken).consensus
        assert (umls.table.block.open.sum(axis=1) >= 20).all()
        ranked = np.take_along_axis(found, order[:, :20], axis=1)
        assert (np.diff(ranked, axis=1) <= 1e-6).all()
        spread = ranked[:, 0] - ranked[:, 9]
        assert (spread[spread > 0] > 0.1).mean() > 0.9

    def test_the_methodological_voice_is_able_and_odd(self, umls: Problem) -> None:
        competence = np.array([1, 1, 0.2, 1, 1, 1, 1.0])
        some = Views.of(umls.table, competence=competence)
        found = some.scores("methodological")
        said = (found[:, None] == some.voices).all(axis=2)
        assert said.any(axis=1).all()
        assert not (said.sum(axis=1) == 1)[said[:, 2]].any()  # the incapable one never speaks
        inside = np.where(some.open[:, None], some.voices, 0)
        for q in range(0, len(some), 97):
            accord = []
            for k in (0, 1, 3, 4, 5, 6):
                others = np.delete(inside[q], k, axis=0).sum(axis=0)
                size = np.linalg.norm(inside[q, k]) * np.linalg.norm(others)
                accord.append(np.dot(inside[q, k], others) / size if size else np.inf)
            odd = (0, 1, 3, 4, 5, 6)[int(np.argmin(accord))]
            np.testing.assert_array_equal(found[q], some.voices[q, odd])

    def test_a_contrarian_never_says_what_most_say(self, views: Views) -> None:
        best = views.slates[:, views.types.index("contrarian")].argmax(axis=1)
        votes = (views.favourites[:, :, None] == np.arange(views.open.shape[1])).sum(axis=1)
        several = views.open.sum(axis=1) > 1
        assert (best != votes.argmax(axis=1))[several].all()

    def test_a_contrarian_heeds_the_minority_and_the_objections(self) -> None:
        table = random_table(np.random.default_rng(5), 1, 4)
        voices = np.zeros((1, 4, 4), np.float32)
        voices[0, :3, 0], voices[0, 3, 2], voices[0, 3, 1] = 3, 3, 2
        some = replace(
            Views.of(table),
            voices=voices,
            competence=np.ones(4),
            against=np.zeros((1, 4), np.float32),
            open=np.ones((1, 4), bool),
        )
        assert some.scores("contrarian")[0].argmax() == 2
        objected = np.array([[0, 0, 5, 0]], np.float32)
        assert replace(some, against=objected).scores("contrarian")[0].argmax() == 1

    def test_a_moonshot_is_the_rarest_plausible_answer(self) -> None:
        table = random_table(np.random.default_rng(6), 1, 4)
        some = replace(
            Views.of(table),
            voices=np.array([[[3.0, 2.0, 1.6, -1.0]]], np.float32),
            competence=np.ones(1),
            open=np.ones((1, 4), bool),
            novelty=np.array([[1.0, 5.0, 4.0, 9.0]], np.float32),
        )
        assert some.scores("moonshot")[0].argsort()[::-1].tolist()[:3] == [1, 2, 0]

    def test_without_evidence_five_types_are_left(self) -> None:
        some = Views.of(random_table(np.random.default_rng(7), 6, 5))
        assert some.types == ("synthesis", "methodological", "contrarian", "flip", "moonshot")
        assert some.slates.shape == (6, 5, 5)
        with pytest.raises(ProposalError, match="need the evidence as a graph"):
            some.scores("precedent")
        with pytest.raises(ProposalError, match="no type of proposal 'guess'"):
            some.scores("guess")

    def test_voices_have_to_fit(self, umls: Problem) -> None:
        with pytest.raises(ProposalError, match="7 voices need 7 competences"):
            Views.of(umls.table, competence=np.ones(3))

    @given(st.lists(st.floats(-5, 5, width=32), min_size=2, max_size=9), st.integers(0, 99))
    def test_softmax_and_slates_keep_the_order(self, values: list[float], seed: int) -> None:
        scores = np.array([values], np.float32)
        open_ = np.random.default_rng(seed).random(scores.shape) < 0.7
        open_[0, 0] = True
        expected = np.where(open_, np.exp(scores.astype(float)), 0)
        found = np.exp(log_softmax(scores, open_))
        np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-3, atol=1e-6)
        made = slate(scores, open_)[0, open_[0]]
        order = np.argsort(scores[0, open_[0]], kind="stable")
        assert (np.diff(made[order]) >= -1e-5).all()


def test_types_differ_in_novelty_or_accuracy() -> None:
    """Paired over the validation queries of two graphs, in novelty, credit or share right.

    With 28 pairs, three measures and two graphs |z| > 4 is a chance error in 90. Each type is
    far better than chance, so that none is a stub that names anything.
    """
    measured = [measure(graph) for graph in ("umls", "kinships")]
    apart = np.array(
        [
            [max(abs(z_of(each[a, i] - each[b, i])) for i in range(3)) for each in measured]
            for a, b in combinations(range(len(TYPES)), 2)
        ]
    )
    assert (apart.max(axis=1) > 4).all()
    assert ((apart > 2).sum(axis=0) >= 26).all()  # of 28 on either graph by itself
    for each in measured:
        assert TYPES[int(each[:, 0].mean(axis=1).argmax())] == "moonshot"
        for kind in range(len(TYPES)):
            assert z_of(each[kind, 1] - each[kind, 3]) > 4


def measure(graph: str) -> np.ndarray:
    """float64[T, 4, Q]: novelty, credit and rightness of each type, and the credit of chance."""
    problem = lean_problem(graph)
    some, referee = Views.of(problem.table, problem.evidence), problem.referee
    by_chance = referee.credit(referee.ranks(np.zeros(some.open.shape, np.float32)))
    rows, found = np.arange(len(some)), []
    for kind in range(len(TYPES)):
        scores = some.slates[:, kind]
        best = scores.argmax(axis=1)
        credit = referee.credit(referee.ranks(scores))
        found.append([some.novelty[rows, best], credit, best == referee.truth, by_chance])
    return np.array(found, float)
