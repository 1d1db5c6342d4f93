"""Models that ship: written in the public API, as models of your own would be.

    from experiments.models import MODELS

    world = MODELS["flocking"]()(birds=400, seed=1)

A model is a `World` whose constructor takes plain numbers and a `seed`. It says in `measures()`
what is recorded, in `shown` which column a picture colours agents by, and in `ticks` how long a
run is if nobody says otherwise. Modules are imported when they are asked for, so that the command
line starts at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swarm import World

__all__ = ["MODELS"]


def _load(module: str, name: str) -> type[World]:
    model: type[World] = getattr(importlib.import_module(f"experiments.models.{module}"), name)
    return model


MODELS: Mapping[str, Callable[[], type[World]]] = {
    "boltzmann": partial(_load, "boltzmann", "Boltzmann"),
    "flocking": partial(_load, "flocking", "Flocking"),
    "forest-fire": partial(_load, "forest_fire", "ForestFire"),
    "schelling": partial(_load, "schelling", "Schelling"),
    "wolf-sheep": partial(_load, "wolf_sheep", "WolfSheep"),
}
