"""What a sweep would do and cost, before it does anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.doctor import cores
from experiments.sweeps.extending import refuse_other
from experiments.sweeps.folder import SweepFolder
from experiments.sweeps.identity import source_of
from experiments.sweeps.plan import Sweep, number
from experiments.sweeps.replicates import Replicates, Trial
from experiments.sweeps.rounds import Asked, rounds_of, total_of
from experiments.sweeps.run import check_executor, check_objective
from experiments.sweeps.trial import prefix_of

SHOWN = 10
SEEDS_SHOWN = 3


def design_in_words(
    plan: Sweep, out: str | Path, workers: int | None = None, executor: str = "pool"
) -> str:
    """The design, what is finished of it, and what the rest would cost, as plain text.

    Args:
        plan: the sweep.
        out: where its folder would be, or is.
        workers: how many trials would run at once.
        executor: where.

    Raises:
        SweepError: another sweep has its folder, or the objective is nothing that is measured.
        ExecutorError: there is no such executor, or it takes no such number of workers.
    """
    check_executor(executor, workers)
    check_objective(plan)
    asked = next(rounds_of(plan))
    first = [trial for each in asked for trial in Replicates(plan).of(each)]
    folder = Path(out) / plan.name
    entries = {}
    if folder.exists():
        there = SweepFolder(folder)
        refuse_other(str(folder), there.plan, plan)
        entries = there.journal.look().entries
    done = [entries[trial.content] for trial in first if trial.content in entries]
    total = total_of(plan, len(asked))
    at_once = 1 if executor == "in-place" else workers or cores()
    rows: dict[str, str] = {
        "study": f"{plan.file.study} ({plan.study.kind})",
        **{factor.key: str(factor) for factor in plan.factors},
        "design": _design(plan, len(asked), total),
        "seeds": _seeds(plan),
        "folder": f"{folder}: {_finished(len(done), total)}",
        "cost": _cost(plan, total, len(done), [e.seconds for e in entries.values()], at_once),
    }
    width = max(map(len, rows)) + 2
    about = (plan.name, f"seed {plan.file.seed}", plan.file.description)
    lines = [" · ".join(filter(None, about))]
    lines += [f"  {name:{width}}{words}" for name, words in rows.items()]
    return "\n".join([*lines, "", *_points(plan, asked, first, entries)])


def _design(plan: Sweep, points: int, total: int) -> str:
    design, halving, replicates = plan.file.design, plan.file.halving, plan.file.replicates
    if design.kind == "optuna":
        return (
            f"optuna, {design.sampler}: {design.trials} points in batches of {design.batch} × "
            f"{replicates} replicates = {total:,} trials, for the {design.direction} of "
            f"{design.objective}"
        )
    if halving is None:
        return f"{design.kind}: {points:,} points × {replicates} replicates = {total:,} trials"
    unit = plan.length_key.rpartition(".")[2]
    lengths = ", then ".join(f"{length:,}" for length in plan.lengths)
    return (
        f"{design.kind}, halving: {points:,} points × {replicates} replicates live {lengths} "
        f"{unit}, one in {halving.factor} goes on, by the {design.direction} of "
        f"{design.objective}: {total:,} trials"
    )


def _seeds(plan: Sweep) -> str:
    seeds = [str(seed) for seed in plan.seeds[:SEEDS_SHOWN]]
    more = ", ..." if len(plan.seeds) > SEEDS_SHOWN else ""
    return (
        f"{', '.join(seeds)}{more}: the same for every point, so that differences between points "
        "are paired"
    )


def _finished(done: int, total: int) -> str:
    return f"{done:,} of {total:,} trials are finished" if done else "nothing is finished"


def _cost(plan: Sweep, total: int, done: int, seconds: Sequence[float], at_once: int) -> str:
    """What is left, in seconds of work."""
    left, halving = total - done, plan.file.halving
    if not left:
        return "none, all is finished"
    if seconds:
        each = sum(seconds) / len(seconds)
        why = f"as {len(seconds):,} finished ones took"
    else:
        study = plan.study.resolved()
        prefix = prefix_of(study, source_of(study))
        share = 1.0
        if halving is not None:
            share = _mean_share(plan, total)
        each = prefix.prepare_s + share * prefix.tick_s * study.ticks
        exam = "; the examination comes on top" if plan.examine else ""
        why = f"judged by the first ticks of one{exam}"
    return (
        f"{left:,} trials of about {_time(each)}, {why}: {_time(left * each)} of work, "
        f"{_time(left * each / at_once)} with {at_once} workers"
    )


def _mean_share(plan: Sweep, total: int) -> float:
    """The mean length of a trial under halving, in shares of the whole."""
    halving, points = plan.file.halving, 0
    assert halving is not None
    points = len(next(rounds_of(plan)))
    lived = 0.0
    for length in plan.lengths:
        lived += points * plan.file.replicates * length / plan.length
        points = max(points // halving.factor, 1)
    return lived / total


def _time(seconds: float) -> str:
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _points(
    plan: Sweep, asked: Sequence[Asked], trials: Sequence[Trial], entries: Any
) -> Iterator[str]:
    """The first points as a table."""
    finished: dict[int, int] = {}
    for trial in trials:
        finished[trial.point] = finished.get(trial.point, 0) + (trial.content in entries)
    keys = [factor.key for factor in plan.factors]
    cells = [["point", *keys, "finished"]]
    for each in asked[:SHOWN]:
        labels = plan.labels(each.point)
        shown = f"{finished[each.number]}/{plan.file.replicates}"
        cells.append([str(each.number), *(number(labels[key]) for key in keys), shown])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    if len(asked) > SHOWN:
        yield f"and {len(asked) - SHOWN:,} more"
