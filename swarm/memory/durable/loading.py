"""Memory read back from a folder: the best snapshot, and the log after it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.operations import Replay, cut_back
from swarm.memory.durable.reader import START, LogReader, segments
from swarm.memory.durable.snapshot import Snapshot, read_snapshot, snapshot_tick, snapshots
from swarm.memory.durable.whole_file import write_whole
from swarm.memory.facts import FactError, Facts

SETTINGS = "store.json"
FORMAT = 1
_TRIES = 5
F = TypeVar("F", bound=Facts)


@dataclass(frozen=True)
class Settings:
    """What a memory on disk is: its log's identity, its sizes, and whether all ids have names."""

    identity: str
    entities: int
    relations: int
    named: bool

    def write(self, folder: Path) -> None:
        """Write them, with a checksum."""
        told = {"format": FORMAT, **asdict(self)}
        text = json.dumps({**told, "checksum": _checksum(told)}, indent=1)
        write_whole(folder / SETTINGS, [text.encode()])

    @classmethod
    def read(cls, folder: Path) -> Settings:
        """Read them, or say why that cannot be done.

        Raises:
            DurableError: if they are missing, damaged or of a later format.
        """
        path = folder / SETTINGS
        try:
            told = json.loads(path.read_bytes())
            checksum = told.pop("checksum")
        except FileNotFoundError:
            raise DurableError(
                f"{path}: no such file, so that this folder holds no memory. Create one: "
                "FactStore.open(folder, entities=135, relations=46)."
            ) from None
        except (ValueError, AttributeError, TypeError, KeyError):
            raise DurableError(f"{path}: damaged. Restore it from a copy.") from None
        if checksum != _checksum(told):
            raise DurableError(f"{path}: damaged: it does not fit its checksum.")
        if told.pop("format") != FORMAT:
            raise DurableError(f"{path}: written by a later version; format {FORMAT} is known.")
        return cls(**told)


@dataclass
class Loaded:
    """Facts as they were read back.

    Attributes:
        reader: the log, read to its end; None if it was not needed.
        tick: of the last record.
        damaged: snapshots that could not be used.
        recovered: what was wrong and mended, a line each.
    """

    reader: LogReader | None
    tick: int
    damaged: list[Path]
    recovered: list[str]


def load(
    folder: Path, settings: Settings, make: Callable[[int, int], F], until: int | None = None
) -> tuple[F, Loaded]:
    """Read memory back as it was at the end of a tick, or as it is.

    A writer may go on meanwhile: what is read is a prefix of what it wrote.

    Raises:
        DurableError: for damage that leaves no prefix sure to hold what was acknowledged.
    """
    for _ in range(_TRIES):
        seen = snapshots(folder)
        try:
            return _load(folder, settings, make(settings.entities, settings.relations), until)
        except FileNotFoundError:  # the writer took a snapshot meanwhile and removed an older one
            continue
        except DurableError:  # or part of the log, which is damage only if none came meanwhile
            if snapshots(folder) == seen:
                raise
    raise DurableError(f"{folder}: files vanished {_TRIES} times while they were read.")


def _load(folder: Path, settings: Settings, facts: F, until: int | None) -> tuple[F, Loaded]:
    loaded = Loaded(None, 0, [], [])
    snapshot = _best_snapshot(folder, settings.identity, until, loaded)
    firsts = segments(folder)
    if snapshot is None and until is not None and firsts and firsts[0] != START.segment:
        return _load_cut_back(folder, settings, facts, until, loaded)
    start = START
    if snapshot is not None:
        _restore(facts, snapshot, folder)
        start, loaded.tick = snapshot.position, snapshot.tick
    reader = LogReader(folder, settings.identity, start)
    replay = Replay(facts, until)
    try:
        for record, schema in reader:
            if until is not None and replay.tick > until:
                break
            replay.do(record, schema)
        replay.finish()
    except FactError as error:
        raise DurableError(
            f"{folder}: the log before record {reader.position.sequence} does not go with the "
            f"facts before it: {error}"
        ) from None
    except DurableError as error:
        raise DurableError(" ".join([str(error), *loaded.recovered])) from None
    if reader.torn is not None:
        path, offset, reason = reader.torn
        loaded.recovered.append(f"{path}: a torn write at byte {offset} was left out ({reason}).")
    loaded.reader, loaded.tick = reader, max(loaded.tick, replay.tick)
    return facts, loaded


def _best_snapshot(
    folder: Path, identity: str, until: int | None, loaded: Loaded
) -> Snapshot | None:
    for path in snapshots(folder):
        try:
            if until is None or snapshot_tick(path, identity) <= until:
                return read_snapshot(path, identity)
        except DurableError as error:
            loaded.damaged.append(path)
            loaded.recovered.append(f"{error} An earlier one, or the log, was used instead.")
    return None


def _load_cut_back(
    folder: Path, settings: Settings, facts: F, until: int, loaded: Loaded
) -> tuple[F, Loaded]:
    """From the oldest snapshot after the tick: the log that far back was compacted away."""
    for path in reversed(snapshots(folder)):
        if path not in loaded.damaged:
            snapshot = read_snapshot(path, settings.identity)
            _restore(facts, snapshot._replace(state=cut_back(snapshot.state, until)), folder)
            loaded.tick = until
            return facts, loaded
    raise DurableError(
        f"{folder}: the log from the beginning was compacted away, and no snapshot is intact. "
        + " ".join(loaded.recovered)
    )


def _restore(facts: Facts, snapshot: Snapshot, folder: Path) -> None:
    try:
        facts.restore(snapshot.state)
    except FactError as error:
        raise DurableError(
            f"{folder}: the snapshot behind record {snapshot.position.sequence - 1} is of another "
            f"memory: {error}"
        ) from None


def _checksum(told: dict) -> int:
    return zlib.crc32(json.dumps(told, sort_keys=True).encode())
