"""What the tests of worlds share; the worlds themselves are in `worlds.py` and `kinds.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # rooms without worlds are tested without waiting for them
    from swarm import World


@pytest.fixture
def bytes_of(tmp_path: Path) -> Callable[[World], bytes]:
    """The checkpoint of a world."""

    def saved(world: World) -> bytes:
        world.save(tmp_path / "bytes")
        return (tmp_path / "bytes").read_bytes()

    return saved
