"""Logs and snapshots cut and flipped at random: a prefix of what was written, or a refusal.

Every state that a store went through is recorded as it was written, by number of the record.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pytest

from swarm.memory.durable import DurableError, FactStore
from swarm.memory.durable.reader import LogReader
from swarm.memory.durable.records import HEADER_BYTES
from tests.swarm.memory.test_durable import ENTITIES, RELATIONS, fingerprint, random_writes


class Written(NamedTuple):
    """A folder, and the states it went through: `states[n]` is that behind record n."""

    folder: Path
    states: list[dict[str, bytes]]
    identity: str


def write(
    folder: Path,
    *,
    snapshots: tuple[int, ...] = (),
    writes: int = 24,
    close: bool = False,
    flush_every: int = 1,
    **options: Any,
) -> Written:
    """Fill a store as a process does that is killed at the end, unless it closes."""
    rng = np.random.default_rng(5)
    store = FactStore.open(folder, entities=ENTITIES, relations=RELATIONS, **options)
    states = [fingerprint(store.facts)]
    for number, (_, change) in enumerate(random_writes(rng, writes)):
        change(store)
        if number % flush_every == flush_every - 1:
            store.flush()
        if fingerprint(store.facts) != states[-1]:
            states.append(fingerprint(store.facts))
        if number in snapshots:
            store.snapshot()
    store.flush()
    identity = store._settings.identity
    if close:
        store.close()
    else:
        assert store._lock is not None
        store._lock.release()  # as the death of the process does
    return Written(folder, states, identity)


@contextmanager
def changed(path: Path, data: bytes) -> Iterator[None]:
    """A file that holds something else; the folder is as before afterwards."""
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    path.write_bytes(data)
    try:
        yield
    finally:
        for file in path.parent.iterdir():
            if file not in before:
                file.unlink()
        for file, content in before.items():
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)


def reopened(written: Written, **options: Any) -> dict[str, bytes] | str:
    """The state that comes back, or the refusal; what comes back can be written to again."""
    try:
        with FactStore.open(written.folder, sync="never", **options) as store:
            state = fingerprint(store.facts)
            if not options.get("read_only"):
                store.append(1, 1, 1, author=1, tick=store.tick)
                after = fingerprint(store.facts)
    except DurableError as error:
        return str(error)
    if not options.get("read_only"):
        with FactStore.open(written.folder, read_only=True) as store:
            assert fingerprint(store.facts) == after
    return state


def ends(written: Written, path: Path) -> list[int]:
    """Bytes at which the records of the only segment end."""
    return [record.end for record, _ in LogReader(path.parent, written.identity)]


def damage(rng: np.random.Generator, content: bytes) -> bytes:
    """Cut at a random byte, or flip some bits of one."""
    place = int(rng.integers(0, len(content)))
    if rng.random() < 0.5:
        return content[:place]
    flipped = bytearray(content)
    flipped[place] ^= int(rng.integers(1, 256))
    return bytes(flipped)


def attack(folder: Path, times: int) -> dict[str, int]:
    """Damage a random file of the log and the snapshots, many times; count what came of it."""
    rng = np.random.default_rng(77)
    came: dict[str, int] = dict.fromkeys(["all", "prefix", "refused"], 0)
    kinds: list[dict[str, Any]] = [
        {"snapshots": (9, 17)},
        {"segment_bytes": 700},
        {"snapshots": (9, 17), "segment_bytes": 700, "close": True},
        {"flush_every": 5, "snapshots": (9,)},
    ]
    stores = [write(folder / str(i), **options) for i, options in enumerate(kinds)]
    for number in range(times):
        written = stores[number % len(stores)]
        files = [*written.folder.glob("log-*"), *written.folder.glob("snapshot-*")]
        file = sorted(files)[rng.integers(len(files))]
        with changed(file, damage(rng, file.read_bytes())):
            outcome = reopened(written, read_only=bool(number % 3))
        if isinstance(outcome, str):
            assert "log-" in outcome or "snapshot-" in outcome, outcome
            came["refused"] += 1
        else:
            assert outcome in written.states, f"{file.name}, number {number}: a wrong state"
            came["all" if outcome == written.states[-1] else "prefix"] += 1
    return came


def test_damaged_anywhere_it_is_a_prefix_or_refused(tmp_path: Path) -> None:
    came = attack(tmp_path, 200)
    assert min(came.values()) > 10, came


@pytest.mark.slow
def test_damaged_anywhere_a_thousand_times(tmp_path: Path) -> None:
    came = attack(tmp_path, 1000)
    assert min(came.values()) > 50, came


@pytest.mark.parametrize("sync", ["always", "batch"])
def test_killed_at_any_byte_it_holds_exactly_the_whole_records(
    tmp_path: Path, sync: Literal["always", "batch"]
) -> None:
    written = write(tmp_path / "store", sync=sync, writes=12)
    (path,) = written.folder.glob("log-*")
    content, stops = path.read_bytes(), ends(written, path)
    rng = np.random.default_rng(1)
    places = {*stops, *(stop - 1 for stop in stops), *rng.integers(stops[0] - 100, stops[-1], 15)}
    for place in sorted(int(place) for place in places):
        with changed(path, content[:place]):
            whole = sum(stop <= place for stop in stops)
            assert reopened(written) == written.states[whole], f"cut at byte {place}"


def test_a_flip_before_what_was_acknowledged_later_is_never_dropped(tmp_path: Path) -> None:
    """Each byte of each record but the last of a killed store; of all of one that was closed."""
    for close in (False, True):
        written = write(tmp_path / str(close), writes=6, close=close)
        (path,) = written.folder.glob("log-*")
        content, stops = path.read_bytes(), ends(written, path)
        last = stops[-2]
        for place in [*range(0, last, 29), *range(last - HEADER_BYTES - 10, last, 3)]:
            flipped = bytearray(content)
            flipped[place] ^= 4
            with changed(path, bytes(flipped)):
                refusal = reopened(written, read_only=True)
                assert isinstance(refusal, str), f"byte {place} of {len(content)}"
                assert str(path) in refusal
                assert "damaged at byte" in refusal
        flipped = bytearray(content)
        flipped[-1] ^= 4  # the last: padding, or the seal, or a torn write; a prefix in any case
        with changed(path, bytes(flipped)):
            assert reopened(written) == written.states[-1 if close else -2]


def test_a_group_torn_within_is_left_out_from_there(tmp_path: Path) -> None:
    """The disk may write the pages of an unacknowledged group in any order."""
    written = write(tmp_path / "store", writes=10, flush_every=5)
    (path,) = written.folder.glob("log-*")
    content, stops = path.read_bytes(), ends(written, path)
    flipped = bytearray(content)
    flipped[stops[-3] - 4] ^= 1  # within the last group, records behind it are intact
    with changed(path, bytes(flipped)):
        assert reopened(written) == written.states[len(stops) - 3]
    flipped = bytearray(content)
    flipped[stops[1] - 4] ^= 1  # within the first: the second was written when it was safe
    with changed(path, bytes(flipped)):
        assert "where record 2 should be" in str(reopened(written))


def test_records_that_are_cut_out_whole_are_missed(tmp_path: Path) -> None:
    written = write(tmp_path / "one", writes=8)
    (path,) = written.folder.glob("log-*")
    content, stops = path.read_bytes(), ends(written, path)
    with changed(path, content[: stops[2]] + content[stops[3] :]):
        assert "byte" in (refusal := str(reopened(written)))
        assert "holds record 5, where record 4 should be" in refusal
    with changed(path, content[: stops[3]] + content[stops[2] :]):  # one of them twice
        assert "holds record 4, where record 5 should be" in str(reopened(written))


def test_segments_must_follow_each_other(tmp_path: Path) -> None:
    written = write(tmp_path / "many", segment_bytes=700)
    paths = sorted(written.folder.glob("log-*"))
    assert len(paths) > 3
    content = paths[1].read_bytes()
    with changed(paths[1], content):
        paths[1].unlink()
        assert "Records are missing" in str(reopened(written))
    with changed(paths[1], paths[2].read_bytes()):
        assert "put here from elsewhere, or renamed" in str(reopened(written))
    with changed(paths[1], content[: len(content) - 9]):
        assert "later segments follow" in str(reopened(written))
    other = write(tmp_path / "other", segment_bytes=700)
    with changed(paths[1], sorted(other.folder.glob("log-*"))[1].read_bytes()):
        assert "put here from elsewhere, or renamed" in str(reopened(written))


def test_a_damaged_snapshot_falls_back_to_the_one_before(tmp_path: Path) -> None:
    written = write(tmp_path / "store", snapshots=(5, 9, 17))
    older, newer = sorted(written.folder.glob("snapshot-*"))
    with changed(newer, newer.read_bytes()[:-70]):
        assert reopened(written, read_only=True) == written.states[-1]
        older.write_bytes(b"")  # and from the log alone
        assert reopened(written, read_only=True) == written.states[-1]
        with FactStore.open(written.folder) as store:
            assert [str(newer) in store.recovered[0], str(older) in store.recovered[1]] == [1, 1]
            store.snapshot()  # damaged ones do not count among the two that are kept
            assert len(list(written.folder.glob("snapshot-*"))) == 1
    (log,) = written.folder.glob("log-*")
    with changed(log, log.read_bytes()[:1500]):  # less than the snapshot was taken of
        assert "a snapshot was taken when it had" in str(reopened(written))


def test_what_a_crash_leaves_half_written_is_removed(tmp_path: Path) -> None:
    written = write(tmp_path / "store")
    (written.folder / ".snapshot-00000000000000000099.bin.partial").write_bytes(b"half")
    assert reopened(written) == written.states[-1]
    assert not list(written.folder.glob(".*"))
    settings = written.folder / "store.json"
    with changed(settings, settings.read_bytes().replace(b'"relations": 3', b'"relations": 4')):
        assert "store.json: damaged" in str(reopened(written))
    with changed(settings, b""):
        settings.unlink()
        with pytest.raises(DurableError, match=r"store\.json: missing"):
            FactStore.open(written.folder, entities=ENTITIES, relations=RELATIONS)
