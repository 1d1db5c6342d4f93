"""The formats by name, and a tournament made again from its saved state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arenas.tournaments.contest import Contest, TournamentError
from arenas.tournaments.elimination import DoubleElimination, SingleElimination
from arenas.tournaments.round_robin import RoundRobin
from arenas.tournaments.survival import Survival
from arenas.tournaments.swiss import Swiss
from arenas.tournaments.tournament import Tournament

FORMATS: Mapping[str, type[Tournament]] = {
    "round-robin": RoundRobin,
    "swiss": Swiss,
    "single-elimination": SingleElimination,
    "double-elimination": DoubleElimination,
    "survival": Survival,
}
"""Name to format, for files and commands; each is made of a contest and its own settings."""


def resume(contest: Contest, state: dict[str, Any]) -> Tournament:
    """The tournament that a `state` (or JSON made from it) was saved from, ready to go on.

    Args:
        contest: the one that it was played over; its names have to be the same.
        state: of `Tournament.state`.

    Raises:
        TournamentError: for a format that is not known, settings that it does not have, or a
            record that it would not have paired.

    >>> from arenas.tournaments import RoundRobin, WinChances
    >>> contest = WinChances.of_ratings([0, 100, 200])
    >>> half = RoundRobin(contest, rounds=4, seed=1)
    >>> half.play(steps=2) and None
    >>> resume(contest, half.state()).play().title
    'round robin, rounds: 4, both seats'
    """
    kinds = {kind.__name__: kind for kind in FORMATS.values()}
    kind = kinds.get(str(state.get("format")))
    if kind is None:
        raise TournamentError(
            f"the state is of format {state.get('format')!r}; known are {', '.join(kinds)}"
        )
    try:
        made = {name: state[name] for name in ("seed", "seeding", "mirror")}
        tournament = kind(contest, **made, **state["settings"])
    except (KeyError, TypeError) as error:
        raise TournamentError(f"the state of a {kind.__name__} cannot be read: {error}") from error
    tournament.restore(state)
    return tournament
