"""A row of a benchmark: what was measured, of us and of a peer, and whether the two agree."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line of a benchmark.

    Attributes:
        name: what is measured, with its unit last: "flocking, 200 birds, ms a step".
        ours: our figure.
        peer: the peer's figure, or the value that theory gives; None if there is none.
        ratio: how many times better we are (peer / ours for times), or ours / peer where the
            peer is a value to be met; None without a peer.
        checks: name to whether it held (bool), or to a number that the reader should see.
        goal: the least ratio, or figure, that was aimed at; None if none was named.
        notes: anything else, such as settings, versions and compile seconds.
    """

    name: str
    ours: float
    peer: float | None = None
    ratio: float | None = None
    checks: Mapping[str, bool | float] = field(default_factory=dict)
    goal: float | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether every check that is true or false is true."""
        return all(value for value in self.checks.values() if isinstance(value, bool))


def show(rows: Iterable[Row], as_json: bool) -> int:
    """Print rows as they come; exit code 1 if a check failed, 0 if all held."""
    held = True
    if not as_json:
        print(f"{'':72}{'ours':>10}{'peer':>10}{'ratio':>8}{'goal':>7}  checks")
    for row in rows:
        held &= row.agrees
        print(json.dumps(asdict(row)) if as_json else _line(row), flush=True)
    return 0 if held else 1


def _line(row: Row) -> str:
    checks = ", ".join(
        f"{name} {_number(value)}" if not isinstance(value, bool) else f"{_mark(value)} {name}"
        for name, value in row.checks.items()
    )
    figures = f"{_number(row.ours):>10}{_number(row.peer):>10}{_number(row.ratio):>8}"
    return f"{row.name:72}{figures}{_number(row.goal):>7}  {checks}".rstrip()


def _mark(held: bool) -> str:
    return "ok" if held else "FAILED"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
