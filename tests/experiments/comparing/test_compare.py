"""`noosphere compare` of real runs and sweeps, and what it says of those it cannot compare."""

import csv
import json
import shutil

import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.comparing.comparison import compare
from experiments.reasoning.evaluation import EVOLVED
from experiments.running.folder import RunFolder
from experiments.running.run import run
from experiments.study.reading import load_study
from experiments.sweeps import sweep
from tests.experiments.comparing.pages import checked_page
from tests.experiments.small_models import small

SEEDS = (1, 2, 3)

MINE = """
from swarm import Agent, World


class One(Agent):
    pass


class Mine(World):
    def __init__(self, people: int = 2, seed: int | None = None):
        super().__init__({{One: people}}, seed=seed)

    def measures(self):
        return {{"height": {height}}}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Flocks of 20 and 30 birds, three seeds each."""
    out = tmp_path_factory.mktemp("runs")
    return {
        birds: [
            run(small("flocking", f"birds={birds}", f"seed={seed}"), out / str(birds)).path
            for seed in SEEDS
        ]
        for birds in (20, 30)
    }


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """The same study, varied as a sweep does."""
    out = tmp_path_factory.mktemp("sweeps")
    changes = ["width=20.0", "ticks=12"]
    vary = {"birds": [20, 40]}
    return sweep("flocking", vary, changes=changes, replicates=3, out=out, executor="in-place").path


def call(*arguments):
    done = CliRunner().invoke(main, ["compare", *map(str, arguments)])
    assert done.exit_code == 0, (done.stderr, done.exception)
    return done.stdout


def refused(*arguments, order="compare"):
    done = CliRunner().invoke(main, [order, *map(str, arguments)])
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    return line


class TestOfReasoning:
    def test_runs(self, tmp_path, tiny):
        """Held-out figures are marked, and no world is made again."""
        changes = [["economy.rent=0.0"], ["economy.rent=0.9"]]
        paths = [run(load_study(tiny, each), tmp_path).path for each in changes]
        text = call(*paths)
        assert "economy.rent=0.9" in text
        assert "test_mrr (held out)" in text
        assert "look, but never choose by" in text
        rows = {row.measure: row for row in compare(paths).rows}
        for cell, path in zip(rows["valid"].cells, paths, strict=True):
            (best,) = [r for r in RunFolder(path).results["rows"] if r["name"] == EVOLVED]
            assert cell.values == [best["valid"]]

    def test_a_model_that_was_edited_between_runs(self, tmp_path):
        """The same study and seed, and yet not the same: versions of its file are two groups."""
        path = tmp_path / "mine.py"
        for height in (1, 2):
            path.write_text(MINE.format(height=height), encoding="utf-8")
            for seed in (1, 2):
                study = load_study(f"{path}:Mine", ["ticks=4", f"seed={seed}"])
                run(study, tmp_path / str(height))
        found = compare([*tmp_path.glob("1/*"), *tmp_path.glob("2/*")], ["height"])
        assert [group.seeds for group in found.groups] == [(1, 2), (1, 2)]
        assert [cell.mean.value for cell in found.rows[0].cells] == [1, 2]
        assert any("not all ran from the same code" in note for note in found.notes)


class TestRuns:
    def test_table(self, runs):
        text = call(*runs[20], *runs[30])
        lines = text.splitlines()
        assert lines[0].split()[:3] == ["measure", "group", "n"]
        assert lines[1].split() == ["agents", "birds=20", "3", "20"]
        assert lines[2].split()[:4] == ["birds=30", "3", "30", "+10"]
        assert "paired by seed: the same 3 seeds as birds=20" in lines

    def test_measures_are_what_a_sweep_measures(self, runs):
        found = compare(runs[20])
        assert {"order", "order_last", "agents"} <= {row.measure for row in found.rows}
        assert [group.name for group in found.groups] == ["flocking"]

    def test_one_measure_against_the_other_group(self, runs):
        asked = ["--measure", "order", "--against", "birds=30", "--json"]
        found = json.loads(call(*runs[20], *runs[30], *asked))
        assert found["baseline"] == "birds=30"
        assert {row["measure"] for row in found["rows"]} == {"order"}
        assert found["groups"][0]["seeds"] == list(SEEDS)

    def test_one_run_each(self, runs):
        assert "one run each: no interval" in call(runs[20][0], runs[30][1])

    def test_csv(self, runs, tmp_path):
        call(*runs[20], *runs[30], "--csv", tmp_path / "found.csv")
        with open(tmp_path / "found.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["group"] for row in rows[:2]] == ["birds=20", "birds=30"]
        assert float(rows[1]["difference"]) == 10

    def test_page(self, runs, tmp_path):
        page = tmp_path / "found.html"
        assert call(*runs[20], *runs[30], "--out", page).splitlines()[-1] == str(page)
        assert len(checked_page(page)) == 1

    def test_one_that_is_not_finished_is_left_out(self, runs, tmp_path):
        half = tmp_path / "half"
        shutil.copytree(runs[20][0], half)
        (half / "results.json").unlink()
        text = call(half, *runs[20][1:], *runs[30])
        assert f"left out: {half} is not finished; noosphere resume {half} goes on" in text
        assert "not paired" in text
        assert refused(half).startswith(f"left out: {half} is not finished")


class TestSweeps:
    def test_a_sweep_stands_for_its_points(self, swept):
        found = compare([swept])
        assert [group.name for group in found.groups] == ["birds=20", "birds=40"]
        assert all(len(group.replicates) == 3 for group in found.groups)
        assert any(note.startswith("paired by seed") for note in found.notes)

    def test_beside_runs_of_the_same_study(self, swept, runs):
        found = compare([swept, *runs[20], *runs[30]])
        sizes = {group.name: len(group.replicates) for group in found.groups}
        assert sizes == {"birds=20": 6, "birds=40": 3, "birds=30": 3}


class TestRefused:
    def test_no_such_folder(self, tmp_path):
        assert "no such folder" in refused(tmp_path / "none")

    def test_folder_of_something_else(self, tmp_path):
        assert "not the folder of a run" in refused(tmp_path)

    def test_folder_of_runs(self, runs):
        assert "holds 3 runs or sweeps and is none" in refused(runs[20][0].parent)

    def test_no_such_measure(self, runs):
        line = refused(*runs[20], *runs[30], "--measure", "ordre")
        assert line.startswith("--measure ordre: not measured; there is agents,")
        assert line.endswith("did you mean 'order'?")

    def test_no_such_group(self, runs):
        line = refused(*runs[20], *runs[30], "--against", "birds=2")
        assert "no such group; there is birds=20, birds=30" in line

    def test_place_that_cannot_be_written(self, runs):
        for option in ("--out", "--csv"):
            assert "No such file" in refused(*runs[20], option, "no/such/place.html")

    def test_damaged_metrics(self, runs, tmp_path):
        shutil.copytree(runs[20][0], tmp_path / "run")
        (tmp_path / "run" / "metrics.parquet").write_bytes(b"none")
        assert "damaged" in refused(tmp_path / "run")

    def test_report_of_no_folder(self, tmp_path):
        assert "no such" in refused(tmp_path / "none", order="report")
