"""A member of a group whose every message is an event: what it holds, and where its probe is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import simpy

News = tuple[int, int, int]  # subject, rank, who said so first
Ticket = tuple[int, int]  # the prober and the number of its probe


class Belief:
    """What one member holds of another."""

    __slots__ = ("left", "originators", "rank", "since")

    def __init__(self, rank: int, since: float) -> None:
        self.rank = rank
        self.since = since
        self.originators: list[int] = []  # who suspected, the last to be passed on
        self.left = 0  # times that this news is still to be sent


class Member:
    """One of the group, with its beliefs, its queue of news, its inbox and its probe."""

    __slots__ = (
        "answered",
        "beliefs",
        "due",
        "epoch",
        "health",
        "inbox",
        "index",
        "missed",
        "nacks",
        "number",
        "paused_until",
        "place",
        "queue",
        "relays",
        "running",
        "sweep",
        "wake",
    )

    def __init__(self, index: int, running: bool) -> None:
        self.index = index
        self.running = running
        self.beliefs: dict[int, Belief] = {}
        self.paused_until = 0.0
        self.inbox: list[tuple] = []
        self.epoch = 0
        self.number = 0
        self.sweep = 0
        self.place = 0
        self.forget()

    def forget(self) -> None:
        """Lose what a crash loses; views and incarnations stay."""
        self.queue: dict[int, Belief] = {}
        self.inbox.clear()
        self.relays: set[Ticket] = set()  # probes for others, not answered yet
        self.health = 0
        self.answered = False
        self.nacks = 0
        self.missed = False  # had news to send while paused
        self.due = -math.inf  # answers to its probe count until then
        self.wake: simpy.Event | None = None
