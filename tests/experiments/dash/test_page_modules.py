"""The modules of the page in a real browser: frames, series, lines, scales and wishes."""

import itertools
import time

import numpy as np
import pytest

from experiments.running.frames.frame import LIVE, PAUSED, Frame
from tests.experiments.dash.browser import chromium
from tests.experiments.dash.looking import (
    PIXELS,
    at,
    pace,
    state,
)

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")


def test_columns_that_grow_are_thinned_out(browser, gate):
    tab = browser.open(gate.url)
    ticks, values, first = tab.run(
        "import('/static/series.js').then(({Series}) => {const series = new Series();"
        "for (let t = 1; t <= 30000; t++) series.add(t, t % 2 ? {a: 2 * t} : {a: 2 * t, b: t});"
        "return [series.ticks, series.get('a'), series.get('b').length]})"
    )
    assert 1500 < len(ticks) <= 4000
    assert first == len(ticks) == len(values)
    assert ticks[0] == 1
    assert ticks[-1] > 29_900
    assert values == [2 * each for each in ticks]
    assert max(b - a for a, b in itertools.pairwise(ticks)) <= 64


def test_a_frame_is_read_to_the_last_byte(browser, gate):
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 65536, (2, 7))
    shade, size = rng.integers(0, 256, (2, 7)).astype(np.uint8)
    frame = Frame(9, 70, x / 65535, y / 65535, shade, size, 3.0, 4.0, True, {"a": {"b": "é"}})
    tab = browser.open(gate.url)
    found = tab.run(
        "import('/static/frame.js').then(({readFrame}) => {const f = readFrame("
        f"Uint8Array.from({list(frame.pack(2.5, LIVE | PAUSED))}).buffer);"
        "return {...f, x: [...f.x], y: [...f.y], shade: [...f.shade], size: [...f.size]}})"
    )
    columns = {"x": x, "y": y, "shade": shade, "size": size}
    assert found == {
        "tick": 9, "shown": 7, "total": 70, "speed": 2.5, "width": 3, "height": 4,
        "parts": {"a": {"b": "é"}}, "paused": True, "live": True, "space": True,
        "finished": False, "cells": False, **{name: c.tolist() for name, c in columns.items()},
    }  # fmt: skip


def test_a_frame_is_acknowledged_when_it_is_drawn_and_not_before(browser, gate, played):
    played.show(1)
    tab = browser.open()
    tab.call("Page.addScriptToEvaluateOnNewDocument", source=HOLDING)
    tab.go(gate.url)
    at(tab, 1, played.hold)
    tab.wait("window.sent.some((words) => words === JSON.stringify({ack: 1}))")
    tab.run("window.held = []")
    played.show(2)
    tab.wait("window.held.length > 0")
    time.sleep(0.1)
    assert not tab.run("window.sent.includes(JSON.stringify({ack: 2}))")
    tab.run("(() => {const held = window.held; window.held = null; held.forEach((h) => h(0))})()")
    tab.wait("window.sent.at(-1) === JSON.stringify({ack: 2})")
    # A frame that cannot be shown is not the last one either.
    played.show(3, families=[None])
    tab.wait("window.sent.at(-1) === JSON.stringify({ack: 3})")
    tab.complaints.clear()
    played.show(4)
    at(tab, 4)


HOLDING = """
window.sent = [];
window.held = null;
const turn = window.requestAnimationFrame, send = WebSocket.prototype.send;
window.requestAnimationFrame = (call) =>
    window.held ? window.held.push(call) : turn.call(window, call);
WebSocket.prototype.send = function (words) { window.sent.push(words); send.call(this, words); };
"""


def test_what_one_tab_wishes_all_tabs_show(browser, gate, played):
    vision = {"name": "vision", "value": 1.0, "low": 0.0, "high": 4.0, "whole": False}
    played.offer({**vision, "meaning": "how far it sees"})
    played.show(1)
    one, other = browser.open(gate.url), browser.open(gate.url)
    at(one, 1, played.hold)
    at(other, 1, played.hold)
    field = "document.querySelector('#set-vision')"
    other.wait(f"{field}?.value === '1'")
    one.click("#pause")
    other.wait("document.querySelector('#pause').textContent === 'Go'")
    state(other, "paused")
    pace(one, 60)
    other.wait("document.querySelector('#pace').value === '60'")
    write(one, field, 1.5, "change")
    other.wait(f"{field}.value === '1.5'")
    # What a person is about to set is not written over; what is refused does not stay.
    write(one, field, 3.25)
    played.offer({**vision, "value": 2.0, "meaning": "how far it sees"})
    other.wait(f"{field}.value === '2'")
    assert one.run(f"{field}.value") == "3.25"
    write(one, field, 99.0, "change")
    one.wait("document.querySelector('#notices').textContent.includes('vision')")
    one.wait(f"{field}.value === '2'")
    assert one.complaints == other.complaints == []


def write(tab, field, value, *events):
    for event in ("input", *events):
        tab.run(
            f"(() => {{const field = {field}; field.value = '{value}';"
            f"field.dispatchEvent(new Event('{event}', {{bubbles: true}}))}})()"
        )


def test_a_line_of_many_points_hides_nothing(browser, gate):
    """A spike in 4,000 points is seen on 300 pixels, and so is what is known now and then only."""
    tab = browser.open(gate.url)
    flat, spike, sparse, rare = tab.run(LINES)
    assert flat["columns"] > 300
    assert flat["top"] > 100 > 30 > spike["top"]
    assert sparse["columns"] > 300
    assert 3 <= rare["columns"] < 100


LINES = """
Promise.all([import('/static/plot.js'), import('/static/charts.js')]).then(([{Plot}, charts]) => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas.style, {width: '380px', height: '200px', position: 'fixed'});
    document.body.append(canvas);
    const plot = new Plot(canvas, () => {});
    plot.theme = {panel: '#ffffff', ground: '#ffffff', line: '#dddddd', text: '#000000',
        dim: '#888888', font: 'sans-serif'};
    plot.fit();
    const draw = (of, count = 4000) => {
        const ticks = Array.from({length: count}, (_, at) => at);
        const lines = [['#0072B2', of], ['#ffffff', (at) => at % 2]].map(([colour, value]) =>
            ({name: '', colour, values: ticks.map(value)}));
        plot.refresh();
        charts.drawLines(plot, ticks, [lines[1], lines[0]]);
        const {width, height} = canvas;
        const data = plot.context.getImageData(0, 0, width, height).data;
        const columns = new Set(), rows = [];
        for (let at = 0; at < width * height; at++) {
            const [red, green, blue] = data.subarray(4 * at, 4 * at + 3);
            if (blue > red + 100) {
                columns.add(at % width);
                rows.push(Math.floor(at / width));
            }
        }
        return {columns: columns.size, top: Math.min(...rows)};
    };
    return [draw(() => 0), draw((at) => at === 1237 ? 1 : 0),
        draw((at) => at % 5 === 2 ? 0.5 : NaN), draw((at) => at % 20 === 7 ? 0.5 : NaN, 100)];
})
"""


def test_directions_are_drawn_on_a_scale_whose_ends_meet(browser, gate, played):
    shade = {"name": "heading", "classes": [], "low": -np.pi, "high": np.pi, "cyclic": True}
    rng = np.random.default_rng(0)
    place, many = rng.random((2, 400)), np.full(400, 64, np.uint8)
    tab = browser.open(gate.url)
    for now, turn in enumerate([np.repeat([0, 255], 200), np.repeat([0, 128], 200)], 1):
        frame = Frame(now, 400, *place, turn.astype(np.uint8), many, 9, 9, True, {"shade": shade})
        played.write(frame.pack(1.0, LIVE))
        at(tab, now, played.hold)
        # Straight back from the one side and from the other is one direction.
        tab.wait(f"(() => {{{PIXELS} {HUES}}})().length === {now}")
    stops = "getComputedStyle(document.querySelector('.ramp')).backgroundImage.match(/rgb[^)]*/g)"
    ends = tab.run(stops)
    assert ends[0] == ends[-1] != ends[2]
    assert tab.text("#legend").startswith("heading")


# Saturated colours of whole pixels of the world, without the edges of dots.
HUES = """
const count = new Map();
for (const pixel of pixels(document.querySelector('#world'))) {
    const parts = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
    if (Math.max(...parts) - Math.min(...parts) > 80) count.set(pixel, (count.get(pixel) ?? 0) + 1);
}
return [...count.entries()].filter(([, times]) => times > 2000).map(([pixel]) => pixel);
"""
