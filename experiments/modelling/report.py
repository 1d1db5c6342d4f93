"""The report of a run of a model: what was measured, its curves, and the world as one sees it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from experiments.modelling.experiment import figure, late_note
from experiments.modelling.scene import Scene
from experiments.modelling.study import ModelStudy, what_it_is
from experiments.reports.pictures import BLUE, ORANGE, Contents, NotRecordedError, Picture, Record
from experiments.running.files import RunError
from experiments.running.folder import RunFolder
from experiments.running.run import prepare_again
from experiments.study.study import LATE
from experiments.study.toml import StudyError
from swarm.checkpoint import CheckpointError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _results(record: Record) -> Iterator[str]:
    """The table of the measures."""
    yield "<table><tr><th>measure</th><th>first</th><th>last</th><th>mean</th>"
    yield "<th>late mean</th></tr>"
    for row in record.results["rows"]:
        figures = (figure(row[name]) for name in ("first", "last", "mean", "late_mean"))
        cells = "".join(f"<td>{each}</td>" for each in figures)
        yield f"<tr><td>{escape(row['name'])}</td>{cells}</tr>"
    yield f'</table><p class="note">{escape(late_note(record.results))}.</p>'


def _pictures(record: Record) -> Iterator[Picture]:
    names = _measures(record)
    rows = -(-len(names) // _columns(names))
    yield Picture(
        "Measures",
        "What the model measures, from its beginning on. The dashed line is the mean of the last "
        "quarter.",
        _draw_measures,
        max(1.2 + 1.3 * rows, 2.6),
    )
    try:
        scenes = _scenes(record)
    except NotRecordedError as reason:
        yield Picture("The world", "", partial(_refuse, reason))
        return
    spatial = scenes[-1].places is not None
    yield Picture(
        "The world",
        f"{_caption(scenes[-1])}: at the beginning, and after tick {scenes[-1].tick:,}.",
        partial(_draw_scenes, scenes),
        3.9 if spatial else 3.0,
    )


def _caption(scene: Scene) -> str:
    if scene.places is None:
        return f"How many agents have which {scene.shades.name}"
    heading = "" if scene.headings is None else " and where they are heading"
    coloured = "" if len(scene.shades.classes) == 1 else f", coloured by {scene.shades.name}"
    return f"Where agents are{heading}{coloured}"


def _about(record: Record) -> Iterator[str]:
    """The model in the words of whoever wrote it."""
    try:
        study = _study(record)
    except NotRecordedError:
        return
    yield "<h2>The model</h2>"
    for paragraph in what_it_is(study.world_type):
        if paragraph != study.description:  # which stands at the top
            yield f"<p>{escape(paragraph)}</p>"


# The pictures


def _measures(record: Record) -> list[str]:
    """Columns to draw: the measures, and how many agents there are if that changes."""
    names = [name for name in record.metrics if name not in ("tick", "agents")]
    agents = record.metrics.get("agents", np.zeros(0))
    return [*(["agents"] if len(np.unique(agents)) > 1 else []), *names]


def _columns(names: list[str]) -> int:
    return 1 if len(names) <= 3 else 2


def _draw_measures(record: Record, drawing: Figure) -> None:
    names = _measures(record)
    if not names:
        raise NotRecordedError("metrics.parquet has no measures")
    tick, *counted = record.metric("tick", *names)
    values = [each.astype(float) for each in counted]
    late = tick > LATE * tick[-1]
    columns = _columns(names)
    grid = drawing.subplots(-(-len(names) // columns), columns, sharex=True, squeeze=False)
    for axes, name, value in zip(grid.flat, names, values, strict=False):
        axes.plot(tick, value, color=BLUE, linewidth=1.3)
        axes.hlines(value[late].mean(), tick[late][0], tick[-1], ORANGE, "--", linewidth=1.2)
        axes.set(ylabel=name)
        seen = value[np.isfinite(value)]
        if len(seen) and 0 <= seen.min() < seen.max() / 2:
            axes.set_ylim(0, None)
        axes.margins(x=0.01)
    for axes in list(grid.flat)[len(names) :]:
        axes.set_visible(False)
    for axes in list(grid.flat)[: len(names)][-columns:]:
        axes.set(xlabel="tick")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(labelbottom=True)
    drawing.align_ylabels()


def _draw_scenes(scenes: list[Scene], record: Record, drawing: Figure) -> None:
    drawn = drawing.subplots(1, len(scenes), sharex=True, squeeze=False)[0]
    scales = [scene.draw(axes) for scene, axes in zip(scenes, drawn, strict=True)]
    shades = max((scene.shades for scene in scenes), key=lambda each: len(each.classes))
    if scales[-1] is not None:
        drawing.colorbar(scales[-1], ax=list(drawn), label=shades.name, shrink=0.8)
    elif scenes[-1].places is not None and len(shades.classes) > 1:
        from matplotlib.patches import Patch

        drawing.legend(
            handles=[Patch(color=colour, label=name) for name, colour in shades.classes.items()],
            loc="outside lower center",
            ncols=len(shades.classes),
        )


def _refuse(reason: NotRecordedError, record: Record, drawing: Figure) -> None:
    raise reason


# The world itself


def _folder(record: Record) -> RunFolder:
    if record.folder is None:
        raise NotRecordedError("there is no run folder")
    return RunFolder(record.folder)


def _study(record: Record) -> ModelStudy:
    """The study of the run; raises NotRecordedError if it cannot be read."""
    try:
        study = _folder(record).study
    except (RunError, StudyError) as error:
        raise NotRecordedError(str(error)) from None
    assert isinstance(study, ModelStudy), "the study of this report has a model"
    return study


def _scenes(record: Record) -> list[Scene]:
    """The world at the beginning, made anew, and as the newest readable checkpoint has it."""
    try:
        folder = _folder(record)
        world = prepare_again(folder).world
    except (RunError, StudyError) as error:  # such as a model's file that has changed since
        raise NotRecordedError(str(error)) from None
    before = Scene.of(world)
    for path in folder.checkpoints:
        try:
            world.load(path)
        except CheckpointError:
            continue
        return [before, Scene.of(world)]
    raise NotRecordedError("there is no checkpoint that can be read")


CONTENTS = Contents(_results, _pictures, _about)
