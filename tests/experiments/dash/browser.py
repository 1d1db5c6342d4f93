"""A headless Chromium, told what to do over the DevTools protocol of its own websocket.

    with Browser(tmp_path) as browser:
        tab = browser.open("http://127.0.0.1:8000/")
        tab.wait("document.title === 'noosphere'")

What a page complains of (console errors, exceptions, broken content policies) is kept in
`tab.complaints`.
"""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.experiments.dash.watchers import PATIENCE_S, until

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--mute-audio",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


POLL_S = 0.03
"""Between two looks at a page: looking costs the page time."""


def seen(event: Callable[[], Any], what: str) -> Any:
    """What `event` returns once it is true, asked now and then; AssertionError if it never is."""
    return until(lambda: event() or time.sleep(POLL_S), what)


def chromium() -> str | None:
    """Where the browser is, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Wire:
    """A websocket to the browser or to one of its tabs."""

    def __init__(self, socket: ClientConnection):
        self._socket = socket
        self._numbers = itertools.count(1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for something and wait for the answer; what is told meanwhile is listened to.

        Raises:
            RuntimeError: the browser refuses.
            TimeoutError: no answer comes.
        """
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=PATIENCE_S))
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                found: dict[str, Any] = message["result"]
                return found
            self._listen(message.get("method", ""), message.get("params", {}))

    def _listen(self, event: str, about: dict[str, Any]) -> None:
        """Take note of an event."""


class Tab(Wire):
    """A page of the browser.

    Attributes:
        complaints: what the page's console, its scripts and its content policy complained of.
    """

    def __init__(self, socket: ClientConnection):
        super().__init__(socket)
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def _listen(self, event: str, about: dict[str, Any]) -> None:
        if event == "Runtime.exceptionThrown":
            self.complaints.append(f"exception: {json.dumps(about['exceptionDetails'])[:600]}")
        elif event == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
            self.complaints.append(f"console: {json.dumps(about['args'])[:600]}")
        elif event == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"log: {about['entry']['text']} {about['entry'].get('url')}")

    def go(self, url: str) -> int:
        """Open an address; returns the status of the answer."""
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")
        status: int = self.run("performance.getEntriesByType('navigation')[0].responseStatus")
        return status

    def run(self, script: str) -> Any:
        """The value of a script in the page; a promise is waited for."""
        found = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(f"{script}: {json.dumps(found['exceptionDetails'])[:600]}")
        return found["result"].get("value")

    def wait(self, script: str) -> Any:
        """The value of a script once it is true; AssertionError if it never is."""
        return seen(lambda: self.run(script), f"{script}; complaints: {self.complaints}")

    def text(self, selector: str) -> str:
        """The text of an element."""
        found: str = self.run(f"document.querySelector({json.dumps(selector)}).textContent")
        return found

    def click(self, selector: str) -> None:
        """Click on an element, as a mouse does."""
        box = self.run(
            f"(() => {{const b = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]})()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left",
                clickCount=1,
            )  # fmt: skip

    def hover(self, x: float, y: float) -> None:
        """Put the mouse somewhere."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key: str, code: str, text: str = "") -> None:
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code, text=text)

    def shape(self, width: int, height: int, scale: float = 1, theme: str = "light") -> None:
        """The size of the window, in CSS pixels, and the theme that it prefers."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=False,
        )  # fmt: skip
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": theme}],
        )

    def picture(self, path: Path) -> None:
        """Write what is seen to a PNG file."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


class Browser:
    """A browser with an empty profile, closed at the end of the `with`.

    Args:
        folder: where its profile is kept.
    """

    def __init__(self, folder: Path):
        program = chromium()
        assert program is not None, "no Chromium here"
        self._profile = folder / "profile"
        self._sockets: list[ClientConnection] = []
        self._open: list[str] = []
        self._process = subprocess.Popen(
            [program, *OPTIONS, f"--user-data-dir={self._profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port = self._profile / "DevToolsActivePort"
        until(lambda: port.exists() and port.read_text().count("\n") >= 1, "a browser")
        number, path = port.read_text().split("\n")[:2]
        self._address = f"ws://127.0.0.1:{number}"
        self._root = Wire(self._connect(f"{self._address}{path}"))

    def _connect(self, address: str) -> ClientConnection:
        socket = connect(address, max_size=None, compression=None, proxy=None)
        self._sockets.append(socket)
        return socket

    def open(self, url: str = "about:blank", **shape: Any) -> Tab:
        """A new tab in a window of its own, so that none hides another."""
        name = self._root.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        self._open.append(name)
        tab = Tab(self._connect(f"{self._address}/devtools/page/{name}"))
        tab.shape(**{"width": 1440, "height": 900, **shape})
        if url != "about:blank":
            tab.go(url)
        return tab

    def clear(self) -> None:
        """Close all tabs."""
        while self._open:
            self._root.call("Target.closeTarget", targetId=self._open.pop())

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        for socket in self._sockets:
            with suppress(ConnectionClosed):
                socket.close()
