"""Bad input: one line that names the file, the place and what would be right; exit code 2."""

import resource
import shutil
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.running.folder import RunFolder
from experiments.running.run import run
from experiments.study.reading import load_study

CHANGED = (
    "{0}: changed since the run began; put it back as it was, "
    "or begin a new run with noosphere run {0}"
)


@pytest.fixture
def refused(study_file, monkeypatch):
    """Give a command where the study is; returns the one line it is refused with."""
    monkeypatch.chdir(study_file.parent)

    def refused(*arguments):
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == 2
        (line,) = done.stderr.splitlines()
        return line

    return refused


@pytest.fixture
def change(study_file):
    """Change a piece of the study file, or of its facts."""

    def change(old, new, path=study_file):
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny):
    """A run from beginning to end; kernels are compiled once it is done."""
    return run(load_study(tiny), tmp_path_factory.mktemp("finished"))


@pytest.fixture
def half(finished, tmp_path):
    """A copy of it as it was two checkpoints before its end."""
    path = tmp_path / "runs" / "tiny-3"
    shutil.copytree(finished.path, path)
    for name in ("results.json", "report.html"):
        (path / name).unlink()
    folder = RunFolder(path)
    return folder


class TestStudy:
    def test_malformed(self, noosphere, refused, change, study_file):
        """In a process of its own, and in this one, as all others are: the same line."""
        change("[world]", "[world")
        done = noosphere("run", "tiny.toml", cwd=study_file.parent)
        assert done.returncode == 2, done.stdout + done.stderr
        (line,) = done.stderr.splitlines()
        assert line.startswith("tiny.toml:8: ")
        assert line == refused("run", "tiny.toml")

    def test_byte_order_mark(self, refused, study_file):
        text = study_file.read_bytes()
        study_file.write_bytes(b"\xef\xbb\xbf" + text.replace(b"agents = 8", b"agents = 12"))
        assert load_study(study_file).world.agents == 12
        study_file.write_bytes(b"\xef\xbb\xbfname = 'tiny'\n\nseed = -3\n# \n\xff\n")
        assert refused("run", "tiny.toml").startswith("tiny.toml:5: not UTF-8 text")
        study_file.write_bytes(b"\xef\xbb\xbf[world]\nagents = -3\n[problem]\ngraph = 'ring'\n")
        assert refused("run", "tiny.toml").startswith("tiny.toml:2: world.agents: got -3")

    def test_unknown_key(self, refused, change):
        change("agents", "agnets")
        line = refused("run", "tiny.toml")
        assert line.startswith("tiny.toml:9: world.agnets: unknown")
        assert line.endswith("did you mean 'agents'?")

    def test_negative_budget(self, refused, change):
        change("[selection]", "[economy]\nendowment = -5\n[selection]")
        line = refused("run", "tiny.toml")
        assert line.startswith("tiny.toml:14: economy.endowment: got -5, allowed is a whole number")

    def test_negative_budget_on_the_command_line(self, refused):
        line = refused("run", "tiny.toml", "--set", "economy.bounty=-1")
        assert line.startswith("--set economy.bounty=-1: economy.bounty: got -1, allowed is")

    def test_seed_that_is_none(self, refused):
        assert "seed: got 'x', allowed is a whole number" in refused("run", "umls", "--seed", "x")

    def test_missing(self, refused):
        assert refused("run", "other.toml").startswith("other.toml: neither a study that ships")

    def test_nothing_is_made_for_a_study_that_cannot_be_read(self, refused, change, study_file):
        change("seed = 3", "seed = -3")
        refused("run", "tiny.toml")
        assert not (study_file.parent / "runs").exists()


class TestGraph:
    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("", "empty line; each line holds one fact"),
            ("n00\tnext", "expected 3 fields separated by tabs, got 2"),
            ("n00 next n01", "expected 3 fields separated by tabs, got 1"),
            ("n00\t\tn01", "expected 3 fields separated by tabs, got 2"),
        ],
    )
    def test_broken_line(self, refused, change, study_file, line, message):
        facts = study_file.parent / "ring" / "facts.tsv"
        change("n00\tnext\tn01", line, facts)
        number = facts.read_text(encoding="utf-8").splitlines().index(line) + 1
        said = refused("run", "tiny.toml")
        assert said.startswith(f"{facts}:{number}: {message}")
        assert "example: `aspirin<TAB>treats<TAB>headache`" in said
        assert not (study_file.parent / "runs").exists()

    def test_missing_folder(self, refused, change):
        change('"ring"', '"rong"')
        assert refused("run", "tiny.toml").startswith("tiny.toml:5: problem.graph: got 'rong'")

    def test_too_few_facts(self, refused, study_file):
        (study_file.parent / "ring" / "facts.tsv").write_text("a\tr\tb\n", encoding="utf-8")
        assert "1 facts are too few for the split" in refused("run", "tiny.toml")


class TestFolder:
    def test_missing(self, refused):
        line = refused("resume", "runs/none-1")
        assert line.startswith("runs/none-1: no such run folder; `noosphere run STUDY` makes one")

    @pytest.mark.parametrize("order", ["resume", "report"])
    def test_not_a_run(self, refused, order):
        assert refused(order, "ring").startswith("ring: not the folder of a run, it holds no")

    def test_report_of_a_run_that_is_not_finished(self, refused, half):
        assert "noosphere resume" in refused("report", half.path)

    def test_under_a_file(self, refused):
        line = refused("run", "tiny.toml", "--out", "tiny.toml/runs")
        assert line.startswith("tiny.toml/runs: Not a directory")
        assert line.endswith("choose another place with --out")

    def test_not_writable(self, refused):
        line = refused("run", "tiny.toml", "--out", "/proc/runs")
        assert line.startswith("/proc/runs: ")
        assert line.endswith("choose another place with --out")

    def test_graph_that_has_changed(self, refused, change, study_file):
        begun = RunFolder.create(load_study(study_file).prepare(), study_file.parent / "runs")
        change("n00\tnext\tn01", "n00\tnext\tn02", study_file.parent / "ring" / "facts.tsv")
        assert "is no longer what it was when the run began" in refused("resume", begun.path)

    @pytest.mark.parametrize(
        ("old", "new"), [("agents = 8 ", "agents = 9 "), ("[world]", "[world")]
    )
    def test_study_that_has_changed(self, refused, change, half, old, new):
        toml = half.path / "study.toml"
        change(old, new, toml)
        assert refused("resume", half.path) == CHANGED.format(toml)
        change(new, old, toml)
        assert RunFolder(half.path).study == half.study


class TestCheckpoint:
    def test_truncated(self, half, finished):
        newest = half.checkpoints[0]
        whole = newest.read_bytes()
        newest.write_bytes(whole[: len(whole) // 2])
        done = CliRunner().invoke(main, ["resume", str(half.path)])
        assert done.exit_code == 0, done.stderr
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{newest}: damaged")
        assert line.endswith("going on from tick 6")
        assert newest.read_bytes() == whole
        for name in ("metrics.parquet", "agents.parquet"):
            assert (half.path / name).read_bytes() == (finished.path / name).read_bytes()

    def test_all_truncated(self, refused, half):
        for path in half.checkpoints:
            path.write_bytes(path.read_bytes()[:100])
        line = refused("resume", half.path)
        assert line.startswith(f"{half.checkpoints[0]}: damaged")
        assert line.endswith(f"begin it anew with noosphere run {half.path / 'study.toml'}")


class TestDisk:
    def test_full_from_the_start(self, refused, study_file):
        with limited_files(10):
            line = refused("run", "tiny.toml")
        assert line.startswith("runs/.tiny-3.") or line.startswith("runs: ")
        assert "File too large" in line
        assert line.endswith("choose another place with --out")
        assert not list((study_file.parent / "runs").iterdir())

    @pytest.mark.parametrize(("file", "saved"), [("tick-6.ckpt", 4), ("tick-8.ckpt", 6)])
    def test_full_on_the_way(self, refused, study_file, finished, file, saved):
        """The kernel refuses to write beyond a size; once there is room, nothing was lost."""
        limit = (finished.path / "checkpoints" / file).stat().st_size - 1
        with limited_files(limit):
            line = refused("run", "tiny.toml")
        assert line.startswith("runs/tiny-3: ")
        assert "File too large; what was saved, up to tick " in line
        assert f" {saved}, is intact" in line
        assert line.endswith("go on with noosphere resume runs/tiny-3")
        folder = study_file.parent / "runs" / "tiny-3"
        assert not list(folder.rglob("*.partial"))
        done = CliRunner().invoke(main, ["resume", str(folder)])
        assert (done.exit_code, done.stderr) == (0, "")
        for name in ("metrics.parquet", "agents.parquet", "checkpoints/tick-8.ckpt"):
            assert (folder / name).read_bytes() == (finished.path / name).read_bytes()


@contextmanager
def limited_files(size):
    """No file of this process may grow beyond a size in bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
