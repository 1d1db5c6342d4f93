"""The page of the dashboard in a real browser: what it shows, obeys, survives, and never runs."""

import itertools
import json
import re
import time

import numpy as np
import pytest

from experiments.dash.server import STATIC_FOLDER
from experiments.running.frames.frame import LIVE, PAUSED, Frame
from experiments.running.wish import read_controls
from tests.experiments.dash.browser import Browser, chromium, seen
from tests.experiments.dash.stage import Played, everything
from tests.experiments.dash.watchers import Tab as SilentTab, Watcher, living, made, serving
from tests.experiments.small_models import small

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")

HOSTILE = "<img src=x onerror=\"window.hacked='yes'\">"
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


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as chrome:
        yield chrome


@pytest.fixture
def browser(chrome):
    yield chrome
    chrome.clear()


@pytest.fixture
def played(tmp_path):
    run = Played(tmp_path)
    with run.folder.claimed():
        yield run


@pytest.fixture
def gate(played):
    with serving(played.folder) as gate:
        yield gate


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


def test_the_token_opens_the_page_and_then_the_cookie(browser, gate, played):
    played.show(7)
    stranger = browser.open()
    assert stranger.go(gate.url.replace("token=", "token=x")) == 403
    assert "wrong token" in stranger.text("body")
    assert stranger.go(gate.url.partition("?")[0]) == 403
    tab = browser.open()
    assert tab.go(gate.url) == 200
    assert tab.run("location.search") == ""
    at(tab, 7, played.hold)
    played.show(8)
    tab.call("Page.reload")
    at(tab, 8, played.hold)
    assert tab.complaints == []


def test_a_live_run_is_shown_and_obeys_to_its_end(browser, tmp_path):
    folder = made(small("flocking", "ticks=200", "birds=60"), tmp_path)
    watcher = Watcher(folder)
    watcher.wish("pause")
    with serving(folder) as gate, living(folder):
        tab = browser.open(gate.url)
        state(tab, "paused")
        assert tick(tab) == 0
        assert tab.text("#study") == "flocking"
        assert tab.text("#ticks") == " of 200"
        tab.click("#step")
        at(tab, 1)
        tab.press("s", "KeyS", "s")
        at(tab, 2)
        time.sleep(0.3)
        assert tick(tab) == 2 == watcher.tick
        assert colours(tab) > 4  # a scale, on a stage

        pace(tab, 60)  # of the slider: about 50 ticks a second
        tab.click("#pause")
        state(tab, "live")
        at(tab, 8)
        tab.click("#pause")
        state(tab, "paused")
        tab.run("new Promise((done) => setTimeout(done, 400))")
        stopped = tick(tab)
        time.sleep(0.4)
        assert tick(tab) == stopped == watcher.tick < 200
        assert all(charts_drawn(tab))

        tab.run(
            "(() => {const field = document.querySelector('#set-vision'); field.value = '3.5';"
            "field.dispatchEvent(new Event('change'))})()"
        )
        seen(lambda: value(folder, "vision") == 3.5, "the parameter")
        before = colours(tab)
        tab.run("document.activeElement.blur()")
        tab.press(" ", "Space", " ")
        state(tab, "live")
        pace(tab, 100)
        state(tab, "finished")
        at(tab, 200)
        assert min(colours(tab), before) > 4
        assert tab.run("document.querySelector('#transport').hidden")
        assert tab.complaints == []


def pace(tab, stop):
    tab.run(
        f"(() => {{const slider = document.querySelector('#pace'); slider.value = '{stop}';"
        "slider.dispatchEvent(new Event('input')); slider.dispatchEvent(new Event('change'))})()"
    )


def value(folder, name):
    controls = (read_controls(folder.path / "live") or {}).get("controls", [])
    return next((each["value"] for each in controls if each["name"] == name), None)


def test_panels_appear_with_what_the_run_has(browser, gate, played):
    played.show(1)
    tab = browser.open(gate.url)
    at(tab, 1, played.hold)
    assert titles(tab) == ["World", "Parameters"]
    for now in range(2, 6):
        played.show(now, **everything(now, "alpha"))
        at(tab, now)
    tab.wait("document.querySelectorAll('.panel').length > 9")
    assert sorted(set(titles(tab)) - {"World", "Parameters"}) == PANELS
    seen(lambda: all(charts_drawn(tab)), "charts")
    assert tab.run("document.documentElement.scrollHeight") <= 900  # 1440x900 shows all
    tab.run(
        "(() => {const choice = document.querySelector('.panel select'); choice.value = 'alpha';"
        "choice.dispatchEvent(new Event('change'))})()"
    )
    note = "document.querySelector('.panel select').parentElement.querySelector('.note')"
    assert tab.run(f"{note}.textContent") == "5"
    played.show(6, **everything(6, "alpha"))
    tab.wait(f"{note}.textContent === '6'")
    tab.shape(420, 800)
    tab.wait("document.documentElement.scrollWidth <= 420")
    assert tab.complaints == []


def test_hostile_words_are_shown_and_never_run(browser, tmp_path):
    study = ["ticks=900", "people=5", f"description={HOSTILE}"]
    run = Played(tmp_path, study)
    meant = {"name": HOSTILE, "value": 1.0, "low": 0.0, "high": 2.0, "whole": False}
    run.offer({**meant, "meaning": HOSTILE})
    classes = [[HOSTILE, HOSTILE], ["b", "red;background:url(x)"], ["c", None]]
    with run.folder.claimed(), serving(run.folder) as gate:
        tab = browser.open()
        tab.call(
            "Page.addScriptToEvaluateOnNewDocument",
            source="addEventListener('securitypolicyviolation', () => window.hacked = 'policy')",
        )
        tab.go(gate.url)
        for now in range(1, 4):
            shade = {"name": HOSTILE, "classes": classes}
            run.show(now, **{**everything(now, HOSTILE), "shade": shade})
            at(tab, now)
        tab.wait("document.querySelectorAll('.panel').length > 9")
        tab.wait("document.querySelectorAll('#legend li').length")
        assert tab.text("#about") == HOSTILE
        assert HOSTILE.replace('"', '\\"') in tab.text("#sections")
        assert HOSTILE in tab.text("#legend")
        assert HOSTILE in tab.text("#parameters")
        for x in range(40, 1440, 200):
            for y in range(100, 900, 200):
                tab.hover(x, y)
        seen(lambda: all(charts_drawn(tab)), "charts")
        assert tab.run("document.querySelectorAll('img').length") == 0
        assert tab.run("window.hacked ?? 'no'") == "no"
        assert tab.complaints == []


def test_no_word_can_become_markup_or_code():
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function"
        r"|DOMParser|createContextualFragment|setAttribute\(\"(?:style|on|src|href)|cssText"
    )
    scripts = sorted(STATIC_FOLDER.glob("*.js"))
    assert len(scripts) > 6
    for script in scripts:
        assert not forbidden.search(script.read_text("utf-8")), script.name
    page = (STATIC_FOLDER / "index.html").read_text("utf-8")
    assert not re.search(r"\son\w+=|style=|<style|<script(?! type=\"module\" src=)", page)
    whole = page + "".join(path.read_text("utf-8") for path in STATIC_FOLDER.iterdir())
    assert not re.search(r"https?://", whole)  # nothing from elsewhere


@pytest.mark.slow
def test_a_slow_tab_stops_nobody(browser, gate, played):
    played.show(1, agents=2_000)
    slow, fast = browser.open(gate.url), browser.open(gate.url)
    at(slow, 1, played.hold)
    slow.call("Emulation.setCPUThrottlingRate", rate=4)
    with SilentTab(gate) as silent:
        silent.look()  # and never says that it has drawn
        for now in range(2, 7):
            played.show(now, agents=2_000)
            at(fast, now)
    slow.call("Emulation.setCPUThrottlingRate", rate=1)
    at(slow, 6)  # latest wins: it gets there all the same
    assert slow.complaints == fast.complaints == []


def test_what_is_no_frame_is_told_and_a_great_world_is_drawn(browser, gate, played):
    played.show(1)
    tab = browser.open(gate.url)
    at(tab, 1, played.hold)
    for broken in (b"NFM1" + bytes(20), bytes(64)):
        tab.run("document.querySelector('#notices').replaceChildren()")
        played.write(broken)
        tab.wait("document.querySelector('#notices').textContent.includes('The server sent')")
    played.show(2, agents=100_000)
    at(tab, 2)
    assert tab.text("#total") == "100,000"
    assert colours(tab) >= 3
    assert tab.complaints == []


def test_a_world_can_be_looked_at_closely(browser, gate, played):
    played.show(1, agents=900)
    tab = browser.open(gate.url)
    at(tab, 1, played.hold)
    box = tab.run(
        "(() => {const b = document.querySelector('#world').getBoundingClientRect();"
        "return [b.x, b.y, b.width, b.height]})()"
    )
    found = set()
    for step in range(1, 30):
        tab.hover(box[0] + box[2] * step / 30, box[1] + box[3] / 2)
        found.add(tab.text("#under-pointer").partition(" at ")[0])
    assert {"kind: a", "kind: b", "kind: c"} <= found
    everybody = drawing(tab)
    tab.run("document.querySelector('#world').focus()")
    for _ in range(4):
        tab.press("+", "Equal", "+")
    seen(lambda: drawing(tab) != everybody, "a nearer look")
    tab.press("0", "Digit0", "0")
    tab.run("document.activeElement.blur()")
    tab.hover(5, 5)
    seen(lambda: drawing(tab) == everybody, "the whole world again")
    assert tab.complaints == []


def test_a_server_that_goes_leaves_the_page_at_rest(browser, played):
    played.show(5)
    with serving(played.folder) as gate:
        tab = browser.open()
        tab.call("Page.addScriptToEvaluateOnNewDocument", source=COUNTING)
        tab.go(gate.url)
        at(tab, 5, played.hold)
    state(tab, "lost")
    assert not tab.run("document.querySelector('#lost').hidden")
    time.sleep(0.3)
    turned, opened = tab.run("[window.turned, window.opened]")
    time.sleep(1.5)
    later = tab.run("[window.turned, window.opened]")
    assert later[0] - turned <= 4
    assert later[1] - opened <= 2
    before = later[1]
    tab.click("#again")
    tab.wait(f"window.opened > {before}")  # at once, when a person asks
    assert tick(tab) == 5
    assert colours(tab) >= 3


COUNTING = """
window.turned = window.opened = 0;
const turn = window.requestAnimationFrame, Socket = window.WebSocket;
window.requestAnimationFrame = (call) => (window.turned++, turn.call(window, call));
window.WebSocket = class extends Socket {
    constructor(...given) { super(...given); window.opened++; }
};
"""


def test_the_page_tries_again_ever_more_seldom_and_then_rests(browser, gate):
    """As often as at first only after a server has spoken; browsers hide loops: they wait."""
    tab = browser.open(gate.url)
    assert tab.run(RECONNECTING) == [
        [1000, 2000, 4000, 8000, 15000, 30000],
        [1, 2, 4, 8, 15, 30, None],
        [1000, 2000, 1000, 2000, 4000],
    ]


RECONNECTING = """
import('/static/connection.js').then(({Connection}) => {
    const kept = [window.WebSocket, window.setTimeout], waits = [], told = [], due = [];
    window.WebSocket = class { constructor() { this.readyState = 0; } };
    window.WebSocket.OPEN = 1;
    window.setTimeout = (call, wait) => (waits.push(wait), due.push(call));
    const line = new Connection({
        lost: (wait) => told.push(line.socket === null ? wait : 'no rest'), message: () => null});
    const lose = () => line.socket.onclose(), hear = (kind) =>
        line.socket.onmessage({data: JSON.stringify({kind})});
    line.connect();
    for (let at = 0; at < 7; at++) { lose(); due.pop()?.(); }
    const first = waits.splice(0);
    line.connectAgain();
    for (let at = 0; at < 5; at++) {
        hear(at === 2 ? 'hello' : 'notice');
        lose();
        due.pop()();
    }
    [window.WebSocket, window.setTimeout] = kept;
    return [first, told.slice(0, 7), waits];
})
"""


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
    said = tab.run("window.sent.length")
    played.show(2)
    tab.wait("window.held.length > 0")
    time.sleep(0.1)
    assert tab.run("window.sent.length") == said
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
