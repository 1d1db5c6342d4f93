"""`noosphere dash`: a run, live or finished, in the browser."""

from __future__ import annotations

import click


@click.command("dash")
@click.argument("target", metavar="[RUN|STUDY]", required=False)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Any that is free if 0.")
@click.option("--no-browser", is_flag=True, help="Print the address, and open nothing.")
@click.option("--go", is_flag=True, help="Begin a STUDY at once, not when the page says so.")
@click.option("--out", metavar="DIR", default="runs", show_default=True, help="Where runs are.")
@click.option("--set", "changes", metavar="SECTION.KEY=VALUE", multiple=True, help="As in `run`.")
def command(
    target: str | None,
    port: int,
    no_browser: bool,
    go: bool,
    out: str,
    changes: tuple[str, ...],
) -> None:
    """Watch a RUN, live or finished, or begin a STUDY, in the browser.

    RUN is a folder; if none is given, the newest one of DIR is shown. A run goes on whatever
    becomes of the dashboard. It is shown to whoever has the address that is printed, on this
    machine.
    """
    from experiments.dash.opening import watch

    watch(target, port, no_browser, go, out, changes)
