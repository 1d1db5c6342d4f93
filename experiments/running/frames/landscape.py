"""Worlds of models: where agents are, or how many of them have how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.modelling.scene import Scene, Shades, spread
from experiments.running.frames.camera import histogram, sunflower
from experiments.running.frames.frame import ORDINARY, Frame, scaled
from swarm.world import World

DISK = 0.46
"""Radius of the disk of those who are nowhere."""


class Landscape:
    """The view of a world of a model, as `Scene` has it."""

    def __init__(self, world: World):
        self.world = world
        self._scene: Scene | None = None

    def dots(self) -> Frame:
        """Agents where they are; those of a world without a space side by side in a disk."""
        scene = self._scene = Scene.of(self.world)
        shades = scene.shades
        total = len(shades.values)
        shade, about = _shade(shades) if not _is_flock(scene) else _direction(scene)
        width, height = (float(each) for each in scene.size)
        if scene.places is None:
            x, y = (0.5 + DISK * each for each in sunflower(np.zeros(total, np.int64), 1))
        else:
            x, y = (self._places(scene) / scene.size).T
        facts: dict[str, Any] = {"shade": about}
        if shades.classes:
            counts = np.bincount(shades.values, minlength=len(shades.classes)).tolist()
            facts["families"] = [
                {"name": name, "size": size}
                for name, size in zip(shades.classes, counts, strict=True)
            ]
        return Frame(
            self.world.steps,
            total,
            x,
            y,
            shade,
            np.full(total, ORDINARY, np.uint8),
            width,
            height,
            scene.places is not None,
            facts,
        )

    @staticmethod
    def _places(scene: Scene) -> np.ndarray:
        assert scene.places is not None
        if not scene.cells:
            return scene.places
        # A cell reaches half a cell to all sides of its whole numbers.
        return (scene.places if scene.alone else spread(scene.places)) + 0.5

    def costly(self) -> Mapping[str, Any]:
        """How many have how much of what is shown, in a world without a space."""
        scene = self._scene
        if scene is None or scene.places is not None or scene.shades.classes:
            return {}
        return {"market": histogram(scene.shades.values)}


def _is_flock(scene: Scene) -> bool:
    """Whether all are alike but for where they are heading."""
    return scene.headings is not None and len(scene.shades.classes) == 1


def _direction(scene: Scene) -> tuple[np.ndarray, dict[str, Any]]:
    assert scene.headings is not None
    turn = np.arctan2(scene.headings[:, 1], scene.headings[:, 0]) / np.pi
    shade = np.clip((turn + 1) * 127.5, 0, 255).astype(np.uint8)
    ends = {"low": -np.pi, "high": np.pi, "cyclic": True}
    return shade, {"name": "heading", "classes": [], **ends}


def _shade(shades: Shades) -> tuple[np.ndarray, dict[str, Any]]:
    if not shades.classes:
        shade, low, high = scaled(shades.values)
        return shade, {"name": shades.name, "classes": [], "low": low, "high": high}
    classes = [[name, str(colour)] for name, colour in shades.classes.items()]
    about = {"name": shades.name, "classes": classes, "low": 0, "high": len(classes) - 1}
    return shades.values.astype(np.uint8), about
