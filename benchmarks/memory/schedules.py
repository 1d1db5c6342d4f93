"""Random histories of replicas on a bad network, beside a plain model of what they must say.

A schedule is drawn from a seed: three to five replicas, ten to forty updates, and between them
rounds of anti-entropy in which messages are lost, repeated, late and overtaken, the network
splits, and replicas fail and come back from what they had saved. Then the network heals.

The model knows nothing of joins, dots or deltas. It keeps the updates themselves and, for each
replica, which of them it has heard of: a message carries what its sender had heard of, a restart
goes back to what was saved. What a state must say follows from the set of updates heard of and
from what each update had heard of when it was made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from swarm.memory.replicas import (
    AntiEntropy,
    GCounter,
    Interval,
    Log,
    LWWMap,
    Network,
    ORSet,
    PNCounter,
    Replica,
    Replicated,
    unpacked,
)

KEYS = 5
FIELDS = {"finding": np.int64, "kind": np.int8}


class Update(NamedTuple):
    """One update as it was asked for, and the set of updates (bits) its replica had heard of."""

    replica: int
    verb: str
    keys: list[int]
    values: list[int]
    physical: int
    heard: int


@dataclass(frozen=True)
class Kind:
    """A replicated type: how to make it, its verbs, its updates, its value and the model's."""

    make: Callable[[int, int], Any]
    verbs: tuple[str, ...]
    apply: Callable[[Replica, Update], Any]
    value: Callable[[Any], Any]
    model: Callable[[list[Update], int], Any]


class Outcome(NamedTuple):
    """What became of a schedule; `right` is whether all of the following held.

    Attributes:
        same_bytes: all replicas encode to the same bytes.
        right_value: at the end all say what follows from all updates that anybody had heard of,
            so that nothing was lost that had ever been saved; and where it was asked in between
            each said what follows from the updates that it had heard of.
        no_gap: no interval was refused.
    """

    same_bytes: bool
    right_value: bool
    no_gap: bool
    updates: int
    messages: int

    @property
    def right(self) -> bool:
        """Whether everything held."""
        return self.same_bytes and self.right_value and self.no_gap


class Schedule:
    """One history of one type; `play` it once."""

    def __init__(self, kind: Kind, seed: int, watchful: bool = False) -> None:
        self.kind, self.watchful = kind, watchful
        self.rng = np.random.default_rng(seed)
        self.n = int(self.rng.integers(3, 6))
        # States are so small here that intervals would hardly ever be shorter.
        replicas: list[Replica[Replicated]] = [
            Replica(kind.make(r, self.n), int(self.rng.integers(1, 17)), self.rng.random() < 0.2)
            for r in range(self.n)
        ]
        self.entropy = AntiEntropy(replicas, self.rng, observe=self.observe)
        self.updates: list[Update] = []
        self.heard, self.saved = [0] * self.n, [0] * self.n
        self.carried: dict[int, tuple[Any, int]] = {}
        self.right_value = self.no_gap = True

    def play(self) -> Outcome:
        """Draw and play the history, heal the network, and compare."""
        number = int(self.rng.integers(10, 41))
        while len(self.updates) < number:
            chance = self.rng.random(4)
            for _ in range(1 + int(4 * chance[0])):
                self.update()
            if chance[1] < 0.3:
                loss, twice = (0.6 * self.rng.random(2)).tolist()
                self.entropy.network = Network(loss, twice, int(self.rng.integers(0, 4)))
            if chance[2] < 0.15:
                failed = int(self.rng.integers(self.n))
                self.entropy.restart(failed)
                self.heard[failed] = self.saved[failed]
            split = self.rng.integers(0, 2, self.n) if chance[3] < 0.3 else np.zeros(self.n, int)
            for _ in range(1 + (chance[3] < 0.1)):
                self.round(self.rng.integers(1, self.n, (self.n, 1)), split)
        self.entropy.network = Network()
        for _ in range(self.n + 3):  # a ring, and time for what is late
            self.round(np.ones((self.n, 1), int), np.zeros(self.n, int))
        replicas = self.entropy.replicas
        encoded = {replica.crdt.encode() for replica in replicas}
        everything = 0
        for heard in self.heard:
            everything |= heard
        said = self.kind.value(replicas[0].crdt)
        self.right_value &= said == self.kind.model(self.updates, everything)
        return Outcome(
            len(encoded) == 1 and self.entropy.agreed,
            self.right_value,
            self.no_gap,
            len(self.updates),
            self.entropy.messages,
        )

    def update(self) -> None:
        """Make one update somewhere."""
        replica, verb = int(self.rng.integers(self.n)), int(self.rng.integers(16))
        size = int(self.rng.integers(1, 4))
        keys, values = self.rng.integers(0, KEYS, (2, size)).tolist()
        # Clocks differ by a few units, and do not all advance.
        physical = len(self.updates) // 4 + replica % 3
        name = self.kind.verbs[verb % len(self.kind.verbs)]
        update = Update(replica, name, keys, values, physical, self.heard[replica])
        self.kind.apply(self.entropy.replicas[replica], update)
        self.heard[replica] |= 1 << len(self.updates)
        self.updates.append(update)

    def round(self, steps: Any, split: Any) -> None:
        """Play one round; `steps` are how far along the ring each replica sends."""
        self.saved = list(self.heard)
        self.entropy.round((np.arange(self.n)[:, None] + steps) % self.n, split)
        if self.watchful:
            self.compare()

    def observe(self, event: str, message: Any) -> None:
        """Follow in the model what the network does."""
        if not isinstance(message, Interval):
            self.no_gap &= not message.refused
        elif event == "sent":
            self.carried[id(message)] = (message, self.heard[message.sender])
        else:
            receiver = message.receiver
            self.heard[receiver] |= self.carried[id(message)][1]
            self.saved[receiver] = self.heard[receiver]

    def compare(self) -> None:
        """Compare what every replica says with the model."""
        for replica, heard in zip(self.entropy.replicas, self.heard, strict=True):
            said = self.kind.value(replica.crdt)
            self.right_value &= said == self.kind.model(self.updates, heard)


# What each type does, says, and must say


def heard_of(updates: list[Update], heard: int) -> list[tuple[int, Update]]:
    """The updates in a set, in the order in which they were made."""
    return [(bit, update) for bit, update in enumerate(updates) if heard >> bit & 1]


def count(replica: Replica, update: Update) -> None:
    """Add or subtract."""
    verb = getattr(type(replica.crdt), update.verb)
    replica.update(verb, update.keys, update.values)


def counted(counter: GCounter) -> list[int]:
    """The value of every key."""
    return counter.value(np.arange(KEYS)).tolist()


def model_of_counts(updates: list[Update], heard: int) -> list[int]:
    """The sum of the amounts heard of."""
    totals = [0] * KEYS
    for _, update in heard_of(updates, heard):
        for key, amount in zip(update.keys, update.values, strict=True):
            totals[key] += amount if update.verb == "add" else -amount
    return totals


def write(replica: Replica, update: Update) -> None:
    """Set some keys."""
    kind = [len(update.keys)] * len(update.keys)
    replica.update(LWWMap.set, update.keys, update.physical, finding=update.values, kind=kind)


def written(held: LWWMap) -> dict[int, tuple[Any, ...]]:
    """Stamp, writer and value of each key."""
    keys = held.keys()
    stamps, origins = held.tags(keys)
    columns = held.value()
    return {
        key: (unpacked(stamp), origin, finding, kind)
        for key, stamp, origin, finding, kind in zip(
            keys.tolist(),
            stamps.tolist(),
            origins.tolist(),
            columns["finding"].tolist(),
            columns["kind"].tolist(),
            strict=True,
        )
    }


def model_of_writes(updates: list[Update], heard: int) -> dict[int, tuple[Any, ...]]:
    """The greatest of (time, counter, writer), by clocks that follow what was heard of."""
    stamps: list[tuple[int, int]] = []
    for update in updates:
        before = [stamp for bit, stamp in enumerate(stamps) if update.heard >> bit & 1]
        time, counter = max(before, default=(0, 0))
        stamps.append((update.physical, 0) if update.physical > time else (time, counter + 1))
    last: dict[int, tuple[Any, ...]] = {}
    for bit, update in heard_of(updates, heard):
        for key, value in zip(update.keys, update.values, strict=True):
            row = (stamps[bit], update.replica, value, len(update.keys))
            if key not in last or row[:2] >= last[key][:2]:
                last[key] = row
    return last


def change(replica: Replica, update: Update) -> None:
    """Add or remove elements."""
    replica.update(getattr(ORSet, update.verb), update.keys)


def model_of_set(updates: list[Update], heard: int) -> list[int]:
    """The elements with an addition that no removal heard of had heard of."""
    seen = heard_of(updates, heard)
    live = set()
    for bit, addition in seen:
        if addition.verb == "add":
            for element in addition.keys:
                if not any(
                    other.verb == "remove" and element in other.keys and other.heard >> bit & 1
                    for _, other in seen
                ):
                    live.add(element)
    return sorted(live)


def say(replica: Replica, update: Update) -> None:
    """Append rows."""
    replica.update(Log.append, finding=update.keys, kind=update.values)


def told(log: Log) -> list[tuple[int, ...]]:
    """All rows, in the log's order."""
    entries = log.since(np.zeros(log.replicas, int))
    columns = (entries.origins, entries.sequences, *entries.columns.values())
    return list(zip(*(column.tolist() for column in columns), strict=True))


def model_of_log(updates: list[Update], heard: int) -> list[tuple[int, ...]]:
    """Each replica's own rows in the order it wrote them."""
    rows: dict[int, list[tuple[int, int]]] = {}
    for _, update in heard_of(updates, heard):
        rows.setdefault(update.replica, []).extend(zip(update.keys, update.values, strict=True))
    return [
        (replica, sequence, *row)
        for replica in sorted(rows)
        for sequence, row in enumerate(rows[replica])
    ]


KINDS = {
    "GCounter": Kind(GCounter, ("add",), count, counted, model_of_counts),
    "PNCounter": Kind(PNCounter, ("add", "subtract"), count, counted, model_of_counts),
    "LWWMap": Kind(
        lambda replica, replicas: LWWMap(replica, replicas, FIELDS),
        ("set",),
        write,
        written,
        model_of_writes,
    ),
    "ORSet": Kind(ORSet, ("add", "remove"), change, lambda s: s.value().tolist(), model_of_set),
    "Log": Kind(
        lambda replica, replicas: Log(replica, replicas, FIELDS),
        ("append",),
        say,
        told,
        model_of_log,
    ),
}
