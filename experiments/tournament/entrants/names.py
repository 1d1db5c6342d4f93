"""The lists of a tournament's players: names that are known, classes that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from experiments.study.toml import did_you_mean
from experiments.tournament.entrants.written import class_named
from experiments.tournament.file import TournamentFile, TournamentFileError

EVERYBODY = "all"

SHOWN = 24
"""Names that an error lists."""


def chosen(file: TournamentFile, key: str, known: Iterable[str]) -> list[str]:
    """The known names that the list `key` of the players gives; all for "all"."""
    given = getattr(file.players, key)
    return list(known) if given == (EVERYBODY,) else named(file.place("players", key), given, known)


def named(place: str, given: Sequence[str], known: Iterable[str]) -> list[str]:
    """Known names, however they are written: "Tit for Tat" and "tit-for-tat" are the same.

    Raises:
        TournamentFileError: for a name that is unknown, or there twice.
    """
    plain = {_plain(each): each for each in known}
    found = []
    for name in given:
        one = plain.get(_plain(name))
        if one is None:
            near = did_you_mean(name, plain.values())
            shown = list(plain.values())[:SHOWN]
            more = f" and {len(plain) - SHOWN} more" if len(plain) > SHOWN else ""
            raise TournamentFileError(
                f'{place}: got {name!r}, allowed is "{EVERYBODY}" alone, or some of '
                f"{', '.join(shown)}{more}{near}"
            )
        if one in found:
            raise TournamentFileError(f"{place}: {one!r} stands there twice; once is enough")
        found.append(one)
    return found


def classes(file: TournamentFile) -> Iterator[tuple[str, Path, str]]:
    """The classes of the players: what names them for an error, the file, the class."""
    place = file.place("players", "classes")
    for given, path in file.paths("classes"):
        yield (place, *class_named(place, given, path))


def told_apart(names: Iterable[str]) -> list[str]:
    """The names, with a number to those that were there before."""
    told: list[str] = []
    for name in names:
        number, given = 1, name
        while given in told:
            number += 1
            given = f"{name} ({number})"
        told.append(given)
    return told


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()
