"""What every replicated type is: a join-semilattice in columns, with one form in bytes.

Almeida, Shoker & Baquero 2018, "Delta state replicated data types", Journal of Parallel and
Distributed Computing 111. A local update returns a *delta*: a small state of the same type that
says what the update changed. States and deltas are joined alike, in any order and any number of
times, so replicas that have joined the same deltas are equal, whatever the network did.

Guarantees of every type: joining is commutative, associative and idempotent; a join never loses
what either side knew; equal states encode to equal bytes and unequal ones to unequal bytes; bytes
that were damaged, or that come from another kind of state, are refused. Columns are replaced and
never written to, so a copy costs nothing.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from swarm.memory.replicas.columns import packed_columns, unpacked_columns
from swarm.memory.replicas.errors import ReplicaError

MOST_REPLICAS = 2**15
_INT64, _UINT64 = np.dtype(np.int64), np.dtype(np.uint64)


class Replicated(ABC):
    """A replicated state: one replica's own, or a delta between replicas.

    Attributes:
        replica: whose state it is, 0..replicas−1; not part of what is encoded.
        replicas: how many replicas there are.
    """

    # Names of the columns, in the order of the bytes. All are int64[n], but for "values", which
    # comes last and is uint64[n, words].
    _names: tuple[str, ...] = ()

    def __init__(self, replica: int, replicas: int, shape: object = None, words: int = 0) -> None:
        if not 1 <= replicas <= MOST_REPLICAS or not 0 <= replica < replicas:
            raise ReplicaError(
                f"replica must lie in 0..replicas−1, and replicas in 1..{MOST_REPLICAS}, such as "
                f"replica=0, replicas=4; got {replica=}, {replicas=}."
            )
        self.replica, self.replicas = replica, replicas
        self._words = words
        self._fingerprint = zlib.crc32(repr((type(self).__name__, replicas, shape)).encode())

    @abstractmethod
    def merge(self, other: Self) -> bool:
        """Join a state or a delta into this one; returns whether that changed anything."""

    @abstractmethod
    def _columns(self) -> tuple[NDArray, ...]:
        """The canonical columns, in the order of `_names`."""

    @abstractmethod
    def _adopt(self, columns: Sequence[NDArray]) -> None:
        """Check columns of the right dtypes and take them over; ReplicaError if they are none."""

    @property
    def is_empty(self) -> bool:
        """Whether it knows nothing, as a delta of an update that changed nothing."""
        return self.nbytes == 0

    @property
    def nbytes(self) -> int:
        """Bytes of its columns."""
        return sum(column.nbytes for column in self._columns())

    def copy(self) -> Self:
        """A state that goes its own way from here; O(1), for columns are never written to."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def empty(self) -> Self:
        """The least state of this kind, which knows nothing."""
        return self._like(
            *(
                np.zeros((0, self._words), _UINT64) if name == "values" else np.zeros(0, _INT64)
                for name in self._names
            )
        )

    def covers(self, other: Self) -> bool:
        """Whether this state knows all that the other knows (other ≤ self)."""
        return not self.copy().merge(other)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Replicated) or other._fingerprint != self._fingerprint:
            return NotImplemented
        pairs = zip(self._columns(), other._columns(), strict=True)
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)

    __hash__ = None  # type: ignore[assignment]

    def encode(self) -> bytes:
        """The canonical bytes: fingerprint of the kind, packed columns, CRC-32."""
        body = self._fingerprint.to_bytes(4, "little") + packed_columns(self._flat())
        return body + zlib.crc32(body).to_bytes(4, "little")

    def decode(self, encoded: bytes) -> Self:
        """A state of this kind out of bytes; this one is left as it is.

        Raises:
            ReplicaError: for bytes that were cut or damaged, that come from another type, other
                fields or another number of replicas, or that no state encodes to.
        """
        checksum = int.from_bytes(encoded[-4:], "little")
        if len(encoded) < 8 or checksum != zlib.crc32(memoryview(encoded)[:-4]):
            raise ReplicaError(
                f"these {len(encoded)} bytes were cut or damaged: the checksum does not agree. "
                "Ask for them again; encode() makes them."
            )
        if int.from_bytes(encoded[:4], "little") != self._fingerprint:
            raise ReplicaError(
                f"these bytes encode another type, other fields or another number of replicas "
                f"than this {type(self).__name__} of {self.replicas}."
            )
        plain = len(self._names) - (self._words > 0)
        columns, place = unpacked_columns(encoded, 4, plain + self._words)
        if place + 4 != len(encoded) or len({each.size for each in columns[plain:]}) > 1:
            raise ReplicaError("the columns in these bytes do not fill them, or do not match.")
        found: list[NDArray] = [*columns[:plain]]
        if self._words:
            found.append(np.stack(columns[plain:], axis=1).view(np.uint64))
        decoded = self.copy()
        decoded._adopt(found)
        return decoded

    def _flat(self) -> list[NDArray[np.int64]]:
        """The columns, and the words of the values each as one."""
        columns: list[Any] = list(self._columns())
        if self._words:
            columns += list(columns.pop().T.view(np.int64))
        return columns

    def state(self) -> dict[str, Any]:
        """Plain arrays and JSON values from which `restore` goes on; copies."""
        columns = zip(self._names, self._columns(), strict=True)
        return {
            "kind": type(self).__name__,
            "fingerprint": self._fingerprint,
            "replica": self.replica,
            **{name: column.copy() for name, column in columns},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave; on error this state is left unchanged.

        Raises:
            ReplicaError: for the state of another kind, or columns that are out of order.
        """
        wanted = {"kind", "fingerprint", "replica", *self._names}
        if set(state) != wanted or state["fingerprint"] != self._fingerprint:
            raise ReplicaError(
                f"a {type(self).__name__} of {self.replicas} replicas goes on from what its own "
                f"state() gave, with {', '.join(sorted(wanted))}; got another."
            )
        if state["replica"] != self.replica:
            raise ReplicaError(
                f"this is replica {self.replica}; the state belongs to replica {state['replica']}. "
                "merge() takes in what another replica knows."
            )
        columns = []
        for name in self._names:
            dtype = _UINT64 if name == "values" else _INT64
            column = np.asarray(state[name])
            if column.dtype != dtype or column.shape[1:] != (
                (self._words,) if name == "values" else ()
            ):
                raise ReplicaError(f"column {name} must be {dtype} as state() gave it.")
            columns.append(np.array(column))
        self._adopt_whole(columns)

    def _adopt_whole(self, columns: Sequence[NDArray]) -> None:
        checked = self.copy()
        checked._adopt(columns)
        self.__dict__.update(checked.__dict__)

    def _like(self, *columns: NDArray) -> Self:
        """A state of this kind out of columns that are known to be canonical."""
        made = self.copy()
        made._hold(*columns)
        return made

    @abstractmethod
    def _hold(self, *columns: NDArray) -> None:
        """Take over canonical columns, unchecked."""

    def _check_kind(self, other: Replicated) -> None:
        if other._fingerprint != self._fingerprint:
            raise ReplicaError(
                f"a {type(self).__name__} of {self.replicas} replicas joins only its own kind, "
                f"with the same fields; got a {type(other).__name__} of {other.replicas}."
            )


State = TypeVar("State", bound=Replicated)


def join(left: State, right: State) -> State:
    """The least state that knows all that both know; both are left as they are."""
    joined = left.copy()
    joined.merge(right)
    return joined


def whole_numbers(values: Any, what: str, least: int, most: int) -> NDArray[np.int64]:
    """Check a column of whole numbers in least..most; int64[m]."""
    column = np.atleast_1d(np.asarray(values))
    if not column.size:
        return np.zeros(0, np.int64)
    if (
        column.ndim != 1
        or column.dtype.kind not in "iu"
        or int(column.min()) < least
        or int(column.max()) > most
    ):
        raise ReplicaError(
            f"{what} must be a column of whole numbers in {least}..{most}, such as [3, 5]; got "
            f"{column.dtype}{list(column.shape)}."
        )
    return column.astype(np.int64)
