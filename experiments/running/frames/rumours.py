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
LABEL = "share that has ever heard it"


class Audience:
    """Who was ever seen to know something, by the ids of agents; it only grows.

    Args:
        first: the least id of all who will be asked.
    """

    def __init__(self, first: int):
        self._first = first
        self._known = np.zeros(0, bool)

    def grow(self, asked: np.ndarray, knowing: np.ndarray) -> float:
        """Some of those asked know it now: how many ever did, per one that is asked, at most 1.

        Those who have died since count on: what was heard was heard.

        Args:
            asked: int64[n], ids; knowing: int64[k], which of them, 0..n - 1.
        """
        if not len(asked):
            return 0.0
        place = asked - self._first
        missing = int(place.max()) + 1 - len(self._known)
        if missing > 0:  # twice as many, so that few births seldom cost a copy
            self._known = np.pad(self._known, (0, max(missing, len(self._known))))
        self._known[place[knowing]] = True
        return min(np.count_nonzero(self._known) / len(asked), 1.0)


class Rumours:
    """Some of the newest findings, followed from when they were written.

    Args:
        world: with gossip and a shared memory.
        say: a finding, by its id, in words.
    """

    def __init__(self, world: World, say: Callable[[int], str]):
        self._world, self._say = world, say
        self._heard: dict[int, list[float]] = {}
        self._known: dict[int, Audience] = {}
        self._tick = world.steps

    def follow(self) -> None:
        """Look who has heard what; called after a tick, or every so many."""
        tick = self._world.steps
        if tick <= self._tick:
            return
        passed, self._tick = tick - self._tick, tick
        self._choose()
        asked = self._world.population["id"][:LOOKED_AT]
        heard = self._world.population["heard"][:LOOKED_AT]
        told, width = heard.ravel(), heard.shape[1]
        for finding, shares in self._heard.items():
            if finding not in self._known:
                # Whoever is born later has a greater id than all who live.
                first = self._world.population["id"].min() if len(asked) else 0
                self._known[finding] = Audience(int(first))
            share = self._known[finding].grow(asked, np.flatnonzero(told == finding) // width)
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
            "label": LABEL,
            "labels": [self._say(finding) for finding in self._heard],
            "written": [int(tick[finding]) for finding in self._heard],
        }
