"""A replicated log that only grows: what each replica said, in its own order.

Wuu & Bernstein 1984, "Efficient solutions to the replicated log and dictionary problems", PODC,
as a delta-state type: entries are dotted (origin, sequence), a version counts how many of each
origin are known, and a delta is the run of entries after a version. A payload is a row of named
columns.

Guarantees: entries of an origin become visible in the order it wrote them and without gaps; a run
that comes before the one it follows is kept aside, part of the state but not of the version,
until the gap closes. Reading what is new since a version gives the same rows in the same order on
every replica. Appending and merging cost O(entries that are new), amortised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from swarm.memory.replicas.clocks import version_of
from swarm.memory.replicas.errors import ReplicaError
from swarm.memory.replicas.fields import Fields, Words
from swarm.memory.replicas.lattice import Replicated

Column = NDArray[np.int64]


class Entries(NamedTuple):
    """Entries of a log, by origin and then by sequence.

    Attributes:
        origins: int64[n], the replicas that wrote them.
        sequences: int64[n], their numbers there, from 0.
        columns: the payload, n values a field.
    """

    origins: Column
    sequences: Column
    columns: dict[str, NDArray]


class _Run(NamedTuple):
    """Following entries of one origin: the first `size` rows of a buffer, which may have room."""

    first: int
    size: int
    buffer: Words

    @property
    def end(self) -> int:
        return self.first + self.size

    @property
    def rows(self) -> Words:
        return self.buffer[: self.size]


class Log(Replicated):
    """A grow-only log of rows with named columns.

    >>> ours = Log(replica=0, replicas=2, fields={"finding": np.int64})
    >>> theirs = Log(replica=1, replicas=2, fields={"finding": np.int64})
    >>> known = theirs.version
    >>> theirs.merge(ours.append(finding=[7, 8]))
    True
    >>> theirs.since(known).columns["finding"].tolist(), theirs.version.tolist()
    ([7, 8], [2, 0])
    """

    _names = ("origins", "firsts", "counts", "values")

    def __init__(self, replica: int, replicas: int, fields: Mapping[str, DTypeLike]) -> None:
        self.fields = Fields(fields)
        super().__init__(replica, replicas, self.fields, self.fields.words)
        # The runs of each origin that has any: ascending and apart.
        self._runs: dict[int, tuple[_Run, ...]] = {}

    @property
    def version(self) -> Column:
        """How many entries of each replica are known without a gap, int64[replicas]."""
        version = np.zeros(self.replicas, np.int64)
        for origin, runs in self._runs.items():
            if runs[0].first == 0:
                version[origin] = runs[0].size
        return version

    @property
    def waiting(self) -> int:
        """Entries kept aside because others that come before them are missing."""
        return sum(run.size for runs in self._runs.values() for run in runs if run.first)

    def __len__(self) -> int:
        return int(self.version.sum())

    def append(self, **columns: ArrayLike) -> Self:
        """Write rows of one's own, m values for each field; returns the delta."""
        values = self.fields.pack(columns)
        delta = self.empty()
        if len(values):
            runs = self._runs.get(self.replica, ())
            first = runs[0].end if runs and runs[0].first == 0 else 0
            if len(runs) > (first > 0):
                raise ReplicaError(
                    "entries of this replica's own are known, but not all before them: the log "
                    "was restored from too early a state. Merge what the others have first."
                )
            delta._runs = {self.replica: (_Run(first, len(values), values),)}
            self.merge(delta)
        return delta

    def delta(self, since: ArrayLike) -> Self:
        """What is known and visible here after a version, int64[replicas], as a delta."""
        known = version_of(since, self.replicas)
        delta = self.empty()
        for origin, (run, *_) in self._runs.items():
            first = int(known[origin])
            if run.first == 0 and first < run.size:
                delta._runs[origin] = (_Run(first, run.size - first, run.rows[first:]),)
        return delta

    def since(self, version: ArrayLike) -> Entries:
        """Read the visible entries after a version, by origin and then by sequence.

        >>> log = Log(replica=0, replicas=1, fields={"finding": np.int64})
        >>> _ = log.append(finding=[7, 8, 9])
        >>> log.since([1]).columns["finding"].tolist()
        [8, 9]

        Raises:
            ReplicaError: for a version that is not int[replicas] ≥ 0.
        """
        return self.delta(version).value()

    def value(self) -> Entries:
        """All entries of the state, or of the delta, by origin and then by sequence."""
        origins, firsts, counts, values = self._columns()
        starts = np.cumsum(counts) - counts
        sequences = np.arange(len(values)) + np.repeat(firsts - starts, counts)
        return Entries(np.repeat(origins, counts), sequences, self.fields.unpack(values))

    def merge(self, other: Self) -> bool:
        """Join a state or a delta; returns whether that changed anything."""
        self._check_kind(other)
        changed = False
        for origin, theirs in other._runs.items():
            mine = self._runs.get(origin, ())
            for run in theirs:
                grown = _inserted(mine, run)
                if grown is not mine:
                    changed, mine = True, grown
            if changed:
                self._runs[origin] = mine
        return changed

    @property
    def nbytes(self) -> int:
        """Bytes of its columns, kept aside or visible."""
        runs = [run for runs in self._runs.values() for run in runs]
        return 24 * len(runs) + 8 * self._words * sum(run.size for run in runs)

    def copy(self) -> Self:
        """A log that goes its own way from here; rows are shared, none of them ever changes."""
        twin = super().copy()
        # Room behind the rows belongs to the first log alone.
        twin._runs = {
            origin: tuple(_Run(run.first, run.size, run.rows) for run in runs)
            for origin, runs in self._runs.items()
        }
        return twin

    def empty(self) -> Self:
        """The log that knows nothing."""
        twin = super().copy()
        twin._runs = {}
        return twin

    def _columns(self) -> tuple[NDArray, ...]:
        runs = [(origin, run) for origin in sorted(self._runs) for run in self._runs[origin]]
        heads = np.array([(o, run.first, run.size) for o, run in runs], np.int64).reshape(-1, 3)
        rows = [run.rows for _, run in runs]
        values = np.concatenate(rows) if rows else np.zeros((0, self._words), np.uint64)
        return heads[:, 0].copy(), heads[:, 1].copy(), heads[:, 2].copy(), values

    def _hold(self, *columns: NDArray) -> None:
        *heads, values = columns
        self._runs = {}
        place = 0
        for origin, first, count in zip(*(head.tolist() for head in heads), strict=True):
            run = _Run(first, count, values[place : place + count])
            self._runs[origin] = (*self._runs.get(origin, ()), run)
            place += count

    def _adopt(self, columns: Sequence[NDArray]) -> None:
        origins, firsts, counts, values = columns
        ordered = origins.shape == firsts.shape == counts.shape
        if ordered and origins.size:
            ends = firsts + counts
            apart = (origins[1:] > origins[:-1]) | (origins[1:] == origins[:-1]) & (
                firsts[1:] > ends[:-1]
            )
            least = bool(origins[0] >= 0 and (firsts >= 0).all() and (counts > 0).all())
            ordered = bool(apart.all() and origins[-1] < self.replicas) and least
        if not ordered or counts.sum() != len(values):
            raise ReplicaError(
                "the runs of a log ascend by replica and sequence, lie apart, and have as many "
                "rows as they count; these do not."
            )
        self._hold(*columns)


def _inserted(runs: tuple[_Run, ...], new: _Run) -> tuple[_Run, ...]:
    """The runs with another one taken in; the same tuple if they had it all."""
    if len(runs) == 1 and runs[0].first <= new.first <= runs[0].end:
        (run,) = runs
        return runs if new.end <= run.end else (_extended(run, new.rows[run.end - new.first :]),)
    before = [run for run in runs if run.end < new.first]
    after = [run for run in runs if run.first > new.end]
    touched = runs[len(before) : len(runs) - len(after)]
    first = min([new.first, *(run.first for run in touched)])
    end = max([new.end, *(run.end for run in touched)])
    if sum(run.size for run in touched) == end - first:
        return runs
    rows = np.empty((end - first, new.buffer.shape[1]), np.uint64)
    for run in (new, *touched):
        rows[run.first - first : run.end - first] = run.rows
    return (*before, _Run(first, end - first, rows), *after)


def _extended(run: _Run, rows: Words) -> _Run:
    """A run with rows behind it; what was room is used, and doubled when it runs out."""
    count = run.size + len(rows)
    buffer = run.buffer
    if count > len(buffer):
        buffer = np.empty((max(count, 2 * run.size), rows.shape[1]), np.uint64)
        buffer[: run.size] = run.rows
    buffer[run.size : count] = rows
    return _Run(run.first, count, buffer)
