"""Who is let in: one person, by token and then by cookie, from this machine and this page."""

from http import HTTPStatus

import pytest
from hypothesis import given, strategies as st

from experiments.dash.gate import Gate, Request

GATE = Gate("right-token", 8123, frozenset({"index.html", "app.js"}))
HOST, COOKIE, ORIGIN = "127.0.0.1:8123", "noosphere-8123=right-token", "http://127.0.0.1:8123"


def judge(target="/", host=HOST, cookie=COOKIE, origin="", method="GET"):
    return GATE.judge(Request(target, host, origin, cookie, method))


def test_the_token_becomes_a_cookie_and_leaves_the_address():
    verdict = judge("/?token=right-token", cookie="")
    assert verdict.status is HTTPStatus.SEE_OTHER
    assert dict(verdict.headers) == {
        "Location": "/",
        "Set-Cookie": "noosphere-8123=right-token; HttpOnly; SameSite=Strict; Path=/",
    }


@pytest.mark.parametrize(
    "query",
    ["wrong", "", "right-toke", "right-token2", "x&token=right-token", "right-token&token=x"],
)
def test_a_wrong_token_opens_nothing_and_sets_no_cookie(query):
    verdict = judge(f"/?token={query}", cookie="")
    assert verdict.status is HTTPStatus.FORBIDDEN
    assert not verdict.name
    assert not verdict.headers


@given(st.text())
def test_only_the_token_opens(text):
    assert (judge(cookie=f"noosphere-8123={text}").status is HTTPStatus.OK) == (
        text.split(";")[0].strip() == "right-token"
    )


@pytest.mark.parametrize("target", ["/", "/static/app.js", "/ws", "/nothing"])
@pytest.mark.parametrize("cookie", ["", "noosphere-8123=wrong", "noosphere-8124=right-token", "x"])
def test_without_the_cookie_nothing_is_shown_not_even_what_there_is(target, cookie):
    verdict = judge(target, cookie=cookie, origin=ORIGIN)
    assert (verdict.status, verdict.name) == (HTTPStatus.FORBIDDEN, "")


def test_the_cookie_is_found_among_others():
    assert judge(cookie=f"a=b; {COOKIE}; c=d").status is HTTPStatus.OK


@pytest.mark.parametrize(
    "host", ["", "evil.example:8123", "127.0.0.1", "127.0.0.1:80", "localhost.evil:8123", "[::1]"]
)
@pytest.mark.parametrize("target", ["/", "/ws", "/?token=right-token"])
def test_a_foreign_host_opens_nothing(host, target):
    assert judge(target, host=host, origin=ORIGIN).status is HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("origin", [ORIGIN, "http://localhost:8123"])
def test_the_page_may_open_a_websocket(origin):
    assert judge("/ws", origin=origin).name == "/ws"


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://evil.example",
        "https://127.0.0.1:8123",
        "http://127.0.0.1:9",
        ORIGIN + "/",
    ],
)
def test_a_page_of_another_origin_may_not(origin):
    verdict = judge("/ws", origin=origin)
    assert (verdict.status, verdict.name) == (HTTPStatus.FORBIDDEN, "")


@pytest.mark.parametrize(
    "target",
    [
        "/static/../gate.py",
        "/static/%2e%2e/gate.py",
        "/static/..%2fgate.py",
        "/static//etc/passwd",
        "//evil.example/static/app.js/",
        "/static/app.js/..",
        "/app.js",
        "/index.html",
        "/static/",
        "/static",
        "/static/gate.py",
        "app.js",
        "",
    ],
)
def test_paths_lead_nowhere_but_to_the_table(target):
    assert judge(target).status is HTTPStatus.NOT_FOUND


def test_what_there_is_is_given():
    assert judge("/").name == "index.html"
    assert judge("/static/app.js").name == "app.js"
    assert judge("/static/app.js?v=2").name == "app.js"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_is_sent_but_asked_for(method):
    assert judge(method=method).status is HTTPStatus.METHOD_NOT_ALLOWED


@given(st.text(), st.text(), st.text(), st.text())
def test_nothing_that_is_sent_makes_it_stumble(target, host, cookie, origin):
    verdict = judge(target, host=host, cookie=cookie, origin=origin)
    assert verdict.status is HTTPStatus.FORBIDDEN
    assert judge(target).status in set(HTTPStatus)


def test_every_answer_says_what_the_page_may_do():
    headers = dict(GATE.headers)
    policy = headers["Content-Security-Policy"].split("; ")
    assert policy == [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self' ws://127.0.0.1:8123 ws://localhost:8123",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


def test_whoever_comes_by_a_link_is_sent_on_by_a_page_that_brings_the_cookie():
    verdict = GATE.judge(Request("/?token=right-token", HOST, site="cross-site"))
    assert (verdict.status, verdict.name) == (HTTPStatus.OK, "")
    assert dict(verdict.headers)["Refresh"] == "0; url=/"
    assert dict(verdict.headers)["Set-Cookie"].endswith("; HttpOnly; SameSite=Strict; Path=/")
    wrong = GATE.judge(Request("/?token=x", HOST, site="cross-site"))
    assert (wrong.status, wrong.headers) == (HTTPStatus.FORBIDDEN, ())
