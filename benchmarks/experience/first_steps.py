"""First steps: how soon a command answers, and how long from a clone to the first picture.

Wall time, as it is what somebody waits; the least of several, since the machine has other work.
The peers of start-up are the interpreter itself, and importing what a script of Mesa's imports.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.rows import Row

HOME = Path(__file__).parents[2]
GOAL_MS = 300.0
COMMANDS = (("--help",), ("--version",), ("run", "--help"), ("sweep", "--help"), ("studies",))
PICTURE = "flocking"


def rows(quick: bool) -> Iterator[Row]:
    """Start-up of commands; and, if there is time, from a clone to the first picture."""
    times = 3 if quick else 10
    python = _least([sys.executable, "-c", "pass"], times)
    mesa = _least([sys.executable, "-c", "import mesa"], times)
    noosphere = str(Path(sys.executable).with_name("noosphere"))
    for words in COMMANDS:
        ours = _least([noosphere, *words], times)
        yield Row(
            f"noosphere {' '.join(words)}, ms",
            ours,
            peer=mesa,
            ratio=mesa / ours,
            goal=GOAL_MS,
            notes={"python alone": round(python), "peer": "python -c 'import mesa'"},
        )
    with tempfile.TemporaryDirectory() as folder:
        ours = _least([noosphere, "run", PICTURE, "--out", folder], 1 if quick else 3)
        pictures = len(list(Path(folder).glob("*/report.html")))
    yield Row(
        f"noosphere run {PICTURE}, from the command to the page with pictures, ms",
        ours,
        checks={"a page each": pictures == (1 if quick else 3)},
        notes={"what": "200 birds, 600 ticks; compiled before"},
    )
    if not quick:
        yield from _from_a_clone()


def _from_a_clone() -> Iterator[Row]:
    """Clone, install, run: what a newcomer waits for."""
    with tempfile.TemporaryDirectory() as folder:
        house = Path(folder) / "noosphere"
        # An installed environment would be found before the new one.
        hidden = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")
        clean = {name: value for name, value in os.environ.items() if name not in hidden}
        parts = {}
        for name, command, place in (
            ("clone", ["git", "clone", "--quiet", str(HOME), str(house)], Path(folder)),
            ("install", ["make", "-s", ".venv/.run"], house),
            ("run", [".venv/bin/noosphere", "run", PICTURE], house),
        ):
            begun = time.perf_counter()
            subprocess.run(command, cwd=place, env=clean, check=True, stdout=subprocess.DEVNULL)
            parts[name] = time.perf_counter() - begun
        pages = list(house.glob("runs/*/report.html"))
        shutil.rmtree(house)
    yield Row(
        f"from a clone to the first picture ({PICTURE}), s",
        sum(parts.values()),
        checks={"there is a picture": len(pages) == 1},
        goal=300.0,
        notes={name: round(seconds, 1) for name, seconds in parts.items()},
    )


def _least(command: list[str], times: int) -> float:
    """The least wall time of a command, in milliseconds; it has to succeed."""
    least = float("inf")
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        least = min(least, time.perf_counter() - begun)
    return 1000 * least
