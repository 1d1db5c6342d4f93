"""What the watchers wish of a run: pause, go, a step, a speed, a value; for the run to read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.running.live import WATCHED_S
from experiments.running.wish import Wish, read_controls, read_wish
from swarm.checkpoint import replacing

SPEED_MAX = 1e6


class WishError(ValueError):
    """A wish that cannot be granted; the message says what can."""


class Helm:
    """The wish in force, and how it changes.

    A pause that nobody is left of who made it is over: a dashboard that finds the wish of one that
    died begins with the run going.

    Args:
        room: `RUN/live`.
    """

    def __init__(self, room: Path):
        self._room = room
        found = read_wish(room)
        if found is not None and not _is_fresh(room / "watched"):
            found = Wish(serial=found.serial + 1, steps=found.steps)
        self.wish = found or Wish()

    def heed(self, message: Mapping[str, Any]) -> Wish:
        """Take a wish of a page, `{"do": ...}`, and let the run know.

        Raises:
            WishError: it is none, or cannot be granted.
        """
        does: dict[str, Callable[[Mapping[str, Any]], Wish]] = {
            "pause": lambda _: replace(self.wish, paused=True),
            "go": lambda _: replace(self.wish, paused=False),
            "step": lambda _: replace(self.wish, paused=True, steps=self.wish.steps + 1),
            "speed": self._speed,
            "set": self._set,
        }
        do = message.get("do")
        if not isinstance(do, str) or do not in does:
            raise WishError(f"not understood; a page may ask to {', '.join(does)}")
        self._follow_others()
        self._forget_refused()
        self.put(does[do](message))
        return self.wish

    def put(self, wish: Wish) -> None:
        """Let the run know of a wish; WishError if it cannot be written, such as on a full disk."""
        wish = replace(wish, serial=self.wish.serial + 1)
        try:
            self._room.mkdir(exist_ok=True)
            with replacing(self._room / "wish.json") as temporary:
                temporary.write_text(json.dumps(wish.to_json()), encoding="utf-8")
        except OSError as error:
            place = error.filename or self._room
            raise WishError(f"{place}: {error.strerror or error}; the run is not told") from None
        self.wish = wish

    def _follow_others(self) -> None:
        """What another dashboard of the same run has wished since, is wished."""
        there = read_wish(self._room)
        if there is not None and there.serial > self.wish.serial:
            self.wish = there

    def _forget_refused(self) -> None:
        """What the run has refused is not asked for again with the next wish."""
        refused = (read_controls(self._room) or {}).get("refused", {})
        if refused.get("serial") == self.wish.serial:
            left = {k: v for k, v in self.wish.changes.items() if k != refused.get("name")}
            self.wish = replace(self.wish, changes=left)

    def _speed(self, message: Mapping[str, Any]) -> Wish:
        speed = message.get("ticks_per_s")
        if speed is not None and not (type(speed) in (int, float) and 0 < speed <= SPEED_MAX):
            raise WishError("a speed is a number of ticks a second, more than 0, or none at all")
        return replace(self.wish, ticks_per_s=speed)

    def _set(self, message: Mapping[str, Any]) -> Wish:
        name, value = message.get("name"), message.get("value", "nothing")
        known = (read_controls(self._room) or {}).get("controls", [])
        control = next((each for each in known if each["name"] == name), None)
        if control is None:
            there = ", ".join(each["name"] for each in known) or "nothing"
            raise WishError(f"{there} can be changed while the world lives")
        whole, low, high = control["whole"], control["low"], control["high"]
        kinds = (int,) if whole else (int, float)
        if type(value) not in kinds or not _within(value, low, high):
            kind = "a whole number" if whole else "a number"
            raise WishError(
                f"{name}: got {json.dumps(value)[:40]}, allowed is {kind}{_range(low, high)}"
            )
        return replace(self.wish, changes={**self.wish.changes, str(name): value})


def _within(value: Any, low: float | None, high: float | None) -> bool:
    if value != value or value in (float("inf"), -float("inf")):
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def _range(low: float | None, high: float | None) -> str:
    words = [f"from {low:g}"] if low is not None else []
    words += [f"up to {high:g}"] if high is not None else []
    return "".join(f" {word}" for word in words)


def _is_fresh(path: Path) -> bool:
    try:
        return abs(time.time() - path.stat().st_mtime) < WATCHED_S
    except OSError:
        return False
