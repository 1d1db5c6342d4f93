"""Players that somebody wrote: Python classes out of files, `my_players.py:Cautious`.

A file is imported once a process, with its own folder to import from. What is sent to another
process is where the class stands, so that nothing has to be installed to play in many.

Errors are `TournamentFileError`: no such file, no such class, code that raises, each with the line
of the player's own file where it happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from arenas.iterated import Player
from experiments.study.toml import did_you_mean
from experiments.study.written import guarded, module_at
from experiments.tournament.file import TournamentFileError


def class_named(place: str, given: str, path: Path) -> tuple[Path, str]:
    """The file and the name of `file.py:Class`, where both are there.

    Args:
        place: what asks for it, for an error.
        given: as it was written; path: the same, from where it leads on.
    """
    file, colon, name = str(path).rpartition(":")
    if not colon or not file.endswith(".py") or not name.isidentifier():
        raise TournamentFileError(
            f"{place}: got {given!r}, allowed is a file and a class, such as "
            "'my_players.py:Cautious'"
        )
    source = Path(file).resolve()
    if not source.is_file():
        raise TournamentFileError(f"{place}: {given}: there is no file {source.name} beside it")
    module = guarded(place, source, TournamentFileError, lambda: module_at(source))
    own = [each for each, value in vars(module).items() if _is_own(value, module)]
    if name not in vars(module):
        raise TournamentFileError(
            f"{place}: {source.name} has no class {name!r}, its classes are "
            f"{', '.join(own) or 'none'}{did_you_mean(name, own)}"
        )
    if not isinstance(getattr(module, name), type):
        raise TournamentFileError(
            f"{place}: {name} in {source.name} is no class; its classes are "
            f"{', '.join(own) or 'none'}"
        )
    return source, name


def made(path: Path, name: str) -> Any:
    """An instance of a class of a file."""
    return getattr(module_at(path), name)()


def instance(place: str, path: Path, name: str, methods: Sequence[str]) -> Any:
    """The same, checked: it can be made without arguments, and has these methods."""
    one = guarded(place, path, TournamentFileError, lambda: made(path, name))
    for method in methods:
        if not callable(getattr(one, method.partition("(")[0], None)):
            raise TournamentFileError(
                f"{place}: {name} in {path.name} has no method {method}, by which it plays this "
                "game"
            )
    return one


class WrittenPlayer(Player):
    """A player of an iterated game out of a file; what it raises is its own, even `SystemExit`."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.class_name = path, name
        self.player: Player = made(path, name)
        super().__init__(str(self.player.name))

    def __reduce__(self) -> tuple[Any, ...]:
        return WrittenPlayer, (self.path, self.class_name)

    def fresh(self) -> WrittenPlayer:
        """Another player around a fresh one of the class."""
        other = object.__new__(WrittenPlayer)
        other.path, other.class_name, other.name = self.path, self.class_name, self.name
        other.player = self.player.fresh()
        return other

    def reset(self) -> None:
        """Tell it of the match."""
        self.player.match, self.player.rng = self.match, self.rng
        without_exit(self.player.reset)

    def move(self, mine: Sequence[int], theirs: Sequence[int]) -> int:
        """What it moves."""
        move: int = without_exit(self.player.move, mine, theirs)
        return move


def without_exit(call: Any, *arguments: Any) -> Any:
    """What a call returns; `SystemExit` becomes an error, that one player cannot end everything."""
    try:
        return call(*arguments)
    except SystemExit as error:
        raise RuntimeError(f"exit({error.code})") from None


def _is_own(value: Any, module: ModuleType) -> bool:
    return isinstance(value, type) and value.__module__ == module.__name__
