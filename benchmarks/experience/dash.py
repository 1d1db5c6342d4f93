"""The dashboard: frames a second from a living world to a page, and what server and run take.

`noosphere dash` begins a run of the flocking model in a process of its own. A plain client draws
every frame in no time and asks for the next; a headless browser, if there is one, draws them with
all panels of the page, and counts them as it tells its person. Frames a second are at most 30, and
at most the ticks a second of the world; a run gives a fifth of its time to frames, no more. Memory
is the resident set of each process, read in `/proc`.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from benchmarks.rows import Row
from experiments.running.frames.camera import Camera
from experiments.running.frames.frame import unpack
from experiments.study.reading import load_study

SIZES = (1_000, 10_000, 100_000)
GOAL = 10.0
"""Frames a second with 10,000 agents."""


def rows(quick: bool) -> Iterator[Row]:
    """Frames as they are built, as a client gets them, and as a browser draws them."""
    for agents in SIZES[1:2] if quick else SIZES:
        yield _building(agents)
        yield from _watching(agents, 1.5 if quick else 6.0)


class Watched(NamedTuple):
    """A run that is watched: the address of its page, and the processes of server and run."""

    url: str
    server: int
    run: int
    took: float

    def notes(self) -> dict[str, Any]:
        """Resident memory now, and seconds from the command to the first frame."""
        memory = {"server MB": _resident_mb(self.server), "run MB": _resident_mb(self.run)}
        return {name: round(mb) for name, mb in memory.items()} | {"begins after s": self.took}


def _changes(agents: int) -> list[str]:
    """As crowded whatever their number."""
    return [f"birds={agents}", f"width={10 * np.sqrt(agents):.0f}.0", "ticks=1000000"]


def _building(agents: int) -> Row:
    """Milliseconds for the bytes of a frame, best of some."""
    experiment = load_study("flocking", _changes(agents)).prepare()
    experiment.look()
    camera, times, data = Camera(experiment), [], b""
    for _ in range(20):
        began = time.process_time()
        data = camera.take(fresh=True).pack()
        times.append(time.process_time() - began)
    frame = unpack(data)[0]
    places = np.asarray(experiment.world.space.positions)
    off = np.abs(np.stack([frame.x, frame.y], axis=1) * frame.width - places).max()
    return Row(
        f"dash: building a frame of {agents:,} agents, ms",
        1000 * min(times),
        checks={"places agree": bool(off < frame.width / 65_000)},
        notes={"bytes": len(data)},
    )


def _watching(agents: int, seconds: float) -> Iterator[Row]:
    """Frames a second from the world to a client, and then to the screen of a browser."""
    with _dash(agents) as run:
        yield _served(run, agents, seconds)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield from _drawn(run, agents, seconds, Path(folder))


def _served(run: Watched, agents: int, seconds: float) -> Row:
    with _open(run.url) as page:
        seen = [_draw(page) for _ in range(3)]
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            seen.append(_draw(page))
        took = time.monotonic() - began
    ticks = [tick for tick, _ in seen]
    return Row(
        f"dash: {agents:,} agents, frames/s at a client",
        (len(seen) - 3) / took,
        goal=GOAL if agents <= 10_000 else None,
        checks={
            "all agents in each": all(shown == agents for _, shown in seen),
            "never back": bool(np.all(np.diff(ticks) > 0)),
            "ticks/s": (ticks[-1] - ticks[2]) / took,
        },
        notes=run.notes(),
    )


def _drawn(run: Watched, agents: int, seconds: float, folder: Path) -> Iterator[Row]:
    """By the counter of the page itself, in a window of 1440x900 that no card helps to draw."""
    from tests.experiments.dash.browser import Browser, chromium

    if chromium() is None:
        return
    with Browser(folder) as browser:
        tab = browser.open(run.url)
        tab.wait("Number(document.querySelector('#frames').textContent) > 0")
        time.sleep(1.5)  # it counts the last second
        first, counted, began = _number(tab.text("#tick")), [], time.monotonic()
        while time.monotonic() - began < seconds:
            time.sleep(0.5)
            counted.append(_number(tab.text("#frames")))
        row = Row(
            f"dash: {agents:,} agents, frames/s drawn in a browser",
            float(np.mean(counted)),
            goal=GOAL if agents <= 10_000 else None,
            checks={
                "all agents on the page": _number(tab.text("#total")) == agents,
                "it goes on": _number(tab.text("#tick")) > first,
                "no complaints": not tab.complaints,
            },
            notes=run.notes(),
        )
    yield row


def _number(words: str) -> float:
    """The number in some words of the page, 0 if there is none."""
    return float(re.sub(r"[^\d.]", "", words) or 0)


@contextmanager
def _dash(agents: int) -> Iterator[Watched]:
    """A dashboard and its run, which has begun."""
    sets = [word for change in _changes(agents) for word in ("--set", change)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as out:
        command = [sys.executable, "-m", "experiments.cli.main", "dash", "flocking", "--go"]
        began = time.monotonic()
        process = subprocess.Popen(
            [*command, "--no-browser", "--out", out, *sets], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.match(r"(.*): (http://\S+)", said)
        assert found, said
        try:
            with _open(found[2]) as page:
                _draw(page)
                took = round(time.monotonic() - began, 1)
            yield Watched(found[2], process.pid, _at_work(found[1]), took)
        finally:
            process.kill()
            process.wait()
            _stop(_at_work(found[1]))


def _open(url: str) -> ClientConnection:
    """The page that the URL opens, as a browser does it."""
    place = urlsplit(url)
    asked = http.client.HTTPConnection(place.netloc)
    asked.request("GET", f"/?{place.query}")
    cookie = str(asked.getresponse().getheader("Set-Cookie")).split(";")[0]
    return connect(
        f"ws://{place.netloc}/ws",
        origin=Origin(f"http://{place.netloc}"),
        additional_headers={"Cookie": cookie},
        max_size=None,
    )


def _draw(page: ClientConnection) -> tuple[int, int]:
    """The next frame of a living run: its tick, and how many agents it has."""
    while True:
        message: Any = page.recv(60)
        if isinstance(message, bytes):
            frame = unpack(message)[0]
            page.send(json.dumps({"ack": frame.tick}))
            return frame.tick, len(frame.x)


def _at_work(folder: str) -> int:
    """Number of the process that lives a run; 0 if there is none."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().endswith(f"resume\0{folder}\0".encode()):
                return int(path.parent.name)
        except OSError:
            continue
    return 0


def _stop(process: int) -> None:
    if process:
        subprocess.run(["kill", "-KILL", str(process)], check=False)
        while Path(f"/proc/{process}").exists():
            time.sleep(0.01)


def _resident_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")
