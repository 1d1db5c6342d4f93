"""How new findings spread: the share of agents that have heard of each, tick by tick."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from swarm.systems import Remembering
from swarm.world import World

FOLLOWED = 6
"""Findings at a time."""
TICKS = 60
"""How long each is followed."""
LOOKED_AT = 20_000
"""Agents that are asked, the first ones; more cost time and say the same."""


class Rumours:
    """Some of the newest findings, followed from when they were written.

    Args:
        world: with gossip and a shared memory.
        say: a finding, by its id, in words.
    """

    def __init__(self, world: World, say: Callable[[int], str]):
        self._world, self._say = world, say
        self._heard: dict[int, list[float]] = {}
        self._known: dict[int, np.ndarray] = {}  # ids of those who were seen to know it
        self._tick = world.steps

    def follow(self) -> None:
        """Look who has heard what; called after a tick, or every so many."""
        tick = self._world.steps
        if tick <= self._tick:
            return
        passed, self._tick = tick - self._tick, tick
        self._choose()
        heard = self._world.population["heard"][:LOOKED_AT]
        asked = self._world.population["id"][:LOOKED_AT]
        for finding, shares in self._heard.items():
            now = asked[(heard == finding).any(axis=1)]
            known = self._known[finding] = np.union1d(self._known.get(finding, now), now)
            share = float(np.isin(asked, known).mean()) if len(asked) else 0.0
            # Ticks that nobody saw are as the one before: a page draws a point a tick.
            shares.extend(shares[-1:] * (passed - 1))
            shares.append(share)

    def _choose(self) -> None:
        """One finding of this tick joins, if there is room: whoever is oldest makes it."""
        for finding in [f for f, shares in self._heard.items() if len(shares) >= TICKS]:
            del self._heard[finding], self._known[finding]
        memory = self._world.system(Remembering)
        new = memory.written[1]
        due = not self._heard or len(min(self._heard.values(), key=len)) >= TICKS // FOLLOWED
        if len(new) and due and len(self._heard) < FOLLOWED:
            self._heard[int(new[len(new) // 2])] = []

    def told(self) -> dict[str, Any]:
        """What is followed, the newest last."""
        tick = self._world.system(Remembering).facts.columns()["tick"]
        return {
            "heard": [[round(share, 5) for share in shares] for shares in self._heard.values()],
            "labels": [self._say(finding) for finding in self._heard],
            "written": [int(tick[finding]) for finding in self._heard],
        }
