"""Speed and memory of whole worlds, everything on, on the shipped study `umls-30`.

Every size runs in a process of its own, so that peak memory is that size's. A small world lives
first, so that the clock finds all kernels compiled; compiling them (nothing if they are cached)
and posing the problem are told apart.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import Any

STUDY = "umls-30"
BOARD = 256
SIZES = ((1_000, 8), (1_000, BOARD), (10_000, 8))
"""Agents, and tasks each is given of the board."""

TICKS = 40
QUICK_TICKS = 8
WARM_UP = 8
"""Ticks of a small world before the clock starts: two generations."""

AIM = 5.0
"""Ticks per second that 10,000 agents should reach on two cores."""


def benchmark(as_json: bool, quick: bool) -> int:
    """Print a row for every size; returns the exit code."""
    if not as_json:
        print(
            f"{'agents':>8}{'tasks':>7}{'ticks/s':>9}{'peak MiB':>10}{'pose s':>8}{'compile s':>11}"
        )
    for agents, tasks in SIZES:
        ticks = QUICK_TICKS if quick else TICKS
        command = [sys.executable, "-m", "benchmarks.world", str(agents), str(tasks), str(ticks)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            return done.returncode
        row = json.loads(done.stdout)
        if as_json:
            print(json.dumps(row), flush=True)
        else:
            print(
                f"{agents:8,}{tasks:7}{row['ours']:9.2f}{row['peak_mib']:10,.0f}"
                f"{row['pose_s']:8.1f}{row['compile_s']:11.1f}",
                flush=True,
            )
    return 0


def measure(agents: int, tasks: int, ticks: int) -> dict[str, Any]:
    """One size, in this process; its row."""
    from numba.core.event import TimingListener, install_listener

    from experiments.reasoning.assembly import assemble
    from experiments.study.reading import load_study
    from swarm.systems import Remembering

    settings = [f"world.tasks={BOARD}", f"world.tasks_per_agent={tasks}"]
    compiling = TimingListener()
    with install_listener("numba:compile", compiling):
        warm, subject = assemble(load_study(STUDY, ["world.agents=32", *settings]), keep=False)
        while warm.steps < WARM_UP:
            warm.step()
    begun = time.perf_counter()
    study = load_study(STUDY, [f"world.agents={agents}", *settings])
    world, _ = assemble(study, subject, keep=False)
    supply = world.ledger.supply
    posed = time.perf_counter()
    while world.steps < ticks:
        world.step()
    lived = time.perf_counter() - posed
    world.ledger.check()
    return {
        "name": f"world of {agents:,} agents with {tasks} tasks each, ticks/s",
        "ours": round(ticks / lived, 3),
        "peer": None,
        "ratio": None,
        "checks": {
            "tokens_conserved": world.ledger.supply == supply,
            "population_steady": len(world.population) == agents,
            "findings": len(world.system(Remembering).facts),
        },
        "aim": AIM if agents == 10_000 else None,
        "peak_mib": round(_peak_mib(), 1),
        "pose_s": round(posed - begun, 2),
        "compile_s": round(compiling.duration, 2) if compiling.done else 0.0,
        "settings": {"study": STUDY, "ticks": ticks, "tasks": BOARD, "tasks_per_agent": tasks},
    }


def _peak_mib() -> float:
    """Peak resident memory of this process; macOS counts bytes, others KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:4]))))
