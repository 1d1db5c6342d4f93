"""A picture of the dashboard in the middle of a run, for the README.

python -m tests.experiments.dash.portrait docs/dashboard.png
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.experiments.dash.browser import Browser, Tab

STUDY = ("nations", "--set", "world.agents=240", "--set", "world.generations=50")
TICK = 120
WIDTH, HEIGHT = 1400, 860


def portray(path: Path, theme: str = "light") -> None:
    """Begin a run, watch it from its first tick, and write what is seen when it is half done."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        command = [str(Path(sys.executable).with_name("noosphere")), "dash", *STUDY]
        command += ["--no-browser", "--out", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = re.findall(r"http://\S+", server.stdout.readline())[0]
            try:
                with Browser(Path(name)) as browser:
                    tab = browser.open()
                    tab.shape(WIDTH, HEIGHT, theme=theme)
                    tab.go(url)
                    tab.wait("document.querySelector('#state').textContent === 'paused'")
                    tab.click("#pause")
                    watch(tab, TICK)
                    tab.picture(path)
            finally:
                server.send_signal(signal.SIGINT)
                if found := re.search(r"kill -INT (\d+)", server.stdout.read()):
                    os.kill(int(found[1]), signal.SIGKILL)  # its folder goes as well


def watch(tab: Tab, tick: int) -> None:
    """Look on until a tick, as long as it takes."""
    while int(re.sub(r"\D", "", tab.text("#tick")) or 0) < tick:
        tab.run("new Promise((done) => setTimeout(done, 300))")


if __name__ == "__main__":
    portray(Path(sys.argv[1]), *sys.argv[2:])
