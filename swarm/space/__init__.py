"""Space: where agents are, and who is near them."""

from swarm.space.grid import Grid
from swarm.space.plane import Plane
from swarm.space.space import Space, SpaceError

__all__ = ["Grid", "Plane", "Space", "SpaceError"]
