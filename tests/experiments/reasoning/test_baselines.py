"""What one could do instead of evolving, against plain references on a small real graph."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import GenomeSpec
from experiments.reasoning import baselines
from experiments.reasoning.baselines import (
    BEST_SINGLE,
    EQUAL_VOTE,
    ORACLE,
    PER_RELATION,
    TUNED_PROTOCOLS,
    TUNED_WEIGHTS,
    WEIGHTS,
    Exam,
    answer_all,
    engine_per_direction,
    examine_strategies,
    mixtures,
    pick_variants,
    random_search,
    tune_weights,
    vote,
)
from swarm.genes import decode, strategy_loci
from swarm.reasoning import reason
from tests.experiments.nations import nations_subject


@pytest.fixture(scope="module")
def problem():
    return nations_subject().problem


@pytest.fixture(scope="module")
def exam(problem):
    return Exam(problem.table, problem.referee)


@pytest.fixture(scope="module")
def entered(problem):
    return {one.name: one for one in mixtures(problem)}


@pytest.fixture(scope="module")
def genome(problem):
    return GenomeSpec(strategy_loci(problem.faculties))


def plain_ranks(exam, scores):
    """One query after the other."""
    ranks = []
    for q, truth in enumerate(exam.referee.truth):
        counted = scores[q][exam.referee.counted[q]]
        above, equal = (counted > scores[q, truth]).sum(), (counted == scores[q, truth]).sum()
        ranks.append(above + (equal + 1) / 2)
    return np.array(ranks)


def plain_credit(exam, scores):
    """Mean over queries of the mean of 1 / (k - m), m = 0..min(h, k - 1); halves between."""
    credit = []
    for rank, hidden in zip(plain_ranks(exam, scores), exam.referee.hidden, strict=True):
        around = [int(np.floor(rank)), int(np.ceil(rank))]
        each = [np.mean([1 / (k - m) for m in range(min(hidden, k - 1) + 1)]) for k in around]
        credit.append(np.mean(each))
    return np.mean(credit)


def engines(exam):
    return [exam.table.scores[:, column] for column in pick_variants(exam)]


class TestExam:
    def test_figures_and_credit(self, exam):
        scores = exam.table.scores[:, 3]
        ranks = plain_ranks(exam, scores)
        expected = {"mrr": (1 / ranks).mean(), "hits10": (ranks <= 10).mean()}
        assert exam.figures(scores) == pytest.approx(expected)
        assert exam.credit(scores) == pytest.approx(plain_credit(exam, scores))


class TestEngines:
    def test_the_best_variant_of_each(self, exam):
        first = exam.table.first
        for engine, column in enumerate(pick_variants(exam)):
            variants = range(first[engine], first[engine + 1])
            credit = [plain_credit(exam, exam.table.scores[:, v]) for v in variants]
            assert column == variants[int(np.argmax(credit))]

    def test_best_single_is_the_best_of_the_seven(self, exam, entered, problem):
        credit = [plain_credit(exam, scores) for scores in engines(exam)]
        best = int(np.argmax(credit))
        assert entered[BEST_SINGLE].note == problem.faculties.names[best]
        assert entered[BEST_SINGLE].cost == problem.faculties.costs[best]
        assert np.array_equal(entered[BEST_SINGLE].scores(exam), engines(exam)[best])

    def test_oracle_is_never_worse_than_any(self, exam, entered, problem):
        oracle = exam.marks(entered[ORACLE].scores(exam))
        each = np.stack([exam.marks(entered[n].scores(exam)) for n in problem.faculties.names])
        assert (oracle >= each).all()
        assert (oracle == each).any(axis=0).all()


class TestVote:
    def test_weighted_sum(self, exam):
        weights = np.array([0, 0.5, 1, 2, 0, 0.25, 4])
        each = zip(weights, engines(exam), strict=True)
        expected = sum(w * scores for w, scores in each) / weights.sum()
        np.testing.assert_allclose(vote(engines(exam), weights), expected, atol=1e-4)

    def test_equal_vote(self, exam, entered, problem):
        expected = vote(engines(exam), np.ones(7))
        assert np.array_equal(entered[EQUAL_VOTE].scores(exam), expected)
        assert entered[EQUAL_VOTE].cost == problem.faculties.costs[:7].sum()

    def test_tuned_weights_are_a_summit(self, exam):
        """At least as good as every start, and no single weight of the grid leads higher."""
        voices = engines(exam)
        starts = [np.ones(7), *np.eye(7)]
        weights = tune_weights(exam, voices, starts)
        best = exam.credit(vote(voices, weights))
        assert all(best >= exam.credit(vote(voices, start)) for start in starts)
        for engine in range(7):
            for weight in WEIGHTS:
                other = weights.copy()
                other[engine] = weight
                if other.any():
                    assert exam.credit(vote(voices, other)) <= best + 1e-12

    def test_start_is_not_changed(self, exam):
        start = np.ones(7)
        tune_weights(exam, engines(exam), [start])
        assert (start == 1).all()

    def test_more_voices_are_no_loss(self, exam, entered, problem):
        credit = {
            name: exam.credit(entered[name].scores(exam))
            for name in (TUNED_WEIGHTS, TUNED_PROTOCOLS)
        }
        assert credit[TUNED_PROTOCOLS] >= credit[TUNED_WEIGHTS]


class TestOneEnginePerRelation:
    @settings(max_examples=50, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.floats(0.1, 50))
    def test_reference(self, seed, doubt):
        rng = np.random.default_rng(seed)
        relation, credit = rng.integers(0, 6, 40), rng.random((3, 40))
        asked = engine_per_direction(relation, credit, 8, doubt)
        for direction in range(8):
            mine = relation == direction
            shrunk = [
                (each[mine].sum() + doubt * each.mean()) / (mine.sum() + doubt) for each in credit
            ]
            assert shrunk[asked[direction]] == pytest.approx(max(shrunk))

    def test_unseen_directions_fall_back_on_the_best_single(self):
        credit = np.array([[0.1, 0.9], [0.6, 0.5]])
        assert engine_per_direction(np.array([0, 1]), credit, 4).tolist()[2:] == [1, 1]

    def test_a_relation_with_many_queries_has_its_own(self):
        relation = np.repeat([0, 1], 100)
        credit = np.stack([np.where(relation == 0, 0.9, 0.1), np.where(relation == 0, 0.2, 0.9)])
        assert engine_per_direction(relation, credit, 2).tolist() == [0, 1]

    def test_scores_are_those_of_the_engine_asked(self, exam, entered, problem):
        credit = np.stack([exam.referee.credit(plain_ranks(exam, s)) for s in engines(exam)])
        asked = engine_per_direction(exam.table.block.relation, credit, problem.evidence.directions)
        each = engines(exam)
        expected = [each[asked[r]][q] for q, r in enumerate(exam.table.block.relation)]
        assert np.array_equal(entered[PER_RELATION].scores(exam), expected)


class TestStrategies:
    @pytest.fixture(scope="class")
    def strategies(self, genome):
        return decode(genome.sample(9, np.random.default_rng(5)).__getitem__)

    def test_figures_of_each_alone(self, strategies, exam, problem):
        credit, cost = examine_strategies(strategies, exam, problem.faculties)
        queries = np.arange(len(exam))
        for row in range(len(strategies)):
            answers = reason(
                strategies, exam.table, problem.faculties.costs, np.full(len(exam), row), queries
            )
            assert credit[row] == pytest.approx(plain_credit(exam, answers.scores))
            assert cost[row] == pytest.approx(answers.spent.mean())

    def test_chunks_do_not_matter(self, strategies, exam, problem, monkeypatch):
        whole = examine_strategies(strategies, exam, problem.faculties)
        monkeypatch.setattr(baselines, "CELLS_AT_ONCE", 2 * exam.table.scores[:, 0].size)
        rows = [rows for rows, _ in answer_all(strategies, exam.table, problem.faculties)]
        assert [row.stop - row.start for row in rows] == [2, 2, 2, 2, 1]
        assert np.array_equal(whole, examine_strategies(strategies, exam, problem.faculties))


class TestRandomSearch:
    def search(self, genome, exam, problem, number=40, seed=1):
        rng = np.random.default_rng(seed)
        return random_search(genome, number, exam, problem.faculties, rng)

    def test_keeps_the_best_of_those_it_drew(self, genome, exam, problem):
        drawn = self.search(genome, exam, problem)
        genomes = genome.sample(40, np.random.default_rng(1))
        credit, cost = examine_strategies(decode(genomes.__getitem__), exam, problem.faculties)
        best = int(credit.argmax())
        assert (drawn.credit, drawn.cost) == (credit[best], cost[best])
        assert genome.to_json(drawn.genome) == genome.to_json(genomes, best)

    def test_same_seed_same_find(self, genome, exam, problem):
        first, again = (self.search(genome, exam, problem) for _ in range(2))
        other = self.search(genome, exam, problem, seed=2)
        assert genome.to_json(first.genome) == genome.to_json(again.genome)
        assert genome.to_json(first.genome) != genome.to_json(other.genome)

    def test_batches_are_compared(self, genome, exam, problem, monkeypatch):
        monkeypatch.setattr(baselines, "GENOMES_AT_ONCE", 7)
        told = []
        drawn = random_search(
            genome, 20, exam, problem.faculties, np.random.default_rng(1), told.append
        )
        rng = np.random.default_rng(1)
        credit = [
            examine_strategies(
                decode(genome.sample(number, rng).__getitem__), exam, problem.faculties
            )[0].max()
            for number in (7, 7, 6)
        ]
        assert drawn.credit == max(credit)
        assert len(told) == 3

    def test_nothing_to_draw(self, genome, exam, problem):
        with pytest.raises(ValueError, match="at least 1"):
            self.search(genome, exam, problem, number=0)
