"""What the benchmarks print is what was measured."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from benchmarks.main import RIVALS, json_rows, spread, summary, table
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
