"""Dashboard and run as two processes: each is killed, and the other goes on."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from socket import create_server
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from experiments.dash.opening import DashError, watch
from experiments.dash.watching import newest_run
from experiments.running.files import RunError
from experiments.running.folder import RunFolder
from experiments.running.live import FORSAKEN_S
from experiments.running.run import resume
from tests.experiments.dash.watchers import Tab, made, outcome, until
from tests.experiments.small_models import SMALL, small

CHANGES = [*SMALL["flocking"][:2], "ticks=300", "output.checkpoint_every=100"]


@pytest.fixture
def dash(command, tmp_path):
    """Starts `noosphere dash`; its runs do not outlive the test."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [command, "dash", "--no-browser", "--out", tmp_path / "runs", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        said = process.stdout.readline()
        found = re.fullmatch(r"(.*): (http://127\.0\.0\.1:\d+/\?token=\S+)\n", said)
        assert found, said
        url = urlsplit(found[2])
        token = url.query.removeprefix("token=")
        gate = SimpleNamespace(port=url.port, token=token, cookie=f"noosphere-{url.port}")
        return process, RunFolder(found[1]), gate

    yield start
    for process in started:
        process.kill()
        process.communicate()
    for folder in (tmp_path / "runs").glob("*"):
        for pid in at_work(folder):
            os.kill(pid, signal.SIGKILL)


def at_work(folder):
    """Numbers of the processes that live a run."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if path.joinpath("cmdline").read_bytes().endswith(f"resume\0{folder}\0".encode()):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def sets():
    return [word for change in CHANGES for word in ("--set", change)]


linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are found in /proc")


@linux
def test_a_study_waits_for_go_and_goes_on_when_the_dashboard_is_killed(dash):
    server, folder, gate = dash("flocking", *sets())
    with Tab(gate) as tab:
        assert tab.hear("hello")["live"]
        assert tab.hear("wish")["paused"]
        tab.hear("hello", lambda hello: hello["controls"])
        while not tab.draw().facts.get("metrics"):
            pass
        for tick in (1, 2):
            tab.say(do="step")
            assert tab.draw_until(tick).tick == tick
        tab.say(do="set", name="speed", value=0.5)
        interventions = folder.path / "interventions.jsonl"
        until(interventions.exists, "the intervention")
        assert folder.last_tick == 0
        server.kill()  # while the run waits
    watched = folder.path / "live" / "watched"
    long_ago = watched.stat().st_mtime - FORSAKEN_S
    os.utime(watched, (long_ago, long_ago))
    until(lambda: folder.results, "the end of the run")
    until(lambda: not at_work(folder.path), "the end of its process")
    assert folder.last_tick == 300
    assert folder.results["steered"] == [{"tick": 2, "set": {"speed": 0.5}}]


@pytest.mark.slow
@linux
def test_a_run_that_is_killed_is_told_and_resumed_to_the_same_bytes(dash, tmp_path):
    server, folder, gate = dash("flocking", *sets(), "--set", "output.checkpoint_every=5")
    with Tab(gate) as tab:
        tab.hear("hello", lambda hello: hello["controls"])
        for tick in range(1, 8):
            tab.say(do="step")
            tab.draw_until(tick)
        tab.say(do="set", name="match", value=0.4)
        until((folder.path / "interventions.jsonl").exists, "the intervention")
        tab.say(do="step")
        tab.draw_until(8)
        (pid,) = at_work(folder.path)
        os.kill(pid, signal.SIGKILL)
        assert (
            "noosphere resume"
            in tab.hear("notice", lambda told: "the run has stopped" in told["text"])["text"]
        )
        assert not tab.hear("hello", lambda hello: not hello["live"])["finished"]
        assert tab.draw().tick == 5  # what is recorded: the last checkpoint
        tab.say(do="go")
        assert (
            "nobody is at work" in tab.hear("notice", lambda told: "nobody" in told["text"])["text"]
        )
    server.kill()
    server.wait()
    shutil.rmtree(folder.path / "live")  # else it heeds the pause until it is forsaken
    resume(folder.path)
    undisturbed = made(folder.study, tmp_path / "undisturbed")
    shutil.copy(folder.path / "interventions.jsonl", undisturbed.path)
    resume(undisturbed.path)
    assert outcome(folder) == outcome(undisturbed)


@pytest.mark.slow
@linux
def test_ctrl_c_closes_the_dashboard_and_says_how_the_run_is_stopped(dash):
    server, folder, gate = dash("flocking", *sets(), "--set", "ticks=1000000")
    with Tab(gate) as tab:
        tab.hear("hello", lambda hello: hello["controls"])
    server.send_signal(signal.SIGINT)
    said, _ = server.communicate(timeout=30)
    (pid,) = at_work(folder.path)
    assert f"kill -INT {pid} stops it" in said
    os.kill(pid, signal.SIGINT)
    until(lambda: not at_work(folder.path), "the end of the run")
    assert folder.results is None


def test_a_port_that_is_taken_is_told_and_no_run_begins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DashError, match=f"--port {port}: .*give another"):
            watch("flocking", port, no_browser=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_mistake_is_one_line(noosphere, tmp_path):
    done = noosphere("dash", "--no-browser", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "noosphere dash STUDY begins one" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"target": None}, "noosphere dash STUDY begins one"),
        ({"target": "floking"}, "did you mean 'flocking'"),
        ({"target": "flocking", "changes": ["birds=-1"]}, "birds"),
        ({"target": ".", "changes": ["birds=3"]}, "--set and --go are for a STUDY"),
        ({"target": ".", "go": True}, "--set and --go are for a STUDY"),
        ({"target": "."}, "not the folder of a run"),
    ],
)
def test_mistakes_teach(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=re.escape(said)):
        watch(**arguments, no_browser=True)
    assert not list(tmp_path.iterdir())


def test_the_newest_run_is_the_one_that_was_written_to_last(tmp_path):
    with pytest.raises(RunError, match="no run is there"):
        newest_run(tmp_path)
    folders = [made(small(name), tmp_path) for name in ("boltzmann", "market")]
    for age, folder in enumerate(folders):
        log = folder.path / "events.jsonl"
        log.touch()
        os.utime(log, (1000 - age, 1000 - age))
    assert newest_run(tmp_path).path == folders[0].path


def test_a_dashboard_error_is_a_value_error():
    assert issubclass(DashError, ValueError)
