"""What it is to answer a question: trials in pairs, a verdict by a rule, a sentence, a table.

Every question is a module of this room with `SEEDS`, `ask`, `conclude` and `figure`. `ask` lives
the trials and `conclude` says what their table means, so that a table from elsewhere is judged by
the same rule. The rule is written in the module's docstring and was there before the trials.

Guarantees: conditions are compared in pairs, seed by seed; an interval is Student's, at 95% for
all the comparisons of a rule together (C. Bonferroni 1936); the same seeds give the same table and
the same sentence with every executor; what is measured on held-out queries has a name that begins
with `test_`, and nothing is chosen by it.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

import pandas as pd

from arenas.coevolution.interval import Interval, mean_interval
from experiments.questions.names import QUESTIONS
from experiments.reports.style import STYLE
from swarm.checkpoint import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.executors import Executor

Verdict = Literal["yes", "no", "it depends", "cannot be told"]
LEVEL = 0.95


class QuestionError(ValueError):
    """A question that is not asked here, or whose trials failed."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of a question.

    Attributes:
        name: of the question.
        verdict: by the rule of the question.
        finding: one sentence, with intervals.
        table: tidy, a row a trial: condition, seed, and what was measured.
        timing: what depends on the clock and so does not repeat; None if nothing was timed.
    """

    name: str
    verdict: Verdict
    finding: str
    table: pd.DataFrame
    timing: pd.DataFrame | None = None

    def __str__(self) -> str:
        return f"{QUESTIONS[self.name]} {self.verdict.capitalize()}. {self.finding}"

    def write(self, folder: Path, suffix: str = ".svg") -> list[Path]:
        """Write the figure and the table; returns the files, each of which appears whole."""
        from matplotlib import rc_context

        folder.mkdir(parents=True, exist_ok=True)
        drawn, table = folder / f"{self.name}{suffix}", folder / f"{self.name}.csv"
        picture = question(self.name).figure(self)
        options = {"metadata": {"Date": None}} if suffix == ".svg" else {"dpi": 130}
        with replacing(drawn) as temporary, rc_context(STYLE):
            picture.savefig(temporary, format=suffix.removeprefix("."), **options)
        with replacing(table) as temporary:
            self.table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
        return [drawn, table]


class Question(Protocol):
    """A module of this room."""

    SEEDS: int

    def ask(self, seeds: int, quick: bool = False, executor: Executor | None = None) -> Answer:
        """Live the trials."""

    def conclude(self, table: pd.DataFrame) -> Answer:
        """What a table means."""

    def figure(self, answer: Answer) -> Figure:
        """The picture of an answer."""


def question(name: str) -> Question:
    """The question of a name, such as "market"; raises QuestionError if there is none."""
    known = name.replace("-", "_")
    if known not in QUESTIONS:
        raise QuestionError(f"{name!r} is not asked here; questions are {', '.join(QUESTIONS)}")
    return cast(Question, importlib.import_module(f"experiments.questions.{known}"))


def tried(
    trial: Callable[[Any, Any], Any], payloads: Sequence[Any], executor: Executor | None = None
) -> list[Any]:
    """What a trial gave for each payload, in their order.

    Raises:
        QuestionError: a trial failed; a comparison in pairs can do without none.
    """
    from experiments.executors import Task, executor_of

    tasks = [Task(number, payload) for number, payload in enumerate(payloads)]
    if executor is None:
        with executor_of("in-place") as own:
            outcomes = list(own.run(trial, tasks))
    else:
        outcomes = list(executor.run(trial, tasks))
    for outcome in outcomes:
        if (failure := outcome.failure) is not None:
            raise QuestionError(
                f"{payloads[outcome.number]}: failed with {failure.error}: {failure.message}"
            )
    return [each.value for each in sorted(outcomes, key=lambda each: each.number)]


def numbered(seeds: int) -> range:
    """The seeds of so many pairs; raises QuestionError for fewer than two, of which no interval."""
    if seeds < 2:
        raise QuestionError(f"{seeds} seeds: an interval needs at least 2, such as 12")
    return range(1, seeds + 1)


# Comparing


def paired(table: pd.DataFrame, measure: str, one: str, other: str, of: int = 1) -> Interval:
    """By how much a measure is larger under one condition than the other, paired by seed.

    Args:
        table: rows with condition, seed and the measure.
        measure: of whichever column.
        one, other: conditions.
        of: comparisons that the interval shares its level with.
    """
    columns = [
        table.loc[table["condition"] == name].set_index("seed")[measure] for name in (one, other)
    ]
    return within((columns[0] - columns[1]).to_numpy(), of)


def within(values: Any, of: int = 1) -> Interval:
    """The mean of values, one a seed, with its share of a joint interval of `of` comparisons."""
    return mean_interval(values, 1 - (1 - LEVEL) / of)


def verdict(gains: Iterable[Interval]) -> Verdict:
    """Yes if some gain is above zero for sure and none below; no the other way round."""
    known = list(gains)
    ahead = any(gain.low > 0 for gain in known)
    behind = any(gain.high < 0 for gain in known)
    if ahead and behind:
        return "it depends"
    return "yes" if ahead else "no" if behind else "cannot be told"


def said(interval: Interval, digits: int = 3, scale: float = 1.0, signed: bool = True) -> str:
    """An interval in words: "+0.012 [-0.003, +0.027]"."""
    sign = "+" if signed else ""
    mean, low, high = (
        f"{value * scale:{sign}.{digits}f}" if math.isfinite(value) else "?" for value in interval
    )
    return f"{mean} [{low}, {high}]"
