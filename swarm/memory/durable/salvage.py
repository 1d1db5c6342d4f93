"""What can be saved of a memory that is refused for damage, in a new folder; the old one stays.

Nothing but a person can say that a part of what was acknowledged may be given up, so that opening
never does it. What is saved is the longest prefix that is whole: the log up to its first damage
or, if an intact snapshot and the log behind it reach further, the state there.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.loading import Settings
from swarm.memory.durable.lock import WriterLock
from swarm.memory.durable.log import Log
from swarm.memory.durable.operations import SCHEMA, Replay
from swarm.memory.durable.reader import START, LogReader, Position, segment_path, segments
from swarm.memory.durable.snapshot import Snapshot, read_snapshot, snapshots, write_snapshot
from swarm.memory.durable.whole_file import sync_folder, write_whole
from swarm.memory.facts import FactError, Facts


class Salvaged(NamedTuple):
    """What came of it.

    Attributes:
        facts: how many were saved.
        records: up to which record of the log.
        history: whether marks and the order of all writes were saved too, and not just the facts
            with their ticks.
        lost: what was not whole, a line each, naming the file.
    """

    facts: int
    records: int
    history: bool
    lost: tuple[str, ...]


class _Found(NamedTuple):
    """A prefix: from which snapshot (None: from the beginning), to where, and what it holds."""

    snapshot: Snapshot | None
    end: Position
    tick: int
    facts: Facts


def salvage(folder: str | Path, into: str | Path) -> Salvaged:
    """Save the longest whole prefix of a memory into a new folder, which then opens as usual.

    Args:
        folder: of a memory that `FactStore.open` refuses; it is only read.
        into: a folder that does not exist yet.

    Raises:
        DurableError: if `into` exists, another process writes, store.json itself is damaged, or
            nothing is whole.

    >>> salvage("memory", into="memory-saved")
    Salvaged(facts=4100, records=52, history=True, lost=('memory/log-….segment: damaged at …',))
    """
    source, target = Path(folder), Path(into)
    if target.exists():
        raise DurableError(f"{target}: exists already. Name a folder that does not.")
    settings = Settings.read(source)
    lock = WriterLock(source / "writer.lock")
    try:
        lost: list[str] = []
        found = _longest(source, settings, lost)
        _write(source, target, settings, found)
    finally:
        lock.release()
    return Salvaged(len(found.facts), found.end.sequence - 1, found.snapshot is None, tuple(lost))


def _longest(folder: Path, settings: Settings, lost: list[str]) -> _Found:
    """The prefix that reaches furthest; of equals that with the whole log."""
    starts: list[Snapshot | None] = [None]
    for path in snapshots(folder):
        try:
            starts.append(read_snapshot(path, settings.identity))
        except DurableError as error:
            lost.append(str(error))
    found = [_prefix(folder, settings, start, lost) for start in starts]
    whole = [each for each in found if each is not None]
    if not whole:
        raise DurableError(f"{folder}: nothing is whole. " + " ".join(dict.fromkeys(lost)))
    lost[:] = dict.fromkeys(lost)
    return max(whole, key=lambda each: each.end.sequence)


def _prefix(
    folder: Path, settings: Settings, start: Snapshot | None, lost: list[str]
) -> _Found | None:
    """What there is from a snapshot on up to the first damage; None if there is nothing."""
    facts = Facts(settings.entities, settings.relations)
    end, tick = START, 0
    reader, replay = LogReader(folder, settings.identity, end), Replay(facts)
    try:
        if start is not None:
            end, tick = start.position, start.tick
            facts.restore(start.state)
            reader = LogReader(folder, settings.identity, end)
        end = _replayed(reader, replay, end, lost)
        replay.finish()
    except FactError as error:  # intact bytes that make no sense
        lost.append(f"{folder}: the log before record {reader.position.sequence}: {error}")
        return None
    if start is None and end == START:
        return None
    return _Found(start, end, max(tick, replay.tick), facts)


def _replayed(reader: LogReader, replay: Replay, end: Position, lost: list[str]) -> Position:
    """Do the records up to the first damage; returns the position behind the last."""
    try:
        for record, schema in reader:
            replay.do(record, schema)
            end = reader.position
    except DurableError as error:
        lost.append(str(error))
        return end
    if reader.torn is not None:
        lost.append(f"{reader.torn.path}: torn at byte {reader.torn.offset}: {reader.torn.reason}")
    return reader.position if reader.position.offset else end


def _write(source: Path, target: Path, settings: Settings, found: _Found) -> None:
    """Copy the log up to its damage, or begin one behind the state; store.json comes last."""
    target.mkdir(parents=True)
    for path in source.glob("names.sqlite*"):
        shutil.copyfile(path, target / path.name)
    if found.snapshot is None:
        for first in segments(source):
            if first <= found.end.segment:
                path = segment_path(source, first)
                size = found.end.offset if first == found.end.segment else None
                write_whole(target / path.name, [path.read_bytes()[:size]])
    else:
        sequence = found.end.sequence
        begin = Position(sequence, 0, sequence)
        log = Log(target, settings.identity, SCHEMA, begin=begin)
        log.close()
        write_snapshot(target, settings.identity, found.facts.state(), begin, found.tick)
    settings.write(target)
    sync_folder(target)
