"""Payloads of fixed width: named columns packed into rows of 64-bit words, and back.

A row of words has one total order and one form in bytes, whatever its fields are, so that joins,
ties and encodings need to know nothing of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from swarm.memory.replicas.errors import ReplicaError

Words = NDArray[np.uint64]
_RESERVED = ("self", "keys", "physical")


class Fields:
    """Names and dtypes of the columns of a payload.

    >>> fields = Fields({"finding": np.int64, "withdrawn": np.bool_})
    >>> fields.unpack(fields.pack({"finding": [7, 8], "withdrawn": [False, True]}))["finding"]
    array([7, 8])

    Raises:
        ReplicaError: for no fields, names that are no identifiers, or dtypes that are not plain
            numbers or booleans.
    """

    def __init__(self, fields: Mapping[str, DTypeLike]) -> None:
        self.dtypes = {name: np.dtype(dtype).newbyteorder("<") for name, dtype in fields.items()}
        for name, dtype in self.dtypes.items():
            if dtype.kind not in "biuf" or not name.isidentifier() or name in _RESERVED:
                raise ReplicaError(
                    "fields are named columns of numbers or booleans, such as "
                    f'{{"finding": np.int64}}, and not called {", ".join(_RESERVED)}; got '
                    f"{name!r}: {dtype}."
                )
        if not self.dtypes:
            raise ReplicaError('a payload needs a field, such as {"finding": np.int64}; got none.')
        width = sum(dtype.itemsize for dtype in self.dtypes.values())
        self.words = -(-width // 8)
        offsets = np.cumsum([0, *(dtype.itemsize for dtype in self.dtypes.values())])[:-1]
        self._row = np.dtype(
            {
                "names": list(self.dtypes),
                "formats": list(self.dtypes.values()),
                "offsets": offsets.tolist(),
                "itemsize": 8 * self.words,
            }
        )

    def __repr__(self) -> str:
        return repr({name: dtype.str for name, dtype in self.dtypes.items()})

    def pack(self, columns: Mapping[str, ArrayLike]) -> Words:
        """Pack equally long columns into uint64[n, words]; what a dtype cannot hold is refused."""
        if set(columns) != set(self.dtypes):
            raise ReplicaError(
                f"give one column for each field, {', '.join(self.dtypes)}; got "
                f"{', '.join(columns) or 'none'}."
            )
        given = {name: np.atleast_1d(np.asarray(column)) for name, column in columns.items()}
        sizes = {column.shape for column in given.values()}
        if len(sizes) != 1 or len(next(iter(sizes))) != 1:
            raise ReplicaError(
                "columns go side by side, one value a row each, such as [7, 8] and [0, 1]; got "
                f"shapes {sorted(sizes)}."
            )
        words = np.zeros((next(iter(sizes))[0], self.words), np.uint64)
        rows = words.view(self._row).reshape(-1)
        for name, column in given.items():
            rows[name] = self._fitting(name, column)
        return words

    def unpack(self, words: Words) -> dict[str, NDArray]:
        """Take uint64[n, words] apart into a copy of each column."""
        rows = np.ascontiguousarray(words).view(self._row).reshape(-1)
        return {name: rows[name].copy() for name in self.dtypes}

    def _fitting(self, name: str, column: NDArray) -> NDArray:
        dtype = self.dtypes[name]
        if column.dtype == dtype or not column.size:
            return column
        if dtype.kind == "f" and column.dtype.kind in "biuf":
            return column
        whole = column.dtype.kind in "biu" and dtype.kind in "iu"
        if (
            not whole
            or int(column.min()) < np.iinfo(dtype).min
            or (int(column.max()) > np.iinfo(dtype).max)
        ):
            raise ReplicaError(
                f"field {name} holds {dtype.name}, such as np.zeros(3, np.{dtype.name}); got "
                f"{column.dtype} in a range that does not fit."
            )
        return column
