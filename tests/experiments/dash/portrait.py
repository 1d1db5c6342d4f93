"""A picture of the dashboard in the middle of a run, for the README.

python -m tests.experiments.dash.portrait docs/dashboard.png
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

from experiments.dash.starting import begin
from experiments.study.reading import load_study
from tests.experiments.dash.browser import Browser, Tab
from tests.experiments.dash.watchers import serving, until

STUDY, CHANGES, TICK = "nations", ("world.agents=240", "world.generations=50"), 130
WIDTH, HEIGHT = 1400, 860


def portray(path: Path, theme: str = "light") -> None:
    """Begin a run, watch it from its first tick, and write what is seen when it is half done."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        watching, _, child = begin(load_study(STUDY, CHANGES), folder / "runs", paused=True)
        try:
            with serving(watching.folder) as gate, Browser(folder) as browser:
                tab = browser.open()
                tab.shape(WIDTH, HEIGHT, theme=theme)
                tab.go(gate.url)
                tab.wait("document.querySelector('#state').textContent === 'paused'")
                tab.click("#pause")
                wait_for(tab, TICK)
                tab.hover(1, 1)
                tab.picture(path)
        finally:
            os.kill(child.number, signal.SIGINT)
            until(lambda: not child.lives, "the end of the run")


def wait_for(tab: Tab, tick: int) -> None:
    """As long as it takes."""
    digits = "document.querySelector('#tick').textContent.replace(/\\D/g, '')"
    while int(tab.run(digits) or 0) < tick:
        tab.run("new Promise((done) => setTimeout(done, 300))")


if __name__ == "__main__":
    portray(Path(sys.argv[1]), *sys.argv[2:])
