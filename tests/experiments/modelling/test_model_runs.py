"""Models lived, cut, resumed and reported as a whole run."""

import json
import random
import re
import shutil
import signal
import subprocess
import time
from functools import cache
from html import escape
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.modelling.study import what_it_is
from experiments.models import MODELS
from experiments.reports.report import write_report
from experiments.running.folder import RunFolder, tick_of
from experiments.running.run import resume, run
from experiments.study.reading import load_study
from experiments.study.toml import StudyError
from tests.experiments.small_models import SMALL, pictures, small


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A whole run of each model, made when it is asked for; not to be changed."""

    @cache
    def lived(name):
        return run(small(name), tmp_path_factory.mktemp("lived"))

    return lived


@pytest.fixture
def damaged(lived, tmp_path):
    """A copy of a run, to be changed."""

    def damaged(name):
        return RunFolder(shutil.copytree(lived(name).path, tmp_path / name))

    return damaged


class TestRun:
    @pytest.mark.parametrize("name", SMALL)
    def test_what_is_recorded_is_what_happens(self, name, lived):
        folder = lived(name)
        world = small(name).prepare().world
        rows = []
        for _ in range(13):
            rows.append({"tick": world.steps, "agents": len(world.agents), **world.measures()})
            world.step()
        table = pq.read_table(folder.path / "metrics.parquet")
        assert table.to_pylist() == rows
        for row in folder.results["rows"]:
            values = table[row["name"]].to_numpy()
            assert (row["first"], row["last"]) == (values[0], values[-1])
            assert row["mean"] == values.mean()
            assert row["late_mean"] == values[10:].mean()
        assert [tick_of(path) for path in folder.checkpoints] == [12, 9]
        assert not (folder.path / "agents.parquet").exists()

    @pytest.mark.parametrize(
        ("name", "until"),
        [
            *((name, 7) for name in SMALL),
            ("wolf-sheep", 1),
            *(
                pytest.param(name, 1, marks=pytest.mark.slow)
                for name in SMALL
                if name != "wolf-sheep"
            ),
        ],
    )
    def test_going_on_gives_the_same_bytes(self, name, until, lived, tmp_path):
        cut = RunFolder.create(small(name).prepare(), tmp_path)
        with cut.claimed():
            experiment = cut.study.prepare()
            experiment.look()
            for _ in range(until):
                experiment.world.step()
                experiment.look()
            cut.save(experiment)
        assert outcome(resume(cut.path)) == outcome(lived(name))

    def test_end_lost_after_the_tables_were_merged(self, damaged):
        folder = damaged("wolf-sheep")
        before = outcome(folder)
        (folder.path / "results.json").unlink()
        folder.checkpoints[0].write_bytes(b"")
        assert outcome(resume(folder.path)) == before

    def test_on_the_command_line(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        changes = ["--set", "birds=30", "--set", "parameters.width=20", "--set", "ticks=20"]
        done = CliRunner().invoke(main, ["run", "flocking", *changes, "--seed", "2"])
        assert (done.exit_code, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert lines[0].startswith("flocking · seed 2 · Boids")
        assert lines[1].split() == ["run", "model=flocking", "ticks=20"]
        assert "birds=30 width=20.0 vision=5.0" in lines[2]
        ticks = [line for line in lines if line.startswith("tick ")]
        assert len(ticks) == 10
        assert re.fullmatch(r"tick 20/20 · 30 agents · order [\d.]+", ticks[-1])
        (header,) = (number for number, line in enumerate(lines) if line.startswith("measure"))
        assert lines[header].split() == ["measure", "first", "last", "mean", "late", "mean"]
        assert [line.split()[0] for line in lines[header + 1 : header + 3]] == ["agents", "order"]
        assert lines[-1] == "report: runs/flocking-2/report.html"
        folder = RunFolder(tmp_path / "runs" / "flocking-2")
        assert folder.study == load_study("flocking", [*changes[1::2], "seed=2"]).resolved()
        assert folder.manifest["seed"] == 2

        again = CliRunner().invoke(main, ["resume", str(folder.path)])
        assert again.exit_code == 0
        assert "tick 20" not in again.stdout
        assert lines[header] in again.stdout


def outcome(folder):
    """What has to be the same bytes for the same study."""
    assert folder.results is not None
    files = [folder.path / name for name in ("metrics.parquet", "results.json")]
    return {path.name: path.read_bytes() for path in [*files, folder.checkpoints[0]]}


class TestCut:
    """In processes of their own, as the reasoning studies are in test_resume.

    There runs are killed by default as well; what a model goes on to is tested above.
    """

    CHANGES = ("width=20", "ticks=1000", "seed=6", "output.checkpoint_every=25")

    @pytest.fixture(scope="class")
    def uncut(self, tmp_path_factory):
        study = load_study("wolf-sheep", self.CHANGES)
        return outcome(run(study, tmp_path_factory.mktemp("uncut")))

    @pytest.fixture
    def start(self, command, tmp_path):
        changes = [word for change in self.CHANGES for word in ("--set", change)]

        def start(path: Path):
            words = ["resume", path] if path.exists() else ["run", "wolf-sheep", *changes]
            return subprocess.Popen(
                [command, *map(str, words)],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

        return start

    @pytest.mark.slow
    def test_killed_again_and_again(self, start, uncut, tmp_path):
        path, rng, killed = tmp_path / "runs" / "wolf-sheep-6", random.Random(3), 0
        for _ in range(2):
            process = start(path)
            wait_for_checkpoint(process, path)
            time.sleep(rng.uniform(0, 0.3))
            process.kill()
            killed += process.wait(timeout=120) == -signal.SIGKILL
        assert killed
        assert outcome(resume(path)) == uncut
        assert len(pictures(path / "report.html")) == 2

    def test_interrupted(self, start, uncut, tmp_path):
        path = tmp_path / "runs" / "wolf-sheep-6"
        process = start(path)
        wait_for_checkpoint(process, path)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 130
        assert said.strip().endswith("to go on: noosphere resume runs/wolf-sheep-6")
        assert 0 < RunFolder(path).last_tick < 1000
        assert outcome(resume(path)) == uncut


def wait_for_checkpoint(process, path):
    """Until there is a new one, or the process has ended."""
    before = set(path.glob("checkpoints/*.ckpt"))
    while process.poll() is None and not set(path.glob("checkpoints/*.ckpt")) - before:
        time.sleep(0.0005)


class TestReport:
    @pytest.mark.parametrize("name", SMALL)
    def test_pictures_and_words(self, name, damaged):
        folder = damaged(name)
        html = (folder.path / "report.html").read_text(encoding="utf-8")
        assert len(pictures(folder.path / "report.html")) == 2
        assert "not drawn" not in html
        assert f"<h1>{name}, seed 4</h1>" in html
        for row in folder.results["rows"]:
            assert f"<td>{row['name']}</td>" in html
        assert "<td>versions numpy</td>" in html
        assert "<h2>The model</h2>" in html
        assert f"<p>{escape(what_it_is(MODELS[name]())[1])}</p>" in html
        written = write_report(folder.path).read_text(encoding="utf-8")
        assert written == html

    def test_the_checkpoint_before_is_drawn_if_the_last_is_lost(self, damaged):
        folder = damaged("schelling")
        folder.checkpoints[0].write_bytes(b"")
        html = write_report(folder.path).read_text(encoding="utf-8")
        assert "after tick 9." in html

    @pytest.mark.parametrize(
        ("lost", "said"),
        [
            ("checkpoints/tick-*", "The world: not drawn, there is no checkpoint that can be read"),
            ("manifest.json", "The world: not drawn, "),
            ("metrics.parquet", "Measures: not drawn, metrics.parquet has no measures"),
            ("results.json", "The run has not been examined"),
        ],
    )
    def test_what_is_missing(self, lost, said, damaged):
        folder = damaged("schelling")
        for path in folder.path.glob(lost):
            path.unlink()
        assert said in write_report(folder.path).read_text(encoding="utf-8")

    def test_a_measure_that_tries_to_break_out(self, damaged):
        folder = damaged("boltzmann")
        results = folder.results
        results["rows"][0]["name"] = "<script>"
        (folder.path / "results.json").write_text(json.dumps(results))
        assert "<script" not in write_report(folder.path).read_text(encoding="utf-8")


class TestDamage:
    """A finished run, some of whose files are no longer what they were: a line, no traceback."""

    @pytest.fixture
    def told(self, damaged):
        """The line that a command refuses a run with, one of whose files is changed."""

        def told(command, name, content):
            path = damaged("schelling").path
            (path / name).write_bytes(content((path / name).read_bytes()))
            done = CliRunner().invoke(main, [command, str(path)])
            assert isinstance(done.exception, SystemExit), done.exception
            assert done.exit_code == 2
            (line,) = done.stderr.splitlines()
            assert line.startswith(f"{path / name}:")
            return line.removeprefix(f"{path / name}:")

        return told

    @pytest.mark.parametrize("command", ["report", "resume"])
    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("study.toml", lambda old: old.replace(b"ticks = 12", b"ticks = 10"), "changed since"),
            ("study.toml", lambda old: b"[", "changed since the run began; put it back as it was"),
            ("study.toml", lambda old: b"\xff", "not UTF-8 text"),
            ("metrics.parquet", lambda old: b"PAR1", "damaged"),
            ("metrics.parquet", lambda old: old[:-9], "damaged"),
            ("metrics.parquet", lambda old: old[:4] + bytes(90) + old[94:], "damaged"),
            ("results.json", lambda old: b"{}", "damaged, it should hold rows"),
            ("results.json", lambda old: b"[1]", "damaged, it should hold rows"),
            ("manifest.json", lambda old: b"{}", "damaged, it should say what the run was begun"),
            ("manifest.json", lambda old: b"\xff", "damaged, it should be JSON"),
        ],
    )
    def test_on_the_command_line(self, command, name, content, said, told):
        assert said in told(command, name, content)

    def test_study_of_a_run_from_before_it_was_sealed(self, damaged):
        folder = damaged("boltzmann")
        manifest = folder.manifest
        del manifest["study_sha256"]
        (folder.path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        (folder.path / "study.toml").write_text("[parameters\n", encoding="utf-8")
        with pytest.raises(StudyError, match=r"study\.toml:1: .*a study is TOML"):
            write_report(folder.path)

    def test_stray_files(self, damaged):
        folder = damaged("schelling")
        before = outcome(folder)
        for name in ("tick-x.ckpt", "tick-5 copy.ckpt"):
            shutil.copy(folder.checkpoints[0], folder.path / "checkpoints" / name)
        for command in ("report", "resume"):
            done = CliRunner().invoke(main, [command, str(folder.path)])
            assert (done.exit_code, done.stderr) == (0, "")
        assert outcome(folder) == before
