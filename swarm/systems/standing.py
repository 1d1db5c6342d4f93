"""How far an agent's word is believed: what a system that knows of it has to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World


class Standing(System):
    """A system that knows how far each agent's word is believed."""

    def credence(self, world: World) -> np.ndarray:
        """float32[n] in [0, 1], by row; what agents write carries it, and counts by it."""
        return np.ones(len(world.population), np.float32)
