"""Anti-entropy in rounds, over a network that loses, repeats, delays and splits.

Demers et al. 1987, "Epidemic algorithms for replicated database maintenance", PODC, with the
delta intervals of Almeida, Shoker & Baquero 2018, Algorithm 2. Who talks to whom in a round comes
from outside (an overlay, a topology of groups); here is what happens on the way.

Guarantees: equal generators, peers and updates give equal rounds. Replicas save before anything
leaves them, so `restart` loses only updates that nobody was told of. When every replica hears from
every other, directly or through others, often enough, all of them come to the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.replicas.errors import ReplicaError
from swarm.memory.replicas.lattice import Replicated
from swarm.memory.replicas.replica import Acknowledgement, Interval, Replica
from swarm.memory.replicas.saving import bytes_restored, bytes_saved

T = TypeVar("T", bound=Replicated)
NOBODY = -1
Message = Interval | Acknowledgement


@dataclass(frozen=True)
class Network:
    """What a network does to each message, independently.

    Attributes:
        loss: probability in [0, 1] that it is lost.
        duplication: probability in [0, 1] that it arrives twice.
        delay: rounds that it is late at most, uniform on 0..delay; within a round and across
            rounds messages overtake each other.
    """

    loss: float = 0.0
    duplication: float = 0.0
    delay: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.loss <= 1 and 0 <= self.duplication <= 1) or self.delay < 0:
            raise ReplicaError(
                "loss and duplication are probabilities in [0, 1], and delay a number of rounds "
                f"≥ 0, such as Network(loss=0.1, duplication=0.05, delay=2); got {self}."
            )


class AntiEntropy(Generic[T]):
    """Rounds in which replicas of one state bring each other up to date.

    >>> from swarm.memory.replicas import ORSet
    >>> replicas = [Replica(ORSet(r, 3)) for r in range(3)]
    >>> _ = replicas[0].update(ORSet.add, [3, 5])
    >>> entropy = AntiEntropy(replicas, rng=np.random.default_rng(1))
    >>> entropy.round([[1], [2], [0]])
    >>> entropy.round([[1], [2], [0]])
    >>> entropy.agreed, replicas[2].crdt.value().tolist()
    (True, [3, 5])

    Args:
        replicas: replica r at place r.
        rng: draws the fate of the messages.
        network: what happens to them; nothing by default.
        observe: told of every ("sent" | "delivered", message) as it happens.

    Attributes:
        network: may be replaced between rounds.
        rounds: rounds played.
        messages: messages sent, lost ones and acknowledgements included, repetitions not.
        bytes: their bytes.
    """

    def __init__(
        self,
        replicas: Sequence[Replica[T]],
        rng: np.random.Generator,
        network: Network | None = None,
        observe: Callable[[str, Message], None] | None = None,
    ) -> None:
        if [each.replica for each in replicas] != list(range(len(replicas))) or any(
            each.crdt.replicas != len(replicas) for each in replicas
        ):
            raise ReplicaError(
                "give every replica at its own place, such as "
                "[Replica(ORSet(r, 4)) for r in range(4)]; got replicas "
                f"{[each.replica for each in replicas]}."
            )
        self.replicas = list(replicas)
        self.network = network or Network()
        self.rounds = self.messages = self.bytes = 0
        self._rng = rng
        self._observe = observe
        self._under_way: list[tuple[int, float, Message]] = []

    def round(self, peers: ArrayLike, together: ArrayLike | None = None) -> None:
        """Play one round: all send, then what is due arrives, in a random order.

        Args:
            peers: int[n, k], the replicas to which each sends, −1 for none.
            together: int[n], the part of the network each replica is in; a message from one part
                to another is lost. One part by default.

        Raises:
            ReplicaError: for peers or parts in another shape, or out of range.
        """
        called = self._check_peers(peers)
        parts = np.zeros(len(self.replicas), int) if together is None else np.asarray(together)
        if parts.shape != (len(self.replicas),):
            raise ReplicaError(f"together has one part for each replica; got shape {parts.shape}.")
        part = parts.tolist()
        for replica, row in zip(self.replicas, called, strict=True):
            replica.save()
            for peer in row:
                if peer != NOBODY and (message := replica.interval_for(peer)) is not None:
                    self._send(message, part)
        while arriving := self._due():
            for each in arriving:
                self._deliver(each, part)
        self.rounds += 1

    def run(
        self,
        rounds: int,
        peers: Callable[[int], ArrayLike],
        together: ArrayLike | None = None,
    ) -> None:
        """Play rounds; `peers(round)` says who sends to whom in each."""
        for _ in range(rounds):
            self.round(peers(self.rounds), together)

    def restart(self, replica: int) -> None:
        """Let a replica fail and come back from its last saved state."""
        self.replicas[replica].restart()

    @property
    def agreed(self) -> bool:
        """Whether all replicas hold the same state, to the byte."""
        first = self.replicas[0].crdt
        return all(each.crdt == first for each in self.replicas[1:])

    def state(self) -> dict[str, Any]:
        """Plain arrays and JSON values from which `restore` goes on; it perturbs nothing.

        The replicas, what is under way, the network and the counts; not the generator, which
        belongs to who gave it.
        """
        messages = [message for *_, message in self._under_way]
        heads = [
            (each.sender, each.receiver, each.start, each.end, 0)
            if isinstance(each, Interval)
            else (each.sender, each.receiver, each.number, int(each.refused), 1)
            for each in messages
        ]
        payloads = [each.payload if isinstance(each, Interval) else b"" for each in messages]
        return {
            "replicas": {str(each.replica): each.state() for each in self.replicas},
            "counts": [self.rounds, self.messages, self.bytes],
            "network": asdict(self.network),
            "due": np.array([due for due, *_ in self._under_way], np.int64),
            "order": np.array([order for _, order, _ in self._under_way], np.float64),
            "heads": np.array(heads, np.int64).reshape(-1, 5),
            "payloads": bytes_saved(payloads),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave; on error nothing is changed.

        Raises:
            ReplicaError: for the state of other replicas, or one that does not fit together.
        """
        names = {str(each.replica) for each in self.replicas}
        if set(state) != set(self.state()) or set(state["replicas"]) != names:
            raise ReplicaError(
                f"the anti-entropy of {len(names)} replicas goes on from what its own state() "
                "gave; got another."
            )
        network = Network(**state["network"])
        due, order = np.asarray(state["due"]).tolist(), np.asarray(state["order"]).tolist()
        heads, payloads = np.asarray(state["heads"]).tolist(), bytes_restored(state["payloads"])
        if not len(due) == len(order) == len(heads) == len(payloads):
            raise ReplicaError("the messages under way in this state do not match.")
        before = [each.state() for each in self.replicas]
        try:
            for each in self.replicas:
                each.restore(state["replicas"][str(each.replica)])
        except ReplicaError:
            for each, old in zip(self.replicas, before, strict=True):
                each.restore(old)
            raise
        self.network = network
        self.rounds, self.messages, self.bytes = state["counts"]
        self._under_way = [
            (when, place, _message(head, payload))
            for when, place, head, payload in zip(due, order, heads, payloads, strict=True)
        ]

    def _send(self, message: Message, part: list[int]) -> None:
        self.messages += 1
        self.bytes += message.size
        if self._observe:
            self._observe("sent", message)
        # Always three draws for one message, whatever becomes of it.
        lost, twice, order = self._rng.random(3).tolist()
        if part[message.sender] != part[message.receiver] or lost < self.network.loss:
            return
        for copy in range(1 + (twice < self.network.duplication)):
            chance = order if copy == 0 else 1 - order
            late = int(chance * (self.network.delay + 1))
            # What is left of the number is its place among those that arrive in the same round.
            self._under_way.append(
                (self.rounds + late, chance * (self.network.delay + 1) - late, message)
            )

    def _due(self) -> list[Message]:
        due = [each for each in self._under_way if each[0] <= self.rounds]
        self._under_way = [each for each in self._under_way if each[0] > self.rounds]
        return [message for *_, message in sorted(due, key=lambda each: each[1])]

    def _deliver(self, message: Message, part: list[int]) -> None:
        if part[message.sender] != part[message.receiver]:
            return
        receiver = self.replicas[message.receiver]
        if isinstance(message, Acknowledgement):
            receiver.acknowledge(message)
            return
        answer = receiver.receive(message)
        receiver.save()
        if self._observe:
            self._observe("delivered", message)
        self._send(answer, part)

    def _check_peers(self, peers: ArrayLike) -> list[list[int]]:
        called: NDArray = np.asarray(peers)
        n = len(self.replicas)
        if (
            called.ndim != 2
            or called.shape[0] != n
            or called.dtype.kind not in "iu"
            or (called < NOBODY).any()
            or (called >= n).any()
            or (called == np.arange(n)[:, None]).any()
        ):
            raise ReplicaError(
                f"peers are int[{n}, k], rows of replicas 0..{n - 1} other than oneself, or −1 "
                f"for none, such as np.roll(np.arange({n}), -1)[:, None]; got "
                f"{called.dtype}{list(called.shape)}."
            )
        return called.tolist()


def _message(head: list[int], payload: bytes) -> Message:
    """A message out of its saved head."""
    sender, receiver, first, second, answer = head
    if answer:
        return Acknowledgement(sender, receiver, first, bool(second))
    return Interval(sender, receiver, first, second, payload)
