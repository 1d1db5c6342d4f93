"""How a run tells where it is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.study.study import Experiment


class Progress:
    """Silent but for what must not be missed; the others derive from it."""

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """The run is over, or stopped."""

    def tick(self, experiment: Experiment, ticks: int) -> None:
        """A tick is over; the run has that many in all."""

    def stage(self, text: str) -> None:
        """Something begins that takes a while."""

    def say(self, text: str) -> None:
        """Something must not be missed."""
        print(text, file=sys.stderr, flush=True)


class Lines(Progress):
    """A plain line every tenth of the run."""

    def tick(self, experiment: Experiment, ticks: int) -> None:
        """Print a line if another tenth is done."""
        done = experiment.world.steps
        if done * 10 // ticks > (done - 1) * 10 // ticks:
            print(f"tick {done}/{ticks} · {experiment.describe()}", flush=True)

    def stage(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)


class Bar(Progress):
    """A progress bar, and below it what the world looks like now."""

    def __init__(self) -> None:
        from rich import progress
        from rich.console import Console, Group
        from rich.live import Live
        from rich.text import Text

        self.console = Console(highlight=False)
        self.bar = progress.Progress(
            progress.TextColumn("tick"),
            progress.MofNCompleteColumn(),
            progress.BarColumn(),
            progress.TimeRemainingColumn(),
        )
        self.task = self.bar.add_task("")
        self.view = Text(style="dim", no_wrap=True, overflow="ellipsis")
        self.live = Live(Group(self.bar, self.view), console=self.console)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the bar as it stands."""
        self.live.stop()

    def tick(self, experiment: Experiment, ticks: int) -> None:
        """Move the bar."""
        self.live.start()
        self.bar.update(self.task, total=ticks, completed=experiment.world.steps)
        self.view.plain = experiment.describe()
        if experiment.world.steps == ticks:
            self.live.stop()

    def stage(self, text: str) -> None:
        """Print a line below the bar."""
        self.console.print(text, markup=False)

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self.console.print(text, markup=False, soft_wrap=True)


def fitting() -> Progress:
    """A bar if somebody watches, lines otherwise."""
    return Bar() if sys.stdout.isatty() else Lines()
