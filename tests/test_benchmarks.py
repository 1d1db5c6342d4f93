"""What the benchmarks print is what was measured."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from benchmarks import abm, growth
from benchmarks.front import affordable, prices, undominated
from benchmarks.rows import Row, show
from benchmarks.summary import OURS, json_rows, spread, summary, table
from benchmarks.world import measure
from experiments.reasoning.baselines import BEST_SINGLE, TUNED_WEIGHTS, Exam
from experiments.reasoning.evaluation import COLLECTIVE, EVOLVED
from swarm.reasoning import KnowledgeGraph, Problem, ask, judge
from tests.experiments.nations import nations, nations_subject, write_eight_relations

RECORD = Path(__file__).parents[1] / "benchmarks" / "main.json"
RIVALS = (BEST_SINGLE, TUNED_WEIGHTS)
TESTED = {"mrr": 0.0, "hits10": 0.9, "valid": 0.5, "cost": 10.0, "note": ""}


def run(seed: int, evolved: float, rival: float) -> dict[str, Any]:
    rows = [{**TESTED, "name": name, "mrr": rival} for name in RIVALS]
    rows.append({**TESTED, "name": EVOLVED, "mrr": evolved})
    rows.append({**TESTED, "name": COLLECTIVE, "mrr": evolved, "cost": 90.0})
    rest = {"about": {}, "ticks": 1, "evaluations": 1, "random_genomes": 1, "best": {}}
    front = [{"cost": 4.0, "valid": 0.4, "mrr": 0.3}, {"cost": 12.0, "valid": 0.5, "mrr": 0.6}]
    figures = {"figures": ["mrr", "hits10"], "front": front}
    return {"seed": seed, "rows": rows, **rest, **figures, "seconds": {"live": 1.0}}


def test_an_interval_is_students() -> None:
    values = [0.61, 0.64, 0.66, 0.59, 0.63]
    found = spread(values)
    low, high = stats.t.interval(0.95, len(values) - 1, loc=found["mean"], scale=stats.sem(values))
    assert found["mean"] == pytest.approx(sum(values) / 5)
    assert (found["mean"] - found["half"], found["mean"] + found["half"]) == pytest.approx(
        (low, high)
    )
    assert spread([0.5])["half"] is None


def test_differences_are_paired_by_seed() -> None:
    # Seeds differ by far more than the methods do: only pairs show which is ahead.
    found = summary([run(1, 0.51, 0.50), run(2, 0.72, 0.70), run(3, 0.93, 0.90)], RIVALS)
    for ours in OURS:
        difference = found["ahead"][ours][RIVALS[0]]
        assert difference["values"] == pytest.approx([0.01, 0.02, 0.03])
        assert difference["half"] < 0.03 < found["rows"][ours]["mrr"]["half"]
    rows = [json.loads(line) for line in json_rows("g", found, goal=0.8)]
    assert [row["checks"]["interval_clear_of_0"] for row in rows] == [False] * 4
    assert rows[0]["ratio"] == pytest.approx(0.72 / 0.70)
    lines = list(table("g", found, goal=0.8, published={"Other": 0.5}))
    assert any(line.startswith("> " + EVOLVED) for line in lines)
    assert sum("missed by 0.080" in line for line in lines) == 2


def test_of_errors_less_is_ahead() -> None:
    runs = [run(seed, evolved, 0.3) for seed, evolved in ((1, 0.1), (2, 0.11))]
    for one in runs:
        one["figures"] = ["error"]
        for row in [*one["rows"], *one["front"]]:
            row["error"] = row["mrr"]
    found = summary(runs, RIVALS)
    assert found["ahead"][EVOLVED][BEST_SINGLE]["values"] == pytest.approx([0.2, 0.19])
    assert any("0.105  met" in line for line in table("g", found, goal=0.15))


def test_the_record_holds_five_seeds_of_every_graph() -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert record["seeds"] == [1, 2, 3, 4, 5]
    assert {"umls-30", "kinships-30"} <= set(record["graphs"])
    for graph in record["graphs"].values():
        rows = graph["rows"]
        assert all(len(row["mrr"]["values"]) == 5 for row in rows.values() if "mrr" in row)
        if "mrr" in rows[EVOLVED]:
            assert rows["oracle, per query"]["mrr"]["mean"] > rows[BEST_SINGLE]["mrr"]["mean"]


# The front


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_the_front_is_what_nobody_beats(points: list[tuple[int, int]]) -> None:
    cost, value = (np.array([point[i] for point in points], float) for i in (0, 1))
    front = undominated(cost, value).tolist()

    def beaten(i: int) -> bool:
        no_worse = (cost <= cost[i]) & (value >= value[i])
        better = no_worse & ((cost < cost[i]) | (value > value[i]))
        return bool(better.any() or no_worse[:i].any())  # of equals the first stays

    assert sorted(front) == [i for i in range(len(points)) if not beaten(i)]
    assert front == sorted(front, key=lambda i: cost[i])


def test_a_budget_buys_what_validates_best_not_what_tests_best() -> None:
    front = [
        {"cost": 4.0, "valid": 0.4, "mrr": 0.9},
        {"cost": 9.0, "valid": 0.5, "mrr": 0.6},
        {"cost": 20.0, "valid": 0.6, "mrr": 0.7},
    ]
    assert affordable(front, 10) == front[1]
    assert affordable(front, 3) is None
    rows = {
        "dear": {"cost": spread([30.0, 9.0]), "mrr": spread([0.5, 0.5])},
        "cheap": {"cost": spread([3.0, 30.0]), "mrr": spread([0.5, 0.5])},
        "unpriced": {"mrr": spread([0.5, 0.5])},
    }
    cheap, dear = prices([front, front], rows, "mrr")
    assert (dear["name"], dear["evolved"], dear["paid"]) == ("dear", [0.7, 0.6], [20.0, 9.0])
    assert (cheap["name"], cheap["evolved"]) == ("cheap", [])  # one run has nobody so cheap


# Rivals that learn


@pytest.fixture(scope="module")
def posed() -> tuple[Problem, KnowledgeGraph]:
    return nations_subject().problem, nations()


@pytest.fixture(scope="module")
def learners(posed: Any) -> dict[str, tuple[Any, Any]]:
    """Of every rival how it learns, at most once, and what it has learnt of the problem."""
    rivals = quick_rivals()
    from benchmarks.main import once

    learners = {name: once(rival) for name, rival in rivals.items()}
    return {name: (learn, learn(posed[0])) for name, learn in learners.items()}


def quick_rivals() -> dict[str, Any]:
    """Rivals in the sizes of `--quick`."""
    pytest.importorskip("torch", reason="rivals need benchmarks/requirements.txt")
    pytest.importorskip("sklearn", reason="rivals need benchmarks/requirements.txt")
    from benchmarks.main import _rivals

    return dict(_rivals(quick=True))


def test_folds_keep_both_directions_of_a_fact_together(posed: Any) -> None:
    from benchmarks.crossval import FOLDS, fact_folds

    problem, graph = posed
    folds = fact_folds(problem)
    assert np.array_equal(*folds.reshape(2, -1))  # tails are asked first, then heads
    assert np.ptp(np.bincount(folds, minlength=FOLDS)) <= 2 * FOLDS
    assert len(folds) == 2 * len(graph.valid)


def test_wrong_answers_are_not_known_from_other_folds(posed: Any) -> None:
    """Counted by hand; facts of the tested fold are spared no more than test facts are."""
    from benchmarks.crossval import fact_folds, rivals_in

    problem, graph = posed
    folds, held_out = fact_folds(problem), 2
    told = [graph.train, graph.valid[folds[: len(graph.valid)] != held_out]]
    known = {(int(h), int(r), int(t)) for h, r, t in np.concatenate(told)}
    wrong, block = rivals_in(problem, folds)(held_out), problem.table.block
    for q in range(0, len(block), 7):
        s, d = int(block.source[q]), int(block.relation[q])
        facts = [(s, d, c) if d < 55 else (c, d - 55, s) for c in range(14)]
        expected = [fact not in known for fact in facts]
        expected[problem.referee.truth[q]] = False
        assert wrong[q].tolist() == expected


def test_rivals_learn_and_what_they_show_is_out_of_fold(posed: Any, learners: Any) -> None:
    problem, graph = posed
    table = problem.faculties.table(ask(graph.test, problem.evidence))
    exam = Exam(table, judge(graph.test, graph.facts, problem.evidence))
    silence = exam.figures(np.zeros(table.block.open.shape))["mrr"]
    for name, (learn, learnt) in learners.items():
        assert learnt(table) is learn(problem)(table), "learnt or answered twice"
        said = learnt(problem.table)
        assert said.shape == problem.table.block.open.shape
        assert exam.figures(learnt(table))["mrr"] > silence + 0.1, name
        shown = float(problem.referee.marks(said).mean())
        assert f"{shown:.4f}" in learnt.note
        assert 10 <= learnt.cost <= problem.faculties.costs.sum()
        copy = replace(problem.table)  # the same queries, not known as those learnt from
        assert not np.array_equal(learnt(copy), said)


def test_rivals_do_not_depend_on_test_facts(posed: Any, learners: Any) -> None:
    """Learnt anew where as many other test facts stand."""
    problem, graph = posed
    rng = np.random.default_rng(1)
    random = np.stack([rng.integers(0, n, len(graph.test)) for n in (14, 55, 14)], axis=1)
    other = Problem.pose(replace(graph, test=random.astype(np.int32)))
    table = problem.faculties.table(ask(graph.test, problem.evidence))
    for name, rival in quick_rivals().items():
        assert np.array_equal(learners[name][1](table), rival(other)(table)), name


@pytest.mark.slow
def test_an_interrupted_benchmark_goes_on(tmp_path: Path, monkeypatch: Any) -> None:
    quick_rivals()
    from benchmarks import main

    record = tmp_path / "runs.jsonl"
    first = main.runs_of("nations", [1], quick=True, record=record)
    with record.open("a", encoding="utf-8") as file:
        file.write('{"study": "cut o')
    monkeypatch.setattr(main.Field, "run", lambda *_: pytest.fail("a finished run is repeated"))
    assert main.runs_of("nations", [1], quick=True, record=record) == first
    found = summary(first, main.RIVALS)
    assert set(found["ahead"][EVOLVED]) == set(main.RIVALS)
    assert found["runs"][0]["front"]
    costs = [point["cost"] for point in found["prices"]]
    assert costs == sorted(costs)


@pytest.mark.slow
def test_an_ablation_compares_the_same_seeds() -> None:
    from benchmarks.ablations import rows

    (row,) = rows(quick=True, parts={"gates": "gates"})
    assert row.notes["part"] == "gates"
    worth = row.notes["worth"][EVOLVED]
    assert len(worth["values"]) == 2
    assert row.ours - (row.peer or 0) == pytest.approx(worth["mean"])


def test_a_world_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_eight_relations(tmp_path / "facts")
    study = tmp_path / "few.toml"
    study.write_text(
        'name = "few"\nproblem.graph = "facts"\nproblem.split = [0.1, 0.6, 0.3]\n',
        encoding="utf-8",
    )
    monkeypatch.setattr("benchmarks.world.STUDY", str(study))  # posed sooner than UMLS
    row = measure(64, 8, 4)
    assert row["ours"] > 0
    assert row["checks"]["tokens_conserved"]
    assert row["checks"]["population_steady"]
    assert math.isfinite(row["peak_mib"])


# Rows of all the others


def test_a_row_is_a_line_of_json_and_a_failed_check_an_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = Row("walk, ms", ours=0.5, peer=12.0, ratio=24.0, checks={"agree": True, "p": 0.2})
    bad = Row("run, ms", ours=1.0, checks={"agree": False}, goal=3.0)
    assert show([good], as_json=True) == 0
    line = json.loads(capsys.readouterr().out)
    assert {"name", "ours", "peer", "ratio", "checks"} <= set(line)
    assert line["checks"] == {"agree": True, "p": 0.2}
    assert show([good, bad], as_json=False) == 1
    text = capsys.readouterr().out
    assert "ok agree, p 0.2" in text
    assert "FAILED agree" in text


def small_meadow(**changed: Any) -> abm.Case:
    found = next(case for case in abm.cases() if case.model == "wolf-sheep")
    return replace(found, moments=(5, 15), settings={**found.settings, **changed})


def test_models_that_agree_are_told_from_models_that_do_not() -> None:
    case = small_meadow()
    assert all(found["agree"] for found in abm.agree(case, 12).values())

    class Other(abm.Case):
        """Compares ours with a peer under another rule."""

        def theirs(self, peer: str, seed: int) -> Any:
            return small_meadow(sheep_breed=0.4).theirs(peer, seed)

    other = Other(**{field.name: getattr(case, field.name) for field in fields(case)})
    assert not any(found["agree"] for found in abm.agree(other, 12).values())


def test_every_case_of_the_models_can_be_made_on_both_sides() -> None:
    names = [case.name for case in abm.cases()]
    assert len(set(names)) == len(names)
    for case in abm.cases():
        if case.peer_s < 1:
            for model in (case.ours(1), *(case.theirs(peer, 1) for peer in case.peers)):
                model.step()
                assert model.measures().keys() == case.ours(2).measures().keys()


@pytest.mark.parametrize("kind", ["birds", "walkers"])
def test_growth_is_measured(kind: str) -> None:
    row = growth.measure(kind, 500)
    assert row["ours"] > 0
    assert 20 < row["checks"]["bytes an agent"] <= row["checks"]["at the peak"]
    assert row["checks"]["all on the map"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["abm", "gossip", "motion", "world"])
def test_a_quick_look_prints_rows_whose_checks_hold(kind: str) -> None:
    command = [sys.executable, "-m", "benchmarks", kind, "--quick", "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=RECORD.parents[1], check=True
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) >= 3
    assert all({"name", "ours", "peer", "ratio", "checks"} <= set(row) for row in rows)
