"""Opening a dashboard from the command line: which run, which port, and what is said at the end."""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from socket import create_server, socket

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
    complaint = child.complaint if child is not None else str
    dashboard = Dashboard(watching, helm, listening, complaint)
    try:
        asyncio.run(dashboard.serve(lambda gate: _say(gate, watching, no_browser)))
    except KeyboardInterrupt:
        click.echo(_farewell(watching, child))


def _listen(port: int) -> socket:
    """A socket that listens on this machine alone; before a run is begun for it."""
    try:
        return create_server(("127.0.0.1", port))
    except OSError as error:
        raise DashError(
            f"--port {port}: {(error.strerror or str(error)).lower()}; give another, or leave it "
            "out for any that is free"
        ) from None


def _say(gate: Gate, watching: Watching, no_browser: bool) -> None:
    click.echo(f"{watching.folder.path}: {gate.url}")
    click.echo("Ctrl-C closes the dashboard; a run goes on without it")
    if not no_browser:
        webbrowser.open(gate.url)


def _farewell(watching: Watching, child: Child | None) -> str:
    path = watching.folder.path
    if not watching.state.live:
        return f"\nclosed; noosphere dash {path} opens it again"
    stop = f"kill -INT {child.number}" if child is not None else "Ctrl-C where it was begun"
    return (
        f"\nclosed; the run goes on. noosphere dash {path} opens it again; {stop} stops it, "
        "saved as it is then"
    )
