"""What the benchmarks print is what was measured."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from benchmarks import abm, growth
from benchmarks.main import RIVALS, json_rows, spread, summary, table
from benchmarks.rows import Row, show
from benchmarks.world import measure
from experiments.evaluation import EVOLVED

RECORD = Path(__file__).parents[1] / "benchmarks" / "main.json"
TESTED = {"mrr": 0.0, "hits10": 0.9, "valid": 0.5, "cost": 10.0, "note": ""}


def run(seed: int, evolved: float, rival: float) -> dict[str, Any]:
    rows = [{**TESTED, "name": name, "mrr": rival} for name in RIVALS]
    rows.append({**TESTED, "name": EVOLVED, "mrr": evolved})
    rest = {"facts": {}, "ticks": 1, "evaluations": 1, "random_genomes": 1, "best": {}}
    return {"seed": seed, "rows": rows, **rest, "seconds": {"live": 1.0}}


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
    found = summary([run(1, 0.51, 0.50), run(2, 0.72, 0.70), run(3, 0.93, 0.90)])
    difference = found["evolved minus"][RIVALS[0]]
    assert difference["values"] == pytest.approx([0.01, 0.02, 0.03])
    assert difference["half"] < 0.03 < found["rows"][EVOLVED]["mrr"]["half"]
    rows = [json.loads(line) for line in json_rows("g", found)]
    assert [row["checks"]["interval_clear_of_0"] for row in rows] == [False] * len(RIVALS)
    assert rows[0]["ratio"] == pytest.approx(0.72 / 0.70)
    assert any(line.startswith("> " + EVOLVED) for line in table("g", found))


def test_the_record_holds_five_seeds_of_both_graphs() -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert record["seeds"] == [1, 2, 3, 4, 5]
    for graph in ("umls-30", "kinships-30"):
        rows = record["graphs"][graph]["rows"]
        assert all(len(row["mrr"]["values"]) == 5 for row in rows.values())
        assert rows["oracle, per query"]["mrr"]["mean"] > rows[EVOLVED]["mrr"]["mean"]


def test_a_world_is_measured() -> None:
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
