"""Opening a dashboard from the command line: which run, which port, and what is said at the end."""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from socket import create_server, socket
from tempfile import mkstemp
from threading import Thread

import click

from experiments.dash.gate import Gate
from experiments.dash.helm import Helm
from experiments.dash.server import Dashboard
from experiments.dash.starting import Child, begin
from experiments.dash.watching import Watching, newest_run
from experiments.running.folder import RunFolder


class DashError(ValueError):
    """A dashboard cannot be opened; the message says what would help."""


def watch(
    target: str | None,
    port: int = 0,
    no_browser: bool = False,
    go: bool = False,
    out: str = "runs",
    changes: Sequence[str] = (),
) -> None:
    """Serve a dashboard until Ctrl-C.

    Args:
        target: the folder of a run, or a study; the newest run of `out` if left out.
        port: any that is free if 0.
        no_browser: only print the address.
        go: begin a study at once, not when the page says so.
        out: where runs are.
        changes: of a study, as in `load_study`.

    Raises:
        DashError: the port is taken, or changes are given for a run that has begun.
        ValueError: no such run or study, or one that cannot be lived.
    """
    listening = _listen(port)
    child: Child | None = None
    if target is None or Path(target).is_dir():
        if changes or go:
            raise DashError(
                "--set and --go are for a STUDY, whose run begins; what can be changed of a run "
                "is on its page"
            )
        watching = Watching(newest_run(Path(out)) if target is None else RunFolder(target))
        helm = Helm(watching.room)
    else:
        from experiments.study.reading import load_study

        watching, helm, child = begin(load_study(target, changes), out, paused=not go)
    door: Door | None = None if no_browser else Door(watching.room)
    complaint = child.complaint if child is not None else str
    dashboard = Dashboard(watching, helm, listening, complaint)
    try:
        asyncio.run(dashboard.serve(lambda gate: _say(gate, watching, door)))
    except KeyboardInterrupt:
        click.echo(_farewell(watching, child))
    finally:
        if door is not None:
            door.remove()


def _listen(port: int) -> socket:
    """A socket that listens on this machine alone; before a run is begun for it."""
    try:
        return create_server(("127.0.0.1", port))
    except OSError as error:
        raise DashError(
            f"--port {port}: {(error.strerror or str(error)).lower()}; give another, or leave it "
            "out for any that is free"
        ) from None


class Door:
    """A page on the disk that leads to the dashboard, for the browser to be begun with.

    What a program is begun with can be read by everybody on the machine; the token is in this
    file instead, which only its owner can read, for as long as the dashboard is open.

    Args:
        room: where it is made.
    """

    def __init__(self, room: Path):
        self._room = room
        self._path: Path | None = None

    def open(self, url: str) -> None:
        """Begin the browser; in a thread, since some are waited for."""
        try:
            self._room.mkdir(exist_ok=True)
            number, name = mkstemp(".html", "open-", self._room)  # for its owner alone
        except OSError:
            return  # the address has been printed
        self._path = Path(name).absolute()
        with open(number, "w", encoding="utf-8") as file:
            file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={url}">\n')
        Thread(target=webbrowser.open, args=(self._path.as_uri(),), daemon=True).start()

    def remove(self) -> None:
        """Leave nothing behind."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()
                self._room.rmdir()  # unless a run is at work there


def _say(gate: Gate, watching: Watching, door: Door | None) -> None:
    click.echo(f"{watching.folder.path}: {gate.url}")
    click.echo("Ctrl-C closes the dashboard; a run goes on without it")
    if door is not None:
        door.open(gate.url)


def _farewell(watching: Watching, child: Child | None) -> str:
    path = watching.folder.path
    if not watching.state.live:
        return f"\nclosed; noosphere dash {path} opens it again"
    stop = f"kill -INT {child.number}" if child is not None else "Ctrl-C where it was begun"
    return (
        f"\nclosed; the run goes on. noosphere dash {path} opens it again; {stop} stops it, "
        "saved as it is then"
    )
