"""What a trial measures is what a run of the same study does; held-out figures are named so."""

import numpy as np
import pytest
from click.testing import CliRunner

from experiments import load_study, run
from experiments.cli.main import main
from experiments.study.study import TEST
from experiments.sweeps import sweep
from experiments.sweeps.trial import live, payload_of


def test_a_model(tmp_path):
    study = load_study("schelling", ["residents=60", "width=10", "ticks=12", "seed=4"])
    folder = run(study, tmp_path)
    found = live(payload_of(study.resolved(), "", False), {})["measures"]
    rows = {row["name"]: row for row in folder.results["rows"]}
    assert found.keys() == {*rows, *(f"{name}_last" for name in rows)}
    for name, row in rows.items():
        assert found[name] == row["late_mean"]
        assert found[f"{name}_last"] == row["last"]


class TestReasoning:
    @pytest.fixture(scope="class")
    def done(self, tiny, tmp_path_factory):
        return run(load_study(tiny), tmp_path_factory.mktemp("done"))

    def test_as_a_run(self, done):
        study = done.study
        found = live(payload_of(study, "", True), {})["measures"]
        again = live(payload_of(study, "", True), {})["measures"]  # of a subject made up before
        assert found == again
        metrics = done.metrics
        late = metrics["tick"] > 6
        assert late.sum() == 2
        for name in metrics.keys() - {"tick"}:
            np.testing.assert_equal(found[name], metrics[name][late].mean())
        rows = {row["name"]: row for row in done.results["rows"]}
        best, drawn = rows["best evolved agent"], rows["random search"]
        assert (found["valid"], found["cost"]) == (best["valid"], best["cost"])
        assert found["valid_random_search"] == drawn["valid"]
        assert found["test_mrr"] == best["mrr"]
        assert found["test_hits10_random_search"] == drawn["hits10"]
        assert study.outcome(metrics, done.results) == found

    def test_nothing_held_out_without_the_prefix(self, done):
        """Whatever the figures on held-out queries are, other names do not change with them."""
        results = done.results
        figures = results["figures"]
        changed = [{**row, **dict.fromkeys(figures, -1.0)} for row in results["rows"]]
        one = done.study.outcome(done.metrics, results)
        two = done.study.outcome(done.metrics, {**results, "rows": changed})
        differ = {name for name in one if one[name] != two[name]}
        assert differ == {name for name in one if name.startswith(TEST)}
        assert len(differ) == len(figures) * len(results["rows"])

    def test_without_examination(self, tiny, tmp_path):
        vary = {"economy.rent": [0.0, 1.0], "ablation.without": [[], ["gossip"]]}
        options = {"replicates": 1, "examine": False, "executor": "in-place", "out": tmp_path}
        found = sweep(tiny, vary, **options)
        assert found.factors == ["economy.rent", "ablation.without"]
        assert found.table["ablation.without"].tolist() == ["none", "gossip"] * 2
        assert "accuracy_mean" in found.measures
        assert not any(name.startswith((TEST, "valid")) for name in found.measures)
        assert found.table["messages"].isna().tolist() == [False, True] * 2


def test_dry_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = ["sweep", "boltzmann", "--vary", "people=5,6,7", "--replicates", "4", "--set", "ticks=5"]
    done = CliRunner().invoke(main, [*said, "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "3 points × 4 replicates = 12 trials" in done.output
    assert "the same for every point" in done.output
    assert "judged by the first ticks of one" in done.output
    assert not (tmp_path / "runs").exists()
    done = CliRunner().invoke(main, [*said[:-4], "--replicates", "2", *said[-2:]])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(main, [*said, "--dry-run"])
    assert "6 of 12 trials are finished" in done.output
    assert "6 trials of about" in done.output
    assert "as 6 finished ones took" in done.output


def test_what_ships():
    done = CliRunner().invoke(main, ["sweep"])
    assert done.exit_code == 0, done.output
    assert "rent" in done.output
    for name in ("flock", "segregation"):
        shown = CliRunner().invoke(main, ["sweep", name, "--dry-run"])
        assert shown.exit_code == 0, shown.output
