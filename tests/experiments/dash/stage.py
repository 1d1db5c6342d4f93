"""A run that the test itself plays.

Whoever holds a run folder and writes `live/frame.bin` is a run, as far as a dashboard can see.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.running.folder import RunFolder
from experiments.running.frames.frame import LIVE, Frame
from experiments.study.reading import load_study
from swarm.checkpoint import replacing


class Played:
    """A run whose frames and controls are written by a test, which holds its folder meanwhile.

    Args:
        out: where its folder is made; changes: of the study of a small model.
    """

    def __init__(self, out: Path, changes: Sequence[str] = ("people=5", "ticks=1000")):
        study = load_study("boltzmann", changes)
        self.folder = RunFolder.create(study.prepare(), out)
        self.room = self.folder.path / "live"
        self.room.mkdir()

    def show(self, tick: int, agents: int = 500, **facts: Any) -> None:
        """Publish a frame of agents in three columns of colour."""
        place = np.arange(agents)
        kind = place % 3
        frame = Frame(
            tick,
            agents,
            0.2 + 0.3 * kind + 0.1 * np.sin(place),
            0.5 + 0.4 * np.cos(place + tick),
            kind.astype(np.uint8),
            np.full(agents, 64, np.uint8),
            10.0,
            10.0,
            True,
            {"shade": {"name": "kind", "classes": [["a", ""], ["b", ""], ["c", ""]]}, **facts},
        )
        self.write(frame.pack(12.5, LIVE))

    def hold(self) -> None:
        """Publish the newest frame again: a page that was opened since gets no older ones."""
        self.write((self.room / "frame.bin").read_bytes())

    def write(self, data: bytes) -> None:
        """Publish some bytes as the newest frame."""
        with replacing(self.room / "frame.bin") as temporary:
            temporary.write_bytes(data)

    def offer(self, *controls: dict[str, Any]) -> None:
        """What can be set."""
        with replacing(self.room / "controls.json") as temporary:
            temporary.write_text(json.dumps({"controls": controls, "refused": {}}))


def everything(tick: int, label: str) -> dict[str, Any]:
    """All parts that a frame may have; `label` stands wherever there are words."""
    rng = np.random.default_rng(tick)
    names = [f"{label} {i}" for i in range(6)]
    return {
        "metrics": {
            "accuracy_mean": 0.5,
            "accuracy_best": 0.8,
            "price": 3.0,
            "demand": 40.0 + tick,
            "sold": 30.0,
            f"use_{label}": 0.4,
            "use_other": 0.6,
            label: float(tick),
        },
        "families": [{"name": name, "size": i + tick} for i, name in enumerate(names)],
        "front": {name: rng.random(20).tolist() for name in ("accuracy", "cost", "novelty")}
        | {"rank": rng.integers(0, 3, 20).tolist()},
        "rumours": {"heard": [[0.1, 0.4, 0.5], [0.1]], "labels": names[:2], "label": label},
        "memory": {
            "nodes": names,
            "edges": [[i, (i + 1) % 6, label, 0.5] for i in range(6)],
        },
        "market": {"wealth": [3, 5, 1], "edges": [0.0, 1.0, 2.0, 3.0]},
    }
