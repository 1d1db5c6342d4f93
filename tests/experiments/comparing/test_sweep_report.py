"""The report of a sweep: what fits its design is drawn, and what failed is told."""

import itertools

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.comparing.report import sweep_page, write_sweep_report
from experiments.comparing.trials import Trials
from experiments.reports.page import write_page
from experiments.sweeps import sweep
from tests.experiments.comparing.pages import checked_page

NASTY = '<script>alert("x")</script>'


def trials(points, replicates=3, text="", **changes):
    """A sweep of points (factor to value), whose measure is their sum and a little luck."""
    rng = np.random.default_rng(0)
    rows = [
        {
            "trial": f"{number}-{r}",
            "point": number,
            "replicate": r,
            "seed": r,
            "status": "done",
            "stage": "",
            "error": "",
            "traceback": "",
            "rung": 0,
            **point,
            "score": sum(v for v in point.values() if not isinstance(v, str)) + rng.normal(),
            "score_last": rng.normal(),
            "agents": 30.0,
            "test_mrr": rng.random() - number,
        }
        for number, point in enumerate(points)
        for r in range(replicates)
    ]
    measures = ("score", "score_last", "agents", "test_mrr")
    found = Trials("mine", "nations", tuple(points[0]), measures, pd.DataFrame(rows), text)
    for name, values in changes.items():
        found.table[name] = values
    return found


def grid(**levels):

    return [
        dict(zip(levels, values, strict=True)) for values in itertools.product(*levels.values())
    ]


def page(found, folder):
    path = write_page(folder / "report.html", *sweep_page(found))
    return path.read_text(encoding="utf-8"), checked_page(path)


class TestDesigns:
    @pytest.mark.parametrize(
        ("points", "caption"),
        [
            (grid(a=[0, 1, 2]), "dots are trials"),
            (grid(a=["ring", "tree"]), "dots are trials"),
            (grid(a=[0, 1], b=[1.0, 10.0, 100.0]), "The mean of every point"),
            (grid(a=[0, 1], b=["ring", "tree"], c=[1, 2]), "Main effects"),
            ([{"a": k % 5 / 7, "b": k * 1.5} for k in range(12)], "rank correlation"),
        ],
    )
    def test_are_drawn_as_they_ask_for(self, points, caption, tmp_path):
        html, pictures = page(trials(points), tmp_path)
        assert html.count(caption) == len(pictures) == 3  # score, its last value, held-out

    def test_one_replicate(self, tmp_path):
        html, pictures = page(trials(grid(a=[0, 1, 2]), replicates=1), tmp_path)
        assert len(pictures) == 3
        assert "nan" not in html.partition("<h2>The sweep")[0].replace("base64", "")[-2000:]

    def test_last_and_held_out_measures_come_last(self):
        found = trials(grid(a=[0, 1, 2]))
        assert found.main_measures() == ["score", "score_last", "test_mrr"]

    def test_nothing_done_yet(self, tmp_path):
        found = trials(grid(a=[0, 1]), status="failed")
        html, pictures = page(found, tmp_path)
        assert "No trial has lived to the end" in html
        assert pictures == []


class TestBest:
    TEXT = '[design]\nkind = "random"\nobjective = "score"\n'

    def test_by_the_objective(self, tmp_path):
        points = [{"a": 3 * k, "b": 0.1 * k} for k in range(12)]
        html, _ = page(trials(points, text=self.TEXT), tmp_path)
        best = html.partition("The best points")[2]
        assert best.index("<td>11</td>") < best.index("<td>10</td>") < best.index("<td>9</td>")

    def test_the_lowest_if_those_are_good(self, tmp_path):
        points = [{"a": 3 * k, "b": 0.1 * k} for k in range(12)]
        found = trials(points, text=f'{self.TEXT}direction = "min"\n')
        best = page(found, tmp_path)[0].partition("The best points")[2]
        assert best.startswith("</h2><p>Those of the lowest score.")
        assert best.index("<td>0</td>") < best.index("<td>1</td>") < best.index("<td>2</td>")

    def test_never_by_held_out_queries(self, tmp_path):
        found = trials(grid(a=list(range(0, 60, 4))), text=self.TEXT.replace("score", "test_mrr"))
        assert found.objective is None
        html, _ = page(found, tmp_path)
        assert "Those of the" not in html
        assert "Points by score." in html


class TestFailures:
    def test_are_told_and_escaped(self, tmp_path):
        found = trials(grid(a=[0, 1, 2]), text=f"description = '{NASTY}'\n")
        found.table.loc[:1, ["status", "stage", "error", "traceback"]] = [
            "failed",
            "prepare",
            f"ValueError: {NASTY}",
            f"Traceback:\n{NASTY}",
        ]
        html, _ = page(found, tmp_path)
        assert "2 of 9 trials failed" in html
        assert "<script" not in html
        # Description, its line of TOML; the cause; and of both trials the line and the traceback.
        assert html.count("&lt;script&gt;") == 2 + 1 + 2 * 2
        assert "9 trials: 7 done, 2 failed" in html

    def test_have_no_part_in_a_mean(self):
        found = trials(grid(a=[0, 1, 2]))
        found.table.loc[0, "status"] = "failed"
        assert found.points["trials"].tolist() == [2, 3, 3]


class TestReal:
    """Sweeps that were run."""

    CHANGES = ("width=20.0", "ticks=12")

    def test_grid(self, tmp_path):
        vary = {"birds": [10, 20], "vision": [1.0, 4.0]}
        made = sweep(
            "flocking",
            vary,
            changes=self.CHANGES,
            replicates=2,
            out=tmp_path,
            executor="in-place",
        )
        done = CliRunner().invoke(main, ["report", str(made.path)])
        assert (done.exit_code, done.stdout.strip()) == (0, str(made.path / "report.html"))
        assert len(checked_page(made.path / "report.html")) == 2
        html = (made.path / "report.html").read_text("utf-8")
        assert "grid, 4 points of 2 replicates" in html
        assert "<th>birds</th><th>vision</th>" in html

    def test_halving_that_fails_in_part(self, tmp_path):
        file = tmp_path / "flocks.toml"
        file.write_text(
            f"study = 'schelling'\ndescription = '{NASTY}'\nreplicates = 2\n"
            "[set]\nwidth = 8\nticks = 12\n[vary]\nresidents = [20, 0, 30, 40, 500]\n"
            "[design]\nobjective = 'happy'\n[halving]\nfactor = 2\nrungs = 2\n",
            encoding="utf-8",
        )
        made = sweep(file, out=tmp_path, executor="in-place")
        path = write_sweep_report(made.path)
        assert len(checked_page(path)) == 1
        html = path.read_text("utf-8")
        assert "What halving kept" in html
        assert "happy by rung" in html
        assert "4 of 10 trials failed" in html
        assert "Traceback" in html
        assert "<script" not in html

    def test_not_begun(self, tmp_path):
        (tmp_path / "sweep.toml").write_text("", encoding="utf-8")
        done = CliRunner().invoke(main, ["report", str(tmp_path)])
        assert done.exit_code == 2
        assert len(done.stderr.splitlines()) == 1
