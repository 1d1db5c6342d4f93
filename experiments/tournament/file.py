"""Tournaments as TOML files: the format, the game, and who plays.

    name = "mine"
    seed = 1
    [tournament]
    format = "swiss"                # its own settings, and no others
    rounds = 7
    [game]
    kind = "iterated"               # or kuhn, leduc, sealed-bid, duel
    noise = 0.01
    [players]
    strategies = ["tit for tat", "defector"]
    classes = ["my_players.py:Cautious"]

Each format has the settings that it has in `arenas.tournaments`, each game its own, and players
that fit it. Relative paths are taken from the folder of the file. What cannot be read raises
`TournamentFileError`, a ValueError with one line for each problem:
`file:line: section.key: what was given, what is allowed`.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from arenas.tournaments import FORMATS
from experiments.study.section import Section
from experiments.study.toml import StudyError, did_you_mean, line_of, parse
from experiments.tournament.sections import KINDS, Heading, format_section

Kind = TypeVar("Kind", bound=Section)

WIDTH = 100
SECTIONS = ("tournament", "game", "players")


class TournamentFileError(ValueError):
    """A tournament that cannot be played as its file says; one line for each problem."""


@dataclass(frozen=True)
class TournamentFile:
    """A tournament as its file says, checked but for what the file only names.

    Attributes:
        heading: name, description and seed.
        tournament, game, players: the sections.
    """

    heading: Heading
    tournament: Section
    game: Any
    players: Any
    _source: _Source = field(repr=False)

    def place(self, *keys: str) -> str:
        """Where a key stands, for an error: `file:line: section.key`."""
        return f"{self._source.place(*keys)}: {'.'.join(keys)}"

    def paths(self, key: str) -> Iterator[tuple[str, Path]]:
        """What the players' list `key` says, and where relative paths of it lead to."""
        folder = self._source.folder("players", key)
        return ((given, folder / given) for given in getattr(self.players, key))

    def described(self) -> str:
        """Every value, the same text for the same values."""
        parts = (self.heading, self.tournament, self.game, self.players)
        return "\n".join(part.model_dump_json() for part in parts)

    def options(self, players: Sequence[str]) -> str:
        """Everything that the table depends on, in lines of at most 100 columns."""
        about = self.heading
        first = (about.name, f"seed {about.seed}", about.description)
        rows = {
            name: " ".join(
                f"{key}={value}"
                for key, value in getattr(self, name).model_dump().items()
                if value is not None
            )
            for name in ("tournament", "game")
        }
        rows["players"] = f"{len(players)}: {', '.join(players)}"
        lines = textwrap.wrap(" · ".join(filter(None, first)), WIDTH)
        for name, words in rows.items():
            lines += textwrap.wrap(
                words, WIDTH, initial_indent=f"  {name:12}", subsequent_indent=" " * 14
            )
        return "\n".join(lines)


# Reading


def shipped_tournaments() -> dict[str, Path]:
    """Tournaments that ship, name to file."""
    folder = Path(__file__).parents[1].joinpath("tournaments")
    return dict(sorted((path.stem, path) for path in folder.glob("*.toml")))


def load_tournament(
    source: str | Path, overrides: Sequence[str] = (), folder: Path | None = None
) -> TournamentFile:
    """Read a tournament that ships, by name, or a TOML file.

    Args:
        source: a name (see `shipped_tournaments`) or a path.
        overrides: `section.key=value` with a value as in TOML, such as `tournament.rounds=3`, or
            `seed=7`.
        folder: where relative paths in overrides begin; the current folder if left out.

    Raises:
        TournamentFileError: the file is missing or malformed, or a key or value is not allowed.
    """
    path = shipped_tournaments().get(str(source), Path(source))
    text = _text(path)
    try:
        data = parse(path, text)
    except StudyError as error:
        raise TournamentFileError(str(error).replace("a study is", "a tournament is")) from None
    data.setdefault("name", path.stem)
    read = _Source(path, text, {}, folder or Path())
    for override in overrides:
        keys, value = _change(override)
        read.changed[keys] = override
        table = data.setdefault(keys[0], {}) if len(keys) > 1 else data
        if isinstance(table, dict):
            table[keys[-1]] = value
    return read.checked(data)


@dataclass(frozen=True)
class _Source:
    """Where everything stands: a file, and what a command line changed of it."""

    path: Path
    text: str
    changed: dict[tuple[str, ...], str]
    here: Path
    problems: list[str] = field(default_factory=list)

    def place(self, *keys: str) -> str:
        if keys in self.changed:
            return f"--set {self.changed[keys]}"
        if line := line_of(self.text, keys):
            return f"{self.path}:{line}"
        within = (text for path, text in self.changed.items() if path[: len(keys)] == keys)
        return next((f"--set {text}" for text in within), str(self.path))

    def folder(self, *keys: str) -> Path:
        return self.here if keys in self.changed else self.path.parent

    def checked(self, data: dict[str, Any]) -> TournamentFile:
        tables = {name: self._table(data, name) for name in SECTIONS}
        format_ = self._one_of(tables, "tournament", "format", FORMATS, "round-robin")
        kind = self._one_of(tables, "game", "kind", KINDS, "iterated")
        top = {key: value for key, value in data.items() if key not in SECTIONS}
        heading = self._section(Heading, top)
        tournament = self._section(format_section(format_), tables["tournament"], "tournament")
        game = self._section(KINDS[kind][0], tables["game"], "game")
        players = self._section(KINDS[kind][1], tables["players"], "players")
        if self.problems or heading is None or tournament is None:
            raise TournamentFileError("\n".join(self.problems))
        return TournamentFile(heading, tournament, game, players, self)

    def _table(self, data: Mapping[str, Any], name: str) -> dict[str, Any]:
        table = data.get(name, {})
        if isinstance(table, dict):
            return dict(table)
        raise TournamentFileError(
            f"{self.place(name)}: {name}: got {table!r:.60}, but it is a section: a line "
            f"[{name}], then its keys"
        )

    def _one_of(
        self, tables: Any, section: str, key: str, allowed: Mapping[str, Any], default: str
    ) -> str:
        name = tables[section].setdefault(key, default)
        if isinstance(name, str) and name in allowed:
            return name
        raise TournamentFileError(
            f"{self.place(section, key)}: {section}.{key}: got {name!r:.60}, allowed is one of "
            f"{', '.join(allowed)}{did_you_mean(str(name), allowed)}"
        )

    def _section(self, kind: type[Kind], table: Mapping[str, Any], *name: str) -> Kind | None:
        try:
            return kind.model_validate(table)
        except ValidationError as error:
            details = {str(each["loc"][0]): each for each in error.errors()}
            for key in sorted(details, key=lambda key: line_of(self.text, (*name, key)) or 0):
                where = f"{self.place(*name, key)}: {'.'.join((*name, key))}: "
                self.problems.append(where + self._problem(kind, key, table))
            return None

    def _problem(self, kind: type[Section], key: str, table: Mapping[str, Any]) -> str:
        known = kind.model_fields
        if key in known:
            return f"got {table[key]!r:.60}, allowed is {known[key].description}"
        allowed = [*known, *(f"[{name}]" for name in SECTIONS if kind is Heading)]
        near = did_you_mean(key, [*known, *SECTIONS] if kind is Heading else known)
        return f"unknown, {kind.owner} has {', '.join(allowed)}{near}"


def _text(path: Path) -> str:
    names = ", ".join(shipped_tournaments())
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = did_you_mean(str(path), shipped_tournaments())
        raise TournamentFileError(
            f"{path}: neither a tournament that ships ({names}) nor a TOML file{near}"
        ) from None
    except IsADirectoryError:
        raise TournamentFileError(
            f"{path}: a folder, not a tournament; that is a TOML file or one of {names}"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TournamentFileError(
            f"{path}:{line}: not UTF-8 text; save the file as UTF-8"
        ) from None


def _change(override: str) -> tuple[tuple[str, ...], Any]:
    dotted, equals, text = override.partition("=")
    keys = tuple(key.strip() for key in dotted.split("."))
    if not equals or not all(keys) or len(keys) > 2 or (len(keys) == 1 and keys[0] in SECTIONS):
        raise TournamentFileError(
            f"--set {override}: has to be section.key=value, such as tournament.rounds=3"
        )
    try:
        return keys, tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return keys, text.strip()  # text needs no quotes on a command line
