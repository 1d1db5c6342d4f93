"""Facts that outlive the process: in columns in memory, in a log and snapshots on disk.

Guarantees. Killed at any byte, a store reopens to a prefix of what was written to it, with all that
was acknowledged (see `log` for when that is) and, of the rest, whole batches in order or nothing.
Damage never goes unnoticed where it would change what is read: reopening refuses and names the
file, unless the damage can be told from nothing but a torn write at the end, which is left out and
said in `recovered`; what is whole of a memory that is refused, `salvage` saves. One process writes;
others may read a consistent prefix at any time.

A folder holds

    store.json          what memory it is
    log-….segment       every write in order, see `log` and `operations`
    snapshot-….bin      the last states saved whole
    names.sqlite        names of ids and metadata, if any were given
    writer.lock         who writes
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.journal import Journal
from swarm.memory.durable.loading import SETTINGS, Loaded, Settings, load
from swarm.memory.durable.lock import WriterLock
from swarm.memory.durable.log import SEGMENT_BYTES, Log, Sync
from swarm.memory.durable.logged import LoggedFacts
from swarm.memory.durable.names import Names
from swarm.memory.durable.operations import SCHEMA
from swarm.memory.durable.reader import segment_path, segments
from swarm.memory.durable.snapshot import (
    read_snapshot,
    snapshot_path,
    snapshots,
    write_snapshot,
)
from swarm.memory.durable.whole_file import remove_partial, sync_folder
from swarm.memory.facts import Facts

KEPT = 2
"""Snapshots kept: a damaged one falls back to the one before it."""
NAMES = "names.sqlite"


class FactStore:
    """A memory in a folder; made by `open`.

    >>> with FactStore.open(folder, entities=135, relations=46) as store:
    ...     ids = store.append([3, 5], 7, [9, 9], author=12, tick=0)
    ...     store.flush()                                    # acknowledged
    ...     store.facts.match(object=9)
    array([0, 1])

    Attributes:
        folder: where it is.
        facts: the memory. Whatever reads or writes `Facts` may be given these: writes to them are
            logged first, whether they come by `store.append` or by `store.facts.append`.
        append, add, supersede, end, writer: those of `facts`.
        names: Names, ids of names and metadata.
        recovered: what was torn or damaged and could be mended on opening, a line each.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        facts: LoggedFacts,
        journal: Journal,
        lock: WriterLock | None,
        loaded: Loaded,
    ) -> None:
        self.folder = folder
        self.facts: Facts = facts
        self.append = facts.append
        self.add = facts.add
        self.supersede = facts.supersede
        self.end = facts.end
        self.writer = facts.writer
        self.recovered = tuple(loaded.recovered)
        self._settings = settings
        self._logged = facts
        self._journal = journal
        self._lock = lock
        self._damaged = loaded.damaged
        self._names = journal.names

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        entities: int | None = None,
        relations: int | None = None,
        named: bool = False,
        sync: Sync = "batch",
        read_only: bool = False,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> FactStore:
        """Open the memory in a folder; the first time, create it.

        Args:
            entities, relations: how many there are, needed the first time; later they may be left
                out, or must be the same.
            named: every entity and relation in a fact must have a name. Set the first time.
            sync: when a write is acknowledged: "always" when its call returns; "batch" at
                `flush`, synced; "never" at `flush`, with the operating system.
            read_only: read what is there now; needs no lock, and changes nothing.
            segment_bytes: size of the log's files.

        Raises:
            DurableError: if another writes, or for damage (see the module); the message names the
                file.
        """
        path = Path(folder)
        if read_only:
            return cls._open_to_read(path, entities, relations)
        path.mkdir(parents=True, exist_ok=True)
        lock = WriterLock(path / "writer.lock")
        try:
            remove_partial(path)
            if not (path / SETTINGS).exists():
                _create(path, entities, relations, named, sync)
            settings = _settings(path, entities, relations)
            facts, loaded = load(path, settings, LoggedFacts)
            names = _names_of(path, settings, facts, read_only=False)
            log = Log(
                path,
                settings.identity,
                SCHEMA,
                sync=sync,
                segment_bytes=segment_bytes,
                reader=loaded.reader,
            )
        except BaseException:
            lock.release()
            raise
        journal = Journal(log, names, len(facts))
        facts.resume(journal, loaded.tick)
        return cls(path, settings, facts, journal, lock, loaded)

    @classmethod
    def _open_to_read(cls, path: Path, entities: int | None, relations: int | None) -> FactStore:
        settings = _settings(path, entities, relations)
        facts, loaded = load(path, settings, LoggedFacts)
        names = _names_of(path, settings, facts, read_only=True)
        journal = Journal(None, names, len(facts))
        facts.resume(journal, loaded.tick)
        return cls(path, settings, facts, journal, None, loaded)

    @property
    def tick(self) -> int:
        """The last tick that anything was written in; nothing may be written in an earlier one."""
        return self._logged.last_tick

    @property
    def acknowledged(self) -> int:
        """Records up to this number are acknowledged."""
        return self._journal.writable().acknowledged

    @property
    def names(self) -> Names:
        """Names of ids, and metadata."""
        if self._names is None:
            read_only = self._journal.log is None
            self._names = Names(self.folder / NAMES, read_only=read_only)
        return self._names

    def mark(self, tick: int, values: Any) -> None:
        """Log a JSON value, such as a world's settings; `marks` reads it back."""
        self._logged.mark(tick, values)

    def flush(self) -> int:
        """Acknowledge all that was written; returns the number of the last record."""
        self._logged.log_added()
        return self._journal.writable().flush()

    def flush_if_writing(self) -> None:
        """Make what was written here readable from the folder."""
        if self._journal.log is not None and not self._journal.closed:
            self.flush()

    def snapshot(self) -> Path:
        """Save the whole state, so that reopening reads no log before it; keeps the last two."""
        self._logged.log_added()
        position = self._journal.writable().sync_all()
        path = snapshot_path(self.folder, position.sequence - 1)
        if path in self._damaged or not path.exists():
            write_snapshot(
                self.folder, self._settings.identity, self.facts.state(), position, self.tick
            )
        self._damaged = [each for each in self._damaged if each != path]
        for old in [*self._damaged, *self._intact_snapshots()[KEPT:]]:
            old.unlink(missing_ok=True)
        self._damaged = []
        sync_folder(self.folder)
        return path

    def compact(self, *, keep_history: bool = True) -> int:
        """Free disk space; returns how many segments of the log were removed.

        Args:
            keep_history: keep the whole log. Without it, segments wholly before the older of the
                two snapshots go, once both have been read back intact: `at` then rebuilds earlier
                ticks from that snapshot, the same bytes, but marks and the order of writes within
                those ticks are gone.
        """
        log = self._journal.writable()
        kept = self._intact_snapshots()[:KEPT]
        if keep_history or len(kept) < KEPT:
            return 0
        positions = [read_snapshot(path, self._settings.identity).position for path in kept]
        return log.drop_before(min(positions))

    def close(self) -> None:
        """Acknowledge all that was written, seal the log and let others write."""
        if self._journal.closed:
            return
        log = self._journal.log
        try:
            if log is not None and not log.broken:
                self._logged.log_added()
        finally:
            self._journal.closed = "is closed"
            self._let_go(log)

    def _let_go(self, log: Log | None) -> None:
        try:
            if log is not None:
                log.close()
        finally:
            if self._names is not None:
                self._names.close()
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> FactStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _intact_snapshots(self) -> list[Path]:
        return [path for path in snapshots(self.folder) if path not in self._damaged]


def _create(
    path: Path, entities: int | None, relations: int | None, named: bool, sync: Sync
) -> None:
    if entities is None or relations is None:
        raise DurableError(
            f"{path}: a new memory needs its sizes: "
            "FactStore.open(folder, entities=135, relations=46)."
        )
    Facts(entities, relations)  # refuses sizes that cannot be
    left = [segment_path(path, first) for first in segments(path)]
    if snapshots(path) or any(file.stat().st_size > 4096 for file in left):
        raise DurableError(f"{path / SETTINGS}: missing, beside a log or snapshots. Restore it.")
    for file in left:  # a crash while the memory was created: its settings come last
        file.unlink()
    identity = uuid.uuid4().hex
    Log(path, identity, SCHEMA, sync=sync).close()
    Settings(identity, entities, relations, named).write(path)


def _settings(path: Path, entities: int | None, relations: int | None) -> Settings:
    settings = Settings.read(path)
    if (entities or settings.entities, relations or settings.relations) != (
        settings.entities,
        settings.relations,
    ):
        raise DurableError(
            f"{path}: holds a memory of {settings.entities} entities and {settings.relations} "
            f"relations; got {entities} and {relations}."
        )
    return settings


def _names_of(path: Path, settings: Settings, facts: Facts, *, read_only: bool) -> Names | None:
    """The names of a memory that has to have them, checked to cover all its facts."""
    if not settings.named:
        return None
    names = Names(path / NAMES, read_only=read_only)
    columns = facts.columns()
    for table, used in (("entities", ("subject", "object")), ("relations", ("relation",))):
        known = len(getattr(names, table))
        highest = max(int(columns[column].max(initial=-1)) for column in used)
        if highest >= known:
            names.close()
            raise DurableError(
                f"{names.path}: has {known} names of {table}, but facts refer to {highest}. Names "
                "were committed before those facts, so that the file is not what it was: restore "
                "it from a copy."
            )
    return names
