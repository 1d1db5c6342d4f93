"""What is saved of a damaged memory: the longest whole prefix, and nothing is lost of the old."""

from pathlib import Path

import numpy as np
import pytest

from swarm.memory.durable import DurableError, FactStore, at, marks, salvage
from tests.swarm.memory.test_durable import ENTITIES, RELATIONS, fingerprint
from tests.swarm.memory.test_durable_crash import Written, changed, damage, ends, reopened, write


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".lock"}


def saved(written: Written, into: Path) -> tuple[dict[str, bytes], bool]:
    """The state that is saved, after what must hold of any."""
    before = content(written.folder)
    found = salvage(written.folder, into)
    assert content(written.folder) == before
    assert found.lost
    with FactStore.open(into) as store:
        assert store.recovered == ()
        state, tick, size = fingerprint(store.facts), store.tick, len(store.facts)
        assert size == found.facts
        assert state == fingerprint(at(store, tick))
        store.append(1, 1, 1, author=1, tick=tick)
        store.snapshot()
    with FactStore.open(into) as store:
        assert len(store.facts) == size + 1
        assert fingerprint(at(store, max(tick - 1, 0)))
    return state, found.history


def test_the_records_before_the_damage_are_saved(tmp_path: Path) -> None:
    written = write(tmp_path / "old", writes=12)
    (path,) = written.folder.glob("log-*")
    whole, stops = path.read_bytes(), ends(written, path)
    for record in (1, 5, len(stops) - 2):
        flipped = bytearray(whole)
        flipped[stops[record] - 9] ^= 1
        with changed(path, bytes(flipped)):
            refusal = reopened(written, read_only=True)
            assert "salvage(folder, into=" in str(refusal)
            assert saved(written, tmp_path / str(record)) == (written.states[record], True)


def test_a_snapshot_beyond_the_damage_saves_more(tmp_path: Path) -> None:
    written = write(tmp_path / "old", snapshots=(9, 17), segment_bytes=700)
    paths = sorted(written.folder.glob("log-*"))
    newest = max(written.folder.glob("snapshot-*"))
    behind = int(newest.stem.split("-")[1])
    past = [fingerprint(at(written.folder, tick)) for tick in range(3)]
    for path in paths[1:]:
        path.unlink()
    assert saved(written, tmp_path / "new") == (written.states[behind], False)
    assert [fingerprint(at(tmp_path / "new", tick)) for tick in range(3)] == past
    newest.write_bytes(b"gone")
    older = min(written.folder.glob("snapshot-*"))
    state = written.states[int(older.stem.split("-")[1])]
    assert saved(written, tmp_path / "older") == (state, False)
    older.write_bytes(b"gone")
    assert saved(written, tmp_path / "log")[1], "the first segment"
    paths[0].write_bytes(b"gone")
    with pytest.raises(DurableError, match=r"nothing is whole.*snapshot-.*log-"):
        salvage(written.folder, tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_whatever_is_damaged_what_is_saved_is_a_prefix(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    kinds = [{}, {"snapshots": (9, 17), "segment_bytes": 700}, {"snapshots": (9,), "close": True}]
    stores = [write(tmp_path / f"old{i}", **options) for i, options in enumerate(kinds)]
    refused = 0
    for number in range(30):
        written = stores[number % 3]
        files = sorted([*written.folder.glob("log-*"), *written.folder.glob("snapshot-*")])
        file = files[rng.integers(len(files))]
        with changed(file, damage(rng, file.read_bytes())):
            if not isinstance(reopened(written, read_only=True), str):
                continue
            refused += 1
            try:
                state, _ = saved(written, tmp_path / f"new{number}")
            except DurableError as error:
                assert "nothing is whole" in str(error)  # noqa: PT017 - it may also succeed
                assert not list(written.folder.glob("snapshot-*"))
                continue
            assert state in written.states
    assert refused > 5


def test_names_and_marks_are_saved_too(tmp_path: Path) -> None:
    with FactStore.open(
        tmp_path / "old", entities=ENTITIES, relations=RELATIONS, named=True
    ) as store:
        store.names.entities.add(["a", "b"])
        store.names.relations.add(["r"])
        store.append(0, 0, 1, author=0, tick=0)
        store.mark(1, "noon")
        store.append(1, 0, 1, author=0, tick=2)
        with pytest.raises(DurableError, match="one writes at a time"):
            salvage(tmp_path / "old", tmp_path / "new")
    (path,) = (tmp_path / "old").glob("log-*")
    path.write_bytes(path.read_bytes()[:-60])  # the seal, and the end of the last fact
    found = salvage(tmp_path / "old", tmp_path / "new")
    assert found[:3] == (1, 2, True)
    with FactStore.open(tmp_path / "new") as store:
        assert store.names.entities.names([0, 1]) == ["a", "b"]
        assert [mark.values for mark in marks(store)] == ["noon"]
        assert store.tick == 1
    with pytest.raises(DurableError, match="exists already"):
        salvage(tmp_path / "old", tmp_path / "new")
    (tmp_path / "old" / "store.json").write_bytes(b"{")
    with pytest.raises(DurableError, match=r"store\.json: damaged"):
        salvage(tmp_path / "old", tmp_path / "newer")
