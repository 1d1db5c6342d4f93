"""What callers give the ledger, made into columns of one length."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.ledger.columns import stretched
from economy.ledger.errors import LedgerError
from economy.ledger.keys import key_column

Links = bool | NDArray[np.bool_]
"""Whether a whole batch is one chain; or bool[n], whether each step is linked to the next."""

EMPTY = np.zeros(0, np.int64)
UNLINKED = np.zeros(0, np.bool_)


def batch_of(
    given: dict[str, ArrayLike], linked: Links, key: ArrayLike | None
) -> tuple[int, dict[str, NDArray[np.int64]], NDArray[np.int64]]:
    """The length of a batch, its columns stretched to it, and its keys, int64[0] for none."""
    columns = {name: whole_numbers(name, given[name], LedgerError) for name in given}
    keys = key_column(key)
    sizes = {name: column.size for name, column in columns.items()}
    if key is not None:
        sizes["key"] = keys.size
    if not isinstance(linked, (bool, np.bool_)):
        sizes["linked"] = np.size(linked)
    lengths = set(sizes.values()) - {1}
    if len(lengths) > 1:
        shapes = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise LedgerError(f"columns must have one length or be scalars; got lengths {shapes}")
    n = lengths.pop() if lengths else 1
    codes = columns.get("code", EMPTY)
    if codes.size and not -(2**15) <= codes.min() <= codes.max() < 2**15:
        raise LedgerError(f"code must fit int16, -32768 to 32767; got {codes[:5].tolist()}")
    whole = {name: stretched(column, n) for name, column in columns.items()}
    return n, whole, keys if key is None else stretched(keys, n)


def links_of(linked: Links, n: int) -> NDArray[np.bool_]:
    """Whether each step is linked to the next, bool[n]; bool[0] if none is."""
    if isinstance(linked, (bool, np.bool_)):
        return np.arange(n) < n - 1 if linked else UNLINKED
    flags = np.require(linked, requirements=("C", "W"))
    if flags.dtype != np.bool_ or flags.shape != (n,):
        raise LedgerError(
            f"linked is True, False or bool[{n}], such as [True, False] for a pair; "
            f"got {flags.dtype}{list(flags.shape)}"
        )
    return flags


def like(asked: ArrayLike, found: NDArray[np.int64]) -> int | NDArray[np.int64]:
    """Return what was found in the form it was asked: an int for a scalar."""
    return int(found[0]) if np.ndim(asked) == 0 else found
