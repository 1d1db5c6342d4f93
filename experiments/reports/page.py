"""A page that needs nothing beside itself: HTML with its pictures inside, and no script."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from swarm.checkpoint import replacing

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff;
  max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
h1, h2 {{ line-height: 1.2; font-weight: 600; }}
h2 {{ margin-top: 2.5rem; }}
figure {{ margin: 0 0 2rem; }}
figure img {{ width: 100%; }}
figcaption, .note {{ color: #555; font-size: .9rem; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #e6e6e6; }}
th:first-child, td:first-child {{ text-align: left; }}
tr.best {{ background: #e8f3fa; font-weight: 600; }}
pre {{ background: #f6f6f6; padding: .8rem; font-size: .85rem; white-space: pre-wrap; }}
ol.note {{ padding-left: 1.3rem; }}
.facts td {{ text-align: left; word-break: break-word; }}
/* Tables of figures may be wider than text. */
.wide {{ overflow-x: auto; font-size: .85rem;
  margin-right: calc(-1 * max(0px, min(16rem, (100vw - 48rem) / 2))); }}
.wide td, .wide th {{ white-space: nowrap; }}
.words td, .words th {{ text-align: left; vertical-align: top; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def write_page(path: Path, title: str, body: Iterable[str]) -> Path:
    """Write a page, whole or not at all; returns its path.

    Args:
        path: of the HTML file.
        title: plain text.
        body: HTML.
    """
    page = PAGE.format(title=escape(title), body="\n".join(body))
    with replacing(path) as temporary:
        Path(temporary).write_text(page, encoding="utf-8")
    return path


def embedded(svg: bytes, title: str, caption: str) -> str:
    """HTML of a picture within the page, with plain text below it."""
    data = base64.b64encode(svg).decode()
    return (
        f'<figure><img alt="{escape(title)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption><b>{escape(title)}.</b> {escape(caption)}</figcaption></figure>"
    )


def facts(value: Mapping[str, Any]) -> str:
    """A table of names and values; what is nested comes under a longer name."""
    return f'<table class="facts">{"".join(_facts(value))}</table>'


def _facts(value: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _facts(inner, f"{prefix}{name} ")
        else:
            shown = "–" if inner is None else str(inner)
            yield f"<tr><td>{escape(prefix + name)}</td><td>{escape(shown)}</td></tr>"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "wide") -> str:
    """A table of plain text; `kind` is "wide", or "words" where columns hold text."""
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="{kind}"><table><tr>{top}</tr>{body}</table></div>'
