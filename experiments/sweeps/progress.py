"""How a sweep tells where it is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from experiments.sweeps.journal import FAILED, Entry
from experiments.sweeps.plan import in_words


class SweepProgress:
    """Silent but for what must not be missed; the others derive from it."""

    def __enter__(self) -> SweepProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """The sweep is over, or stopped."""

    def begin(self, total: int, before: int) -> None:
        """There are so many trials in all, and so many in the journal."""

    def found(self, rows: int) -> None:
        """So many rows of the table need no trial, they are in the journal."""

    def trial(self, labels: Mapping[str, Any], entry: Entry, rows: int = 1) -> None:
        """A trial is finished, which is so many rows of the table: points may be the same."""

    def say(self, text: str) -> None:
        """Something must not be missed."""
        print(text, file=sys.stderr, flush=True)


class SweepLines(SweepProgress):
    """A line for each failure, and one for every tenth of the sweep."""

    def begin(self, total: int, before: int) -> None:
        """Count from here."""
        self.done, self.total, self.failed = 0, total, 0
        if before:
            print(f"{before:,} trials were finished before", flush=True)

    def found(self, rows: int) -> None:
        """Count them."""
        self.done += rows

    def trial(self, labels: Mapping[str, Any], entry: Entry, rows: int = 1) -> None:
        """Print what there is to say."""
        self.done += rows
        if entry.status == FAILED:
            self.failed += 1
            self.say(failure_line(labels, entry))
        if self.done * 10 // self.total > (self.done - rows) * 10 // self.total:
            failed = f", {self.failed:,} failed" if self.failed else ""
            print(f"{self.done:,} of {self.total:,} trials{failed}", flush=True)


class SweepBar(SweepProgress):
    """A bar, and above it a line for each failure."""

    def __init__(self) -> None:
        from rich import progress
        from rich.console import Console

        self.console = Console(highlight=False)
        self.bar = progress.Progress(
            progress.TextColumn("trials"),
            progress.MofNCompleteColumn(),
            progress.BarColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("[dim]{task.description}", markup=True),
            console=self.console,
        )
        self.task = self.bar.add_task("")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the bar as it stands."""
        self.bar.stop()

    def begin(self, total: int, before: int) -> None:
        """Show the bar."""
        self.bar.start()
        self.bar.update(self.task, total=total)

    def found(self, rows: int) -> None:
        """Move the bar."""
        self.bar.update(self.task, advance=rows)

    def trial(self, labels: Mapping[str, Any], entry: Entry, rows: int = 1) -> None:
        """Move the bar."""
        from rich.markup import escape

        self.bar.update(self.task, advance=rows, description=escape(in_words(labels)))
        if entry.status == FAILED:
            self.say(failure_line(labels, entry))

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self.console.print(text, markup=False, soft_wrap=True)


def failure_line(labels: Mapping[str, Any], entry: Entry) -> str:
    """A failed trial in a line."""
    error = " ".join(entry.error.split())
    return f"{in_words(labels) or entry.trial}: failed ({entry.stage}): {error:.200}"


def fitting() -> SweepProgress:
    """A bar if somebody watches, lines otherwise."""
    return SweepBar() if sys.stdout.isatty() else SweepLines()
