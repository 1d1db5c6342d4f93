"""Asking: names understood, layers shown, reasons given; test facts never looked at."""

import json
from dataclasses import replace

import numpy as np
import pytest

import experiments.reasoning.ask as asking
from experiments.reasoning.answerers import AskError, of_run, tuned
from experiments.reasoning.ask import SPLIT, ask, understood
from experiments.reasoning.baselines import Exam
from experiments.running.run import run
from experiments.study.reading import load_study
from swarm.reasoning import Problem, load_graph, reason
from swarm.reasoning.modes import LAYERS, MODES
from swarm.reasoning.proposals import TYPES, ProposalError
from swarm.reasoning.reasons import Names

NAMES = Names(["aspirin", "headache", "ibuprofen"], ["causes", "treats"])


@pytest.fixture(scope="module")
def ring(tiny):
    """The folder of a graph without a split."""
    return str(tiny.parent / "ring")


@pytest.fixture(scope="module")
def asked(ring):
    return ask(ring, "n03", "before", mode="creative", answers=5, recompute=6)


class TestUnderstanding:
    def test_heads_tails_and_one_answer(self):
        tails = understood(NAMES, "aspirin", "treats", "?", False)
        assert (tails.source, tails.relation, tails.about) == (0, 1, None)
        heads = understood(NAMES, "?", "treats", "headache", False)
        assert (heads.source, heads.relation, heads.about) == (1, 3, None)
        assert understood(NAMES, "headache", "treats", "?", True) == heads
        assert understood(NAMES, "aspirin", "treats", "headache", False).about == 1

    @pytest.mark.parametrize(
        ("head", "relation", "tail", "part"),
        [
            ("asprin", "treats", "?", "no entity 'asprin'.*did you mean 'aspirin'"),
            ("aspirin", "treat", "?", "no relation 'treat'.*did you mean 'treats'"),
            ("zzz", "treats", "?", "no entity 'zzz' in this graph; it has aspirin"),
            ("?", "treats", "?", "nothing is given"),
        ],
    )
    def test_mistakes_are_explained(self, head, relation, tail, part):
        with pytest.raises(AskError, match=part):
            understood(NAMES, head, relation, tail, False)


class TestAnswers:
    def test_layers_come_in_order_with_reasons(self, asked):
        assert asked.title == "n03 before ?"
        assert asked.mode is MODES["creative"]
        assert len(asked.rows) == 5
        layers = [LAYERS.index(row["layer"]) for row in asked.rows]
        assert layers == sorted(layers)
        assert len({row["answer"] for row in asked.rows}) == 5
        assert not {row["answer"] for row in asked.rows} & set(asked.known)
        for row in asked.rows:
            assert 0 < row["right"] < 1
            assert row["novelty"] > 0
            assert set(row["types"]) <= set(TYPES)
            assert len(row["explanation"]["voices"]) == 7

    def test_text_and_json_say_the_same(self, asked):
        text, read = str(asked), json.loads(asked.as_json())
        assert read["question"] == asked.title
        assert read["mode"] == "creative"
        assert [a["answer"] for a in read["answers"]] == [row["answer"] for row in asked.rows]
        for row in asked.rows:
            assert row["answer"] in text
            assert all(line.strip() in text for line in row["words"].splitlines())

    def test_a_mode_is_suggested_if_none_is_given(self, ring):
        found = ask(ring, "n03", "likes", answers=2, recompute=0)
        assert found.suggested
        assert found.mode.name in MODES
        assert "suggested for this question" in str(found)

    def test_one_answer_can_be_asked_about(self, ring):
        found = ask(ring, "n03", "before", "n07", recompute=0)
        assert [row["answer"] for row in found.rows] == ["n07"]
        assert found.rows[0]["layer"] == "asked about"
        known = load_graph(ring).resplit(SPLIT).train[0]
        graph = load_graph(ring)
        head, relation, tail = (int(part) for part in known)
        with pytest.raises(AskError, match="is a known answer"):
            ask(
                ring,
                graph.entities[head],
                graph.relations[relation],
                graph.entities[tail],
                recompute=0,
            )

    def test_wrong_modes_and_numbers_are_refused(self, ring):
        with pytest.raises(ProposalError, match="no mode 'bold'"):
            ask(ring, "n03", "before", mode="bold")
        with pytest.raises(AskError, match="at least one answer"):
            ask(ring, "n03", "before", answers=0)

    def test_other_test_facts_give_the_same_answers(self, ring, asked, monkeypatch):
        """Only how many there are may be known."""
        whole = load_graph(ring)
        split = whole.resplit(SPLIT)
        rng = np.random.default_rng(1)
        shape = split.test.shape
        fake = rng.integers(0, (len(whole.entities), len(whole.relations), 12), shape)
        other = replace(split, test=fake.astype(np.int32))
        monkeypatch.setattr(asking, "load_graph", lambda source: other)
        again = ask(ring, "n03", "before", mode="creative", answers=5, recompute=6)
        assert again.as_json() == asked.as_json()


class TestAnswerers:
    def test_the_tuned_vote_is_at_least_as_good_as_each_engine(self, ring):
        problem = Problem.pose(load_graph(ring).resplit(SPLIT))
        exam, one = Exam(problem.table, problem.referee), tuned(problem)
        rows = np.arange(len(exam))
        answers = reason(one, exam.table, problem.faculties.costs, 0 * rows, rows)
        alone = [exam.credit(exam.table.scores[:, v]) for v in range(exam.table.scores.shape[1])]
        assert exam.credit(answers.scores) >= max(alone) - 1e-3

    def test_the_best_agent_of_a_run_answers(self, tiny, tmp_path):
        folder = run(load_study(tiny), tmp_path)
        graph = str((tiny.parent / "ring").resolve())
        found = ask(graph, "n03", "before", answers=3, run=folder.path, recompute=0)
        assert len(found.rows) == 3
        _, problem, strategy = of_run(folder.path, graph)
        best = folder.results["best"]["genome"]
        assert len(strategy) == 1
        assert strategy.order[0].tolist() == best["order"]
        rows = np.arange(len(problem.table))
        scores = reason(strategy, problem.table, problem.faculties.costs, 0 * rows, rows).scores
        credit = Exam(problem.table, problem.referee).credit(scores)
        (row,) = (r for r in folder.results["rows"] if r["name"] == "best evolved agent")
        assert credit == pytest.approx(row["valid"], abs=1e-6)
        with pytest.raises(AskError, match="lived on the graph"):
            of_run(folder.path, "umls")
