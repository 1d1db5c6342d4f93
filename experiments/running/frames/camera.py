"""The camera: looks at a world between two ticks, and never touches it.

It reads columns and draws from no stream, so that a run that is watched gives the same bytes as one
that is not. What is costly to find out is found out at most twice a second and shown until then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from experiments.running.frames.frame import Frame, as_json
from experiments.study.study import Experiment

REFRESH_S = 0.5
"""Between two looks at what is costly."""


class View(Protocol):
    """How one kind of world is looked at."""

    def dots(self) -> Frame:
        """The agents, and what their shades mean."""

    def costly(self) -> Mapping[str, Any]:
        """Whatever else there is to see, as JSON values."""


class Camera:
    """Takes frames of a world.

    Args:
        experiment: whose world; it may go on between two frames.
        metrics: what was recorded last, where the experiment does not know it any more.
        clock: seconds; for what is costly.
    """

    def __init__(
        self,
        experiment: Experiment,
        metrics: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._experiment, self._metrics, self._clock = experiment, metrics or {}, clock
        self._view = view_of(experiment)
        self._kept: dict[str, str] = {}
        self._kept_until = -np.inf

    def take(self, fresh: bool = False) -> Frame:
        """The world as it is now; `fresh` if all of it has to be."""
        frame = self._view.dots()
        now = self._clock()
        if fresh or now >= self._kept_until:
            self._kept = {name: as_json(part) for name, part in self._view.costly().items()}
            self._kept_until = now + REFRESH_S
        latest = self._experiment.latest or self._metrics
        metrics = {name: _plain(value) for name, value in latest.items()}
        engines = {
            name.removeprefix("use_"): value
            for name, value in metrics.items()
            if name.startswith("use_")
        }
        facts = {**frame.facts, "metrics": metrics, **({"engines": engines} if engines else {})}
        shown = {**vars(frame), "facts": facts, "encoded": self._kept}
        return Frame(**shown)


def view_of(experiment: Experiment) -> View:
    """The view that suits a world: of reasoning agents, or of a model."""
    from swarm.systems import Reasoning

    if experiment.world.find(Reasoning) is not None:
        from experiments.running.frames.society import Society

        return Society(experiment)
    from experiments.running.frames.landscape import Landscape

    return Landscape(experiment.world)


def histogram(values: np.ndarray, bins: int = 24) -> dict[str, list[float]]:
    """How many have how much: `wealth` counts, and `edges`, one more."""
    values = np.asarray(values)
    values = values[np.isfinite(values)]
    if not len(values):
        return {"wealth": [0], "edges": [0.0, 1.0]}
    few = values.dtype.kind in "iub" and np.ptp(values) < 2 * bins
    cut: Any = np.arange(values.min(), values.max() + 2) - 0.5 if few else bins
    counts, edges = np.histogram(values, cut)
    return {"wealth": counts.astype(int).tolist(), "edges": edges.tolist()}


def sunflower(group: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Places float64[n] each, within a disk about 0 of radius 1, of every member of each group.

    Vogel's spiral (1979): as many on every patch of the disk. A member keeps its place as long as
    nobody before it leaves.

    Args:
        group: int64[n], 0..number - 1.
    """
    size = np.bincount(group, minlength=number)
    order = np.argsort(group, kind="stable")
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(np.cumsum(size) - size, size)
    radius = np.sqrt((rank + 0.5) / np.maximum(size[group], 1))
    angle = rank * 2.399963229728653  # the golden angle
    return radius * np.cos(angle), radius * np.sin(angle)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
