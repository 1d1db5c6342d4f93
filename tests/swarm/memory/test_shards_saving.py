"""Folders of shards: whatever is damaged or missing is refused by name."""

import json
from pathlib import Path

import numpy as np
import pytest

from swarm.memory.shards import ShardError, Shards
from swarm.memory.shards.saving import digests
from swarm.memory.vectors import Exact

WIDTH = 3


def test_damaged_folders_are_refused_by_name(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    shards = Shards.build(rng.normal(0, 1, (40, WIDTH)), rng, shards=2)
    shards.save(tmp_path)
    for name in ("placement.npz", "table.npz", "shards.json"):
        kept = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(kept[: len(kept) // 2])
        with pytest.raises(ShardError, match=name):
            Shards.load(tmp_path)
        (tmp_path / name).unlink()
        with pytest.raises(ShardError, match=name):
            Shards.load(tmp_path)
        (tmp_path / name).write_bytes(kept)
    assert len(Shards.load(tmp_path)) == 40
    header = json.loads((tmp_path / "shards.json").read_text())
    damages: list[dict[str, object]] = [
        {"shape": [2, 9]},
        {"shape": [2, 9, "3"]},
        {"copies": 0},
        {"capacity": None},
        {"metric": "inner"},
        {"moves": [[0, 1]]},
        {"moves": [[99, 0, 1, 0]]},
        {"moves": [[0, 0, 1, 3]]},
        {"moves": [[0, int(shards.placement.shard[0]), 1 - int(shards.placement.shard[0]), 2]]},
        {"bytes_moved": "many"},
        {"files": []},
    ]
    for damage in damages:
        (tmp_path / "shards.json").write_text(json.dumps(header | damage))
        with pytest.raises(ShardError, match=r"shards\.json"):
            Shards.load(tmp_path)
    (tmp_path / "shards.json").write_text(json.dumps(header))
    # Files that are whole and not of these shards, first with their digests as they were.
    mine = shards.copies[0][0]
    vectors = next((tmp_path / "shard-0000-0").glob("vectors*"))
    kept = vectors.read_bytes()
    vectors.write_bytes(kept[:-2] + bytes([kept[-2] ^ 1]) + kept[-1:])
    with pytest.raises(ShardError, match=vectors.name):
        Shards.load(tmp_path)
    vectors.write_bytes(kept)

    def sealed() -> None:
        there = header | {"files": digests(tmp_path, shards)}
        (tmp_path / "shards.json").write_text(json.dumps(there))

    table = shards.table.state()
    table["centroids"][0, 0, 0] += 1
    kept = (tmp_path / "table.npz").read_bytes()
    np.savez(tmp_path / "table.npz", allow_pickle=False, **table)
    sealed()
    with pytest.raises(ShardError, match=r"table\.npz.*stamp"):
        Shards.load(tmp_path)
    (tmp_path / "table.npz").write_bytes(kept)
    for other, reason in (
        (Exact(WIDTH), "lacks"),
        (Exact(WIDTH, "cosine"), "metric"),
        (Exact(WIDTH), "not of its shard"),
    ):
        if reason == "not of its shard":
            other.add(mine.vectors(mine.ids()), mine.ids())
            other.add(np.ones((1, WIDTH)), shards.copies[1][0].ids()[:1])
        other.save(tmp_path / "shard-0000-0")
        sealed()
        with pytest.raises(ShardError, match=f"shard-0000-0.*{reason}"):
            Shards.load(tmp_path)


def test_a_folder_half_written_over_is_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    shards = Shards.build(rng.normal(0, 1, (40, WIDTH)), rng, shards=2)
    shards.save(tmp_path)

    def full_disk(folder: object) -> None:
        raise OSError("no space left")

    shards.copies[1][0].save = full_disk  # type: ignore[method-assign]
    with pytest.raises(OSError, match="space"):
        shards.save(tmp_path)
    with pytest.raises(ShardError, match=r"shards\.json cannot be read"):
        Shards.load(tmp_path)
