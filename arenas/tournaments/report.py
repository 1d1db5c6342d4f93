"""A tournament's results for people (a table of at most 100 columns) and for programs (JSON)."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from arenas.ratings.bradley_terry import NORMAL_95

if TYPE_CHECKING:
    from arenas.tournaments.results import Results

WIDTH = 100
NAME_MAX = 22
REASONS_MAX = 5
"""Forfeits that are told with their reasons; of more only the number."""


def table(results: Results) -> str:
    """The standings, what they were counted by, and the warnings."""
    games = results.games
    met = int((~games.bye).sum())
    head = f"{results.title}; players: {len(results.names)}, games: {met}, seed: {results.seed}"
    lines = [*_wrapped(head), "", *_rows(results), "", *_notes(results)]
    return "\n".join(line.rstrip() for line in lines)


def as_json(results: Results, indent: int | None) -> str:
    """See `Results.to_json`."""
    cycles, tests = results.cycles, results.tests
    content = {
        "title": results.title,
        "seed": results.seed,
        "policy": results.policy,
        "noise": results.noise,
        "names": list(results.names),
        "seeding": results.seeding,
        "standings": results.standings(),
        "games": {**results.games.columns(), "reasons": dict(results.games.reasons)},
        "score_matrix": results.score_matrix(),
        "tests": {
            "kind": tests.kind,
            "p": tests.p,
            "holm": tests.holm,
            "benjamini_hochberg": tests.benjamini_hochberg,
        },
        "groups": results.groups,
        "cycles": {
            name: getattr(cycles, name)
            for name in ("share", "chance", "excess", "p", "gradient", "curl", "harmonic", "cycle")
        },
        "warning": results.warning,
    }
    return json.dumps(_plain(content), indent=indent, allow_nan=False)


def _rows(results: Results) -> list[str]:
    standing = results.standings()
    extra = [name for name in results.ranking if name in ("buchholz",)]
    header = ["", "name", "score", *extra, "W-D-L", "points", "BT", "Elo"]
    rows = [[*header, "Glicko-2", "skill", "group"]]
    for row, name in enumerate(standing["name"]):

        def value(column: str, row: int = row) -> float:
            return float(standing[column][row])

        reach = (value("rating_high") - value("rating_low")) / 2
        rows.append(
            [
                f"{standing['place'][row]}",
                name if len(name) <= NAME_MAX else name[: NAME_MAX - 1] + "…",
                f"{value('score'):g}",
                *(f"{value(column):g}" for column in extra),
                "-".join(str(standing[column][row]) for column in ("won", "drawn", "lost")),
                _short(value("points")),
                f"{value('rating'):+.0f} ±{reach:.0f}",
                f"{value('elo'):.0f}",
                f"{value('glicko2'):.0f} ±{NORMAL_95 * value('glicko2_error'):.0f}",
                f"{value('skill'):.1f} ±{NORMAL_95 * value('skill_error'):.1f}",
                standing["group"][row],
            ]
        )
    if max(map(len, standing["group"]), default=0) > 5:
        rows = [row[:-1] for row in rows]  # too many groups to read
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    spare = WIDTH - sum(widths) - 2 * (len(widths) - 1)
    if spare < 0:  # very long figures: the names give way
        widths[1] = max(widths[1] + spare, 4)
    left = {1, len(rows[0]) - 1}
    return [
        "  ".join(
            cell[:width].ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )[:WIDTH]
        for row in rows
    ]


def _notes(results: Results) -> list[str]:
    games, cycles = results.games, results.cycles
    tests = {
        "games": "sign tests of their games",
        "ratings": "gaps of ratings",
        "points": "sign-flip tests of their points by round",
    }
    lines = _wrapped(
        "BT is Bradley-Terry, the mean player at 0; ± are 95% intervals. "
        "Players who share a group letter cannot be told apart "
        f"({tests[results.tests.kind]}, Holm, 5%). Placed by "
        f"{', then by '.join(results.ranking)}. Cyclic share {cycles.share:.0%}, by chance "
        f"{cycles.chance:.0%}."
    )
    if next(iter(results.ranking)) == "points":
        lines += _wrapped(
            "Score and ratings look at who had more points of a match, not at how many."
        )
    forfeited = games.forfeit_first | games.forfeit_second
    if results.policy:
        lines += _wrapped(f"Policy: {results.policy}.")
    if results.noise is not None:
        lines += _wrapped(f"Noise of the contest: {results.noise}.")
    if games.self_play.any():
        lines += _wrapped("Self-play counts for points, not for score or ratings.")
    if games.bye.any():
        lines += _wrapped(f"Byes: {int(games.bye.sum())}, each worth a win, none of them rated.")
    if forfeited.any():
        lines += _wrapped(
            f"Forfeits: {int(forfeited.sum())}, lost by who forfeited and won by the other; "
            "lost by both where both did."
        )
        for row, reason in list(games.reasons.items())[:REASONS_MAX]:
            pair = " - ".join(results.names[int(p[row])] for p in (games.first, games.second))
            lines += _wrapped(f"  round {games.round[row]}, {pair}: {reason}")
    if results.warning:
        lines += _wrapped(f"WARNING: {results.warning}.")
    return lines


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, WIDTH, subsequent_indent="  ") or [""]


def _short(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.6g}"


def _plain(value: Any) -> Any:
    """JSON values of arrays, mappings and numbers; null for what is not finite."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
