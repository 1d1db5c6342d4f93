"""The page of the dashboard in a real browser: what it shows, obeys, survives, and never runs."""

import re
import time

import pytest

from experiments.dash.server import STATIC_FOLDER
from experiments.running.wish import read_controls
from tests.experiments.dash.browser import chromium, seen
from tests.experiments.dash.looking import (
    PANELS,
    at,
    charts_drawn,
    colours,
    drawing,
    pace,
    state,
    tick,
    titles,
)
from tests.experiments.dash.stage import Played, everything
from tests.experiments.dash.watchers import Tab as SilentTab, Watcher, living, made, serving
from tests.experiments.small_models import small

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")

HOSTILE = "<img src=x onerror=\"window.hacked='yes'\">"


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
