"""What a test sees of the page: its text, its pixels, its charts."""

from __future__ import annotations

import json
import re

from tests.experiments.dash.browser import seen

PANELS = [
    "Accuracy", "Engine use", "Families", "Market", "Memory", "Pareto front", "Rumours", "Wealth",
]  # fmt: skip
# Pixels are read from a copy, so that the page's own canvases stay as they are.
PIXELS = """
const pixels = (canvas) => {
    const {width, height} = canvas, copy = new OffscreenCanvas(width, height).getContext('2d');
    copy.drawImage(canvas, 0, 0);
    return new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer);
};
"""


def pixels(tab, then):
    return tab.run(f"(() => {{{PIXELS} return ({then})}})()")


def colours(tab):
    """How many colours the world is drawn with."""
    counted = (
        "((seen) => (pixels(document.querySelector('#world')).forEach((pixel) =>"
        "seen.set(pixel, (seen.get(pixel) ?? 0) + 1)), seen))(new Map())"
    )
    return pixels(tab, f"[...{counted}.values()].filter((count) => count > 20).length")


def drawing(tab):
    """A number that stands for what the world's canvas shows."""
    world = "pixels(document.querySelector('#world'))"
    return pixels(tab, f"{world}.reduce((sum, pixel) => (sum * 31 + pixel) % 1e9, 7)")


def state(tab, wanted):
    tab.wait(f"document.querySelector('#state').textContent === {json.dumps(wanted)}")


def tick(tab):
    shown = tab.run("document.querySelector('#tick')?.textContent ?? ''")
    return int(re.sub(r"\D", "", shown) or -1)


def at(tab, least, hold=lambda: None):
    seen(lambda: hold() or tick(tab) >= least, f"tick {least} on the page, {tab.complaints}")


def titles(tab):
    return tab.run("[...document.querySelectorAll('.panel h2')].map((each) => each.textContent)")


def charts_drawn(tab):
    """Of all charts, whether there is something on them."""
    charts = "[...document.querySelectorAll('#charts canvas, #side canvas')]"
    return pixels(tab, f"{charts}.map((chart) => pixels(chart).some((pixel) => pixel !== 0))")


def pace(tab, stop):
    tab.run(
        f"(() => {{const slider = document.querySelector('#pace'); slider.value = '{stop}';"
        "slider.dispatchEvent(new Event('input')); slider.dispatchEvent(new Event('change'))})()"
    )
