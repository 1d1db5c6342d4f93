"""A world as one sees it: a picture of its space, or of what its agents have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reports.pictures import BLUE, ENGINE_COLOURS, GREY
from swarm.space import Grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from swarm.world import World

AREA = 9_000.0
"""Square points that all dots together may cover."""
DOTS = (0.5, 30.0)
"""Square points of a dot, at least and at most."""
ARROWS = (0.006, 0.04)
"""Length of an arrow, at least and at most, as a share of the height of the picture."""
DRAWN_MAX = 3_000
"""Dots that are drawn each; more become one image."""
CLASSES_MAX = len(ENGINE_COLOURS)


@dataclass(frozen=True)
class Shades:
    """What agents are coloured by.

    Attributes:
        name: of the column.
        values: one an agent, [n]; the numbers of classes if there are classes.
        classes: name to colour, in the order of their numbers; empty for a scale.
    """

    name: str
    values: np.ndarray
    classes: Mapping[str, Any]


@dataclass(frozen=True)
class Scene:
    """What is seen of a world in one moment; it keeps what it needs when the world goes on.

    Attributes:
        tick: when.
        shades: what agents are coloured by.
        places: [n, 2], or None without a space.
        size: width and height of the space.
        cells: whether the space is a grid.
        alone: whether only one agent fits into a cell.
        headings: [n, 2], or None if agents have none.
    """

    tick: int
    shades: Shades
    places: np.ndarray | None
    size: tuple[float, float]
    cells: bool
    alone: bool
    headings: np.ndarray | None

    @classmethod
    def of(cls, world: World) -> Scene:
        """The scene of a world between two ticks."""
        space: Any = world.space
        return cls(
            world.steps,
            _shades(world),
            None if space is None else np.asarray(space.positions),
            (1, 1) if space is None else (space.width, space.height),
            isinstance(space, Grid),
            isinstance(space, Grid) and space.capacity == 1,
            _headings(world),
        )

    def draw(self, axes: Axes) -> Any:
        """Draw it; returns what a colour bar can be made of, or None."""
        axes.set_title(f"tick {self.tick:,}", fontsize=9, color="#333333")
        if self.places is None:
            return self._histogram(axes)
        axes.grid(visible=False)
        axes.set(aspect="equal", xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_visible(True)
        edge = 0.5 if self.cells else 0.0  # a cell reaches half a cell to all sides
        axes.set(xlim=(-edge, self.size[0] - edge), ylim=(-edge, self.size[1] - edge))
        return self._mosaic(axes) if self.alone else self._dots(axes)

    def _dots(self, axes: Axes) -> Any:
        """One mark an agent, class by class, or all on one scale."""
        if not self.shades.classes:
            return self._mark(axes, np.ones(len(self.shades.values), bool), self.shades.values)
        for number, colour in enumerate(self.shades.classes.values()):
            if (chosen := self.shades.values == number).any():
                self._mark(axes, chosen, colour)
        return None

    def _mark(self, axes: Axes, chosen: np.ndarray, colour: Any) -> Any:
        """Mark agents: with an arrow if they are going somewhere, a dot otherwise."""
        assert self.places is not None
        places = spread(self.places) if self.cells else self.places
        (x, y), number = places[chosen].T, len(places)
        style: Any = {"cmap": "viridis"} if isinstance(colour, np.ndarray) else {}
        style["rasterized"] = number > DRAWN_MAX
        if self.headings is None:
            area = float(np.clip(AREA / max(number, 1), *DOTS))
            return axes.scatter(x, y, area, colour, linewidths=0, **style)
        lengths = np.linalg.norm(self.headings, axis=1, keepdims=True)
        u, v = (self.headings / np.where(lengths > 0, lengths, 1))[chosen].T
        long = float(np.clip(0.65 / np.sqrt(max(number, 1)), *ARROWS))  # shares of the height
        style |= {"pivot": "mid", "units": "height", "scale_units": "height", "scale": 1 / long}
        style |= {"width": long / 7, "headwidth": 4.5, "headlength": 5, "headaxislength": 4.5}
        if isinstance(colour, np.ndarray):
            return axes.quiver(x, y, u, v, colour, **style)
        return axes.quiver(x, y, u, v, color=colour, **style)

    def _mosaic(self, axes: Axes) -> Any:
        """One tile an agent, where no two share a cell."""
        from matplotlib.colors import ListedColormap

        assert self.places is not None
        x, y = self.places.T
        tiles = np.full((int(self.size[1]), int(self.size[0])), np.nan)
        tiles[y, x] = self.shades.values
        style: Any = {"origin": "lower", "interpolation": "nearest", "aspect": "equal"}
        if self.shades.classes:
            colours = ListedColormap(list(self.shades.classes.values()))
            axes.imshow(tiles, cmap=colours, vmin=-0.5, vmax=colours.N - 0.5, **style)
            return None
        return axes.imshow(tiles, cmap="viridis", **style)

    def _histogram(self, axes: Axes) -> None:
        """How many agents have how much, or how many there are of each class."""
        shades = self.shades
        axes.set(ylabel="agents")
        if shades.classes:
            counts = np.bincount(shades.values, minlength=len(shades.classes))
            axes.bar(list(shades.classes), counts, color=list(shades.classes.values()))
            return
        values = shades.values[np.isfinite(shades.values)]
        whole = values.dtype.kind in "iub" and len(values) and np.ptp(values) <= 60
        bins: Any = np.arange(values.min(), values.max() + 2) - 0.5 if whole else 40
        axes.hist(values, bins, color=BLUE, edgecolor="white", linewidth=0.4)
        axes.set(xlabel=shades.name)


def _headings(world: World) -> np.ndarray | None:
    """A copy of the column `heading` if it is there and has two numbers an agent."""
    if "heading" not in world.population:
        return None
    heading = world.population["heading"]
    return heading.copy() if heading.shape[1:] == (2,) else None


def _shades(world: World) -> Shades:
    """The column that the model shows, as classes if it has few whole values."""
    name = world.shown
    values = world.population[name].copy()
    legend: Mapping[str, Any] = getattr(world, "legend", {})
    if name == "kind":
        names = [kind.__name__ for kind in world.kinds]
        colours = ENGINE_COLOURS if len(names) <= CLASSES_MAX else [GREY] * len(names)
        legend = legend or dict(zip(names, colours, strict=False))
    elif not legend and values.dtype.kind in "iub" and world.space is not None:
        found = np.unique(values)
        if len(found) and found[0] >= 0 and found[-1] < CLASSES_MAX:
            legend = {f"{name} {i}": ENGINE_COLOURS[i] for i in range(found[-1] + 1)}
    return Shades(name, values.astype(np.int64) if legend else values, legend)


def spread(places: np.ndarray) -> np.ndarray:
    """Places of a grid as float64[n, 2], those who share a cell beside each other in it.

    Args:
        places: int[n, 2].
    """
    column, row = (each.astype(np.int64) for each in places.T)
    cell = column * (np.ptp(row) + 1 if len(row) else 1) + row
    order = np.argsort(cell, kind="stable")
    sorted_cell = cell[order]
    first = np.flatnonzero(np.diff(sorted_cell, prepend=sorted_cell[:1] - 1))
    crowd = np.diff(first, append=len(cell))
    turn, side = np.empty(len(cell), np.int64), np.empty(len(cell), np.int64)
    turn[order] = np.arange(len(cell)) - np.repeat(first, crowd)
    side[order] = np.repeat(np.ceil(np.sqrt(crowd)).astype(np.int64), crowd)
    within = np.stack([turn % side, turn // side], axis=1)
    return places + (within + 0.5) / side[:, None] - 0.5
