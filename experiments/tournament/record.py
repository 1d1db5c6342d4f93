"""The folder of a tournament: what was played, safe against being stopped at any moment.

    tournament.json   the file, what was changed of it, fingerprints     games.jsonl  a line a round
    results.txt       the table of the end

Guarantees: a round that was told of is on disk; a line that was cut off is played again, and gives
the same, as every match follows from the seed; one process at a time writes. A tournament whose
file, or whose players' files, are no longer what they were is refused.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from arenas.tournaments import Tournament, TournamentError
from experiments.tournament.file import TournamentFile, TournamentFileError, load_tournament
from swarm.checkpoint import replacing

SETTINGS, GAMES, TABLE = "tournament.json", "games.jsonl", "results.txt"
PATHS = ("classes", "agents")
"""Lists of players that are paths."""


def is_tournament(folder: str | Path) -> bool:
    """Whether a folder is that of a tournament."""
    return (Path(folder) / SETTINGS).is_file()


class TournamentRecord:
    """A tournament on disk.

    Args:
        path: a folder that `create` has made.

    Raises:
        TournamentFileError: there is no tournament in it, or it is damaged.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        if not is_tournament(self.path):
            raise TournamentFileError(
                f"{path}: not the folder of a tournament, it holds no {SETTINGS}; such a folder "
                "is what `noosphere tournament` made, such as runs/dilemma-1"
            )
        self._lines: IO[bytes] | None = None

    @classmethod
    def create(
        cls, file: TournamentFile, source: str, overrides: Sequence[str], out: str | Path
    ) -> TournamentRecord:
        """A new folder `<out>/<name>-<seed>`, or `...-2`, `...-3` if that is taken.

        Args:
            file: as `load_tournament(source, overrides)` gave it.
            source, overrides: from which `open` reads it again.
            out: where the folder is made.
        """
        parent, heading = Path(out), file.heading
        parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            again = "" if number == 1 else f"-{number}"
            path = parent / f"{heading.name}-{heading.seed}{again}"
            try:
                path.mkdir()
                break
            except FileExistsError:
                number += 1
        settings = {
            "source": source if not Path(source).exists() else str(Path(source).resolve()),
            "overrides": list(overrides),
            "folder": str(Path.cwd()),
            "fingerprints": fingerprints(file),
        }
        with replacing(path / SETTINGS) as temporary:
            Path(temporary).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        return cls(path)

    def open(self) -> TournamentFile:
        """The file that is played, read again.

        Raises:
            TournamentFileError: it cannot be read, or something it names has changed.
        """
        try:
            settings = json.loads((self.path / SETTINGS).read_text(encoding="utf-8"))
            source, overrides = settings["source"], settings["overrides"]
            folder, before = Path(settings["folder"]), settings["fingerprints"]
        except (ValueError, KeyError, TypeError) as error:
            raise TournamentFileError(
                f"{self.path / SETTINGS}: damaged ({error!r}); play the tournament anew"
            ) from None
        file = load_tournament(source, overrides, folder)
        now = fingerprints(file)
        changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
        if changed:
            raise TournamentFileError(
                f"{self.path}: {', '.join(changed)} changed since the tournament began; put it "
                "back as it was, or play anew"
            )
        return file

    @contextmanager
    def claimed(self, tournament: Tournament) -> Iterator[TournamentRecord]:
        """Write alone; the tournament is put where the record ends.

        Raises:
            TournamentFileError: another process is writing, or the record is not of this
                tournament.
        """
        with open(self.path / GAMES, "ab+") as lines:
            try:
                fcntl.flock(lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TournamentFileError(
                    f"{self.path}: another process is playing this tournament; wait until it is "
                    "done, or stop it first"
                ) from None
            self._restore(tournament, lines)
            self._lines = lines
            try:
                yield self
            finally:
                self._lines = None

    def add(self, games: dict[str, Any]) -> None:
        """Keep a round: `Games.state()` of its matches."""
        assert self._lines is not None, "a record is written to while it is claimed"
        plain = {
            key: value.tolist() if isinstance(value, np.ndarray) else value
            for key, value in games.items()
        }
        self._lines.write(json.dumps(plain).encode() + b"\n")
        self._lines.flush()
        os.fsync(self._lines.fileno())

    def finish(self, table: str) -> None:
        """Keep the table of the end."""
        with replacing(self.path / TABLE) as temporary:
            Path(temporary).write_text(table + "\n", encoding="utf-8")

    def _restore(self, tournament: Tournament, lines: IO[bytes]) -> None:
        lines.seek(0)
        whole = lines.read()
        end = whole.rfind(b"\n") + 1
        lines.truncate(end)  # a line that was cut off is no round
        lines.seek(0, os.SEEK_END)
        joined: dict[str, Any] = {}
        count = 0
        try:
            for line in whole[:end].splitlines():
                part = json.loads(line)
                reasons = {str(int(row) + count): why for row, why in part.pop("reasons").items()}
                joined.setdefault("reasons", {}).update(reasons)
                for name, column in part.items():
                    joined.setdefault(name, []).extend(column)
                count += len(part["first"])
            if count:
                tournament.restore({**tournament.state(), "games": joined})
        except (ValueError, KeyError, TypeError, AttributeError, TournamentError) as error:
            raise TournamentFileError(
                f"{self.path / GAMES}: damaged, or of another tournament ({error}); play anew"
            ) from None


def fingerprints(file: TournamentFile) -> dict[str, str]:
    """SHA-256 of all that the results depend on: the file, as changed, and players' files."""
    found = {"the file": _digest(file.described().encode())}
    for key in PATHS:
        if hasattr(file.players, key):
            for given, path in file.paths(key):
                found[given] = _digest_of(path)
    return found


def _digest_of(path: Path) -> str:
    """Of a file `players.py:Class`, or of a run's newest checkpoint."""
    source = Path(str(path).rpartition(":")[0] or path) if ".py:" in str(path) else path
    if source.is_dir():
        kept = sorted((source / "checkpoints").glob("*.ckpt"))
        return _digest(b"".join(each.read_bytes() for each in kept))
    return _digest(source.read_bytes()) if source.is_file() else ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
