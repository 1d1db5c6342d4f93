"""The command line: starts at once, says what it does, and exports what it promises."""

import re
import subprocess
import sys
import time
import tomllib

import pytest
from click.testing import CliRunner

import experiments
from experiments.cli.main import main
from experiments.models import MODELS
from experiments.running.folder import RunFolder
from experiments.study.reading import load_study
from experiments.study.shipped import shipped_studies

HEAVY = ("mesa", "numba", "pandas", "matplotlib.pyplot", "torch", "ray", "scipy.stats")
UNNEEDED = ("numpy", "pydantic", "rich", "pyarrow", "swarm", "economy", "evolution", "arenas")


def python(code):
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


class TestLight:
    def test_importing_the_command_line_loads_nothing_heavy(self):
        loaded = python("import sys, experiments.cli.main; print(' '.join(sys.modules))").split()
        assert "click" in loaded
        assert not set(HEAVY) & set(loaded)
        assert not set(UNNEEDED) & set(loaded)

    def test_help_loads_nothing_heavy(self):
        code = (
            "import sys\n"
            "from experiments.cli.main import main\n"
            "main(['--help'], standalone_mode=False)\n"
            "print('modules:', *sys.modules)\n"
        )
        loaded = python(code).partition("modules:")[2].split()
        assert "experiments.cli.main" in loaded
        assert not {*HEAVY, *UNNEEDED} & set(loaded)

    @pytest.mark.slow
    def test_help_answers_at_once(self, noosphere, tmp_path):
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            noosphere("--help", cwd=tmp_path)
            taken.append(time.perf_counter() - start)
        assert min(taken) < 0.3


class TestExports:
    def test_all_can_be_imported(self):
        for name in experiments.__all__:
            assert getattr(experiments, name).__name__ == name

    def test_unknown_name(self):
        with pytest.raises(AttributeError, match="swep"):
            _ = experiments.swep


class TestCommands:
    def test_help_names_every_command(self):
        text = CliRunner().invoke(main, ["--help"]).output
        for command in ("run", "resume", "studies", "show", "report", "doctor"):
            assert re.search(rf"^  {command} ", text, re.MULTILINE)

    def test_version(self):
        assert re.search(r"\d+\.\d+", CliRunner().invoke(main, ["--version"]).output)

    def test_studies(self):
        lines = CliRunner().invoke(main, ["studies"]).output.splitlines()
        assert lines[0].split() == ["study", "kind", "what", "it", "is"]
        studies = [load_study(name) for name in (*shipped_studies(), *MODELS)]
        told = [re.split(r" {2,}", line.strip()) for line in lines[1:]]
        assert told == [[study.name, study.kind, study.description] for study in studies]
        kinds = {line.split()[0]: line.split()[1:3] for line in lines[1:]}
        assert kinds["umls-30"] == ["graph", "umls"]
        assert kinds["flocking"][0] == "model"

    def test_show_is_a_study(self, tmp_path):
        shown = CliRunner().invoke(main, ["show", "umls-30", "--set", "world.agents=7"])
        assert shown.exit_code == 0
        values = tomllib.loads(shown.output)
        assert values["world"]["agents"] == 7
        path = tmp_path / "shown.toml"
        path.write_text(shown.output, encoding="utf-8")
        assert load_study(path) == load_study("umls-30", ["world.agents=7"]).resolved()

    def test_unknown_command(self):
        refused = CliRunner().invoke(main, ["rum"])
        assert refused.exit_code == 2

    def test_a_mistake_of_ours_keeps_its_traceback(self, monkeypatch):
        monkeypatch.setattr("experiments.study.reading.load_study", lambda *_: int("x"))
        assert isinstance(CliRunner().invoke(main, ["show", "umls"]).exception, ValueError)


class TestRun:
    @pytest.fixture
    def done(self, study_file, noosphere):
        return noosphere("run", "tiny.toml", "--seed", 5, "--out", "here", cwd=study_file.parent)

    def test_a_run_from_beginning_to_end(self, done, study_file):
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        lines = done.stdout.splitlines()
        assert lines[0] == "tiny · seed 5"
        assert any("agents=8 generations=4 tasks=16" in line for line in lines)
        ticks = [line for line in lines if line.startswith("tick ")]
        assert ticks[-1].startswith("tick 8/8 · gen 4 · ")
        for word in ("alive", "best", "mean", "price", "memory"):
            assert all(word in line for line in ticks)
        assert lines[-1] == "report: here/tiny-5/report.html"

        folder = RunFolder(study_file.parent / "here" / "tiny-5")
        assert {path.name for path in folder.path.iterdir()} == {
            "agents.parquet",
            "checkpoints",
            "events.jsonl",
            "manifest.json",
            "metrics.parquet",
            "report.html",
            "results.json",
            "study.toml",
        }
        assert folder.study.seed == 5
        assert {"name", "mrr", "hits10"} <= set(folder.results["rows"][0])
        assert "run tiny.toml --seed 5" in folder.manifest["command"]

        # What is finished is shown again, not done again.
        again = CliRunner().invoke(main, ["resume", str(folder.path)])
        assert again.exit_code == 0
        assert "tick" not in again.stdout
        assert folder.results["rows"][0]["name"] in again.stdout

        (folder.path / "report.html").unlink()
        report = CliRunner().invoke(main, ["report", str(folder.path)])
        assert report.stdout.strip() == str(folder.path / "report.html")
        assert (folder.path / "report.html").exists()
