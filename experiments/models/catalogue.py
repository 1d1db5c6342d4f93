"""The models that ship, by the names that the command line knows them by."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swarm import World


def _load(module: str, name: str) -> type[World]:
    model: type[World] = getattr(importlib.import_module(f"experiments.models.{module}"), name)
    return model


MODELS: Mapping[str, Callable[[], type[World]]] = {
    "boltzmann": partial(_load, "boltzmann", "Boltzmann"),
    "flocking": partial(_load, "flocking", "Flocking"),
    "forest-fire": partial(_load, "forest_fire", "ForestFire"),
    "market": partial(_load, "market", "Market"),
    "schelling": partial(_load, "schelling", "Schelling"),
    "wolf-sheep": partial(_load, "wolf_sheep", "WolfSheep"),
}
