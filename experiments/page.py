"""A page in the browser for a world: Mesa's SolaraViz, its agents drawn straight from columns.

    # meadow.py, shown by `solara run meadow.py`
    from mesa.visualization import Slider

    from experiments.page import page as show

    page = show(
        Meadow(seed=1),
        plots=["alive", ["births", "deaths"]],
        portray="energy",
        params={"walkers": Slider("walkers", 20, 1, 100)},
    )

Mesa draws its own kinds of space, and asks a function for the looks of every agent; here a picture
is one scatter of columns. It goes to the browser as a PNG every time: a page is for looking, and
some frames a second is what it gives. Needs the extra `page`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reports.pictures import ENGINE_COLOURS as COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from swarm import World

# A name or names from the data collector, or what `make_plot_component` of Mesa gives.
Plot = str | Sequence[str] | Mapping[str, str] | tuple[Callable[[Any], Any], int]

WIDTH, HEIGHT = 5.5, 5.0  # inches of a picture
AREA = 20_000.0  # square points that all dots together may cover
DOTS = (1.0, 36.0)  # square points of a dot, at least and at most


class PageError(ValueError):
    """A page is asked to show what the world does not have; the message says what it has."""


def page(
    model: World,
    plots: Sequence[Plot] = (),
    portray: str = "kind",
    params: Mapping[str, Any] | None = None,
    name: str | None = None,
    interval_ms: int = 100,
) -> Any:
    """Mesa's SolaraViz of a world: its space, plots, sliders, and buttons to step, play and reset.

    Args:
        model: the world; without a space only plots are shown.
        plots: what to plot over time, each the name of a model reporter of `model.datacollector`,
            several names for one plot (or names to colours), or a component of Mesa's
            `make_plot_component`.
        portray: the column that colours the agents, of numbers or truths, one an agent.
        params: keyword arguments of the world's class for "Reset", as Mesa wants them: a `Slider`
            or a dict with a "type" can be adjusted, anything else is fixed. The seed is the
            world's unless it is among them, so that a reset begins the same world again.
        name: the title; the name of the class if left out.
        interval_ms: pause between two ticks while it plays, in milliseconds.

    Returns:
        An element of Solara, to be called `page` in a file for `solara run`, or to be shown in a
        notebook.

    Raises:
        PageError: a column or a reporter is not there.
        ModuleNotFoundError: Solara is not installed.
    """
    try:
        from mesa.visualization import SolaraViz
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"a page needs {missing.name}: pip install 'noosphere[page]'", name=missing.name
        ) from None
    components = [_plot(model, plot) for plot in plots]
    if model.space is not None:
        _shades(model, portray)
        components.insert(0, (_scene(portray), 0))
    given = dict(params or {})
    if "seed" in inspect.signature(type(model).__init__).parameters:
        given.setdefault("seed", model.seed)
    return SolaraViz(
        model, components=components, model_params=given, name=name, play_interval=interval_ms
    )


def picture(world: World, portray: str = "kind") -> Figure:
    """The agents of a world with a space, as they are now; see `draw`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    draw(world, figure.subplots(), portray)
    return figure


def draw(world: World, axes: Axes, portray: str = "kind") -> None:
    """Draw the agents of a world with a space as dots, coloured by a column.

    Raises:
        PageError: the column is not there, or is not one number or truth an agent.
    """
    shades = _shades(world, portray)
    space: Any = world.space
    places = np.asarray(space.positions)
    # A cell of a grid reaches half a cell to all sides of its whole numbers.
    edge = 0.5 if places.dtype.kind in "iu" else 0.0
    size = float(np.clip(AREA / max(len(places), 1), *DOTS))
    if portray == "kind":
        for number, kind in enumerate(world.kinds):
            x, y = places[shades == number].T
            colour = COLOURS[number % len(COLOURS)]
            axes.scatter(x, y, size, colour, label=kind.__name__, linewidths=0)
        if len(world.kinds) > 1:
            axes.legend(loc="upper right")
    else:
        x, y = places.T
        dots = axes.scatter(x, y, size, shades, cmap="viridis", linewidths=0)
        axes.figure.colorbar(dots, ax=axes, label=portray)
    axes.set_xlim(-edge, space.width - edge)
    axes.set_ylim(-edge, space.height - edge)
    axes.set_aspect("equal")


def _scene(portray: str) -> Callable[[World], Any]:
    """What SolaraViz calls with the world, and again after every step."""
    import solara

    def scene(model: World) -> Any:
        return solara.FigureMatplotlib(picture(model, portray), format="png")

    return scene


def _shades(world: World, name: str) -> np.ndarray:
    """A column as numbers, float64[n]."""
    population = world.population
    fit = [each for each in population.names if _is_shade(population[each])]
    if name not in fit:
        raise PageError(
            f"agents are coloured by a column of numbers or truths, one an agent, and {name!r} is "
            f"none; there are: {', '.join(fit)}"
        )
    return population[name].astype(float)


def _is_shade(column: np.ndarray) -> bool:
    return column.ndim == 1 and column.dtype.kind in "iufb"


def _plot(model: World, plot: Plot) -> Any:
    """A component of Mesa's for one plot; raises PageError if nobody collects it."""
    from mesa.visualization import make_plot_component

    names = [plot] if isinstance(plot, str) else list(plot)
    if not all(isinstance(name, str) for name in names):
        return plot
    collector = getattr(model, "datacollector", None)
    if collector is None:
        raise PageError(
            f"plots show what Mesa's DataCollector collects, and {type(model).__name__} has none; "
            "in its __init__: self.datacollector = mesa.DataCollector("
            f'{{"{names[0]}": lambda world: len(world.agents)}})'
        )
    unknown = [name for name in names if name not in collector.model_reporters]
    if unknown:
        raise PageError(
            f"no model reporter {unknown[0]!r} to plot; the data collector of "
            f"{type(model).__name__} has: {', '.join(collector.model_reporters) or 'none'}"
        )
    return make_plot_component(plot)
