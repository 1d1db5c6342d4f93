"""Checkpoints: what comes back, equal bytes, whole files only, and every kind of damage."""

import errno
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays

from swarm import CheckpointError
from swarm.checkpoint import read_checkpoint, write_checkpoint

names = st.text(st.characters(codec="ascii", exclude_characters="/\0"), min_size=1, max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
dtypes = st.sampled_from(["int8", "int16", "int64", "uint64", "float32", "float64", "bool"])
columns = arrays.arrays(dtypes, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0))
folders = st.recursive(
    st.dictionaries(names, json_values | columns, min_size=1, max_size=4),
    lambda inner: st.dictionaries(names, inner | json_values | columns, min_size=1, max_size=3),
    max_leaves=8,
)

STATE: dict[str, Any] = {
    "population": {"energy": np.arange(5.0), "alive": np.ones(5, bool), "none": np.empty(0)},
    "systems": {"Selection": {"generation": 3}, "Deep": {"er": {"still": [1, [2.5, None], "x"]}}},
    "seed": 7,
    "count": np.int64(12),
    "single": np.array(4, np.int8),
}


SMALL: dict[str, Any] = {"energy": np.arange(3, dtype=np.int8), "seed": 7}


def assert_same(left: Any, right: Any) -> None:
    assert type(left) is type(right)
    if isinstance(left, dict):
        assert set(left) == set(right)
        for name in left:
            assert_same(left[name], right[name])
    elif isinstance(left, np.ndarray):
        assert left.dtype == right.dtype
        assert left.shape == right.shape
        assert left.tobytes() == right.tobytes()
    else:
        assert left == right


@settings(deadline=None, max_examples=50)
@given(state=folders)
def test_nested_arrays_and_json_come_back_as_they_were(
    state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("saved") / "world.npz"
    write_checkpoint(path, state)
    assert_same(read_checkpoint(path), state)


def test_equal_states_give_equal_bytes_and_the_file_is_plain_numpy(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "one", STATE)
    write_checkpoint(tmp_path / "two", STATE)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with zipfile.ZipFile(tmp_path / "one") as members:
        assert {member.date_time for member in members.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    with np.load(tmp_path / "one") as saved:
        assert saved["population/energy"].tolist() == [0, 1, 2, 3, 4]
        text = json.loads(saved["state.json"])
        assert text["values"]["systems/Selection/generation"] == 3
        assert sorted(f"{name}.npy" for name in text["arrays"]) == [
            member for member in saved.zip.namelist() if member != "state.json"
        ]
    assert read_checkpoint(tmp_path / "one")["count"] == 12


def test_an_empty_folder_comes_back(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "saved", {"streams": {}, "seed": 1})
    assert read_checkpoint(tmp_path / "saved") == {"streams": {}, "seed": 1}


def test_an_array_may_be_called_file(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "saved", {"file": np.arange(3)})
    assert read_checkpoint(tmp_path / "saved")["file"].tolist() == [0, 1, 2]


# Whole or not at all


class CrashError(Exception):
    """Stands for the end of the process, a full disk, a pulled plug."""


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_crash_while_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "world.npz"
    write_checkpoint(path, STATE)
    before = path.read_bytes()

    def crash(*_: object) -> None:
        raise CrashError

    monkeypatch.setattr(f"os.{moment}", crash)
    with pytest.raises(CrashError):
        write_checkpoint(path, {**STATE, "seed": 8})
    assert path.read_bytes() == before


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(tmp_path / "world.npz", STATE)
    assert not list(tmp_path.iterdir())


def test_what_is_neither_array_nor_json_is_refused_by_type(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="arrays and JSON values, not CrashError"):
        write_checkpoint(tmp_path / "saved", {"a": CrashError()})
    assert not list(tmp_path.iterdir())


def test_an_array_of_objects_is_refused_when_written(tmp_path: Path) -> None:
    with pytest.raises((TypeError, ValueError)):
        write_checkpoint(tmp_path / "saved", {"a": np.array([{}], object)})


# Damage


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    write_checkpoint(whole, SMALL)
    content = whole.read_bytes()
    part = tmp_path / "part"
    for length in range(len(content)):
        part.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match=r"part: damaged or not a checkpoint"):
            read_checkpoint(part)


def test_a_flipped_bit_is_noticed_or_harmless(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    write_checkpoint(whole, SMALL)
    content, expected = whole.read_bytes(), read_checkpoint(whole)
    broken = tmp_path / "broken"
    noticed = 0
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        broken.write_bytes(flipped)
        try:
            found = read_checkpoint(broken)
        except CheckpointError:
            noticed += 1
        else:
            assert_same(found, expected)
    assert noticed > len(content) / 2


def test_a_lost_member_is_noticed(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "whole", STATE)
    with zipfile.ZipFile(tmp_path / "whole") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    assert len(members) == 5
    for lost in members:
        with zipfile.ZipFile(tmp_path / "part", "w") as part:
            for name in members.keys() - {lost}:
                part.writestr(name, members[name])
        with pytest.raises(CheckpointError, match=r"part: damaged or not a checkpoint"):
            read_checkpoint(tmp_path / "part")


def test_other_files_are_no_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"absent: no such checkpoint"):
        read_checkpoint(tmp_path / "absent")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "zip", "w") as other:
        other.writestr("readme", "hello")
    for name in ("text", "empty", "zip", "."):
        with pytest.raises(CheckpointError, match="damaged or not a checkpoint"):
            read_checkpoint(tmp_path / name)


def test_a_single_array_is_no_checkpoint(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.arange(3))
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        read_checkpoint(tmp_path / "array.npy")
