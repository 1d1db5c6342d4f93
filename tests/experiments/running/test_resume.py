"""A run that is killed, at whatever moment, goes on to the bytes of one that never was."""

import random
import signal
import subprocess
import time

import pytest

from experiments.running.folder import RunFolder
from experiments.running.run import resume, run
from experiments.study.reading import load_study
from tests.experiments.nations import write_eight_relations

STUDY = """\
name = "nations"
seed = 2
problem.graph = "facts"
problem.split = [0.6, 0.2, 0.2]

[world]
agents = 40
generations = 12
tasks = 24

[output]
checkpoint_every = 1
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Forty agents on the facts of eight relations of Nations, so that a start takes a second."""
    path = tmp_path_factory.mktemp("resume") / "nations.toml"
    write_eight_relations(path.parent / "facts")
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def uncut(study):
    """The outcome of a run that nothing disturbed."""
    return outcome(run(load_study(study), study.parent / "uncut").path)


@pytest.fixture(scope="module")
def start(command, tmp_path_factory):
    def start(*arguments):
        return subprocess.Popen(
            [command, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path_factory.getbasetemp(),
        )

    return start


def outcome(path):
    folder = RunFolder(path)
    newest = folder.checkpoints[0]
    assert newest.name == "tick-48.ckpt"
    assert folder.results is not None
    assert (path / "report.html").exists()
    files = (path / "metrics.parquet", path / "agents.parquet", path / "results.json", newest)
    return {file.name: file.read_bytes() for file in files}


def wait_for(process, event):
    """Until something has happened or the process has ended, whichever is first."""
    while process.poll() is None and not event():
        time.sleep(0.0005)


def wait(process, path, moment, rng):
    """Until a random time after the start, a first new checkpoint, or the last checkpoint."""
    before = set(path.glob("checkpoints/*.ckpt"))
    if moment == "start":
        time.sleep(rng.uniform(0, 2))
    elif moment == "life":
        wait_for(process, lambda: set(path.glob("checkpoints/*.ckpt")) - before)
        time.sleep(rng.uniform(0, 0.1))
    else:
        wait_for(process, (path / "checkpoints" / "tick-48.ckpt").exists)
        time.sleep(rng.uniform(0, 0.2))


TEN = ("start", "life", "life", "end", "life", "end", "start", "end", "life", "end")


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(("start", "life", "end"), id="three times"),
        pytest.param(TEN, id="ten times", marks=pytest.mark.slow),
    ],
)
def test_killed(moments, study, start, uncut, tmp_path):
    """SIGKILL at random moments: while it starts, while it lives, and at the end.

    A run that comes to its end before all kills are spent is compared, and another is begun.
    """
    rng = random.Random(7)
    out, finished, killed = tmp_path / "runs", 0, 0
    while killed < len(moments) or not finished:
        number = finished + 1
        path = out / ("nations-2" if number == 1 else f"nations-2-{number}")
        known = path.exists()
        process = start(*(("resume", path) if known else ("run", study, "--out", out)))
        if killed < len(moments):
            wait(process, path, moments[killed], rng)
            process.kill()
        code = process.wait(timeout=120)
        if code == -signal.SIGKILL:
            killed += 1
        else:
            assert code == 0, process.stderr.read()
            assert outcome(path) == uncut
            finished += 1


def test_interrupted(study, start, uncut, tmp_path):
    """Ctrl-C finishes the tick, saves, says how to go on, and exits with 130."""
    process = start("run", study, "--out", tmp_path)
    path = tmp_path / "nations-2"
    wait_for(process, lambda: list(path.glob("checkpoints/*.ckpt")))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    tick = RunFolder(path).last_tick
    assert said.strip() == f"stopped; saved up to tick {tick}; to go on: noosphere resume {path}"
    assert 0 < tick < 48

    resume(path)
    assert outcome(path) == uncut


def test_interrupted_twice(study, start, uncut, tmp_path):
    """A second Ctrl-C stops at once; what was saved before is there."""
    process = start("run", study, "--out", tmp_path)
    path = tmp_path / "nations-2"
    wait_for(process, lambda: list(path.glob("checkpoints/*.ckpt")))
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "noosphere resume" in said
    assert "Traceback" not in said
    resume(path)
    assert outcome(path) == uncut
