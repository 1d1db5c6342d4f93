"""The final table over several seeds: what evolved beside everything one could do instead.

The split of a graph is the study's and the same for all seeds; a seed is another world, another
random search and another ComplEx-N3. Rows that no chance enters have no interval.
"""

from __future__ import annotations

import json
import math
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from experiments.assembly import assemble
from experiments.baselines import BEST_SINGLE, TUNED_PROTOCOLS, TUNED_WEIGHTS
from experiments.doctor import cores, versions
from experiments.evaluation import COMPLEX, EVOLVED, RANDOM_SEARCH, examine
from experiments.study import load_study

GRAPHS = ("umls-30", "kinships-30")
FIGURES = ("mrr", "hits10", "valid", "cost")
RIVALS = (BEST_SINGLE, RANDOM_SEARCH, TUNED_WEIGHTS, TUNED_PROTOCOLS, COMPLEX)
SEEDS = 5
CONFIDENCE = 0.95
RECORD = Path(__file__).with_name("main.json")
QUICK_CHANGES = ("world.agents=50", "world.generations=5")
QUICK_SEEDS = 2


def benchmark(graphs: list[str], seeds: int, as_json: bool, quick: bool) -> int:
    """Run and print; returns the exit code.

    `main.json` is written by a whole run alone: all of `GRAPHS`, at least `SEEDS` seeds.
    """
    if find_spec("torch") is None:
        print(f"{COMPLEX} needs torch: pip install -r benchmarks/requirements.txt", file=sys.stderr)
        return 2
    seeds = min(seeds, QUICK_SEEDS) if quick else seeds
    record: dict[str, Any] = {
        "seeds": list(range(1, seeds + 1)),
        "confidence": CONFIDENCE,
        "versions": {**versions(), "torch": metadata.version("torch")},
        "machine": f"{platform.system()} {platform.machine()}, {cores()} cores",
        "graphs": {},
    }
    for graph in graphs:
        runs = [_run(graph, seed, quick) for seed in record["seeds"]]
        found = record["graphs"][graph] = summary(runs)
        lines = json_rows(graph, found) if as_json else table(graph, found)
        print("\n".join(lines), flush=True)
    if not quick and seeds >= SEEDS and set(graphs) >= set(GRAPHS):
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0


def _run(name: str, seed: int, quick: bool) -> dict[str, Any]:
    """One world lived and examined; `examine`'s results with wall seconds."""
    from benchmarks.complex_n3 import learn

    def say(text: str) -> None:
        print(f"{name}, seed {seed}: {text}", file=sys.stderr, flush=True)

    study = load_study(name, [f"seed={seed}", *(QUICK_CHANGES if quick else ())])
    small: Mapping[str, Any] = {"ranks": (64,), "regularisers": (0.03,), "epochs": 5}
    begun = time.perf_counter()
    say("posing the problem")
    world, problem, graph = assemble(study, keep=False)
    posed = time.perf_counter()
    say(f"living {study.ticks} ticks")
    while world.steps < study.ticks:
        world.step()
    lived = time.perf_counter()
    peer = partial(learn, seed=seed, **(small if quick else {}))
    results = examine(world, problem, graph, say, {COMPLEX: peer})
    done = time.perf_counter()
    seconds = {"pose": posed - begun, "live": lived - posed, "examine": done - lived}
    return {**results, "seconds": {stage: round(value, 2) for stage, value in seconds.items()}}


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures of every row over the runs, and paired differences of MRR to its rivals."""
    rows: dict[str, Any] = {}
    for name in (row["name"] for row in runs[0]["rows"]):
        each = [next(row for row in run["rows"] if row["name"] == name) for run in runs]
        rows[name] = {
            figure: spread([row[figure] for row in each])
            for figure in FIGURES
            if each[0][figure] is not None
        }
        rows[name]["notes"] = list(dict.fromkeys(row["note"] for row in each if row["note"]))
    evolved = np.array(rows[EVOLVED]["mrr"]["values"])
    differences = {
        rival: spread((evolved - rows[rival]["mrr"]["values"]).tolist())
        for rival in RIVALS
        if rival in rows
    }
    kept = ("facts", "ticks", "evaluations", "random_genomes", "best", "seconds")
    return {
        "rows": rows,
        "evolved minus": differences,
        "runs": [{"seed": run["seed"], **{key: run[key] for key in kept}} for run in runs],
    }


def spread(values: list[float]) -> dict[str, Any]:
    """Values, their mean, and the half-width of its Student t-interval; None for one value."""
    from scipy.stats import t

    n = len(values)
    half = None
    if n > 1:
        error = float(np.std(values, ddof=1)) / math.sqrt(n)
        half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * error
    return {"values": values, "mean": float(np.mean(values)), "half": half}


def table(graph: str, found: Mapping[str, Any]) -> Iterator[str]:
    """Lines of the table for people."""
    runs = found["runs"]
    yield f"\n{graph}: mean over {len(runs)} seeds, ± half of its 95% t-interval\n"
    yield f"  {'':26}{'MRR':^15}{'Hits@10':^15}{'valid':^15}{'cost':>7}"
    for name, row in found["rows"].items():
        figures = "".join(f"{_plus_minus(row[figure]):15}" for figure in FIGURES[:3])
        cost = f"{row['cost']['mean']:7,.0f}" if "cost" in row else f"{'-':>7}"
        yield f"{'>' if name == EVOLVED else ' '} {name:26}{figures}{cost}"
    yield "\n  MRR of the best evolved agent, paired by seed"
    for rival, difference in found["evolved minus"].items():
        yield f"  minus {rival:26}{_plus_minus(difference, '+')}"
    totals = (
        f"{np.mean([run['seconds'][s] for run in runs]):.0f} s {s}" for s in runs[0]["seconds"]
    )
    yield f"\n  a run: {', '.join(totals)}"


def json_rows(graph: str, found: Mapping[str, Any]) -> Iterator[str]:
    """A line of JSON for each rival: mean MRR of the best evolved agent, and of the rival."""
    ours = found["rows"][EVOLVED]["mrr"]["mean"]
    for rival, difference in found["evolved minus"].items():
        peer, half = found["rows"][rival]["mrr"]["mean"], difference["half"]
        checks = {
            "seeds": len(difference["values"]),
            "difference": difference["mean"],
            "half_interval": half,
            "interval_clear_of_0": half is not None and abs(difference["mean"]) > half,
        }
        row = {"name": f"{graph}: {EVOLVED} / {rival}, test MRR", "ours": ours, "peer": peer}
        yield json.dumps({**row, "ratio": ours / peer, "checks": checks})


def _plus_minus(figure: Mapping[str, Any], sign: str = "") -> str:
    half = figure["half"]
    varies = half is not None and half > 5e-4
    return f"{figure['mean']:{sign}.3f}" + (f" ± {half:.3f}" if varies else "")
