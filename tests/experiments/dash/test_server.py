"""The server: real sockets, real pages; what it shows, obeys, refuses and survives."""

import json
import os
import shutil
import signal
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from experiments.running.frames.frame import FINISHED
from experiments.running.run import resume
from experiments.running.wish import read_wish
from swarm.checkpoint import read_checkpoint, write_checkpoint
from tests.experiments.dash.watchers import Tab, forked, get, living, made, serving, until
from tests.experiments.small_models import small


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that is over."""
    folder = made(small("schelling", "output.checkpoint_every=3"), tmp_path_factory.mktemp("over"))
    return resume(folder.path)


@pytest.fixture(scope="module")
def gate(finished):
    """The gate of a dashboard of it."""
    with serving(finished) as gate:
        yield gate


@pytest.fixture
def paused(tmp_path):
    """A run that waits before its first tick for whoever watches."""
    study = small("flocking", "ticks=40", "output.checkpoint_every=10")
    return made(study, tmp_path)


def begin(folder):
    from tests.experiments.dash.watchers import Watcher

    Watcher(folder).wish("pause")


# Who is let in


def test_the_url_opens_the_page(gate):
    status, headers, _ = get(gate, f"/?token={gate.token}", cookie="")
    assert (status, headers["Location"]) == (303, "/")
    cookie = headers["Set-Cookie"].split(";")[0]
    status, headers, body = get(gate, "/", cookie=cookie)
    assert status == 200
    assert b"<html" in body
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("target", "how", "status"),
    [
        ("/?token=wrong", {"cookie": ""}, 403),
        ("/", {"cookie": ""}, 403),
        ("/static/app.js", {"cookie": ""}, 403),
        ("/", {"Host": "evil.example"}, 403),
        ("/static/../gate.py", {}, 404),
        ("/static/%2e%2e/%2e%2e/__init__.py", {}, 404),
        ("/ws", {"Origin": "http://evil.example"}, 403),
        ("/ws", {}, 403),
    ],
)
def test_what_must_not_come_in_does_not(gate, target, how, status):
    found = get(gate, target, **how)
    assert found[0] == status
    assert found[1]["X-Content-Type-Options"] == "nosniff"


def test_the_page_is_asked_for_not_sent_to(gate):
    assert get(gate, "/", "POST")[0] == 405
    assert get(gate, "/ws", "POST", Origin=f"http://127.0.0.1:{gate.port}")[0] == 405
    status, headers, body = get(gate, "/", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 0
    assert get(gate, "/")[0] == 200  # and all goes on


def test_every_file_of_the_page_is_there(gate):
    for name in gate.files:
        status, headers, body = get(gate, f"/static/{name}")
        assert status == 200
        assert body
        assert headers["Content-Type"] != "application/octet-stream"


@pytest.mark.parametrize("headers", [{"Cookie": ""}, {"Cookie": "noosphere=wrong"}])
def test_a_websocket_needs_the_cookie(gate, headers):
    with pytest.raises(InvalidStatus, match="403"):
        Tab(gate, **headers)


def test_a_websocket_needs_this_pages_origin(gate):
    from websockets.sync.client import connect

    for origin in ("http://evil.example", None):
        with pytest.raises(InvalidStatus, match="403"):
            connect(
                f"ws://127.0.0.1:{gate.port}/ws",
                additional_headers={"Cookie": f"{gate.cookie}={gate.token}"},
                origin=origin,
            )


def test_a_long_message_ends_the_connection_and_nothing_else(gate):
    with Tab(gate) as other, Tab(gate) as tab:
        tab.socket.send("x" * 5000)
        with pytest.raises(ConnectionClosed) as closed:
            list(tab.listen())
        assert closed.value.rcvd.code == 1009
        assert other.draw().tick == 12


@pytest.mark.parametrize("message", ["", "[]", "no", "{}", '{"do": "dance"}', "[" * 4000, b"\xff"])
def test_what_is_not_understood_is_told_and_the_connection_stays(gate, message):
    with Tab(gate) as tab:
        tab.socket.send(message)
        assert tab.hear("notice")["text"]
        assert tab.draw().tick == 12


# What is shown


def test_a_finished_run_is_shown_as_it_ended(gate, finished):
    with Tab(gate) as tab:
        hello = tab.hear("hello")
        assert (hello["live"], hello["finished"], hello["ticks"]) == (False, True, 12)
        assert hello["run"] == finished.path.name
        assert "[parameters]" in hello["sections"]
        columns = tab.hear("history")["columns"]
        assert columns["tick"] == list(range(13))
        assert columns["happy"] == finished.metrics["happy"].tolist()
        frame = tab.draw()
        assert (frame.tick, frame.total, frame.space) == (12, 60, True)
        assert frame.facts["metrics"]["happy"] == columns["happy"][-1]
        tab.say(do="pause")
        assert "noosphere resume" in tab.hear("notice")["text"]
    assert not (finished.path / "live").exists()


def test_a_finished_frame_says_so(gate):
    from experiments.running.frames.frame import unpack

    with Tab(gate) as tab:
        while isinstance(message := tab.socket.recv(10), str):
            pass
        assert unpack(message)[2] & FINISHED


def test_a_live_run_is_shown_and_obeys(paused):
    begin(paused)
    with living(paused), serving(paused) as gate, Tab(gate) as tab, Tab(gate) as other:
        assert tab.draw().tick == 0
        assert other.draw().tick == 0
        controls = tab.hear("hello", lambda hello: hello["controls"])["controls"]
        assert "cohere" in {control["name"] for control in controls}
        tab.say(do="step")
        assert tab.draw().tick == 1
        assert other.draw().tick == 1
        assert other.hear("wish", lambda wish: wish["steps"] == 1)["paused"]
        tab.say(do="set", name="cohere", value=0.25)
        other.hear("hello", lambda hello: named(hello).get("cohere") == 0.25)
        tab.say(do="set", name="vision", value=-3)
        assert "vision" in tab.hear("notice")["text"]
        tab.say(do="speed", ticks_per_s=-1)
        assert "speed" in tab.hear("notice")["text"]
        tab.say(do="go")
        assert tab.draw_until(40).tick == 40
        over = tab.hear("hello", lambda hello: hello["finished"])
        assert not over["live"]
        columns = tab.hear("history", lambda told: told["columns"].get("tick"))["columns"]
        assert columns["tick"][-1] == 40
    assert json.loads((paused.path / "interventions.jsonl").read_text()) == {
        "tick": 1,
        "set": {"cohere": 0.25},
    }


def named(hello):
    return {control["name"]: control["value"] for control in hello["controls"]}


def test_a_page_that_never_draws_slows_neither_the_run_nor_other_pages(paused):
    begin(paused)
    with living(paused), serving(paused) as gate, Tab(gate) as idle, Tab(gate) as tab:
        assert idle.look().tick == 0  # and says nothing
        assert tab.draw().tick == 0
        for tick in range(1, 31):
            tab.say(do="step")
            assert tab.draw().tick == tick
        told = []
        with suppress(TimeoutError):
            told.extend(type(message) for message in idle.listen(0.2))
        assert bytes not in told
        idle.say(ack=0)
        assert idle.look().tick == 30  # the latest, and none of those between
        tab.say(do="go")
    assert paused.results is not None


def test_a_pause_stays_while_the_dashboard_lives_and_nobody_looks(paused):
    begin(paused)
    with living(paused), serving(paused) as gate:
        with Tab(gate) as tab:
            assert tab.draw().tick == 0
        watched = paused.path / "live" / "watched"
        first = watched.stat().st_mtime_ns
        until(lambda: watched.stat().st_mtime_ns > first, "a touch")
        assert read_wish(paused.path / "live").paused
        with Tab(gate) as tab:
            assert tab.draw().tick == 0
            tab.say(do="go")
            tab.draw_until(40)


def test_a_run_that_dies_is_told_and_shown_as_it_was_saved(paused):
    begin(paused)
    process = forked(paused)
    try:
        until(lambda: paused.at_work, "the run")
        with serving(paused) as gate, Tab(gate) as tab:
            tab.hear("hello", lambda hello: hello["controls"])
            for tick in range(1, 13):
                tab.say(do="step")
                tab.draw_until(tick)
            os.kill(process, signal.SIGKILL)
            stopped = tab.hear("notice", lambda told: "the run has stopped" in told["text"])
            assert "noosphere resume" in stopped["text"]
            assert not tab.hear("hello", lambda hello: not hello["live"])["finished"]
            assert tab.draw().tick == 10  # the last checkpoint
            tab.say(do="go")
            tab.hear("notice", lambda told: "nobody is at work" in told["text"])
    finally:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def test_no_more_pages_are_served_than_can_be(gate, monkeypatch):
    monkeypatch.setattr("experiments.dash.server.PAGES_MAX", 2)
    with Tab(gate) as one, Tab(gate) as other:
        assert (one.draw().tick, other.draw().tick) == (12, 12)
        with pytest.raises(InvalidStatus, match="503"):
            Tab(gate)
    until(lambda: _opens(gate), "room for a page")


def _opens(gate):
    try:
        with Tab(gate) as tab:
            return tab.draw().tick == 12
    except InvalidStatus:
        return False


def test_nothing_that_is_sent_is_compressed(gate):
    from websockets.sync.client import connect

    cookie = {"Cookie": f"{gate.cookie}={gate.token}"}
    origin = f"http://127.0.0.1:{gate.port}"
    with connect(
        f"ws://127.0.0.1:{gate.port}/ws", additional_headers=cookie, origin=origin
    ) as socket:
        assert not socket.protocol.extensions  # a small message cannot become a large one


def test_a_checkpoint_of_other_code_is_told(tmp_path):
    folder = resume(made(small("boltzmann"), tmp_path).path)
    for path in folder.checkpoints:
        state = read_checkpoint(path)
        write_checkpoint(path, {name: state[name] for name in ("steps",)})
    with serving(folder) as gate, Tab(gate) as tab:
        assert "cannot be shown" in tab.hear("notice")["text"]
        tab.say(do="dance")
        assert tab.hear("notice")


def test_a_folder_that_goes_away_stops_no_dashboard(tmp_path):
    folder = made(small("boltzmann"), tmp_path)
    with serving(folder) as gate, Tab(gate) as tab:
        assert tab.draw().tick == 0
        shutil.rmtree(folder.path)
        tab.say(do="pause")
        assert tab.hear("notice")
        assert get(gate, "/")[0] == 200


def test_a_run_that_cannot_be_made_again_is_told(tmp_path):
    folder = resume(made(small("boltzmann"), tmp_path).path)
    for path in folder.checkpoints:
        path.write_bytes(b"damaged")
    with serving(folder) as gate, Tab(gate) as tab:
        assert tab.hear("history")["columns"]["tick"][-1] == 12
        assert "damaged" in tab.hear("notice")["text"]
