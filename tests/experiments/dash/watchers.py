"""A run that is lived beside the test, a dashboard that serves it, and a tab that looks at it."""

import asyncio
import http.client
import json
import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from socket import create_server

from websockets.sync.client import connect

from experiments.dash.helm import Helm
from experiments.dash.server import Dashboard
from experiments.dash.watching import Watching
from experiments.running.folder import RunFolder
from experiments.running.frames.frame import unpack
from experiments.running.run import Stopped, resume

PATIENCE_S = 30


def until(event, what="it"):
    """What `event` returns once it is true."""
    last = time.monotonic() + PATIENCE_S
    while time.monotonic() < last:
        if found := event():
            return found
        time.sleep(0.005)
    raise AssertionError(f"waited {PATIENCE_S} s in vain for {what}")


def made(study, out):
    """The folder of a run that has not begun."""
    return RunFolder.create(study.prepare(), out)


def outcome(folder):
    """The bytes that a run comes to, but for what tells of its beginning."""
    assert folder.results is not None
    kept = ("metrics.parquet", "agents.parquet", "results.json", "interventions.jsonl")
    files = [folder.path / name for name in kept] + folder.checkpoints
    return {file.name: file.read_bytes() for file in files if file.exists()}


class Watcher:
    """What a dashboard does for one watcher, without a server."""

    def __init__(self, folder):
        self.watching = Watching(folder)
        self.watching.touch()
        self.helm = Helm(self.watching.room)

    def wish(self, do, **more):
        self.watching.touch()
        self.helm.heed({"do": do, **more})

    @property
    def frame(self):
        found = self.watching.frame()
        return unpack(found[1])[0] if found else None

    @property
    def tick(self):
        frame = self.frame
        return -1 if frame is None else frame.tick

    def at(self, tick):
        until(lambda: self.watching.touch() or self.tick == tick, f"tick {tick}")
        return self.frame


@contextmanager
def living(folder):
    """A run in a thread; it is over at the end."""
    errors = []

    def live():
        try:
            resume(folder.path)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=live)
    thread.start()
    until(lambda: folder.at_work or errors, "the run")
    try:
        yield thread
    finally:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        assert not [error for error in errors if not isinstance(error, Stopped)]


def forked(folder, syncs=None):
    """Number of a process that goes on with a run; to be waited for.

    It is killed right after so many syncs of files, if that is given.
    """
    process = os.fork()
    if process:
        return process
    left, sync = [syncs or 10**9], os.fsync

    def counted(number):
        sync(number)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    os.fsync = counted
    with suppress(BaseException):
        resume(folder.path)
    os._exit(0)


@contextmanager
def serving(folder):
    """A real server, in a thread; yields its gate."""
    listening = create_server(("127.0.0.1", 0))
    watching = Watching(folder)
    opened, told = threading.Event(), {}

    async def serve():
        dashboard = Dashboard(watching, Helm(watching.room), listening)
        told["loop"], told["task"] = asyncio.get_running_loop(), asyncio.current_task()

        def tell(gate):
            told["gate"] = gate
            opened.set()

        with suppress(asyncio.CancelledError):
            await dashboard.serve(tell)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert opened.wait(PATIENCE_S)
    try:
        yield told["gate"]
    finally:
        told["loop"].call_soon_threadsafe(told["task"].cancel)
        thread.join(PATIENCE_S)


def get(gate, target="/", method="GET", cookie=None, **headers):
    """Status, headers and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=PATIENCE_S)
    given = {"Cookie": f"{gate.cookie}={gate.token}" if cookie is None else cookie, **headers}
    connection.request(method, target, headers={k: v for k, v in given.items() if v})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


class Tab:
    """A page that is open: it keeps what it was told, and draws when it is asked to."""

    def __init__(self, gate, **headers):
        port = gate.port
        given = {"Cookie": f"{gate.cookie}={gate.token}", **headers}
        self.socket = connect(
            f"ws://127.0.0.1:{port}/ws",
            additional_headers=given,
            origin=f"http://127.0.0.1:{port}",
            max_size=None,
            open_timeout=PATIENCE_S,
        )
        self.told, self.frames = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, **message):
        self.socket.send(json.dumps(message))

    def draw(self):
        """The next frame, drawn."""
        frame = self.look()
        self.say(ack=frame.tick)
        return frame

    def look(self):
        """The next frame, and no word that it was drawn."""
        while not self.frames:
            self._receive()
        return self.frames.pop(0)

    def listen(self, seconds=PATIENCE_S):
        """All that comes, until the connection is closed or nothing comes any more."""
        while True:
            yield self.socket.recv(seconds)

    def hear(self, kind, fits=lambda message: True):
        """The next message of a kind that fits; those that were told before count."""
        while True:
            for place, message in enumerate(self.told):
                if message["kind"] == kind and fits(message):
                    return self.told.pop(place)
            self._receive()

    def _receive(self):
        message = self.socket.recv(PATIENCE_S)
        if isinstance(message, bytes):
            self.frames.append(unpack(message)[0])
        else:
            self.told.append(json.loads(message))

    def draw_until(self, tick):
        """Draw until the world is after a tick, or later."""
        while (frame := self.draw()).tick < tick:
            pass
        return frame
