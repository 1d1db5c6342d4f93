"""System: one thing that happens in a tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from evolution import Locus
from swarm.population import Column

if TYPE_CHECKING:
    from swarm.world import World


class System:
    """A part of the tick: `__call__(world)` is run once a tick, in the order of the list.

    Only its owner writes a column; everybody may read. A system draws chance from
    `world.stream(name)` alone, so that adding one does not change what another draws.

    Attributes:
        columns: columns this system owns, by name.
        loci: genes this system decodes; the world puts those of all systems into one genome.
            Gene columns are read as `world.genes("name")`.
        kept: names of attributes that `state` holds: arrays, or JSON values.
    """

    columns: ClassVar[Mapping[str, Column]] = {}
    kept: ClassVar[Sequence[str]] = ()

    @property
    def name(self) -> str:
        """Name in checkpoints and of the random stream: that of the class."""
        return type(self).__name__

    def loci(self, world: World) -> Mapping[str, Locus]:
        """Genes this system needs; called once, before the first agents are born."""
        return {}

    def setup(self, world: World) -> None:
        """Called once, when all systems are known and before the first agents are born."""

    def __call__(self, world: World) -> None:
        """What happens in a tick."""

    def on_death(self, world: World, rows: np.ndarray) -> None:
        """Called at the end of a tick, while the dead int64[n] are still in their rows."""

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """Called when the born int64[n] have joined, with their columns at birth values."""

    def fade(self, world: World, share: float) -> None:
        """Called at the end of a generation: sums over time keep only a share of their past."""

    def state(self) -> dict[str, Any]:
        """What is not in columns: nested dicts of arrays and JSON values."""
        return {name: copy(getattr(self, name)) for name in self.kept}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Become the system that `state` was taken from; columns are already restored."""
        for name in self.kept:
            setattr(self, name, copy(state[name]))
