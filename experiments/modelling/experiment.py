"""A model lived and measured: a row a tick, from tick 0 on, and what it comes to."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments.modelling.study import ModelStudy
from experiments.study.control import Lever
from experiments.study.study import LATE, METRICS, Experiment
from experiments.study.toml import StudyError
from swarm.world import World

COUNTED = ("tick", "agents")
"""Columns of the metrics that are not measures."""


class ModelExperiment(Experiment):
    """A world of a model, watched by its own measures."""

    def __init__(self, study: ModelStudy):
        self.study = study
        self.world = _begin(study)
        self.sources = {"model": study.fingerprint} if study.fingerprint else {}
        self.levers = _levers(study, self.world)
        self._rows: list[Mapping[str, float]] = []

    def look(self) -> None:
        """Add the row of this tick."""
        self.latest = _row(self.world)
        self._rows.append(self.latest)

    def drain(self) -> dict[str, Mapping[str, np.ndarray]]:
        """The rows: tick and agents int64, measures float64."""
        rows, self._rows = self._rows, []
        return {
            METRICS: {
                name: np.array([row[name] for row in rows], _dtype(name))
                for name in (rows[0] if rows else ())
            }
        }

    def describe(self) -> str:
        """How many there are, and what is measured."""
        row = self._rows[-1] if self._rows else _row(self.world)
        measures = [f"{name} {figure(row[name])}" for name in row if name not in COUNTED]
        return " · ".join([f"{figure(row['agents'])} agents", *measures])

    def examine(
        self, metrics: Mapping[str, np.ndarray], stage: Callable[[str], None]
    ) -> dict[str, Any]:
        """Each measure at the beginning, at the end, and in the mean of the run and of its end."""
        late = metrics["tick"] > LATE * self.study.ticks
        return {
            "model": type(self.world).__name__,
            "seed": self.world.seed,
            "ticks": self.world.steps,
            "late": int(metrics["tick"][late][0]),
            "rows": [
                {
                    "name": name,
                    "first": _json(values[0]),
                    "last": _json(values[-1]),
                    "mean": _json(values.mean()),
                    "late_mean": _json(values[late].mean()),
                }
                for name, values in metrics.items()
                if name != "tick"
            ],
        }


def format_measures(results: Mapping[str, Any]) -> str:
    """What was measured, as plain text."""
    width = max(len(row["name"]) for row in results["rows"]) + 2
    lines = [f"{'measure':{width}}{'first':>10}{'last':>10}{'mean':>10}{'late mean':>12}"]
    for row in results["rows"]:
        first, last, mean, late = (figure(row[k]) for k in ("first", "last", "mean", "late_mean"))
        lines.append(f"{row['name']:{width}}{first:>10}{last:>10}{mean:>10}{late:>12}")
    return "\n".join([*lines, "", late_note(results)])


def late_note(results: Mapping[str, Any]) -> str:
    """Which ticks are late."""
    return f"late mean: of the ticks {results['late']:,} to {results['ticks']:,}"


def figure(value: float | None) -> str:
    """A number for people: counts whole, others to four digits; a dash if there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 10_000 else f"{value:.4g}"


def _begin(study: ModelStudy) -> World:
    """The world of a study; raises StudyError if it cannot be."""
    given = study.parameters.model_dump()
    try:
        world = study.world_type(**given, seed=study.seed)
    except (ValueError, OverflowError, MemoryError) as error:
        raise StudyError(f"{_cannot_begin(study)}: {error or 'too large'}") from error
    if not len(world.population):
        raise StudyError(f"{_cannot_begin(study)}: nobody would be there")
    return world


def _cannot_begin(study: ModelStudy) -> str:
    parameters = study.parameters
    defaults = {name: field.default for name, field in type(parameters).model_fields.items()}
    changed = {k: v for k, v in parameters.model_dump().items() if v != defaults[k]}
    given = f" with {', '.join(f'{k}={v}' for k, v in changed.items())}" if changed else ""
    return f"{study.name}: cannot begin{given}"


def _levers(study: ModelStudy, world: World) -> Mapping[str, Lever]:
    """What the model says can be changed of it; StudyError if it says what cannot."""
    given, levers = study.parameters, {}
    for name in world.steerable:
        value = getattr(given, name, None)
        if type(value) not in (int, float) or getattr(world, name, None) != value:
            raise StudyError(
                f"{type(world).__name__}.steerable: {name!r} is no parameter of the constructor "
                f"that is a number and is kept as it is in self.{name}"
            )
        levers[name] = Lever(name, given, name, world, name)
    return levers


def _row(world: World) -> dict[str, float]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # The mean of nobody is nan, here as in the table.
        warnings.simplefilter("ignore", RuntimeWarning)
        measures = world.measures()
    return {"tick": world.steps, "agents": len(world.population), **measures}


def _dtype(name: str) -> type:
    return np.int64 if name in COUNTED else np.float64


def _json(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
