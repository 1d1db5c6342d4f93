"""One replica among others: deltas buffered, sent as causal intervals, and acknowledged.

Almeida, Shoker & Baquero 2018, Algorithm 2: "anti-entropy ensuring causal consistency". Every
change of the state, one's own or received, is a delta with a number. A peer is sent the join of
all deltas since the last number it acknowledged; where they are no longer in the buffer it is
sent the whole state.

Guarantees: a delta interval changes a peer exactly as the whole state of the sender would have
(the causal delta-merging condition), so what a replica knows is always causally closed. An
interval that begins after what the receiver has joined is refused, and answered by the whole
state. What a replica sends or acknowledges was saved before, so a restart from the last saved
state loses nothing that anybody was told, and no dot, stamp or sequence is given away twice.

One step beyond the paper: a delta is not sent back to the peer that it came from, which knows it.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeVar

from swarm.memory.replicas.errors import ReplicaError
from swarm.memory.replicas.lattice import Replicated, join
from swarm.memory.replicas.saving import bytes_restored, bytes_saved

T = TypeVar("T", bound=Replicated)
P = ParamSpec("P")
_HEAD = struct.Struct("<IIQQ")
OWN = NOTHING = -1


class Interval(NamedTuple):
    """A message with all that changed at the sender from number `start` up to number `end`."""

    sender: int
    receiver: int
    start: int
    end: int
    payload: bytes

    @property
    def size(self) -> int:
        """Bytes of the message, its head included."""
        return _HEAD.size + len(self.payload)


class Acknowledgement(NamedTuple):
    """A message that says up to which number everything was joined; or that a gap was refused."""

    sender: int
    receiver: int
    number: int
    refused: bool

    @property
    def size(self) -> int:
        """Bytes of the message."""
        return _HEAD.size


class _Saved(NamedTuple):
    crdt: Any
    number: int
    heard: tuple[int, ...]


class Replica(Generic[T]):
    """A replicated state with its buffer of deltas and what its peers have acknowledged.

    >>> from swarm.memory.replicas import ORSet
    >>> ours, theirs = Replica(ORSet(0, 2)), Replica(ORSet(1, 2))
    >>> _ = ours.update(ORSet.add, [3, 5])
    >>> ours.acknowledge(theirs.receive(ours.interval_for(1)))
    >>> theirs.crdt.value().tolist(), ours.interval_for(1)
    ([3, 5], None)

    Args:
        crdt: the state, which belongs to this replica from now on.
        keep: deltas to keep at most; a peer that is further behind gets the whole state.
        whole_if_shorter: send the whole state instead of an interval that is no shorter.

    Attributes:
        crdt: the state; read it, and change it by `update` alone.
        number: how many changes there have been.
        acked: up to which number each peer has acknowledged;
            −1 for one that refused, which gets the whole state next.
        heard: up to which number of each peer everything was joined.
    """

    def __init__(self, crdt: T, keep: int = 256, whole_if_shorter: bool = True) -> None:
        if keep < 1:
            raise ReplicaError(f"keep at least one delta, such as keep=256; got {keep}.")
        self.crdt = crdt
        self.keep, self.whole_if_shorter = keep, whole_if_shorter
        self.number = int(not crdt.is_empty)  # a state that is given counts as one change
        self.heard = [0] * crdt.replicas
        self._forget()
        self._keep_saved()

    @property
    def replica(self) -> int:
        """Its number among the replicas."""
        return self.crdt.replica

    def update(
        self, mutator: Callable[Concatenate[T, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Change the state by one of its methods, such as `ORSet.add`; returns the delta."""
        delta = mutator(self.crdt, *args, **kwargs)
        if not delta.is_empty:
            self._record(OWN, delta)
        return delta

    def interval_for(self, peer: int) -> Interval | None:
        """The message that brings a peer up to date; None if it has acknowledged everything.

        It carries an interval of deltas, or the whole state where that is no longer.

        Call `save` before it leaves.
        """
        start = self.acked[peer]
        first = self.number - len(self._deltas)
        if start >= self.number:
            return None
        if start < first or not self._deltas:
            return Interval(self.replica, peer, 0, self.number, self.crdt.encode())
        news = [delta for origin, delta in list(self._deltas)[start - first :] if origin != peer]
        if not news:
            # Nothing that it does not know; but let it catch up before the buffer is full.
            if 2 * (self.number - start) < self.keep:
                return None
            news = [self.crdt.empty()]
        while len(news) > 1:  # in pairs, so that no delta is joined more than log k times
            odd = news[len(news) & ~1 :]
            news = [join(*pair) for pair in zip(news[::2], news[1::2], strict=False)] + odd
        if news[0].nbytes < self.crdt.nbytes or not self.whole_if_shorter:
            return Interval(self.replica, peer, start, self.number, news[0].encode())
        return Interval(self.replica, peer, 0, self.number, self.crdt.encode())

    def receive(self, message: Interval) -> Acknowledgement:
        """Join a message; returns the answer to send, after `save`.

        A message that begins after what was joined from its sender is refused: it is not joined,
        and the answer says up to which number it knows its sender.

        Raises:
            ReplicaError: for a payload that was damaged or is of another kind.
        """
        known = self.heard[message.sender]
        if message.start > known:
            return Acknowledgement(self.replica, message.sender, known, True)
        delta = self.crdt.decode(message.payload)
        if self.crdt.merge(delta):
            self._record(message.sender, delta)
        if message.end > known:
            self.heard[message.sender] = message.end
            self._unsaved = True
        return Acknowledgement(self.replica, message.sender, message.end, False)

    def acknowledge(self, answer: Acknowledgement) -> None:
        """Take an answer in, and drop the deltas that every peer has."""
        peer = answer.sender
        if answer.refused:
            # What it has lost may be its own, which intervals leave out: send it everything.
            self.acked[peer] = NOTHING
        elif answer.number <= self.number:
            self.acked[peer] = max(self.acked[peer], answer.number)
        slowest = min(
            (acked for each, acked in enumerate(self.acked) if each != self.replica),
            default=self.number,
        )
        while self._deltas and self.number - len(self._deltas) < slowest:
            self._deltas.popleft()

    def save(self) -> None:
        """Make the state durable: from here `restart` goes on. O(1)."""
        if self._unsaved:
            self._keep_saved()

    def restart(self) -> None:
        """Come back from the last saved state; what was not saved, buffer included, is gone."""
        saved = self._saved
        self.crdt, self.number, self.heard = saved.crdt.copy(), saved.number, list(saved.heard)
        self._forget()
        self._unsaved = False

    def state(self) -> dict[str, Any]:
        """Plain arrays and JSON values from which `restore` goes on; it perturbs nothing."""
        saved = self._saved
        return {
            "crdt": self.crdt.state(),
            "number": self.number,
            "heard": list(self.heard),
            "acked": list(self.acked),
            "origins": [origin for origin, _ in self._deltas],
            "deltas": bytes_saved([delta.encode() for _, delta in self._deltas]),
            "saved": {
                "number": saved.number,
                "heard": list(saved.heard),
                "crdt": bytes_saved([saved.crdt.encode()] if self._unsaved else []),
            },
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave; on error nothing is changed.

        Raises:
            ReplicaError: for the state of another replica, or one that does not fit together.
        """
        wanted = {"crdt", "number", "heard", "acked", "origins", "deltas", "saved"}
        if set(state) != wanted:
            raise ReplicaError(
                "a replica goes on from what its own state() gave, with "
                f"{', '.join(sorted(wanted))}; got {', '.join(sorted(state))}."
            )
        heard, acked, number = list(state["heard"]), list(state["acked"]), state["number"]
        deltas = [self.crdt.decode(each) for each in bytes_restored(state["deltas"])]
        last = state["saved"]
        if (
            not len(heard) == len(acked) == len(last["heard"]) == self.crdt.replicas
            or min(number, last["number"], *heard, *last["heard"]) < 0
            or not all(NOTHING <= each <= number for each in acked)
            or not last["number"] <= number
            or not len(deltas) == len(state["origins"]) <= min(number, self.keep)
        ):
            raise ReplicaError("counts, acknowledgements and deltas of this state do not match.")
        crdt = self.crdt.copy()
        crdt.restore(state["crdt"])
        kept = [crdt.decode(each) for each in bytes_restored(last["crdt"])]
        self.crdt, self.number, self.heard = crdt, number, heard
        self._forget()
        self.acked = acked
        self._deltas.extend(zip(state["origins"], deltas, strict=True))
        self._saved = _Saved(kept[0] if kept else crdt.copy(), last["number"], tuple(last["heard"]))
        self._unsaved = bool(kept)

    def _record(self, origin: int, delta: T) -> None:
        self._deltas.append((origin, delta))
        self.number += 1
        self._unsaved = True

    def _keep_saved(self) -> None:
        self._saved = _Saved(self.crdt.copy(), self.number, tuple(self.heard))
        self._unsaved = False

    def _forget(self) -> None:
        self.acked = [0] * self.crdt.replicas
        self._deltas: deque[tuple[int, T]] = deque(maxlen=self.keep)
