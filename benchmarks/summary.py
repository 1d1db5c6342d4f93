"""Tables over several seeds: means with intervals, and differences paired by seed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.front import prices
from experiments.reasoning.evaluation import COLLECTIVE, EVOLVED, FIGURE_NAMES

CONFIDENCE = 0.95
OURS = (EVOLVED, COLLECTIVE)
NO_RIVALS = (*OURS, "oracle, per query")
LESS_IS_BETTER = ("error",)
"""Figures of which less is better."""


def spread(values: list[float]) -> dict[str, Any]:
    """Values, their mean, and the half-width of its Student t-interval; None for one value."""
    from scipy.stats import t

    n = len(values)
    half = None
    if n > 1:
        error = float(np.std(values, ddof=1)) / math.sqrt(n)
        half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * error
    return {"values": values, "mean": float(np.mean(values)), "half": half}


def summary(runs: Sequence[Mapping[str, Any]], rivals: Sequence[str]) -> dict[str, Any]:
    """Figures of every row over the runs.

    The first figure of the exam is the one that is compared: `ahead` has, for the best evolved
    agent and for the collective, by how much they are better than each rival, paired by seed;
    and `prices` sets each row beside the agents that cost no more (`benchmarks.front`).
    """
    figures = [*runs[0]["figures"], "valid", "cost"]
    main = figures[0]
    rows: dict[str, Any] = {}
    for name in (row["name"] for row in runs[0]["rows"]):
        each = [next(row for row in run["rows"] if row["name"] == name) for run in runs]
        rows[name] = {
            figure: spread([row[figure] for row in each])
            for figure in figures
            if each[0][figure] is not None
        }
        rows[name]["notes"] = list(dict.fromkeys(row["note"] for row in each if row["note"]))
    sign = -1 if main in LESS_IS_BETTER else 1
    ahead = {
        ours: {
            rival: spread(
                (
                    sign * np.subtract(rows[ours][main]["values"], rows[rival][main]["values"])
                ).tolist()
            )
            for rival in rivals
            if rival in rows
        }
        for ours in OURS
    }
    singular = [name for name in rows if name not in NO_RIVALS]
    kept = ("about", "ticks", "evaluations", "random_genomes", "best", "front", "seconds")
    return {
        "figures": figures,
        "rows": rows,
        "ahead": ahead,
        "prices": prices(
            [run["front"] for run in runs], {name: rows[name] for name in singular}, main
        ),
        "runs": [{"seed": run["seed"], **{key: run[key] for key in kept}} for run in runs],
    }


def table(
    name: str,
    found: Mapping[str, Any],
    goal: float | None = None,
    published: Mapping[str, float] | None = None,
) -> Iterator[str]:
    """Lines of the table for people."""
    runs, (*figures, _) = found["runs"], found["figures"]
    main = FIGURE_NAMES.get(figures[0], figures[0])
    heads = "".join(f"{FIGURE_NAMES.get(figure, figure):^15}" for figure in figures)
    yield f"\n{name}: mean over {len(runs)} seeds, ± half of its 95% t-interval\n"
    yield f"  {'':32}{heads}{'cost':>7}"
    for row_name, row in found["rows"].items():
        shown = "".join(f"{_plus_minus(row[figure]):15}" for figure in figures)
        cost = f"{row['cost']['mean']:7,.0f}" if "cost" in row else f"{'-':>7}"
        yield f"{'>' if row_name in OURS else ' '} {row_name:32}{shown}{cost}"
    if published:
        cited = ", ".join(f"{other} {figure:.3f}" for other, figure in published.items())
        yield f"\n  published, test {main}: {cited}"
    yield f"\n  {main}: by how much better, paired by seed"
    yield f"  {'':36}" + "".join(f"{ours:24}" for ours in OURS)
    for rival in found["ahead"][EVOLVED]:
        each = "".join(f"{_verdict(found['ahead'][ours][rival]):24}" for ours in OURS)
        yield f"  than {rival:31}{each}".rstrip()
    yield f"\n  {main} for its price: each row, and the best living agents that cost no more"
    for point in found["prices"]:
        evolved = point["evolved"]
        ours = f"{np.mean(evolved):.3f} for {np.mean(point['paid']):,.0f}" if evolved else "nobody"
        yield f"  {point['cost']:7,.0f}  {point['name']:32}{point[figures[0]]:.3f}   {ours}"
    if goal is not None:
        yield f"\n  goal: test {main} {goal:.2f}"
        for ours in OURS:
            mean = found["rows"][ours][figures[0]]["mean"]
            met = (
                "met" if _no_worse(figures[0], mean, goal) else f"missed by {abs(goal - mean):.3f}"
            )
            yield f"  {ours:32}{mean:.3f}  {met}"
    totals = (
        f"{np.mean([run['seconds'][s] for run in runs]):.0f} s {s}" for s in runs[0]["seconds"]
    )
    yield f"\n  a run: {', '.join(totals)}"


def json_rows(name: str, found: Mapping[str, Any], goal: float | None = None) -> Iterator[str]:
    """A line of JSON for each of ours and each rival: mean figures, and their difference."""
    figure = found["figures"][0]
    for ours in OURS:
        mean = found["rows"][ours][figure]["mean"]
        for rival, difference in found["ahead"][ours].items():
            peer, half = found["rows"][rival][figure]["mean"], difference["half"]
            checks = {
                "seeds": len(difference["values"]),
                "difference": difference["mean"],
                "half_interval": half,
                "interval_clear_of_0": half is not None and abs(difference["mean"]) > half,
                "ours_cost": found["rows"][ours]["cost"]["mean"],
                "peer_cost": found["rows"][rival].get("cost", {}).get("mean"),
            }
            row = {"name": f"{name}: {ours} / {rival}, test {figure}", "ours": mean, "peer": peer}
            yield json.dumps({**row, "ratio": mean / peer, "checks": checks, "goal": goal})


def _no_worse(figure: str, ours: float, goal: float) -> bool:
    return ours <= goal if figure in LESS_IS_BETTER else ours >= goal


def _verdict(difference: Mapping[str, Any]) -> str:
    half, mean = difference["half"], difference["mean"]
    clear = half is not None and abs(mean) > half
    word = ("ahead" if mean > 0 else "behind") if clear else ""
    return f"{_plus_minus(difference, '+')} {word}"


def _plus_minus(figure: Mapping[str, Any], sign: str = "") -> str:
    half = figure["half"]
    varies = half is not None and half > 5e-4
    return f"{figure['mean']:{sign}.3f}" + (f" ± {half:.3f}" if varies else "")
