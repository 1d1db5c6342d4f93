"""The server of a dashboard: passes frames of one run to the pages of one person.

It is a process of its own and reads the folder of the run. Guarantees:
- latest wins: a page that has drawn a frame says so, and gets the newest there is then; one that is
  slow, or says nothing, gets fewer, and keeps neither the run nor other pages waiting;
- nothing that a page sends is more than `MESSAGE_MAX` bytes, and no more than `PAGES_MAX` pages
  are served at once;
- if the server dies the run goes on, and if the run dies the server says so and goes on.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from socket import socket
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HttpRequest, Response

from experiments.dash.gate import SOCKET, Gate, Request, Verdict
from experiments.dash.helm import Helm, WishError
from experiments.dash.watching import Watching
from experiments.running.frames.frame import as_json

STATIC_FOLDER = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
MESSAGE_MAX = 4096
PAGES_MAX = 32
TRY_LATER = 1013
"""Code of a websocket that is closed since there are too many."""
TEXTS_KEPT = 256
"""Messages that wait for one page, at most."""
TOUCH_S, STATE_S, FRAME_S, NOBODY_S = 1.0, 0.25, 0.008, 0.1
"""Between two touches, looks at the state, looks for a frame, and those while nobody watches."""


class Page:
    """One page that is open: what waits to be sent to it."""

    def __init__(self, connection: ServerConnection):
        self.connection = connection
        self.ready = True  # for a frame: it has drawn the last one
        self.sent = 0  # number of the last frame
        self._texts: deque[str] = deque(maxlen=TEXTS_KEPT)
        self._woken = asyncio.Event()

    def tell(self, message: dict[str, Any]) -> None:
        """A message to be sent; of too many the oldest are lost."""
        self._texts.append(as_json(message))
        self._woken.set()

    def wake(self) -> None:
        """There may be something to send."""
        self._woken.set()

    async def send(self, newest: Callable[[], tuple[int, bytes]]) -> None:
        """Send what waits, and then the newest frame, for as long as the page is open."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._texts:
                await self.connection.send(self._texts.popleft())
            number, data = newest()
            if self.ready and data and number > self.sent:
                self.ready, self.sent = False, number
                await self.connection.send(data)


class Dashboard:
    """The server of one run.

    Args:
        watching: the run.
        helm: what its watchers wish.
        listening: a socket that is bound to 127.0.0.1 and listens.
        tend: is called a few times a second; what it returns is told to all pages.
    """

    def __init__(
        self,
        watching: Watching,
        helm: Helm,
        listening: socket,
        tend: Callable[[], str] = lambda: "",
    ):
        self._watching, self._helm, self._socket, self._tend = watching, helm, listening, tend
        port = listening.getsockname()[1]
        self._files = {path.name: path for path in STATIC_FOLDER.glob("*.*") if path.is_file()}
        self._pages: set[Page] = set()
        self._state = watching.state
        self._hello: dict[str, Any] = {}
        self._newest: tuple[int, bytes] = (0, b"")
        self._frame: tuple[int, int] | None = None
        self._since = 0  # when the first of the pages came, in nanoseconds
        self._refused: dict[str, Any] = watching.refused()
        self.gate = Gate(secrets.token_urlsafe(24), port, frozenset(self._files))

    async def serve(self, opened: Callable[[Gate], None] = lambda gate: None) -> None:
        """Serve until cancelled.

        Args:
            opened: is told of the gate when it is open.
        """
        server = serve(
            self._talk,
            sock=self._socket,
            process_request=self._answer,
            compression=None,
            max_size=MESSAGE_MAX,
            server_header=None,
        )
        async with server:
            opened(self.gate)
            await asyncio.gather(self._touch(), self._watch(), self._follow())

    # What comes in by HTTP

    def _answer(self, connection: ServerConnection, asked: HttpRequest) -> Response | None:
        """The answer to a request, or None for a websocket that may be opened."""
        names = ("Host", "Origin", "Cookie", "Sec-Fetch-Site")
        host, origin, cookie, site = (_only(asked.headers, name) for name in names)
        verdict = self.gate.judge(Request(asked.path, host, origin, cookie, asked.method, site))
        if verdict.name == SOCKET:
            if _only(asked.headers, "Upgrade").lower() != "websocket":
                return self._response(Verdict(HTTPStatus.UPGRADE_REQUIRED, said="a websocket\n"))
            if len(self._pages) >= PAGES_MAX:
                return self._response(Verdict(HTTPStatus.SERVICE_UNAVAILABLE, said="too many\n"))
            return None
        return self._response(verdict, head=asked.method == "HEAD")

    def _response(self, verdict: Verdict, head: bool = False) -> Response:
        body, kind = verdict.said.encode(), "text/plain; charset=utf-8"
        if verdict.name:
            path = self._files[verdict.name]
            body, kind = path.read_bytes(), KINDS.get(path.suffix, "application/octet-stream")
        length = ("Content-Length", str(len(body)))
        close = ("Connection", "close")
        given = (*verdict.headers, *self.gate.headers, ("Content-Type", kind), length, close)
        body = b"" if head else body
        return Response(verdict.status.value, verdict.status.phrase, Headers(given), body)

    # What comes in by a websocket

    async def _talk(self, connection: ServerConnection) -> None:
        """Serve a page until it is closed."""
        if len(self._pages) >= PAGES_MAX:  # several may have been let in at the same time
            await connection.close(TRY_LATER, "too many pages")
            return
        page = Page(connection)
        self._pages.add(page)
        sending = asyncio.create_task(page.send(lambda: self._newest))
        try:
            await self._greet(page)
            async for message in connection:
                self._hear(page, message)
        except ConnectionClosed:
            pass
        finally:
            self._pages.discard(page)
            sending.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await sending

    async def _greet(self, page: Page) -> None:
        """What the page is told first."""
        page.tell(self._watching.hello(self._state))
        page.tell({"kind": "wish", **self._helm.wish.to_json()})
        if self._state.live:
            self._touch_now()
        page.tell(await self._history())
        if not self._state.live and not self._newest[1]:
            await self._still()
        page.wake()

    def _hear(self, page: Page, message: str | bytes) -> None:
        try:
            given = json.loads(message)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            page.tell(_notice('not understood; a page sends {"do": ...} or {"ack": tick}'))
        elif "ack" in given:
            page.ready = True
            page.wake()
        elif not self._state.live:
            page.tell(_notice(f"nobody is at work on this run; {self._again()}"))
        else:
            try:
                wish = self._helm.heed(given)
            except WishError as error:
                page.tell(_notice(str(error)))
            else:
                self._tell_all({"kind": "wish", **wish.to_json()})

    # What goes out

    async def _touch(self) -> None:
        """The run knows that somebody watches, or that it waits for somebody."""
        while True:
            if self._state.live and (self._pages or self._helm.wish.paused):
                self._touch_now()
            await asyncio.sleep(TOUCH_S)

    def _touch_now(self) -> None:
        with suppress(OSError):
            self._watching.touch()

    async def _follow(self) -> None:
        """The newest frame of the run is the newest here."""
        while True:
            await asyncio.sleep(FRAME_S if self._pages else NOBODY_S)
            if not self._state.live:
                continue
            if not self._pages:
                # Whoever comes next is not shown what was before.
                self._newest, self._since = (self._newest[0], b""), time.time_ns()
                self._frame = None
                continue
            found = self._watching.frame() if self._watching.frame_is() != self._frame else None
            if found is not None and (found[0][1] >= self._since or self._helm.wish.paused):
                self._frame = found[0]
                self._publish(found[1])

    async def _watch(self) -> None:
        """Pages are told when the run begins, ends, dies, or when its controls change."""
        while True:
            await asyncio.sleep(STATE_S)
            before, self._state = self._state, self._watching.state
            if said := self._tend():
                self._tell_all(_notice(said))
            hello = self._watching.hello(self._state)
            if hello != self._hello:
                self._hello = hello
                self._tell_all(hello)
            refused = self._watching.refused()
            if refused and refused != self._refused:
                self._refused = refused
                self._tell_all(_notice(str(refused.get("text", ""))))
            if before.live and not self._state.live:
                await self._ended()

    async def _ended(self) -> None:
        """The run has come to its end, or has died."""
        if self._state.finished:
            self._watching.clear()
        else:
            self._tell_all(_notice(f"the run has stopped; {self._again()}"))
        if self._pages:
            self._tell_all(await self._history())
            await self._still()
        else:
            self._newest = (self._newest[0], b"")  # to be made when somebody asks

    async def _history(self) -> dict[str, Any]:
        try:
            columns = await asyncio.to_thread(self._watching.history)
        except (ValueError, OSError) as error:
            return _notice(str(error))
        return {"kind": "history", "columns": columns}

    async def _still(self) -> None:
        """Everybody is shown the last checkpoint."""
        try:
            self._publish(await asyncio.to_thread(self._watching.still))
        except (ValueError, OSError) as error:
            self._tell_all(_notice(f"the world cannot be shown: {error}"))

    def _publish(self, data: bytes) -> None:
        self._newest = (self._newest[0] + 1, data)
        for page in self._pages:
            page.wake()

    def _tell_all(self, message: dict[str, Any]) -> None:
        for page in self._pages:
            page.tell(message)

    def _again(self) -> str:
        return f"noosphere resume {self._watching.folder.path} goes on with it"


def _only(headers: Headers, name: str) -> str:
    """The value of a header that is there once; "" if it is not, or more than once."""
    values = headers.get_all(name)
    return values[0] if len(values) == 1 else ""


def _notice(text: str) -> dict[str, Any]:
    return {"kind": "notice", "text": text}
