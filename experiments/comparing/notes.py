"""What there is to say beside the figures of a comparison: pairs, single runs, gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from experiments.comparing.groups import Group
from experiments.study.study import TEST


def pairs(baseline: Group, group: Group) -> bool:
    """Whether replicates belong together: more than one, and of the same seeds."""
    return len(group.seeds) > 1 and baseline.seeds == group.seeds


def notes_on(groups: Sequence[Group], measures: Sequence[str]) -> Iterator[str]:
    """Notes, each a line of plain text; the first group is the baseline."""
    single = [group.name for group in groups if len(group.replicates) == 1]
    remedy = (
        "run more seeds with noosphere run STUDY --seed N, or noosphere sweep STUDY --replicates 5"
    )
    if len(single) == len(groups):
        yield f"one run each: no interval and no test; {remedy}"
    elif single:
        yield f"one run only of {listed(single)}: no interval there; {remedy}"
    others = groups[1:]
    in_pairs = [group.name for group in others if pairs(groups[0], group)]
    if in_pairs:
        count = len(groups[0].seeds)
        whose = "" if len(in_pairs) == len(others) else f" for {listed(in_pairs)}"
        yield f"paired by seed{whose}: the same {count} seeds as {groups[0].name}"
    apart = [g.name for g in others if g.name not in in_pairs and len(g.seeds) > 1]
    if apart and len(groups[0].seeds) > 1:
        whose = "" if len(apart) == len(others) else f" for {listed(apart)}"
        yield f"not paired{whose}: the seeds differ, so Welch's test"
    holes = [
        measure
        for measure in measures
        if any(not np.isfinite(group.values(measure)).all() for group in groups)
    ]
    if holes:
        yield f"replicates without a figure are left out of {listed(holes)}"
    if any(measure.startswith(TEST) for measure in measures):
        yield f"measures that begin with {TEST} are of held-out queries: look, but never choose by"


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names side by side, but no more than `most`."""
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join([*names[:most], *more])
