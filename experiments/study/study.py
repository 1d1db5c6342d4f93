"""What a run needs of a study, of whatever kind: what it says, and its world made ready.

A `Study` is read from TOML and never changes; `prepare` makes an `Experiment` of it, a world that
can take its first step and knows how it is watched and examined. Runs, run folders and the command
line know no more than what stands here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field

from experiments.study.control import Control, Lever, SteerError
from experiments.study.section import Section
from experiments.study.toml import did_you_mean

if TYPE_CHECKING:
    import numpy as np

    from swarm.world import World

FOLDER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
METRICS = "metrics"
"""The table that has a row a tick."""

LATE = 0.75
"""Share of a run after which it is late."""

TEST = "test_"
"""How the name of a figure begins that was measured on held-out queries."""


class Study(Section, ABC):
    """Everything a run depends on.

    Attributes:
        tables: names of what is recorded; the first has a row a tick.
        first_tick: which the first of those rows is about.
        home: the section of keys that are given without one on a command line; none if empty.
        ticks: of the whole run.
    """

    owner: ClassVar[str] = "a study"
    tables: ClassVar[tuple[str, ...]] = (METRICS,)
    first_tick: ClassVar[int] = 1
    home: ClassVar[str] = ""

    name: str = Field(
        pattern=FOLDER_NAME,
        max_length=64,
        description="names the run folder: up to 64 letters, digits and . _ -",
    )
    description: str = Field(default="", description="one line on what the study is for")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="seed of every stream of chance")

    if TYPE_CHECKING:  # a property or a field, as it suits the kind of study

        @property
        def ticks(self) -> int:
            """Ticks of the whole run."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """What is studied, in a word or two."""

    @property
    @abstractmethod
    def checkpoint_ticks(self) -> int:
        """Ticks between checkpoints."""

    @property
    @abstractmethod
    def checkpoints_kept(self) -> int:
        """How many of the newest checkpoints a run keeps."""

    @staticmethod
    def read(source: str | Path, *changes: str) -> Study:
        """The study that ships under a name, or that a TOML file says; see `load_study`.

        >>> Study.read("flocking", "birds=400", "ticks=50").ticks
        50
        """
        from experiments.study.reading import load_study  # which knows all kinds

        return load_study(source, changes)

    @classmethod
    def sections(cls) -> dict[str, type[Section]]:
        """The sections of such a study, by name."""
        kinds = {name: field.annotation for name, field in cls.model_fields.items()}
        return {
            name: kind
            for name, kind in kinds.items()
            if isinstance(kind, type) and issubclass(kind, Section)
        }

    def resolved(self) -> Self:
        """The same study with every value written out."""
        return self

    def located(self, folder: Callable[..., Path], place: Callable[..., str]) -> Self:
        """The same study with absolute paths.

        Args:
            folder: where a relative path begins that stands under a key, such as
                `folder("problem", "graph")`.
            place: where that key stands, for an error.

        Raises:
            StudyError: a path leads nowhere.
        """
        return self

    @abstractmethod
    def prepare(self) -> Experiment:
        """The study made ready to be lived; raises a ValueError if its world cannot be made."""

    @abstractmethod
    def outcome(
        self, metrics: Mapping[str, np.ndarray], results: Mapping[str, Any] | None
    ) -> dict[str, float]:
        """What its world came to, in a row of a sweep: name of a measure to number.

        Nothing that learns or chooses may look at a name that begins with `TEST`.

        Args:
            metrics: the table of the whole run, by column.
            results: what `Experiment.examine` has found, or None if the world was not examined.
        """

    @abstractmethod
    def format_results(self, results: Mapping[str, Any]) -> str:
        """What `Experiment.examine` has found, as plain text."""


def late_means(metrics: Mapping[str, np.ndarray], ticks: int) -> dict[str, float]:
    """The mean of each column, but for the tick itself, over the late ticks of a run."""
    late = metrics["tick"] > LATE * ticks
    return {name: float(column[late].mean()) for name, column in metrics.items() if name != "tick"}


class Experiment(ABC):
    """A world before its first tick, how it is watched, and how it is examined at the end.

    Attributes:
        study: what it was made of.
        world: to be lived.
        sources: what it depends on that the study only names, name to fingerprint.
        levers: what of the world can be changed between two ticks, by name.
        latest: what was last recorded, name to number.
    """

    study: Study
    world: World
    sources: Mapping[str, str]
    levers: Mapping[str, Lever] = {}
    latest: Mapping[str, float] = {}

    def controls(self) -> list[Control]:
        """The levers as they stand."""
        return [lever.control for lever in self.levers.values()]

    def steer(self, name: str, value: Any) -> None:
        """Change a number of the world, between two ticks.

        Raises:
            SteerError: there is no such lever, or the study does not allow the value.
        """
        if name not in self.levers:
            there = ", ".join(self.levers) or "none"
            near = did_you_mean(name, self.levers)
            raise SteerError(f"{name}: cannot be changed while the world lives; {there} can{near}")
        self.levers[name].move(value)

    @abstractmethod
    def look(self) -> None:
        """Record the world as it is; at the very beginning, and after every tick."""

    @abstractmethod
    def drain(self) -> dict[str, Mapping[str, np.ndarray]]:
        """What was recorded since the last call: for each table its columns, empty if none."""

    @abstractmethod
    def describe(self) -> str:
        """The world after the tick that was last, in a line."""

    @abstractmethod
    def examine(
        self, metrics: Mapping[str, np.ndarray], stage: Callable[[str], None]
    ) -> dict[str, Any]:
        """What there is to say at the end, as JSON values.

        Args:
            metrics: the table of the whole run, by column.
            stage: is told what takes a while.
        """
