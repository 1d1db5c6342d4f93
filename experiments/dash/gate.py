"""Who is let in to a dashboard: pure functions of what a browser sends.

A dashboard shows one run to one person, on their own machine. It listens on 127.0.0.1 alone, and:

- whoever opens it has the token of the URL that was printed, once; then a cookie that scripts
  cannot read and that other sites' pages do not send;
- `Host` must be this machine by name, so that a foreign name that points here (DNS rebinding) opens
  nothing; `Origin` of a websocket must be this page;
- paths are names in a fixed table, and never lead to a file;
- the page runs its own scripts alone, in no frame, and talks to nobody else.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

NAMES = ("127.0.0.1", "localhost")
PAGE, SOCKET, STATIC = "/", "/ws", "/static/"


@dataclass(frozen=True)
class Request:
    """What matters of a request: its method, its target, and headers, "" where there are none.

    `site` is `Sec-Fetch-Site`: whether a page of another site leads here, as browsers say it.
    """

    target: str
    host: str = ""
    origin: str = ""
    cookie: str = ""
    method: str = "GET"
    site: str = ""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a request.

    Attributes:
        status: of the answer; OK if it is let in.
        name: what it gets: a file of the page, or `/ws` for the websocket; "" if it is not let in.
        said: the text of a refusal.
        headers: to be sent beside those that all answers have.
    """

    status: HTTPStatus
    name: str = ""
    said: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Gate:
    """The gate of one dashboard.

    Attributes:
        token: that opens it; port: where it listens; files: names of the page's files.
    """

    token: str
    port: int
    files: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        """What a person opens."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    @property
    def cookie(self) -> str:
        """Name of the cookie; cookies know no ports, so it says which dashboard it is for."""
        return f"noosphere-{self.port}"

    def judge(self, request: Request) -> Verdict:
        """Whether a request is let in, and to what."""
        if request.method not in ("GET", "HEAD"):
            allow = (("Allow", "GET, HEAD"),)
            return Verdict(HTTPStatus.METHOD_NOT_ALLOWED, said="GET only\n", headers=allow)
        if request.host not in self._places:
            return _refuse("this dashboard is reached as 127.0.0.1 or localhost\n")
        try:
            target = urlsplit(request.target)
        except ValueError:
            return Verdict(HTTPStatus.BAD_REQUEST, said="not a path\n")
        given = parse_qs(target.query).get("token", [])
        if target.path == PAGE and given:
            return self._enter(given, request.site)
        if not self._is_known(request.cookie):
            return _refuse("open the URL that the command printed, with its token\n")
        if target.path == SOCKET:
            if request.origin not in {f"http://{place}" for place in self._places}:
                return _refuse("a page of another origin\n")
            return Verdict(HTTPStatus.OK, SOCKET)
        name = "index.html" if target.path == PAGE else target.path.removeprefix(STATIC)
        if name not in self.files or (target.path != PAGE and target.path != STATIC + name):
            return Verdict(HTTPStatus.NOT_FOUND, said="no such page\n")
        return Verdict(HTTPStatus.OK, name)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Of every answer."""
        sockets = " ".join(f"ws://{place}" for place in self._places)
        policy = (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            f"connect-src 'self' {sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
        return (
            ("Content-Security-Policy", "; ".join(policy)),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        )

    @property
    def _places(self) -> tuple[str, ...]:
        return tuple(f"{name}:{self.port}" for name in NAMES)

    def _enter(self, given: list[str], site: str) -> Verdict:
        """The token becomes a cookie, and leaves the address.

        Whoever comes by a link of another site does not bring the cookie along when redirected,
        since it is a strict one; sent on by a page of ours, it does.
        """
        if len(given) != 1 or not _same(given[0], self.token):
            return _refuse("wrong token: open the URL that the command printed\n")
        cookie = f"{self.cookie}={self.token}; HttpOnly; SameSite=Strict; Path=/"
        if site == "cross-site":
            onwards = (("Refresh", f"0; url={PAGE}"), ("Set-Cookie", cookie))
            return Verdict(HTTPStatus.OK, said="the dashboard opens\n", headers=onwards)
        headers = (("Location", PAGE), ("Set-Cookie", cookie))
        return Verdict(HTTPStatus.SEE_OTHER, headers=headers)

    def _is_known(self, header: str) -> bool:
        pairs = (pair.strip().partition("=") for pair in header.split(";"))
        return any(_same(value, self.token) for name, _, value in pairs if name == self.cookie)


def _same(given: str, token: str) -> bool:
    """In a time that does not tell how much of it is right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _refuse(said: str) -> Verdict:
    return Verdict(HTTPStatus.FORBIDDEN, said=said)
