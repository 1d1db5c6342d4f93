"""Machines in files: what is loaded is what was saved, and damage is told."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.iterated import (
    IteratedError,
    MachineGenomes,
    Machines,
    TitForTat,
    load_machines,
    memory_one,
    save_machines,
)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(2, 4), st.booleans())
def test_machines_come_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, seed: int, states: int, actions: int, own: bool
) -> None:
    rng = np.random.default_rng(seed)
    genomes = MachineGenomes(states, actions, mixed=actions == 2, sees_own=own)
    parts = [genomes.machines_of(genomes.spec.sample(3, rng))]
    if actions == 2:  # of another size
        parts.append(memory_one(rng.random((2, 4)), ["α", 'quoted "name"'], rng.random(2)))
    machines = Machines.concatenate(parts)
    path = tmp_path_factory.mktemp("machines") / "saved.json"
    save_machines(machines, path)
    loaded = load_machines(path)
    assert loaded.names == machines.names
    for column in ("state_start", "start", "plays", "moves_on"):
        np.testing.assert_array_equal(getattr(loaded, column), getattr(machines, column))
    assert [each.name for each in path.parent.iterdir()] == ["saved.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "machines"}, "no machines; their file says"),
        ({"machines": []}, "a list of one machine or more"),
        ({"machines": [{"name": "x"}]}, "machine 0 has to have name, start, plays, moves_on"),
        ({"plays": [[0.5, 0.6], [0, 1]]}, "machine 0, 'TitForTat': the probabilities"),
        ({"plays": [[0.5, 0.5]]}, "machine 0, 'TitForTat': plays is"),
        ({"moves_on": [[0, 9], [0, 1]]}, "its states are 0..1"),
        ({"moves_on": [[0.5, 1], [0, 1]]}, "states are whole numbers"),
        ({"start": 2}, "begins in one of its own states"),
        ({"start": "0"}, "states are whole numbers"),
    ],
)
def test_damage_is_told(change: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    save_machines(TitForTat().machine(), path)
    content = json.loads(path.read_text())
    (content if change.keys() & content.keys() else content["machines"][0]).update(change)
    path.write_text(json.dumps(content))
    with pytest.raises(IteratedError, match=r"saved\.json: ") as caught:
        load_machines(path)
    assert message in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(IteratedError, match="No such file"):
        load_machines(tmp_path / "none.json")
    (tmp_path / "torn.json").write_bytes(b'{"format": \xff')
    with pytest.raises(IteratedError, match="damaged"):
        load_machines(tmp_path / "torn.json")
